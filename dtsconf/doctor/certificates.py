"""The roots that TLS will be judged by: the ca_file of the settings, or the system's own store."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.doctor.check import Check, State, Subject
from dtsconf.errors import DtsconfError
from dtsconf.files import read_regular
from dtsconf.settings.trust import CA_LIMIT

if TYPE_CHECKING:
    from dtsconf.net.certificate import Certificate

SOON = 30 * 86400.0
"""Seconds before a root's end that it is worth a word."""

_ANEW = "get the new root from whoever runs the server"
_BESIDE = "take it out, if the server's certificate leads to another one of the file"
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def ca_file(subject: Subject) -> Iterator[Check]:
    """Whether `server.ca_file` can be read, holds certificates, and how long they are good. Raises: DtsconfError: it
    can't, or holds none."""
    path = None if subject.effective is None else subject.effective.settings.server.ca_file
    if path is None:
        return
    from dtsconf.net.certificate import all_from_pem
    from dtsconf.settings.roots import fault

    reason, hint = fault(path)
    if reason:
        raise DtsconfError(f"server.ca_file {path} {reason}", hint)
    try:
        roots = all_from_pem(read_regular(path, CA_LIMIT)[0])
    except ValueError:
        message = f"server.ca_file {path} holds no certificate that can be read"
        raise DtsconfError(message, "name a PEM file; from DER: openssl x509 -inform der -in FILE") from None
    good = any(root.not_before <= subject.now <= root.not_after for root in roots)
    for root in roots:
        yield _judged(f"{path}: {root.subject}", root, subject.now, "warn" if good else "fail")


def _judged(name: str, root: Certificate, now: float, off: State) -> Check:
    """`off` is how it stands with a root out of its time: beside a good one it may be the old or the next one."""
    until = time.strftime("%Y-%m-%d", time.gmtime(root.not_after))
    if root.not_after < now:
        return Check("ca-file", off, f"{name} expired on {until}", _BESIDE if off == "warn" else _ANEW)
    if root.not_before > now:
        since = time.strftime("%Y-%m-%d", time.gmtime(root.not_before))
        return Check("ca-file", off, f"{name} is not valid before {since}", "is this machine's clock right?")
    if root.not_after < now + SOON:
        return Check("ca-file", "warn", f"{name} expires on {until}", "get the new root before that day")
    return Check("ca-file", "ok", f"{name}, until {until}")


def system_trust(subject: Subject) -> Iterator[Check]:
    """Whether the system has root certificates at all; it matters when TLS is judged by them."""
    server = None if subject.effective is None else subject.effective.settings.server
    needed = server is not None and server.encryption != "none" and not server.ca_file and not server.fingerprint
    place, count = _system_roots()
    if count:
        yield Check("trust", "ok", f"{count} root certificates in {place}")
    else:
        from dtsconf.looks.stand_in import astray

        hint = "apt install ca-certificates, or set server.ca_file"
        told, mend = astray(f"no root certificates in {place}", hint, None)
        yield Check("trust", "fail" if needed else "warn", told, mend)


def _system_roots() -> tuple[str, int]:
    """Where the TLS library looks, and how many roots are there. A folder of hashed names is only read as needed by
    OpenSSL, so its count is that of the names."""
    paths = ssl.get_default_verify_paths()
    folder = paths.capath
    names = os.listdir(folder) if folder and os.path.isdir(folder) else []
    hashed = sum(1 for name in names if _HASHED.fullmatch(name))
    loaded = ssl.create_default_context().cert_store_stats()["x509_ca"]
    where = [place for place in (paths.cafile, folder) if place] or [paths.openssl_cafile, paths.openssl_capath]
    return " and ".join(where), max(loaded, hashed)
