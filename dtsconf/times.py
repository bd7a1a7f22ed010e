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


def in_words(seconds: float) -> str:
    """A span of time for a reader, in the largest unit that it has two of."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"
