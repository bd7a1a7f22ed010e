"""HTTPS to the service: its certificate did not verify. Who issued it, whether somebody inspects TLS on the way, which
roots are missing where, or whose clock is wrong.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from dtsconf.looks import certificates, clock, portal
from dtsconf.looks.case import Outcome
from dtsconf.looks.products import inspector
from dtsconf.net.connect import connected
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.asked import Asked
    from dtsconf.net.certificate import Certificate

_GENUINE = re.compile("digicert|microsoft|globalsign|baltimore", re.IGNORECASE)
"""Who issues certificates for Microsoft's services (Microsoft Learn, "Microsoft 365 encryption chains")."""

ROOTS = "/etc/dts/roots.pem"
"""Where the hints put a file of roots."""


def examine(asked: Asked) -> Outcome:
    """Why the certificate did not verify."""
    seen = asked.trouble.certificate
    if seen is None:
        return Outcome()
    case = asked.case
    rows = [certificates.issuer(seen)]
    page, told, known = case.together(
        portal.look(case) if asked.direct else _nothing,
        clock.look(case, secure=True) if asked.direct else clock.look_at_files(case),
        _by_system(asked),
    )
    if isinstance(page, portal.Page):
        return portal.outcome(case, page, rows)
    if asked.trouble.cause in ("tls-expired", "tls-not-yet-valid"):
        return clock.judge(case, seen, told if isinstance(told, clock.Told) else None, rows)
    if asked.trouble.cause == "tls-name":
        return _named(asked, seen, rows)
    if known is True and asked.ca_file is not None:
        return _too_few(asked, asked.ca_file, rows)
    return _untrusted(asked, seen, rows)


def _nothing() -> None:
    """No look."""


def _by_system(asked: Asked) -> Callable[[], bool]:
    """Whether the system's own roots would do, where others are in force."""
    end = asked.case.end()

    def work() -> bool:
        if asked.ca_file is None or not asked.direct or not asked.case.addresses:
            return False
        from dtsconf.web.trust import tls_context

        address = asked.case.addresses[0]
        try:
            context = tls_context(None)
            with connected(address, end) as sock, context.wrap_socket(sock, server_hostname=asked.case.host):
                return True
        except (OSError, ValueError):
            return False

    return work


def _too_few(asked: Asked, ca_file: str, rows: list[Evidence]) -> Outcome:
    host = asked.case.host
    means = f"server.ca_file is trusted in place of the system's roots, and lacks the one of {host}"
    row = Evidence(f"checked the certificate of {host} by the system's own roots", "it verifies", means)
    roots = _system_file()
    add = f"where the mail server needs it, put both into one file: cat {roots} {ca_file} | sudo tee {ROOTS}, then"
    hint = f"go without it: --set server.ca_file=null; {add} --set server.ca_file={ROOTS}"
    return Outcome((*rows, row), f"{means} ({ca_file})", hint)


def _named(asked: Asked, seen: Certificate, rows: list[Evidence]) -> Outcome:
    """The certificate is another host's."""
    host = asked.case.host
    told = f"whoever answers is not {host}: the certificate is for {seen.fits}, issued by {seen.issuer}"
    if asked.microsoft or not asked.direct:
        way = "a filter or a sign-in page of this network answers in its place"
        sign_in = "open any web page in a browser and sign in to the network"
        ask = f"{sign_in}; else ask who runs the network about {seen.fits}, then dtsconf test again"
        return Outcome(tuple(rows), f"{told}: {way}", ask)
    row, same = certificates.names(asked.case, seen)
    mend = f"have the certificate of {host} reissued for the name {host}"
    if same:
        address = f"https://{same[0]}{'' if asked.trouble.port == 443 else f':{asked.trouble.port}'}"
        mend = f"write the name that fits into the profile: microsoft: {{authority: '{address}'}}; or {mend}"
    else:
        mend = f"does {host} lead to the right server (getent hosts {host})? If so, {mend}"
    return Outcome((*rows, row), told, mend)


def _untrusted(asked: Asked, seen: Certificate, rows: list[Evidence]) -> Outcome:
    host, product = asked.case.host, inspector(seen.issuer)
    if asked.microsoft and not product and _GENUINE.search(seen.issuer):
        return _no_public_roots(asked, seen, rows)
    if product or asked.microsoft:
        who = product or "something on the way"
        doubt = "" if product else ", which issues none for Microsoft"
        told = f"{who} opens the encrypted session: the certificate is issued by {seen.issuer}{doubt}"
        owner = f"who runs {product}" if product else "who runs the network"
        ask = f"ask {owner} for its root certificate ({seen.issuer}) as a PEM file"
        return Outcome(tuple(rows), told, f"{ask}, {_trust(asked)}; or have {host} excepted from the inspection")
    own_authority = f"ask who runs {host} for the root certificate of {seen.issuer} as a PEM file"
    told = ""
    if seen.issuer == seen.subject:
        told = "the certificate vouches for itself"
        own_authority = f"ask who runs {host} for the certificate {seen.subject} itself, as a PEM file"
    elif seen.alone:
        told = f"{host} sends its certificate alone, and {seen.issuer}, which issued it, is not trusted here: either an"
        told += " intermediate is missing there, or a root here"
        own_authority = (
            f"ask who runs {host} to install the full chain; or for the certificate of {seen.issuer} as a PEM file"
        )
    if not _system_file():
        told = f"{told or 'it is trusted by nobody here'}, and this machine has no root certificates at all"
        own_authority = f"apt install ca-certificates; or {own_authority}"
    return Outcome(tuple(rows), told or None, f"{own_authority}, {_trust(asked)}, then dtsconf test again")


def _no_public_roots(asked: Asked, seen: Certificate, rows: list[Evidence]) -> Outcome:
    """The certificate looks like Microsoft's own: it is here that roots are missing."""
    told = f"{seen.issuer} does issue certificates for Microsoft: the roots that this machine trusts lack it"
    bring = "bring the system's root certificates up to date: sudo apt install --reinstall ca-certificates"
    if asked.ca_file is None:
        return Outcome(tuple(rows), told, f"{bring}, then dtsconf test again")
    in_force = f"server.ca_file ({asked.ca_file}) is trusted in place of the system's roots"
    hint = f"--set server.ca_file=null, or put the system's roots into that file: cat {_system_file()} | sudo tee -a"
    return Outcome(tuple(rows), f"{told}; {in_force}", f"{hint} {asked.ca_file}; if it stays, {bring}")


def _trust(asked: Asked) -> str:
    """How to trust one root more: `server.ca_file` takes the place of the system's roots, for every server."""
    if asked.ca_file is not None:
        return f"and add it to {asked.ca_file} (server.ca_file): cat ROOT.pem | sudo tee -a {asked.ca_file}"
    join = f"cat {_system_file() or ''} ROOT.pem | sudo tee {ROOTS}".replace("  ", " ")
    return f"and trust it beside the system's: {join}, then --set server.ca_file={ROOTS}"


def _system_file() -> str:
    """The file of the system's roots; '' when there is none."""
    return ssl.get_default_verify_paths().cafile or ""
