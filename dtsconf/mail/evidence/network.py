"""Nobody could be connected to: is it this machine, the network on the way, the host, or only this port?

The error number alone can't tell (a dropped packet looks alike wherever it was dropped), so the attempt is made once
more under the eyes of the kernel's counters, then the same port is tried on the gateway and on loopback, and other
ports on the same host. Goes to no other machine.
"""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.evidence import counters, surroundings
from dtsconf.mail.evidence.case import Outcome, together
from dtsconf.mail.evidence.choice import chosen, nowhere
from dtsconf.mail.evidence.ways import Way, ways_in
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
    """What a connection attempt met: `open`, or the cause it failed with (`refused`, `timeout` ...), after `ms`.
    `left`: after a silence, whether its packets left this machine; None where the system doesn't tell."""

    met: str
    ms: float
    left: bool | None = None

    def __str__(self) -> str:
        return f"{'it opens' if self.met == 'open' else _WORDS[self.met]} after {self.ms:.0f} ms"


def knock(address: Address, end: float) -> Knock:
    """Connect and close again, by `end` (monotonic seconds)."""
    begin = time.monotonic()
    met, left = "open", None
    try:
        with socket.socket(address.family, socket.SOCK_STREAM) as sock:
            sock.settimeout(max(0.05, end - begin))
            try:
                sock.connect(address.sockaddr)
            except TimeoutError:
                met, left = "timeout", surroundings.has_left(sock)
    except OSError as error:
        met = meaning.of_errno(error.errno)
    return Knock(met, (time.monotonic() - begin) * 1000, left)


def examine(case: Case) -> Outcome:
    """Why the connect stage failed."""
    if not case.addresses:
        return Outcome()
    address = case.addresses[0]
    first = _once_more(case, address)
    looks = (
        lambda: _way(case, address),
        lambda: _around(case, address),
        lambda: _other_ports(case),
        lambda: _families(case),
    )
    found = _agreed(case, [first, *(each or Outcome() for each in together(looks, case.end() + 1))])
    evidence = tuple(each for outcome in found for each in outcome.evidence)
    telling = next((outcome.telling for outcome in found if outcome.telling), None)
    return Outcome(evidence, telling, next((outcome.hint for outcome in found if outcome.hint), None))


def _agreed(case: Case, found: list[Outcome]) -> list[Outcome]:
    """The looks of `examine`, none of which knew of the others, without what a surer one refutes: when the trouble lies
    in this machine, no other is to blame."""
    first, way, around, ports, families = found
    if around.telling and not first.telling:
        first = _meaning(first, "not the network: this machine itself drops it, going out or coming back (below)")
    if ports.telling and (first.telling or way.telling or around.telling):
        ports = _meaning(ports, f"the host is there, and others of its ports answer: only port {case.port} is stopped")
    return [first, way, around, ports, families]


def _meaning(found: Outcome, means: str) -> Outcome:
    return Outcome(tuple(replace(each, means=means) for each in found.evidence), None, found.hint)


_ALLOW = (
    "allow outgoing TCP to {host} port {port} in this machine's own firewall or security product (on Linux: nft list"
    " ruleset), then dtsconf test again; other ports: dtsconf test --probe"
)


_UNTAKEN = "the program that listens there, on this machine, takes no connections: it hangs, or has too many"
_WAKE = (
    "look after the mail server on this machine (who listens: ss -ltnp sport = :{port}) and start it anew, then dtsconf"
    " test again"
)


def _once_more(case: Case, address: Address) -> Outcome:
    """The same attempt again, with the kernel's counters read before and after."""
    before = counters.read()
    again = knock(address, case.end())
    rose = counters.moved(before, counters.read())
    what = f"connected to {address} port {case.port} once more"
    if again.met == "timeout" and rose.untaken and surroundings.is_here(address):
        seen = f"{again}; this machine counted connections that its own program did not take ({rose.untaken})"
        return Outcome((Evidence(what, seen, _UNTAKEN),), _UNTAKEN, _WAKE.format(port=case.port))
    (seen, means), local = _who(rose, again)
    return Outcome((Evidence(what, f"{again}{seen}", means),), local, _allow(case) if local else None)


def _allow(case: Case) -> str:
    return _ALLOW.format(port=case.port, host=case.host)


def _who(rose: counters.Moved, again: Knock) -> tuple[tuple[str, str], str | None]:
    """What the counters say of who stopped it: (seen, means), and the sentence when it was this machine. They count for
    the whole machine, so what the attempt itself tells of its packets is heard as well."""
    if again.met == "timeout" and rose.kept_back and not again.left:
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
        left = "; the packets left this machine" if again.left else ""
        return (left, "something after this machine drops the packets, or the host is down"), None
    if again.met == "refused":
        return ("", "nothing listens on that port, or a firewall resets it"), None
    if again.met == "open":
        return ("", "this time it works: the trouble comes and goes"), None
    return ("", "the failure is the same each time"), None


def _way(case: Case, address: Address) -> Outcome:
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
        return Outcome((Evidence(what, way.strerror or str(way), means),), means)
    if surroundings.has_no_neighbour(address):
        means = f"{address} is in this machine's own network, and no machine there has it: off, or the wrong address"
        return Outcome((Evidence(what, f"directly, from {way}; nobody answers for {address} (ARP)", means),), means)
    if case.cause == "no-route":
        means = "this machine has a way there: a router or firewall further on said no"
        return Outcome((Evidence(what, f"from {way}", means),), means)
    return Outcome()


def _families(case: Case) -> Outcome:
    """Where the host has IPv6 and IPv4: how each fared."""
    if len({address.family for address in case.addresses}) < 2:
        return Outcome()
    names: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    found = case.together(*(_look(one, case.end()) for one in case.addresses[:4]))
    seen = "; ".join(f"{names[a.family]} {a}: {k}" for a, k in zip(case.addresses, found, strict=False) if k)
    open_now = {names[a.family] for a, k in zip(case.addresses, found, strict=False) if k and k.met == "open"}
    means = f"only {open_now.pop()} works from here" if len(open_now) == 1 else "both families fare alike"
    return Outcome((Evidence("tried the host's IPv6 and IPv4 addresses apart", seen, means),))


def _look(address: Address, end: float) -> Callable[[], Knock]:
    return lambda: knock(address, end)


def _around(case: Case, address: Address) -> Outcome:
    """Silence: does the same port get through to loopback and to the gateway?"""
    if case.cause != "timeout":
        return Outcome()
    gateway = surroundings.gateway_to(address)
    places = ["127.0.0.1", *([gateway] if gateway else [])]
    looks = (_look(Address(socket.AF_INET, (place, case.port)), case.end()) for place in places)
    before = counters.read()
    own, *near = case.together(*looks)
    untaken = counters.moved(before, counters.read()).untaken  # silent too, and no firewall
    if own is not None and own.met == "timeout" and not untaken:
        wall = f"this machine's own firewall drops port {case.port}: even to the machine itself it is silent"
        evidence = Evidence(f"connected to this machine itself, 127.0.0.1 port {case.port}", str(own), wall)
        return Outcome((evidence,), wall, _allow(case))
    return Outcome(tuple(_gateway(case, gateway, knocked) for knocked in near if gateway and knocked))


def _gateway(case: Case, gateway: str, knocked: Knock) -> Evidence:
    means = f"port {case.port} leaves this machine: its own firewall lets it out"
    if knocked.met == "timeout":
        means = f"either this machine keeps port {case.port} in, or the gateway answers nobody there"
    return Evidence(f"connected to the gateway {gateway} port {case.port}", str(knocked), means)


def _other_ports(case: Case) -> Outcome:
    """The same host's other mail ports: which answer, and which of them would do."""
    ports = [port for port in OTHERS if port != case.port]
    looks = [ways_in(case.link, port, case.seconds())[1 if port == 465 else 0] for port in ports]
    ways = [way for found in case.together(*looks) for way in found or ()]
    if not ways:
        return Outcome()
    by_port = {port: [way for way in ways if way.port == port] for port in ports}
    seen = "; ".join(f"port {port}: {_state(found)}" for port, found in by_port.items())
    listening = [port for port, found in by_port.items() if any(way.listens for way in found)]
    choice = chosen(ways, case.route)
    hint = _nowhere(case, listening)
    if choice.kind in ("fit", "certificate"):
        hint = f"{choice.hint} (tried just now, without login)"
    means, telling = _ports_mean(case, listening, served=any(way.ok for way in ways))
    evidence = Evidence(f"tried other mail ports of {case.host}, without login", seen, means)
    return Outcome((evidence,), telling, hint)


def _nowhere(case: Case, listening: list[int]) -> str | None:
    """The hint when none of the ports would do; None where the failure's own holds, or the place was proven."""
    if case.link.past.proven:
        return None
    if case.cause == "refused":
        return nowhere(case.host, case.host_key)
    if case.cause == "timeout" and not listening:
        return (
            f"nothing at {case.host} answers: is it on, is the VPN up, is the name right? --set {case.host_key}=HOST,"
            " or dtsconf test again"
        )
    if case.cause == "timeout":
        return (
            f"ask who runs the firewall on the way, or {case.host}, to let TCP port {case.port} through, then dtsconf"
            " test again"
        )
    return None


def _state(ways: list[Way]) -> str:
    """One port in a few words."""
    good = [way.encryption for way in ways if way.ok]
    if good:
        return "a mail server (" + ", ".join(good) + ")"
    if not ways:
        return "no answer in time"
    last = ways[-1]
    return _WORDS.get(last.cause or "", last.cause or "") if last.stage == "connect" else f"answers ({last.cause})"


def _ports_mean(case: Case, listening: list[int], *, served: bool) -> tuple[str, str | None]:
    """(means, the telling sentence) of which other ports answer; `served`: a mail server is there on one of them."""
    if case.cause != "timeout":
        told = (
            "the host is there, and its mail server listens elsewhere" if served else "no mail server answers on them"
        )
        return told, None
    if not listening:
        return "the whole host is silent: it is down, or a firewall keeps all of these ports", None
    which = f"port {listening[0]} of the same host answers"
    if case.port == 25 and served:
        told = f"port 25 is silent and {which}: this network blocks port 25, as providers do for their customers"
        return told, told
    told = f"port {case.port} is silent and {which}: a firewall on the way or on the host drops just this port"
    return told, told
