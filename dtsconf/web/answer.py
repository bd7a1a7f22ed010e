"""What is read out of an answer: JSON, the wait that it asks for. Pure."""

from __future__ import annotations

import json
import time
from typing import Any


def decoded(text: str | None) -> Any:
    """The JSON value, or None when it is none (deeper nesting than Python's stack counts as none)."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


def retry_after(text: str, now: float | None = None) -> float:
    """A Retry-After header (RFC 9110, 10.2.3), seconds or a date, as seconds from `now` (unix time); 0 when it says
    nothing."""
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, then - (time.time() if now is None else now))
