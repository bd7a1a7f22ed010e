"""One sentence a failure: what the server says is shown safely, and what lies at the bottom of an exception is found."""

from __future__ import annotations

import socket
import ssl

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, SSLError

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.vault import causes
from dtsconf.secret.vault.read import target_of


def nested(bottom: Exception) -> Exception:
    """As requests and urllib3 wrap it: by argument, by reason, by context."""
    reason = SSLError(bottom) if isinstance(bottom, ssl.SSLError) else ProtocolError("aborted", bottom)
    return requests.ConnectionError(MaxRetryError(None, "/v1", reason))  # type: ignore[arg-type] # no pool here


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (verification(10), "Vault's certificate has expired"),
        (verification(9), "Vault's certificate is not valid yet"),
        (verification(62), "Vault's certificate is for another name than v.example"),
        (verification(64), "Vault's certificate is for another address than v.example"),
        (verification(20), "Vault's certificate is not trusted"),
        (ConnectionRefusedError(111, "Connection refused"), "Vault can't be reached (connection refused)"),
        (ConnectionResetError(104, "reset"), "Vault can't be reached (connection reset)"),
        (OSError(113, "No route to host"), "Vault can't be reached (no route to host)"),
        (socket.gaierror(-2, "Name or service not known"), "the host name v.example is not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "TLS failed"),
        (ValueError("whatever"), "the connection broke"),
    ],
)
def test_the_bottom_is_found(error: Exception, said: str) -> None:
    cause = causes.transport(nested(error), "v.example", proxied=False)
    assert cause.message.startswith(said)
    assert cause.hint


def test_a_ring_of_exceptions_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert causes.transport(one, "v.example", proxied=False).message.startswith("the connection broke")


def test_a_new_connection_error_as_urllib3_raises_it() -> None:
    error = NewConnectionError(None, "failed")  # type: ignore[arg-type] # no connection here
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert "refused" in causes.transport(error, "v.example", proxied=False).message


def test_the_servers_words_are_made_fit_to_be_shown() -> None:
    said = causes.words(["one\n\n", "two \x1b[31m s3cret-longer s3cret"], ["s3cret", "s3cret-longer", ""])
    assert said == "one two \\x1b[31m ******** ********"
    assert len(causes.words(["x" * 10_000])) < 400


def test_many_fields_are_not_all_named() -> None:
    hint = causes.no_field("kv/a", "x", [f"field{number:03}" for number in range(100)]).hint
    assert hint.endswith("field019, ...")
    assert causes.no_field("kv/a", "x", []).hint == "it has no fields at all"


def test_versions_of_the_reference() -> None:
    assert target_of("kv/a/b#c?version=3") == target_of("kv/a/b?version=3#c")
    assert target_of("kv/a/b#c").version is None
    for bad in ("kv/a#b?version=1?version=2", "kv/a?version=1#b?version=2", "kv/./a#b", "kv/../a#b"):
        with pytest.raises(SecretUnavailable):
            target_of(bad)
