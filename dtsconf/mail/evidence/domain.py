"""The mail servers of a domain: those that its DNS names (RFC 5321 5.1: MX; RFC 6186: SRV) and hosts of it with names
that are usual, tried as far as EHLO, without login and without mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks.names import Said, asking, question
from dtsconf.mail.evidence import wildcard
from dtsconf.mail.evidence.choice import chosen, in_use, served_by, to_set
from dtsconf.mail.evidence.ways import ways_in
from dtsconf.names import host_fault
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.choice import Choice
    from dtsconf.mail.evidence.ways import Way
    from dtsconf.mail.route import Smtp

_GUESSES = ("smtp", "mail", "relay", "smtp-relay", "mailrelay")
MOST = 3
"""Hosts of one domain that are tried."""

_PORTS = ((587, 0), (465, 1), (25, 0))
"""Ports that are tried, and which of the two looks of `ways_in` fits the port."""


@frozen
class Served:
    """What a name server says of a domain's mail: where it goes, where it is handed in, and which of the `usual` names
    of mail servers exist there, where those were asked for; `wild`: where every other name in it leads, the host's own
    among them."""

    server: str
    domain: str
    exchangers: tuple[str, ...]
    services: tuple[str, ...]
    usual: tuple[str, ...] = ()
    wild: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of them, those for handing in first."""
        return tuple(dict.fromkeys((*self.services, *self.usual, *self.exchangers)))

    @property
    def rows(self) -> list[Evidence]:
        """What was asked and answered."""
        found = [wildcard.row(self.domain, self.wild)] if self.wild else []
        if self.usual:
            what = f"asked for usual names of mail servers in {self.domain}"
            found.append(Evidence(what, ", ".join(self.usual), "these names exist there, and may be what was meant"))
        if self.exchangers or self.services:
            what = question(Said(self.server, ""), self.domain, "MX")
            found.append(Evidence(what, str(self), f"{self.domain} is a mail domain"))
        return found

    def __str__(self) -> str:
        told = f"mail for the domain goes to {', '.join(self.exchangers) or 'nobody'}"
        return told + (f"; mail is handed in at {', '.join(self.services)} (RFC 6186)" if self.services else "")


def served(case: Case, server: str, domain: str, *, usual: bool = False, wild: tuple[str, ...] = ()) -> Served | None:
    """Ask a name server for the mail servers of a domain, and with `usual` for hosts that are named as these often are,
    but for those that lead where every name does (`wild`); None when there are none but the host in question."""
    labels = dict.fromkeys((case.host.partition(".")[0], *_GUESSES)) if usual else ()
    guesses = [f"{label}.{domain}" for label in labels if f"{label}.{domain}" != case.host]
    kinds = [("MX", domain), ("SRV", f"_submissions._tcp.{domain}"), ("SRV", f"_submission._tcp.{domain}")]
    kinds += [("A", name) for name in guesses]
    answers = case.together(*(asking(server, name, kind, case) for kind, name in kinds))
    mx, one, other, *there = (answer or Said(server, "silent") for answer in answers)
    exchangers = _hosts(mx.values, case.host)
    services = _hosts((*one.values, *other.values), case.host)
    known = tuple(name for name, answer in zip(guesses, there, strict=True) if not set(answer.values) <= set(wild))
    found = Served(server, domain, exchangers, services, known, wild)
    return found if found.hosts else None


def _hosts(values: Iterable[str], host: str) -> tuple[str, ...]:
    """The names at the end of MX and SRV records, but for the host itself; what is no host name is not handed on."""
    names = [value.split()[-1].rstrip(".") for value in values]
    return tuple(dict.fromkeys(name for name in names if host_fault(name) is None and name.lower() != host.lower()))


@frozen
class Candidate:
    """A host that may have been meant, and what its mail ports come to. `looked`: there was time to try them."""

    name: str
    route: Smtp
    choice: Choice
    looked: bool = True

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
        return self.choice.kind not in ("late", "nothing")

    def __str__(self) -> str:
        if self.way is not None:
            return served_by(self.way)
        nothing = "no mail server answers there" if self.looked else "not tried, for lack of time"
        return self.choice.found if self.answers else nothing

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


def _candidate(route: Smtp, found: Sequence[tuple[Way, ...] | None]) -> Candidate:
    ways = [way for each in found for way in each or ()]
    return Candidate(route.host, route, chosen(ways, route), looked=bool(ways))


def rows(candidates: Sequence[Candidate]) -> list[Evidence]:
    """What was seen of them."""
    if not candidates:
        return []
    seen = "; ".join(f"{one.name}: {one}" for one in candidates)
    good = [one.name for one in candidates if one.answers]
    means = f"{good[0]} may be what was meant" if good else "none of them is a mail server for this machine"
    if not any(one.looked for one in candidates):
        means = "nobody knows whether they take mail"
    return [Evidence("tried the mail ports of these hosts, without login", seen, means)]


def around(case: Case, *, web: bool) -> Served | None:
    """Whether the host's name is that of a mail domain, whose servers have other names; else, for a host that is a
    `web` server or whose name may be a slip, the mail servers of the domain that it is in."""
    from dtsconf.looks import names
    from dtsconf.names import is_ip, is_registry

    known = [] if is_ip(case.host) or "." not in case.host else names.beyond()
    if not known:
        return None
    above = case.host.partition(".")[2]
    own = served(case, known[0], case.host)
    if own or is_registry(above):
        return own
    wild = () if case.goal.proven else wildcard.met(case, known[0], above)
    return served(case, known[0], above, usual=True, wild=wild) if web or wild else None
