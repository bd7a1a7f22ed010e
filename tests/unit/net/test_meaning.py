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


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (24, "not one of an authority"),
        (25, "not one of an authority"),
        (26, "isn't made for servers"),
        (32, "may sign no other"),
        (34, "critical extension"),
        (47, "may not vouch for this name"),
        (48, "may not vouch for this name"),
        (66, "too short"),
        (67, "above the server's is too short"),
        (68, "old hash"),
        (79, "not one of an authority"),
    ],
)
def test_what_no_root_mends(code: int, why: str) -> None:
    told = meaning.unfit(code)
    assert told is not None
    assert why in told[0]
    assert meaning.of_verify_code(code) == "tls-untrusted"


@pytest.mark.parametrize("code", [9, 10, 18, 19, 20, 21, 62, 64])
def test_what_roots_dates_and_names_mend(code: int) -> None:
    assert meaning.unfit(code) is None


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
