"""IPv6 that connects and then carries nothing looks like a dead server, while IPv4 is fine: how each fared."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dtsconf.looks import commands
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.net.connect import Address

NAMES: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
ANSWERS = "answers"
"""How the words for an address that is fine begin."""

TELLING = "IPv6 to this server is broken, IPv4 is fine"


def compared(told: Mapping[Address, str], wanted: str) -> tuple[Evidence, bool]:
    """The row of evidence by what each address met, and whether IPv6 alone is broken. `wanted` was waited for."""
    seen = "; ".join(f"{NAMES[address.family]} {address}: {words}" for address, words in told.items())
    good = {address.family for address, words in told.items() if words.startswith(ANSWERS)}
    several = len({address.family for address in told}) > 1
    broken = several and good == {socket.AF_INET}
    means = TELLING if broken else "no difference" if several else "it is the same once more"
    if good and not broken:
        means = "this time it comes about: the trouble comes and goes, or lies behind it"
    how = "over IPv6 and IPv4 apart" if several else "once more"
    return Evidence(f"waited for {wanted} {how}", seen or "no address", means), broken


def hint(told: Mapping[Address, str], host: str) -> str:
    """What to do until IPv6 is mended."""
    four = next(str(address) for address in told if address.family == socket.AF_INET)
    name = commands.host_line(four, host)
    return f"have IPv6 mended on this network; until then name the IPv4 address: {name}"
