"""`file:///ABSOLUTE/PATH`: the secret is what the file holds.

The file belongs to root or the caller, and so does every folder on the way, links' ways too. One line break at the
end, which editors and `echo` leave there, is taken off, and that is said; all else is kept exactly.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from shlex import quote

from dtsconf.errors import Notice, SecretUnavailable
from dtsconf.files import Fault, FileProblem
from dtsconf.files.trust import given_to, read_trusted
from dtsconf.secret.backend import Notices
from dtsconf.secret.binary import binary
from dtsconf.secret.ref import HOME_HINT, Reference
from dtsconf.secret.storing import is_own, path_of, writing
from dtsconf.secret.value import Secret

ELSEWHERE = "write file:///ABSOLUTE/PATH; for machines of both kinds, a profile for each that extends a common one"

LIMIT = 1 << 20
"""The largest file that counts as a secret, in bytes."""


class FileBackend:
    """Reads secrets from files. What is odd about a file goes to `notices`."""

    def __init__(self, environ: Mapping[str, str], notices: Notices) -> None:
        self._notices = notices

    def fetch(self, reference: Reference) -> Secret:
        """The file's text.

        Raises:
            SecretUnavailable: it is missing, unreadable, empty, not UTF-8, or others could have changed it.
        """
        path = path_of(reference)
        if sys.platform != "win32" and re.match(r"[A-Za-z]:[/\\]", path):
            raise SecretUnavailable(f"{path} is a path of Windows, and this machine is none", ELSEWHERE)
        return Secret(self._text(path, read_private(path, self._notices, pem=reference.pem), pem=reference.pem))

    def facts(self, reference: Reference) -> dict[str, str]:
        """When the file was last written."""
        from datetime import UTC, datetime

        try:
            facts = os.stat(path_of(reference))
        except OSError:
            return {}
        return {"changed": datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(timespec="seconds")}

    def _text(self, path: str, data: bytes, *, pem: bool) -> str:
        anew = writing(path, pem=pem)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            if found := binary(data, path, own=is_own(path)):
                convert = pem and sys.platform != "win32"
                raise SecretUnavailable(f"{path} is {found.told}", found.convert if convert else anew) from None
            raise SecretUnavailable(f"{path} is {_encoding(data)}", f"as UTF-8, {anew}") from None
        if _is_utf_16(data):
            raise SecretUnavailable(f"{path} is {_encoding(data)}", f"as UTF-8, {anew}")
        look_at_start(text, path, self._notices, f"without it, {anew}")
        bare = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
        if not bare:
            raise SecretUnavailable(f"{path} is empty", anew)
        if bare != text and "-----BEGIN " not in text:  # PEM always ends in one, and it means nothing there
            told = f"{path} ends in a line break, which is not taken as part of the secret{_one_more(bare)}"
            self._notices.append(Notice("line-break", told, f"to be exact, {anew}"))
        return bare


_UTF_16 = "UTF-16, as PowerShell 5 and Windows's editors write it (Unicode), and not UTF-8"


def _encoding(data: bytes) -> str:
    """What a file holds that is no text in UTF-8, in words."""
    if _is_utf_16(data):
        return _UTF_16
    return "not UTF-8 text: a letter in it is in another encoding, such as Windows-1252"


def _is_utf_16(data: bytes) -> bool:
    """By its byte order mark, or since every other byte is nothing, as in a text of plain letters."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if len(data) < 4 or len(data) % 2:
        return False
    return any(data) and not (any(data[::2]) and any(data[1::2]))


def _one_more(bare: str) -> str:
    return "; it ends in more than one, and only the last is taken off: the rest stays" if bare.endswith("\n") else ""


def read_private(path: str, notices: Notices, *, pem: bool = False) -> bytes:
    """What the file holds, if nobody but root and the caller could have put it there. That others can read it is a
    notice. `pem`: see `Reference`. Raises: SecretUnavailable."""
    data, facts, fault = _read(path, pem=pem)
    if fault is not None:
        it = "it" if fault.path == path else path
        raise SecretUnavailable(f"{fault.path} {fault.reason}, so {it} is not taken as a secret", _fix(fault, path))
    if os.name == "posix" and facts.st_mode & stat.S_IROTH:
        notices.append(_readable_for_others(path))
    return data


def _fix(fault: Fault, path: str) -> str:
    """What the caller can have done about it: a file that only root can read would be of no use to them."""
    if sys.platform != "win32" and fault.path == path and fault.fix == given_to(0, path):
        return given_to(os.geteuid(), path)
    return fault.fix


_UNMARKED = "write it without one (PowerShell 7: -Encoding utf8NoBOM)"


def look_at_start(text: str, name: str, notices: Notices, hint: str = _UNMARKED) -> None:
    """Some editors, and PowerShell's `-Encoding utf8`, put a mark in front of a text that nobody sees."""
    if text.startswith("\ufeff"):
        told = f"{name} begins with a byte order mark (UTF-8 with BOM), which is taken as part of the secret"
        notices.append(Notice("byte-order-mark", told, hint))


def _read(path: str, *, pem: bool) -> tuple[bytes, os.stat_result, Fault | None]:
    owners = frozenset({0})
    if sys.platform != "win32":
        owners |= {os.geteuid()}
    try:
        return read_trusted(path, LIMIT, owners)
    except FileNotFoundError:
        tilde = f"~ means no home in a reference: {HOME_HINT}"
        hint = tilde if path[:2] == "/~" else writing(path, pem=pem)
        raise SecretUnavailable(f"there is no file {path}", hint) from None
    except FileProblem as problem:
        raise SecretUnavailable(f"{path} {problem.message}", "name a plain file that holds only the secret") from None
    except OSError as error:
        hint = "run as a user who may read it, or give it to this one"
        raise SecretUnavailable(f"{path} can't be read: {error.strerror}", hint) from None


def _readable_for_others(path: str) -> Notice:
    told = f"{path} can be read by everybody on this machine"
    return Notice("secret-readable", told, f"chmod 600 {quote(path)}", strict=3)
