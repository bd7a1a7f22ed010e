"""The verification by Graph, as deep as the level says.

connect is resolve to tls, auth adds the token, send hands a test mail over. Between them, envelope asks sendMail with a
body that is no mail: documented is 400 "Invalid base64 string for MIME content" ("user: sendMail"), so nothing can go
out, and a token or a right that is missing is refused before. A GET of the mailbox would prove less: it wants a right
(User.Read) that sending doesn't need. Whether Graph takes this sender and this recipient, only a send proves.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.mail.content import Envelope
from dtsconf.mail.delivery import wired
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.graph import replies, troubles
from dtsconf.mail.graph.handing import hand_over
from dtsconf.mail.graph.opening import reach
from dtsconf.mail.graph.talk import Talk
from dtsconf.mail.job import Clock, Job, SystemClock
from dtsconf.mail.message import build
from dtsconf.mail.outcome import verified
from dtsconf.proof import LEVELS
from dtsconf.web.trouble import NoAnswer

if TYPE_CHECKING:
    from dtsconf.proof import Verification

_NO_MAIL = b"?"
"""What is no base64, hence no mail."""


def verify_by_graph(job: Job, clock: Clock | None = None) -> Verification:
    """Verify at `job.level`, connect at least."""
    clock = clock or SystemClock()
    talk = Talk(job.link, clock, sender=_wired(job.sender), until=clock.monotonic() + job.whole)
    deep = LEVELS.index(job.level)
    message_id = None
    try:
        with suppress(StageFailed):  # the report has it
            reach(talk)
            if deep >= LEVELS.index("auth"):
                talk.sign_in()
            if job.level == "envelope":
                _ask(talk)
            if job.level == "send":
                message_id = _send(talk, job)
    finally:
        talk.close()
    return replace(verified(job, talk.report), message_id=message_id, trouble=talk.trouble)


def _ask(talk: Talk) -> None:
    """Whether Graph takes the token for sending from this mailbox. Raises StageFailed."""
    with talk.stage("request", f"asking {talk.host} without a mail") as row:
        try:
            response = talk.exchange("POST", f"{talk.mailbox_url}/sendMail", data=_NO_MAIL, kind="text/plain")
        except NoAnswer as error:
            failed = troubles.failed(error.trouble, talk.host)
        else:
            refusal = replies.refusal(response.status_code, response.headers, response.text)
            if response.status_code == 400 and refusal.graph:
                row.detail = f"the token is taken for {talk.mailbox}; sender and recipient are proven by a send alone"
                return
            failed = talk.refused(response)
        raise failed


def _send(talk: Talk, job: Job) -> str:
    """Hand the test mail over; its Message-ID. Without a sender in the settings it is the mailbox's own address.
    Raises StageFailed."""
    sender = _wired(job.sender) or talk.mailbox
    envelope = Envelope(sender, (_wired(job.recipient) or sender,))
    mail = build(job.letter, envelope, job.name, talk.host, os.urandom(12).hex(), time.gmtime())
    hand_over(talk, envelope, mail)
    return mail.message_id


def _wired(address: str) -> str:
    return wired(address) if address else ""
