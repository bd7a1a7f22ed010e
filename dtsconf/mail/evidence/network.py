"""Nobody could be connected to: is it this machine, the network on the way, the host, or only this port?

The error number alone can't tell (a dropped packet looks alike wherever it was dropped), so the attempt is made once
more under the eyes of the kernel's counters, then the same port is tried on the gateway and on loopback, and other
ports on the same host. Goes to no other machine.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.evidence import counters, surroundings
from dtsconf.mail.evidence.case import Outcome
from dtsconf.mail.evidence.ways import Way, advice, best, ways_in
from dtsconf.net import meaning
from dtsconf.net.connect import Address
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.evidence.case import Case

OTHERS = (587, 465, 25, 2525)
_WORDS = {
    "refused": "refused",
    "timeout": "silence",
    "no-route": "no way there",
    "blocked": "forbidden by the system",
    "dropped": "reset",
}


@frozen
class Knock:
    """What a connection attempt met: `open`, or the cause it failed with (`refused`, `timeout` ...), after `ms`."""

    met: str
    ms: float

    def __str__(self) -> str:
        return f"{'it opens' if self.met == 'open' else _WORDS[self.met]} after {self.ms:.0f} ms"


def knock(address: Address, end: float) -> Knock:
    """Connect and close again, by `end` (monotonic seconds)."""
    begin = time.monotonic()
    try:
        with socket.socket(address.family, socket.SOCK_STREAM) as sock:
            sock.settimeout(max(0.05, end - begin))
            sock.connect(address.sockaddr)
        met = "open"
    except TimeoutError:
        met = "timeout"
    except OSError as error:
        met = meaning.of_errno(error.errno)
    return Knock(met, (time.monotonic() - begin) * 1000)


def examine(case: Case) -> Outcome:
    """Why the connect stage failed."""
    if not case.addresses:
        return Outcome()
    address = case.addresses[0]
    found, local = _once_more(case, address)
    route, by_route = _way(case, address)
    around, wall = _around(case, address)
    others, opening, hint = _other_ports(case)
    evidence = (*found, *route, *_families(case), *around, *others)
    telling = local or by_route or wall or opening
    if local or wall:
        hint = _ALLOW.format(port=case.port, host=case.host)
    return Outcome(evidence, telling, hint)


_ALLOW = (
    "allow outgoing TCP to {host} port {port} in this machine's own firewall or security product (on Linux: nft list"
    " ruleset), then dtsconf test again; other ports: dtsconf test --probe"
)


def _once_more(case: Case, address: Address) -> tuple[list[Evidence], str | None]:
    """The same attempt again, with the kernel's counters read before and after."""
    before = counters.read()
    again = knock(address, case.end())
    rose = counters.moved(before, counters.read())
    what = f"connected to {address} port {case.port} once more"
    words, local = _who(rose, again, before != {})
    return [Evidence(what, f"{again}{words[0]}", words[1])], local


def _who(rose: counters.Moved, again: Knock, counted: bool) -> tuple[tuple[str, str], str | None]:
    """What the counters say of who stopped it: (seen, means), and the sentence when it was this machine."""
    if again.met == "timeout" and rose.kept_back:
        seen = f"; this machine's kernel was not let send it ({rose.kept_back} failed sends counted)"
        local = "this machine's own firewall drops it: the packets never left"
        return (seen, local), local
    if again.met in ("refused", "no-route") and rose.refused_here:
        local = "this machine's own firewall rejects it: the refusal came from this machine itself"
        return ("; this machine counted a refusal (ICMP) that it sent itself", local), local
    if again.met in ("refused", "no-route") and rose.refused_there:
        means = "a firewall on the way or on the host rejects it: a closed port answers with a reset, not with ICMP"
        return ("; the refusal came from outside by ICMP", means), None
    if again.met == "timeout":
        left = "; the packets left this machine" if counted else ""
        return (left, "something after this machine drops the packets, or the host is down"), None
    if again.met == "refused":
        return ("", "nothing listens on that port, or a firewall resets it"), None
    if again.met == "open":
        return ("", "this time it works: the trouble comes and goes"), None
    return ("", "the failure is the same each time"), None


def _way(case: Case, address: Address) -> tuple[list[Evidence], str | None]:
    """What this machine's routing table and neighbours say."""
    way = surroundings.way_to(address)
    what = f"asked this machine's routing table for the way to {address}"
    if isinstance(way, OSError):
        blocked = meaning.of_errno(way.errno) == "blocked"
        means = (
            "this machine's own routes prohibit it: no packet is sent"
            if blocked
            else "this machine itself has no way there: is the cable, the wireless network or the VPN up?"
        )
        return [Evidence(what, way.strerror or str(way), means)], means
    if surroundings.has_no_neighbour(address):
        means = f"{address} is in this machine's own network, and no machine there has it: off, or the wrong address"
        return [Evidence(what, f"directly, from {way}; nobody answers for {address} (ARP)", means)], means
    if case.cause == "no-route":
        means = "this machine has a way there: a router or firewall further on said no"
        return [Evidence(what, f"from {way}", means)], means
    return [], None


def _families(case: Case) -> list[Evidence]:
    """Where the host has IPv6 and IPv4: how each fared."""
    if len({address.family for address in case.addresses}) < 2:
        return []
    names: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    found = case.together(*(_look(one, case.end()) for one in case.addresses[:4]))
    seen = "; ".join(f"{names[a.family]} {a}: {k}" for a, k in zip(case.addresses, found, strict=False) if k)
    open_now = {names[a.family] for a, k in zip(case.addresses, found, strict=False) if k and k.met == "open"}
    means = f"only {open_now.pop()} works from here" if len(open_now) == 1 else "both families fare alike"
    return [Evidence("tried the host's IPv6 and IPv4 addresses apart", seen, means)]


def _look(address: Address, end: float) -> Callable[[], Knock]:
    return lambda: knock(address, end)


def _around(case: Case, address: Address) -> tuple[list[Evidence], str | None]:
    """Silence: does the same port get through to loopback and to the gateway?"""
    if case.cause != "timeout":
        return [], None
    home = Address(socket.AF_INET, ("127.0.0.1", case.port))
    gateway = surroundings.gateway_to(address)
    there = Address(socket.AF_INET, (gateway, case.port)) if gateway else home
    own, near = case.together(_look(home, case.end()), _look(there, case.end()))
    evidence, wall = [], None
    if own is not None and own.met == "timeout":
        wall = f"this machine's own firewall drops port {case.port}: even to the machine itself it is silent"
        evidence.append(Evidence(f"connected to this machine itself, 127.0.0.1 port {case.port}", str(own), wall))
    if gateway and near is not None:
        means = (
            "port {} leaves this machine: its own firewall lets it out"
            if near.met != "timeout"
            else "this tells nothing"
        )
        if near.met == "timeout":
            means = "either this machine keeps port {} in, or the gateway answers nobody"
        evidence.append(
            Evidence(f"connected to the gateway {gateway} port {case.port}", str(near), means.format(case.port))
        )
    return evidence, wall


def _other_ports(case: Case) -> tuple[list[Evidence], str | None, str | None]:
    """The same host's other mail ports: which answer, and which of them would do."""
    ports = [port for port in OTHERS if port != case.port]
    looks = [ways_in(case.link, port, case.seconds())[1 if port == 465 else 0] for port in ports]
    ways = [way for found in case.together(*looks) for way in found or ()]
    by_port = {port: [way for way in ways if way.port == port] for port in ports}
    seen = "; ".join(f"port {port}: {_state(found)}" for port, found in by_port.items())
    listening = [port for port, found in by_port.items() if any(way.listens for way in found)]
    fit = best(ways, case.route)
    hint = f"{advice(fit[0], case.route)} (tried just now, without login)" if fit else None
    means, telling = _ports_mean(case, listening, bool(fit))
    return [Evidence(f"tried other mail ports of {case.host}, without login", seen, means)], telling, hint


def _state(ways: list[Way]) -> str:
    """One port in a few words."""
    good = [way.encryption for way in ways if way.ok]
    if good:
        return "a mail server (" + ", ".join(good) + ")"
    if not ways:
        return "no answer in time"
    last = ways[-1]
    return _WORDS.get(last.cause or "", last.cause or "") if last.stage == "connect" else f"answers ({last.cause})"


def _ports_mean(case: Case, listening: list[int], fit: bool) -> tuple[str, str | None]:
    """(means, the telling sentence) of which other ports answer."""
    if case.cause != "timeout":
        told = "the host is there, and its mail server listens elsewhere" if fit else "no mail server answers on them"
        return told, None
    if not listening:
        return "the whole host is silent: it is down, or a firewall keeps all of these ports", None
    which = f"port {listening[0]} of the same host answers"
    if case.port == 25:
        told = f"port 25 is silent and {which}: this network blocks port 25, as providers do for their customers"
        return told, told
    told = f"port {case.port} is silent and {which}: a firewall on the way or on the host drops just this port"
    return told, told
