"""Results of a sending, made by hand."""

from __future__ import annotations

from dtsconf.mail.sent import Recipient, Sent
from dtsconf.proof import Stage

OK = Recipient("a@x.example", True, 250, "2.1.5", "250 2.1.5 ok")
NO = Recipient(
    "b@x.example", False, 550, "5.1.1", "550 5.1.1 no such user", "recipient-rejected", "ask for the address"
)


def sent(*recipients: Recipient, stage: str | None = None, cause: str = "timeout", reached: bool = True) -> Sent:
    stages = (
        Stage("connect", True, 1.0),
        *([Stage(stage, False, 1.0, "it said so", cause=cause, hint="h")] if stage else []),
    )
    return Sent("<t@x.example>", recipients, stages, reached)


def failed(cause: str) -> Recipient:
    return Recipient("c@x.example", False, None, None, "", cause)
