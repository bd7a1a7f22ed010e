"""The host's name could not be looked up: what each of this machine's name servers says of it (RFC 1035, 2308).

The system's resolver tells no more than "no such name" or "no answer"; dnspython asks the very same name servers and
shows what they say. Goes to no others. Imported only after a failed look-up.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen
from dtsconf.mail.evidence import surroundings
from dtsconf.mail.evidence.case import Outcome
from dtsconf.names import host_fault
from dtsconf.net.connect import Address
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtsconf.mail.evidence.case import Case

MOST_SERVERS = 3
"""Name servers that are asked: the system's resolver uses no more either (resolv.conf(5))."""

_GUESSES = ("smtp", "mail", "relay", "smtp-relay", "mailrelay")


@frozen
class Said:
    """One name server's answer. `code` is its word (NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...), or `silent`, or
    `forbidden` when this machine itself didn't send the question; `zone` the zone that it says the name belongs to;
    `values` the records, as text."""

    server: str
    code: str
    zone: str | None = None
    values: tuple[str, ...] = ()


def examine(case: Case) -> Outcome:
    """Why the resolve stage failed."""
    known = servers()
    if not known:
        means = f"{SOURCE} names no name server: this machine's network is not set up"
        none = Evidence("looked which name servers this machine uses", f"none ({SOURCE})", means)
        return Outcome((none,), means, f"{_UP}: it fills in {SOURCE}; or write the network's name server there{_AGAIN}")
    answers = [said for said in case.together(*(_asking(s, case.host, "A", case) for s in known)) if said]
    evidence = tuple(_told(said, case.host) for said in answers)
    good = next((said for said in answers if said.code in ("NXDOMAIN", "NOERROR")), None)
    if good is None:
        return _no_answer(case, known, answers, evidence)
    if knowing := next((said for said in answers if said.values), None):
        return _one_knows(case, good, knowing, evidence)
    return _no_address(case, good, evidence) if good.code == "NOERROR" else _no_name(case, good, evidence)


SOURCE = "/etc/resolv.conf" if sys.platform != "win32" else "the network adapter"
"""Where this machine's name servers stand."""

_UP = "bring this machine's network or VPN up"
_AGAIN = ", then dtsconf test again"


_BEYOND = "/run/systemd/resolve/resolv.conf"
"""The name servers that systemd-resolved asks itself (systemd-resolved.service(8))."""


def beyond() -> list[str]:
    """The same as `servers`; where a program of this machine answers, which knows the hosts file as well, those that it
    asks."""
    known = servers()
    return servers(_BEYOND) if all(map(_is_here, known)) and os.path.exists(_BEYOND) else known


def _is_here(server: str) -> bool:
    return server.startswith("127.") or server == "::1"


def servers(path: str | None = None) -> list[str]:
    """The addresses of the name servers that this machine uses, by `path` in place of its own settings; none when it
    knows none."""
    import dns.exception
    import dns.resolver

    try:
        found = (dns.resolver.Resolver(path) if path else dns.resolver.Resolver()).nameservers
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
    except PermissionError:
        return Said(server, "forbidden")
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
    "forbidden": "this machine's own firewall keeps questions to the name server in",
    "silent": "the name server can't be reached: it is down, or a firewall keeps port 53",
}


def _told(said: Said, name: str) -> Evidence:
    seen = {"silent": "no answer", "forbidden": "not sent: forbidden by the system"}.get(said.code, said.code)
    if said.values:
        return Evidence(_question(said, name, "A"), ", ".join(said.values), "this name server does know it")
    if said.zone and said.zone != ".":
        seen += f"; the name would belong to the zone {said.zone}"
    return Evidence(_question(said, name, "A"), seen, _MEANS.get(said.code, "the name server could not answer"))


def _question(said: Said, name: str, kind: str) -> str:
    words = {"A": "the address of", "MX": "the mail exchanger of"}
    return f"asked the name server {said.server} for {words[kind]} {name}"


def _one_knows(case: Case, asked: Said, knowing: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name servers differ, and the system heeds the first that says anything (resolv.conf(5)); or an answer that
    was missing a moment ago is there now."""
    if asked is knowing:
        return Outcome(evidence, f"{knowing.server} does know the name: the trouble comes and goes", _again_soon(case))
    told = f"the name is right: {asked.server} doesn't know it, {knowing.server} does ({', '.join(knowing.values)})"
    way = f"take {asked.server} out of {SOURCE}, or put {knowing.server} before it"
    maker = surroundings.written_by(SOURCE)
    way += f" (the file is written by {maker}: change it there)" if maker else ""
    return Outcome(evidence, told, f"{way}{_AGAIN}")


def _again_soon(case: Case) -> str:
    return f"dtsconf test again; if it stays, ask who runs the name servers why {case.host} is not always found"


def _no_answer(case: Case, known: list[str], answers: list[Said], evidence: tuple[Evidence, ...]) -> Outcome:
    """Nobody could say whether there is such a name."""
    cut_off = [found for server in known if (found := _cut_off(server))]
    if len(cut_off) == len(known):
        return Outcome((*evidence, *cut_off), cut_off[0].means, f"{_UP} (cable, wireless){_AGAIN}")
    told = ", ".join(f"{said.server} {_SHORT.get(said.code, 'says ' + said.code)}" for said in answers)
    telling = f"of the name servers, {told}" if told else "no name server answered in time"
    return Outcome(evidence, telling, _whom_to_ask(case.host, known, {said.code for said in answers}))


def _whom_to_ask(host: str, known: list[str], codes: set[str]) -> str:
    """The hint when nobody answers; `codes` are what the name servers said, `known` their addresses."""
    names = " and ".join(known)
    if "forbidden" in codes:
        rules = surroundings.tool(*surroundings.RULES)
        shown = f" (its rules: {rules})" if rules else ""
        return f"allow outgoing UDP and TCP port 53 to {names} in this machine's own firewall{shown}{_AGAIN}"
    ask = "ask who runs the network which name server this machine should use"
    if all(map(_is_here, known)):
        tool = surroundings.tool("resolvectl status")
        asked = f" (which it asks: {tool})" if tool else ""
        return f"the name service on this machine ({names}) has no answer for {host}{asked}: {_UP}, or {ask}{_AGAIN}"
    if codes <= {"silent"}:
        ask += ", and whether a firewall keeps port 53"
        return f"{SOURCE} names {names}, and nobody answers there: {_UP}, or {ask}{_AGAIN}"
    return f"tell whoever runs the name server {names} that it fails for {host}; to see it again: getent hosts {host}"


_SHORT = {"silent": "is silent", "forbidden": "may not be asked by this machine"}


def _cut_off(server: str) -> Evidence | None:
    """Whether this machine has no way to a name server: its own network is down."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    way = surroundings.way_to(Address(family, (server, 53)))
    if not isinstance(way, OSError):
        return None
    means = f"this machine has no way to its name server {server}: its network is down"
    what = f"asked this machine's routing table for the way to {server}"
    return Evidence(what, way.strerror or str(way), means)


def _short(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """A name without a domain: is it one in the sender's?"""
    telling = f"{said.server} says NXDOMAIN: {case.host} alone is no whole name"
    domain = case.sender.rpartition("@")[2]
    whole = f"{case.host}.{domain}" if domain else ""
    if not whole or host_fault(whole) is not None:
        return Outcome(evidence, telling, f"write the server's whole name, with its domain: --set {case.host_key}=NAME")
    (answer,) = case.together(_asking(said.server, whole, "A", case))
    there = bool(answer and answer.values)
    seen = ", ".join(answer.values) if answer and there else "not known"
    means = "it may be what was meant" if there else "it has another name"
    more = Evidence(f"asked for {case.host} in the sender's domain: {whole}", seen, means)
    if there:
        hint = f"write the server's whole name: --set {case.host_key}={whole}"
        return Outcome((*evidence, more), f"{telling}; {whole} exists", hint)
    hint = f"write the server's whole name, such as {whole} (that one doesn't exist): --set {case.host_key}=NAME"
    return Outcome((*evidence, more), telling, hint)


def _no_name(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """There is no such name: is the domain right, at least, and what mail servers does it have?"""
    if "." not in case.host:
        return _short(case, said, evidence)
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
