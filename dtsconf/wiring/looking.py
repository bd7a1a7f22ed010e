"""A failure, and the evidence for it: which looks fit, and what of the settings they need. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.wiring import who

if TYPE_CHECKING:
    from dtsconf.auth.provider import Unheard
    from dtsconf.errors import SignInFailed
    from dtsconf.looks.case import Outcome
    from dtsconf.mail.job import Job
    from dtsconf.proof import Level, Stage, Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.web.trouble import Trouble

Progress = Callable[[str], None]

SIGN_IN = "the sign-in server"
GRAPH = "Microsoft Graph"


def looked_into(job: Job, result: Verification, effective: Effective) -> Verification:
    """A verification as it is shown: a failure with the evidence for it, looked for only then."""
    failure = result.failure
    if failure is None:
        return result
    if result.trouble is None:
        from dtsconf.mail.evidence import looked_into as by_smtp

        return by_smtp(job, result)
    found = _examined(result.trouble, effective, job.link.progress)
    told = _told(failure, found)
    stages = tuple(told if stage is failure else stage for stage in result.stages)
    return replace(result, stages=stages, evidence=found.evidence)


def unheard(level: Level, failed: SignInFailed, effective: Effective, progress: Progress | None) -> Verification:
    """What it means for a verification that the sign-in server gave no answer: the same as if the mail server gave
    none. The steps of the way there are its stages.

    Raises:
        SignInFailed: `failed` itself, where an answer came or none was asked for.
    """
    from dtsconf.auth.provider import Unheard
    from dtsconf.proof import Stage, Verification
    from dtsconf.version import __version__
    from dtsconf.web.trouble import TO_LOOK

    if not isinstance(failed, Unheard):
        raise failed
    trouble = failed.trouble
    at = f"{trouble.host} (to sign in)"
    steps = [Stage(s.place, True, s.ms, f"{at}: {s.detail}", said_by=s.said_by) for s in trouble.steps]
    name = "token" if trouble.place == "request" else trouble.place
    hint = (failed.hint or "").removesuffix(TO_LOOK)
    stage = Stage(name, False, trouble.ms, failed.message, None, None, trouble.cause, hint, trouble.said_by)
    found = _examined(trouble, effective, progress)
    return Verification(
        level,
        False,
        (*steps, _told(stage, found)),
        program=f"dtsconf {__version__}",
        user=who().user,
        reached=failed.unreached is None,
        evidence=found.evidence,
        trouble=trouble,
    )


def told(
    failed: Unheard, effective: Effective, progress: Progress | None = None, again: str = "dtsconf test again"
) -> Unheard:
    """The error with what looks found out, for a command that has no report; `again`: how its user tries once more."""
    from dtsconf.auth.provider import Unheard
    from dtsconf.mail.meanings.hints import TEST_AGAIN
    from dtsconf.web.trouble import TO_LOOK

    found = _examined(failed.trouble, effective, progress)
    message = f"{failed.message}; {found.telling}" if found.telling else failed.message
    hint = found.hint or (failed.hint or "").removesuffix(TO_LOOK)
    return Unheard(message, TEST_AGAIN.sub(again, hint), failed.trouble)


def _examined(trouble: Trouble, effective: Effective, progress: Progress | None) -> Outcome:
    from urllib.parse import urlsplit

    from dtsconf.looks.asked import Asked
    from dtsconf.looks.https import examine
    from dtsconf.settings.microsoft import is_authority

    if progress is not None:
        progress("looking for the reason")
    settings = effective.settings
    authority = settings.microsoft.authority
    signs_in = trouble.host == urlsplit(authority).hostname
    return examine(
        Asked(
            trouble,
            SIGN_IN if signs_in else GRAPH,
            microsoft=is_authority(authority),
            setting=settings.connection.proxy,
            ca_file=settings.server.ca_file,
            min_tls=settings.connection.min_tls,
            timeout=float(settings.connection.timeout),
            fixed=_names_no_proxy(effective),
        )
    )


def _names_no_proxy(effective: Effective) -> bool:
    """Whether the organisation's rules let `connection.proxy` be none but a word."""
    listed = [rule.operand for rule in effective.org.policy.rules_on("connection.proxy") if rule.op == "one_of"]
    return any(all(item in ("system", "none") for item in operand) for operand in listed)


def _told(failure: Stage, found: Outcome) -> Stage:
    """The stage with what the looks found out; where the mail may have gone out, that comes first and alone."""
    if failure.cause == "outcome-unknown":
        return failure
    from dtsconf.web.trouble import TO_LOOK

    detail = failure.detail if not found.telling else f"{failure.detail}; {found.telling}"
    return replace(failure, detail=detail, hint=found.hint or (failure.hint and failure.hint.removesuffix(TO_LOOK)))
