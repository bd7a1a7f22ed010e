"""Other ways into the same server: ports and encryptions, tried as far as EHLO, without login and without mail.

A way is tried by the conversation that a test holds too, so both know the same causes. Serves `test --probe`, and the
hint after a failure that another port or encryption would mend.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.mail.evidence.case import together
from dtsconf.mail.job import Job, Letter
from dtsconf.mail.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.mail.route import Encryption, Link, Smtp
    from dtsconf.proof import Stage, Verification

PORTS = (25, 465, 587, 2525)
"""Relay (RFC 5321), submissions (RFC 8314), submission (RFC 6409), and what providers offer where 25 is blocked."""

_PREFERENCE = (587, 465, 2525, 25)
_NOBODY = Letter("", None, None, "", "")


Kind = Literal["none", "starttls", "tls"]


@frozen
class Way:
    """One port with one encryption. `ok`: a mail server answers there that way; `detail` is what was found, `cause` a
    word of the contract's list or None, `stage` the one that failed; `ms` is the time it took; `heard`: at least a byte
    of the server was read; `login`: it offers one; `offers_tls`: in clear it says that it could do better."""

    port: int
    encryption: Kind
    ok: bool
    detail: str
    ms: float
    cause: str | None = None
    stage: str | None = None
    heard: bool = True
    login: bool = False
    offers_tls: bool = False

    @property
    def connects(self) -> bool:
        """Whether a connection came about."""
        return self.stage not in ("resolve", "connect")

    @property
    def listens(self) -> bool:
        """Whether something answers on the port at all, a refusal included."""
        return not (self.stage == "connect" and self.cause in ("timeout", "no-route"))


def hold(link: Link, port: int, encryption: Encryption, seconds: float) -> Verification:
    """A conversation as far as EHLO and TLS, `seconds` in all, without login."""
    route = replace(link.smtp, port=port, encryption=encryption, login=None)
    quiet = replace(link, route=route, timeout=seconds, had_tls=False, progress=None, transcript=None)
    return verify(Job(quiet, "connect", _NOBODY, deadline=seconds))


def ways_in(link: Link, port: int, seconds: float) -> tuple[Callable[[], tuple[Way, ...]], ...]:
    """The looks that try one port in every way: in clear with STARTTLS where offered, and TLS from the first byte."""

    def plain() -> tuple[Way, ...]:
        return in_clear(port, hold(link, port, "auto" if port != 465 else "starttls", seconds))

    def tls() -> tuple[Way, ...]:
        return (_way(port, "tls", hold(link, port, "tls", seconds)),)

    return plain, tls


def in_clear(port: int, result: Verification) -> tuple[Way, ...]:
    """What a conversation that began in clear says of `none` and of `starttls`."""
    greeted = next((s for s in result.stages if s.stage == "ehlo" and s.ok), None)
    if greeted is None:
        return (_way(port, "none", result), _way(port, "starttls", result))
    told = f"a mail server answers; it offers {_offers(greeted)}"
    better, login = "STARTTLS" in greeted.detail.upper().split(), _offers_login(greeted.detail)
    none = Way(port, "none", True, told, _time(result), login=login, offers_tls=better)
    tls = next((s for s in result.stages if s.stage == "tls"), None)
    if tls is None:
        return (none, Way(port, "starttls", False, "offers no STARTTLS", _time(result), "tls-not-offered", "tls"))
    return (none, _way(port, "starttls", result))


def _offers(ehlo: Stage) -> str:
    words = ["STARTTLS"] if "STARTTLS" in ehlo.detail.upper().split() else []
    words += ["a login"] if _offers_login(ehlo.detail) else []
    return " and ".join(words) or "neither STARTTLS nor a login"


def _way(port: int, encryption: Kind, result: Verification) -> Way:
    failed = result.failure
    if failed is not None:
        return Way(port, encryption, False, failed.detail, _time(result), failed.cause, failed.stage, result.reached)
    last = {stage.stage: stage.detail for stage in result.stages}
    login = _offers_login(last.get("tls", "") if encryption == "starttls" else last.get("ehlo", ""))
    return Way(port, encryption, True, last.get("tls") or "a mail server answers", _time(result), login=login)


def _offers_login(detail: str) -> bool:
    """Whether an answer to EHLO, as a stage shows it, names a way to log in."""
    return "AUTH" in detail.upper().replace(",", " ").split()


def _time(result: Verification) -> float:
    return round(sum(stage.ms for stage in result.stages), 1)


def best(ways: Sequence[Way], route: Smtp) -> list[Way]:
    """Those that work and that these settings may use, the recommended ones first (RFC 8314 3): encrypted before plain,
    the port in use before others. In clear only where nobody logs in and no TLS is offered: where it is offered and
    doesn't come about, somebody may have seen to that. With a token by STARTTLS alone."""
    kinds = {"starttls"} if _by_token(route) else {"starttls", "tls"} if route.login else {"starttls", "tls", "none"}
    fit = [way for way in ways if way.ok and way.encryption in kinds and (way.login or route.login is None)]
    fit = [way for way in fit if way.encryption != "none" or not way.offers_tls]

    def rank(way: Way) -> tuple[bool, bool, int]:
        place = _PREFERENCE.index(way.port) if way.port in _PREFERENCE else len(_PREFERENCE)
        return way.encryption == "none", way.port != route.port, place

    return sorted(fit, key=rank)


def _by_token(route: Smtp) -> bool:
    from dtsconf.mail.route import TokenLogin

    return isinstance(route.login, TokenLogin)


def settings_for(way: Way, route: Smtp) -> tuple[str, ...]:
    """The settings that choose this way, as `key=value`."""
    if _by_token(route):
        return (f"microsoft.smtp.port={way.port}",)
    return (f"server.port={way.port}", f"server.encryption={way.encryption}")


def to_set(way: Way, route: Smtp) -> str:
    """The options that choose this way."""
    return " ".join(f"--set {setting}" for setting in settings_for(way, route))


def advice(way: Way, route: Smtp) -> str:
    """The hint to take this way."""
    trust = " (in clear: only where the network is trusted)" if way.encryption == "none" else ""
    return f"use the way that works: {to_set(way, route)}{trust}"


def nowhere(host: str, host_key: str) -> str:
    """The hint when nothing that was tried would do."""
    return (
        f"no mail server that would do answers on any of the usual ports of {host}: is the server up, and is {host_key}"
        f" right? Ask for name and port: --set {host_key}=HOST, then dtsconf test --probe"
    )


_PROPOSED = re.compile(r"--set (?:server|microsoft\.smtp)\.(port|encryption)=(\w+)")


def refuted(hint: str | None, ways: Sequence[Way], route: Smtp) -> bool:
    """Whether the port and encryption that a hint proposes were just tried, and failed."""
    proposed = dict(_PROPOSED.findall(hint or ""))
    if not proposed:
        return False
    port = int(proposed.get("port", route.port))
    kind = proposed.get("encryption", route.encryption)
    tried = [way for way in ways if way.port == port and (kind == "auto" or not way.connects or way.encryption == kind)]
    return bool(tried) and not any(way.ok for way in tried)


@frozen
class Survey:
    """Every way into a server that was tried, sorted by port; and those that work for its settings, the recommended one
    first."""

    route: Smtp
    ways: tuple[Way, ...]
    proposals: tuple[Way, ...]

    @property
    def reached(self) -> bool:
        """Whether a byte of any server was read."""
        return any(way.heard for way in self.ways)


def survey(link: Link, seconds: float, end: float) -> Survey:
    """Try every way into every port of PORTS and the route's own, by `end` (monotonic seconds). What is not over in
    time is told as silence."""
    ports = sorted({*PORTS, link.smtp.port})
    looks = [look for port in ports for look in ways_in(link, port, seconds)]
    found = [way for each in together(looks, end) for way in each or ()]
    kinds: tuple[Kind, ...] = ("none", "starttls", "tls")
    late = [
        Way(port, kind, False, f"no answer in {seconds:g} s", seconds * 1000, "timeout", "connect", heard=False)
        for port in ports
        for kind in kinds
        if not any((way.port, way.encryption) == (port, kind) for way in found)
    ]
    ways = sorted([*found, *late], key=lambda way: (way.port, kinds.index(way.encryption)))
    return Survey(link.smtp, tuple(ways), tuple(best(ways, link.smtp)))
