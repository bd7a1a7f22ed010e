"""Unified diffs of targets for people: secrets masked, control characters escaped. Pure.

What dtsconf wants is shown as it will be, with its secrets already masked by the target. What stands on the machine may
have been written by anybody, so there every value that may be a secret is masked, by the form of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.machine import delivered
from dtsconf.machine.targets.file import MASK
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.machine.targets.file import TargetFile

SAME = " (the same text; it is recorded anew)\n"
NOT_READABLE = "(not readable for you)\n"

_HARMLESS = r'(?:vault|keyring|env|file|systemd)://|(?:encrypted|file)"'
_JSON_SECRET = re.compile(
    r'("?[^"\n:]*(?:pass|pwd|secret|token|jwt|assertion|certificate|credential)[^"\n:]*"?\s*:\s*)'
    rf'(?:"(?!{_HARMLESS})(?:[^"\\\n]|\\.)*"?|(?!{_HARMLESS}|null\b|true\b|false\b)[^\s"{{}}\[\],][^,}}\n]*)',
    re.IGNORECASE,
)
"""A key that tells of a secret with its value, in quotes or, where somebody edited it by hand, without."""
_PLAIN_COMMAND = re.compile(
    "account|defaults|host|port|timeout|protocol|domain|maildomain|from|from_full_name|auto_from|envelope_from|"
    "allow_from_override|dsn_(notify|return)|set_[a-z]+_header|remove_bcc_headers|undisclosed_recipients|auth|user|"
    "ntlmdomain|tls|tls_[a-z_0-9]+|source_ip|proxy_(host|port)|socket|syslog|logfile|logfile_time_format|aliases"
)
"""The commands of an msmtprc whose values are no secret (msmtp(1), "CONFIGURATION FILES")."""
_GIVES_PASSWORD = re.compile(r"(pass|pwd|secret)\S*\s+\S", re.IGNORECASE)


@frozen
class Texts:
    """What a diff is between, secrets masked; None: nothing stands or is wanted there, or it can't be shown."""

    before: str | None = None
    after: str | None = None


NO_TEXTS = Texts()


def file_diff(file: TargetFile, found: bytes | None, *, there: bool, foreign: bool, ours: bool) -> tuple[str, Texts]:
    """From what stands at a target's path to what is wanted. `found` is None when nothing stands there or, with
    `there`, when it can't be read; `foreign`: dtsconf never wrote it, so nobody knows what in it is secret; `ours`: it
    is as dtsconf wrote it."""
    if foreign:
        return unified(file.path, "", file.shown, created=True), Texts(None, file.shown)
    if there and found is None:
        return f"--- {file.path}\n+++ {file.path}\n {NOT_READABLE}", NO_TEXTS
    if found is None:
        return unified(file.path, "", file.shown, created=True), Texts(None, file.shown)
    before = masked(file.kind, found, secret=file.secret, ours=ours, wanted=file.shown)
    return unified(file.path, before, file.shown), Texts(before, file.shown)


def removal(kind: str, path: str, found: bytes | None, *, there: bool) -> tuple[str, Texts]:
    """From what stands there to nothing."""
    if not there:
        return f"--- {path}\n+++ /dev/null\n (already gone)\n", NO_TEXTS
    if found is None:
        return f"--- {path}\n+++ /dev/null\n {NOT_READABLE}", NO_TEXTS
    secret = path.endswith(".secrets.json")
    before = masked(kind, found, secret=secret, ours=False)
    return unified(path, before, "", deleted=True), Texts(before)


def restored(path: str, found: bytes | None, kept: bytes | None, *, there: bool) -> str:
    """From what stands there to the adopted file that is put back. Both may hold anything, so only its fact is told."""
    name = path if there else "/dev/null"
    kept_size = "" if kept is None else f", {len(kept)} bytes"
    held = "" if found is None else f" (now {len(found)} bytes)"
    return f"--- {name}\n+++ {path}\n (the file that stood here before dtsconf{kept_size} is put back){held}\n"


def masked(kind: str, found: bytes, *, secret: bool, ours: bool, wanted: str = "") -> str:
    """A found file's text with everything masked that may be a secret. What the `wanted` text shows as well (the id of
    a secret that stays) is none, and stands on both sides alike."""
    if kind == "msmtp":
        text = found.decode(errors="backslashreplace")
        known = None if ours else frozenset(wanted.splitlines())
        return _escaped("\n".join(_msmtp_line(line, known) for line in text.splitlines()))
    if secret:
        ids = delivered.from_bytes(found)
        return (
            delivered.to_bytes(dict.fromkeys(ids, MASK)).decode()
            if ids
            else f"(content not shown: {len(found)} bytes)\n"
        )
    text = found.decode(errors="backslashreplace")
    return _escaped(text if ours else _JSON_SECRET.sub(lambda match: _blot(match, wanted), text))


def _msmtp_line(line: str, known: frozenset[str] | None) -> str:
    """A line of a found msmtprc as it may be shown. `known` are the lines that are wanted; None: the file is as dtsconf
    wrote it. In one that somebody edited only what is known, or gives a harmless command its value, is no secret: a
    password may stand in a comment, or behind a misspelt word."""
    word, _, rest = line.strip().partition(" ")
    if known is None:
        return line if word != "password" else f"password {MASK}"
    plain = _PLAIN_COMMAND.fullmatch(word) and not _GIVES_PASSWORD.search(rest)
    if plain or line in known or not line.strip():
        return line
    shown = f"{word} " if word in ("password", "passwordeval") else "# " if word.startswith("#") else ""
    return line[: len(line) - len(line.lstrip())] + shown + MASK


def unified(path: str, before: str, after: str, *, created: bool = False, deleted: bool = False) -> str:
    """A unified diff of two texts with three lines of context; a note when they are equal."""
    import difflib

    names = ("/dev/null" if created else path, "/dev/null" if deleted else path)
    rows = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    text = "".join(row + "\n" for row in rows)
    return text or f"--- {path}\n+++ {path}\n{SAME}"


def with_rotated(text: str, keys: Iterable[str]) -> str:
    """A diff of a file that holds secrets, with a line for each settings key whose secret changed: masked, the old one
    and the new look alike."""
    told = "".join(f"# {rotated(key)}\n" for key in keys)
    return text.removesuffix(SAME) + told if told else text


def rotated(key: str) -> str:
    """What is said of a secret that changed."""
    return f"{key}: changed (value hidden)"


def _blot(match: re.Match[str], wanted: str) -> str:
    if match.group(0) in wanted:
        return match.group(0)
    return f'{match.group(1)}"{MASK}"'


def _escaped(text: str) -> str:
    return "".join(escape_controls(line) + "\n" for line in text.splitlines())
