"""What Microsoft documents about the requests that send mail, as checks: each gives what is wrong, or None. Pure.

Pages (learn.microsoft.com/graph/...): api/user-sendmail, api/user-post-messages, api/message-send,
api/message-post-attachments, api/attachment-createuploadsession, api/message-delete, outlook-large-attachments,
best-practices-concept (client-request-id), use-the-api (4 MB a request).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default
from email.utils import getaddresses
from typing import Any

MOST = 4 * 1024 * 1024
"""Bytes of a request."""

SESSION_FROM = 3_000_000
"""Bytes from which an attachment goes by an upload session."""

Headers = Message
"""A request's, as http.server has them."""

_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def general(headers: Headers, body: bytes) -> str | None:
    """What holds for every request to Graph with a token."""
    if not headers.get("Authorization", "").startswith("Bearer "):
        return "no bearer token"
    if _GUID.fullmatch(headers.get("client-request-id", "")) is None:
        return "client-request-id is no GUID"
    if body and headers.get("Content-Type") not in ("text/plain", "application/json"):
        return f"Content-Type {headers.get('Content-Type')}"
    if "Transfer-Encoding" in headers:
        return "a body of no known length"
    return None


def mime(headers: Headers, body: bytes) -> EmailMessage | None:
    """The message in a body of base64 (RFC 4648); None when it is none."""
    if headers.get("Content-Type") != "text/plain":
        return None
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
    found: Any = BytesParser(policy=default).parsebytes(raw)
    return found if found["From"] else None


def recipients(message: EmailMessage) -> list[str]:
    """Everybody the message's header names: to them it goes."""
    fields = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(fields) if address]


def attachment(headers: Headers, body: bytes) -> dict[str, Any] | None:
    """A fileAttachment with its bytes, `content` being these; None when it is none."""
    found = _object(headers, body)
    if found is None or set(found) != {"@odata.type", "name", "contentType", "contentBytes"}:
        return None
    if found["@odata.type"] != "#microsoft.graph.fileAttachment":
        return None
    try:
        return {**found, "content": base64.b64decode(found["contentBytes"], validate=True)}
    except (binascii.Error, TypeError):
        return None


def session_item(headers: Headers, body: bytes) -> dict[str, Any] | None:
    """The AttachmentItem that an upload session is made for; None when it is none."""
    found = _object(headers, body)
    item = found.get("AttachmentItem") if found is not None and set(found) == {"AttachmentItem"} else None
    if not isinstance(item, dict) or not {"attachmentType", "name", "size"} <= set(item):
        return None
    known = {"attachmentType", "name", "size", "contentType", "isInline", "contentId"}
    fits = item["attachmentType"] == "file" and isinstance(item["size"], int) and set(item) <= known
    return item if fits else None


def piece(headers: Headers, body: bytes, size: int) -> tuple[int, str | None]:
    """Where a piece begins, and what is wrong with it."""
    found = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if "Authorization" in headers:
        return 0, "a token went to the upload's address"
    if headers.get("Content-Type") != "application/octet-stream":
        return 0, f"Content-Type {headers.get('Content-Type')}"
    if found is None:
        return 0, f"Content-Range {headers.get('Content-Range')}"
    start, end, whole = map(int, found.groups())
    if whole != size or end - start + 1 != len(body) or int(headers.get("Content-Length", "0")) != len(body):
        return start, f"{headers['Content-Range']} with {len(body)} bytes of {size}"
    if len(body) > MOST:
        return start, f"a piece of {len(body)} bytes"
    return start, None


def _object(headers: Headers, body: bytes) -> dict[str, Any] | None:
    if headers.get("Content-Type") != "application/json":
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
