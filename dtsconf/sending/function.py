"""`dtsconf.send`: the command as a function."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dtsconf.errors import UsageProblem
from dtsconf.mail.sent import Sent
from dtsconf.names import escape_controls
from dtsconf.sending.request import Request
from dtsconf.wiring import Inputs, Path, inputs

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective


def send(  # noqa: PLR0913 - one keyword for each option of the command
    to: str | Iterable[str] = (),
    subject: str = "",
    body: str | None = None,
    *,
    html: str | None = None,
    cc: str | Iterable[str] | None = (),
    bcc: str | Iterable[str] | None = (),
    reply_to: str | Iterable[str] | None = (),
    attach: Path | Iterable[Path] | None = (),
    zip: bool = False,  # noqa: A002 - named as the option
    queue: bool = False,
    settings: Effective | None = None,
    profile: Path | None = None,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Sent:
    """Send a mail with the settings in force; how each recipient fared is in `recipients`.

    Addresses are `ann@x.example` or `Ann <ann@x.example>`, several in one text are parted by commas. `attach` names
    files, or globs. With `html` and no `body` a text is derived from it. A result means that somebody gets the mail:
    look at `ok` for whether everybody does. With `queue` the mail is kept durably and sent by `dtsconf queue run`; its
    id is in `queued`, and `recipients` is empty, since nobody was asked yet. `settings` are what `load` gave, for
    whoever sends many: they bring their root along, and stand in place of `profile`, `overrides` and `strict`.

    Raises:
        UsageProblem: `settings` come with what was for `load` to know, or with another root than theirs.
        NotSent: nobody got it; its `sent` tells why, and `sent.unknown` that it may have arrived all the same.
        Invalid: the settings can't be used, or policy forbids a recipient or the size.
        SecretUnavailable: the login's password can't be had.
        DtsconfError: an address is none, a file can't be attached, or the queue is full.
    """
    files = _texts(os.fspath(attach) if isinstance(attach, os.PathLike) else attach)
    request = Request(_texts(to), _texts(cc), _texts(bcc), _texts(reply_to), subject, body, html, files, zip)
    if settings is None:
        given = inputs(profile, overrides=overrides, root=root, strict=strict, environ=environ)
    else:
        root = _root_of(settings, root, alone=profile is None and not overrides and not strict)
        given = Inputs(root=root, environ=os.environ if environ is None else environ)
    if queue:
        from dtsconf.sending.keep import enqueue

        entry = enqueue(given, request, effective=settings).entry
        return Sent(entry.message_id, (), (), queued=entry.id)
    from dtsconf.sending.deliver import NotSent, deliver

    sent = deliver(given, request, effective=settings).sent
    if not any(one.ok for one in sent.recipients):
        raise NotSent(sent)
    return sent


def _root_of(settings: Effective, root: Path | None, *, alone: bool) -> str | None:
    """The root that the settings hold for, where nothing beside them speaks against it."""
    if not alone:
        raise UsageProblem("settings= has all values already", "give profile, overrides and strict to dtsconf.load")
    if root is not None and os.fspath(root) != settings.root:
        read = "this machine" if settings.root is None else escape_controls(settings.root)
        raise UsageProblem(f"settings= were read for {read}, and root= names another", "give root= to dtsconf.load")
    return settings.root


def _texts(given: str | Iterable[Path] | None) -> tuple[str, ...]:
    """None, one or several, as several."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(os.fspath(one) for one in given)
