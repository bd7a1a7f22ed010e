"""OAuth errors in words: Microsoft's by their code, others' plainly; and nothing secret in a server's words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.auth.codes import ROWS
from dtsconf.auth.explain import LONGEST, PLAIN, code, failed, words
from dtsconf.auth.request import Wanted
from dtsconf.names import escape_controls

CLIENT = "12345678-1234-1234-1234-123456789012"
WANTED = Wanted("https://login.microsoftonline.com", "acme.example", CLIENT)
APPLICATION_WANTED = replace(WANTED, flow="application", sender="reports@acme.example")
OF_REDIRECTS = (50011, 500113, 700009, 900971, 9002326)
"""Answers to a browser's sign-in alone: no application meets them."""
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


def test_a_certificate_that_is_over_is_not_one_of_somebody_else() -> None:
    said = "The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired.]"
    over, other = (failed(answer(700027, words), APPLICATION_WANTED) for words in (said, "is not registered"))
    assert "AADSTS700027: the certificate has expired (" in over.message
    assert "openssl req -x509" in (over.hint or "")
    assert "the certificate isn't the app's" in other.message


OF_A_PERSON = re.compile(
    r"sign in again|dtsconf sign-in|microsoft\.flow|remember_me|public client|http://localhost|second factor|the machine that"
)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_an_application_is_no_person(number: int) -> None:
    error = failed(answer(number), APPLICATION_WANTED)
    assert error.message.startswith(f"sign-in failed: AADSTS{number}: ")
    assert error.hint
    assert "{" not in error.hint
    if number not in OF_REDIRECTS:
        assert not OF_A_PERSON.search(error.hint), error.hint


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_an_application_is_no_person_to_another_provider_either(name: str) -> None:
    error = failed({"error": name}, replace(APPLICATION_WANTED, authority="https://id.acme.example"))
    assert "sign in again" not in (error.hint or "sign in again")


@pytest.mark.parametrize("number", [53003, 530003, 53000])
def test_a_policy_on_an_application_is_one_for_workload_identities(number: int) -> None:
    error = failed(answer(number), APPLICATION_WANTED)
    assert "for workload identities" in error.message
    assert "Named locations" in (error.hint or "")


def test_security_defaults_are_no_policy_that_could_except_an_application() -> None:
    error = failed(answer(530035), APPLICATION_WANTED)
    assert "security defaults block the application" in error.message
    assert "Properties > Manage security defaults" in (error.hint or "")
    assert "Named locations" not in (error.hint or "")


@pytest.mark.parametrize(
    ("number", "change", "words"),
    [
        (50076, {"flow": "device-code", "ways": ("device-code",)}, "sign in again, and give the second factor: "),
        (50076, {"flow": "device-code", "ways": ("browser", "device-code")}, "with --set microsoft.flow=browser"),
        (50076, {"ways": ("browser", "device-code")}, "sign in again, and give the second factor: "),
        (53003, {"flow": "browser", "ways": ("broker", "browser", "device-code")}, "with --set microsoft.flow=broker"),
        (53003, {"ways": ("device-code",)}, "where a broker or a browser is there to sign in with"),
        (53003, {"ways": ("broker", "browser", "device-code")}, "use the machine that the organisation manages"),
        (530035, {"ways": ("device-code",)}, "sign in where a broker or a browser is there"),
        (50196, {}, "wait some minutes; a token is kept between two runs with --set microsoft.remember_me=true"),
        (50196, {"remember": True}, "wait some minutes"),
        (50196, {"session": True}, "wait some minutes"),
        (50196, {"flow": "application", "remember": True}, "let one run send many mails"),
        (90002, {"sender": "ann@acme.test"}, "--set microsoft.tenant=acme.test, the domain of the sender's address"),
        (90002, {"sender": "ann@acme.example"}, "--set microsoft.tenant=TENANT, its id or one of its domains"),
        (700016, {"client_id": "00000000-0000-0000-0000-000000000000"}, "--set microsoft.client_id=ID"),
        (70002, {}, "Allow public client flows: Yes"),
        (70002, {"flow": "application"}, "Certificates & secrets > New client secret"),
    ],
)
def test_a_hint_goes_by_what_is_there_to_sign_in_with(number: int, change: dict[str, Any], words: str) -> None:
    hint = failed(answer(number), replace(WANTED, **change)).hint or ""
    assert words in hint
    assert "--set" in words or "--set" not in hint


def test_who_never_entered_the_code_is_asked_again() -> None:
    for number in (70016, 70020):
        error = failed({**answer(number), "error": "expired_token"}, WANTED)
        assert error.hint == "sign in again: dtsconf sign-in"


@pytest.mark.parametrize("number", [50011, 500113, 700009, 900971])
def test_no_redirect_address_at_all_wants_the_same_as_a_wrong_one(number: int) -> None:
    assert "Mobile and desktop applications add http://localhost" in (failed(answer(number), WANTED).hint or "")


def test_oauth_s_words_do_not_stand_before_microsoft_s_own() -> None:
    said = {"error": "invalid_grant", "error_description": "AADSTS99999: who knows", "error_codes": [99999]}
    error = failed(said, APPLICATION_WANTED)
    assert error.message == "sign-in failed: invalid_grant: AADSTS99999: who knows"
    assert "Service principal sign-ins" in (error.hint or "")


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
