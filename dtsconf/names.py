"""Names of the mail world: hosts, addresses, and texts fit for showing. Pure, no lookups.

Rules: nothing with a control character passes; a host stands alone, without scheme, port or path; international names
are IDNA 2008 (RFC 5891), local parts outside ASCII need SMTPUTF8 (RFC 6531). Knows nothing about settings and files.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

# Patterns in text are compiled when they are first wanted (re keeps them): most commands want few of them.
_CONTROLS = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_UNSHOWABLE = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/@]*@)?(.*)"
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
# Negated classes: one that spells out all of Unicode costs 4 ms to compile.
_ATEXT = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f-\xa0]+'
_ATOM = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
# Angle brackets, which RFC 5321 lets stand in quotes, end an address to many a program: they are for nobody's good.
_QUOTED = re.compile(r'"(?:[^\x00-\x1f"<>\\\x7f-\xa0]|\\[ -;=?-~])*"')

CURLY = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u201a", "\u00ab", "\u00bb")
"""Quotation marks that a word processor writes; to YAML, shells and mail they are letters."""
PLAIN_QUOTES = "take the curly quotes for plain ones (\" or '), or leave them out"
VAULT_API = "/v1"
"""Where Vault's API lies below its address, as every URL in Vault's documentation has it."""


def has_controls(text: str) -> bool:
    """Whether the text holds a control character (CR, LF, NUL, all of C0 and C1), a line separator or half a pair."""
    return not text.isprintable() and re.search(_CONTROLS, text) is not None


def has_half_pairs(text: str) -> bool:
    """Whether the text holds half of a surrogate pair: Python's stand-in for a byte of a path, argument or variable
    that is no UTF-8 (os.fsdecode). Such a text can't be written to a file as it is."""
    return not text.isprintable() and re.search("[\ud800-\udfff]", text) is not None


def escape_controls(text: str) -> str:
    r"""The text as it may be shown on a terminal: control and direction characters as `\n`, `\x1b`, `\u202e`."""
    return text if text.isprintable() else re.sub(_UNSHOWABLE, _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    char = found.group()
    return _SHORT.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")


def host_problem(text: str) -> str | None:
    """What is wrong with the text as a host name or IP address, as the end of a sentence; None when it is one."""
    fault = host_fault(text)
    return None if fault is None else fault[0]


@lru_cache(maxsize=512)  # the sites of one organisation name the same few hosts over and over
def host_fault(text: str) -> tuple[str, str | None] | None:
    """As `host_problem`, with the next thing to type (or None) as second part."""
    if not text:
        return "is empty", "write the server's name or IP address"
    if has_controls(text):
        return "holds a control character", "write the name in one line, without escapes"
    return _decorated(text) or _malformed(text)


def _decorated(text: str) -> tuple[str, str | None] | None:
    """A host with something around it: scheme, user, path, port, blanks."""
    if text != text.strip() or " " in text:
        return "has a blank in it", _without_blanks(text.split())
    if found := re.match(_SCHEME, text):
        return "has a scheme in it, and a host stands alone", _alone(found.group(2))
    if "@" in text:
        return "is an address, and a host stands alone", _alone(text.rpartition("@")[2])
    if "/" in text:
        return "has a path in it, and a host stands alone", _alone(text)
    if is_ip(text.strip("[]")):
        return None
    name, colon, port = text.rpartition(":")
    if colon and (":" not in name or name.endswith("]")):
        return "has a port in it, and a host stands alone", _alone(text) if name and port.isdigit() else None
    return None


def _without_blanks(words: list[str]) -> str | None:
    """The one word, or the one that looks like a name in DNS; several that don't are a title, and no name at all."""
    likely = words if len(words) == 1 else [word for word in words if "." in word.strip(".")]
    if len(likely) == 1:
        return f"write {likely[0]}"
    return "write the name by which the DNS knows the server, such as mail.acme.example" if words else None


def _alone(rest: str) -> str | None:
    """The hint that gives host and port each their own line."""
    bare = re.split("[/?]", rest, maxsplit=1)[0]
    name, colon, port = bare.rpartition(":")
    if is_ip(bare.strip("[]")) or not colon:
        return f"write {bare.strip('[]')}" if bare and _malformed(bare) is None else None
    if not port.isdigit() or _malformed(name):
        return None
    return f"write {name.strip('[]')}, and {port} as the port"


def _malformed(text: str) -> tuple[str, str | None] | None:
    if is_ip(text[1:-1] if text.startswith("[") and text.endswith("]") else text):
        return None
    if ":" in text or "[" in text or "]" in text:
        return "is no host name and no IPv6 address", None
    try:
        ascii_name = to_ascii(text)
    except ValueError as error:
        return f"is no host name: {error}", None
    labels = ascii_name.removesuffix(".").split(".")
    if len(ascii_name) > 253:
        return "is longer than the 253 characters a host name may have", None
    if bad := next((label for label in labels if not re.fullmatch(_LABEL, label)), None):
        return f"is no host name: the part '{bad}' can't stand in one", None
    if "" in labels:
        return "is no host name: two dots follow each other or one leads", None
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1], re.IGNORECASE):  # what resolvers take for an address, too
        return "is no IPv4 address: four numbers from 0 to 255 are wanted", None
    return None


def normalise_host(text: str) -> str:
    """The form that is looked up: IDNA 2008 A-labels, IPv6 without brackets, no trailing dot. ASCII stays as typed.

    Raises:
        ValueError: it is no host (see `host_problem`).
    """
    if fault := host_fault(text):
        raise ValueError(fault[0])
    bare = text[1:-1] if text.startswith("[") else text
    return bare if is_ip(bare) else to_ascii(bare).removesuffix(".")


def is_ip(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address (a zone such as `fe80::1%eth0` is allowed)."""
    if not (text[:1].isdigit() or ":" in text):
        return False
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether the host, by its spelling alone, is this machine."""
    bare = host.strip("[]").lower()
    return bare in ("localhost", "::1") or (bare.startswith("127.") and is_ip(bare))


_SECOND_LEVEL = (
    "ac|asn|co|com|edu|firm|gen|go|gob|gouv|gov|govt|gub|id|ind|iwi|ltd|me|mil|muni|ne|net|nhs|nic|nom|or|org|plc|pro|res"
    "|sch|school|web"
)
"""What registries of countries have names under (co.uk, com.au), as Mozilla's Public Suffix List shows."""


def is_registry(domain: str) -> bool:
    """Whether strangers have names directly under this domain: a top-level one, or one such as com.au. By its form, for
    the lists of these change weekly."""
    return re.fullmatch(rf"[^.]*|({_SECOND_LEVEL})\.[a-z]{{2}}", domain.lower().rstrip(".")) is not None


def site(host: str) -> str:
    """The part of a host's name that one owner registered, as far as its form tells."""
    labels = host.lower().rstrip(".").split(".")
    return ".".join(labels[-3 if is_registry(".".join(labels[-2:])) else -2 :])


def to_unset(variable: object) -> str:
    """The line for this system's shell (Windows: PowerShell) that takes an environment variable away."""
    return f"Remove-Item Env:{variable}" if sys.platform == "win32" else f"unset {variable}"


def is_everybodys(host: str) -> bool:
    """Whether each machine has this name for itself, so that it leads to no other (RFC 6761 6.3; distributions' own
    `localhost.localdomain`)."""
    labels = host.lower().rstrip(".").split(".")
    return labels[0] == "localhost" or labels[-1] in ("localhost", "localdomain")


def to_ascii(name: str) -> str:
    """A domain, or one of its labels, in A-labels (IDNA 2008, RFC 5891). Raises: ValueError: it has none."""
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(escape_controls(str(error)).rstrip(".")) from error


def parse_address(text: str) -> tuple[str, str]:
    """Split a mailbox into local part and domain (RFC 5321 4.1.2, RFC 6531 3.3), both as typed.

    Raises:
        ValueError: it is none; args are the end of a sentence and a hint (or None).
    """
    if fault := address_fault(text):
        raise ValueError(*fault)
    local, _, domain = text.rpartition("@")
    return local, domain


@lru_cache(1024)
def address_fault(text: str) -> tuple[str, str | None] | None:
    """What is wrong with the text as one mail address: the end of a sentence and the next thing to type, or None."""
    if not text:
        return "is empty", "write an address such as mail@acme.example"
    if has_controls(text):
        return "holds a control character", "write the address in one line"
    if text.endswith(">") and "<" in text:
        inner = text[text.rindex("<") + 1 : -1]
        return "is more than the address", f"write {inner}" if inner and address_fault(inner) is None else None
    if text[:7].lower() == "mailto:":
        inner = text[7:].partition("?")[0]
        bare = f"write {inner}" if inner and address_fault(inner) is None else "write it as name@domain"
        return "is a link to a mail address", bare
    if text.startswith(CURLY) or text.endswith(CURLY):
        return "is no mail address: it stands in curly quotes", PLAIN_QUOTES
    if text[0] == text[-1] and text[0] in "'\"" and address_fault(text[1:-1]) is None:
        return "is no mail address: the quotes are part of it here", f"leave them out: {text[1:-1]}"
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        return "is no mail address", "write it as name@domain"
    return _mailbox_fault(local, domain)


def _mailbox_fault(local: str, domain: str) -> tuple[str, str | None] | None:
    if not local.isascii() and (unseen := _unseen(local)):
        return (
            f"has an invisible character in it (U+{ord(unseen):04X})",
            "type the address anew: it came along by copying",
        )
    if not (_ATOM.fullmatch(local) or _QUOTED.fullmatch(local)):
        words = re.split(r"\s*[,;\s]\s*", f"{local}@{domain}")
        if len(words) > 1 and all("@" in word for word in words):
            return "is more than one address", "name one address only"
        alone = "write the address alone, without blanks" if " " in local else None
        return "is no mail address: what stands before the @ can't stand there", alone
    if len(local.encode()) > 64:
        return "is no mail address: more than 64 bytes before the @", None
    if len(local.encode()) + len(domain.encode()) > 253:
        return "is longer than the 254 bytes an address may have", None
    if domain.startswith("["):
        literal = domain[1:-1].removeprefix("IPv6:")
        return None if domain.endswith("]") and is_ip(literal) else ("has no IP address in its brackets", None)
    problem = host_problem(domain)
    return None if problem is None else (f"has no good domain: '{escape_controls(domain)}' {problem}", None)


def _unseen(text: str) -> str | None:
    """The first character that shows nothing: a formatting one (U+200B, U+202E), or a blank that is no space. Those two
    that Persian and Indic words are written with are left."""
    from unicodedata import category

    odd = ("Cf", "Zs", "Zl", "Zp")
    return next((char for char in text if char not in " \u200c\u200d" and category(char) in odd), None)


@lru_cache(1024)
def ascii_address(text: str) -> str | None:
    """The address with its domain in A-labels when that makes it ASCII; None when SMTPUTF8 is needed (RFC 6531)."""
    local, domain = parse_address(text)
    if not local.isascii():
        return None
    return f"{local}@{domain if domain.startswith('[') else normalise_host(domain)}"
