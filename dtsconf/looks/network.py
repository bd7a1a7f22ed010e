"""Nobody could be connected to: is it this machine, the network on the way, the host, or only this port?

The attempt is made once more under the eyes of the kernel's counters (`attempt`); then, all at once, other ports of the
same host are tried, the gateway and loopback, the hosts file is compared with the DNS (`hosts`), the name servers are
asked for an answer that is no server's (`answers`), and a guest network's sign-in page looked for (`portal`). Goes to
no other machine. `findings` holds what was seen; what it comes to says whoever knows the service, by `own` first.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from dtsconf.looks import answers, counters, hosts, portal, surroundings
from dtsconf.looks.attempt import Knock, knock, once_more
from dtsconf.looks.case import together
from dtsconf.looks.findings import Place, Seen, Way, rows
from dtsconf.net import meaning
from dtsconf.net.connect import Address
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.looks.case import Case
    from dtsconf.looks.findings import Ports

_AT_GATEWAY = (443, 53)
"""Ports beside the one in question: a router's own pages, and its name server."""


def look(
    case: Case, services: Sequence[int], ports: Callable[[], Ports | None] = lambda: None
) -> tuple[Seen, tuple[Evidence, ...]]:
    """All that is seen around an address that can't be connected to, and its evidence. `services`: those of SERVICES
    that tell whether the host is there; `ports` looks whether the service is on another port. The host has to have an
    address."""
    address = case.addresses[0]
    other = _beside(case, address)
    again = once_more(address, case.end())
    looks: dict[str, Callable[[], Any]] = {
        "ports": ports,
        "families": lambda: _families(case),
        "around": lambda: _around(case, address),
        "services": lambda: _services(case, [address, *([other[0]] if other else [])], services),
        "entry": hosts.look(case),
        "answer": answers.look(case),
        "page": portal.look(case),
    }
    found = dict(zip(looks, together(list(looks.values()), case.end() + 1), strict=True))
    families, more = found.pop("families"), found.pop("around") or {}
    more |= {name: each for name, each in found.items() if each}
    own = surroundings.way_to(address)
    beside = (str(other[0]), other[1]) if other and isinstance(own, str) else None
    place = Place(case.goal, case.host, str(address), own if isinstance(own, str) else "", beside)
    seen = Seen(place, case.cause, case.ms, again, _way(case, address, own), **more)
    return seen, (*rows(seen), *(families or ()))


def _beside(case: Case, address: Address) -> tuple[Address, str] | None:
    """The host's first address of the other family, with this machine's own on the way there; None where there is no
    such address, or no way."""
    other = next((one for one in case.addresses if one.family != address.family), None)
    own = None if other is None else surroundings.way_to(other)
    return (other, own) if other is not None and isinstance(own, str) else None


def _way(case: Case, address: Address, own: OSError | str) -> Way:
    """What this machine's routing table and neighbours say."""
    if isinstance(own, OSError):
        seen = own.strerror or str(own)
        if meaning.of_errno(own.errno) == "blocked":
            return Way("prohibited", seen, "this machine's own routes prohibit it: no packet is sent")
        if lacking := _no_default(address, own, seen) or _other_family(case, seen):
            return lacking
        means = "this machine itself has no way there: is the cable, the wireless network or the VPN up?"
        return Way("none", seen, means)
    if surroundings.is_here(address):
        return Way("here", f"it is {own} itself", f"{case.host} is this machine itself")
    if surroundings.has_no_neighbour(address) or (case.cause == "no-route" and surroundings.is_near_6(address)):
        means = f"{address} is in this machine's own network, and no machine there has it: off, or the wrong address"
        return Way("no-neighbour", f"directly, from {own}; nobody answers for {address}", means)
    gateway = surroundings.gateway_to(address)
    if gateway and surroundings.has_no_neighbour(Address(socket.AF_INET, (gateway, 0))):
        return _no_gateway(gateway, own)
    return Way("open", f"from {own}", "this machine has a way there" if case.cause == "no-route" else "")


def _other_family(case: Case, seen: str) -> Way | None:
    """Whether the host has addresses of one family alone, and this machine ways by the other alone."""
    families = {address.family for address in case.addresses}
    other = socket.AF_INET if families == {socket.AF_INET6} else socket.AF_INET6
    if len(families) > 1 or surroundings.has_way_by(families.pop()) or not surroundings.has_way_by(other):
        return None
    theirs, ours = ("IPv6", "IPv4") if other == socket.AF_INET else ("IPv4", "IPv6")
    means = f"{case.host} has only an {theirs} address, and this machine's network has only {ours}"
    ask = f"ask who runs {case.host} for a server with {ours}, or who runs this machine's network for {theirs}"
    return Way("other-family", seen, means, ask)


def _no_default(address: Address, error: OSError, seen: str) -> Way | None:
    """Whether this machine is in a network by the family of `address`, and no route leads out of that."""
    near = surroundings.own_networks(address.family) if meaning.of_errno(error.errno) == "no-route" else []
    if not near:
        return None
    family = "IPv4" if address.family == socket.AF_INET else "IPv6"
    nets = ", ".join(near[:2])
    means = (
        f"this machine is in {nets} by {family}, and no route leads from there to {address}: no default route is set"
    )
    tool = surroundings.tool("ip route" if family == "IPv4" else "ip -6 route")
    shown = f" (its routes: {tool})" if tool else ""
    ask = (
        "is the cable, the wireless network or the VPN up? If so, ask who runs this machine's network for the gateway,"
        f" and set it in this machine's network settings{shown}"
    )
    return Way("no-default", seen, means, ask)


def _no_gateway(gateway: str, own: str) -> Way:
    means = (
        f"this machine's gateway {gateway} does not answer: no machine in this machine's own network has that address"
    )
    tool = surroundings.tool("ip route")
    shown = f" (its routes: {tool})" if tool else ""
    ask = (
        f"is the router on, and is {gateway} its address? Ask who runs this machine's network for the right gateway,"
        f" and set it in this machine's network settings{shown}"
    )
    return Way("no-gateway", f"over the gateway {gateway}, from {own}; nobody answers for {gateway}", means, ask)


def _families(case: Case) -> tuple[Evidence, ...]:
    """Where the host has IPv6 and IPv4: how each fared."""
    if len({address.family for address in case.addresses}) < 2:
        return ()
    names: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    found = case.together(*(_look(one, case.end()) for one in case.addresses[:4]))
    seen = "; ".join(f"{names[a.family]} {a}: {k}" for a, k in zip(case.addresses, found, strict=False) if k)
    open_now = {names[a.family] for a, k in zip(case.addresses, found, strict=False) if k and k.met == "open"}
    alike = "both work from here" if open_now else "neither works from here"
    means = f"only {open_now.pop()} works from here" if len(open_now) == 1 else alike
    return (Evidence("tried the host's IPv6 and IPv4 addresses apart", seen, means),)


def _look(address: Address, end: float) -> Callable[[], Knock]:
    return lambda: knock(address, end)


def _around(case: Case, address: Address) -> dict[str, Any]:
    """Silence: does anything get through to loopback (the same port) and to the gateway (some ports)?"""
    if case.cause != "timeout":
        return {}
    gateway = surroundings.gateway_to(address)
    ports = tuple(dict.fromkeys((case.port, *_AT_GATEWAY))) if gateway else ()
    places = [Address(socket.AF_INET, ("127.0.0.1", case.port))]
    places += [Address(socket.AF_INET, (str(gateway), port)) for port in ports]
    before = counters.read()
    own, *near = case.together(*(_look(place, case.end()) for place in places))
    untaken = counters.moved(before, counters.read()).untaken  # silent too, and no firewall
    return {
        "loopback": None if untaken else own,
        "gateway_address": gateway,
        "gateway": {port: met for port, met in zip(ports, near, strict=True) if met},
    }


def _services(case: Case, addresses: Sequence[Address], ports: Sequence[int]) -> dict[int, Knock]:
    """Whether the host is there at all, by ports that have nothing to do with the one in question. Of several addresses
    the one that answers counts."""
    if case.cause not in ("timeout", "no-route", "refused") or surroundings.is_here(addresses[0]):
        return {}
    tried = [(port, address) for port in ports for address in addresses]
    found = case.together(*(_look(address.at(port), case.end()) for port, address in tried))
    best: dict[int, Knock] = {}
    for (port, _), met in zip(tried, found, strict=True):
        if met and (port not in best or (met.answered and not best[port].answered)):
            best[port] = met
    return best
