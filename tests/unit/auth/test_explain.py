"""OAuth errors in words: Microsoft's by their code, others' plainly; and nothing secret in a server's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.auth.codes import ROWS
from dtsconf.auth.explain import LONGEST, PLAIN, code, failed, words
from dtsconf.auth.request import Wanted
from dtsconf.names import escape_controls

CLIENT = "12345678-1234-1234-1234-123456789012"
WANTED = Wanted("https://login.microsoftonline.com", "acme.example", CLIENT)
TRACE = "\r\nTrace ID: 0000aaaa-11bb-cccc-dd33-eeeeee333333\r\nCorrelation ID: x\r\nTimestamp: 2026-11-09 02:02:12Z"


def answer(number: int, said: str = "something") -> dict[str, Any]:
    return {"error": "invalid_request", "error_description": f"AADSTS{number}: {said}{TRACE}", "error_codes": [number]}


@pytest.mark.parametrize("number", sorted(ROWS))
def test_each_row_gives_a_whole_sentence_and_a_next_step(number: int) -> None:
    error = failed(answer(number), WANTED)
    assert error.code == 6
    assert error.message.startswith(f"sign-in failed: AADSTS{number}: {ROWS[number].cause} (")
    assert "Trace ID" not in error.message
    assert error.hint
    assert "{" not in error.hint
    assert error.hint.startswith("for an administrator: ") is (ROWS[number].who == "admin")
    assert error.problems[0].kind == f"aadsts{number}"


def test_the_table_has_the_errors_that_are_met_most() -> None:
    met = {50011, 50020, 50034, 50053, 50055, 50057, 50076, 50079, 50097, 50105, 50126, 50158, 50173, 50194, 53000}
    met |= {53001, 53003, 65001, 65004, 70008, 90002, 90094, 500011, 530003, 700016, 700027, 700082, 7000012, 7000112}
    met |= {7000215, 7000218, 7000222}
    assert met <= ROWS.keys()


@pytest.mark.parametrize("number", [50011, 700016])
def test_a_redirect_address_and_an_unknown_client_tell_whose_registration_it_must_be(number: int) -> None:
    hint = failed(answer(number), WANTED).hint or ""
    assert "an app registration in your own organisation's tenant" in hint
    assert "http://localhost" in hint
    assert f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT}" in hint


def test_the_portal_is_the_cloud_s_own() -> None:
    error = failed(answer(65001), Wanted("https://login.microsoftonline.us", "acme.example", CLIENT))
    assert error.hint is not None
    assert "https://entra.microsoft.us >" in error.hint


def test_an_unknown_code_leads_to_microsoft_s_own_page() -> None:
    error = failed(answer(99999, "who knows"), WANTED)
    assert "AADSTS99999: who knows" in error.message
    assert error.hint == "https://login.microsoftonline.com/error?code=99999 tells what it means"


def test_the_code_is_found_in_the_list_or_in_the_words() -> None:
    assert code({"error_codes": [1, 50011], "error_description": "x"}) == 50011
    assert code({"error_description": "AADSTS65001: x"}) == 65001
    assert code({"error_codes": "50011", "error_description": 5}) is None


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_other_providers_errors_are_told_in_plain_words(name: str) -> None:
    error = failed({"error": name, "error_description": "requested scope is not allowed"}, WANTED)
    assert error.message == f"sign-in failed: {name}: {PLAIN[name][0]}: requested scope is not allowed"
    assert error.hint
    assert "{" not in error.hint


@pytest.mark.parametrize("strange", [{}, {"error": None}, {"error": ["x"], "error_description": {}}, {"error": "new"}])
def test_an_error_without_sense_is_still_a_sentence(strange: dict[str, Any]) -> None:
    error = failed(strange, WANTED)
    assert error.message.startswith("sign-in failed: ")
    assert error.hint


def test_a_server_s_words_hold_no_token_no_control_and_no_end() -> None:
    token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9" * 2 + ".eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl"
    assert words(f"the token {token} is bad") == "the token (hidden) is bad"
    assert words("a\x1b[31mb\nc\u202ed") == r"a\x1b[31mb c\u202ed"
    assert len(words("word " * 1000)) == LONGEST


@given(st.text(max_size=2000))
def test_whatever_a_server_says_is_printable_and_short(said: str) -> None:
    shown = words(said)
    assert len(shown) <= LONGEST
    assert shown == escape_controls(shown)
