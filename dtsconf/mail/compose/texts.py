"""Files that hold the text of a mail, or `-` for stdin, read and turned into text."""

from __future__ import annotations

import sys
from typing import IO

from dtsconf.errors import DtsconfError, Option, Place, Problem, Where
from dtsconf.mail.compose.bodies import LARGEST, decode
from dtsconf.names import escape_controls

STDIN = "-"


def read(path: str, option: str) -> str:
    """The text in the file at `path`, or on stdin: UTF-8, UTF-16 with a byte order mark, or the system's encoding.

    Raises:
        DtsconfError: it can't be read, is no text (with line and column), or larger than a body may be.
    """
    data = _bytes(path, option)
    if len(data) > LARGEST:
        words = f"{_shown(path)} holds more than {LARGEST >> 20} MiB, and a mail's text can't"
        raise _problem(words, "attach it instead: --attach FILE", Option(option))
    try:
        return decode(data, _systems_encoding(path))
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        column = wrong.start - data.rfind(b"\n", 0, wrong.start)
        hint = "save it as UTF-8, or attach it as it is: --attach FILE"
        raise _problem("this byte is no UTF-8", hint, Place(_shown(path), line, column)) from None


def _bytes(path: str, option: str) -> bytes:
    try:
        if path == STDIN:
            return b"" if sys.stdin is None else _some(sys.stdin.buffer)
        with open(path, "rb") as opened:
            return _some(opened)
    except (OSError, ValueError) as error:
        from dtsconf.mail.compose.files import looked_for

        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = looked_for(path) if isinstance(error, FileNotFoundError) else "name a file that you can read"
        if option == "--html":
            hint = f"HTML has a tag in it, such as '<p>Hello</p>', and a text without one is for --body; a file: {hint}"
        raise _problem(f"{_shown(path)}: {words}", hint, Option(option)) from error


def _systems_encoding(path: str) -> str:
    """What the system's older programs write: on Windows two encodings, one in files and one to a console or pipe."""
    if sys.platform == "win32" and path == STDIN:
        return "oem"
    import locale

    return locale.getencoding()


def _some(opened: IO[bytes]) -> bytes:
    return opened.read(LARGEST + 1)


def _shown(path: str) -> str:
    return "stdin" if path == STDIN else escape_controls(path)


def _problem(words: str, hint: str, where: Where) -> DtsconfError:
    return DtsconfError(words, hint, (Problem("body", words, hint, where, code=1),))
