"""The rows of a verification: times each stage, keeps what it found, and turns a failure into the row that tells it.

Every text goes through the masker before it is kept. Knows no protocol.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.masking import Masker
from dtsconf.proof import Said, Stage, Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.mail.job import Job
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
    """Collects the stages of one conversation. `heard_any` is set once a byte of the server was read."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.masker = Masker()
        self.stages: list[Stage] = []
        self.heard_any = False
        self.message_id: str | None = None

    @contextmanager
    def stage(self, name: str, doing: str) -> Iterator[Row]:
        """Run one stage: a row is kept whether it ends well or raises StageFailed (which goes on to the caller)."""
        if self.job.progress is not None:
            self.job.progress(self.masker.show_own(doing))
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

    def verification(self) -> Verification:
        """The result so far."""
        last = self.stages[-1] if self.stages else None
        unreached = last is not None and not last.ok and last.stage in EARLY and not self.heard_any
        return Verification(
            level=self.job.level,
            ok=last is None or last.ok,
            stages=tuple(self.stages),
            message_id=self.message_id,
            program=self.job.letter.program,
            user=self.job.letter.user,
            reached=not unreached,
        )
