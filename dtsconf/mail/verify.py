"""The verification: one conversation at the asked level, or several with waits when the failure may pass.

Never raises for trouble of network or server: the Verification tells it, with cause and hint. Refuses to know how a
conversation is held (`conversation`) and how results are shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.mail.conversation import Conversation
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.job import Clock, Job, Letter, Settled, SystemClock
from dtsconf.mail.opening import open_for
from dtsconf.mail.outcome import verified
from dtsconf.mail.route import Graph
from dtsconf.mail.wire import Limits
from dtsconf.proof import LEVELS, Verification

if TYPE_CHECKING:
    from dtsconf.proof import Level, Stage

__all__ = ["Clock", "Job", "Letter", "Settled", "SystemClock", "may_pass", "verify", "verify_with_retries"]

LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; the doubling stops there."""


def verify(job: Job) -> Verification:
    """Hold one conversation at `job.level` and report it stage by stage; `auto` is settled on the way.

    Raises:
        ValueError: the job lacks the sender or the password that its level needs.
    """
    if job.level == "none":
        return Verification(level="none", ok=True, program=job.letter.program, user=job.letter.user)
    if isinstance(job.link.route, Graph):
        from dtsconf.mail.graph.trial import verify_by_graph

        return verify_by_graph(job)
    if not job.sender and _includes(job, "envelope"):
        raise ValueError("a verification with an envelope needs a sender")
    message_id = None
    limits = Limits(job.link.timeout, job.whole)
    with Conversation(job.link, limits, sender=job.sender, recipient=job.recipient) as talk:
        with suppress(StageFailed):  # the report has it
            open_for(talk, login=_includes(job, "auth"))
            if _includes(job, "envelope"):
                from dtsconf.mail.trial import try_out

                message_id = try_out(talk, job)
        return replace(verified(job, talk.report), message_id=message_id)


def _includes(job: Job, level: Level) -> bool:
    """Whether the job goes as deep as `level`."""
    return LEVELS.index(job.level) >= LEVELS.index(level)


def may_pass(failure: Stage, *, by_http: bool = False) -> bool:
    """Whether the same might work a little later: a connect time-out, 421 or another 4yz, HTTP's 429 and 503 (contract,
    `verify.retries`).

    An unknown outcome is never tried again: the mail may have arrived.
    """
    if failure.cause == "outcome-unknown":
        return False
    if failure.code is not None and by_http:
        return failure.code in (429, 503)
    if failure.code is not None:
        return 400 <= failure.code < 500
    return failure.stage == "connect" and failure.cause == "timeout"


def verify_with_retries(job: Job, retries: int, clock: Clock | None = None) -> Verification:
    """Verify, and again after about 1, 2, 4 ... s while the failure may pass, `retries` more times at most.

    The deadline holds for each attempt. The result is the last attempt's; a failure says how often it was tried.
    """
    clock = clock or SystemClock()
    result = verify(job)
    for attempt in range(retries):
        failure = result.failure
        if failure is None or not may_pass(failure, by_http=isinstance(job.link.route, Graph)):
            break
        wait = min(LONGEST_WAIT, 2.0**attempt) * (0.75 + clock.random() / 2)
        if job.link.progress is not None:
            job.link.progress(f"{failure.stage}: {failure.cause}; trying again in {wait:.0f} s")
        clock.sleep(wait)
        result = _numbered(verify(job), attempt + 2)
    return result


def _numbered(result: Verification, attempt: int) -> Verification:
    told = tuple(s if s.ok else replace(s, detail=f"{s.detail} (attempt {attempt})") for s in result.stages)
    return replace(result, stages=told)
