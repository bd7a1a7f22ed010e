"""The handshake came to nothing: does the server speak an older TLS than the settings take, or ciphers that nobody
takes any more? Some servers and filters cut the connection then, in place of an alert (RFC 8446 4.2.1, 6.2).

Looks once more, with every version and cipher that the TLS library has; sends nothing but EHLO and STARTTLS, and checks
nothing.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from dtsconf.looks.case import EACH, Outcome
from dtsconf.mail.meanings.hints import TICKET
from dtsconf.net.hostname import own_name
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.probe import Agreement

_BROKEN = ("dropped", "tls-version")
_KEY = "connection.min_tls"
_TOLD = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2"}
"""Versions that may be too old, as OpenSSL and as people name them."""


def look(case: Case) -> Callable[[], Agreement | None]:
    """A look at what the server speaks; None where the handshake isn't what failed."""
    if case.failure.stage != "tls" or case.cause not in _BROKEN or not case.addresses:
        return lambda: None
    from dtsconf.mail import hello, probe
    from dtsconf.mail.wire import Limits

    name = hello.ehlo_name(own_name(), "127.0.0.1") if case.detail("banner") else None
    limits = Limits(EACH, case.seconds())
    return lambda: probe.agreement(case.peer(case.port), case.host, name, limits)


def judge(case: Case, seen: Agreement | None) -> Outcome | None:
    """What it comes to that the server speaks `seen`; None where nothing is wrong with that, or it is unknown."""
    if seen is None:
        return None
    newest, least = _TOLD.get(seen.version), case.route.min_tls
    if newest is None or newest.removeprefix("TLS ") >= least:
        return _by_cipher(case, seen)
    means = f"it speaks {newest} at most, and {_KEY} is {least}"
    evidence = Evidence("shook hands with every version of TLS, without login", newest, means)
    newer = f"have TLS {least} or newer switched on at {case.host}"
    hint = f"{newer}: ask its administrator, and send along what this writes: {TICKET}"
    if newest == "TLS 1.2" and case.route.permits(_KEY, "1.2"):
        hint = f"take what the server speaks: --set {_KEY}=1.2; or {newer}"
    return Outcome((evidence,), means.replace("it speaks", "the server speaks"), hint)


def _by_cipher(case: Case, seen: Agreement) -> Outcome | None:
    """The version is new enough: is the cipher one that this machine takes?"""
    taken = {each["name"] for each in ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers()}
    if seen.cipher in taken:
        return None
    version = _TOLD.get(seen.version, seen.version)
    means = f"it speaks {version}, but only with ciphers that are not safe any more, such as {seen.cipher}"
    what = "shook hands with every version and cipher of TLS, without login"
    evidence = Evidence(what, f"{version}, {seen.cipher}", means)
    newer = f"have ciphers of today switched on at {case.host} (ECDHE with AES-GCM)"
    ask = f"{newer}: ask its administrator, and send along what this writes: {TICKET}"
    return Outcome((evidence,), means.replace("it speaks", "the server speaks"), ask)
