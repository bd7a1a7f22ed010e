"""Who is to blame for a failed connection, by what the looks saw, and whom to ask with what words. Looks at nothing
more, except which tools this machine has.

In the order of how sure it is: this machine itself, a mail server found elsewhere, a name that is a mail domain's, a
sign-in page, then the network and the host, which only other people can mend. Each verdict is a sentence for the failed
stage, and its hint follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import findings, portal
from dtsconf.looks.own import AGAIN, ANSWERS, Verdict, allow, let_in, let_out, misled, own
from dtsconf.mail.meanings.hints import GRAPH
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.findings import Place, Seen

_SLOW = 900.0
"""Milliseconds from which a refusal was no firewall's: routers look for a host about 3 s (RFC 4861 10, arp(7))."""


def verdict(seen: Seen, domain: Verdict | None = None) -> Verdict:
    """The first that fits. `domain`: what to say where the host's name is a mail domain's, its servers have others."""
    tried = (misled, own, _elsewhere, lambda _seen: domain, _signed_out, _microsofts, _others)
    return next((found for each in tried if (found := each(seen)) is not None), (None, None))


def _elsewhere(seen: Seen) -> Verdict | None:
    """A mail server on another port."""
    ports, place = seen.ports, seen.place
    if ports is None or not ports.hint or (ports.loginless and seen.cause == "timeout"):
        return None
    if seen.cause != "timeout":
        no = "a router or firewall further on said no to this port" if seen.cause == "no-route" else _refuses(place)
        return f"{no}, and {ports.found}", ports.hint
    which = ports.example
    if place.port == 25:
        told = f"port 25 is silent and {which}: this network blocks port 25, as providers do for their customers"
        return told, ports.hint
    return _one_port(seen, which), ports.hint


def _refuses(place: Place) -> str:
    return f"port {place.port} refuses"


def _one_port(seen: Seen, which: str) -> str:
    return f"port {seen.place.port} is silent and {which}: a firewall on the way or on the host drops just this port"


def _signed_out(seen: Seen) -> Verdict | None:
    """A page that wants to be seen first. Here no mail port says so, hence the doubt."""
    page = seen.page
    if page is None or page.moved:
        return None
    return portal.telling(page), f"{portal.hint(page)}; if there is nothing to sign in to: {let_out(seen.place)}"


def _microsofts(seen: Seen) -> Verdict | None:
    """Microsoft's own server is on and listens: it is this network that keeps mail. Graph goes another way."""
    place, found = seen.place, _others(seen)
    if found is None or not is_smtp_host(place.host):
        return None
    told = f"port {place.port} of Microsoft's own server can't be had from here: a firewall keeps outgoing mail"
    if seen.alive:
        told = f"the host is there (its port {(seen.open or seen.alive)[0]} answers): a firewall keeps outgoing mail"
    if seen.ports is not None and seen.ports.stranger:
        told += f", and what answers on port {seen.ports.stranger} isn't Microsoft's: this network leads mail elsewhere"
    other = f"; or {GRAPH}" if place.host_key == "microsoft.smtp.host" else ""
    return told, f"{let_out(place)}, {AGAIN}{other}"


def _others(seen: Seen) -> Verdict | None:
    """The network and the host. What worked before is said, since it speaks for the settings."""
    judge = _BY_CAUSE.get(seen.cause)
    if judge is None:
        return None
    judge = _BY_WAY.get((seen.way.kind, seen.cause), judge)
    told, hint = judge(seen)
    place = seen.place
    if place.proven:
        before = f"{place.host} port {place.port} was proven from this machine on {place.proven}"
        hint = f"{before}: is the server down, or the way to it? Now {hint}"
    return told, hint


def _near(seen: Seen) -> Verdict:
    return seen.way.means, _off(seen.place, "is on and plugged in")


def _here(seen: Seen) -> Verdict:
    place = seen.place
    if seen.cause == "timeout":
        return f"{seen.way.means}, and its own firewall drops this port", allow(place, "TCP to {there}")
    other = (
        ""
        if place.proven
        else f", if there is to be one; else name the one for outgoing mail: --set {place.host_key}=HOST"
    )
    return seen.way.means, f"start the mail server on this machine{other}"


def _off(place: Place, what: str) -> str:
    """For a host that isn't there."""
    other = "" if place.proven else f"; if it has another name or address: --set {place.host_key}=HOST"
    return f"this machine's network is fine: ask who runs {place.host} whether it {what}, {AGAIN}{other}"


def _silence(seen: Seen) -> Verdict:
    place, ports = seen.place, seen.ports
    if ports is not None and ports.listening:
        ask = f"{let_out(place)}, or {let_in(place)}, {AGAIN}"
        if place.port != 25:
            found, other = (
                (f"; {ports.found}", f"; else, by the port that answers: {ports.hint}") if ports.hint else ("", "")
            )
            return f"{_one_port(seen, ports.example)}{found}", f"{ask}{other}"
        likely = "likely this network blocks port 25, as providers do for their customers"
        other = f"; or ask for a port of {place.host} other than 25 to send by (587, 465)"
        return f"port 25 is silent and {ports.example}: {likely}", f"{ask}{other}"
    if seen.alive:
        return _mail_ports_alone(seen, "are silent", "drops")
    if seen.mute:
        told = "nothing answers, not even the gateway: this machine's own firewall may drop the answers"
        let = allow(place, ANSWERS)
        return told, f"look at this machine first: {let}; if it is the network: {let_out(place)}"
    if seen.gateway_lives:
        told = f"nothing at {place.host} answers, though this machine's network is up: it is off, or a firewall drops"
        return f"{told} all of it", f"{let_in(place)}; if it is: {let_out(place)}, {AGAIN}{_or_vpn(place)}"
    return None, f"{let_in(place)}; if it is: {let_out(place)}, {AGAIN}{_or_vpn(place)}"


def _or_vpn(place: Place) -> str:
    name = "" if place.proven else f", and is the name right? --set {place.host_key}=HOST"
    return f"; is a VPN needed that isn't up{name}"


def _mail_ports_alone(seen: Seen, met: str, does: str) -> Verdict:
    """The host is there, and none of its mail ports is to be had."""
    place, port = seen.place, (seen.open or seen.alive)[0]
    told = f"the host is there (its port {port} answers), and its mail ports {met}"
    ask = f"{let_out(place)}, {AGAIN}"
    told += f": a firewall {does} outgoing mail"
    if place.proven:
        return told, ask
    reads = any(findings.SERVICES[each] == "mail reading" for each in seen.open)
    lesser = "is for reading mail alone" if reads else "is no mail server"
    other = f"if {place.host} {lesser}, ask for the name of the server for outgoing mail"
    return f"{told}, or it {lesser}", f"{ask}; {other}: --set {place.host_key}=HOST"


def _no_way(seen: Seen) -> Verdict:
    """A router or a firewall further on said no; this machine has a way."""
    place = seen.place
    if seen.alive:
        told = f"the host is there (its port {seen.alive[0]} answers), and a firewall forbids port {place.port}"
        return told, f"{let_out(place)}, {AGAIN}"
    if seen.ms >= _SLOW:
        told = "a router looked for the host, and nobody answered: it is off, or has another address"
        return told, f"{_off(place, 'is on, and has this address')}; if it is on: {let_out(place)}"
    told = "a router or firewall further on said no at once"
    return told, (
        f"this machine's network is fine: {let_out(place)}; is {place.host} in a network that only a VPN leads to, or"
        f" is its address wrong? Else {AGAIN.removeprefix('then ')}"
    )


def _refusal(seen: Seen) -> Verdict:
    place = seen.place
    if seen.by == "elsewhere":
        return "a firewall rejects it: the refusal came by ICMP", f"{let_out(place)}, or {let_in(place)}, {AGAIN}"
    if seen.open:
        return _mail_ports_alone(seen, "refuse", "refuses")
    told = "every mail port refuses: no mail server runs there, or a firewall refuses mail"
    if seen.ports is not None and seen.ports.opens:
        told = f"{_refuses(place)}, and port {seen.ports.opens[0]} answers, but no mail server that would do"
    name = "" if place.proven else f", or for the right name: --set {place.host_key}=HOST"
    ask = f"ask who runs {place.host} whether its mail server is on, and on which port{name}"
    return told, f"{ask}; if it is on: {let_out(place)}, {AGAIN}"


_BY_WAY: dict[tuple[str, str], Callable[[Seen], Verdict]] = {
    ("no-neighbour", "no-route"): _near,
    ("no-neighbour", "timeout"): _near,
    ("here", "refused"): _here,
    ("here", "timeout"): _here,
}
_BY_CAUSE: dict[str, Callable[[Seen], Verdict]] = {
    "timeout": _silence,
    "no-route": _no_way,
    "refused": _refusal,
}
