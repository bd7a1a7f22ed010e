"""The certificate did not verify: an inspection product, a wrong name (which one fits?), a guest network, or the clock?

Looks at the certificate again, at those on the host's other ports, at where the names in it lead, and at what time the
server says it is. Sends nothing but EHLO and STARTTLS.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.looks import certificates, clock, commands, portal, stand_in
from dtsconf.looks.case import EACH, Outcome
from dtsconf.looks.products import inspector
from dtsconf.mail.evidence import domain
from dtsconf.mail.route import TokenLogin
from dtsconf.names import is_ip, site
from dtsconf.net.certificate import Certificate
from dtsconf.net.hostname import own_name
from dtsconf.proof import Evidence
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.mail.evidence.case import Case

_OTHER_TLS = (443, 465)


def examine(case: Case) -> Outcome:
    """Why the certificate did not verify."""
    if not case.addresses:
        return Outcome()
    after_starttls = bool(case.detail("banner"))
    ports = [port for port in _OTHER_TLS if port != case.port]
    looks = [_certificate(case, case.port, after_starttls), *(_certificate(case, port, False) for port in ports)]
    *seen, page, told = case.together(*looks, portal.look(case), clock.look(case, case.detail("banner")))
    own, *others = (one if isinstance(one, Certificate) else None for one in seen)
    if own is None:
        return Outcome()
    compared = _compared(own, dict(zip(ports, others, strict=True)), case)
    found = [certificates.issuer(own), *compared]
    if isinstance(page, portal.Page):
        return portal.outcome(case, page, found)
    heard = witness(case, told if isinstance(told, clock.Told) else None)
    if is_smtp_host(case.host):
        return _in_microsofts_place(case, own, heard, found)
    if product := certificates.inspected_by(own, case.host):
        return _inspected(case, product, own, found)
    if case.cause == "tls-name":
        return _named(case, own, found)
    return _dated(case, own, heard, found) if case.cause in certificates.DATED else Outcome(tuple(found))


def _dated(case: Case, own: Certificate, told: clock.Told | None, found: list[Evidence]) -> Outcome:
    """A date is over or not yet there: that of the server's own certificate, or of one above it."""
    if not own.is_in_date:
        return clock.judge(case, own, told, found)
    row = certificates.above(own)
    return Outcome((*found, row), row.means)


def witness(case: Case, told: clock.Told | None) -> clock.Told | None:
    """Who told the time: the sign-in server, whose certificate did verify, where it was asked in this run; else what
    the host itself says."""
    login = case.route.login
    ahead = login.tokens.ahead() if isinstance(login, TokenLogin) else None
    return told if ahead is None else clock.Told(time.time() + ahead, "the sign-in server's answer")


def _in_microsofts_place(case: Case, own: Certificate, told: clock.Told | None, found: list[Evidence]) -> Outcome:
    """Microsoft's own certificate would verify."""
    if case.cause in certificates.DATED and not own.is_in_date:
        return clock.judge(case, own, told, found, stand_in.ask(case.host, own))
    telling, hint = stand_in.judged(case.host, case.cause, own, case.route.ca_file)
    return Outcome(tuple(found), telling, hint)


def _certificate(case: Case, port: int, after_starttls: bool) -> Callable[[], Certificate | None]:
    """A look at the certificate that the host shows on a port."""
    from dtsconf.mail import hello, probe
    from dtsconf.mail.tls import Trust
    from dtsconf.mail.wire import Limits

    name = hello.ehlo_name(own_name(), "127.0.0.1") if after_starttls else None
    limits, trust = Limits(EACH, case.seconds()), Trust.of(case.route)
    return lambda: probe.certificate(case.peer(port), trust, case.host, name, limits)


def _compared(own: Certificate, others: dict[int, Certificate | None], case: Case) -> list[Evidence]:
    """The certificates on the host's other ports: the same issuer everywhere tells of inspection, or of one owner."""
    there = {port: one for port, one in others.items() if one is not None}
    if not there:
        return []
    seen = "; ".join(f"port {port}: for {one.fits}, issued by {one.issuer}" for port, one in there.items())
    if any(inspector(one.issuer) for one in there.values()):
        means = "inspection shows there too"
    elif any(one.sha256 == own.sha256 for one in there.values()):
        means = "the same certificate: whoever answers here answers there too"
    elif all(one.issuer != own.issuer for one in there.values()):
        means = "another issuer than on the mail port: different owners, or only one of them is inspected"
    else:
        means = "the same issuer as on the mail port"
    return [Evidence(f"looked at the certificates on other ports of {case.host}", seen, means)]


def _inspected(case: Case, product: str, own: Certificate, found: list[Evidence]) -> Outcome:
    """Who looks into the session is known."""
    telling = f"{product} opens the encrypted session (the certificate is issued by {own.issuer})"
    by_token = isinstance(case.route.login, TokenLogin)
    return Outcome(tuple(found), telling, certificates.excepted(product, case.route.ca_file, microsoft=by_token))


def _named(case: Case, own: Certificate, found: list[Evidence]) -> Outcome:
    """Which of the certificate's names lead to this very server?"""
    evidence, same = certificates.names(case, own)
    same = sorted(same, key=lambda name: not case.route.permits(case.host_key, name))
    if same:
        return Outcome(
            (*found, evidence),
            f"{same[0]} is in the certificate and leads to the same server",
            f"use the name that fits: --set {case.host_key}={same[0]}",
        )
    names = certificates.candidates(own, case.host)
    if not names:
        return Outcome((*found, evidence))
    if near := _near(case, names):
        more = domain.rows([near])
        telling = f"the certificate is for {near.name} too, where a mail server answers"
        hint = f"if that is the server that was meant: {near.proposal(case.host_key)} ({near}; tried just now, without"
        return Outcome((*found, evidence, *more), telling, f"{hint} login)")
    hint = (
        f"does {case.host} lead to the right server ({commands.look_up(case.host)})? If so, have its certificate"
        f" reissued for that name, or the DNS lead one of the certificate's names here: {', '.join(names)}"
    )
    return Outcome((*found, evidence), None, hint)


def _near(case: Case, names: Sequence[str]) -> domain.Candidate | None:
    """The mail server at a name of the certificate in the host's own domain, where a stranger has none, whatever he
    shows: another of the same owner's, such as where mail is read."""
    if is_ip(case.host):
        return None
    tried = domain.tried(case, [name for name in names if site(name) == site(case.host)])
    return next((one for one in tried if one.way is not None and one.way.encryption != "none"), None)
