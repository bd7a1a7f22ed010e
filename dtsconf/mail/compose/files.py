"""Files to attach: names and globs as users write them, found, looked at and opened.

A name that exists is that file, whatever stands in it; else `*`, `?`, `[...]` and `**` are a glob, also where no shell
has expanded it (Windows, quotes). What is found is sorted and attached once. Nothing is read before it is sent.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import IO, BinaryIO

from dtsconf.errors import DtsconfError, Option, Problem
from dtsconf.frozen import frozen
from dtsconf.names import CURLY, PLAIN_QUOTES, escape_controls, has_controls

_KNOWN = {".log": "text/plain", ".md": "text/plain", ".yaml": "text/plain", ".yml": "text/plain"}
"""Types that not every system's table has."""

_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


@frozen
class FileAttachment:
    """A file. `identity` is what tells that it is still the same: device, number, size, time of its last change."""

    path: str
    name: str
    type: str
    size: int
    identity: tuple[int, ...]

    def open(self) -> BinaryIO:
        """The file from its start.

        Raises:
            DtsconfError: it can't be read any more.
        """
        try:
            return open(self.path, "rb", opener=_without_waiting)
        except OSError as error:
            raise DtsconfError(f"{escape_controls(self.path)}: {error.strerror}", "send it again") from error

    def changed(self, opened: IO[bytes]) -> bool:
        """Whether somebody has written to it, or put another file in its place."""
        return _identity(os.fstat(opened.fileno())) != self.identity


def find(patterns: Iterable[str]) -> tuple[FileAttachment, ...]:
    """The files that names and globs mean, in the order given, those of one glob sorted.

    Raises:
        DtsconfError: with a problem for each that means no file, or one that can't be attached.
    """
    problems: list[Problem] = []
    found: dict[str, FileAttachment] = {}
    for pattern in patterns:
        for path in _paths(pattern, problems):
            attachment = _look_at(path, problems)
            if attachment is not None:
                found.setdefault(os.path.realpath(path), attachment)
    if problems:
        raise DtsconfError(problems[0].message, problems[0].hint, tuple(problems))
    return tuple(found.values())


def _paths(pattern: str, problems: list[Problem]) -> list[str]:
    if os.path.lexists(pattern) or not any(c in pattern for c in "*?["):
        return [pattern]
    import glob

    paths = sorted(path for path in glob.glob(pattern, recursive=True) if not os.path.isdir(path))
    if not paths:
        problems.append(_closed(pattern) or _problem(pattern, "no file matches", looked_for(pattern)))
    return paths


def _closed(pattern: str) -> Problem | None:
    """That this user may not look into the folder of a pattern, of which a glob says nothing."""
    folder = os.path.dirname(pattern[: min(at for char in "*?[" if (at := pattern.find(char)) >= 0)]) or "."
    try:
        os.scandir(folder).close()
    except PermissionError as error:
        hint = "have this user let in, or attach files of another folder"
        return _problem(pattern, f"{escape_controls(folder)} can't be looked into: {error.strerror}", hint)
    except OSError:
        return None
    return None


def _look_at(path: str, problems: list[Problem]) -> FileAttachment | None:
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            facts = os.fstat(opened.fileno())
    except (OSError, ValueError) as error:
        problems.append(_refused(path, error))
        return None
    if not stat.S_ISREG(facts.st_mode):
        problems.append(_problem(path, "is no regular file", "write its content to a file, and attach that"))
        return None
    return FileAttachment(path, shown_name(path), mime_type(path), facts.st_size, _identity(facts))


def _without_waiting(path: str, flags: int) -> int:
    """Opening a named pipe would wait for who writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


_VARIABLE = r"%\w+%|\$\w+|\$\{\w+\}"
"""A variable as the shells write it."""


def _refused(path: str, error: OSError | ValueError) -> Problem:
    if os.path.isdir(path):
        inside = os.path.join(path, "*")
        return _problem(path, "is a folder", f"attach what is in it: --attach '{escape_controls(inside)}' --zip")
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = looked_for(path) if isinstance(error, FileNotFoundError) else "name a file that you can read"
    return _problem(path, words, hint)


def looked_for(pattern: str) -> str:
    """What to do about a file that isn't there: a macro's or a timer's working folder is often another than the one in
    mind."""
    if slip := _typed_wrong(pattern):
        return slip
    if os.path.isabs(pattern):
        return "check the spelling"
    try:
        here = os.getcwd()
    except FileNotFoundError:
        return "the current folder is not there any more: give the whole path, or go to one that is"
    return f"it was looked for in {escape_controls(here)}: give the whole path, or run dtsconf where it is"


def _typed_wrong(pattern: str) -> str | None:
    """What to type in place of a name that no shell has been at, or one that holds several."""
    import re

    if not pattern:
        return "name a file: it is empty"
    if len(pattern) > 1 and pattern[0] == pattern[-1] and pattern[0] in "'\"":
        known = " (cmd.exe knows only double ones)" if pattern[0] == "'" else ""
        return f'the quotes are part of the name here{known}: "{escape_controls(pattern[1:-1])}"'
    if pattern.startswith(CURLY) or pattern.endswith(CURLY):
        return PLAIN_QUOTES
    if filled := re.search(_VARIABLE, pattern):
        return f"nothing filled in {filled.group()} here, as a shell would: write the path itself"
    if pattern.startswith("~") and (whole := os.path.expanduser(pattern)) != pattern:
        return f"a shell knows ~ only outside quotation marks: write {escape_controls(whole)}"
    names = re.split("[,;]", pattern)
    if len(names) > 1 and all(map(os.path.exists, names)):
        return f"each file has an option of its own: {' '.join(f'--attach {escape_controls(name)}' for name in names)}"
    return None


def _problem(path: str, words: str, hint: str) -> Problem:
    return Problem("attachment", f"{escape_controls(path) or 'no name'}: {words}", hint, Option("--attach"), code=1)


def _identity(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def shown_name(path: str) -> str:
    """The name that the recipient sees: the last part, with `_` for each control character and byte that is no text."""
    return "".join("_" if has_controls(char) else char for char in os.path.basename(path))


def mime_type(path: str) -> str:
    """The MIME type that the name tells. What can't be in base64 (RFC 2046 5.2.1: messages) goes as plain bytes."""
    import mimetypes

    guessed, encoding = mimetypes.guess_type(os.path.basename(path))
    if encoding is not None:
        return _COMPRESSED.get(encoding, "application/octet-stream")
    found = guessed or _KNOWN.get(os.path.splitext(path)[1].lower(), "application/octet-stream")
    return "application/octet-stream" if found.startswith(("message/", "multipart/")) else found
