"""Which known word was likely meant. Knows no words itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like the word, or None when nothing comes close."""
    from difflib import get_close_matches

    known = list(candidates)
    lowered = word.lower().replace("-", "_")
    plain = next((name for name in known if name.lower().replace("-", "_") == lowered), None)
    if plain is not None:
        return plain
    near = get_close_matches(word[:100], known, 1, 0.6) or get_close_matches(word[:100].lower(), known, 1, 0.6)
    return near[0] if near else None
