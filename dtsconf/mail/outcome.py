"""What a conversation came to, from its report: a verification, or a delivery. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.sent import Recipient, Sent
from dtsconf.proof import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.content import Content
    from dtsconf.errors import DtsconfError
    from dtsconf.mail.content import Envelope
    from dtsconf.mail.job import Job
    from dtsconf.mail.report import Report
    from dtsconf.proof import Stage


def verified(job: Job, report: Report) -> Verification:
    """What the stages so far prove."""
    return Verification(
        level=job.level,
        ok=report.failure is None,
        stages=tuple(report.stages),
        program=job.letter.program,
        user=job.letter.user,
        reached=report.reached,
        greeter=_greeter(report) if report.failure else None,
        content=report.content,
    )


def _greeter(report: Report) -> str | None:
    """Who greets in place of the server: judged here, since stars in a masked greeting may be the mask's own."""
    from dtsconf.looks.products import proxy

    return proxy(report.greeting)


def delivered(report: Report, envelope: Envelope, content: Content, recipients: Sequence[Recipient] = ()) -> Sent:
    """Who gets the message. `recipients` is what the server said of each, as far as it did; a failure holds for
    everybody whom it had taken or not yet answered for."""
    failure = report.failure
    unasked = envelope.recipients[len(recipients) :]
    told = (*recipients, *(Recipient(address, ok=True) for address in unasked))
    if failure is not None:
        told = tuple(_failed(one, failure) if one.ok else one for one in told)
    return Sent(content.message_id, told, tuple(report.stages), report.reached)


def kept_from(envelope: Envelope, content: Content, trouble: DtsconfError) -> Sent:
    """What comes of a message that was given up on this side: nobody gets it, and the server said nothing of it."""
    none = (Recipient(one, False, detail=trouble.message, hint=trouble.hint) for one in envelope.recipients)
    return Sent(content.message_id, tuple(none), ())


def _failed(recipient: Recipient, failure: Stage) -> Recipient:
    said = failure.code, failure.enhanced_code, failure.detail, failure.cause, failure.hint
    return Recipient(recipient.address, False, *said, failure.account)
