"""The test mail on an open conversation: its envelope, and the whole of it where the level says so."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from dtsconf.mail import delivery
from dtsconf.mail.content import Envelope
from dtsconf.mail.message import build

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.job import Job


def try_out(talk: Conversation, job: Job) -> str | None:
    """Name sender and recipient to the server; at level send hand the mail over and give its Message-ID, else RSET.

    Raises:
        StageFailed: refused by the server, or not possible with it.
    """
    envelope = Envelope(delivery.wired(job.sender), (delivery.wired(job.recipient),))
    server = f"{talk.facts.host} port {talk.facts.port}"
    random = os.urandom(12).hex()
    mail = build(job.letter, envelope, job.name, server, random, time.gmtime())
    replies = delivery.replies_to(talk, envelope, mail)
    delivery.announce(talk, envelope, mail, replies, [])
    if job.level != "send":
        delivery.reset(talk)
        return None
    delivery.transmit(talk, mail, replies)
    return mail.message_id
