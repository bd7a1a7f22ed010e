"""The rows of a conversation: times each stage, keeps what it found, and turns a failure into the row that tells it.

Every text goes through the masker before it is kept. Knows no protocol.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.masking import Masker
from dtsconf.proof import Said, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from dtsconf.mail.reply import Reply

    Ended = Callable[[str, BaseException], StageFailed | None]
    """(stage, what was raised) -> what explains it, or None."""

EARLY = ("resolve", "connect", "banner")
"""Stages whose failure without a byte read means that the server was not reached (contract, "Exit codes")."""


@dataclass
class Row:
    """A stage under way; whoever runs it fills in what it found. `kept` False: nobody will read it."""

    detail: str = ""
    said_by: Said = "dtsconf"
    reply: Reply | None = None
    kept: bool = True

    def heard(self, reply: Reply) -> None:
        """The server answered: its words are the detail."""
        if self.kept:
            self.detail, self.said_by, self.reply = reply.text, "server", reply


def not_explained(_stage: str, _error: BaseException) -> StageFailed | None:
    """What was raised goes on as it is."""
    return None


class Running:
    """A stage while it runs, a context manager. Not a generator: a queue of many mails feels what each stage costs."""

    __slots__ = ("_ended", "_name", "_report", "_row", "_start")

    def __init__(self, report: Report, name: str, ended: Ended) -> None:
        self._report, self._name, self._ended = report, name, ended
        self._row = report.row()

    def __enter__(self) -> Row:
        self._start = time.perf_counter()
        return self._row

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._report.keep(self._name, self._start, self._row, None)
            return
        explained = self._ended(self._name, error)
        failed = explained or error
        if isinstance(failed, StageFailed):
            row = Row(failed.detail, failed.said_by, failed.reply)
            self._report.keep(self._name, self._start, row, failed)
        if explained is not None:
            raise explained from error


class Report:
    """Collects the stages of one conversation. `heard_any` is set once a byte of the server was read; `greeting` is its
    first reply, not masked: to be judged, and never shown; `content` is set once the server wants to hear the mail
    itself; `progress` is called with a few words when a stage begins; `terse`: nobody reads what goes well."""

    def __init__(self, progress: Callable[[str], None] | None = None, masker: Masker | None = None) -> None:
        self.progress = progress
        self.masker = masker or Masker()
        self.stages: list[Stage] = []
        self.heard_any = False
        self.greeting = ""
        self.content = False
        self.terse = False
        self._unkept = Row(kept=False)

    def begin_anew(self, *, terse: bool = False) -> None:
        """The next message on the same connection: its stages are told by themselves, `terse` only one that fails."""
        self.stages = []
        self.content = False
        self.terse = terse

    @property
    def failure(self) -> Stage | None:
        """The stage that failed, which is the last then; None when all went well."""
        return self.stages[-1] if self.stages and not self.stages[-1].ok else None

    @property
    def reached(self) -> bool:
        """False when it failed before a byte of the server was read."""
        return self.failure is None or self.failure.stage not in EARLY or self.heard_any

    def add(self, stage: Stage) -> None:
        """A stage that was timed elsewhere; its texts are masked here."""
        hint = self.masker.show_own(stage.hint) if stage.hint else None
        self.stages.append(replace(stage, detail=self.masker.show(stage.detail), hint=hint))

    def stage(self, name: str, doing: str, ended: Ended = not_explained) -> Running:
        """One stage, to be run `with`: a row is kept whether it ends well or raises StageFailed (which goes on to the
        caller). `ended` may explain what was raised."""
        if self.progress is not None and not self.terse:
            self.progress(self.masker.show_own(doing))
        return Running(self, name, ended)

    def row(self) -> Row:
        """What a stage that begins now fills in."""
        return self._unkept if self.terse else Row()

    def keep(self, name: str, start: float, row: Row, failed: StageFailed | None) -> None:
        """The row of a stage that began at `start` (of perf_counter)."""
        if failed is None and self.terse:
            return
        show = self.masker.show
        self.stages.append(
            Stage(
                stage=name,
                ok=failed is None,
                ms=round((time.perf_counter() - start) * 1000, 1),
                detail=show(row.detail),
                code=row.reply.code if row.reply else None,
                enhanced_code=row.reply.enhanced if row.reply else None,
                cause=failed.cause if failed else None,
                hint=self.masker.show_own(failed.hint) if failed and failed.hint else None,
                said_by=row.said_by,
                account=failed is not None and failed.account,
            )
        )
