"""Whom to trust, as an SSL context: only the given roots where some are given, else the system's. Always checks.

The system's are those of OpenSSL's default places (and of the certificate store on Windows), never a list that a
library carries along. No variable of requests or curl has a say.
"""

from __future__ import annotations

import ssl

from dtsconf.web.trouble import NoRoots

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def tls_context(ca_file: str | None, min_tls: str = "1.2") -> ssl.SSLContext:
    """A context that checks certificate and name. `min_tls` is `1.2` or `1.3`.

    Raises:
        NoRoots: the file can't be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = _VERSIONS[min_tls]
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return context
    # The file is the whole of what is trusted, a server's own certificate in it included.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        reason = "holds no certificate in PEM form"
    except OSError as error:
        reason = f"can't be read: {error.strerror}"
    else:
        return context
    raise NoRoots(ca_file, reason)


def blind(context: ssl.SSLContext) -> ssl.SSLContext:
    """A context that checks nothing: to look at a certificate that failed, and hang up."""
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.minimum_version = context.minimum_version
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE
    return looking
