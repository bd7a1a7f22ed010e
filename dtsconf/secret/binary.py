"""What a file holds that is no text: DER, as certificates and keys are handed out by some, and what makes PEM of it.

Sources: X.690 8.1.3 (lengths), RFC 7292 4 (PKCS #12), RFC 5208 5 and RFC 8017 A.1.2 (keys), RFC 5280 4.1
(certificates). Pure.
"""

from __future__ import annotations

from shlex import quote

from dtsconf.frozen import frozen

_SEQUENCE, _INTEGER, _OBJECT = b"\x30", b"\x02\x01", b"\x06"
_ENDLESS = 0x80


@frozen
class Binary:
    """`told`: what it is, as the end of a sentence; `convert`: commands to type that make one PEM text of it, in its
    place."""

    told: str
    convert: str


def binary(data: bytes, path: str, *, own: bool = False) -> Binary | None:
    """What the bytes of the file at `path` are, if they are DER of a kind that a certificate comes in. `own`: the file
    is the caller's, not root's."""
    root = "" if own else "sudo "
    inner = _inside(data)
    if inner is None:
        return None
    if inner.startswith(_INTEGER + b"\x03"):
        return Binary("a PKCS #12 file (.pfx, .p12), and a PEM text is wanted", _from_pkcs12(path, root))
    within = _inside(inner, whole=False)
    if inner.startswith(_INTEGER) or (within is not None and within.startswith(_OBJECT)):
        told = "a key in DER, and a PEM text with its certificate is wanted"
        return Binary(told, _piped(path, root, "APP.crt", "cat APP.crt && openssl pkey"))
    if within is None:
        return None
    told = "a certificate in DER, and a PEM text with its key is wanted"
    return Binary(told, _piped(path, root, "APP.key", "openssl x509", " && cat APP.key"))


def _inside(data: bytes, *, whole: bool = True) -> bytes | None:
    """The content of a SEQUENCE; None for anything else. `whole`: nothing may stand behind it."""
    if data[:1] != _SEQUENCE or len(data) < 2:
        return None
    first = data[1]
    more = first & 0x7F if first > _ENDLESS else 0
    size = int.from_bytes(data[2 : 2 + more]) if more else first
    start = 2 + more
    if first == _ENDLESS:  # of a length that is told by its end (X.690 8.1.3.6), as some programs write .pfx
        return data[2:]
    if more > 4 or (start + size != len(data) if whole else start + size > len(data)):
        return None
    return data[start : start + size]


def _from_pkcs12(path: str, root: str) -> str:
    pem = quote(f"{path}.pem")
    made = f"{root}openssl pkcs12 -in {quote(path)} -nodes -out {pem} && {root}mv {pem} {quote(path)}"
    return f"make one of it (openssl asks for its password; of an old one it wants -legacy): {made}"


def _piped(path: str, root: str, other: str, before: str, behind: str = "") -> str:
    """`before` ends in what reads DER; `other` names the file that has the other half."""
    pem = quote(f"{path}.pem")
    script = f"umask 077; ({before} -inform DER -in {quote(path)}{behind}) > {pem} && mv {pem} {quote(path)}"
    return f"make one of both ({other}: the other, as PEM): {root}sh -c {quote(script)}"
