"""What this machine's hosts file says of the server's name, beside what the DNS says (hosts(5), RFC 1035).

An entry there hides the DNS; a forgotten one leads to where the server no longer is. Asks the same name servers as the
system, and, when they know another address, tries the port there.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import hostsfile, surroundings
from dtsconf.looks.attempt import knock
from dtsconf.names import is_ip
from dtsconf.net.connect import Address
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.case import Case


@frozen
class Entry:
    """The host's line in the hosts file: number and address. `dns`: the addresses that the DNS has, where it knows
    others; `opens`: the port opens at the first of them; `here`: the file's address is this machine's own."""

    path: str
    number: int
    address: str
    dns: tuple[str, ...] = ()
    opens: bool = False
    here: bool = False

    @property
    def misleads(self) -> bool:
        """Whether it is the file that leads to the wrong place."""
        return self.here or self.opens


def look(case: Case) -> Callable[[], Entry | None]:
    """The look; None where the file doesn't give the host its address."""
    return lambda: _entry(case)


def _entry(case: Case) -> Entry | None:
    used = {str(address) for address in case.addresses}
    path = surroundings.hosts_file()
    found = next((each for each in hostsfile.lines_of(case.host, path) if each[1] in used), None)
    if found is None or is_ip(case.host) or is_own_name(case.host):
        return None
    number, address = found
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    known = _of_dns(case, "AAAA" if ":" in address else "A")
    dns = () if used & set(known) else known
    opens = bool(dns) and knock(Address(family, (dns[0], case.port)), case.end()).met == "open"
    return Entry(path, number, address, dns, opens, surroundings.is_here(Address(family, (address, case.port))))


def is_own_name(host: str) -> bool:
    """Whether the name is meant to lead to this machine itself (RFC 6761 6.3)."""
    own = socket.gethostname().lower()
    return host.rpartition(".")[2] == "localhost" or host in (own, own.partition(".")[0])


def _of_dns(case: Case, kind: str) -> tuple[str, ...]:
    from dtsconf.looks import names

    seconds = case.seconds() / 2  # what is left is for the port
    found = case.together(*(_asking(server, case.host, kind, seconds) for server in names.beyond()))
    return next((values for values in found if values), ())


def _asking(server: str, host: str, kind: str, seconds: float) -> Callable[[], tuple[str, ...]]:
    from dtsconf.looks import names

    return lambda: names.ask(server, host, kind, seconds).values


def row(entry: Entry, host: str, port: int) -> Evidence:
    """What was seen."""
    seen = f"line {entry.number} of {entry.path} says {entry.address}"
    seen += f", the DNS says {', '.join(entry.dns)}" if entry.dns else ""
    seen += f"; port {port} opens there" if entry.opens else ""
    means = "the hosts file gives this name its address, the DNS is not asked"
    if entry.here:
        means = "the name leads to this machine itself"
    elif entry.dns:
        means = "the hosts file leads elsewhere than the DNS does"
    return Evidence(f"looked {host} up in the hosts file and in the DNS", seen, means)


def telling(entry: Entry, host: str) -> str | None:
    """The sentence for the failed stage; None where the entry speaks for nothing."""
    told = f"line {entry.number} of {entry.path} on this machine says {entry.address} for {host}"
    told += f", the DNS says {', '.join(entry.dns)}" if entry.dns else ""
    if entry.here:
        return f"{told}: the name leads to this machine itself"
    return told if entry.dns else None


def hint(entry: Entry, host: str, port: int) -> str:
    """What to do about an entry that misleads."""
    line = f"line {entry.number} of {entry.path}"
    if entry.dns:
        why = f"at {entry.dns[0]}, as the DNS says, port {port} answers" if entry.opens else "the DNS knows the server"
        return f"take {host} out of {line} ({why}), then dtsconf test again"
    return (
        f"ask who runs {host} for its address and write that in place of {entry.address} into {line}, then dtsconf test"
        " again"
    )
