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
from dtsconf.mail.opening import greet
from dtsconf.mail.securing import secure
from dtsconf.mail.settle import settle
from dtsconf.proof import Verification

if TYPE_CHECKING:
    from dtsconf.proof import Stage

__all__ = ["Clock", "Job", "Letter", "Settled", "SystemClock", "may_pass", "settle", "verify", "verify_with_retries"]

LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; the doubling stops there."""


def verify(job: Job) -> Verification:
    """Hold one conversation at `job.level` and report it stage by stage; `auto` is settled on the way.

    Raises:
        ValueError: the job is incomplete (no host, no sender, or no password for a login that the level includes).
    """
    blank = Verification(level=job.level, ok=True, program=job.letter.program, user=job.letter.user)
    if job.level == "none":
        return blank
    with Conversation(job) as talk:
        with suppress(StageFailed):  # the report has it
            _hold(talk)
        return talk.report.verification()


def _hold(talk: Conversation) -> None:
    greet(talk)
    secure(talk)
    if talk.includes("auth") and talk.facts.login:
        from dtsconf.mail.login import log_in

        log_in(talk)
    if talk.includes("envelope"):
        from dtsconf.mail.delivery import deliver

        deliver(talk, whole=talk.includes("send"))


def may_pass(failure: Stage) -> bool:
    """Whether the same might work a little later: a connect time-out, 421 or another 4yz (contract, `verify.retries`).

    An unknown outcome is never tried again: the mail may have arrived.
    """
    if failure.cause == "outcome-unknown":
        return False
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
        if failure is None or not may_pass(failure):
            break
        wait = min(LONGEST_WAIT, 2.0**attempt) * (0.75 + clock.random() / 2)
        if job.progress is not None:
            job.progress(f"{failure.stage}: {failure.cause}; trying again in {wait:.0f} s")
        clock.sleep(wait)
        result = _numbered(verify(job), attempt + 2)
    return result


def _numbered(result: Verification, attempt: int) -> Verification:
    told = tuple(s if s.ok else replace(s, detail=f"{s.detail} (attempt {attempt})") for s in result.stages)
    return replace(result, stages=told)
