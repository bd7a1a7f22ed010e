"""Connected, but no greeting: does the server talk to this machine over its other address, or on another port?

IPv6 that connects and then carries nothing looks like a dead server, while IPv4 is fine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import families
from dtsconf.looks.case import Outcome
from dtsconf.mail.evidence import encryption
from dtsconf.net.connect import connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.evidence.case import Case
    from dtsconf.net.connect import Address


def examine(case: Case) -> Outcome:
    """Why the banner stage met silence or a cut."""
    found = encryption.examine(case)
    if len({address.family for address in case.addresses}) < 2:
        return found
    looks = case.together(*(_greets(address, case.end()) for address in case.addresses[:4]))
    told = {address: seen or "nothing" for address, seen in zip(case.addresses, looks, strict=False)}
    row, broken = families.compared(told, "a greeting")
    evidence = (*found.evidence, row)
    if not broken:
        return Outcome(evidence, found.telling, found.hint)
    return Outcome(evidence, families.TELLING, families.hint(told, case.host))


def _greets(address: Address, end: float) -> Callable[[], str]:
    def look() -> str:
        try:
            with connected(address, end) as sock:
                data = sock.recv(200)
        except TimeoutError:
            return "silence"
        except OSError as error:
            return error.strerror or str(error)
        return (
            f"{families.ANSWERS} ({data[:3].decode('ascii', 'replace')})"
            if data[:1].isdigit()
            else "closes or speaks otherwise"
        )

    return look
