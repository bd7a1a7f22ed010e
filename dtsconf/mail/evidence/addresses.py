"""The host's name leads to several addresses, and the conversation met one of them: do the others do better?

Each is tried apart, as these settings say, as far as EHLO and TLS, or, where one of them refused the envelope and
nobody logs in, as far as that (a relay may know this machine by its IPv4 address alone); without login, and without
mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import commands
from dtsconf.looks.case import Outcome
from dtsconf.mail.evidence.said import calls_itself
from dtsconf.mail.evidence.ways import hold, way_of
from dtsconf.proof import CAUSES, Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.ways import Kind
    from dtsconf.net.connect import Address
    from dtsconf.proof import Verification

MOST = 4
"""Addresses that are tried."""

_FITS = "as the settings ask for"


@frozen
class Fared:
    """What one address came to, in `words`; `fits`: these settings would do there, `safe`: and a certificate vouched
    for it."""

    address: Address
    words: str
    fits: bool = False
    safe: bool = False

    def __str__(self) -> str:
        return f"{self.address}: {self.words}"


def examine(case: Case) -> Outcome | None:
    """What differs between the host's addresses; None where these settings would do at the one that the conversation
    met, or at none."""
    if len(case.addresses) < 2:
        return None
    found = case.together(*(_look(case, address) for address in case.addresses[:MOST]))
    fared = [each for each in found if each is not None]
    good = [one for one in fared if one.fits]
    bad = [one for one in fared if not one.fits]
    met = case.detail("connect").partition(" port ")[0]
    return _differing(case, good, bad) if good and met in (str(one.address) for one in bad) else None


def _look(case: Case, address: Address) -> Callable[[], Fared]:
    link, seconds = replace(case.link, at=str(address)), case.seconds()
    return lambda: _fared(case, address, hold(link, case.port, case.route.encryption, seconds, case.envelope))


def _fared(case: Case, address: Address, result: Verification) -> Fared:
    kind = _kind(result)
    way = way_of(case.port, kind, result)
    if not way.ok:
        return Fared(address, CAUSES.get(way.cause or "", way.detail) + calls_itself(case.host, result.stages))
    login = case.route.login
    if login is not None and not way.login:
        return Fared(address, "it offers no login" + calls_itself(case.host, result.stages))
    if login is not None and kind == "none" and not case.route.cleartext_login:
        return Fared(address, "it takes a login in clear only" + calls_itself(case.host, result.stages))
    return Fared(address, _FITS, fits=True, safe=kind != "none")


def _kind(result: Verification) -> Kind:
    """How the conversation was encrypted, or was to be."""
    stages = [stage.stage for stage in result.stages]
    if "tls" not in stages:
        return "none"
    return "starttls" if "banner" in stages[: stages.index("tls")] else "tls"


def _differing(case: Case, good: Sequence[Fared], bad: Sequence[Fared]) -> Outcome:
    told = f"{case.host} leads to servers that differ: {'; '.join(map(str, (*good, *bad)))}"
    what = f"tried each address of {case.host} apart, without login"
    row = Evidence(what, "; ".join(map(str, (*good, *bad))), "which of them a program meets is chance")
    wrong = " and ".join(str(one.address) for one in bad)
    tell = f"tell who runs {case.host}, or the DNS, that {wrong} doesn't do what {good[0].address} does"
    hint = f"{tell}; then dtsconf test again"
    safe = next((one for one in good if one.safe), None)
    if safe is not None:
        hint += f"; until then name the one that fits: {commands.host_line(str(safe.address), case.host)}"
    return Outcome((row,), told, hint)
