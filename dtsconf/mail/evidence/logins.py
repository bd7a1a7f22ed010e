"""The server wants a login, and the settings have none: on which of its ports, with which encryption, does it take one?

A reply knows only what ports are for, so what its hint names may not be there. Logs in nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.looks.case import Outcome
from dtsconf.mail.evidence.choice import CLEAR, chosen, in_clear, in_use, may_go_clear, to_set
from dtsconf.mail.evidence.ways import ways_in
from dtsconf.mail.facts import login_options, proposed_login
from dtsconf.mail.route import PasswordLogin
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.ways import Way
    from dtsconf.mail.route import Smtp

_OTHERS = ((587, 0), (465, 1), (25, 0), (2525, 0))
"""Other ports, and which of the two looks of `ways_in` fits the port."""

_NOWHERE = "at a port that its administrator knows (none of the usual ones offers a login)"


def wanted(case: Case) -> bool:
    """Whether the hint is to log in at this server."""
    return case.route.login is None and proposed_login(case.failure.hint or "") is not None


def examine(case: Case) -> Outcome:
    """Which way takes a login."""
    looks = [ways_in(case.link, port, case.seconds())[which] for port, which in _OTHERS if port != case.port]
    found = case.together(*ways_in(case.link, case.port, case.seconds()), *looks)
    ways = [way for each in found for way in each or ()]
    route = replace(case.route, login=PasswordLogin("", None))
    evidence = (Evidence(f"looked which ports of {case.host} offer a login", _seen(ways), _means(ways)),)
    hint = case.failure.hint or ""
    return Outcome(evidence, None, hint.replace(proposed_login(hint) or hint, _options(ways, route)))


def _seen(ways: Sequence[Way]) -> str:
    return "; ".join(f"port {way.port} {way.encryption}: {_word(way)}" for way in ways) or "no answer in time"


def _word(way: Way) -> str:
    if not way.ok:
        return f"{way.cause} at {way.stage}"
    return "offers a login" if way.login else "offers none"


def _means(ways: Sequence[Way]) -> str:
    kinds = {way.encryption == "none" for way in ways if way.ok and way.login}
    if not kinds:
        return "no way in that was tried takes a login"
    return "it takes a login in clear only" if kinds == {True} else "it takes a login over TLS"


def _options(ways: Sequence[Way], route: Smtp) -> str:
    """What to set, so that it fits what was seen."""
    login = login_options(spare=route.spare_login)
    choice = chosen(ways, route)
    if choice.fit:
        first = choice.fit[0]
        return login if in_use(first, route) else f"{to_set(first, route)} {login}"
    clear = next(
        (way for way in ways if way.ok and way.login and way.encryption == "none" and not way.offers_tls), None
    )
    if choice.kind == "no-login" and clear is not None and not may_go_clear(clear, route):
        return f"{choice.found}: {choice.hint}"
    if choice.kind == "no-login" and clear is not None:
        ask = "better, ask its administrator to switch STARTTLS on"
        return f"{in_clear(clear, route)} {login}; this would {CLEAR}: {ask}"
    by_helo = any(way.ok and way.refusal for way in ways)
    if choice.kind in ("forbidden", "late") or (choice.kind == "no-login" and by_helo):
        return f"{choice.found}: {choice.hint}"
    return f"{login}, once its certificate is trusted: {choice.hint}" if choice.kind == "certificate" else _NOWHERE
