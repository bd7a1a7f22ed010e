"""What is read out of an answer: JSON, the wait that it asks for. Pure."""

from __future__ import annotations

import html
import json
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtsconf.web.client import Answer


def decoded(text: str | None) -> Any:
    """The JSON value, or None when it is none (deeper nesting than Python's stack counts as none)."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


def described(answer: Answer) -> str:
    """An answer that is not the one that was asked for, in a few words: status, type, title, who sent it."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()[:60] or "no content type"
    page, server = title(answer.text), answer.headers.get("Server", "")[:60]
    shown = [f"HTTP {answer.status_code}", kind, f"a page titled '{page}'" if page else "", server]
    return ", ".join(filter(None, shown))


HEAD = 1 << 16
"""Characters of a page in which its title is looked for."""

_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)


def title(page: str) -> str:
    """The title of an HTML page, in one line; '' when its head has none. Bounded: the page may be anybody's."""
    found = _TITLE.search(page, 0, HEAD)
    return " ".join(html.unescape(found.group(1)).split())[:80] if found else ""


def retry_after(text: str, now: float | None = None) -> float:
    """A Retry-After header (RFC 9110, 10.2.3), seconds or a date, as seconds from `now` (unix time); 0 when it says
    nothing, or a number of more than nine digits, which is no wait."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, then - (time.time() if now is None else now))
