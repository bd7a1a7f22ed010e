"""This machine's own network, read from the system without asking anybody: gateway, neighbours, the way to an address.

Source: proc(5), /proc/net/route and /proc/net/arp. Where there are no such files nothing is known, which is no fault.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address, ip_network

from dtsconf.net.connect import Address

_INFO, _RETRANS = 40, 36
"""Bytes of `struct tcp_info` that are read, and where `tcpi_retrans` stands in it (linux/tcp.h)."""

_GATEWAY, _REJECT = 0x2, 0x200
"""RTF_GATEWAY and RTF_REJECT of route(7)."""

_ENDS = ("00", "80")
"""Prefix lengths, in hex, of the default route and of a single IPv6 address."""


def gateway_to(address: Address) -> str | None:
    """The IPv4 gateway that the way to `address` leads over; None when there is none, or it isn't known."""
    if address.family != socket.AF_INET:
        return None
    return gateway_in(_lines("/proc/net/route"), str(address))


def gateway_in(lines: list[str], address: str) -> str | None:
    """The same from the lines of /proc/net/route: the longest prefix that fits counts."""
    target = int.from_bytes(socket.inet_aton(address), "little")
    fitting: list[tuple[int, int, str]] = []
    for line in lines[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        destination, gateway, flags, mask = (int(fields[n], 16) for n in (1, 2, 3, 7))
        if target & mask == destination:
            fitting.append((mask.bit_count(), flags, socket.inet_ntoa(gateway.to_bytes(4, "little"))))
    if not fitting:
        return None
    _, flags, gateway_address = max(fitting)
    return gateway_address if flags & _GATEWAY else None


def has_no_neighbour(address: Address) -> bool:
    """Whether this machine looked for `address` in its own network and nobody answered (an incomplete ARP entry)."""
    rows = (line.split() for line in _lines("/proc/net/arp")[1:])
    return any(row[0] == str(address) and int(row[2], 16) == 0 for row in rows if len(row) > 2)


def is_near_6(address: Address) -> bool:
    """Whether an IPv6 address is in a network that this machine itself stands in, by /proc/net/ipv6_route. There is no
    list of IPv6 neighbours to be read."""
    return address.family == socket.AF_INET6 and near_in_6(_lines("/proc/net/ipv6_route"), str(address))


def near_in_6(lines: list[str], address: str) -> bool:
    """The same from the lines of that file: the longest prefix that fits has no gateway."""
    target = int.from_bytes(socket.inet_pton(socket.AF_INET6, address.partition("%")[0]), "big")
    fitting: list[tuple[int, bool]] = []
    for line in lines:
        fields = line.split()
        if len(fields) < 10:
            continue
        bits = int(fields[1], 16)
        if target >> (128 - bits) == int(fields[0], 16) >> (128 - bits):
            fitting.append((bits, int(fields[4], 16) == 0 and fields[-1] != "lo"))
    return bool(fitting) and max(fitting)[1]


def own_networks(family: int) -> list[str]:
    """The networks that this machine itself stands in by IPv4 or IPv6, as `192.0.2.0/24`; not those that every machine
    gives itself (RFC 3927, RFC 4291 2.5.6)."""
    four, six = "/proc/net/route", "/proc/net/ipv6_route"
    found = near_4(_lines(four)) if family == socket.AF_INET else near_6(_lines(six))
    nets = [ip_network(net) for net in found]
    return [str(net) for net in nets if not (net.is_link_local or net.is_loopback or net.is_multicast)]


def near_4(lines: list[str]) -> list[str]:
    """The same from the lines of /proc/net/route: what has no gateway, and isn't all there is."""
    rows = [line.split() for line in lines[1:]]
    near = [row for row in rows if len(row) > 7 and not int(row[3], 16) & (_GATEWAY | _REJECT) and int(row[7], 16)]
    return [f"{_dotted(row[1])}/{int(row[7], 16).bit_count()}" for row in near]


def _dotted(digits: str) -> str:
    return socket.inet_ntoa(int(digits, 16).to_bytes(4, "little"))


def near_6(lines: list[str]) -> list[str]:
    """The same from the lines of /proc/net/ipv6_route; single addresses are this machine's own."""
    rows = [line.split() for line in lines]
    near = [row for row in rows if len(row) > 9 and int(row[4], 16) == 0 and row[-1] != "lo" and row[1] not in _ENDS]
    return [f"{socket.inet_ntop(socket.AF_INET6, bytes.fromhex(row[0]))}/{int(row[1], 16)}" for row in near]


def way_to(address: Address) -> OSError | str:
    """Our own address on the way to `address`, or why there is no way. Sends nothing: a UDP socket's connect only asks
    the routing table."""
    try:
        with socket.socket(address.family, socket.SOCK_DGRAM) as sock:
            sock.connect(address.sockaddr)
            return str(sock.getsockname()[0])
    except OSError as error:
        return error


def is_here(address: Address) -> bool:
    """Whether the address is this machine's own: what goes there never leaves it (RFC 1122 3.2.1.3 (g)); nor does what
    goes to the address that stands for none (ip(7))."""
    place = str(address)
    nowhere = ip_address(place.partition("%")[0]).is_unspecified
    return place.startswith("127.") or nowhere or way_to(address) == place


def has_way_by(family: int) -> bool:
    """Whether this machine has a way to the world by IPv4 or IPv6: by the routes to addresses that are nobody's (RFC
    5737, 3849)."""
    host = "192.0.2.1" if family == socket.AF_INET else "2001:db8::1"
    return isinstance(way_to(Address(family, (host, 9))), str)


HOSTS = "/etc/hosts"

RULES = ("nft list ruleset", "iptables -L -n", "ufw status", "firewall-cmd --list-all")
"""Commands that show a Linux firewall's rules, for `tool`."""

_MAKER = re.compile(r"(?:generated|managed|written) by (?:man:)?([\w.-]+)", re.IGNORECASE)


def hosts_file() -> str:
    """The file that gives names their addresses before the DNS is asked (hosts(5))."""
    root = os.environ.get("SYSTEMROOT", r"C:\Windows")
    return HOSTS if sys.platform != "win32" else os.path.join(root, "System32", "drivers", "etc", "hosts")


def tool(*commands: str) -> str | None:
    """The first of these commands whose program is installed here; none of them need be."""
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    return next((each for each in commands if shutil.which(each.split()[0], path=places)), None)


def written_by(path: str) -> str | None:
    """The program that a settings file says to be written by, as its first comment tells; None when it doesn't."""
    comments = " ".join(line for line in _lines(path)[:12] if line.startswith("#"))
    found = _MAKER.search(comments)
    return found.group(1) if found else None


def has_left(sock: socket.socket) -> bool | None:
    """Of a TCP connection attempt that met silence: whether a repeated packet of it was sent. None when none was due
    yet, or the system doesn't tell (TCP_INFO of tcp(7): `tcpi_retransmits`, `tcpi_retrans`)."""
    told = b""
    if sys.platform == "linux":
        with suppress(OSError):
            told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO)
    if len(told) < _INFO or not told[2]:
        return None
    return int.from_bytes(told[_RETRANS : _RETRANS + 4], sys.byteorder) > 0


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().splitlines()
    except (OSError, UnicodeError):
        return []
