from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given, strategies as st
from scramp import ScramMechanism

from dtsconf.mail.auth import ExchangeBroken, Login, Plain, Scram, begin, choose, decode_challenge, encode


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("auto", ("LOGIN", "PLAIN", "SCRAM-SHA-256"), "SCRAM-SHA-256"),
        ("auto", ("LOGIN", "PLAIN"), "PLAIN"),
        ("auto", ("LOGIN",), "LOGIN"),
        ("auto", ("XOAUTH2", "GSSAPI"), None),
        ("auto", (), None),
        ("plain", ("LOGIN", "PLAIN", "SCRAM-SHA-256"), "PLAIN"),
        ("scram-sha-256", ("PLAIN",), None),
    ],
)
def test_auto_takes_the_strongest_that_both_know(wanted: str, offered: tuple[str, ...], chosen: str | None) -> None:
    assert choose(wanted, offered) == chosen


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200),
)
def test_plain_says_user_and_password_in_utf8_once(user: str, password: str) -> None:
    exchange = Plain(user, password)
    message = exchange.initial if exchange.initial is not None else exchange.answer(b"")
    assert message.split(b"\0") == [b"", user.encode(), password.encode()]
    with pytest.raises(ExchangeBroken):
        exchange.answer(b"")


def test_a_long_plain_message_waits_for_the_servers_word() -> None:
    exchange = Plain("user", "p" * 1000)
    assert exchange.initial is None
    assert exchange.answer(b"").endswith(b"p" * 1000)


def test_a_nul_in_the_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ExchangeBroken) as caught:
        Plain("user", "pa\0ss")
    assert caught.value.cause == "auth-mechanism"
    assert "pa" not in str(caught.value).replace("password", "")


def test_login_answers_twice_and_no_more() -> None:
    exchange = Login("user", "pass")
    assert [exchange.answer(b"Username:"), exchange.answer(b"whatever")] == [b"user", b"pass"]
    with pytest.raises(ExchangeBroken):
        exchange.answer(b"Once more:")
    exchange.finish()


def test_login_believes_no_yes_before_the_password() -> None:
    exchange = Login("user", "pass")
    exchange.answer(b"Username:")
    with pytest.raises(ExchangeBroken):
        exchange.finish()


def scram_server(password: str) -> object:
    mechanism = ScramMechanism("SCRAM-SHA-256")
    known = mechanism.make_auth_info(password)
    return mechanism.make_server(lambda _: known)


@pytest.mark.parametrize("password", ["secret", "pässwörd €", "with,comma=equals", "\u00aa compat"])
def test_scram_against_a_server_that_knows_the_password(password: str) -> None:
    server = scram_server(password)
    exchange = Scram("user", password)
    server.set_client_first((exchange.initial or b"").decode())  # type: ignore[attr-defined]
    server.set_client_final(exchange.answer(server.get_server_first().encode()).decode())  # type: ignore[attr-defined]
    assert exchange.answer(server.get_server_final().encode()) == b""  # type: ignore[attr-defined]
    exchange.finish()


def test_scram_believes_no_yes_without_the_servers_signature() -> None:
    server = scram_server("secret")
    exchange = Scram("user", "secret")
    server.set_client_first((exchange.initial or b"").decode())  # type: ignore[attr-defined]
    exchange.answer(server.get_server_first().encode())  # type: ignore[attr-defined]
    with pytest.raises(ExchangeBroken, match="without proving"):
        exchange.finish()


def test_scram_sees_through_a_server_that_does_not_know_the_password() -> None:
    server = scram_server("secret")
    exchange = Scram("user", "secret")
    server.set_client_first((exchange.initial or b"").decode())  # type: ignore[attr-defined]
    exchange.answer(server.get_server_first().encode())  # type: ignore[attr-defined]
    with pytest.raises(ExchangeBroken):
        exchange.answer(b"v=" + encode(b"\0" * 32).encode())


@pytest.mark.parametrize("challenge", [b"", b"garbage", b"r=other,s=QUFB,i=4096", b"\xff\xfe", b"e=unknown-user"])
def test_scram_refuses_wrong_challenges(challenge: bytes) -> None:
    with pytest.raises(ExchangeBroken):
        Scram("user", "secret").answer(challenge)


def test_scrams_own_error_is_a_rejected_login() -> None:
    with pytest.raises(ExchangeBroken) as caught:
        Scram("user", "secret").answer(b"e=invalid-proof")
    assert caught.value.cause == "auth-rejected"


def test_a_password_that_saslprep_forbids_names_the_mechanism() -> None:
    with pytest.raises(ExchangeBroken) as caught:
        begin("SCRAM-SHA-256", "user", "bell\x07")
    assert caught.value.cause == "auth-mechanism"
    assert "bell" not in str(caught.value)


def test_a_challenge_that_is_no_base64_is_taken_as_text() -> None:
    assert decode_challenge("VXNlcm5hbWU6") == b"Username:"
    assert decode_challenge("Username:") == b"Username:"
    with pytest.raises(ExchangeBroken):
        decode_challenge("A" * 20000)


@given(st.binary(max_size=100))
def test_what_is_encoded_decodes_again(message: bytes) -> None:
    assert b64decode(encode(message)) == message


@pytest.mark.parametrize("rounds", ["2000001", "2000000000", "99999999999999999999"])
def test_scram_does_no_more_rounds_than_can_be_borne(rounds: str) -> None:
    mechanism = begin("SCRAM-SHA-256", "user", "pencil")
    nonce = (mechanism.initial or b"").decode().rpartition("r=")[2]
    with pytest.raises(ExchangeBroken) as caught:
        mechanism.answer(f"r={nonce}x,s=c2FsdA==,i={rounds}".encode())
    assert "rounds of hashing" in str(caught.value)


def test_what_does_not_fit_scram_is_told_without_words_of_a_server_that_was_not_asked() -> None:
    with pytest.raises(ExchangeBroken, match="don't fit SCRAM") as caught:
        Scram("user", "a\nb")
    assert "other-error" not in str(caught.value)
