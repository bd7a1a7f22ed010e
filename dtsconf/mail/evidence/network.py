"""Nobody could be connected to: what `looks.network` sees, and whether the host takes mail on another port. `verdict`
says what it comes to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.looks import network
from dtsconf.looks.attempt import WORDS
from dtsconf.looks.case import Outcome
from dtsconf.looks.findings import SERVICES, Ports
from dtsconf.mail.evidence import domain, wildcard
from dtsconf.mail.evidence.choice import chosen, served_by
from dtsconf.mail.evidence.names import as_domain
from dtsconf.mail.evidence.verdict import verdict
from dtsconf.mail.evidence.ways import Way as WayIn, ways_in
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case

OTHERS = (587, 465, 25, 2525)
_NOT_THEIRS = ("tls-name", "tls-untrusted", "tls-expired")
"""What the certificate of somebody else comes to."""
_WEB = {80, 443}
"""Ports that a domain's own address often has, whose mail goes to other machines."""


def examine(case: Case) -> Outcome:
    """Why the connect stage failed."""
    if not case.addresses:
        return Outcome()
    seen, evidence = network.look(case, tuple(SERVICES), lambda: _other_ports(case))
    web = not _WEB.isdisjoint(seen.open)
    served = None if seen.own_fault or (seen.ports and seen.ports.hint) else domain.around(case, web=web)
    if served is None:
        short = None if seen.own_fault or case.goal.proven else wildcard.completed(case)
        more = short.rows if short else []
        return Outcome((*evidence, *more), *verdict(seen, short.told(case.host_key) if short else None))
    tried = domain.tried(case, served.hosts)
    meant = tried[0].answers or (web and served.domain == case.host)
    told = as_domain(case, served, tried) if meant else None
    return Outcome((*evidence, *served.rows, *domain.rows(tried)), *verdict(seen, told))


def _other_ports(case: Case) -> Ports | None:
    """The host's other mail ports: which answer, and which of them would do."""
    ports = [port for port in OTHERS if port != case.port]
    looks = [ways_in(case.link, port, case.seconds())[1 if port == 465 else 0] for port in ports]
    ways = [way for found in case.together(*looks) for way in found or ()]
    if not ways:
        return None
    by_port = {port: [way for way in ways if way.port == port] for port in ports}
    seen = "; ".join(f"port {port}: {_state(found)}" for port, found in by_port.items())
    listening = tuple(port for port, found in by_port.items() if any(way.listens for way in found))
    refusing = tuple(port for port, found in by_port.items() if found and all(map(_refuses, found)))
    choice = chosen(ways, case.route)
    found = served_by(choice.fit[0]) if choice.fit else choice.found
    tried = " (tried just now, without login)" if choice.kind in ("fit", "certificate") else ""
    hint = None if choice.kind == "nothing" else f"{choice.hint}{tried}"
    served = any(way.ok for way in ways)
    told = Ports(seen, listening, served, hint, refusing, found, choice.kind in ("late", "no-login"))
    return replace(told, hint=None, stranger=_stranger(ways)) if is_smtp_host(case.host) and not choice.fit else told


def _stranger(ways: list[WayIn]) -> int | None:
    """The port on which somebody else answers in the place of Microsoft's server, which has TLS on all of them."""
    lacking = (way for way in ways if way.cause in _NOT_THEIRS or (way.ok and not way.offers_tls))
    return next((way.port for way in lacking), None)


def _refuses(way: WayIn) -> bool:
    return way.stage == "connect" and way.cause == "refused"


def _state(ways: list[WayIn]) -> str:
    """One port in a few words."""
    good = [way.encryption for way in ways if way.ok]
    if good:
        return "a mail server (" + ", ".join(good) + ")"
    if not ways:
        return "no answer in time"
    last = ways[-1]
    return WORDS.get(last.cause or "", last.cause or "") if last.stage == "connect" else f"answers ({last.cause})"
