"""Of what was seen after a failed connection, what this machine itself is to blame for: its hosts file and name
servers, its firewall, its routes, a program of its own that hangs. Looks at nothing more, except which tools it has.

Each verdict is a sentence for the failed stage, and its hint follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import answers, findings, hosts, surroundings

if TYPE_CHECKING:
    from dtsconf.looks.findings import Place, Seen

Verdict = tuple[str | None, str | None]
"""The sentence for the failed stage, and the hint that takes the place of its own; None leaves either as it is."""

AGAIN = "then dtsconf test again"


def misled(seen: Seen) -> Verdict | None:
    """The hosts file or the name server leads to the wrong place."""
    entry, answer, place = seen.entry, seen.answer, seen.place
    if answer is not None:
        return answers.telling(answer, place.host), answers.hint(answer, place.goal)
    if entry is None or not entry.misleads:
        return None
    return hosts.telling(entry, place.host), hosts.hint(entry, place.host, place.port)


def own(seen: Seen) -> Verdict | None:
    """This machine itself."""
    place, again = seen.place, seen.again
    if seen.by == "program":
        return again.means, _wake(place)
    if seen.by == "own-out":
        return again.means, allow(place, "outgoing TCP to {there}")
    if seen.by == "own-in":
        return again.means, allow(place, ANSWERS)
    if seen.own_loopback:
        told = findings.own_wall(place.port)
        return told, allow(place, ANSWERS if again.knock.left else "TCP to {there}, and the answers that come back,")
    if seen.way.kind == "none":
        return seen.way.means, "bring this machine's network up (cable, wireless, VPN, default route), " + AGAIN
    if seen.way.ask:
        return seen.way.means, f"{seen.way.ask}, {AGAIN}"
    return (seen.way.means, None) if seen.way.kind == "prohibited" else None


ANSWERS = "what comes back from {there} (in rules: established connections, coming in)"
"""What is let in, for `allow`."""


def allow(place: Place, what: str) -> str:
    """The hint to let something through here; `{there}` in it stands for host and port."""
    tool = surroundings.tool(*surroundings.RULES)
    shown = f" (its rules: {tool})" if tool else ""
    there = f"{place.host} port {place.port}"
    other = "; other ports: dtsconf test --probe" if place.goal.other_ports else ""
    return f"allow {what.format(there=there)} in this machine's own firewall or security product{shown}, {AGAIN}{other}"


def _wake(place: Place) -> str:
    tool = surroundings.tool(f"ss -ltnp sport = :{place.port}")
    shown = f" (who listens: {tool})" if tool else ""
    return f"look after {place.goal.service} on this machine{shown} and start it anew, {AGAIN}"


def let_out(place: Place) -> str:
    """What the people who run the network are asked for."""
    return f"ask who runs the network's firewall to let {place.me} out to {place.named}"


def let_in(place: Place) -> str:
    """What the people who run the server are asked for."""
    return f"ask who runs {place.host} whether it is on, and whether its firewall lets {place.me} in to {place.named}"
