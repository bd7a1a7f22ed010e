"""Looks on the side, after something failed: what speaks on a port that stays silent, what certificate stands there.

Sends no credentials and no mail; bounded to a few seconds. Its findings are evidence: they never make a failure a
success.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail import faults
from dtsconf.mail.failure import Finding
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.wire import ConnectionLost, HandshakeFailed, Wire
from dtsconf.net.connect import connected

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from dtsconf.mail.facts import Facts
    from dtsconf.mail.tls import Trust
    from dtsconf.mail.wire import Limits
    from dtsconf.net.certificate import Certificate
    from dtsconf.net.connect import Address

SECONDS = 2.0
"""For each look."""

_TROUBLE = (OSError, ConnectionLost, HandshakeFailed, NotAReply, ValueError)


@frozen
class Agreement:
    """What TLS came about by: version and cipher, as OpenSSL names them (`TLSv1.2`)."""

    version: str
    cipher: str


def certificate(peer: Address, trust: Trust, host: str, ehlo: str | None, limits: Limits) -> Certificate | None:
    """The certificate that the server at `peer` shows, unchecked, or None. With `ehlo` (our name) after STARTTLS."""
    from dtsconf.net.certificate import chain_length, from_der

    with suppress(*_TROUBLE), _encrypted(peer, trust.unverified(), host, ehlo, limits) as tls:
        seen = from_der(tls.getpeercert(binary_form=True) or b"")
        return replace(seen, alone=chain_length(tls) == 1) if seen else None
    return None


def agreement(peer: Address, host: str, ehlo: str | None, limits: Limits) -> Agreement | None:
    """The newest TLS that the server at `peer` speaks, however old, and the cipher that it takes then, however weak;
    None where none came about. `ehlo` as for `certificate`."""
    from dtsconf.mail.tls import any_version

    with suppress(*_TROUBLE), _encrypted(peer, any_version(), host, ehlo, limits) as tls:
        cipher = tls.cipher()
        return Agreement(tls.version() or "", cipher[0]) if cipher else None
    return None


@contextmanager
def _encrypted(
    peer: Address, context: ssl.SSLContext, host: str, ehlo: str | None, limits: Limits
) -> Iterator[ssl.SSLObject]:
    """A session under TLS, closed at the end. Raises what is in _TROUBLE."""
    end = limits.short(SECONDS)
    wire = Wire(connected(peer, end))
    try:
        if ehlo is not None:
            wire.read_reply(end)
            for command in (f"EHLO {ehlo}", "STARTTLS"):
                wire.send(command.encode("ascii") + b"\r\n", end)
                wire.read_reply(end)
        wire.start_tls(context, host.partition("%")[0], end)
        if wire.tls is not None:
            yield wire.tls
    finally:
        wire.close()


def silent(wire: Wire, facts: Facts, limits: Limits) -> tuple[Finding, str] | None:
    """What speaks on a connection that gave no greeting: cause and hint, and who it is. None when that stays open.

    Says QUIT, which a web server answers with an error page, then tries a TLS handshake on a connection of its own.
    """
    peer = wire.peer
    try:
        end = limits.short(SECONDS)
        wire.send(b"QUIT\r\n\r\n", end)
        if answer := wire.read_some(end):
            return None if answer[:1].isdigit() else faults.of_strange_bytes(answer, facts)
    except _TROUBLE:
        pass
    return None if wire.tls is not None else _speaks_tls(peer, facts, limits)


def _speaks_tls(peer: Address, facts: Facts, limits: Limits) -> tuple[Finding, str] | None:
    from dtsconf.mail.tls import Trust

    end = limits.short(SECONDS)
    try:
        wire = Wire(connected(peer, end))
    except _TROUBLE:
        return None
    try:
        wire.start_tls(Trust("1.2", None, None).unverified(), facts.host.partition("%")[0], end)
        return _inside(wire, facts, limits)
    except HandshakeFailed as failed:
        return faults.of_strange_bytes(failed.answer, facts) if failed.answer else None
    except _TROUBLE:
        return None
    finally:
        wire.close()


def _inside(wire: Wire, facts: Facts, limits: Limits) -> tuple[Finding, str]:
    """TLS came about where plain was wanted: is there a mail server inside? Silence is no answer: some greet late."""
    by_tls = Finding("protocol", "--set server.encryption=tls")
    begins = f"the server on port {facts.port} speaks TLS from the first byte, and"
    try:
        greeting = wire.read_reply(limits.short(SECONDS))
    except TimeoutError:
        return by_tls, f"{begins} may greet inside, later than this look took"
    except _TROUBLE:
        return Finding(
            "not-smtp", "check server.host and server.port"
        ), "TLS is spoken there, and no mail server greets inside"
    return by_tls, f"{begins} greets inside: '{greeting.text}'"
