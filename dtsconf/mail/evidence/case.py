"""A failed verification by SMTP under examination: what is known of it, beside what every failure has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import case
from dtsconf.mail.route import TokenLogin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.job import Job
    from dtsconf.net.connect import Address
    from dtsconf.proof import Stage, Verification


_OPENING = ("banner", "ehlo", "tls")
"""The stages that a look holds again."""

_MOST = 20.0
"""Seconds that a look is given more at most."""


def _slowness(stages: Sequence[Stage]) -> float:
    """Seconds that a server's opening took, with something to spare: a look that is shorter would take it for silence
    (servers greet late for a slow look-up of their own, or to try spammers' patience)."""
    return min(_MOST, 1.5 * sum(stage.ms for stage in stages if stage.ok and stage.stage in _OPENING) / 1000)


class Case(case.Case):
    """One failure. `stages` are those of the conversation, `failure` the one that ended it; `greeter` and `content` as
    in `proof.Verification`."""

    def __init__(self, job: Job, result: Verification, failure: Stage) -> None:
        self.link = job.link
        self.route = job.link.smtp
        key = "microsoft.smtp.host" if isinstance(self.route.login, TokenLogin) else "server.host"
        goal = case.Goal(self.route.host, self.route.port, "the mail server", key, job.link.past.proven, True)
        super().__init__(goal, failure.cause or "", failure.ms, _slowness(result.stages))
        self.sender = job.sender
        self.recipient = job.recipient
        self.stages = result.stages
        self.failure = failure
        self.greeter = result.greeter
        self.content = result.content

    @property
    def host_key(self) -> str:
        """The setting that names the server."""
        return self.goal.host_key

    @property
    def envelope(self) -> tuple[str, str] | None:
        """Sender and recipient where the server refused one of them to somebody without a login."""
        refused = self.failure.stage in ("mail-from", "rcpt-to") and self.failure.code is not None
        return (self.sender, self.recipient) if refused and self.route.login is None else None

    def peer(self, port: int) -> Address:
        """The first address of the host, with a port."""
        return self.addresses[0].at(port)

    def detail(self, stage: str) -> str:
        """What a stage that went well had found; '' when it wasn't reached."""
        return next((s.detail for s in self.stages if s.stage == stage and s.ok), "")
