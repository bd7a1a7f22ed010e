"""Fingerprints as other programs print them, for who copies one into a profile. Pure; met after a mistake only."""

from __future__ import annotations

import re
from base64 import b64decode

_AROUND = r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}[ :-]?){31}[0-9A-Fa-f]{2}(?![0-9A-Za-z])"
_BASE64 = r"(?:sha-?256[:=/])?([A-Za-z0-9+/]{43})=?"


def digits_in(text: str) -> str | None:
    """The 64 hex digits of a SHA-256 with something around or between them, or given in base64; None for none."""
    if found := re.search(_AROUND, text):
        return re.sub("[ :-]", "", found[0]).lower()
    if found := re.fullmatch(_BASE64, text, re.IGNORECASE):
        return b64decode(found[1] + "=").hex()
    return None
