"""The encryption didn't come about, or something else than a mail server answered: which way does work?

Tries the same port the other way round, the host's other mail ports and older TLS, and looks whether a sign-in page of
a guest network answers in place of everything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.looks import portal
from dtsconf.looks.case import Outcome
from dtsconf.mail import faults
from dtsconf.mail.evidence import said, versions
from dtsconf.mail.evidence.choice import Choice, best, chosen, in_use, not_for_logins, refuted
from dtsconf.mail.evidence.ways import Way, late, ways_in
from dtsconf.mail.facts import administrator
from dtsconf.mail.probe import Agreement
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case

_OTHERS = ((587, 0), (465, 1), (25, 0))
"""Other ports, and which of the two looks of `ways_in` fits the port: in clear first, or TLS first."""

_STRANGER = (
    "ask who runs {case.host} whether it calls itself {name}, and takes logins, and at which port; if it isn't that"
    " server, ask who runs this network, or the DNS: some lead all outgoing mail to a server of their own. Nothing is"
    " sent there, with a login or without, until that is known"
)
_FILTER = (
    "ask who runs the firewall or mail filter on the way: it takes the encryption out, and no way with TLS is left"
)


_IN_CLEAR_ALONE = (
    "{case.host} wants encryption, and offers none on port {case.port} or a usual one: ask {ask} to switch STARTTLS on,"
    " or for the port that has it"
)


def examine(case: Case) -> Outcome:
    """What works instead of the encryption that was asked for."""
    own = ways_in(case.link, case.port, case.seconds())
    rest = [ways_in(case.link, port, case.seconds())[which] for port, which in _OTHERS if port != case.port]
    found = case.together(*own, *rest, versions.look(case), portal.look(case))
    *looks, newest, page = found
    ways = [way for each in looks if isinstance(each, tuple) for way in each]
    same = [way for way in ways if way.port == case.port]
    other = [way for way in ways if way.port != case.port]
    evidence = [
        Evidence(f"tried port {case.port} in every way, without login", _seen(same), _means(same, case)),
        Evidence(f"tried other mail ports of {case.host}, without login", _ports(other), _others_mean(other, case)),
    ]
    if isinstance(page, portal.Page):
        return portal.outcome(case, page, evidence)
    choice = _chosen(_usable(ways, case), case)
    if not choice.fit and (old := versions.judge(case, newest if isinstance(newest, Agreement) else None)):
        return replace(old, evidence=(*evidence, *old.evidence))
    if not choice.fit and faults.asks_for_certificate(case.failure.detail):
        return Outcome(tuple(evidence))  # its own hint holds
    if choice.kind == "no-login" and (name := said.stranger(case)):
        calls = f"it calls itself {name}, not {case.host}"
        means = "another server than the one meant may answer in its place"
        stranger = Evidence("read the greeting", case.detail("banner")[:200], f"{calls}: {means}")
        return Outcome((*evidence, stranger), calls, _STRANGER.format(case=case, name=name))
    return Outcome(tuple(evidence), _telling(choice, case), _hint(choice, ways, case))


def _chosen(ways: list[Way], case: Case) -> Choice:
    """What the ways come to; where the server refused every login on this port, another one comes first."""
    if case.cause == "auth-disabled" and case.failure.code is not None:
        elsewhere = chosen([way for way in ways if way.port != case.port], case.route)
        if elsewhere.kind == "fit":
            return elsewhere
    return chosen(ways, case.route)


def _usable(ways: list[Way], case: Case) -> list[Way]:
    """Without plain, where STARTTLS was there before, was taken out or held back, is too old, or the server wants
    more."""
    held = case.failure.stage == "tls" and case.cause in ("timeout", "dropped")
    no_plain = held or case.cause in ("tls-stripped", "tls-required", "tls-version")
    return [way for way in ways if way.encryption != "none"] if no_plain else ways


def _seen(ways: list[Way]) -> str:
    return "; ".join(f"{way.encryption}: {_word(way)}" for way in ways) or "no answer in time"


def _ports(ways: list[Way]) -> str:
    return "; ".join(f"port {way.port} {way.encryption}: {_word(way)}" for way in ways) or "no answer in time"


def _word(way: Way) -> str:
    return "works" if way.ok else f"{way.cause} at {way.stage}"


def _means(ways: list[Way], case: Case) -> str:
    good = [way.encryption for way in ways if way.ok]
    if not good and late(ways):
        return "whatever answers, it said nothing in the time of this look, which is no answer either way"
    if not good:
        return "no mail server answers on this port, however it is asked"
    if case.route.encryption in good and case.cause != "auth-disabled":
        return "this time it works: the trouble comes and goes"
    told = f"on this port the server speaks {' and '.join(good)}"
    if case.cause == "auth-disabled":
        refused = any(way.login for way in ways)
        return f"{told}, and {'refuses each login that it offers' if refused else 'offers no login'} there"
    return f"{told}; the settings ask for {case.route.encryption}"


def _others_mean(ways: list[Way], case: Case) -> str:
    good = [f"{way.port} ({way.encryption})" for way in best(ways, case.route)]
    return f"the same host takes mail at {', '.join(good)}" if good else "none of them would do"


def _in_use(choice: Choice, case: Case) -> bool:
    """Whether the way to take is the one that was asked for."""
    return any(in_use(way, case.route) for way in choice.fit[:1])


def _telling(choice: Choice, case: Case) -> str | None:
    """What there is, as a sentence for the failed stage."""
    if choice.kind not in ("fit", "certificate", "forbidden") or _in_use(choice, case):
        return None
    elsewhere = choice.fit and choice.fit[0].port != case.port
    return f"tried {'elsewhere' if elsewhere else 'the other way'}: {choice.found}"


def _hint(choice: Choice, ways: list[Way], case: Case) -> str | None:
    """What to do by what was found; None where the failure's own hint holds."""
    if choice.kind == "fit" and _in_use(choice, case):
        gone = case.cause == "auth-disabled" and refuted(case.failure.hint, ways, case.route)
        return not_for_logins(case.port, case.route) if gone else None
    if choice.kind == "fit":
        return choice.hint
    if case.cause == "tls-required" and choice.kind == "nothing" and any(way.ok for way in ways):
        return _IN_CLEAR_ALONE.format(case=case, ask=administrator(case.host))
    if case.cause == "tls-stripped" or choice.kind == "nothing":
        wrong = refuted(case.failure.hint, ways, case.route)
        return None if not wrong else _FILTER if case.cause == "tls-stripped" else choice.hint
    if case.cause == "timeout" and choice.kind in ("no-login", "late"):
        return None  # the same was seen again, and no better way
    return choice.hint
