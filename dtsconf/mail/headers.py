"""Header fields of a message (RFC 5322), pure: texts, names, addresses, parameters and dates as they stand in one.

Rules: what comes out is ASCII, an address outside it apart (RFC 6531), in lines of at most 78 characters where it can
be cut, joined by CRLF and a blank. Nothing breaks out of a field: a control character is an error here, so whoever
takes a text from outside escapes or refuses it before. Written by hand: importing `email` costs more than a whole mail,
and its folding cuts some names where RFC 2047 and RFC 2231 don't allow it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from dtsconf.names import ascii_address, escape_controls, has_controls

if TYPE_CHECKING:
    import time
    from collections.abc import Iterable

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FOLD = "\r\n "
_WORD_BYTES = 39
"""UTF-8 bytes in one encoded word: 52 base64 characters and the frame stay under RFC 2047's 75."""

_LINE = 76
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN = re.compile(r"[A-Za-z0-9!#$&+^_`{}~.,()@ -]+")
"""File names that every reader understands in a quoted string."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
"""RFC 2231 7, attribute-char."""


def text(words: str, used: int = 0) -> str:
    """Unstructured text (a subject): as it is, folded at blanks, when it is ASCII; else RFC 2047 encoded words.
    `used`: characters that stand before it on its line.

    Raises:
        ValueError: it holds a control character.
    """
    _refuse_controls(words)
    if not words.isascii() or "=?" in words or words != words.strip():
        return encoded_words(words)
    if used + len(words) <= _LINE:
        return words
    pieces = re.findall(" *[^ ]+", words)
    if max(map(len, pieces)) > _LINE:
        return encoded_words(words)
    lines = [""]
    for piece in pieces:
        if lines[-1] and used + len(lines[-1]) + len(piece) > _LINE:
            lines.append("")
            used = 0
        lines[-1] += piece
    return "\r\n".join(lines)


def encoded_words(words: str) -> str:
    """The text as RFC 2047 encoded words in UTF-8, no character cut, one on a line."""
    return _FOLD.join(f"=?utf-8?b?{b64encode(piece).decode('ascii')}?=" for piece in utf8_pieces(words, _WORD_BYTES))


def mailbox(name: str | None, address: str) -> str:
    """An address with its display name (RFC 5322 3.4). The domain goes in A-labels, where that makes it ASCII.

    Raises:
        ValueError: one of them holds a control character, or the address something that ends it.
    """
    _refuse_controls(address)
    if "<" in address or ">" in address:
        raise ValueError("an address with an angle bracket in it can't stand in a header")
    bare = ascii_address(address) or address
    if not name:
        return bare
    phrase = _phrase(name)
    room = _LINE - len("Reply-To: ") - len(" <>,")
    fits = len(phrase.rpartition("\n")[2]) + len(bare) <= room  # RFC 2047 2: 76 where an encoded word stands
    return f"{phrase}{' ' if fits else _FOLD}<{bare}>"


def shown_name(name: str) -> str:
    """A display name as far as it can stand in a header: control characters as escapes, all else as it is (what joins
    letters or keeps them apart belongs to the word in some languages)."""
    return "".join(escape_controls(char) if has_controls(char) else char for char in name)


def mailboxes(pairs: Iterable[tuple[str | None, str]]) -> str:
    """A list of names and addresses, one on a line. Raises as `mailbox`."""
    return f",{_FOLD}".join(mailbox(name, address) for name, address in pairs)


def _phrase(name: str) -> str:
    """A display name: atoms as they are, other ASCII in quotes, the rest in encoded words (RFC 5322 3.2.5)."""
    _refuse_controls(name)
    if not name.isascii() or "=?" in name or len(name) > _LINE:
        return encoded_words(name)
    return name if _ATOMS.fullmatch(name) else quoted(name)


def quoted(words: str) -> str:
    """A quoted string (RFC 5322 3.2.4)."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parameter(name: str, value: str) -> str:
    """`; name="value"` on a line of its own, as RFC 2231 writes it where it is not plain and short.

    Raises:
        ValueError: the value holds a control character.
    """
    _refuse_controls(value)
    if _PLAIN.fullmatch(value) and value == value.strip() and len(name) + len(value) < _LINE - 5:
        return f';{_FOLD}{name}="{value}"'
    return "".join(f";{_FOLD}{line}" for line in _extended(name, value))


def _extended(name: str, value: str) -> list[str]:
    """RFC 2231: percent-encoded UTF-8, in numbered sections where it is long; no character is cut, for some readers
    decode each section by itself."""
    lines = [""]
    for char in value:
        unit = "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in char.encode())
        if len(lines[-1]) + len(unit) > 50:
            lines.append("")
        lines[-1] += unit
    lines[0] = f"utf-8''{lines[0]}"
    if len(lines) == 1:
        return [f"{name}*={lines[0]}"]
    return [f"{name}*{number}*={line}" for number, line in enumerate(lines)]


@lru_cache(1)  # of many mails a second one is made
def date(now: time.struct_time) -> str:
    """A UTC time as RFC 5322 3.3 writes it, in English whatever the locale."""
    day = f"{_DAYS[now.tm_wday]}, {now.tm_mday:02d} {_MONTHS[now.tm_mon - 1]} {now.tm_year:04d}"
    return f"{day} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d} +0000"


def message_id(token: str, sender: str) -> str:
    """`<token@domain>` with the domain of the sender (RFC 5322 3.6.4), who is '' while not known; `token` makes it
    unique."""
    domain = ((ascii_address(sender) or sender) if sender else "").rpartition("@")[2].strip("[]")
    usable = domain and domain.isascii() and ":" not in domain
    return f"<{token}@{domain if usable else 'dtsconf.invalid'}>"


def utf8_pieces(words: str, size: int) -> list[bytes]:
    """UTF-8 pieces of at most `size` bytes that never cut a character; what is no Unicode text shows as an escape."""
    pieces: list[bytes] = [b""]
    for char in words:
        raw = char.encode("utf-8", "backslashreplace")
        if len(pieces[-1]) + len(raw) > size:
            pieces.append(b"")
        pieces[-1] += raw
    return pieces


def _refuse_controls(words: str) -> None:
    if has_controls(words):
        raise ValueError("a control character can't stand in a header")
