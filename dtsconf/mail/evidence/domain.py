"""The mail servers of a domain: those that its DNS names (RFC 5321 5.1: MX; RFC 6186: SRV) and hosts of it with names
that are usual, tried as far as EHLO, without login and without mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks.names import Said, asking
from dtsconf.mail.evidence.choice import chosen, in_use, served_by, to_set
from dtsconf.mail.evidence.ways import ways_in
from dtsconf.names import host_fault
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.choice import Choice
    from dtsconf.mail.evidence.ways import Way
    from dtsconf.mail.route import Smtp

MOST = 3
"""Hosts of one domain that are tried."""

_PORTS = ((587, 0), (465, 1), (25, 0))
"""Ports that are tried, and which of the two looks of `ways_in` fits the port."""


@frozen
class Served:
    """What a name server says of a domain's mail: where it goes, and where it is handed in."""

    server: str
    domain: str
    exchangers: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of them, those for handing in first."""
        return tuple(dict.fromkeys((*self.services, *self.exchangers)))

    def __str__(self) -> str:
        told = f"mail for the domain goes to {', '.join(self.exchangers) or 'nobody'}"
        return told + (f"; mail is handed in at {', '.join(self.services)} (RFC 6186)" if self.services else "")


def served(case: Case, server: str, domain: str) -> Served | None:
    """Ask a name server for the mail servers of a domain; None when it names none but the domain itself."""
    kinds = (("MX", domain), ("SRV", f"_submissions._tcp.{domain}"), ("SRV", f"_submission._tcp.{domain}"))
    answers = case.together(*(asking(server, name, kind, case) for kind, name in kinds))
    mx, *srv = (answer or Said(server, "silent") for answer in answers)
    exchangers = _hosts(mx.values, domain)
    services = _hosts((value for answer in srv for value in answer.values), domain)
    return Served(server, domain, exchangers, services) if exchangers or services else None


def _hosts(values: Iterable[str], domain: str) -> tuple[str, ...]:
    """The names at the end of MX and SRV records; what is no host name is not handed on."""
    names = [value.split()[-1].rstrip(".") for value in values]
    return tuple(dict.fromkeys(name for name in names if host_fault(name) is None and name.lower() != domain.lower()))


@frozen
class Candidate:
    """A host that may have been meant, and what its mail ports come to."""

    name: str
    route: Smtp
    choice: Choice

    @property
    def way(self) -> Way | None:
        """The way in that would do: the one in use, where that works."""
        return next((way for way in self.choice.fit if in_use(way, self.route)), next(iter(self.choice.fit), None))

    @property
    def rank(self) -> int:
        """How well it would do, 0 the best."""
        if self.way is not None:
            return 0 if in_use(self.way, self.route) else 1
        return {"certificate": 2, "no-login": 3, "forbidden": 4}.get(self.choice.kind, 5)

    @property
    def answers(self) -> bool:
        """Whether a mail server is there."""
        return self.choice.kind != "nothing"

    def __str__(self) -> str:
        if self.way is not None:
            return served_by(self.way)
        return self.choice.found if self.answers else "no mail server answers there"

    def proposal(self, host_key: str) -> str:
        """The options that take it, port and encryption with it where others than those in use were seen to work."""
        named, way = f"--set {host_key}={self.name}", self.way
        return named if way is None or in_use(way, self.route) else f"{named} {to_set(way, self.route)}"


def tried(case: Case, names: Sequence[str]) -> list[Candidate]:
    """Try the mail ports of these hosts, MOST of them, those first that the organisation's rules let be the server; the
    one that would do best comes first."""
    route = case.route
    ordered = sorted(names, key=lambda name: not route.permits(case.host_key, name))[:MOST]
    links = [replace(case.link, route=replace(route, host=name)) for name in ordered]
    ports = dict.fromkeys(((case.port, 0), (case.port, 1), *_PORTS))
    looks = [ways_in(link, port, case.seconds())[which] for link in links for port, which in ports]
    found = case.together(*looks)
    each = len(ports)
    tried = [_candidate(link.smtp, found[n * each : (n + 1) * each]) for n, link in enumerate(links)]
    return sorted(tried, key=lambda one: (not route.permits(case.host_key, one.name), one.rank))


def _candidate(route: Smtp, found: Iterable[tuple[Way, ...] | None]) -> Candidate:
    return Candidate(route.host, route, chosen([way for ways in found for way in ways or ()], route))


def rows(candidates: Sequence[Candidate]) -> list[Evidence]:
    """What was seen of them."""
    if not candidates:
        return []
    seen = "; ".join(f"{one.name}: {one}" for one in candidates)
    good = [one.name for one in candidates if one.answers]
    means = f"{good[0]} may be what was meant" if good else "none of them is a mail server for this machine"
    return [Evidence("tried the mail ports of these hosts, without login", seen, means)]


def look(case: Case) -> Callable[[], Served | None]:
    """The look whether the host's name is that of a mail domain, whose servers have other names."""

    def ask() -> Served | None:
        from dtsconf.looks import names
        from dtsconf.names import is_ip

        known = [] if is_ip(case.host) or "." not in case.host else names.beyond()
        return served(case, known[0], case.host) if known else None

    return ask
