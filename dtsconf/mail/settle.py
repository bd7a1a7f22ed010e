"""Settling `auto`: STARTTLS where it is offered, implicit TLS on 465, plain otherwise (contract, "apply, precisely").

Asks the server as far as EHLO and sends nothing else. Refuses plain where the server had TLS before, where a filter
left its mark, and where a login would go over it.
"""

from __future__ import annotations

from contextlib import suppress

from dtsconf.mail.conversation import IMPLICIT_TLS_PORT, Conversation
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.job import Job, Settled
from dtsconf.mail.opening import greet
from dtsconf.mail.securing import accept_plain


def settle(job: Job) -> Settled:
    """What `server.encryption: auto` means for this host and port; any other setting comes back as it is.

    Never raises for trouble of network or server: then `failure` holds the conversation as far as it got.
    """
    wanted = job.settings.server.encryption
    if wanted != "auto":
        return Settled(wanted, job.port, f"server.encryption is {wanted}")
    if job.port == IMPLICIT_TLS_PORT:
        return Settled("tls", job.port, f"port {job.port} is TLS from the first byte (RFC 8314)")
    with Conversation(job) as talk:
        with suppress(StageFailed):
            return _ask(talk)
        result = talk.report.verification()
        return Settled("auto", job.port, result.stages[-1].detail, result)


def _ask(talk: Conversation) -> Settled:
    where = f"{talk.job.settings.server.host} port {talk.job.port}"
    greet(talk)
    if talk.offer.has("STARTTLS"):
        return Settled("starttls", talk.job.port, f"{where} offers STARTTLS")
    accept_plain(talk)
    return Settled("none", talk.job.port, f"{where} offers no STARTTLS")
