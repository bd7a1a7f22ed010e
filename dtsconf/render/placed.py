"""Where the settings that a hint names are given: said once, behind the first mention of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.names import escape_controls
from dtsconf.settings.keys import KEYS

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective

_KEY = re.compile(r"(?<!--set )(?<![\w.])(?:microsoft|sender|connection)\.[\w.]*\w(?![:=])")
"""A setting's name within a sentence; what stands behind --set is told by `proposals`."""


def placed(hint: str, effective: Effective, *, known: str = "") -> str:
    """The hint with the place of each value that it speaks of; without those that `known`, a text before it, names."""
    seen = set(_KEY.findall(known))

    def said(found: re.Match[str]) -> str:
        key = found.group()
        if key in seen or key not in KEYS:
            return key
        seen.add(key)
        setting = effective.origin[key]
        if setting.where is None or setting.layer in ("default", "command line"):
            return key
        if setting.layer == "machine":
            return f"{key} (in the profile {escape_controls(effective.org.name)})"
        return f"{key} ({setting.where})"

    return _KEY.sub(said, hint)
