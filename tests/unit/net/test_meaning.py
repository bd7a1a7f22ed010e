"""What numbers and words of the system mean: each cause is one of the contract's list."""

from __future__ import annotations

import errno
import socket

import pytest

from dtsconf.net import meaning
from dtsconf.proof import CAUSES


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (9, "tls-not-yet-valid"),
        (10, "tls-expired"),
        (62, "tls-name"),
        (64, "tls-name"),
        (18, "tls-untrusted"),
        (19, "tls-untrusted"),
        (20, "tls-untrusted"),
        (66, "tls-untrusted"),
    ],
)
def test_verify_codes(code: int, cause: str) -> None:
    assert meaning.of_verify_code(code) == cause


@pytest.mark.parametrize("number", [None, *errno.errorcode])
def test_every_error_number_has_a_cause_of_the_contract(number: int | None) -> None:
    assert meaning.of_errno(number) in CAUSES


def test_a_missing_name_is_told_from_silence() -> None:
    assert meaning.no_such_name(socket.EAI_NONAME)
    assert not meaning.no_such_name(socket.EAI_AGAIN)
    assert not meaning.no_such_name(None)


@pytest.mark.parametrize(
    ("reason", "is_one"),
    [("UNSUPPORTED_PROTOCOL", True), ("tlsv1_alert_protocol_version", True), ("WRONG_VERSION_NUMBER", False)],
)
def test_trouble_with_versions(reason: str, is_one: bool) -> None:
    assert meaning.is_version_trouble(reason) is is_one
