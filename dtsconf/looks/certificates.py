"""What a certificate that did not verify shows: who issued it, and where the names in it lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import trusted
from dtsconf.looks.products import inspector
from dtsconf.names import host_fault, is_everybodys, is_ip
from dtsconf.net.certificate import Certificate, day
from dtsconf.net.connect import LookupFailed, resolve
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.case import Case

DATED = ("tls-expired", "tls-not-yet-valid")
"""Causes of a certificate that is out of date."""

MOST_NAMES = 4
"""Names of a certificate that are looked up."""


def issuer(own: Certificate) -> Evidence:
    """Who vouches for it."""
    product = inspector(own.issuer)
    if own.issuer == own.subject:
        means = "the certificate vouches for itself: made by the server's own administrator, or by somebody in between"
    elif product:
        means = f"{product} makes such certificates to look into encrypted sessions"
    else:
        means = "no known inspection product; that issuer's root certificate is what server.ca_file would have to hold"
    seen = f"{own.subject}, issued by {own.issuer}, for {own.fits}, until {day(own.not_after)}"
    return Evidence("looked at the certificate once more, unchecked", seen, means)


def inspected_by(own: Certificate, host: str) -> str | None:
    """The product that looks into sessions with the host by such a certificate, which is made in the host's name then.
    The one that a product's own mail gateway was delivered with is in another, or vouches for itself."""
    mimics = own.issuer != own.subject and (is_ip(host) or own.is_for(host))
    return inspector(own.issuer) if mimics else None


def excepted(product: str, ca_file: str | None, *, microsoft: bool) -> str:
    """What to do about a product that looks into the session. In microsoft mode `server.ca_file` counts for the sign-in
    as well."""
    root = "trust its root: --set server.ca_file=/PATH/TO/ROOT.pem"
    if microsoft:
        root = f"ask who runs {product} for its root certificate as a PEM file, {trusted.add(ca_file)}"
    hint = f"have mail to this server excepted from the inspection of {product}; or, if the organisation wants it"
    return f"{hint} inspected, {root}"


def above(own: Certificate) -> Evidence:
    """That a certificate out of date is not the server's own, which is in date."""
    seen = f"valid from {day(own.not_before)} until {day(own.not_after)}"
    means = (
        "the server's own certificate is in date: one above it is not, which the server sends or this machine trusts"
    )
    return Evidence("compared the certificate's dates with this machine's clock", seen, means)


def names(case: Case, own: Certificate) -> tuple[Evidence, list[str]]:
    """Where the certificate's names lead, and those of them that lead to this very server."""
    known = candidates(own, case.host)
    if not known:
        means = "the certificate has no name that could be used"
        return Evidence("looked for a name that fits", own.fits, means), []
    ours = {str(address) for address in case.addresses}
    led = dict(zip(known, case.together(*(_leads(name, case) for name in known)), strict=True))
    same = [name for name, where in led.items() if where and where & ours]
    seen = "; ".join(f"{name} {'leads to this server' if name in same else _elsewhere(led[name])}" for name in known)
    means = "none of these names leads here from this machine: the wrong server, or something else answers in its place"
    if same:
        means = f"{same[0]} is this very server's name"
    return Evidence("looked up the names that the certificate is for", seen, means), same


def _elsewhere(where: set[str] | None) -> str:
    return f"leads to {', '.join(sorted(where)[:2])}" if where else "is not known here"


def candidates(own: Certificate, host: str) -> list[str]:
    """Names to look up: those of the certificate, a wildcard filled with the host's own first label."""
    label = "mail" if host[:1].isdigit() or ":" in host else host.split(".", maxsplit=1)[0]
    names = [f"{label}{name[1:]}" if name.startswith("*.") else name for name in own.names]
    known = [name for name in dict.fromkeys(names) if host_fault(name) is None and name != host]
    return [name for name in known if not is_everybodys(name)][:MOST_NAMES]


def _leads(name: str, case: Case) -> Callable[[], set[str]]:
    end = case.end()

    def look() -> set[str]:
        try:
            return {str(address) for address in resolve(name, case.port, end)}
        except (LookupFailed, UnicodeError):
            return set()

    return look
