"""A message handed over: in one request when it is small, else as a draft whose attachments follow, which then is sent.

The stages `request` (all that goes before the word "send it", and that word on its way) and `accepted` (the answer to
it). Nobody gets the mail before that word, so a draft that fails before it is deleted. After it a silence means that
the outcome is unknown. Sources: Microsoft Graph "user: sendMail" (MIME in base64 as text/plain, 202), "Create message"
(a draft from MIME, 201), "message: send" (202), "Use the Microsoft Graph API" (4 MB a request).
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from dtsconf.mail.compose.bodies import base64_size
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.graph import apart, mime, replies, troubles, upload
from dtsconf.mail.reply import Reply
from dtsconf.web.trouble import NoAnswer

if TYPE_CHECKING:
    from dtsconf.content import Content
    from dtsconf.mail.content import Envelope
    from dtsconf.mail.graph.apart import Attached
    from dtsconf.mail.graph.talk import Talk

LARGEST = 3_000_000
"""Bytes of a message that goes in one request: in base64 they are 4 MB."""

_MIME = "text/plain"
_GATEWAY = (502, 504)
"""Statuses of a gateway that had no answer: whoever stands behind it may have done the work all the same."""

_UNANSWERED = "no answer came after the mail was handed over: {}"
_GONE = "the draft is gone that was to be sent: it was sent before, or somebody deleted it"
"""A 503 is asked again, and what answered so may have done the work."""

_ATTACH = "attach the long text as a file instead: a mail without its attachments may have 3 MB here"


def hand_over(talk: Talk, envelope: Envelope, content: Content) -> None:
    """The stages request and accepted.

    Raises:
        StageFailed: refused, or not possible; the report has the row.
        Whatever reading the content raises; nothing was sent then.
    """
    talk.about(content.message_id, envelope.sender)
    recipient = envelope.recipients[0]
    with talk.stage("request", "handing the mail over") as row:
        header = mime.header_of(content)
        fields = mime.parsed(header)
        _refuse_strangers(mime.strangers(fields, envelope))
        extra = mime.bcc(mime.hidden(fields, envelope))
        if len(extra) + content.size <= LARGEST:
            data = b64encode(extra + b"".join(content.chunks()))
            found = _final(talk, f"{talk.mailbox_url}/sendMail", recipient, data)
            row.detail = f"{len(data)} bytes to sendMail"
        else:
            found = _by_draft(talk, content, header, extra, recipient)
            row.detail = f"{content.size} bytes as a draft with its attachments"
        row.said_by = "dtsconf"
    with talk.stage("accepted", f"waiting for {talk.host} to take the mail") as row:
        if isinstance(found, StageFailed):
            raise found
        row.heard(found)


def _refuse_strangers(strangers: list[str]) -> None:
    if strangers:
        words = f"the message's header names {', '.join(strangers)}, who is not among its recipients"
        raise StageFailed("content-rejected", words, "Graph sends to everybody in the header: name the same there")


def _final(talk: Talk, url: str, recipient: str, data: bytes = b"") -> Reply | StageFailed:
    """The word after which the mail goes out, and what came of it: Graph's yes, or the failure.

    Raises:
        StageFailed: it was not even handed over.
    """
    try:
        response = talk.exchange("POST", url, data=data, kind=_MIME if data else "")
    except NoAnswer as error:
        trouble = error.trouble
    else:
        if response.status_code in _GATEWAY:
            return troubles.unknown(_UNANSWERED.format(f"HTTP {response.status_code}"), recipient)
        if not data and replies.is_gone(response.status_code, response.text):
            return troubles.unknown(_GONE, recipient)
        return Reply(202, ("Accepted",)) if response.status_code == 202 else talk.refused(response)
    if trouble.sent and trouble.what != "redirect":
        return troubles.unknown(_UNANSWERED.format(trouble.detail), recipient)
    raise troubles.failed(trouble, talk.host)


def _by_draft(talk: Talk, content: Content, header: bytes, extra: bytes, recipient: str) -> Reply | StageFailed:
    """As `_final`, for a message that is too large for one request."""
    found = apart.attachments(content, header)
    out = _chosen(found, content.size + len(extra))
    bare = apart.without(content, header, {each.part for each in out}, LARGEST - len(extra))
    if bare is None:
        words = f"{content.size} bytes, of which too many are no attachments: Graph takes 3 MB of them"
        raise StageFailed("too-large", words, _ATTACH)
    response = talk.ask(201, "POST", f"{talk.mailbox_url}/messages", data=b64encode(extra + bare), kind=_MIME)
    name = replies.member(response.text, "id")
    if name is None:
        words = f"{talk.host} took a draft and tells no id of it: it stays in Drafts, and nothing goes out"
        raise StageFailed("protocol", words, "check connection.proxy: what changes answers may stand between")
    draft = f"{talk.mailbox_url}/messages/{quote(name, safe='')}"
    try:
        for attached in out:
            there = [each.name for each in found if each not in out or each.part <= attached.part]
            upload.attach(talk, draft, content, header, attached, there.count(attached.name))
        came = _final(talk, f"{draft}/send", recipient)
    except BaseException:
        talk.delete(draft)
        raise
    if isinstance(came, StageFailed) and came.cause != "outcome-unknown":
        talk.delete(draft)
    return came


def _chosen(found: list[Attached], size: int) -> list[Attached]:
    """The attachments that have to go by themselves: the largest, until the rest is small enough.

    Raises:
        StageFailed: one is larger than Graph takes.
    """
    out: list[Attached] = []
    left = size
    for each in sorted(found, key=lambda one: one.size, reverse=True):
        if each.size > upload.LARGEST:
            words = f"{each.name} has {each.size / 1e6:.0f} MB, and Graph takes attachments of up to 150 MB"
            raise StageFailed("too-large", words, "send less, or put it where the recipient can fetch it")
        if left <= LARGEST:
            break
        out.append(each)
        left -= base64_size(each.size)
    return sorted(out, key=lambda one: one.part)
