"""An attachment handed to Graph: in one piece when it is small, else in an upload session, resumed where it broke.

Sources: "Attach large files to Outlook messages or events" (over 3 MB; pieces up to 4 MB in order; Content-Range; no
token, since the address is authenticated by itself; the last answer is 201), "uploadSession resource type"
(nextExpectedRanges: where to go on), "Add attachment" (under 3 MB).
"""

from __future__ import annotations

import json
from base64 import b64encode
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.graph import apart, replies
from dtsconf.web.trouble import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtsconf.content import Content
    from dtsconf.mail.graph.apart import Attached
    from dtsconf.mail.graph.talk import Talk
    from dtsconf.web.client import Answer

SMALL = 3_000_000
"""Bytes below which an attachment goes in one request."""

LARGEST = 150_000_000
"""Bytes of the largest attachment."""

PIECE = 12 * 320 * 1024
"""Bytes of one piece: under 4 MB, and whole blocks of 320 KiB, as upload sessions of other Microsoft services want."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a dropped piece is sent again; starts anew with each that arrives."""

_TOO_SMALL = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
_JSON = "application/json"


class Reader:
    """An attachment's bytes from any place on. Going back, it reads the message again; it keeps one piece."""

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self._make = make
        self._blocks = make()
        self._at = 0
        self._buffer = bytearray()

    def piece(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start`, fewer at the end. The next piece usually starts at or after this one."""
        if start < self._at:
            self._blocks, self._at = self._make(), 0
            self._buffer.clear()
        self._skip_to(start)
        while len(self._buffer) < size and (block := next(self._blocks, None)) is not None:
            self._buffer += block
        with memoryview(self._buffer) as view:
            return bytes(view[:size])

    def _skip_to(self, start: int) -> None:
        while self._at + len(self._buffer) < start:
            self._at += len(self._buffer)
            self._buffer.clear()
            block = next(self._blocks, None)
            if block is None:
                return
            self._buffer += block
        del self._buffer[: start - self._at]
        self._at = start


def attach(talk: Talk, draft: str, content: Content, header: bytes, attached: Attached, twins: int) -> None:
    """Put an attachment of the message to the draft (its URL). `twins`: how many of this name are there afterwards.

    Raises:
        StageFailed: refused, or not possible.
    """
    reader = Reader(lambda: apart.decoded(content, header, attached))
    if attached.size >= SMALL:
        session = _session(talk, draft, attached)
        if session is not None:
            _Upload(talk, draft, attached, reader, session, twins).run()
            return
    body = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attached.name,
        "contentType": attached.type,
        "contentBytes": b64encode(reader.piece(0, attached.size)).decode("ascii"),
    }
    talk.ask(201, "POST", f"{draft}/attachments", data=json.dumps(body).encode(), kind=_JSON)


def _session(talk: Talk, draft: str, attached: Attached) -> str | None:
    """The address to upload to; None when Graph holds the attachment to be small. Raises StageFailed."""
    item = {"attachmentType": "file", "name": attached.name, "size": attached.size, "contentType": attached.type}
    body = json.dumps({"AttachmentItem": item}).encode()
    url = f"{draft}/attachments/createUploadSession"
    try:
        response = talk.exchange("POST", url, data=body, kind=_JSON)
    except NoAnswer as error:
        failed = talk.unheard(error.trouble, url)
    else:
        if response.status_code == 201:
            return _allowed(talk, replies.member(response.text, "uploadUrl") or "")
        refusal = replies.refusal(response.status_code, response.headers, response.text)
        if _TOO_SMALL in refusal.codes:
            return None
        failed = talk.refused(response, large=True)
    raise failed


def _allowed(talk: Talk, url: str) -> str:
    """The address, which is a secret: it lets in whoever has it. Raises StageFailed when nothing may go there."""
    if not replies.may_upload(url, talk.base):
        shown = urlsplit(url).netloc.rpartition("@")[2] if url else "nowhere"
        words = f"{talk.host} wants attachments to be sent to {shown}, which is none of its own addresses"
        raise StageFailed("protocol", words, "check microsoft.authority; nothing was sent there")
    talk.report.masker.add_secret(url)
    talk.report.masker.add_secret(urlsplit(url).query)
    return url


class _Upload:
    """One attachment on its way."""

    def __init__(self, talk: Talk, draft: str, attached: Attached, reader: Reader, url: str, twins: int) -> None:
        self._talk = talk
        self._draft = draft
        self._attached = attached
        self._reader = reader
        self._url = url
        self._twins = twins
        self._pauses = iter(PAUSES)
        self._requests = 3 * (attached.size // PIECE) + 20
        self._last: StageFailed | None = None

    def run(self) -> None:
        """Send piece after piece until the server has all of it. Raises StageFailed."""
        at = 0
        while at < self._attached.size:
            self._requests -= 1
            if self._requests < 0:
                words = f"{self._talk.host} takes {self._attached.name} again and again, and never all of it"
                raise StageFailed("server-error", words, "send the mail again")
            piece = self._reader.piece(at, PIECE)
            if not piece:
                raise StageFailed("content-rejected", f"{self._attached.name} ends early", "send the mail again")
            self._tell(at)
            at = self._after(at, len(piece), self._put(at, piece))

    def _put(self, at: int, piece: bytes) -> Answer | None:
        """The answer to a piece; None when none came."""
        end = at + len(piece) - 1
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(piece)),
            "Content-Range": f"bytes {at}-{end}/{self._attached.size}",
        }
        try:
            return self._talk.plain("PUT", self._url, piece, headers)
        except NoAnswer as error:
            self._last = self._talk.unheard(error.trouble, self._url)
            return None

    def _after(self, at: int, length: int, response: Answer | None) -> int:
        """Where to go on. Raises StageFailed when it is no use."""
        status = 0 if response is None else response.status_code
        whole = at + length >= self._attached.size
        if status == 201 or (status == 200 and whole):
            return self._attached.size
        if response is not None and status == 200:
            start = replies.next_start(response.text)
            start = self._checked(at + length if start is None else start)
            if start > at:
                self._pauses = iter(PAUSES)
                return start
        if response is not None and not (status in (409, 416, 429) or status >= 500):
            raise self._talk.refused(response, large=True, url=self._url)
        self._wait(response)
        return self._asked(at, whole=whole)

    def _asked(self, at: int, *, whole: bool) -> int:
        """Where the server says that it goes on; the same place when it doesn't say. A last piece may have arrived
        though its answer was lost: then the session is gone, and the attachment is there."""
        try:
            response = self._talk.plain("GET", self._url)
        except NoAnswer:
            return at
        if response.status_code in (404, 410) and whole and self._is_there():
            return self._attached.size
        start = replies.next_start(response.text) if response.status_code == 200 else None
        return at if start is None else self._checked(start)

    def _is_there(self) -> bool:
        response = self._talk.ask(200, "GET", f"{self._draft}/attachments?$select=id,name")
        return replies.names(response.text).count(self._attached.name) >= self._twins

    def _checked(self, start: int) -> int:
        if start > self._attached.size:
            words = f"{self._talk.host} asks for a part of {self._attached.name} that it doesn't have"
            raise StageFailed("protocol", words, "send the mail again")
        return start

    def _wait(self, response: Answer | None) -> None:
        """Before the next try. Raises StageFailed after the last."""
        asked = 0.0 if response is None else replies.refusal(response.status_code, response.headers, "").wait
        wait = max(next(self._pauses, inf), asked)
        if wait > self._talk.longest_wait():
            if response is not None:
                raise self._talk.refused(response, large=True, url=self._url)
            if self._last is not None:
                raise self._last
        self._talk.rest(wait)

    def _tell(self, at: int) -> None:
        part = f"{at * 100 // self._attached.size} %"
        self._talk.tell(f"sending {self._attached.name}: {part}")
