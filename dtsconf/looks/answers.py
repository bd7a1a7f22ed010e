"""The name server itself gives the server's name an address that is no server's: 0.0.0.0, with which DNS filters block
names, or this machine's own loopback (RFC 1122 3.2.1.3). Asks the same name servers as the system.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import hosts, hostsfile, surroundings
from dtsconf.names import is_ip
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.case import Case, Goal
    from dtsconf.looks.names import Said


@frozen
class Answer:
    """Which name server says which address."""

    server: str
    address: str

    @property
    def blocks(self) -> bool:
        """Whether it is the address that stands for none."""
        return ip_address(self.address).is_unspecified


def look(case: Case) -> Callable[[], Answer | None]:
    """The look; None where the address may be a server's, or was meant, or comes from elsewhere."""
    return lambda: _answer(case)


def _answer(case: Case) -> Answer | None:
    address = str(case.addresses[0])
    if is_ip(case.host) or hosts.is_own_name(case.host) or not _is_astray(address):
        return None
    if any(given == address for _, given in hostsfile.lines_of(case.host, surroundings.hosts_file())):
        return None
    from dtsconf.looks import names

    kind, seconds = "AAAA" if ":" in address else "A", case.seconds()

    def asking(server: str) -> Callable[[], Said]:
        return lambda: names.ask(server, case.host, kind, seconds)

    answers = case.together(*map(asking, names.beyond()))
    return next((Answer(said.server, address) for said in answers if said and address in said.values), None)


def _is_astray(address: str) -> bool:
    place = ip_address(address.partition("%")[0])
    return place.is_unspecified or place.is_loopback


def row(answer: Answer, host: str) -> Evidence:
    """What was seen."""
    means = "0.0.0.0 and :: are no machine's address" if answer.blocks else "that is every machine itself"
    return Evidence(f"asked the name server {answer.server} for the address of {host}", answer.address, means)


def telling(answer: Answer, host: str) -> str:
    """The sentence for the failed stage."""
    said = f"the name server {answer.server} answers {answer.address} for {host}"
    if answer.blocks:
        return f"{said}, which is no server: a DNS filter blocks this name"
    return f"{said}, which is this machine itself and no server for others: a DNS filter, or a wrong entry there"


def hint(answer: Answer, goal: Goal) -> str:
    """Whom to tell."""
    who = f"who runs the name server {answer.server}"
    if answer.blocks:
        return f"ask {who} (or the filter behind it) to let {goal.host} through, then dtsconf test again"
    return (
        f"tell {who}: {goal.host} has to have its server's own address there; then dtsconf test again. Only if"
        f" {goal.service} is to be on this machine: start it, on port {goal.port}"
    )
