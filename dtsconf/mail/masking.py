"""Takes secrets out of texts that are shown: whole, encoded as they went over the wire, or pieces a server echoed.

Pure. A secret is found whatever blanks, control characters or capitals a server has put into it, since a reader would
find it, too. Masks first and escapes control characters then, so that an escape can't hide a secret from the mask.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

STARS = "********"
WINDOW = 8
"""A run of this many characters in common with an encoded secret is taken for a piece of it."""

WORD = 12
"""Secrets shorter than this are not looked for in dtsconf's own sentences: stars in them would give the word away."""

SHORT = 4
"""Secrets shorter than this are looked for just as they are."""

LONGEST = 1000
"""Characters of a server's text that are shown."""


class Masker:
    """Knows the forms of this run's secrets; more are added as they come about (an AUTH exchange)."""

    def __init__(self) -> None:
        self._short: set[str] = set()
        self._whole: set[str] = set()
        self._pieces: set[str] = set()

    def add_secret(self, text: str) -> None:
        """A secret as it stands; what it is in base64 and hex counts as encoded."""
        if len(text) < SHORT or not (bare := _bare(text)):
            self._short |= {text} - {""}
            return
        self._whole |= {bare, _bare(_percent(text))}
        raw = text.encode("utf-8", "surrogatepass")
        self.add_encoded(b64encode(raw).decode("ascii"), raw.hex())

    def add_encoded(self, *texts: str) -> None:
        """What a secret is on the wire (base64): pieces of it are secret too, since servers cut what they echo."""
        for text in texts:
            bare = _bare(text)
            self._whole |= {bare} - {""}
            self._pieces |= {bare[at : at + WINDOW] for at in range(len(bare) - WINDOW + 1)}

    def show(self, text: str) -> str:
        """What was seen, fit for a report: secrets as stars, control characters escaped, length bounded."""
        if not self._whole and not self._short and not self._pieces:
            return _bounded(escape_controls(text))
        return self._shown(text, self._short, self._whole, self._pieces)

    def show_own(self, text: str) -> str:
        """A sentence of dtsconf's own (a hint), which holds a secret only if a setting or a certificate does."""
        return self._shown(text, (), [secret for secret in self._whole if len(secret) >= WORD], set())

    def _shown(self, text: str, short: Collection[str], whole: Collection[str], pieces: set[str]) -> str:
        for secret in short:
            text = text.replace(secret, STARS)
        return _bounded(escape_controls(_starred(text, _merged(_spans(text, whole, pieces)))))

    def starred(self, parts: Sequence[str]) -> list[str]:
        """The parts of one text (the lines of a reply), stars where a secret stands in them, also one that begins in a
        part and ends in another. Not yet fit to be shown: `show` them."""
        spans, begin, seen = _merged(_spans("".join(parts), self._whole, self._pieces)), 0, []
        for part in parts:
            end = begin + len(_bare(part))
            own = [(max(at, begin) - begin, min(to, end) - begin) for at, to in spans if at < end and to > begin]
            seen.append(_starred(part, own))
            begin = end
        return seen


def _starred(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with stars for these spans of its bare form."""
    places = [at for at, char in enumerate(text) for _ in _bare(char)] if spans else []
    for start, end in reversed(spans):
        text = text[: places[start]] + STARS + text[places[end - 1] + 1 :]
    return text


def _spans(text: str, whole: Collection[str], pieces: set[str]) -> list[tuple[int, int]]:
    """Where secrets stand in the bare text."""
    if not whole and not pieces:
        return []
    bare = _bare(text)
    spans = [(at, at + len(secret)) for secret in whole for at in _each(bare, secret)]
    if pieces:
        starts = (at for at in range(len(bare) - WINDOW + 1) if bare[at : at + WINDOW] in pieces)
        spans += [(at, at + WINDOW) for at in starts]
    return spans


def _bare(text: str) -> str:
    """The text as a reader takes it in, case and gaps aside: character by character, so that each can be found again
    in the text."""
    seen = text if text.isprintable() else "".join(filter(str.isprintable, text))
    return seen.replace(" ", "").casefold()


def _percent(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="", errors="surrogatepass")


def _each(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap, made one; in order."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."
