"""One finding, and how a check that breaks becomes one. Pure but for calling the checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System
    from dtsconf.settings.effective import Effective

State = Literal["ok", "warn", "fail"]


@frozen
class Check:
    """What was looked at (a short stable name), how it stands, what was found, and what to type (None when all is
    well). `warn` is worth knowing, `fail` keeps dtsconf from doing its work."""

    check: str
    state: State
    detail: str
    hint: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing failed here."""
        return self.state != "fail"

    def as_data(self) -> dict[str, Any]:
        """One entry of the JSON's `checks`."""
        return {"check": self.check, "ok": self.ok, "state": self.state, "detail": self.detail, "hint": self.hint}


@frozen
class Subject:
    """What is examined: the machine, the settings in force (None when there are none or they can't be used), and the
    time in seconds since the epoch."""

    layout: Layout
    system: System
    effective: Effective | None
    now: float

    @property
    def windows(self) -> bool:
        """Whether access is ruled by lists that mode bits say nothing about."""
        return os.name == "nt"

    def shown(self, path: str) -> str:
        """A logical path as messages name it."""
        return self.layout.real(path)


Checker = Callable[[Subject], Iterable[Check]]


def carried_out(checkers: Iterable[tuple[str, Checker]], subject: Subject) -> Iterator[Check]:
    """All findings of all checkers, what is locked told with the place to edit. One that breaks becomes a failed check
    under its name, and the rest goes on."""
    for name, checker in checkers:
        for found in _findings(name, checker, subject):
            yield _showable(_placed(found, subject.effective))


def _showable(found: Check) -> Check:
    """Without control characters, which a path may bring."""
    return replace(found, detail=escape_controls(found.detail), hint=found.hint and escape_controls(found.hint))


def _findings(name: str, checker: Checker, subject: Subject) -> Iterator[Check]:
    try:
        yield from checker(subject)
    except DtsconfError as error:
        yield from from_error(name, error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        yield Check(name, "fail", one_line(f"{where}{error.strerror or error}"), "run it as a user who may read it")


def _placed(found: Check, effective: Effective | None) -> Check:
    if effective is None or not found.hint:
        return found
    from dtsconf.render import proposals

    return replace(found, hint=proposals.told(found.hint, effective))


def from_error(name: str, error: DtsconfError) -> Iterator[Check]:
    """Each problem of an error as a failed check."""
    for problem in error.all_problems():
        place = f"{problem.where}: " if problem.where else ""
        yield Check(name, "fail", one_line(place + problem.message), problem.hint)


def one_line(text: str) -> str:
    """The text on one line, control characters gone."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
