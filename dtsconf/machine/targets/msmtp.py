"""Target `msmtp`: the settings as a system-wide msmtprc (msmtp(1), "CONFIGURATION FILES"; tried with 1.8.23). Pure.

Keeps the promise that a target says what it can't express instead of leaving it out: each such setting is a Problem of
code 3 that names both. msmtp takes off one pair of double quotes and knows no escapes, reads lines of at most 499
bytes, and takes wildcards and %-patterns in `from`. The display name is left to the programs that send through it.
"""

from __future__ import annotations

import re
import shlex
from math import ceil
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Problem, Where
from dtsconf.frozen import frozen
from dtsconf.machine.targets.file import KNOWN_AT_APPLY, MASK, TargetFile
from dtsconf.names import ascii_address
from dtsconf.settings.model import effective_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtsconf.secret.value import Secret
    from dtsconf.settings.model import Settings

KIND = "msmtp"
LINE = 499
"""Bytes that msmtp takes in a line, its newline left out (conf.c, get_next_cmd: a buffer of 501)."""

_BARE = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
_PATTERN = re.compile(r"[*?\[]|%[UHCM]")
_PRIORITIES = {
    "1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
    "1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3",
}
"""`connection.min_tls` as a GnuTLS priority string (GnuTLS manual, "Priority Strings")."""


class CantExpress(ValueError):
    """A setting that msmtp has no word for. `key` names it, the text says why."""

    def __init__(self, key: str, why: str, hint: str = "take msmtp out of targets, or change the setting") -> None:
        super().__init__(why)
        self.key = key
        self.hint = hint


@frozen
class Password:
    """How msmtp comes by the password: its reference, delivery `file` or `reference`, the value once it is known, the
    group that may read it, and the platform, whose keyring tool is asked (linux or darwin)."""

    reference: str
    deliver: str
    value: Secret | None = None
    group: str | None = None
    platform: str = "linux"

    @property
    def within(self) -> bool:
        """Whether the msmtprc holds the password itself."""
        return self.deliver == "file"


@frozen
class Line:
    """One line in its three forms; `content` is None while known at apply only."""

    shown: str
    stable: str
    content: str | None


def msmtp_file(
    path: str, settings: Settings, password: Password | None, head: str, place: Callable[[str], Where | None]
) -> TargetFile:
    """The msmtprc for these settings. `head` is the comment on its first line; `place` tells a key's origin.

    Raises:
        Invalid: code 3, one problem for each setting that msmtp can't express.
    """
    problems: list[CantExpress] = []
    lines = [_same(f"# {head}")]
    for part in _parts(settings, password):
        try:
            lines += [_checked(line, key) for key, line in part]
        except CantExpress as e:
            problems.append(e)
    if problems:
        raise Invalid(tuple(_problem(e, path, place) for e in problems))
    within = password is not None and password.within
    group = password.group if password is not None and within else None
    mode = 0o644 if not within else 0o640 if group else 0o600
    shown = "".join(line.shown + "\n" for line in lines)
    stable = "".join(line.stable + "\n" for line in lines)
    return TargetFile(KIND, path, mode, shown, stable, _content(lines), within, group)


def _parts(settings: Settings, password: Password | None) -> tuple[Iterator[tuple[str, Line]], ...]:
    if settings.mode == "microsoft":
        return (_account(settings),)
    return _account(settings), _transport(settings), _tls(settings), _login(settings, password)


def _content(lines: list[Line]) -> bytes | None:
    known = [line.content for line in lines if line.content is not None]
    return "".join(text + "\n" for text in known).encode() if len(known) == len(lines) else None


def _problem(error: CantExpress, path: str, place: Callable[[str], Where | None]) -> Problem:
    message = f"target msmtp ({path}) can't express {error.key}: {error}"
    return Problem("target", message, error.hint, place(error.key), error.key)


def _account(settings: Settings) -> Iterator[tuple[str, Line]]:
    if settings.mode == "microsoft":
        raise CantExpress("mode", "msmtp can't sign in with Microsoft (mode: microsoft)", "use mode: smtp for msmtp")
    yield "mode", _same("account default")
    sender = settings.sender.email
    if sender is None:
        return
    plain = ascii_address(sender)
    if plain is None:
        raise CantExpress("sender.email", f"msmtp sends no address outside ASCII ({sender})")
    if _PATTERN.search(plain):
        raise CantExpress("sender.email", f"msmtp reads {sender} as a pattern")
    yield "sender.email", _same(f"from {quoted(plain)}")


def _transport(settings: Settings) -> Iterator[tuple[str, Line]]:
    if settings.server.host is None:
        raise CantExpress("server.host", "there is none", "set server.host")
    yield "server.host", _same(f"host {quoted(settings.server.host)}")
    yield "server.port", _same(f"port {effective_port(settings)}")
    yield "connection.timeout", _same(f"timeout {ceil(settings.connection.timeout)}")


def _tls(settings: Settings) -> Iterator[tuple[str, Line]]:
    encryption = settings.server.encryption
    if encryption == "auto":
        yield "server.encryption", Line(f"tls {KNOWN_AT_APPLY}", "tls auto", None)
        return
    yield "server.encryption", _same(f"tls {'off' if encryption == 'none' else 'on'}")
    if encryption == "none":
        return
    yield "server.encryption", _same(f"tls_starttls {'on' if encryption == 'starttls' else 'off'}")
    yield "connection.min_tls", _same(f"tls_priorities {_PRIORITIES[str(settings.connection.min_tls)]}")
    if settings.server.fingerprint is not None:
        yield "server.fingerprint", _same(f"tls_fingerprint {_colons(settings.server.fingerprint)}")
    else:
        ca_file = settings.server.ca_file
        if ca_file is not None and not ca_file.startswith("/"):
            raise CantExpress("server.ca_file", f"'{ca_file}' is not an absolute path here")
        yield "server.ca_file", _same(f"tls_trust_file {quoted(ca_file or 'system')}")


def _colons(fingerprint: str) -> str:
    digits = fingerprint.replace(":", "").upper()
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def _login(settings: Settings, password: Password | None) -> Iterator[tuple[str, Line]]:
    if not settings.login.required:
        yield "login.required", _same("auth off")
        return
    yield "login.mechanism", _same(f"auth {_mechanism(settings)}")
    if settings.login.username is not None:
        yield "login.username", _same(f"user {quoted(settings.login.username)}")
    if password is not None:
        yield "login.password", password_line(password)


def picks_plain(settings: Settings) -> bool:
    """Whether `mechanism: auto` becomes `plain`: over an unencrypted connection msmtp's own choice would never be one
    that shows the password, and here the profile allows just that (msmtp(1), `auth`)."""
    return settings.login.required and settings.login.mechanism == "auto" and settings.server.encryption == "none"


def _mechanism(settings: Settings) -> str:
    if picks_plain(settings):
        return "plain"
    return "on" if settings.login.mechanism == "auto" else settings.login.mechanism


def password_line(password: Password) -> Line:
    """The line that gives the password: itself (delivery `file`), or the command that fetches it.

    Raises:
        CantExpress: it can't, or msmtp would not get all of it (of what the command prints it takes the first line).
    """
    if not password.within:
        if password.value is not None and {"\n", "\0"} & set(password.value.reveal()):
            why = "msmtp takes only the first line of a secret that it fetches itself, and this one has more"
            raise CantExpress("login.password", why, "store a secret of one line, or take msmtp out of targets")
        return _same(f"passwordeval {quoted(password_command(password.reference, password.platform))}")
    content = None if password.value is None else f"password {quoted(password.value.reveal())}"
    return Line(f"password {MASK}", f"password {password.reference}", content)


def password_command(reference: str, platform: str) -> str:
    """The shell command that prints the secret: cat for file://, the system's keyring tool for keyring://.

    Source for the attributes of an entry: python-keyring's SecretService and macOS backends.

    Raises:
        CantExpress: for every other scheme.
    """
    scheme, _, rest = reference.partition("://")  # checked long ago; it may be a plugin's
    if scheme == "file":
        return f"cat {shlex.quote(rest)}"
    if scheme == "keyring":
        service, user = (shlex.quote(part) for part in rest.split("/", 1))
        if platform == "darwin":
            return f"security find-generic-password -s {service} -a {user} -w"
        return f"secret-tool lookup service {service} username {user}"
    why = f"msmtp has no tool to resolve {scheme}:// by itself (secrets.deliver: reference)"
    raise CantExpress("login.password", why, "use secrets.deliver: file, or a file:// or keyring:// reference")


def quoted(text: str) -> str:
    """A value as msmtp reads it back: in one pair of double quotes where anything in it might be taken off."""
    return text if _BARE.fullmatch(text) else f'"{text}"'


def _same(text: str) -> Line:
    return Line(text, text, text)


def _checked(line: Line, key: str) -> Line:
    text = line.content or ""
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise CantExpress(key, "a line of its file can't hold control characters")
    if len(text.encode()) > LINE:
        raise CantExpress(key, f"its lines hold at most {LINE} bytes, and this one would have {len(text.encode())}")
    return line
