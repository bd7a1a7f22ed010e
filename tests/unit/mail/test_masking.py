from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.auth import encoded_forms
from dtsconf.mail.masking import LONGEST, STARS, Masker


def masker(password: str, user: str = "user") -> Masker:
    made = Masker()
    made.add_secret(password)
    made.add_encoded(*encoded_forms(user, password))
    return made


def test_the_password_is_stars_as_it_stands_and_encoded() -> None:
    shown = masker("S3cr3t-Pass").show("535 S3cr3t-Pass / " + b64encode(b"\0user\0S3cr3t-Pass").decode())
    assert shown == f"535 {STARS} / {STARS}"


def test_a_piece_of_an_encoded_password_is_stars_too() -> None:
    whole = b64encode(b"\0user\0S3cr3t-Pass").decode()
    assert (
        masker("S3cr3t-Pass").show(f"500 unrecognised: AUTH PLAIN {whole[:17]}")
        == f"500 unrecognised: AUTH PLAIN {STARS}"
    )


@pytest.mark.parametrize(
    "said",
    [
        "S3cr3t\r\n-Pass",
        "\0".join("S3cr3t-Pass"),
        "S 3 c r 3 t - P a s s",
        "s3CR3T-pASS",
        "S3cr\u200b3t-\u202ePass",
        "5333637233742D50617373",
    ],
)
def test_a_password_is_found_whatever_was_put_into_it(said: str) -> None:
    assert masker("S3cr3t-Pass").show(f"535 {said} for user") == f"535 {STARS} for user"


def test_a_password_in_a_url_is_stars() -> None:
    assert masker("p&ss w=rd").show("see /login?p=p%26ss%20w%3Drd") == f"see /login?p={STARS}"


def test_a_secret_that_goes_over_several_lines_is_stars_in_each_and_others_stay() -> None:
    made = masker("S3cr3t-Pass")
    assert made.starred(["hello", "it was S3cr3t-", "Pass then", "bye"]) == [
        "hello",
        f"it was {STARS}",
        f"{STARS} then",
        "bye",
    ]
    assert made.starred(["S3cr3t-Pass", "and S3cr3t-Pass", "or none"]) == [STARS, f"and {STARS}", "or none"]


def test_the_shortest_piece_of_an_encoded_secret_that_is_looked_for() -> None:
    made = Masker()
    made.add_encoded("QUJDREVGR0hJSktM")
    assert made.show("500 QUJDREVG") == f"500 {STARS}"
    assert made.show("500 QUJDREV") == "500 QUJDREV"


def test_short_secrets_are_found_as_they_are_only() -> None:
    assert masker("no").show("no, n o, NO") == f"{STARS}, n o, NO"


def test_words_of_our_own_stay_readable() -> None:
    assert masker("login").show_own("--set login.required=true") == "--set login.required=true"
    assert STARS in masker("a longer password").show_own("host is a longer password")


def test_controls_are_escaped_and_length_is_bounded() -> None:
    assert masker("x" * 20).show("a\x1b[31m\nb") == "a\\x1b[31m\\nb"
    assert len(masker("x" * 20).show("y" * 5000)) < LONGEST + 10


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_password_is_ever_shown(password: str, before: str, after: str) -> None:
    shown = masker(password).show(before + password + after)
    assert password not in shown or password in STARS or password in (before + STARS + after)
