"""A hint's options as a whole command to paste, and how to keep what worked. For a reader who knows neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUP = re.compile(r"--set [\w.]+=[^\s,;)]+(?: --set [\w.]+=[^\s,;)]+)*")
_BLANK = re.compile(r"=([A-Z]+$|(file://)?/PATH)")
"""A value that the reader has to know."""

_MORE = ("login.required=true", "mode=microsoft")
"""Settings that need others beside them, so that a command with them alone would not do."""


def advised(hint: str | None) -> list[str]:
    """The settings that a hint names first, as `key=value`; none when there is something to fill in."""
    found = _GROUP.search(hint or "")
    settings = found.group().removeprefix("--set ").split(" --set ") if found else []
    unfit = any(_BLANK.search(setting) or setting in _MORE for setting in settings)
    return [] if unfit else settings


def text(hint: str | None, words: Sequence[str]) -> str:
    """Two lines: what to paste next, with the `words` of this call kept; and where to write what worked. Empty when the
    hint names no options that are complete."""
    from shlex import quote

    settings = advised(hint)
    if not settings:
        return ""
    typed = " ".join(map(quote, ["dtsconf", "test", *words, *(w for s in settings for w in ("--set", s))]))
    kept = ", ".join(setting.replace("=", ": ", 1) for setting in settings)
    return f"try:  {escape_controls(typed)}\nkeep: once that works, write into the profile: {escape_controls(kept)}\n"
