"""Which known word was likely meant. Knows no words itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.9
"""How like one another a host's name and its misspelling are, from 0 to 1."""


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


def misspelt(host: str, known: Iterable[str]) -> str | None:
    """The host that a name was meant for which is hardly another; None where it is one of them, or like none."""
    from difflib import SequenceMatcher

    hosts = sorted(known)
    near = None if host in hosts else nearest(host, hosts)
    return near if near is not None and SequenceMatcher(None, host, near).ratio() >= ALIKE else None
