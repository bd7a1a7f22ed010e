"""What a token's claims show to be wrong; and that anything may come in their place."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from dtsconf.auth.claims import Expected, note, read
from dtsconf.names import escape_controls

NOW = 1_800_000_000.0
SMTP = ("https://outlook.office.com/SMTP.Send",)
TENANT = "11111111-2222-3333-4444-555555555555"
USER = Expected(SMTP, False, "ann@acme.example", TENANT)
APPLICATION = Expected(("https://outlook.office365.com/.default",), True, None, TENANT)
GOOD: dict[str, Any] = {
    "aud": "https://outlook.office.com",
    "scp": "SMTP.Send openid",
    "upn": "Ann@acme.example",
    "tid": TENANT,
    "iat": NOW - 60,
    "exp": NOW + 3600,
}


def jwt(claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.signature"


def test_a_right_token_has_no_note() -> None:
    assert note(jwt(GOOD), USER, NOW) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"aud": "00000003-0000-0000-c000-000000000000"}, "the token is for 00000003-0000-0000-c000-000000000000"),
        ({"aud": ["https://graph.microsoft.com"]}, "the token is for https://graph.microsoft.com, and outlook"),
        ({"scp": "User.Read"}, "the token lacks the permission SMTP.Send (it has User.Read)"),
        ({"scp": ""}, "the token lacks the permission SMTP.Send (it has none)"),
        ({"upn": "bob@acme.example"}, "the token is bob@acme.example's, and ann@acme.example is to sign in"),
        ({"tid": "99999999-2222-3333-4444-555555555555"}, "the token is of tenant 99999999"),
        (
            {"exp": NOW - 7200},
            "the token expired 2 hours ago; if it was issued just now, this machine's clock is ahead",
        ),
        ({"iat": NOW + 7200}, "the token begins 2 hours from now: this machine's clock is likely behind"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], told: str) -> None:
    found = note(jwt({**GOOD, **change}), USER, NOW)
    assert found is not None
    assert told in found


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = note(jwt({**GOOD, "scp": "User.Read", "upn": "bob@acme.example"}), USER, NOW)
    assert found is not None
    assert found.count(";") == 1


@pytest.mark.parametrize("aud", ["https://outlook.office365.com", "00000002-0000-0ff1-ce00-000000000000"])
def test_exchange_has_several_names(aud: str) -> None:
    assert note(jwt({**GOOD, "aud": aud}), USER, NOW) is None


def test_an_application_needs_no_scope_and_no_role() -> None:
    """With RBAC for Applications the right lies in Exchange, and the token shows nothing of it."""
    claims = {"aud": "https://outlook.office365.com", "tid": TENANT, "exp": NOW + 60}
    assert note(jwt(claims), APPLICATION, NOW) is None


def test_a_tenant_that_is_a_domain_can_t_be_compared() -> None:
    assert note(jwt(GOOD), Expected(SMTP, False, "ann@acme.example", "acme.example"), NOW) is None


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!.c", jwt([1]), jwt("x"), f"e30.{'A' * 70000}.x"])
def test_a_token_that_can_t_be_read_says_nothing(token: str) -> None:
    assert read(token) == {}
    assert note(token, USER, NOW) is None


def test_control_characters_in_claims_are_shown_escaped() -> None:
    found = note(jwt({**GOOD, "upn": "bob\x1b[31m@acme.example"}), USER, NOW)
    assert found is not None
    assert "\x1b" not in found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["aud", "scp", "scope", "upn", "preferred_username", "email", "tid", "nbf", "iat", "exp"])


@given(st.dictionaries(NAMES, JSON, max_size=8))
@example({"aud": "https://[x", "nbf": 10**400})
@example({"aud": ["https://["], "exp": -(10**400)})
def test_whatever_stands_there_nothing_breaks(claims: dict[str, Any]) -> None:
    for expected in (USER, APPLICATION):
        found = note(jwt(claims), expected, NOW)
        assert found is None or found == escape_controls(found)
