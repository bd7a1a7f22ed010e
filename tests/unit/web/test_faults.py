"""What lies at the bottom of the exceptions of ssl, http.client, urllib3 and requests is found, and nothing of theirs shown."""

from __future__ import annotations

import http.client
import ssl
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError, SSLError

from dtsconf.proof import CAUSES
from dtsconf.web import faults
from dtsconf.web.faults import Fault

NOBODY: Any = None
"""The pool or connection that urllib3's errors want."""


def nested(bottom: Exception) -> Exception:
    """As requests and urllib3 wrap it: by argument, by reason, by context."""
    reason = SSLError(bottom) if isinstance(bottom, ssl.SSLError) else ProtocolError("aborted", bottom)
    return requests.ConnectionError(MaxRetryError(NOBODY, "/v1", reason))


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] whatever")
    error.reason = reason
    return error


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "said by OpenSSL"
    return error


@pytest.mark.parametrize(
    ("bottom", "what", "cause"),
    [
        (ConnectionResetError(104, "reset"), "lost", "dropped"),
        (OSError(113, "No route to host"), "lost", "no-route"),
        (http.client.RemoteDisconnected("gone"), "lost", "dropped"),
        (http.client.IncompleteRead(b"half"), "lost", "dropped"),
        (http.client.BadStatusLine("SSH-2.0-OpenSSH"), "strange", "protocol"),
        (http.client.LineTooLong("header line"), "strange", "protocol"),
        (http.client.HTTPException("got more than 100 headers"), "strange", "protocol"),
        (TimeoutError("timed out"), "silence", "timeout"),
        (tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "tls", "protocol"),
        (tls("UNEXPECTED_EOF_WHILE_READING"), "tls", "dropped"),
        (ValueError("whatever"), "lost", "dropped"),
    ],
)
def test_the_bottom_is_found(bottom: Exception, what: str, cause: str) -> None:
    fault = faults.of_request(nested(bottom))
    assert (fault.what, fault.cause) == (what, cause)


def test_a_time_out_as_urllib3_raises_it() -> None:
    assert faults.of_request(requests.ReadTimeout(ReadTimeoutError(NOBODY, "/", "late"))).cause == "timeout"


def test_a_ring_of_exceptions_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert faults.of_request(one).what == "lost"


def test_a_new_connection_error_as_urllib3_raises_it() -> None:
    error = NewConnectionError(NOBODY, "failed")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert faults.of_request(error) == Fault("lost", "refused", "Connection refused", "system")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (requests.exceptions.InvalidHeader("canary"), "unsendable"),
        (requests.exceptions.MissingSchema("canary"), "unsendable"),
        (requests.exceptions.InvalidProxyURL("http://u:canary@"), "proxy"),
        (requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support: canary"), "proxy"),
    ],
)
def test_what_a_library_says_of_our_own_words_is_not_shown(error: Exception, what: str) -> None:
    fault = faults.of_request(error)
    assert fault.what == what
    assert "canary" not in fault.detail


@pytest.mark.parametrize(
    ("error", "what", "cause"),
    [
        (unverified(10), "certificate", "tls-expired"),
        (unverified(9), "certificate", "tls-not-yet-valid"),
        (unverified(62), "certificate", "tls-name"),
        (unverified(64), "certificate", "tls-name"),
        (unverified(20), "certificate", "tls-untrusted"),
        (tls("UNSUPPORTED_PROTOCOL"), "tls", "tls-version"),
        (tls("TLSV1_ALERT_PROTOCOL_VERSION"), "tls", "tls-version"),
        (tls("WRONG_VERSION_NUMBER"), "tls", "protocol"),
        (tls("UNEXPECTED_EOF_WHILE_READING"), "tls", "dropped"),
        (TimeoutError("the handshake operation timed out"), "silence", "timeout"),
        (ConnectionResetError(104, "reset"), "lost", "dropped"),
        (ValueError("whatever"), "lost", "dropped"),
    ],
)
def test_handshakes(error: Exception, what: str, cause: str) -> None:
    fault = faults.of_handshake(error)
    assert (fault.what, fault.cause) == (what, cause)


@pytest.mark.parametrize(
    ("error", "cause", "detail"),
    [
        (OSError("Tunnel connection failed: 407 Proxy Authentication Required"), "blocked", "407 Proxy Authentication"),
        (TimeoutError("timed out"), "timeout", "it did not answer in time"),
        (ConnectionResetError(104, "reset by peer"), "dropped", "reset by peer"),
        (http.client.BadStatusLine("SSH-2.0"), "dropped", "it did not answer as a proxy does"),
        (tls("WRONG_VERSION_NUMBER"), "tls-untrusted", "no TLS with the proxy"),
    ],
)
def test_tunnels(error: Exception, cause: str, detail: str) -> None:
    fault = faults.of_tunnel(error)
    assert (fault.what, fault.cause) == ("proxy", cause)
    assert fault.detail.startswith(detail)
    assert fault.cause in CAUSES
