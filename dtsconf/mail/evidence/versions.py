"""The handshake came to nothing: does the server speak an older TLS than the settings take? Some servers and filters
cut the connection then, in place of an alert (RFC 8446 4.2.1, 6.2).

Looks once more, with every version that the TLS library has; sends nothing but EHLO and STARTTLS, and checks nothing.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dtsconf.looks.case import EACH, Outcome
from dtsconf.mail.meanings.hints import TICKET
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.evidence.case import Case

_BROKEN = ("dropped", "tls-version")
_KEY = "connection.min_tls"
_TOLD = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2"}
"""Versions that may be too old, as OpenSSL and as people name them."""


def look(case: Case) -> Callable[[], str | None]:
    """A look at the newest TLS that the server speaks, as OpenSSL names it; None where it isn't the version's fault."""
    if case.failure.stage != "tls" or case.cause not in _BROKEN or not case.addresses:
        return lambda: None
    from dtsconf.mail import hello, probe
    from dtsconf.mail.wire import Limits

    name = hello.ehlo_name(socket.gethostname(), "127.0.0.1") if case.detail("banner") else None
    limits = Limits(EACH, case.seconds())
    return lambda: probe.version(case.peer(case.port), case.host, name, limits)


def judge(case: Case, seen: str | None) -> Outcome | None:
    """What it comes to that the server speaks `seen`; None where that is new enough, or unknown."""
    newest, least = _TOLD.get(seen or ""), case.route.min_tls
    if newest is None or newest.removeprefix("TLS ") >= least:
        return None
    means = f"it speaks {newest} at most, and {_KEY} is {least}"
    evidence = Evidence("shook hands with every version of TLS, without login", newest, means)
    newer = f"have TLS {least} or newer switched on at {case.host}"
    hint = f"{newer}: ask its administrator, and send along what this writes: {TICKET}"
    if newest == "TLS 1.2" and case.route.permits(_KEY, "1.2"):
        hint = f"take what the server speaks: --set {_KEY}=1.2; or {newer}"
    return Outcome((evidence,), means.replace("it speaks", "the server speaks"), hint)
