"""One connection attempt more, under the eyes of the kernel's counters: who stopped it, as far as they tell.

The error number alone can't tell (a dropped packet looks alike wherever it was dropped).
"""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.looks import counters, surroundings
from dtsconf.net import meaning

if TYPE_CHECKING:
    from dtsconf.net.connect import Address

WORDS = {
    "refused": "refused",
    "timeout": "silence",
    "no-route": "no way there",
    "blocked": "forbidden by the system",
    "dropped": "reset",
}
"""What an attempt met, by its cause, as evidence tells it."""

_REPEATS = 4
"""Refusals are quick, so the count of their packets is taken as often, and the least counts: others send meanwhile."""

Stopper = Literal["program", "own-out", "own-in", "elsewhere", "unknown"]


@frozen
class Knock:
    """What a connection attempt met: `open`, or the cause it failed with (`refused`, `timeout` ...), after `ms`.
    `left`: after a silence, whether its packets left this machine; None where the system doesn't tell."""

    met: str
    ms: float
    left: bool | None = None

    def __str__(self) -> str:
        return f"{'it opens' if self.met == 'open' else WORDS[self.met]} after {self.ms:.0f} ms"

    @property
    def answered(self) -> bool:
        """Whether somebody answered for the address, a refusal included."""
        return self.met in ("open", "refused", "dropped")


@frozen
class Again:
    """The attempt that was made once more. `by`: who stopped it: a program of this machine that takes no connections,
    this machine's own firewall (what goes out, or the answers that come in), somebody else who said so, or nobody
    knows; `seen` is added to what the attempt met, `means` says it in a sentence."""

    knock: Knock
    by: Stopper
    seen: str
    means: str


def knock(address: Address, end: float) -> Knock:
    """Connect and close again, by `end` (monotonic seconds)."""
    begin = time.monotonic()
    met, left = "open", None
    try:
        with socket.socket(address.family, socket.SOCK_STREAM) as sock:
            sock.settimeout(max(0.05, end - begin))
            try:
                sock.connect(address.sockaddr)
            except TimeoutError:
                met, left = "timeout", surroundings.has_left(sock)
    except OSError as error:
        met = meaning.of_errno(error.errno)
    return Knock(met, (time.monotonic() - begin) * 1000, left)


def once_more(address: Address, end: float) -> Again:
    """The attempt again, with the counters read before and after. Nothing else of ours may run meanwhile."""
    here = surroundings.is_here(address)
    tried, rose = _counted(address, end)
    if tried.met == "refused" and not rose.refused_here and not rose.refused_there and not here:
        repeats = [_counted(address, end)[1] for _ in range(_REPEATS) if time.monotonic() < end]
        counted = [rose, *repeats]
        rose = replace(rose, sent=min(each.sent for each in counted), looped=min(each.looped for each in counted))
    return judged(tried, rose, here=here)


def _counted(address: Address, end: float) -> tuple[Knock, counters.Moved]:
    before = counters.read()
    tried = knock(address, end)
    return tried, counters.moved(before, counters.read())


_UNTAKEN = "the program that listens there, on this machine, takes no connections: it hangs, or has too many"
_DROPS_OUT = "this machine's own firewall drops it: the packets never left"
_DROPS_IN = "this machine's own firewall drops the answers that come back"
_REJECTS = "this machine's own firewall rejects it: the refusal came from this machine itself"
_ICMP = "a firewall on the way or on the host rejects it: a closed port answers with a reset, not with ICMP"


def judged(tried: Knock, rose: counters.Moved, *, here: bool) -> Again:
    """What the counters say of who stopped it. They count for the whole machine, so what the attempt itself tells of
    its packets is heard as well. `here`: the address is this machine's own."""
    if tried.met == "timeout" and rose.untaken and here:
        seen = f"; this machine counted connections that its own program did not take ({rose.untaken})"
        return Again(tried, "program", seen, _UNTAKEN)
    if tried.met == "timeout" and rose.kept_back and not tried.left:
        seen = f"; this machine's kernel was not let send it ({rose.kept_back} failed sends counted)"
        return Again(tried, "own-out", seen, _DROPS_OUT)
    if tried.met == "timeout" and rose.kept_out > 1:
        seen = f"; the packets left this machine, and {rose.kept_out} that came in were not let through"
        return Again(tried, "own-in", seen, _DROPS_IN)
    if tried.met in ("refused", "no-route") and rose.refused_here:
        return Again(tried, "own-out", "; this machine counted a refusal (ICMP) that it sent itself", _REJECTS)
    if tried.met in ("refused", "no-route") and rose.refused_there:
        return Again(tried, "elsewhere", "; the refusal came from outside by ICMP", _ICMP)
    if tried.met == "refused" and rose.sent > 1 and rose.looped and not here:
        seen = "; this machine counted a refusal (a reset) that it sent to itself"
        return Again(tried, "own-out", seen, _REJECTS)
    return Again(tried, "unknown", "; the packets left this machine" if tried.left else "", _MEANS[tried.met])


SILENT = "something after this machine drops the packets, or the host is down"
"""What silence means, when this machine is not to blame."""

_MEANS = {
    "timeout": SILENT,
    "refused": "nothing listens on that port, or a firewall resets it",
    "open": "this time it works: the trouble comes and goes",
    "no-route": "the failure is the same each time",
    "blocked": "the failure is the same each time",
    "dropped": "the failure is the same each time",
}
