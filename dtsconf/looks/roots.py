"""HTTPS to the service: its certificate did not verify. Who issued it, whether somebody inspects TLS on the way, which
roots are missing where, or whose clock is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import certificates, clock, commands, portal, stand_in, trusted
from dtsconf.looks.case import Outcome
from dtsconf.looks.products import inspector
from dtsconf.net.connect import connected
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.asked import Asked
    from dtsconf.net.certificate import Certificate


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
    if asked.trouble.cause in certificates.DATED and not seen.is_in_date:
        heard = told if isinstance(told, clock.Told) else None
        return clock.judge(case, seen, heard, rows, stand_in.ask(case.host, seen) if asked.microsoft else "")
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
    hint = f"{trusted.both(ca_file)}; or, where no server needs that file: --set server.ca_file=null"
    return Outcome((*rows, row), f"{means} ({ca_file})", hint)


def _named(asked: Asked, seen: Certificate, rows: list[Evidence]) -> Outcome:
    """The certificate is another host's."""
    host = asked.case.host
    if asked.microsoft or not asked.direct:
        return Outcome(tuple(rows), *stand_in.other_host(host, seen))
    told = f"whoever answers is not {host}: the certificate is for {seen.fits}, issued by {seen.issuer}"
    row, same = certificates.names(asked.case, seen)
    mend = f"have the certificate of {host} reissued for the name {host}"
    if same:
        address = f"https://{same[0]}{'' if asked.trouble.port == 443 else f':{asked.trouble.port}'}"
        mend = f"write the name that fits into the profile: microsoft: {{authority: '{address}'}}; or {mend}"
    else:
        mend = f"does {host} lead to the right server ({commands.look_up(host)})? If so, {mend}"
    return Outcome((*rows, row), told, mend)


def _untrusted(asked: Asked, seen: Certificate, rows: list[Evidence]) -> Outcome:
    host, ca_file = asked.case.host, asked.ca_file
    if asked.microsoft:
        return Outcome(tuple(rows), *stand_in.judged(host, asked.trouble.cause, seen, ca_file))
    told, hint = _own_authority(asked, seen)
    if inspector(seen.issuer):
        told, hint = stand_in.opened(host, seen, ca_file, microsoft=False)
    told, hint = stand_in.astray(told, hint, ca_file)
    return Outcome(tuple(rows), told or None, hint)


def _own_authority(asked: Asked, seen: Certificate) -> tuple[str, str]:
    """A provider with a root of its own."""
    host = asked.case.host
    ask = f"ask who runs {host} for the root certificate of {seen.issuer} as a PEM file"
    told = ""
    if seen.issuer == seen.subject:
        told = "the certificate vouches for itself"
        ask = f"ask who runs {host} for the certificate {seen.subject} itself, as a PEM file"
    elif seen.alone:
        told = f"{host} sends its certificate alone, and {seen.issuer}, which issued it, is not trusted here: either an"
        told += " intermediate is missing there, or a root here"
        ask = f"ask who runs {host} to install the full chain; or for the certificate of {seen.issuer} as a PEM file"
    if not trusted.system_file() and not commands.has_store():
        told = f"{told or 'it is trusted by nobody here'}, and this machine has no root certificates at all"
        ask = f"apt install ca-certificates; or {ask}"
    return told, f"{ask}, {trusted.add(asked.ca_file)}, then dtsconf test again"
