"""Faults that a real Vault can't be made to have: told in time, with one cause, and without what was read so far."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dtsconf.secret.backend import VaultAuth, VaultSettings
from tests.integration.asking import fetched, refused
from tests.real.oddvault import TOKEN, Fault, OddVault, odd_vault

REFERENCE = "vault://kv/mail#x"
ENVIRON = {"TOKEN": TOKEN}


@pytest.fixture
def odd() -> Iterator[OddVault]:
    with odd_vault() as server:
        server.store["mail"] = '{"x": "s3cret"}'
        yield server


def given(odd: OddVault, timeout: float = 5) -> VaultSettings:
    return VaultSettings(odd.url, timeout=timeout, auth=VaultAuth("token", token="env://TOKEN"))


def test_http_on_loopback_is_taken(odd: OddVault) -> None:
    assert fetched(REFERENCE, given(odd), ENVIRON) == "s3cret"
    assert odd.asked == ["GET /v1/kv/data/mail"]


CASES: dict[Fault, str] = {
    "half": "the connection broke before the whole answer was there",
    "reset": "the connection broke before the whole answer was there",
    "half json": "what answers there is no Vault (200 with application/json",
    "html": "what answers there is no Vault (200 with text/html",
    "list": "what answers there is no Vault (200 with application/json",
    "huge": "the answer is larger than 8 MiB",
    "elsewhere": "Vault redirects to http://127.0.0.2:1/v1/kv/data/x, and a token goes nowhere but to http://127.0.0.1",
    "no data": "what answers there is no Vault (an answer without data)",
    "404 list": "what answers there is no Vault (404 with JSON that is not Vault's)",
    "404 null": "what answers there is no Vault (404 with JSON that is not Vault's)",
    "403 odd": "what answers there is no Vault (403 with JSON that is not Vault's)",
    "404 text": "what answers there is no Vault (404 without Vault's JSON)",
    "deep": "what answers there is no Vault (200 with application/json",
    "teapot": "Vault refused the read with 418: short and stout\\x1b[31m",
}


@pytest.mark.parametrize(("fault", "said"), CASES.items())
def test_what_is_told_at_once(odd: OddVault, fault: Fault, said: str) -> None:
    odd.fault = fault
    start = time.monotonic()
    told = refused(REFERENCE, given(odd), ENVIRON)
    assert said in told
    assert odd.url in told
    assert "s3cret" not in told
    assert "hidden" not in told
    assert time.monotonic() - start < 2
    assert len(odd.asked) == 1


@pytest.mark.parametrize("fault", ["silent", "drip headers", "drip body"])
def test_silence_and_drips_end_in_time(odd: OddVault, fault: Fault) -> None:
    odd.fault = fault
    start = time.monotonic()
    told = refused(REFERENCE, given(odd, timeout=0.6), ENVIRON)
    assert "no whole answer within 0.6 s" in told
    assert 0.5 < time.monotonic() - start < 1.5


@pytest.mark.parametrize(
    ("fault", "said"),
    {
        "429": "Vault answers 429: too many requests",
        "502": "Vault answered 502 for",
        "html 503": "Vault answered 503 for",
    }.items(),
)
def test_what_may_pass_is_waited_for_but_not_for_ever(odd: OddVault, fault: Fault, said: str) -> None:
    odd.fault = fault
    start = time.monotonic()
    assert said in refused(REFERENCE, given(odd, timeout=1.5), ENVIRON)
    assert 0.4 < time.monotonic() - start < 2
    assert len(odd.asked) > 1


@pytest.mark.parametrize("fault", ["429 for a while", "503 for a while"])
def test_what_passes_is_no_error(odd: OddVault, fault: Fault) -> None:
    odd.fault, odd.left = fault, 1
    assert fetched(REFERENCE, given(odd), ENVIRON) == "s3cret"


def test_retry_after_is_obeyed(odd: OddVault) -> None:
    odd.fault, odd.left = "429 for a while", 1
    start = time.monotonic()
    fetched(REFERENCE, given(odd), ENVIRON)
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost"])
def test_a_redirect_is_not_followed_even_on_this_machine(odd: OddVault, place: str) -> None:
    with odd_vault() as other:
        odd.fault, odd.elsewhere = "elsewhere", other.url.replace("127.0.0.1", place) + "/"
        refused(REFERENCE, given(odd), ENVIRON)
        assert other.asked == []


def test_nobody_there() -> None:
    with odd_vault() as gone:
        pass
    assert "Vault can't be reached (connection refused)" in refused(REFERENCE, given(gone), ENVIRON)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_cleartext_goes_through_no_proxy(odd: OddVault, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with odd_vault() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        for word in ("system", proxy.url):
            assert fetched(REFERENCE, given(odd), ENVIRON, word) == "s3cret"
        assert proxy.asked == []


@pytest.mark.parametrize(
    "text", ['{"x": "half \\ud83d"}', '{"x": null}', '{"x": ["a"]}', '{"x": {"y": 1}}', '{"x": true}']
)
def test_what_is_no_text(odd: OddVault, text: str) -> None:
    odd.store["mail"] = text
    assert "text" in refused(REFERENCE, given(odd), ENVIRON)


def test_control_characters_of_the_server_are_escaped(odd: OddVault) -> None:
    odd.store["mail"] = '{"a\\u001b[31m": "1"}'
    told = refused(REFERENCE, given(odd), ENVIRON)
    assert "\x1b" not in told


@pytest.mark.parametrize("auth", ["approle", "jwt"])
@pytest.mark.parametrize(("fault", "said"), [*CASES.items(), ("silent", "no whole answer within")])
def test_the_same_at_a_login(odd: OddVault, fault: Fault, said: str, auth: str) -> None:
    """And the secret that was sent is not in what is told, be it that the server sends it back."""
    odd.fault, secret = fault, "s3cret-sent-0123456789"
    settings = VaultAuth(auth, role_id="app", secret_id="env://S", jwt="env://S")
    told = refused(REFERENCE, VaultSettings(odd.url, timeout=1, auth=settings), {"S": secret})
    if fault == "teapot":
        said = f"Vault refused the {auth} login at auth/{auth}: short and stout"
    elif fault == "no data":
        said = "what answers there is no Vault (a login that gives no token)"
    assert said in told
    assert secret not in told


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        *(("c4n4ry-0123456789", fault) for fault in ("echo", "echo 503", "echo elsewhere", "echo kind")),
        *(("c4n4ry  with\tblanks c4n4ry\n", fault) for fault in ("echo", "echo 503", "echo elsewhere", "echo kind")),
        *(
            (secret, fault)
            for secret in ("c4n4ry \u200bé🔑", "c4n4ry\x1b[31m", "(c4n4ry.*")
            for fault in ("echo", "echo 503")
        ),
    ],
)
@pytest.mark.parametrize("method", ["approle", "jwt"])
def test_a_secret_that_the_server_sends_back_is_blotted_out(
    odd: OddVault, fault: Fault, secret: str, method: str
) -> None:
    odd.fault = fault
    auth = {"approle": VaultAuth("approle", role_id="app", secret_id="env://S"), "jwt": VaultAuth("jwt", jwt="env://S")}
    told = refused(REFERENCE, VaultSettings(odd.url, timeout=1, auth=auth[method]), {"S": secret})
    assert "c4n4ry" not in told
    assert "********" in told


@pytest.mark.parametrize("fault", ["echo", "echo 503", "echo elsewhere", "echo kind"])
def test_a_token_that_the_server_sends_back_is_blotted_out(odd: OddVault, fault: Fault) -> None:
    odd.fault = fault
    told = refused(REFERENCE, given(odd, 1), {"TOKEN": "c4n4ry-of-a-token"})
    assert "c4n4ry" not in told
    assert "********" in told
