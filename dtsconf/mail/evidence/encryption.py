"""The encryption didn't come about, or something else than a mail server answered: which way does work?

Tries the same port the other way round and the host's other mail ports, and looks whether a sign-in page of a guest
network answers in place of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.evidence import portal
from dtsconf.mail.evidence.case import Outcome
from dtsconf.mail.evidence.ways import Way, advice, best, nowhere, refuted, ways_in
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case

_OTHERS = ((587, 0), (465, 1), (25, 0))
"""Other ports, and which of the two looks of `ways_in` fits the port: in clear first, or TLS first."""

_FILTER = (
    "ask who runs the firewall or mail filter on the way: it takes the encryption out, and no way with TLS is left"
)


def examine(case: Case) -> Outcome:
    """What works instead of the encryption that was asked for."""
    own = ways_in(case.link, case.port, case.seconds())
    rest = [ways_in(case.link, port, case.seconds())[which] for port, which in _OTHERS if port != case.port]
    found = case.together(*own, *rest, portal.look(case))
    *looks, page = found
    ways = [way for each in looks if isinstance(each, tuple) for way in each]
    same = [way for way in ways if way.port == case.port]
    other = [way for way in ways if way.port != case.port]
    evidence = [
        Evidence(f"tried port {case.port} in every way, without login", _seen(same), _means(same, case)),
        Evidence(f"tried other mail ports of {case.host}, without login", _ports(other), _others_mean(other, case)),
    ]
    if isinstance(page, portal.Page):
        return portal.outcome(case, page, evidence)
    fit = best(ways, case.route)
    hint = _hint(fit, case)
    if hint is None and refuted(case.failure.hint, ways, case.route):
        hint = _FILTER if case.failure.cause == "tls-stripped" else nowhere(case.host, case.host_key)
    return Outcome(tuple(evidence), _telling(fit, case), hint)


def _seen(ways: list[Way]) -> str:
    return "; ".join(f"{way.encryption}: {_word(way)}" for way in ways) or "no answer in time"


def _ports(ways: list[Way]) -> str:
    return "; ".join(f"port {way.port} {way.encryption}: {_word(way)}" for way in ways) or "no answer in time"


def _word(way: Way) -> str:
    return "works" if way.ok else f"{way.cause} at {way.stage}"


def _means(ways: list[Way], case: Case) -> str:
    good = [way.encryption for way in ways if way.ok]
    if not good:
        return "no mail server answers on this port, however it is asked"
    if case.route.encryption in good and case.cause != "auth-disabled":
        return "this time it works: the trouble comes and goes"
    told = f"on this port the server speaks {' and '.join(good)}"
    if case.cause == "auth-disabled":
        return f"{told}, and offers no login there"
    return f"{told}; the settings ask for {case.route.encryption}"


def _others_mean(ways: list[Way], case: Case) -> str:
    good = [f"{way.port} ({way.encryption})" for way in best(ways, case.route)]
    return f"the same host takes mail at {', '.join(good)}" if good else "none of them would do"


def _telling(fit: list[Way], case: Case) -> str | None:
    """What works, as a sentence for the failed stage."""
    if not fit or (fit[0].encryption == case.route.encryption and fit[0].port == case.port):
        return None
    if fit[0].port == case.port:
        return f"tried the other way: {fit[0].encryption} works on port {case.port}"
    return f"tried elsewhere: {fit[0].encryption} works on port {fit[0].port}"


def _hint(fit: list[Way], case: Case) -> str | None:
    """The way that works. When STARTTLS was there before, or was taken out, plain is nothing to propose."""
    good = [way for way in fit if way.encryption != "none" or case.cause not in ("tls-stripped", "tls-required")]
    if not good:
        return None
    if good[0].encryption == case.route.encryption and good[0].port == case.port:
        return None
    return advice(good[0], case.route)
