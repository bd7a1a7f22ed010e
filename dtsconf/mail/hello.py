"""What both sides say of themselves: the name we give in EHLO, and what the server's answer offers. Pure.

RFC 5321 4.1.1.1 (EHLO), 4.1.3 (address literals); RFC 4954 3 (AUTH), 3207 (STARTTLS), 1870 (SIZE), 6152 (8BITMIME),
6531 (SMTPUTF8). Also knows the marks that filters leave which blot STARTTLS out (RFC 3207 6).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.mail.reply import Reply

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_FQDN = rf"{_LABEL}(?:\.{_LABEL})*\.[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
_BLOTTED_KEYWORD = re.compile(r"X{3,}[A-Z]?")
_BLOTTED_BANNER = re.compile(r"\*{8,}")


@frozen
class Offer:
    """What an EHLO reply offers. `keywords` in upper case; `limit` is SIZE's in bytes, None when none is told."""

    keywords: frozenset[str] = frozenset()
    mechanisms: tuple[str, ...] = ()
    limit: int | None = None
    blotted: tuple[str, ...] = ()

    def has(self, keyword: str) -> bool:
        """Whether the extension is offered."""
        return keyword in self.keywords

    def __str__(self) -> str:
        """The offers that matter here, for a report."""
        told = sorted(self.keywords & {"STARTTLS", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"})
        told += [f"SIZE {self.limit}"] if self.limit else []
        told += ["AUTH " + " ".join(self.mechanisms)] if self.mechanisms else []
        return ", ".join(told) or "no extensions"


def read_offer(reply: Reply) -> Offer:
    """Read an EHLO reply; the first line is the greeting. `AUTH=` is the old form of AUTH that some still send.

    Keywords are ASCII (RFC 5321 4.1.1.1): a letter whose capital would be one (the long s) makes another word.
    """
    keywords: set[str] = set()
    mechanisms: list[str] = []
    limit = None
    for line in reply.lines[1:]:
        word, *rest = _ascii_upper(line).replace("AUTH=", "AUTH ", 1).split() or [""]
        keywords.add(word)
        if word == "AUTH":
            mechanisms += [name for name in rest if name not in mechanisms]
        if word == "SIZE" and rest and rest[0].isascii() and rest[0].isdigit():
            limit = int(rest[0][:18]) or None
    blotted = tuple(sorted(word for word in keywords if _BLOTTED_KEYWORD.fullmatch(word)))
    return Offer(frozenset(keywords), tuple(mechanisms), limit, blotted)


def _ascii_upper(text: str) -> str:
    return text.encode("ascii", "backslashreplace").upper().decode("ascii")


def filter_marks(banner: str, offer: Offer) -> str | None:
    """What shows that a filter stands in between and takes STARTTLS away, in a few words; None when nothing does."""
    if offer.blotted:
        return f"the EHLO answer has {' '.join(offer.blotted)} where a keyword was"
    if _BLOTTED_BANNER.search(banner):
        return "the greeting is blotted out with asterisks"
    return None


def ehlo_name(hostname: str, local_address: str) -> str:
    """The name to give in EHLO: the host's own when it is fully qualified, else the address literal of our side.

    No look-up is made for it: that could take long, and a literal is as valid (RFC 5321 4.1.4).
    """
    name = hostname.rstrip(".")
    if re.fullmatch(_FQDN, name) and len(name) <= 255 and not name.lower().startswith("localhost."):
        return name
    bare = local_address.partition("%")[0]
    if bare.lower().startswith("::ffff:") and "." in bare:
        bare = bare[7:]
    return f"[IPv6:{bare}]" if ":" in bare else f"[{bare}]"
