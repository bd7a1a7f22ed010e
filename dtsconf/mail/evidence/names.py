"""The host's name could not be looked up: what each of this machine's name servers says of it (RFC 1035, 2308).

The system's resolver tells no more than "no such name" or "no answer"; dnspython asks the very same name servers and
shows what they say. Goes to no others. Imported only after a failed look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen
from dtsconf.mail.evidence.case import Outcome
from dtsconf.names import host_fault
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtsconf.mail.evidence.case import Case

MOST_SERVERS = 3
"""Name servers that are asked: the system's resolver uses no more either (resolv.conf(5))."""

_GUESSES = ("smtp", "mail", "relay", "smtp-relay", "mailrelay")


@frozen
class Said:
    """One name server's answer. `code` is its word (NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...) or `silent`; `zone` the
    zone that it says the name belongs to; `values` the records, as text."""

    server: str
    code: str
    zone: str | None = None
    values: tuple[str, ...] = ()


def examine(case: Case) -> Outcome:
    """Why the resolve stage failed."""
    servers = _servers()
    if not servers:
        means = "this machine has no name server: its network is not set up"
        none = Evidence("looked which name servers this machine uses", "none (resolv.conf)", means)
        return Outcome((none,), means, "bring the network or the VPN up, then: resolvectl status")
    answers = [said for said in case.together(*(_asking(s, case.host, "A", case) for s in servers)) if said]
    evidence = tuple(_told(said, case.host) for said in answers)
    good = next((said for said in answers if said.code in ("NXDOMAIN", "NOERROR")), None)
    if good is None:
        return _no_answer(case, answers, evidence)
    return _no_address(case, good, evidence) if good.code == "NOERROR" else _no_name(case, good, evidence)


def _servers() -> list[str]:
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return []
    return [str(server) for server in found][:MOST_SERVERS]


def _asking(server: str, name: str, kind: str, case: Case) -> Callable[[], Said]:
    """A look that asks one name server one question."""
    seconds = case.seconds()
    return lambda: ask(server, name, kind, seconds)


def ask(server: str, name: str, kind: str, seconds: float) -> Said:
    """One question (such as `A`, `MX`) to one name server, over UDP and over TCP when the answer is cut."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode

    try:
        query = dns.message.make_query(name, kind)
        reply, _ = dns.query.udp_with_fallback(query, server, timeout=seconds)
    except (dns.exception.DNSException, OSError, EOFError, ValueError):
        return Said(server, "silent")
    zone = next((str(rrset.name).rstrip(".") or "." for rrset in reply.authority if rrset.rdtype == 6), None)
    zone = zone if zone == "." or (zone and host_fault(zone) is None) else None
    return Said(server, dns.rcode.to_text(reply.rcode()), zone, _values(reply.answer, kind))


def _values(answer: Any, kind: str) -> tuple[str, ...]:
    import dns.rdatatype

    wanted = dns.rdatatype.from_text(kind)
    return tuple(record.to_text() for rrset in answer for record in rrset if record.rdtype == wanted)


_MEANS = {
    "NXDOMAIN": "the name does not exist: a typing error, or a name that only another network knows (VPN)",
    "NOERROR": "the name exists, but no machine's address belongs to it",
    "SERVFAIL": "the name server has trouble with this name: what is responsible for it doesn't answer, or is broken",
    "REFUSED": "the name server doesn't serve this machine: it is the wrong one for this network",
    "silent": "the name server can't be reached: it is down, or a firewall keeps port 53",
}


def _told(said: Said, name: str) -> Evidence:
    seen = "no answer" if said.code == "silent" else said.code
    if said.values:
        return Evidence(_question(said, name, "A"), ", ".join(said.values), "this name server does know it")
    if said.zone:
        seen += f"; the name would belong to the zone {said.zone}"
    return Evidence(_question(said, name, "A"), seen, _MEANS.get(said.code, "the name server could not answer"))


def _question(said: Said, name: str, kind: str) -> str:
    words = {"A": "the address of", "MX": "the mail exchanger of"}
    return f"asked the name server {said.server} for {words[kind]} {name}"


def _no_answer(case: Case, answers: list[Said], evidence: tuple[Evidence, ...]) -> Outcome:
    """Nobody could say whether there is such a name."""
    codes = {said.code for said in answers} or {"silent"}
    told = ", ".join(
        f"{said.server} {'is silent' if said.code == 'silent' else 'says ' + said.code}" for said in answers
    )
    telling = f"of the name servers, {told}" if told else "no name server answered in time"
    if codes == {"silent"}:
        hint = "no name server can be reached: look at this machine's network, then: resolvectl status"
    else:
        hint = f"tell whoever runs the name servers; to see it again: dig {case.host} @{answers[0].server}"
    return Outcome(evidence, telling, hint)


def _no_name(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """There is no such name: is the domain right, at least, and what mail servers does it have?"""
    zone = said.zone
    if zone is None or zone == "." or "." not in zone:
        telling = f"{said.server} says NXDOMAIN: there is no domain for {case.host}"
        return Outcome(evidence, telling, None)
    names = [f"{guess}.{zone}" for guess in _GUESSES if f"{guess}.{zone}" != case.host]
    found = case.together(*(_asking(said.server, name, "A", case) for name in names))
    there = [name for name, answer in zip(names, found, strict=True) if answer and answer.values]
    telling = f"{said.server} says NXDOMAIN: the domain {zone} exists, the name {case.host} in it does not"
    if not there:
        return Outcome(evidence, telling, None)
    means = "these names exist there, and may be what was meant"
    more = Evidence(f"asked for usual names of mail servers in {zone}", ", ".join(there), means)
    return Outcome((*evidence, more), telling, f"if it is the server that was meant: --set {case.host_key}={there[0]}")


def _no_address(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name exists without an address: a mail domain perhaps, whose servers have other names."""
    kinds = ("MX", "_submissions._tcp", "_submission._tcp")
    looks = [
        _asking(said.server, case.host if k == "MX" else f"{k}.{case.host}", "MX" if k == "MX" else "SRV", case)
        for k in kinds
    ]
    answers = [answer or Said(said.server, "silent") for answer in case.together(*looks)]
    exchangers = _hosts(answers[0].values)
    services = _hosts(value for answer in answers[1:] for value in answer.values)
    if not [*exchangers, *services]:
        return Outcome(evidence, f"{said.server} knows the name {case.host}, but no address for it", None)
    seen = f"mail for the domain goes to {', '.join(exchangers) or 'nobody'}"
    seen += f"; mail is handed in at {', '.join(services)} (RFC 6186)" if services else ""
    means = f"{case.host} is a mail domain, not a mail server"
    more = Evidence(_question(said, case.host, "MX"), seen, means)
    target = (services or exchangers)[0]
    hint = f"ask for the name of its server for outgoing mail; what the DNS names: --set {case.host_key}={target}"
    return Outcome((*evidence, more), f"{means}: {seen}", hint)


def _hosts(values: Iterable[str]) -> list[str]:
    """The names at the end of MX and SRV records; what is no host name is not handed on."""
    names = [value.split()[-1].rstrip(".") for value in values]
    return [name for name in names if host_fault(name) is None]
