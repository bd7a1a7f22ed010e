"""Networks that stand in the way: what lies between the client's side of tests/real/netns.py and a server, by name, and
how a test of the settings has to end.

What errno can tell and what it can't: a reject by reset looks as if nothing listened, a silent drop as if the host were
down; only EACCES speaks of this machine itself (facts of connect(2) under nftables). Knows nothing of the program.
"""

from __future__ import annotations

import contextlib
import functools
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from tests.real.netns import SERVER, TARGETS, Link
from tests.real.polite import SmtpServer

CUT_OFF = {"cut-in-mid-session": (2530, "drop"), "reset-in-mid-session": (2531, "reject with tcp reset")}
"""Port, and what a firewall does there from the sixth packet of a connection on."""


@dataclass(frozen=True)
class Obstacle:
    """`stages` and `cause`: the failure that has to be told. `says`: a regular expression that the row fits. `code`: the
    exit code."""

    name: str
    does: str
    cause: str
    says: str
    stages: tuple[str, ...] = ("connect",)
    code: int = 9
    seconds: float = 1


_REFUSED, _HOST, _NET = "Connection refused", "No route to host", "Network is unreachable"
_TALK = ("banner", "ehlo", "mail-from", "rcpt-to", "data")

OBSTACLES = {
    one.name: one
    for one in (
        Obstacle("refused", "nothing listens", "refused", _REFUSED),
        Obstacle("dropped", "a firewall drops what comes", "timeout", "no answer"),
        Obstacle("reset", "a firewall rejects with a reset", "refused", _REFUSED),
        Obstacle("port-unreachable", "a firewall rejects with port-unreachable", "refused", _REFUSED),
        Obstacle("admin-prohibited", "a firewall rejects with admin-prohibited", "no-route", _HOST),
        Obstacle("host-prohibited", "a firewall rejects with host-prohibited", "no-route", _HOST),
        Obstacle("net-unreachable", "a firewall rejects with net-unreachable", "no-route", _NET),
        Obstacle("dropped-locally", "this machine's firewall drops what goes out", "timeout", "no answer"),
        Obstacle("rejected-locally", "this machine's firewall rejects what goes out", "refused", _REFUSED),
        Obstacle("no-route", "there is no route", "no-route", _NET),
        Obstacle("route-prohibited", "this machine prohibits the route", "blocked", "Permission denied"),
        Obstacle("no-neighbour", "no host has the address", "no-route", _HOST, seconds=8),
        Obstacle("nosuch.corp.example", "no such name", "dns", "not known", ("resolve",)),
        Obstacle("servfail.corp.example", "the name servers fail", "dns", "Temporary failure", ("resolve",), seconds=8),
        Obstacle("cut-in-mid-session", "a firewall drops a session it has let begin", "timeout", "no answer", _TALK, 6),
        Obstacle("reset-in-mid-session", "a firewall resets a session it has let begin", "dropped", "reset", _TALK, 6),
    )
}


def place(name: str) -> tuple[str, int]:
    """Host and port at which the obstacle of this name is met."""
    if name in CUT_OFF:
        return SERVER, CUT_OFF[name][0]
    return TARGETS.get(name, (name, 25))


@contextlib.contextmanager
def obstructed(link: Link) -> Iterator[Link]:
    """The link with the servers and rules of CUT_OFF added."""
    rules = " ".join(f"tcp dport {port} ct original packets > 5 {verdict};" for port, verdict in CUT_OFF.values())
    link.nft(f"table inet cut {{ chain input {{ type filter hook input priority 1; {rules} }}; }}")
    with contextlib.ExitStack() as stack:
        for port, _ in CUT_OFF.values():
            listener = link.server.call(functools.partial(socket.create_server, (SERVER, port)))
            stack.enter_context(SmtpServer(listener=listener))
        yield link
