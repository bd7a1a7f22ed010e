"""HTTPS to the service: nobody could be connected to. Whether this machine, the network or the host is to blame, and
whom to ask with what words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import network, own, portal
from dtsconf.looks.asked import by_proxy
from dtsconf.looks.case import Outcome
from dtsconf.looks.own import AGAIN, Verdict, allow, let_in, let_out

if TYPE_CHECKING:
    from dtsconf.looks.asked import Asked
    from dtsconf.looks.findings import Seen

OTHERS = (80, 22)
"""Ports that tell whether the host is there at all."""


def examine(asked: Asked) -> Outcome:
    """Why the connect stage failed."""
    if not asked.case.addresses:
        return Outcome()
    seen, evidence = network.look(asked.case, OTHERS)
    return Outcome(evidence, *verdict(seen, asked))


def verdict(seen: Seen, asked: Asked) -> Verdict:
    """The first that fits: this machine itself, a sign-in page, then the network and the host."""
    found = own.misled(seen) or own.own(seen)
    if found is not None:
        return found[0], found[1] or allow(seen.place, "outgoing TCP to {there}")
    page = seen.page
    if page is not None and not page.moved:
        return portal.telling(page), f"{portal.hint(page)}; if there is nothing to sign in to: {let_out(seen.place)}"
    if seen.cause == "blocked":
        return None, allow(seen.place, "outgoing TCP to {there}")
    told = _told(seen, asked)
    spared, through = by_proxy(asked)
    ask = let_out(seen.place) if asked.microsoft else f"{let_out(seen.place)}, or {let_in(seen.place)}"
    return f"{told}{spared and '; ' + spared}", f"{through}; else {ask}, {AGAIN}"


def _told(seen: Seen, asked: Asked) -> str:
    place = seen.place
    there = seen.open if seen.cause == "refused" else seen.alive
    if there:
        met = {"timeout": "is silent", "refused": "refuses"}.get(seen.cause, "can't be reached")
        told = f"the host is there (its port {there[0]} answers), and port {place.port} {met}"
        return (
            f"{told}: a firewall keeps HTTPS" if asked.microsoft else f"{told}: a firewall, or {asked.service} is off"
        )
    if seen.cause == "refused":
        if seen.by == "elsewhere":
            return "a firewall rejects it: the refusal came by ICMP"
        if asked.microsoft:
            return f"port {place.port} refuses, which {asked.service} itself never does: a firewall rejects HTTPS"
        return f"port {place.port} refuses: nothing listens there, or a firewall rejects it"
    if seen.cause == "timeout":
        up = ", though this machine's network is up" if seen.gateway_lives else ""
        off = "" if asked.microsoft else f", or {place.host} is off"
        return f"nothing at {place.host} answers{up}: a firewall lets no HTTPS out but by a proxy{off}"
    return "a router or firewall further on said no"
