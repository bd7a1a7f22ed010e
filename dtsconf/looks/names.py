"""The host's name could not be looked up: what each of this machine's name servers says of it (RFC 1035, 2308).

The system's resolver tells no more than "no such name" or "no answer"; dnspython asks the very same name servers and
shows what they say. Goes to no others. Imported only after a failed look-up.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen
from dtsconf.looks import commands, lookups, resolvconf, surroundings
from dtsconf.looks.case import Outcome
from dtsconf.names import escape_controls, host_fault
from dtsconf.net.connect import Address
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.looks.case import Case

MOST_SERVERS = 3
"""Name servers that are asked: the system's resolver uses no more either (resolv.conf(5))."""


@frozen
class Said:
    """One name server's answer. `code` is its word (NOERROR, NXDOMAIN, SERVFAIL, REFUSED ...), or `silent`, or
    `forbidden` when this machine itself didn't send the question; `zone` the zone that it says the name belongs to;
    `values` the records, as text; `alias`: the name is another one's alias (CNAME), which is what has no records."""

    server: str
    code: str
    zone: str | None = None
    values: tuple[str, ...] = ()
    alias: str | None = None


Judge = Callable[[Said, tuple[Evidence, ...]], Outcome]
"""What it comes to that a name server knows no address for the name, or no such name."""


def examine(case: Case, judge: Judge) -> Outcome:
    """Why the host's name could not be looked up; `judge` decides where a name server says that it has no address."""
    if (own := lookups.fault(case)) is not None:
        return own
    known = servers()
    if not known and (slip := resolvconf.slip(SOURCE)):
        return _misread(slip, ())
    if not known:
        means = f"{SOURCE} names no name server: this machine's network is not set up"
        none = Evidence("looked which name servers this machine uses", f"none ({SOURCE})", means)
        return Outcome((none,), means, f"{_UP}: it fills in {SOURCE}; or write the network's name server there{_AGAIN}")
    answers = [said for said in case.together(*(asking(s, case.host, "A", case) for s in known)) if said]
    evidence = tuple(_told(said, case.host) for said in answers)
    good = next((said for said in answers if said.code in ("NXDOMAIN", "NOERROR")), None)
    if good is None and (slip := resolvconf.slip(SOURCE)):
        return _misread(slip, evidence)
    if good is None:
        return lookups.beside_hosts(case, _no_answer(case, known, answers, evidence))
    if knowing := next((said for said in answers if said.values), None):
        return _one_knows(case, good, knowing, evidence)
    return lookups.beside_hosts(case, judge(good, evidence))


def _misread(slip: resolvconf.Slip, evidence: tuple[Evidence, ...]) -> Outcome:
    """A line of this machine's own settings that no program understands."""
    text = escape_controls(slip.text)
    means = f"line {slip.line} of {SOURCE} names no name server, and is left out by every program"
    row = Evidence("looked which name servers this machine uses", f"{SOURCE}:{slip.line}: {text}", means)
    hint = f"write in place of line {slip.line} of {SOURCE}, each on a line of its own: {slip.better}{_AGAIN}"
    return Outcome((*evidence, row), f"{means}: '{text}'", hint)


SOURCE = lookups.RESOLVER if sys.platform != "win32" else "the network adapter"
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
    except ValueError:  # a line that is none; the system goes by the others
        found = resolvconf.servers(path or SOURCE)
    return [str(server) for server in found][:MOST_SERVERS]


def asking(server: str, name: str, kind: str, case: Case) -> Callable[[], Said]:
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
    values, aliases = _values(reply.answer, kind), _values(reply.answer, "CNAME")
    alias = aliases[-1].rstrip(".") if aliases and not values else None
    alias = alias if alias and host_fault(alias) is None else None
    return Said(server, dns.rcode.to_text(reply.rcode()), zone, values, alias)


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
        return Evidence(question(said, name, "A"), ", ".join(said.values), "this name server does know it")
    if said.alias:
        means = f"the name exists, as an alias of {said.alias}: that one {_LACKS[said.code == 'NOERROR']}"
        return Evidence(question(said, name, "A"), f"{seen}; an alias (CNAME) of {said.alias}", means)
    if said.zone and said.zone != ".":
        seen += f"; the name would belong to the zone {said.zone}"
    return Evidence(question(said, name, "A"), seen, _MEANS.get(said.code, "the name server could not answer"))


_LACKS = {True: "has no address", False: "can't be found"}
"""What an alias leads to, by whether the name server answered without an error."""


def question(said: Said, name: str, kind: str) -> str:
    """What was done, for a row of evidence."""
    words = {"A": "the address of", "AAAA": "the IPv6 address of", "MX": "the mail exchanger of"}
    return f"asked the name server {said.server} for {words[kind]} {name}"


def told(said: Said, host: str) -> str:
    """What a name server without an address says, as a sentence."""
    if said.alias:
        lacks = _LACKS[said.code == "NOERROR"]
        return f"the name server {said.server} knows {host} as an alias of {said.alias}, which {lacks}"
    if said.code == "NOERROR":
        return f"the name server {said.server} knows {host}, but no address for it"
    return f"the name server {said.server} says that {host} does not exist ({said.code})"


def right(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """What it comes to where the name is Microsoft's own, hence right."""
    means = "a name server that knows this network's own names alone, or a DNS filter"
    seen = f"{case.host} is one of them"
    row = Evidence("compared the name with Microsoft's own", seen, f"the name is right: {means}")
    telling = f"{told(said, case.host)}, and it is Microsoft's own name: {means}"
    ask = f"ask who runs the name server {said.server} (or the filter behind it) to let {case.host} through{_AGAIN}"
    return Outcome((*evidence, row), telling, ask)


def _one_knows(case: Case, asked: Said, knowing: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name servers differ, and the system heeds the first that says anything (resolv.conf(5)); or an answer that
    was missing a moment ago is there now."""
    if asked is knowing and (own := lookups.unasked(case.host)):
        return replace(own, evidence=(*evidence, *own.evidence))
    if asked is knowing and (half := _half_answered(case, knowing)):
        return replace(half, evidence=(*evidence, *half.evidence))
    if asked is knowing:
        return Outcome(evidence, f"{knowing.server} does know the name: the trouble comes and goes", _again_soon(case))
    told = f"the name is right: {asked.server} doesn't know it, {knowing.server} does ({', '.join(knowing.values)})"
    way = f"take {asked.server} out of {SOURCE}, or put {knowing.server} before it"
    maker = surroundings.written_by(SOURCE)
    way += f" (the file is written by {maker}: change it there)" if maker else ""
    return Outcome(evidence, told, f"{way}{_AGAIN}")


def _half_answered(case: Case, knowing: Said) -> Outcome | None:
    """A name server that knows the IPv4 address and gives no answer at all about IPv6: the system's resolver waits for
    both (RFC 4074 describes such servers, and firewalls that swallow the question do the same)."""
    (six,) = case.together(asking(knowing.server, case.host, "AAAA", case))
    if six is None or six.code != "silent":
        return None
    row = Evidence(
        question(six, case.host, "AAAA"), "no answer", "it should say that there is none; programs wait for it"
    )
    telling = f"{knowing.server} answers for IPv4 ({', '.join(knowing.values)}) and never for IPv6 (AAAA)"
    ask = f"ask who runs the name server {knowing.server}, or a firewall before it, to let AAAA questions be answered"
    own = f"; until then, with glibc 2.36 or newer, the line options no-aaaa in {SOURCE} does without them"
    return Outcome((row,), telling, f"{ask}{own if sys.platform == 'linux' else ''}{_AGAIN}")


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
    return (
        f"tell whoever runs the name server {names} that it fails for {host}; to see it again: {commands.look_up(host)}"
    )


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
