"""Connected, but no greeting: does the server talk to this machine over its other address, or on another port?

IPv6 that connects and then carries nothing looks like a dead server, while IPv4 is fine.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from dtsconf.looks.case import Outcome
from dtsconf.mail.evidence import encryption
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.evidence.case import Case
    from dtsconf.net.connect import Address

_NAMES: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


def examine(case: Case) -> Outcome:
    """Why the banner stage met silence or a cut."""
    found = encryption.examine(case)
    if len({address.family for address in case.addresses}) < 2:
        return found
    looks = case.together(*(_greets(address, case.end()) for address in case.addresses[:4]))
    told = {address: seen or "nothing" for address, seen in zip(case.addresses, looks, strict=False)}
    seen = "; ".join(f"{_NAMES[address.family]} {address}: {words}" for address, words in told.items())
    good = {address.family for address, words in told.items() if words.startswith("greets")}
    broken = good == {socket.AF_INET}
    means = "IPv6 to this server is broken, IPv4 is fine" if broken else "no difference"
    evidence = (*found.evidence, Evidence("waited for a greeting over IPv6 and IPv4 apart", seen, means))
    if not broken:
        return Outcome(evidence, found.telling, found.hint)
    four = next(str(address) for address in told if address.family == socket.AF_INET)
    hint = (
        f"have IPv6 mended on this network; until then name the IPv4 address: echo '{four} {case.host}' | sudo tee -a"
        " /etc/hosts"
    )
    return Outcome(evidence, means, hint)


def _greets(address: Address, end: float) -> Callable[[], str]:
    def look() -> str:
        try:
            with socket.socket(address.family, socket.SOCK_STREAM) as sock:
                sock.settimeout(max(0.05, end - time.monotonic()))
                sock.connect(address.sockaddr)
                sock.settimeout(max(0.05, end - time.monotonic()))
                data = sock.recv(200)
        except TimeoutError:
            return "silence"
        except OSError as error:
            return error.strerror or str(error)
        return f"greets ({data[:3].decode('ascii', 'replace')})" if data[:1].isdigit() else "closes or speaks otherwise"

    return look
