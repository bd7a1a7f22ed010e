"""From a request to a message that policy lets out, sized and ready to go. Contacts nobody."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Problem
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.mail.compose.message import Message, compose
from dtsconf.sending.request import FIELDS, Request
from dtsconf.sending.sizes import too_large
from dtsconf.settings.recipients import require_all_allowed

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dtsconf.mail.compose.draft import Attachment, Draft
    from dtsconf.settings.values import Organisation


def prepared(
    request: Request, draft: Draft, sender: Mailbox | None, org: Organisation
) -> AbstractContextManager[Message]:
    """The message of a request and its draft, for as long as a block runs: a zip lies in a temporary file until then.
    `sender` None: it isn't known yet.

    Raises:
        Invalid: code 4, policy forbids a recipient or the size.
        DtsconfError: a file can't be attached, or the zip can't be written.
    """
    require_all_allowed(org, _named(draft))
    if request.attach:
        return _with_attachments(request, draft, sender, org)
    return nullcontext(_message(request, draft, sender, org))


@contextmanager
def _with_attachments(request: Request, draft: Draft, sender: Mailbox | None, org: Organisation) -> Iterator[Message]:
    from dtsconf.mail.compose.files import find

    found = find(request.attach)
    with _packed(found) if request.zipped else nullcontext(found) as attachments:
        yield _message(request, replace(draft, attachments=attachments), sender, org)


def _message(request: Request, draft: Draft, sender: Mailbox | None, org: Organisation) -> Message:
    message = compose(draft, sender, os.urandom(12).hex(), time.gmtime())
    _require_size(message.size, request, org)
    return message


def _named(draft: Draft) -> Iterator[tuple[str, str]]:
    """Every address that the mail goes to, and the option that names it."""
    for name, option in FIELDS.items():
        if name != "reply_to":
            boxes: tuple[Mailbox, ...] = getattr(draft, name)
            yield from ((box.address, option) for box in boxes)


@contextmanager
def _packed(attachments: tuple[Attachment, ...]) -> Iterator[tuple[Attachment, ...]]:
    from dtsconf.mail.compose.archive import Archive

    with Archive(attachments) as archive:
        yield (archive,)


def _require_size(size: int, request: Request, org: Organisation) -> None:
    limit = org.policy.max_size
    if limit is None or size <= limit:
        return
    hint = smaller(request)
    where = org.place_of("policy.max_size")
    raise Invalid(
        org.with_excerpts((Problem("too-large", too_large(size, limit), hint, where, "policy.max_size", code=4),))
    )


def smaller(request: Request) -> str:
    """What makes the mail smaller."""
    return "pack the attachments: --zip" if request.attach and not request.zipped else "send less of it at a time"
