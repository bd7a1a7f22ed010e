"""What Linux counts about TCP and ICMP, read before and after a connection attempt: who stopped a packet shows in it.

A firewall on this machine that drops makes the kernel's own sending fail (TCPRetransFail); one that rejects makes this
machine send itself the ICMP refusal (OutDestUnreachs), or the reset, over loopback. One that drops what comes in lets
packets be received that are never delivered. A firewall elsewhere does none of it. A program here that takes no
connections is as silent as a firewall, and is counted as well (ListenOverflows). Source: proc(5); the kernel's
net/ipv4/tcp_output.c, tcp_input.c and ip_input.c, Documentation/networking/snmp_counter.rst. Empty on other systems.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

from dtsconf.frozen import frozen

_FILES = ("/proc/net/netstat", "/proc/net/snmp", "/proc/net/snmp6")
_INTERFACES = "/proc/net/dev"


@frozen
class Moved:
    """By how much the counters that matter rose. `kept_back`: sends of TCP that this machine itself refused;
    `refused_here`: ICMP refusals that this machine sent; `refused_there`: those that it received; `untaken`:
    connections to a program of this machine that were dropped, since too many waited for it to take them; `kept_out`:
    packets for this machine alone that came in and were not let through; `sent`: packets that it began to send;
    `looped`: packets that it sent to itself."""

    kept_back: int = 0
    refused_here: int = 0
    refused_there: int = 0
    untaken: int = 0
    kept_out: int = 0
    sent: int = 0
    looped: int = 0


def read() -> dict[str, int]:
    """All counters by name, such as `TcpExt:TCPRetransFail`; none where there are no such files."""
    found: dict[str, int] = {}
    for path in _FILES:
        try:
            with open(path, encoding="ascii") as file:
                found.update(parse(file.read()))
        except (OSError, UnicodeError):
            continue
    with suppress(OSError, UnicodeError), open(_INTERFACES, encoding="ascii") as file:
        found["lo:packets"] = looped(file.read())
    return found


def looped(text: str) -> int:
    """The packets that went over loopback so far, from the text of /proc/net/dev."""
    rows = (line.split() for line in text.splitlines())
    return next((int(row[2]) for row in rows if len(row) > 2 and row[0] == "lo:" and row[2].isdigit()), 0)


def parse(text: str) -> dict[str, int]:
    """A line of names over a line of numbers (netstat, snmp), or a name and a number a line (snmp6)."""
    found: dict[str, int] = {}
    lines = [line.split() for line in text.splitlines()]
    for words in lines:
        if len(words) == 2 and words[1].isdigit():
            found[words[0]] = int(words[1])
    for names, numbers in pairwise(lines):
        if names and numbers and names[0] == numbers[0] and names[0].endswith(":"):
            pairs = zip(names[1:], numbers[1:], strict=False)
            found.update({names[0] + name: int(n) for name, n in pairs if n.lstrip("-").isdigit()})
    return found


def moved(before: dict[str, int], after: dict[str, int]) -> Moved:
    """The difference of two readings; nothing where a counter isn't known."""

    def rise(*names: str) -> int:
        return sum(max(0, after.get(name, 0) - before.get(name, 0)) for name in names)

    handed_on = rise("Ip:InDelivers", "Ip6InDelivers", "Ip:ForwDatagrams", "Ip6OutForwDatagrams")
    to_many = rise("IpExt:InMcastPkts", "IpExt:InBcastPkts", "Ip6InMcastPkts")
    return Moved(
        kept_back=rise("TcpExt:TCPRetransFail"),
        refused_here=rise("Icmp:OutDestUnreachs", "Icmp6OutDestUnreachs"),
        refused_there=rise("Icmp:InDestUnreachs", "Icmp6InDestUnreachs"),
        untaken=rise("TcpExt:ListenOverflows"),
        kept_out=max(0, rise("Ip:InReceives", "Ip6InReceives") - handed_on - to_many),
        sent=rise("Ip:OutRequests", "Ip6OutRequests"),
        looped=rise("lo:packets"),
    )
