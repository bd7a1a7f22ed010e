"""How profile files are read: bounded and once, and where root applies them, only what nobody else could have written.

Turns what `files` finds into problems. A reader takes a path and gives the bytes; what was checked is what is parsed.
Knows nothing of what is in the files.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Final

from dtsconf.errors import Invalid, Place, Problem, Where
from dtsconf.files import FileProblem, read_regular
from dtsconf.names import escape_controls
from dtsconf.settings.yamlwords import LIMIT

SUFFIXES: Final = (".yaml", ".yml")
"""What counts as a profile in a folder."""

CA_LIMIT: Final = 2**24
"""The largest file of roots that is looked at, in bytes; a system's bundle has a quarter of a MiB."""


def plain_reader(path: str) -> bytes:
    """A profile file's bytes.

    Raises:
        Invalid: it isn't there, not readable, no regular file, or over 1 MiB (code 3).
    """
    try:
        return read_regular(path, LIMIT)[0]
    except (OSError, FileProblem, ValueError) as error:
        problem = unreadable(path, error)
    raise Invalid((problem,))


class TrustingReader:
    """Reads as root may: the file and each folder above it belong to root or sudo's caller, and nobody else writes."""

    def __call__(self, path: str) -> bytes:
        """A profile file's bytes.

        Raises:
            Invalid: as `plain_reader`; or others could have changed it (code 4).
        """
        return self._read(path, LIMIT, "a profile")

    def vouch(self, path: str) -> None:
        """The same check of a file that the profile makes trusted, such as a `ca_file`. Raises: Invalid."""
        self._read(path, CA_LIMIT, "a ca_file")

    def plan(self, path: str) -> bytes:
        """The same of a saved plan, whose --set values overrule the profile. Raises: Invalid."""
        return self._read(path, LIMIT, "a saved plan")

    def _read(self, path: str, limit: int, what: str) -> bytes:
        from dtsconf.files.trust import read_trusted, trusted_owners

        try:
            data, _, fault = read_trusted(path, limit, trusted_owners())
        except (OSError, FileProblem, ValueError) as error:
            problem = unreadable(path, error)
        else:
            if fault is None:
                return data
            text = f"{escape_controls(fault.path)} {fault.reason}, and {what} is trusted like root"
            hint = f"{fault.fix}, or skip this check with --trust-profile"
            problem = Problem("untrusted", text, hint, Place(path, 1, 1), code=4)
        raise Invalid((problem,))


trusting_reader: Final = TrustingReader()


def unreadable(path: str, error: Exception) -> Problem:
    """Why a file can't be read, as a problem at its first line."""
    kind, message, hint = _reason(path, error)
    return Problem(kind, message, hint, Place(path, 1, 1))


def _reason(path: str, error: Exception) -> tuple[str, str, str]:
    if isinstance(error, FileProblem):
        hint = (
            "`dtsconf validate FOLDER` checks all profiles in a folder"
            if error.kind == "folder"
            else "is this the right path?"
        )
        if error.kind == "too-big":
            return error.kind, "the file is over 1 MiB; a profile is some kilobytes", "is this the right file?"
        return error.kind, f"this {error.message}", hint
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):
            there = escape_controls(os.readlink(path))
            return "not-found", f"it is a link to {there}, which is not there", "put that file there, or mend the link"
        return "not-found", "the file is not there", _neighbour(path)
    if isinstance(error, PermissionError):
        return (
            "unreadable",
            "the file can't be read: permission denied",
            "run it as a user who may read it, or chmod the file",
        )
    if isinstance(error, OSError):
        return (
            "unreadable",
            f"the file can't be read: {(error.strerror or 'input/output error').lower()}",
            "is this the right path?",
        )
    return "unreadable", "this is no path of a file", "take control characters out of the path"


def _neighbour(path: str) -> str:
    """The file in the same folder that was likely meant."""
    from dtsconf.settings.nearness import nearest

    folder, name = os.path.split(path)
    try:
        beside = sorted(other for other in os.listdir(folder or ".") if other.endswith(SUFFIXES))[:2000]
    except (OSError, ValueError):
        beside = []
    stems = {os.path.splitext(other)[0]: other for other in beside}  # the ending is alike in all of them
    near = nearest(os.path.splitext(name)[0], stems)
    if near is None:
        return "check the path; `dtsconf init FILE` writes a profile to start from"
    return f"did you mean {escape_controls(os.path.join(folder, stems[near]))}?"


def moved_to(error: Invalid, where: Where | None, lead: str) -> tuple[Problem, ...]:
    """The problems of a file that another one names, told at the place that names it. `lead` names the file."""
    told = []
    for problem in error.problems:
        rest = problem.message.removeprefix("the file ").removeprefix("this ")
        message = f"{lead} {rest}" if rest != problem.message else problem.message
        told.append(replace(problem, where=where, message=message))
    return tuple(told)
