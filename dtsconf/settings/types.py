"""The leaf types of settings and profile sections: what a value may look like, in our own words when it doesn't.

Each type is strict (no text for a number), says what it wants in the JSON Schema as far as a schema can, and refuses
with a `PydanticCustomError` that carries `sentence` (goes on after the value or the key), `hint` and `show` (whether
the value may be repeated). Knows nothing about layers, files or other settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from dtsconf import names
from dtsconf.frozen import frozen
from dtsconf.settings import endpoints
from dtsconf.settings.faults import END, HEX, UUID_PATTERN, fault
from dtsconf.settings.marks import After, Before, InSchema
from dtsconf.settings.patterns import pattern_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL = r"[\u0000-\u001F\u007F-\u009F\u2028\u2029]"
FINGERPRINT_PATTERN = f"^({HEX}{{64}}|{HEX}{{2}}(:{HEX}{{2}}){{31}}){END}"
# An absolute path, on whatever system, of a file: no step is . or .., and none is empty at its end.
ABSOLUTE_PATTERN = r"^(?!.*[/\\]\.{0,2}$)(?!.*[/\\]\.{1,2}[/\\])(/|[A-Za-z]:[/\\]|\\\\)"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+:/"
_HOME = r"~[^/\\]*[/\\]"
PATH_PATTERN = f"^(?!{_SCHEME}|{_HOME})"
SIZE_PATTERN = f"^[1-9][0-9]{{0,8}} ?(B|kB|MB|GB|KiB|MiB|GiB){END}"
_FORMS = (
    r"vault://[^#?/\s]+/[^#?\s]*[^#?/\s](\?version=[1-9][0-9]*)?#[^#?\s]+(\?version=[1-9][0-9]*)?",
    r"keyring://[^/]+/.+",
    r"env://[A-Za-z_][A-Za-z0-9_]*",
    r"file://(/.+|/?[A-Za-z]:[/\\].+)",
    r"systemd://[A-Za-z0-9_.@:-]+",
    r"(?!(vault|keyring|env|file|systemd)://)[A-Za-z][A-Za-z0-9+.-]*://.*",
)
"""The grammar of `secret.ref` for the schema, which leaves room for the schemes of plugins."""
REFERENCE_PATTERN = f"^({'|'.join(_FORMS)}){END}"
URL_PATTERN = r"://[^@?#\s]+" + END
HTTP = "[Hh][Tt][Tt][Pp]"
LONGEST_TEXT = 1000
"""The longest text of one setting, in characters: a line of a mail header has no more (RFC 5322 2.1.1)."""
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@frozen
class Screen:
    """Where a setting stands on DTS's Email Settings screen: in which branch (`smtp`, `microsoft`, `both`), at which
    position counted from the top, under which label, and the screen's words for the values if it has its own."""

    branch: Literal["smtp", "microsoft", "both"]
    position: int
    label: str
    words: Mapping[str, str] | None = None


@frozen
class Marker:
    """Tells the reader of YAML what a bare Python type doesn't: `secret`, or `path` (relative to its file)."""

    what: Literal["secret", "path"]


SECRET: Final = Marker("secret")
PATH: Final = Marker("path")


def _line(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise fault("too-long", f"is longer than {LONGEST_TEXT} characters", "is this the right text?")
    if names.has_controls(text):
        raise fault("control-character", "holds a control character", "write it in one line, without escapes")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise fault("empty", "is empty", "write a text, or leave the line out")
    return _line(text)


def _address(text: str) -> str:
    if wrong := names.address_fault(text):
        raise fault("address", wrong[0], wrong[1] or "write it as name@domain")
    return text


def _host(text: str) -> str:
    if wrong := names.host_fault(text):
        hint = wrong[1] or "write a name such as mail.acme.example, or an IP address"
        raise fault("host", wrong[0], hint, show="@" not in text)
    return names.normalise_host(text)


def _recipient(text: str) -> str:
    if wrong := pattern_fault(_line(text)):
        raise fault("recipient", wrong[0], wrong[1] or "write a pattern such as *@acme.example")
    return text


def _uuid(text: str) -> str:
    if re.fullmatch(UUID_PATTERN, text, re.ASCII) is None:
        raise fault("uuid", "is no UUID", "write it as 8-4-4-4-12 hex digits, as the app registration shows it")
    return text.lower()


def _fingerprint(text: str) -> str:
    if re.fullmatch(FINGERPRINT_PATTERN, text, re.ASCII) is None:
        from dtsconf.settings.fingerprints import digits_in

        digits = len(re.sub("[^0-9A-Fa-f]", "", text))
        what = {40: "is a SHA-1 fingerprint, SHA-256 is wanted", 32: "is an MD5 fingerprint, SHA-256 is wanted"}
        sentence = what.get(digits, "is no SHA-256 fingerprint: 64 hex digits are wanted, colons allowed")
        meant = digits_in(text)
        shows = "openssl x509 -in server.pem -noout -fingerprint -sha256 shows them, behind the ="
        raise fault("fingerprint", sentence, f"write {meant}" if meant else shows)
    return text.replace(":", "").lower()


def _path(text: str) -> str:
    if not text:
        raise fault("path", "is empty", "write the path of a file")
    if text.startswith("file:/"):
        raise fault("path", "is an address, and a path is wanted", f"write it without file://: {_path_in(text)}")
    if re.match(_SCHEME, text):
        raise fault("path", "is an address, and only files of this machine are read", "get it, and write its path")
    if re.match(_HOME, text):
        hint = "write the whole path, such as /etc/dts/" + re.split(r"[/\\]", text)[-1]
        raise fault("path", "starts with a ~, which means no home here", hint)
    return _line(text)


def _path_in(text: str) -> str:
    """The path of a file: address, with one or three slashes, or by mistake two."""
    return "/" + text.removeprefix("file:").lstrip("/")


def is_absolute(path: str) -> bool:
    """Whether the path is absolute on Linux, macOS or Windows: a profile may be written on one for another."""
    return re.match(r"/|[A-Za-z]:[/\\]|\\\\", path) is not None


def _record(text: str) -> str:
    return _absolute(text, example="/var/log/dtsconf/record.jsonl")


def _absolute(text: str, *, example: str = "/etc/msmtprc") -> str:
    if not is_absolute(_path(text)):
        raise fault("path", "is no absolute path", f"write it from the root on, such as {example}")
    if re.match(ABSOLUTE_PATTERN, text) is None:
        raise fault("path", "is no plain path of a file", "leave out . and .., and end it with the file's name")
    return _plain(text)


def _plain(path: str) -> str:
    """The one spelling of an absolute path, so that two of one file can't pass for two files: single separators, and
    on Windows its own."""
    if path.startswith("/"):
        return re.sub("/+", "/", path)
    return path[0] + re.sub(r"[/\\]+", r"\\", path[1:])


def _port(number: int) -> int:
    if not 1 <= number <= 65535:
        raise fault("range", "is not from 1 to 65535", "the usual ones are 25, 465 (tls) and 587 (starttls)")
    return number


def _seconds(number: float) -> float:
    if not 0 < number <= 3600:
        raise fault("range", "is not above 0 and at most 3600 seconds", "15 is the default")
    return _whole(number)


def _splay(number: float) -> float:
    if not 0 <= number <= 86400:
        raise fault("range", "is not from 0 to 86400 seconds", "0 is no wait")
    return _whole(number)


def _whole(number: float) -> float:
    """15.0 and 15 are one value, so that the machine config has the same bytes for both."""
    return int(number) if number == int(number) else number


def _retries(number: int) -> int:
    if not 0 <= number <= 10:
        raise fault("range", "is not from 0 to 10", "3 is the default")
    return number


def _version_text(raw: object) -> object:
    """1.2 without quotes is a number to YAML and JSON; there is no other reading of it here."""
    return repr(raw) if isinstance(raw, float) else raw


def size_in_bytes(raw: str | int) -> int:
    """`25 MiB`, `10 MB` or a bare number of bytes, as bytes."""
    if isinstance(raw, int):
        if raw < 1:
            raise fault("range", "is no size: at least 1 byte is wanted", "write a size such as 25 MiB")
        return raw
    if re.fullmatch(SIZE_PATTERN, raw) is None:
        raise fault("size", "is no size", "write a whole number and B, kB, MB, GB, KiB, MiB or GiB, such as 25 MiB")
    number = re.match("[0-9]+", raw)
    return int(number.group() if number else 0) * _UNITS[raw.lstrip("0123456789 ")]


def _reference(text: str) -> str:
    from dtsconf.secret.plugins import schemes_for
    from dtsconf.secret.ref import NotAReference, parse

    if len(text) > LONGEST_TEXT and "://" in text[:20]:
        raise fault("too-long", f"is longer than {LONGEST_TEXT} characters", "write a reference only", show=False)
    try:
        return str(parse(text, schemes_for(text)))
    except NotAReference as error:
        if error.literal:
            raise fault("secret-literal", str(error), error.hint, show=False) from None
        raise fault(
            "secret-reference",
            _unknown_scheme(text, error),
            error.hint or "write it in that form, without anything around it",
            show=False,
        ) from None


def _unknown_scheme(text: str, error: Exception) -> str:
    """What stands before :// may be the start of a password, so only dtsconf's own schemes are repeated."""
    from dtsconf.secret.ref import SCHEMES

    known = not text or text.partition("://")[0] in SCHEMES
    return str(error) if known else "is no secret reference: its scheme is not known"


def _reference_elsewhere(text: str) -> str:
    if text.startswith("vault://"):
        raise fault(
            "secret-reference",
            "can't come from the Vault that it opens",
            "use env://, file://, keyring:// or systemd://",
        )
    return text


_TEXT: dict[str, Any] = {"type": "string", "maxLength": LONGEST_TEXT, "not": {"pattern": _CONTROL}}

Line = Annotated[str, After(_line), InSchema(**_TEXT)]
"""One line of text, empty allowed."""
Filled = Annotated[str, After(_filled), InSchema(**_TEXT, pattern=r"\S")]
"""One line of text that isn't blank."""
Address = Annotated[str, After(_address), InSchema(**{**_TEXT, "minLength": 3, "maxLength": 254, "pattern": ".@."})]
HostName = Annotated[str, After(_host), InSchema(**{**_TEXT, "minLength": 1, "maxLength": 255})]
Recipient = Annotated[str, After(_recipient), InSchema(**_TEXT, minLength=1)]
LocalPath = Annotated[str, After(_path), InSchema(**_TEXT, minLength=1, pattern=PATH_PATTERN), PATH]
AbsolutePath = Annotated[str, After(_absolute), InSchema(**_TEXT, pattern=ABSOLUTE_PATTERN)]
RecordPath = Annotated[str, After(_record), InSchema(**_TEXT, pattern=ABSOLUTE_PATTERN)]
Fingerprint = Annotated[str, After(_fingerprint), InSchema(type="string", pattern=FINGERPRINT_PATTERN)]
Uuid = Annotated[str, After(_uuid), InSchema(type="string", pattern=UUID_PATTERN)]
Url = Annotated[
    str,
    After(endpoints.https),
    InSchema(type="string", maxLength=endpoints.LONGEST_URL, pattern=f"^{HTTP}[Ss]{URL_PATTERN}"),
]
VaultUrl = Annotated[
    str,
    After(endpoints.vault_url),
    InSchema(type="string", maxLength=endpoints.LONGEST_URL, pattern=f"^{HTTP}[Ss]?{URL_PATTERN}"),
]
Proxy = Annotated[
    str,
    After(endpoints.proxy),
    InSchema(type="string", maxLength=endpoints.LONGEST_URL, pattern=f"^((system|none){END}|{HTTP}[Ss]?{URL_PATTERN})"),
]
Tenant = Annotated[str, After(endpoints.tenant), InSchema(**_TEXT, minLength=1)]
Port = Annotated[int, After(_port), InSchema(type="integer", minimum=1, maximum=65535)]
Seconds = Annotated[int | float, After(_seconds), InSchema(type="number", exclusiveMinimum=0, maximum=3600)]
Splay = Annotated[int | float, After(_splay), InSchema(type="number", minimum=0, maximum=86400)]
Retries = Annotated[int, After(_retries), InSchema(type="integer", minimum=0, maximum=10)]
MinTls = Annotated[Literal["1.2", "1.3"], Before(_version_text), InSchema(enum=["1.2", "1.3", 1.2, 1.3])]
Size = Annotated[
    int | str,
    After(size_in_bytes),
    InSchema(anyOf=[{"type": "integer", "minimum": 1}, {"type": "string", "pattern": SIZE_PATTERN}]),
]
SecretReference = Annotated[str, After(_reference), InSchema(**_TEXT, pattern=REFERENCE_PATTERN), SECRET]
OwnReference = Annotated[
    str,
    After(_reference),
    After(_reference_elsewhere),
    InSchema(**_TEXT, pattern=f"^(?!vault://){REFERENCE_PATTERN[1:]}"),
    SECRET,
]
"""A reference that opens Vault, and so can't lie in it."""
