"""Graph's answers taken apart. Pure: status, headers and text in, values out; nothing in them is believed to be there.

Sources: Microsoft Graph "error responses and resource types" (the error object), "uploadSession resource type"
(nextExpectedRanges), Microsoft identity platform "Claims challenges, claims requests and client capabilities".
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dtsconf.frozen import frozen
from dtsconf.mail.reply import Reply
from dtsconf.web.answer import decoded, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WORDS = 400
_DEEPEST = 8
"""Errors within errors that are looked at."""

_CLAIMS = re.compile(r'(?:^|[\s,])claims\s*=\s*"([A-Za-z0-9+/=_-]{2,16384})"', re.IGNORECASE)
_START = re.compile(r"(\d{1,15})(?:-\d*)?")


@frozen
class Refusal:
    """A no. `codes` are the error's and those of the errors within it, the innermost first; `message` is Graph's own;
    `request_id` is what Microsoft's support asks for; `wait` is the wait it asks for in seconds, 0 for none; `claims`
    is the claims challenge as JSON. `graph` is False when what answered has not the form of Graph's errors."""

    status: int
    codes: tuple[str, ...] = ()
    message: str = ""
    request_id: str = ""
    wait: float = 0.0
    claims: str | None = None
    graph: bool = True

    @property
    def words(self) -> str:
        """What is shown of it."""
        told = ": ".join(part for part in (next(iter(self.codes[-1:]), ""), self.message) if part)
        asked = f" (request-id {self.request_id})" if self.request_id else ""
        return f"{told[:_LONGEST_WORDS]}{asked}".strip()

    @property
    def graphs_own(self) -> bool:
        """Whether Graph gave it: else whoever stands in between may have, and it says nothing of a mail."""
        return self.graph or bool(self.request_id)

    @property
    def page(self) -> bool:
        """Whether it is a web page that Graph never shows, and no support of Microsoft's could find: a filter's, or a
        guest network's (RFC 6585 6)."""
        html = not self.graph and self.message.startswith("text/html")
        return html and not self.request_id and self.status in (200, 403, 404, 451, 511)

    @property
    def reply(self) -> Reply:
        """As a report has it: status for code."""
        return Reply(self.status, (self.words,) if self.words else ())


def refusal(status: int, headers: Mapping[str, str], text: str) -> Refusal:
    """Whatever is not the expected answer."""
    found = decoded(text)
    error = found.get("error") if isinstance(found, dict) else None
    wait = retry_after(headers.get("Retry-After", ""))
    claims = claims_challenge(headers.get("WWW-Authenticate", ""))
    request_id = _short(headers.get("request-id", ""))
    if not isinstance(error, dict):
        kind = _short(headers.get("Content-Type", "").partition(";")[0]) or "no content type"
        return Refusal(status, (), f"{kind}, no answer of Microsoft Graph's", request_id, wait, claims, graph=False)
    errors = _within(error)
    codes = tuple(_short(each["code"]) for each in reversed(errors) if isinstance(each.get("code"), str))
    told = (_short(each.get("request-id")) for each in errors)
    message = " ".join(_short(error.get("message"), _LONGEST_WORDS).split())
    return Refusal(status, codes, message, next(filter(None, told), request_id), wait, claims)


def _within(error: dict[str, Any]) -> list[dict[str, Any]]:
    """The error and the ones inside it, outermost first; OData writes `innererror`, Graph also `innerError`."""
    found = [error]
    while len(found) < _DEEPEST:
        inner = found[-1].get("innerError", found[-1].get("innererror"))
        if not isinstance(inner, dict):
            break
        found.append(inner)
    return found


def _short(text: object, longest: int = 100) -> str:
    return text[:longest] if isinstance(text, str) else ""


def claims_challenge(header: str) -> str | None:
    """The claims that a WWW-Authenticate header asks for, as JSON; None when it asks for none."""
    found = _CLAIMS.search(header)
    if found is None or "insufficient_claims" not in header:
        return None
    coded = found.group(1).replace("-", "+").replace("_", "/")
    try:
        claims = base64.b64decode(coded + "=" * (-len(coded) % 4)).decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except (ValueError, RecursionError):
        return None


def next_start(text: str) -> int | None:
    """Where the upload goes on, by `nextExpectedRanges` of an upload session; None when it doesn't say."""
    found = decoded(text)
    ranges = found.get("nextExpectedRanges", found.get("NextExpectedRanges")) if isinstance(found, dict) else None
    first = ranges[0] if isinstance(ranges, list) and ranges and isinstance(ranges[0], str) else ""
    start = _START.fullmatch(first)
    return int(start.group(1)) if start else None


def member(text: str, name: str) -> str | None:
    """A text member of a JSON object; None when there is none."""
    found = decoded(text)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None


def is_gone(status: int, text: str) -> bool:
    """Whether the answer says that what was asked for isn't there."""
    codes = {code.casefold() for code in refusal(status, {}, text).codes}
    return status == 404 and not codes.isdisjoint(("erroritemnotfound", "itemnotfound"))


def names(text: str) -> list[str]:
    """The names in a collection of attachments."""
    found = decoded(text)
    rows = found.get("value") if isinstance(found, dict) else None
    each = [row.get("name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in each if isinstance(name, str)]


_UPLOAD_HOSTS = (".office.com", ".office365.com", ".office.net", ".office365.us", ".outlook.com", ".outlook.cn")
"""Where Microsoft's clouds take uploads: `outlook.office.com` by their documents, regional names beside it."""


def may_upload(url: str, base: str) -> bool:
    """Whether an attachment may go to the URL that Graph names for it: over https to the service itself, or, when the
    service is Microsoft's, to a host of Exchange Online."""
    try:
        there, here = urlsplit(url), urlsplit(base)
        host, port = there.hostname or "", there.port
    except ValueError:
        return False
    if there.scheme != "https" or there.username is not None:
        return False
    if host == here.hostname:
        return True
    own = (here.hostname or "").endswith((".microsoft.com", ".microsoft.us", ".chinacloudapi.cn"))
    return own and port in (None, 443) and f".{host}".endswith(_UPLOAD_HOSTS)
