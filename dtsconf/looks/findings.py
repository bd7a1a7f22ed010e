"""What the looks after a failed connection saw, as one value, and as rows of evidence. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.looks import answers, hosts, portal
from dtsconf.looks.attempt import SILENT
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.looks.answers import Answer
    from dtsconf.looks.attempt import Again, Knock, Stopper
    from dtsconf.looks.case import Goal
    from dtsconf.looks.hosts import Entry
    from dtsconf.looks.portal import Page

SERVICES = {443: "web", 80: "web", 22: "remote login", 993: "mail reading", 143: "mail reading"}
"""Ports that tell whether a host is there at all, and what they are for."""

WayKind = Literal["open", "none", "other-family", "no-default", "no-gateway", "prohibited", "no-neighbour", "here"]


@frozen
class Place:
    """Where the connection was to go: the host as it is looked up, its address; `own` is this machine's address on the
    way there ('' if there is none); `beside`: the same two for the host's address of the other family, where there is a
    way to that as well."""

    goal: Goal
    host: str
    address: str
    own: str
    beside: tuple[str, str] | None = None

    @property
    def port(self) -> int:
        """The TCP port."""
        return self.goal.port

    @property
    def host_key(self) -> str:
        """What names the host."""
        return self.goal.host_key

    @property
    def proven(self) -> str | None:
        """When a test mail last went there."""
        return self.goal.proven

    @property
    def named(self) -> str:
        """Host, address and port, as somebody is told who has never heard of them."""
        addresses = self.address if self.beside is None else f"{self.address}, {self.beside[0]}"
        host = self.host if self.host == self.address else f"{self.host} ({addresses})"
        return f"{host}, TCP port {self.port}"

    @property
    def me(self) -> str:
        """This machine, likewise."""
        own = self.own if self.beside is None else f"{self.own}, {self.beside[1]}"
        return f"this machine ({own})" if own else "this machine"


@frozen
class Way:
    """What this machine's routes and neighbours say: `means` is a sentence, '' when there is nothing to tell; `ask` is
    what to do about it, where that depends on addresses."""

    kind: WayKind
    seen: str = ""
    means: str = ""
    ask: str = ""


@frozen
class Ports:
    """The host's other mail ports: `seen` in words; those that answer at all, and those of them that refuse; `served`:
    a mail server is there on one of them; `found` is what they come to, as a sentence, and `hint` what to do by that:
    the way in that would do, or with `loginless` what a login lacks there, or that it said nothing in time; `stranger`:
    the port on which somebody else answers in the server's place."""

    seen: str
    listening: tuple[int, ...] = ()
    served: bool = False
    hint: str | None = None
    refusing: tuple[int, ...] = ()
    found: str = ""
    loginless: bool = False
    stranger: int | None = None

    @property
    def opens(self) -> list[int]:
        """Those that take a connection."""
        return [port for port in self.listening if port not in self.refusing]

    @property
    def example(self) -> str:
        """The first of those that answer, in words, one that opens before one that refuses."""
        which = (self.opens or self.listening)[0]
        return f"port {which} of the same host {'answers' if self.opens else 'refuses'}"


@frozen
class Seen:
    """All of it. `cause` and `ms` are the conversation's; `loopback` is this machine's own port of that number (None
    too where a program there is merely slow to take connections); `gateway` and `services` are what attempts at these
    ports met, those of the gateway and those of SERVICES at the host; None and empty: not looked at."""

    place: Place
    cause: str
    ms: float
    again: Again
    way: Way
    ports: Ports | None = None
    loopback: Knock | None = None
    gateway_address: str | None = None
    gateway: Mapping[int, Knock] = field(default_factory=dict)
    services: Mapping[int, Knock] = field(default_factory=dict)
    entry: Entry | None = None
    answer: Answer | None = None
    page: Page | None = None

    @property
    def alive(self) -> list[int]:
        """The host's ports, none for outgoing mail, that somebody answers at."""
        return [port for port, knock in self.services.items() if knock.answered]

    @property
    def open(self) -> list[int]:
        """Those of them that open."""
        return [port for port, knock in self.services.items() if knock.met == "open"]

    @property
    def gateway_lives(self) -> bool:
        """Whether the gateway answers at any port."""
        return any(knock.answered for knock in self.gateway.values())

    @property
    def mute(self) -> bool:
        """Whether nothing answers at all, not even the gateway that all packets go over."""
        silent = [*self.services.values(), *self.gateway.values()]
        listening = self.ports is not None and self.ports.listening
        return bool(self.gateway) and not listening and all(knock.met == "timeout" for knock in silent)

    @property
    def own_loopback(self) -> bool:
        """Whether this machine's port is silent to this machine itself."""
        return self.loopback is not None and self.loopback.met == "timeout"

    @property
    def by(self) -> Stopper:
        """Who stopped it. That this machine drops the answers is believed only where nothing speaks against it: what it
        counted may have been meant for other programs, from anywhere. Where nobody has the address that the packets are
        to go to next, the refusal that this machine sends itself is no firewall's (RFC 1122 3.2.2.1)."""
        if self.unfound:
            return "unknown"
        if self.again.by != "own-in" or self.own_loopback:
            return self.again.by
        same = self.gateway.get(self.place.port)
        just_this = same is not None and same.met == "timeout" and self.gateway_lives
        listening = self.ports is not None and bool(self.ports.listening)
        return "own-in" if just_this or not (self.alive or self.gateway_lives or listening) else "unknown"

    @property
    def unfound(self) -> bool:
        """Whether the next machine on the way was looked for in vain, and the system said so."""
        return self.way.kind in ("no-neighbour", "no-gateway") and self.again.knock.met == "no-route"

    @property
    def own_fault(self) -> bool:
        """Whether the trouble lies in this machine itself."""
        return self.by in ("program", "own-out", "own-in") or self.own_loopback or self.way.kind in _OWN


_OWN = ("none", "other-family", "no-default", "no-gateway", "prohibited")


def rows(seen: Seen) -> list[Evidence]:
    """One for each look that was made. The trouble found in this machine, no other is said to be to blame."""
    found = [_again(seen)]
    if seen.way.means:
        what = f"asked this machine's routing table for the way to {seen.place.address}"
        found.append(Evidence(what, seen.way.seen, seen.way.means))
    if seen.own_loopback:
        what = f"connected to this machine itself, 127.0.0.1 port {seen.place.port}"
        found.append(Evidence(what, str(seen.loopback), own_wall(seen.place.port)))
    if seen.gateway:
        found.append(_gateway(seen))
    if seen.services:
        found.append(_services(seen))
    if seen.ports is not None:
        what = f"tried other mail ports of {seen.place.host}, without login"
        found.append(Evidence(what, seen.ports.seen, _ports_mean(seen, seen.ports)))
    if seen.entry is not None:
        found.append(hosts.row(seen.entry, seen.place.host, seen.place.port))
    if seen.answer is not None:
        found.append(answers.row(seen.answer, seen.place.host))
    if seen.page is not None and not seen.page.moved:
        found.append(portal.row(seen.place.host, seen.page))
    return found


def own_wall(port: int) -> str:
    """The sentence for a port of this machine's own that is silent."""
    return f"this machine's own firewall drops port {port}: even to the machine itself it is silent"


def _again(seen: Seen) -> Evidence:
    means = seen.again.means
    if seen.cause == "no-route" and seen.again.knock.met == "timeout":
        means = "nobody answers for this address: the refusal comes only after machines were looked for, about 3 s"
    if seen.unfound:
        means = "this machine looked for the next machine on the way, and found none"
    elif seen.by != seen.again.by:
        means = f"{SILENT}; what else came in was not for this attempt"
    elif seen.own_loopback and seen.by in ("unknown", "elsewhere"):
        means = "not the network: this machine itself drops it, going out or coming back (below)"
    what = f"connected to {seen.place.address} port {seen.place.port} once more"
    return Evidence(what, f"{seen.again.knock}{seen.again.seen}", means)


def _gateway(seen: Seen) -> Evidence:
    shown = "; ".join(f"port {port}: {knock}" for port, knock in seen.gateway.items())
    means = "the gateway answers: this machine's own network is fine"
    own = seen.gateway.get(seen.place.port)
    if own is not None and own.answered:
        means = f"port {seen.place.port} leaves this machine: its own firewall lets it out, and the answers in"
    elif not seen.gateway_lives:
        means = "the gateway answers nobody, or this machine drops what goes out or what comes back"
    return Evidence(f"connected to the gateway {seen.gateway_address}", shown, means)


def _services(seen: Seen) -> Evidence:
    shown = "; ".join(f"port {port} ({SERVICES[port]}): {knock}" for port, knock in seen.services.items())
    means = f"none of these answers either: it is not port {seen.place.port} alone"
    if seen.open:
        means = f"the host is on, and this machine reaches it: port {seen.open[0]} opens"
    elif seen.alive:
        means = "somebody answers for the host: it is on, or a firewall answers in its place"
    return Evidence(f"connected to ports of {seen.place.host} that others use", shown, means)


def _ports_mean(seen: Seen, ports: Ports) -> str:
    port = seen.place.port
    if seen.own_fault and not ports.served and (seen.cause == "refused" or not ports.listening):
        return "this machine itself stops these as well, or no mail server is there"
    if seen.own_fault:
        return f"the host is there, and others of its ports answer: only port {port} is stopped"
    if ports.served:
        return "the host is there, and its mail server listens elsewhere"
    if seen.cause != "timeout":
        return "no mail server answers on them"
    if ports.listening:
        return f"a firewall on the way or on the host drops port {port}, but not these"
    if seen.alive:
        return "every mail port is silent, and the host is there: a firewall keeps mail ports"
    return "every mail port is silent: the host is down, or a firewall keeps all of these ports"
