"""Takes secrets out of texts that are shown: whole, encoded as they went over the wire, or pieces a server echoed.

Pure. Masks first and escapes control characters then, so that an escape can't hide a secret from the mask.
"""

from __future__ import annotations

from dtsconf.names import escape_controls

STARS = "********"
WINDOW = 8
"""A run of this many characters in common with an encoded secret is taken for a piece of it."""

WORD = 12
"""Secrets shorter than this are not looked for in dtsconf's own sentences: stars in them would give the word away."""

LONGEST = 1000
"""Characters of a server's text that are shown."""


class Masker:
    """Knows the forms of this run's secrets; `add` more as they come about (an AUTH exchange)."""

    def __init__(self) -> None:
        self._secrets: list[str] = []
        self._encoded: list[str] = []

    def add_secret(self, text: str) -> None:
        """A secret as it stands."""
        if text:
            self._secrets = sorted({*self._secrets, text}, key=len, reverse=True)

    def add_encoded(self, *texts: str) -> None:
        """What a secret is on the wire (base64): pieces of it are secret too, since servers cut what they echo."""
        self._encoded = sorted({*self._encoded, *filter(None, texts)}, key=len, reverse=True)

    def show(self, text: str) -> str:
        """What was seen, fit for a report: secrets as stars, control characters escaped, length bounded."""
        for encoded in self._encoded:
            text = _without_pieces(text.replace(encoded, STARS), encoded)
        for secret in self._secrets:
            text = text.replace(secret, STARS)
        return _bounded(escape_controls(text))

    def show_own(self, text: str) -> str:
        """A sentence of dtsconf's own (a hint), which holds a secret only if a setting or a certificate does."""
        for secret in (s for s in self._secrets if len(s) >= WORD):
            text = text.replace(secret, STARS)
        return _bounded(escape_controls(text))


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


def _without_pieces(text: str, form: str) -> str:
    """Replace each run of WINDOW or more characters that also stands in `form`."""
    kept: list[str] = []
    at = 0
    while at < len(text):
        length = WINDOW
        if at + length > len(text) or text[at : at + length] not in form:
            kept.append(text[at])
            at += 1
            continue
        while at + length < len(text) and text[at : at + length + 1] in form:
            length += 1
        kept.append(STARS)
        at += length
    return "".join(kept)
