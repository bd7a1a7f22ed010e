"""The stages up to EHLO: resolve, connect, tls when it comes from the first byte (RFC 8314 3), banner, ehlo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.greeting import introduce, read_banner
from dtsconf.mail.route import TokenLogin
from dtsconf.mail.wire import Wire
from dtsconf.names import is_ip
from dtsconf.net.connect import LookupFailed, Race, resolve

if TYPE_CHECKING:
    import socket

    from dtsconf.mail.conversation import Conversation
    from dtsconf.net.connect import Address


def open_for(talk: Conversation, *, login: bool) -> None:
    """Everything up to the envelope: connection, greeting, TLS, and with `login` the login that the route has.

    Raises:
        StageFailed: at any of its stages; the report has the row.
    """
    greet(talk)
    if not talk.facts.implicit_tls and talk.facts.encryption != "none":
        from dtsconf.mail.securing import secure

        secure(talk)
    if not login or talk.route.login is None:
        return
    if isinstance(talk.route.login, TokenLogin):
        from dtsconf.mail.bearer import log_in_by_token

        log_in_by_token(talk, talk.route.login.tokens)
    else:
        from dtsconf.mail.login import log_in

        log_in(talk, talk.route.login)


def greet(talk: Conversation) -> None:
    """Open the connection and learn what the server offers.

    Raises:
        StageFailed: at any of its stages; the report has the row.
    """
    _connect(talk, _resolve(talk))
    if talk.facts.implicit_tls:
        from dtsconf.mail.securing import from_first_byte

        from_first_byte(talk)
    read_banner(talk)
    introduce(talk)


def _resolve(talk: Conversation) -> list[Address]:
    host = talk.facts.host
    with talk.stage("resolve", f"looking up {host}") as row:
        try:
            addresses = resolve(talk.link.at or host, talk.facts.port, talk.limits.end())
        except LookupFailed as failed:
            from dtsconf.mail import faults

            raise StageFailed.of(faults.of_lookup(failed.code, talk.facts), failed.words, "system") from failed
        row.said_by, row.detail = "system", ", ".join(map(str, addresses))
        if is_ip(host):
            row.said_by, row.detail = "dtsconf", f"{host} is an address: nothing to look up"
        return addresses


def _connect(talk: Conversation, addresses: list[Address]) -> None:
    with talk.stage("connect", f"connecting to {talk.facts.host} port {talk.facts.port}") as row:
        race = Race(addresses, talk.limits.end())
        sock = race.run()
        if sock is None:
            from dtsconf.mail import faults

            finding = faults.of_errnos([attempt.errno for attempt in race.failed], talk.facts)
            told = "; ".join(f"{attempt.place}: {attempt.why}" for attempt in race.failed)
            raise StageFailed.of(finding, told or "no answer", "system")
        told = "; ".join(map(str, race.failed))
        wire = _wire(talk, sock)
        talk.connected(wire)
        row.said_by = "system"
        row.detail = f"{wire.peer} port {talk.facts.port}" + (f" ({told})" if told else "")


def _wire(talk: Conversation, sock: socket.socket) -> Wire:
    """What the conversation runs over; a transcript that is wanted is told all of it, secrets masked."""
    transcript = talk.link.transcript
    if transcript is None:
        return Wire(sock)
    from dtsconf.mail.recorded import RecordedWire

    transcript.masker = talk.report.masker
    return RecordedWire(sock, transcript)
