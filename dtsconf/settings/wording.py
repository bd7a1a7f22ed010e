"""What is said about a wrong value: pydantic's findings and our own checks, in our words. Pydantic's never show.

A sentence goes on after the value (`'ssl' is not one of ...`) or, where the value must not be repeated, after the key.
No secret gets in here: a secret's value is never shown, whatever it looks like.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

LONGEST: Final = 60
"""A value longer than this many characters is cut in messages."""

WANTED: Final = {
    "text": "a text",
    "choice": "a text",
    "secret": "a secret reference",
    "bool": "true or false",
    "int": "a whole number",
    "number": "a number",
    "size": "a size",
    "scalar": "a single value",
}

_EXAMPLES: Final = {
    "size": "write a size such as 25 MiB",
    "secret": "write a reference such as env://NAME or file:///ABSOLUTE/PATH",
    "int": "write a number in digits",
    "number": "write a number in digits",
    "text": "write a text, in quotes if in doubt",
}

_MEANT: Final = {
    "server.encryption": {
        "ssl": "for port 465 use tls",
        "ssl/tls": "for port 465 use tls",
        "smtps": "for port 465 use tls",
        "implicit": "for port 465 use tls",
        "start_tls": "for port 587 use starttls",
        "start-tls": "for port 587 use starttls",
        "explicit": "for port 587 use starttls",
        "plain": "for an unencrypted connection use none",
        "off": "for an unencrypted connection use none",
        "no": "for an unencrypted connection use none",
        "false": "for an unencrypted connection use none",
        "yes": "for port 465 use tls, for port 587 starttls",
        "on": "for port 465 use tls, for port 587 starttls",
        "true": "for port 465 use tls, for port 587 starttls",
        "required": "for port 465 use tls, for port 587 starttls",
        "opportunistic": "for TLS where the server has it use auto",
    },
    "login.mechanism": {
        "scram": "use scram-sha-256",
        "scram-sha-1": "use scram-sha-256",
        "cram-md5": "use auto: what the server offers among plain, login and scram-sha-256 is taken",
        "digest-md5": "use auto: what the server offers among plain, login and scram-sha-256 is taken",
        "ntlm": "use auto: what the server offers among plain, login and scram-sha-256 is taken",
        "xoauth2": "for Microsoft's sign-in use mode: microsoft",
        "oauth": "for Microsoft's sign-in use mode: microsoft",
    },
    "mode": {
        "office365": "for Microsoft's sign-in use microsoft",
        "o365": "for Microsoft's sign-in use microsoft",
        "exchange": "for Microsoft's sign-in use microsoft",
        "oauth": "for Microsoft's sign-in use microsoft",
        "graph": "use microsoft, and via: graph under microsoft",
    },
    "connection.min_tls": {
        "1.0": "TLS 1.0 and 1.1 are not supported: they are no longer safe (RFC 8996)",
        "1.1": "TLS 1.0 and 1.1 are not supported: they are no longer safe (RFC 8996)",
    },
    "microsoft.flow": {
        "device": "use device-code",
        "device_code": "use device-code",
        "client-credentials": "use application",
        "interactive": "use browser",
    },
}
"""Words of other programs for what we call otherwise, by key; lower case."""

_USUAL: Final = {"server.encryption": "starttls", "verify.level": "send"}
"""The choice to name first where the first one is the weakest."""


class BadValue(ValueError):
    """A value that its setting can't take. `kind` is a stable kebab-case word, `sentence` goes on after the value when
    `show`, else after the key; `hint` is the next thing to type or None."""

    def __init__(self, kind: str, sentence: str, hint: str | None = None, *, show: bool = True) -> None:
        super().__init__(sentence)
        self.kind, self.sentence, self.hint, self.show = kind, sentence, hint, show

    def told(self, name: str, raw: object) -> str:
        """The whole message: `server.encryption: 'ssl' is not one of none, auto, tls, starttls`."""
        return f"{name}: {shown(raw)} {self.sentence}" if self.show else f"{name}: {self.sentence}"


def shown(raw: object) -> str:
    """A value as a message shows it: texts in quotes, controls escaped, long ones cut; never used on secrets."""
    if raw is None or isinstance(raw, bool):
        return {None: "null", True: "true", False: "false"}[raw]
    text = escape_controls(str(raw))
    cut = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return f"'{cut}'" if isinstance(raw, str) else cut


def in_yaml(value: object) -> str:
    """A value as YAML would write it, in one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return escape_controls(value) if value else '""'
        case list():
            return f"[{', '.join(in_yaml(item) for item in value)}]"
        case _:
            return str(value)


def found(raw: object) -> str:
    """What stands there, by its type: `the text 'x'`, `the number 5`, `null`, `a list`, `a mapping`."""
    if isinstance(raw, str):
        return f"the text {shown(raw)}"
    if isinstance(raw, (bool, type(None))):
        return shown(raw)
    if isinstance(raw, (int, float)):
        return f"the number {shown(raw)}"
    return "a list" if isinstance(raw, (list, tuple)) else "a mapping"


def in_brackets(text: str) -> str:
    """A text as it may stand in a YAML list in brackets: in quotes, unless it is a plain word."""
    plain = re.fullmatch(r"[A-Za-z][\w.@+-]*", text, re.ASCII)
    return text if plain else json.dumps(escape_controls(text), ensure_ascii=False)


def translate(
    error: ValidationError, name: str, raw: object, *, kind: str, choices: tuple[str, ...], nullable: bool
) -> BadValue:
    """Pydantic's first finding on one leaf of this kind as our own. `name` is the dotted key, for the hint."""
    first = error.errors(include_url=False)[0]
    context: dict[str, Any] = first.get("ctx", {})
    if first["type"] == "dtsconf":
        hint = storing(name, str(raw)) if context["kind"] == "secret-literal" else context["hint"]
        return BadValue(context["kind"], context["sentence"], hint, show=context["show"] and kind != "secret")
    if choices and isinstance(raw, (str, float)) and first["type"] == "literal_error":
        return not_a_choice(name, str(raw), choices)
    return wrong_type(kind, raw, nullable=nullable)


def not_a_choice(name: str, raw: str, choices: Iterable[str]) -> BadValue:
    """`'ssl' is not one of none, auto, tls, starttls`, with the choice that is likely meant."""
    from dtsconf.settings.nearness import nearest

    known = tuple(choices)
    hint = _MEANT.get(name, {}).get(raw.strip().lower())
    near = nearest(raw.strip().lower(), known)
    return BadValue(
        "choice",
        f"is not one of {', '.join(known)}",
        hint or (f"did you mean {near}?" if near else f"write {_USUAL.get(name, known[0])}, or another of them"),
    )


def wrong_type(kind: str, raw: object, *, nullable: bool = False) -> BadValue:
    """`expects a whole number, found the text '587'`. A secret's value is not repeated."""
    if raw is None:
        return BadValue(
            "type", f"is empty (null), and {WANTED[kind]} is wanted", "write one, or leave the line out", show=False
        )
    what = "a literal value" if kind == "secret" else found(raw)
    return BadValue(
        "type", f"expects {WANTED[kind]}{' or null' if nullable else ''}, found {what}", _retype(kind, raw), show=False
    )


def _retype(kind: str, raw: object) -> str:
    if kind in ("int", "number") and isinstance(raw, str):
        bare = raw.strip()
        if bare.isascii() and bare.isdigit() and (bare == "0" or bare[0] != "0"):
            return f"write it without quotes: {bare}"
        return "write a number in digits, without a zero in front"
    if kind in ("int", "number") and isinstance(raw, bool):
        return "write a number in digits"
    if kind == "int" and isinstance(raw, float):
        return "write a number without a fraction"
    if kind == "bool":
        return "write true or false, without quotes"
    if kind in ("text", "choice") and isinstance(raw, (bool, int, float)):
        return f'put it in quotes: "{str(raw).lower()}"'
    return _EXAMPLES.get(kind, "write one single value")


def storing(name: str, raw: str, *, beside: str | None = None) -> str:
    """How to keep a secret out of YAML: a command that works on this system, and the reference to write. `raw`: what
    stands there, which may have been meant for a reference. `beside`: a user's own settings file, which a file of
    theirs is to lie beside."""
    from dtsconf.secret.ref import shape_meant

    meant = shape_meant(raw)
    first = f"{meant}; for a secret itself, " if meant else ""
    last = name.rpartition(".")[2]
    entry = f"keyring://dts/{last}"
    if sys.platform == "win32":
        return f"{first}store it with `dtsconf secret set {entry}` and write {last}: {entry}"
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        from dtsconf.secret.asking import asking_command

        file = f"/etc/dts/secrets/{name}" if beside is None else f"{beside.rpartition('/')[0]}/{name}"
        desk = f"at a desktop: `dtsconf secret set {entry}` and {last}: {entry}"
        asking = asking_command(file, own=beside is not None)
        return f"{first}store it with `{asking}` and write {last}: file://{file}; {desk}"
