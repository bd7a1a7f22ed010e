"""The rows of a conversation: times each stage, keeps what it found, and turns a failure into the row that tells it.

Every text goes through the masker before it is kept. Knows no protocol.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.masking import Masker
from dtsconf.proof import Said, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtsconf.mail.reply import Reply

EARLY = ("resolve", "connect", "banner")
"""Stages whose failure without a byte read means that the server was not reached (contract, "Exit codes")."""


@dataclass
class Row:
    """A stage under way; whoever runs it fills in what it found."""

    detail: str = ""
    said_by: Said = "dtsconf"
    reply: Reply | None = None

    def heard(self, reply: Reply) -> None:
        """The server answered: its words are the detail."""
        self.detail, self.said_by, self.reply = reply.text, "server", reply


class Report:
    """Collects the stages of one conversation. `heard_any` is set once a byte of the server was read; `progress` is
    called with a few words when a stage begins."""

    def __init__(self, progress: Callable[[str], None] | None = None, masker: Masker | None = None) -> None:
        self.progress = progress
        self.masker = masker or Masker()
        self.stages: list[Stage] = []
        self.heard_any = False

    def begin_anew(self) -> None:
        """The next message on the same connection: its stages are told by themselves."""
        self.stages = []

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

    @contextmanager
    def stage(self, name: str, doing: str) -> Iterator[Row]:
        """Run one stage: a row is kept whether it ends well or raises StageFailed (which goes on to the caller)."""
        if self.progress is not None:
            self.progress(self.masker.show_own(doing))
        row, start = Row(), time.perf_counter()
        try:
            yield row
        except StageFailed as failed:
            self._keep(name, start, Row(failed.detail, failed.said_by, failed.reply), failed)
            raise
        self._keep(name, start, row, None)

    def _keep(self, name: str, start: float, row: Row, failed: StageFailed | None) -> None:
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
            )
        )
