"""Texts of a message: bytes of a file as text, and text as lines that any server takes. Pure.

What goes out is ASCII with CRLF in lines of at most 78 characters: as it is where it can be, else quoted-printable or
base64, whichever is shorter (RFC 2045 6.7, 6.8). A line that begins with `From ` or is a single dot is encoded too,
since mailboxes and servers are known to change such lines (RFC 2049 3), and one that begins like our boundaries.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp

from dtsconf.frozen import frozen

LARGEST = 16 * 1024 * 1024
"""Bytes of a text in the body: it stands in memory. What is larger is to be attached."""

_AS_IT_IS = re.compile(rb"(?>(?!From |\.\r\n|--=_)(?:[\t -~]{0,77}[!-~])?\r\n)*+")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@frozen
class Encoded:
    """A text fit for a message: the Content-Transfer-Encoding, and its bytes, which end with a line end or are none."""

    encoding: str
    data: bytes


def decode(data: bytes, fallback: str | None = None) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark, else `fallback` (the system's encoding).

    Raises:
        UnicodeDecodeError: it is none of these; `start` is the place of the first byte that doesn't fit UTF-8.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        return data.decode()
    except UnicodeDecodeError as wrong:
        if fallback is None:
            raise
        try:
            return data.decode(fallback)
        except (UnicodeDecodeError, LookupError):
            raise wrong from None


def encode(text: str) -> Encoded:
    """The text as lines of a message. The line end that the last line lacks is there then: a message has no other last
    line (RFC 5322 2.3)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = lines.replace("\n", "\r\n").encode("utf-8", "replace")
    plain += b"" if plain.endswith(b"\r\n") or not plain else b"\r\n"
    if _AS_IT_IS.fullmatch(plain):
        return Encoded("7bit", plain)
    quoted = _quoted_printable(plain)
    if len(quoted) > base64_size(len(plain)):
        return Encoded("base64", base64_lines(plain))
    return Encoded("quoted-printable", quoted)


def _quoted_printable(plain: bytes) -> bytes:
    lines = b2a_qp(plain, istext=True).split(b"\r\n")
    # The soft line end keeps the line within 76 characters (RFC 2045 6.7).
    marked = [b"=46rom =\r\n" + line[5:] if line.startswith(b"From ") else line for line in lines]
    return b"\r\n".join(marked)


def base64_size(size: int) -> int:
    """How long `size` bytes are in base64, in lines of 76 characters and their CRLF (RFC 2045 6.8)."""
    return (size + 2) // 3 * 4 + (size + 56) // 57 * 2


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters, each with its CRLF."""
    whole = b64encode(data)
    return b"".join([whole[at : at + 76] + b"\r\n" for at in range(0, len(whole), 76)])
