"""What the hints about a user's mail have in common, sent at once or queued: the words of a test's hints that mean
another thing here, and what only a test finds out. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.mail.facts import proposed_login
from dtsconf.sending.sizes import in_units

if TYPE_CHECKING:
    from dtsconf.mail.sent import Recipient
    from dtsconf.proof import Stage

LOOKED_INTO = {
    "resolve": (),
    "connect": (),
    "banner": ("timeout", "dropped", "protocol", "not-smtp"),
    "tls": ("timeout", "dropped", "protocol", "tls-not-offered", "tls-stripped", "tls-version"),
    "auth": ("cleartext-refused",),
}
"""Stages of a way to the server that `test` looks into further, with the causes that it does so for; none: all."""

TEST = "dtsconf test finds out why, and what works instead; then "
PASSING = ("greylisted", "rate-limited", "server-error")
CONTENT = ("data", "accepted")
ENVELOPE_ON = ("mail-from", "rcpt-to", *CONTENT)
TO = re.compile(r"(?:dtsconf test )?--to ADDRESS")
LESS = re.compile(r"\bsend less(?: at a time)?(?:, or packed \(dtsconf send --zip\))?")
"""How hints say to make a mail smaller."""

TICKET = re.compile(r"\b(?:and send along|with) what this writes: dtsconf test --transcript [^\s;,]+")
_NO_WAY = ("resolve", "connect")
_CUT = ("dropped", "timeout")


def unseen(hint: str) -> str | None:
    """The options of a login that go by the port or the encryption that is usual: only `test` looks what is there."""
    login = proposed_login(hint)
    return login if login and "--set server." in login else None


def of_way(failed: Stage, again: str, *, proven: bool) -> str | None:
    """The hint where the server couldn't be used at all, by SMTP: only `test` looks further than the conversation, and
    `again` comes after that. One that was proven before is not looked for elsewhere."""
    if proven and failed.stage in _NO_WAY:
        return failed.hint
    causes = LOOKED_INTO.get(failed.stage)
    if causes is None or (causes and failed.cause not in causes):
        return failed.hint
    return TEST + again


def is_cut(failed: Stage | Recipient, stage: str) -> bool:
    """Whether the connection ended within the mail itself, and nobody said why."""
    return failed.cause in _CUT and stage == "data" and failed.code is None


def of_a_cut(size: int) -> str:
    """What cuts a mail of so many bytes."""
    return f"cut within a mail of {in_units(size)}: an antivirus product, a mail filter or a size limit does that"
