"""What the ways that were tried come to: one that would do, one that lacks no more than trust in its certificate, one
that takes no login, or none. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.mail.evidence.ways import late
from dtsconf.mail.facts import IMPLICIT_TLS_PORT, administrator
from dtsconf.mail.faults import LONG
from dtsconf.mail.meanings.hints import TICKET
from dtsconf.mail.route import TokenLogin
from dtsconf.mail.securing import taken_out
from dtsconf.proof import CAUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.introduction import Refusal
    from dtsconf.mail.evidence.ways import Way
    from dtsconf.mail.route import Smtp

_PREFERENCE = (587, 465, 2525, 25)
_SUBMISSION = (587, 465)
_TLS_IS_THERE = ("tls-untrusted", "tls-name", "tls-expired", "tls-not-yet-valid", "tls-version")
"""Causes that end a handshake with a server which does speak TLS there."""

_NAMES = {"none": "plain", "starttls": "STARTTLS", "tls": "TLS from the first byte"}
_PROPOSED = re.compile(r"--set (?:server|microsoft\.smtp)\.(port|encryption)=(\d+|[a-z]+)\b")
"""A port and an encryption that a hint names; a word such as PORT stands for what nobody here knows."""


@frozen
class Choice:
    """What there is, as a `kind` and a sentence `found`, and what to do about it: `hint`. `fit` are the ways that would
    do, the recommended one first; there are some if `kind` is `fit`. `certificate`: a way would do if its certificate
    were in order; `forbidden`: one would do, and the organisation's rules forbid it; `late`: another port may do, which
    is open and said nothing in time; `no-login`: a mail server answers, and takes no login safely; `nothing`: no such
    server at all."""

    kind: Literal["fit", "certificate", "forbidden", "late", "no-login", "nothing"]
    found: str
    hint: str
    fit: tuple[Way, ...] = ()


@frozen
class Survey:
    """Every way into the server of `route` that was tried, sorted by port, and what they come to."""

    route: Smtp
    ways: tuple[Way, ...]
    choice: Choice

    @property
    def reached(self) -> bool:
        """Whether a byte of any server was read."""
        return any(way.heard for way in self.ways)


def chosen(ways: Sequence[Way], route: Smtp) -> Choice:
    """What to do by what was found."""
    if fit := best(ways, route):
        return Choice("fit", f"{fit[0].encryption} works on port {fit[0].port}", advice(fit[0], route), tuple(fit))
    near = [
        way
        for way in ways
        if way.cause in _TLS_IS_THERE and way.encryption in _kinds(route) and route.allows(way.port, way.encryption)
    ]
    if near:
        return _but_for_its_certificate(min(near, key=lambda way: _rank(way, route)), route)
    if banned := _fit(ways, route):
        return _forbidden(banned[0], route)
    if waited := [port for port in late(ways) if port != route.port]:
        return _late(min(waited, key=_place), route)
    served = [way for way in ways if way.ok]
    if served:
        return _without_login(min(served, key=lambda way: _rank(way, route)), route)
    return Choice("nothing", _nothing(ways), _nowhere(ways, route))


def best(ways: Sequence[Way], route: Smtp) -> list[Way]:
    """Those that work and that these settings may use, the recommended ones first (RFC 8314 3): encrypted before plain,
    the port in use before others. In clear only where no TLS is offered (where it is and doesn't come about, somebody
    may have seen to that), and nobody logs in or the organisation lets a login go so. With a token by STARTTLS alone.
    Without those that the organisation's rules forbid."""
    return [way for way in _fit(ways, route) if route.allows(way.port, way.encryption)]


def _fit(ways: Sequence[Way], route: Smtp) -> list[Way]:
    """Those of `best`, and what rules forbid."""
    fit = [way for way in ways if way.ok and way.encryption in _kinds(route) and (way.login or route.login is None)]
    return sorted((way for way in fit if not way.offers_tls), key=lambda way: _rank(way, route))


def _kinds(route: Smtp) -> tuple[str, ...]:
    """The encryptions that these settings may use."""
    if by_token(route):
        return ("starttls",)
    return ("starttls", "tls") if route.login and not route.cleartext_login else ("starttls", "tls", "none")


def _rank(way: Way, route: Smtp) -> tuple[bool, bool, int]:
    return way.encryption == "none", way.port != route.port, _place(way.port)


def _place(port: int) -> int:
    return _PREFERENCE.index(port) if port in _PREFERENCE else len(_PREFERENCE)


def by_token(route: Smtp) -> bool:
    """Whether the login is by a token: Microsoft's own server, whose name and port are settings of their own."""
    return isinstance(route.login, TokenLogin)


def settings_for(way: Way, route: Smtp) -> tuple[str, ...]:
    """The settings that choose this way, as `key=value`."""
    if by_token(route):
        return (f"microsoft.smtp.port={way.port}",)
    return (f"server.port={way.port}", f"server.encryption={way.encryption}")


def to_set(way: Way, route: Smtp) -> str:
    """The options that choose this way."""
    return " ".join(f"--set {setting}" for setting in settings_for(way, route))


def advice(way: Way, route: Smtp) -> str:
    """The hint to take this way."""
    trust = " (in clear: only where the network is trusted)" if way.encryption == "none" else ""
    return f"use the way that works: {to_set(way, route)}{trust}"


def _but_for_its_certificate(way: Way, route: Smtp) -> Choice:
    """The hint of that way's own failure, with the options that choose the way where it isn't the one in use."""
    found = f"{_NAMES[way.encryption]} is there on port {way.port}, but {CAUSES[way.cause or '']}"
    hint = way.hint or f"ask {administrator(route.host)}, with what this writes: {TICKET}"
    if in_use(way, route):
        return Choice("certificate", found, hint)
    if "--set " not in hint:
        return Choice("certificate", found, f"{hint}, with encryption {way.encryption} on port {way.port}")
    return Choice("certificate", found, hint.replace("--set ", f"{to_set(way, route)} --set "))


def _forbidden(way: Way, route: Smtp) -> Choice:
    """What would do if the rules let it."""
    found = f"{way.encryption} works on port {way.port}, which the organisation's rules forbid"
    key = "microsoft.smtp.port" if by_token(route) else "server.port"
    if way.encryption == "none" and not route.allows(way.port, "none") and route.allows(way.port, "starttls"):
        why = "the organisation forbids mail in clear, and this server offers no encryption there"
        ask = f"ask {administrator(route.host)} to switch STARTTLS on, or for a port that has it"
        return Choice("forbidden", found, f"{why}: {ask}, then dtsconf test again")
    ask = f"ask {administrator(route.host)} for a way that the rules allow, or who wrote them to change them"
    return Choice("forbidden", found, f"{ask}: dtsconf explain {key} shows them, dtsconf explain server.encryption too")


def _late(port: int, route: Smtp) -> Choice:
    """What greets late may do yet; it takes the wait of a test to see that."""
    found = f"port {port} is open, and said nothing in the time of a look"
    way = f"server.port={port} --set server.encryption={'tls' if port == IMPLICIT_TLS_PORT else 'starttls'}"
    if by_token(route):
        way = f"microsoft.smtp.port={port}"
    wait = f" --set connection.timeout={LONG}"
    return Choice("late", found, f"some servers greet late: to wait for port {port}, --set {way}{wait}")


def _without_login(way: Way, route: Smtp) -> Choice:
    """A mail server answers this way, and still it won't do: it takes no login, or has TLS that doesn't come about."""
    if missed := taken_out(route):
        return Choice("no-login", f"a mail server answers on port {way.port}, and lacks what Microsoft's has", missed)
    if way.offers_tls:
        found = f"port {way.port} offers STARTTLS, and that doesn't come about"
        ask = f"ask {administrator(route.host)}, or who runs a firewall or mail filter on the way"
        hint = f"{ask}, with what this writes: {TICKET}"
        return Choice("no-login", found, hint)
    how = "in clear only" if way.encryption == "none" else f"by {_NAMES[way.encryption]}"
    login = "dtsconf logs in over TLS alone" if way.login else "it offers no login"
    found = f"a mail server answers on port {way.port}, {how}; {login}"
    if way.login and way.encryption == "none":
        ask = f"ask {administrator(route.host)} to switch STARTTLS on, or for a port that has it"
        if not may_go_clear(way, route):
            key = (
                "server.encryption"
                if not route.permits("server.encryption", "none")
                else "server.allow_cleartext_login"
            )
            rules = f"the organisation's rules let no password go in clear (dtsconf explain {key})"
            return Choice("no-login", found, f"{ask}: {rules}")
        return Choice("no-login", found, f"{ask}; or {CLEAR}: {in_clear(way, route)}")
    if way.refusal is not None:
        return _by_helo_alone(way.refusal, way, route)
    if by_token(route):
        return Choice("no-login", found, f"{_ask_for_logins(way.port, route)}: --set microsoft.smtp.port=PORT")
    return Choice("no-login", found, f"{_ask_for_logins(way.port, route)}; or, {_unlogged(way, route)}")


def _ask_for_logins(port: int, route: Smtp) -> str:
    """Whom to ask where to log in, other than there."""
    if port in _SUBMISSION:
        whose = f"{route.host} offers no login on port {port}, a usual one for it"
        return f"{whose}: ask {administrator(route.host)} whether logins are on there, or for the port that has them"
    return f"port {port} is not for logins: ask {administrator(route.host)} for the submission port"


def not_for_logins(port: int, route: Smtp) -> str:
    """The hint where the port in use refuses every login, and no usual one for it answers."""
    return f"{_ask_for_logins(port, route)}; or, {_TRUSTED} --set login.required=false"


_TRUSTED = "where the server trusts this network, send without a login:"


def _unlogged(way: Way, route: Smtp) -> str:
    """The hint to go this way without a login."""
    return f"{_TRUSTED} {'' if in_use(way, route) else to_set(way, route) + ' '}--set login.required=false"


def _by_helo_alone(refusal: Refusal, way: Way, route: Smtp) -> Choice:
    """EHLO was refused, so nobody knows what the server would offer. Ports of submission are there for logins (RFC 6409
    4.3, RFC 8314 3.3): to go without one is proposed for others alone."""
    found = f"a mail server answers on port {way.port}, by HELO alone: it refuses EHLO"
    ask = refusal.hint(route.host, way.port)
    without = "" if by_token(route) or way.port in _SUBMISSION else f"; or, {_unlogged(way, route)}"
    return Choice("no-login", found, f"{ask}{without}")


CLEAR = "let the password go in clear, which anybody on the way can read, so only where nobody can listen there"
"""What a login without TLS means."""


def may_go_clear(way: Way, route: Smtp) -> bool:
    """Whether the organisation's rules let a login go this way without TLS."""
    return route.allows(way.port, "none") and route.permits("server.allow_cleartext_login", True)


def in_clear(way: Way, route: Smtp) -> str:
    """The options that choose a way without TLS and let a login go over it, which only the profile can."""
    return f"{to_set(way, route)} --set server.allow_cleartext_login=true"


def served_by(way: Way) -> str:
    """A way that works, as a sentence for who knows no SMTP."""
    how = "without encryption" if way.encryption == "none" else f"with {_NAMES[way.encryption]}"
    return f"a mail server answers on port {way.port}, {how}"


def in_use(way: Way, route: Smtp) -> bool:
    """Whether the settings take this way already; `auto` takes plain and STARTTLS, as the server offers, and TLS from
    the first byte on its port."""
    by_auto = ("tls",) if route.port == IMPLICIT_TLS_PORT else ("none", "starttls")
    return way.port == route.port and way.encryption in (by_auto if route.encryption == "auto" else (route.encryption,))


def _nothing(ways: Sequence[Way]) -> str:
    if not any(way.listens for way in ways):
        return "no port answers at all: the host is down, or a firewall keeps them all"
    if not any(way.heard for way in ways):
        return "what answers, refuses: no mail server runs there, or a firewall rejects"
    return "something answers, but no mail server that would do"


def _nowhere(ways: Sequence[Way], route: Smtp) -> str:
    key = "microsoft.smtp.host" if by_token(route) else "server.host"
    if any(way.heard for way in ways if way.port == route.port):
        port = key.replace(".host", ".port")
        return (
            f"neither port {route.port} of {route.host} nor one of the usual ports takes mail: ask for name and port of"
            f" the server for outgoing mail, then --set {key}=HOST --set {port}=PORT"
        )
    return nowhere(route.host, key)


def nowhere(host: str, host_key: str) -> str:
    """The hint when no mail server that would do answers at all."""
    return (
        f"no mail server that would do answers on any of the usual ports of {host}: is the server up, and is {host_key}"
        f" right? Ask for name and port, then --set {host_key}=HOST; with that, a test with --probe"
        " shows what works there"
    )


def refuted(hint: str | None, ways: Sequence[Way], route: Smtp) -> bool:
    """Whether the port and encryption that a hint proposes were just tried, and failed: silence is no failure yet."""
    proposed = dict(_PROPOSED.findall(hint or ""))
    if not proposed:
        return False
    port = int(proposed.get("port", route.port))
    kind = proposed.get("encryption", route.encryption)
    unknown = late(ways)
    tried = [way for way in ways if way.port == port and (kind == "auto" or not way.connects or way.encryption == kind)]
    tried = [way for way in tried if way.port not in unknown]
    return bool(tried) and not any(way.ok for way in tried)
