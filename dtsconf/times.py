"""Times as texts. Pure."""

from __future__ import annotations

import time


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as UTC, ISO 8601, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_time(text: str) -> float:
    """Seconds since the epoch of what `iso_time` wrote. Raises ValueError."""
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
