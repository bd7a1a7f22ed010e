"""From the exceptions of ssl, http.client, urllib3 and requests to what they mean. Imported when something went wrong.

Texts of theirs that may hold a header, a body or a proxy's password are never taken over.
"""

from __future__ import annotations

import ssl
from http.client import BadStatusLine, HTTPException, IncompleteRead, LineTooLong, RemoteDisconnected
from typing import TYPE_CHECKING, Literal, NamedTuple

from dtsconf.net import meaning
from dtsconf.net.connect import LookupFailed
from dtsconf.web.trouble import NO_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.net.connect import Race
    from dtsconf.web.trouble import What

_TUNNEL = "Tunnel connection failed: "
"""How http.client begins when a proxy answers CONNECT with anything but 200; the proxy's status follows."""


class Fault(NamedTuple):
    """What an exception means: the words of `Trouble`."""

    what: What
    cause: str
    detail: str
    said_by: Literal["server", "tls", "system", "dtsconf"]


def of_lookup(failed: LookupFailed) -> Fault:
    """The name could not be looked up."""
    return Fault("lookup", "dns", failed.words, "system")


def of_race(race: Race) -> Fault:
    """No address could be connected to."""
    cause = meaning.of_errnos([attempt.errno for attempt in race.failed] or [None])
    return Fault("connect", cause, "; ".join(map(str, race.failed)) or "no answer", "system")


def of_broken(error: OSError) -> Fault:
    """A connection ended as soon as it stood."""
    return Fault("lost", meaning.of_errno(error.errno), error.strerror or "the connection broke", "system")


def of_tunnel(error: Exception) -> Fault:
    """A proxy was reached, and no tunnel came about (RFC 9110, 9.3.6)."""
    text = str(error.args[0]) if error.args else ""
    if isinstance(error, TimeoutError):
        return Fault("proxy", "timeout", "it did not answer in time", "dtsconf")
    if text.startswith(_TUNNEL):
        return Fault("proxy", "blocked", text.removeprefix(_TUNNEL), "server")
    if isinstance(error, ssl.SSLError):
        return Fault("proxy", "tls-untrusted", "no TLS with the proxy itself came about", "tls")
    if isinstance(error, OSError) and error.errno is not None:
        return Fault("proxy", meaning.of_errno(error.errno), error.strerror or "no answer", "system")
    return Fault("proxy", "dropped", "it did not answer as a proxy does", "dtsconf")


def of_handshake(error: Exception) -> Fault:
    """TLS did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault("certificate", meaning.of_verify_code(error.verify_code), error.verify_message, "tls")
    if isinstance(error, TimeoutError):
        return Fault("silence", "timeout", "the TLS handshake was not over in time", "dtsconf")
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    if isinstance(error, OSError) and error.errno is not None:
        return of_broken(error)
    return Fault("lost", "dropped", "the connection broke in the TLS handshake", "system")


def _of_tls(error: ssl.SSLError) -> Fault:
    words = str(error.reason or "").replace("_", " ").lower() or "the connection broke"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "eof" in words:
        return Fault("tls", "dropped", words, "tls")
    return Fault(
        "tls", "tls-version" if meaning.is_version_trouble(words.replace(" ", "_")) else "protocol", words, "tls"
    )


def of_request(error: BaseException) -> Fault:
    """No answer came to a request, or only a part of one: from what lies at the bottom of the client's exceptions."""
    chain = list(_chain(error))
    names = {type(one).__name__ for one in chain}
    if names & {"InvalidProxyURL", "ProxySchemeUnknown", "ProxyError"} or _wants_socks(chain):
        return Fault("proxy", "no-route", NO_ADDRESS, "dtsconf")
    if names & {"InvalidHeader", "InvalidURL", "MissingSchema", "InvalidSchema", "LocationParseError"}:
        return Fault("unsendable", "protocol", "the request holds what can't be sent", "dtsconf")
    for one in reversed(chain):
        if (fault := _at_the_bottom(one)) is not None:
            return fault
    if names & {"ConnectTimeout", "ReadTimeout", "ReadTimeoutError", "ConnectTimeoutError"}:
        return Fault("silence", "timeout", "no whole answer in time", "dtsconf")
    return Fault("lost", "dropped", "the connection broke before the whole answer was there", "system")


def _at_the_bottom(one: BaseException) -> Fault | None:
    match one:
        case TimeoutError():
            return Fault("silence", "timeout", "no whole answer in time", "dtsconf")
        case RemoteDisconnected() | IncompleteRead():
            return Fault(
                "lost", "dropped", "the server closed the connection before the whole answer was there", "server"
            )
        case BadStatusLine() | LineTooLong():
            return Fault("strange", "protocol", "what answers there speaks no HTTP", "dtsconf")
        case ssl.SSLError():
            return _of_tls(one)
        case OSError() if one.errno is not None:
            return of_broken(one)
        case HTTPException():
            return Fault("strange", "protocol", "what answers there speaks no proper HTTP", "dtsconf")
        case _:
            return None


def _wants_socks(chain: list[BaseException]) -> bool:
    return any(type(one).__name__ == "InvalidSchema" and "SOCKS" in str(one) for one in chain)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all it was raised from, wraps, or holds: requests and urllib3 nest in three ways."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
