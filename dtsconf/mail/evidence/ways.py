"""Other ways into the same server: ports and encryptions, tried as far as EHLO, without login and without mail.

A way is tried by the conversation that a test holds too, so both know the same causes. Serves `test --probe`, and the
hint after a failure that another port or encryption would mend.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.looks.case import together
from dtsconf.mail.evidence import introduction
from dtsconf.mail.evidence.said import logins
from dtsconf.mail.job import Job, Letter
from dtsconf.mail.verify import verify
from dtsconf.proof import Past

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.mail.evidence.introduction import Refusal
    from dtsconf.mail.route import Link
    from dtsconf.proof import Stage, Verification
    from dtsconf.settings.model import Encryption

PORTS = (25, 465, 587, 2525)
"""Relay (RFC 5321), submissions (RFC 8314), submission (RFC 6409), and what providers offer where 25 is blocked."""

_NOBODY = Letter("", None, None, "", "")


Kind = Literal["none", "starttls", "tls"]


@frozen
class Way:
    """One port with one encryption. `ok`: a mail server answers there that way; `detail` is what was found, `cause` a
    word of the contract's list or None, `stage` the one that failed and `hint` what to do about that; `ms` is the time
    it took; `heard`: at least a byte of the server was read; `login`: it offers one; `offers_tls`: in clear it says
    that it could do better; `refusal`: it took HELO alone."""

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
    hint: str | None = None
    refusal: Refusal | None = None

    @property
    def connects(self) -> bool:
        """Whether a connection came about."""
        return self.stage not in ("resolve", "connect")

    @property
    def listens(self) -> bool:
        """Whether something answers on the port at all, a refusal included."""
        return not (self.stage == "connect" and self.cause in ("timeout", "no-route"))


def hold(
    link: Link, port: int, encryption: Encryption, seconds: float, envelope: tuple[str, str] | None = None
) -> Verification:
    """A conversation as far as EHLO and TLS, `seconds` in all, without login; with an `envelope` (sender, recipient) as
    far as the server takes that, without a mail."""
    route = replace(link.smtp, port=port, encryption=encryption, login=None)
    quiet = replace(link, route=route, timeout=seconds, past=Past(), progress=None, transcript=None)
    if envelope is None:
        return verify(Job(quiet, "connect", _NOBODY, deadline=seconds))
    sender, recipient = envelope
    return verify(Job(quiet, "envelope", _NOBODY, sender, to=recipient, deadline=seconds))


def ways_in(link: Link, port: int, seconds: float) -> tuple[Callable[[], tuple[Way, ...]], ...]:
    """The looks that try one port in every way: in clear with STARTTLS where offered, and TLS from the first byte."""

    def plain() -> tuple[Way, ...]:
        return in_clear(port, hold(link, port, "auto" if port != 465 else "starttls", seconds))

    def tls() -> tuple[Way, ...]:
        return (way_of(port, "tls", hold(link, port, "tls", seconds)),)

    return plain, tls


def in_clear(port: int, result: Verification) -> tuple[Way, ...]:
    """What a conversation that began in clear says of `none` and of `starttls`."""
    greeted = next((s for s in result.stages if s.stage == "ehlo" and s.ok), None)
    if greeted is None:
        return (way_of(port, "none", result), way_of(port, "starttls", result))
    told = f"a mail server answers; it offers {_offers(greeted)}"
    better, login = "STARTTLS" in greeted.detail.upper().split(), bool(logins(greeted.detail))
    refusal = introduction.refusal([greeted])
    none = Way(port, "none", True, told, _time(result), login=login, offers_tls=better, refusal=refusal)
    tls = next((s for s in result.stages if s.stage == "tls"), None)
    if tls is None:
        return (none, Way(port, "starttls", False, "offers no STARTTLS", _time(result), "tls-not-offered", "tls"))
    return (none, way_of(port, "starttls", result))


def _offers(ehlo: Stage) -> str:
    words = ["STARTTLS"] if "STARTTLS" in ehlo.detail.upper().split() else []
    words += ["a login"] if logins(ehlo.detail) else []
    return " and ".join(words) or "neither STARTTLS nor a login"


def way_of(port: int, encryption: Kind, result: Verification) -> Way:
    """What a conversation came to, as a way in."""
    failed = result.failure
    if failed is not None:
        spent, heard = _time(result), result.reached
        return Way(port, encryption, False, failed.detail, spent, failed.cause, failed.stage, heard, hint=failed.hint)
    last = {stage.stage: stage.detail for stage in result.stages}
    login = bool(logins(last.get("tls", "") if encryption == "starttls" else last.get("ehlo", "")))
    told, refusal = last.get("tls") or "a mail server answers", introduction.refusal(result.stages)
    return Way(port, encryption, True, told, _time(result), login=login, refusal=refusal)


def _time(result: Verification) -> float:
    return round(sum(stage.ms for stage in result.stages), 1)


def late(ways: Sequence[Way]) -> tuple[int, ...]:
    """Ports on which something listens, and which said nothing in the time of a look: whether they would do isn't
    known."""
    ports = dict.fromkeys(way.port for way in ways)
    quiet = {way.port for way in ways if way.connects and way.cause == "timeout"}
    return tuple(port for port in ports if port in quiet and not _told(ways, port))


def _told(ways: Sequence[Way], port: int) -> bool:
    """Whether a way into the port came to an end other than silence."""
    return any(way.ok or way.cause != "timeout" for way in ways if way.port == port)


def survey(link: Link, seconds: float, end: float) -> tuple[Way, ...]:
    """Try every way into every port of PORTS and the route's own, by `end` (monotonic seconds). What is not over in
    time is told as silence. Sorted by port."""
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
    return tuple(sorted([*found, *late], key=lambda way: (way.port, kinds.index(way.encryption))))
