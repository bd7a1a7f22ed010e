"""A certificate that did not verify, shown at one of Microsoft's own addresses: nobody here administers that server, so
it is the network that has to be asked, or this machine whose roots or clock are wrong. Whatever is spoken under TLS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.looks import clock, commands, trusted
from dtsconf.looks.certificates import DATED
from dtsconf.looks.products import inspector

if TYPE_CHECKING:
    from dtsconf.net.certificate import Certificate

_GENUINE = re.compile("digicert|microsoft|globalsign|baltimore", re.IGNORECASE)
"""Who issues certificates for Microsoft's services (Microsoft Learn, "Microsoft 365 encryption chains")."""

Verdict = tuple[str, str]
"""A sentence for the failed stage ('' for none), and its hint."""

_AGAIN = "then dtsconf test again"


def judged(host: str, cause: str, seen: Certificate, ca_file: str | None) -> Verdict:
    """What it comes to. `cause` is the contract's word, `ca_file` is `server.ca_file`."""
    if cause == "tls-name" or not seen.is_for(host):
        return other_host(host, seen)
    if cause in DATED and not seen.is_in_date:
        return "", clock.if_wrong(ask(host, seen))
    if inspector(seen.issuer) is None and _GENUINE.search(seen.issuer):
        return _no_public_roots(seen, ca_file)
    return astray(*opened(host, seen, ca_file, microsoft=True), ca_file)


def other_host(host: str, seen: Certificate) -> Verdict:
    """The certificate is another host's."""
    told = f"whoever answers is not {host}: the certificate is for {seen.fits}, issued by {seen.issuer}"
    way = "a filter or a sign-in page of this network answers in its place"
    sign_in = "open any web page in a browser and sign in to the network"
    return f"{told}: {way}", f"{sign_in}; else ask who runs the network about {seen.fits}, {_AGAIN}"


def ask(host: str, seen: Certificate) -> str:
    """Whom to ask about a certificate that is out of date, which Microsoft's own never are."""
    whom = inspector(seen.issuer) or "the network"
    way = f"what answers in place of {host} with a certificate of {seen.issuer}"
    return f"ask who runs {whom} {way} (Microsoft renews its own in time), {_AGAIN}"


def opened(host: str, seen: Certificate, ca_file: str | None, *, microsoft: bool) -> Verdict:
    """Somebody looks into the session on its way."""
    product = inspector(seen.issuer)
    doubt = ", which issues none for Microsoft" if microsoft and not product else ""
    told = f"{product or 'something on the way'} opens the encrypted session: the certificate is issued by"
    owner = f"who runs {product or 'the network'}"
    root = f"ask {owner} for its root certificate ({seen.issuer}) as a PEM file, {trusted.add(ca_file)}"
    return f"{told} {seen.issuer}{doubt}", f"{root}; or have {host} excepted from the inspection"


def _no_public_roots(seen: Certificate, ca_file: str | None) -> Verdict:
    """The certificate looks like Microsoft's own: it is here that roots are missing."""
    told = f"{seen.issuer} does issue certificates for Microsoft: the roots that this machine trusts lack it"
    bring = f"bring the system's root certificates up to date: {commands.new_roots()}"
    if ca_file is None:
        return astray(told, f"{bring}, {_AGAIN}", ca_file)
    in_force = f"server.ca_file ({ca_file}) is trusted in place of the system's roots"
    hint = f"{trusted.both(ca_file)}; or, where no server needs that file, --set server.ca_file=null"
    return f"{told}; {in_force}", f"{hint}; if it stays, {bring}"


def astray(told: str, hint: str, ca_file: str | None) -> Verdict:
    """The verdict for an issuer that is not trusted, with a variable that has this machine look for its roots
    elsewhere. One that leads to none may be all there is to it: the root of an inspecting product stands in the
    system's store where the organisation wants the inspection."""
    variable = next(iter(trusted.variables()), None) if ca_file is None else None
    if variable is None:
        return told, hint
    means = f"{variable.told}, in place of the system's roots"
    told = f"{told}; {means}" if told else means
    if variable.fault:
        return told, f"{variable.unset}, {_AGAIN}; if it stays: {hint}"
    return told, f"{hint}; or, if the system's own roots are meant: {variable.unset}"
