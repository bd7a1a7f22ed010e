"""Settling `auto`: STARTTLS where it is offered, implicit TLS on 465, plain otherwise (contract, "apply, precisely").

Asks the server as far as EHLO and sends nothing else. Refuses plain where the server had TLS before, where a filter
left its mark, and where a login would go over it.
"""

from __future__ import annotations

from contextlib import suppress

from dtsconf.mail.conversation import Conversation
from dtsconf.mail.facts import IMPLICIT_TLS_PORT
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.greeting import by_helo
from dtsconf.mail.job import Job, Settled
from dtsconf.mail.opening import greet
from dtsconf.mail.outcome import verified
from dtsconf.mail.securing import accept_plain
from dtsconf.mail.wire import Limits


def settle(job: Job) -> Settled:
    """What `encryption: auto` means for this host and port; any other setting comes back as it is.

    Never raises for trouble of network or server: then `failure` holds the conversation as far as it got.
    """
    route = job.link.smtp
    if route.encryption != "auto":
        return Settled(route.encryption, route.port, f"server.encryption is {route.encryption}")
    if route.port == IMPLICIT_TLS_PORT:
        return Settled("tls", route.port, f"port {route.port} is TLS from the first byte (RFC 8314)")
    with Conversation(job.link, Limits(job.link.timeout, job.whole)) as talk:
        with suppress(StageFailed):
            return _ask(talk)
        result = verified(job, talk.report)
        return Settled("auto", route.port, result.stages[-1].detail, result)


def _ask(talk: Conversation) -> Settled:
    where = f"{talk.route.host} port {talk.route.port}"
    greet(talk)
    if talk.offer.has("STARTTLS"):
        return Settled("starttls", talk.route.port, f"{where} offers STARTTLS")
    accept_plain(talk)
    return Settled("none", talk.route.port, f"{where} offers no STARTTLS{by_helo(talk)}")
