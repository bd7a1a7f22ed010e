"""The flows that need a person, and which one `auto` takes."""

from __future__ import annotations

import logging
import platform
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from dtsconf.auth import flows, surroundings
from dtsconf.auth.places import Places
from dtsconf.auth.request import Wanted
from dtsconf.auth.sources import UserTokens
from dtsconf.errors import SignInFailed
from tests.fakes.provider import CANARY, DEVICE, ISSUER, FakeProvider, Reply, jwt, tokens
from tests.unit.auth.people import Somebody, wanted

MICROSOFT = Wanted("https://login.microsoftonline.com", "organizations", "x")
COMPLETE: dict[str, Any] = {**DEVICE, "verification_uri_complete": DEVICE["verification_uri"] + "?user_code=ABCD-EFGH"}


def sign_in(tmp_path: Path, provider: FakeProvider, person: Somebody, **change: Any) -> str:
    session: Any = provider
    wish = wanted(remember=True, cache="file", **change)
    source = UserTokens(wish, Places(str(tmp_path), None), {}, lambda: session, person=person)
    source.sign_in()
    return source.get().value.reveal()


def browse(provider: FakeProvider, **answer: str) -> Any:
    """A browser that signs in at once; `answer` changes what it brings back."""

    def visit(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        identity = jwt(iss=ISSUER, sub="1", nonce=asked["nonce"], preferred_username="ann@acme.example")
        provider.answers["authorization_code"] = [{**tokens(), "id_token": identity}]
        provider.asked.append(asked)
        form = {"code": "c0de-" + CANARY, "state": asked["state"], **answer}
        request = Request(asked["redirect_uri"], urlencode(form).encode())
        threading.Thread(target=lambda: urlopen(request, timeout=5).read()).start()

    return visit


def test_the_browser_brings_a_code_that_only_this_run_can_use(tmp_path: Path) -> None:
    provider = FakeProvider()
    person = Somebody(at_visit=browse(provider))
    assert sign_in(tmp_path, provider, person, flow="browser") == CANARY
    asked, redeemed = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_mode"] == "form_post"
    assert redeemed["code_verifier"]
    assert redeemed["code"] == "c0de-" + CANARY
    assert asked["redirect_uri"] == redeemed["redirect_uri"]
    assert asked["redirect_uri"].startswith("http://localhost:")
    assert person.told == [
        "signing in by browser: microsoft.flow says so",
        "if this machine has no browser: Ctrl-C, then the same with --set microsoft.flow=device-code",
    ]


def test_a_hint_who_is_to_sign_in_goes_along(tmp_path: Path) -> None:
    provider = FakeProvider()
    sign_in(tmp_path, provider, Somebody(at_visit=browse(provider)), flow="browser", sender="ann@acme.example")
    assert provider.asked[0]["login_hint"] == "ann@acme.example"


def test_a_no_at_the_provider_is_told(tmp_path: Path) -> None:
    provider = FakeProvider()
    person = Somebody(at_visit=browse(provider, code="", error="access_denied", error_description="go away"))
    with pytest.raises(SignInFailed, match=r"access_denied: whoever was asked said no.*: go away"):
        sign_in(tmp_path, provider, person, flow="browser")


def test_nobody_comes_back_from_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "LIMIT", 0.1)
    person = Somebody()
    with pytest.raises(SignInFailed, match="nobody signed in within") as caught:
        sign_in(tmp_path, FakeProvider(), person, flow="browser", by_code=False)
    assert person.waited
    assert person.told[-1].startswith("if this machine has no browser: Ctrl-C, and ask who wrote the profile")
    assert "AADSTS" not in str(caught.value.hint), "it is no provider of Microsoft's"


def test_what_a_page_of_microsoft_s_may_have_said_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "LIMIT", 0.1)
    person = Somebody()
    with pytest.raises(SignInFailed, match="nobody signed in within") as caught:
        sign_in(tmp_path, FakeProvider(), person, flow="browser", authority=MICROSOFT.authority)
    assert "AADSTS" in person.told[-1]
    assert "where the page showed AADSTS50011, for an administrator: " in str(caught.value.hint)
    assert "under Mobile and desktop applications add http://localhost" in str(caught.value.hint)


class Leaving(Somebody):
    """Reads an error on the page, and gives up."""

    def waiting(self, seconds: float) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("change", [{"authority": MICROSOFT.authority}, {}])
def test_whoever_gives_up_is_told_what_the_page_s_error_takes(tmp_path: Path, change: dict[str, str]) -> None:
    person = Leaving()
    with pytest.raises(KeyboardInterrupt):
        sign_in(tmp_path, FakeProvider(), person, flow="browser", **change)
    told = person.told[-1].startswith("where the page showed AADSTS50011, for an administrator: ")
    assert told is bool(change)


def test_a_device_code_is_shown_with_its_page_and_waited_for(tmp_path: Path) -> None:
    pending = {"error": "authorization_pending"}
    provider = FakeProvider({"device_authorization": [COMPLETE], "device_code": [pending, tokens()]})
    person = Somebody()
    assert sign_in(tmp_path, provider, person) == CANARY
    (code,) = person.codes
    assert (code.code, code.address, code.seconds) == ("ABCD-EFGH", DEVICE["verification_uri"], 900)
    assert code.complete == COMPLETE["verification_uri_complete"]
    assert 0 < person.waited[0] <= 900
    assert CANARY not in repr(person)


def test_a_provider_that_is_away_for_a_moment_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "BACKING_OFF", 0)
    busy = Reply(503, "busy")
    provider = FakeProvider({"device_authorization": [DEVICE], "device_code": [busy, busy, tokens()]})
    person = Somebody()
    assert sign_in(tmp_path, provider, person) == CANARY
    assert provider.grants().count("device_code") == 3
    assert [each for each in person.told if "asking on until the code ends" in each] == [person.told[-1]], "said once"


def test_a_provider_that_stays_away_ends_with_the_code(tmp_path: Path) -> None:
    provider = FakeProvider({"device_authorization": [{**DEVICE, "expires_in": 1}], "device_code": [Reply(503, "")]})
    with pytest.raises(SignInFailed, match="HTTP 503"):
        sign_in(tmp_path, provider, Somebody())


def test_a_code_that_nobody_enters_ends(tmp_path: Path) -> None:
    pending = {"error": "authorization_pending"}
    provider = FakeProvider({"device_authorization": [{**DEVICE, "expires_in": 1}], "device_code": [pending]})
    with pytest.raises(SignInFailed, match="nobody entered the code in time"):
        sign_in(tmp_path, provider, Somebody())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"user_code": None}, "no token that could be used"),
        ({"user_code": "x" * 100}, "no token that could be used"),
        ({"device_code": 5}, "no token that could be used"),
        ({"verification_uri": "javascript:alert(1)"}, "no token that could be used"),
        ({"verification_uri": "https://x/\x1b[2J"}, "no token that could be used"),
        ({"expires_in": "soon"}, "makes no sense"),
        ({"error": "unauthorized_client"}, "may not sign in this way"),
    ],
)
def test_a_device_answer_that_is_none(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    provider = FakeProvider({"device_authorization": [{**DEVICE, **change}], "device_code": [tokens()]})
    with pytest.raises(SignInFailed, match=told):
        sign_in(tmp_path, provider, Somebody())


def test_a_provider_s_numbers_are_kept_within_bounds(tmp_path: Path) -> None:
    wild = {**DEVICE, "expires_in": 10**9, "interval": -5, "verification_uri_complete": "http://plain"}
    provider = FakeProvider({"device_authorization": [wild], "device_code": [tokens()]})
    person = Somebody()
    sign_in(tmp_path, provider, person)
    assert (person.codes[0].seconds, person.codes[0].complete) == (flows.LONGEST_CODE, None)


def test_a_provider_without_device_codes_says_so(tmp_path: Path) -> None:
    provider = FakeProvider(discovery={"device_authorization_endpoint": None})
    with pytest.raises(SignInFailed, match="offers no sign-in by device code"):
        sign_in(tmp_path, provider, Somebody())


def test_an_account_without_an_address_can_t_send(tmp_path: Path) -> None:
    nameless = {**tokens(), "id_token": jwt(iss=ISSUER, sub="1", preferred_username="not an address")}
    provider = FakeProvider({"device_authorization": [DEVICE], "device_code": [nameless]})
    with pytest.raises(SignInFailed, match="tells no address") as caught:
        sign_in(tmp_path, provider, Somebody())
    assert "set sender.email" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("system", "environ", "flow", "why"),
    [
        ("Linux", {"DISPLAY": ":0"}, "browser", "there is a screen"),
        ("Linux", {"WAYLAND_DISPLAY": "w"}, "browser", "there is a screen"),
        ("Linux", {"BROWSER": "w3m"}, "browser", "there is a screen"),
        ("Linux", {}, "device-code", "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ("Windows", {}, "browser", "pip install 'dtsconf[broker]'"),
        ("Windows", {"SSH_CONNECTION": "x"}, "device-code", "this is a remote session"),
        ("Darwin", {}, "browser", "needs Apple silicon"),
    ],
)
def test_auto_takes_what_is_there_and_says_why(
    system: str, environ: dict[str, str], flow: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    choice = surroundings.choose(MICROSOFT, environ)
    assert choice.flow == flow
    assert why in choice.why


def test_auto_takes_a_broker_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "broker_missing", lambda _wanted: None)
    assert surroundings.choose(MICROSOFT, {"DISPLAY": ":0"}).flow == "broker"


class RedirectUriError(ValueError):
    """As msal.broker's, which is there on Windows and macOS only."""


def at_the_broker(provider: FakeProvider, places: Path, asked: Any, monkeypatch: pytest.MonkeyPatch) -> UserTokens:
    import msal

    session: Any = provider
    monkeypatch.setattr(surroundings, "broker_missing", lambda _wanted: None)
    monkeypatch.setattr(msal.PublicClientApplication, "acquire_token_interactive", asked)
    wish = Wanted(MICROSOFT.authority, "organizations", "an-app", remember=True, cache="file")
    return UserTokens(wish, Places(str(places), None), {}, lambda: session, person=Somebody())


def test_the_broker_is_asked_with_the_console_as_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def asked(self: Any, scopes: list[str], **options: Any) -> dict[str, Any]:
        seen.append({"scopes": scopes, **options})
        return {**tokens(), "id_token_claims": {"preferred_username": "ann@acme.example", "tid": "acme"}}

    source = at_the_broker(FakeProvider(), tmp_path, asked, monkeypatch)
    assert source.sign_in().account == "ann@acme.example"
    assert seen[0]["scopes"] == ["https://outlook.office.com/SMTP.Send"]
    assert seen[0]["parent_window_handle"] is not None


def test_a_broker_s_missing_redirect_address_is_told_with_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(self: Any, scopes: list[str], **options: Any) -> dict[str, Any]:
        raise RedirectUriError("MsalRuntime needs the current app to register these redirect_uri")

    source = at_the_broker(FakeProvider(), tmp_path, asked, monkeypatch)
    with pytest.raises(SignInFailed, match="AADSTS50011") as caught:
        source.sign_in()
    assert "ms-appx-web://Microsoft.AAD.BrokerPlugin/an-app" in (caught.value.hint or "")


def test_a_broker_s_own_error_is_told_by_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(self: Any, scopes: list[str], **options: Any) -> dict[str, Any]:
        return {"error": "broker_error", "error_description": "(pii) AADSTS53003: blocked. Status: 5"}

    source = at_the_broker(FakeProvider(), tmp_path, asked, monkeypatch)
    with pytest.raises(SignInFailed, match="AADSTS53003: a Conditional Access policy blocks"):
        source.sign_in()


def test_nothing_of_msal_s_reaches_a_log_even_where_that_is_turned_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("msal", "msal.oauth2cli.oauth2", "msal.token_cache", "msal.application"):
        caplog.set_level(logging.DEBUG, logger=name)
    provider = FakeProvider()
    sign_in(tmp_path, provider, Somebody(at_visit=browse(provider)), flow="browser")
    provider = FakeProvider({"device_authorization": [DEVICE], "device_code": [tokens()]})
    sign_in(tmp_path, provider, Somebody())
    provider = FakeProvider({"device_authorization": [DEVICE], "device_code": [Reply(200, "no JSON: " + CANARY)]})
    with pytest.raises(SignInFailed):
        sign_in(tmp_path, provider, Somebody())
    assert CANARY not in caplog.text + "".join(capfd.readouterr())


def test_ctrl_c_while_waiting_ends_it_and_keeps_nothing(tmp_path: Path) -> None:
    class Impatient(Somebody):
        def waiting(self, seconds: float) -> None:
            raise KeyboardInterrupt

    pending = {"error": "authorization_pending"}
    for flow in ("browser", "device-code"):
        provider = FakeProvider({"device_authorization": [DEVICE], "device_code": [pending]})
        with pytest.raises(KeyboardInterrupt):
            sign_in(tmp_path / flow, provider, Impatient(), flow=flow)
        assert not list((tmp_path / flow).rglob("*.tokens"))


def test_a_broker_that_isn_t_there_can_t_be_asked_for() -> None:
    with pytest.raises(SignInFailed, match="there are brokers on Windows and macOS only"):
        surroundings.choose(Wanted(MICROSOFT.authority, "organizations", "x", "broker"), {})
    with pytest.raises(SignInFailed, match="it signs in to Microsoft only"):
        surroundings.choose(wanted(flow="broker"), {})


def test_a_browser_sees_the_screen_and_no_secret(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/address\nenv > {tmp_path}/environ\n')
    program.chmod(0o755)
    environ = {"BROWSER": str(program), "DISPLAY": ":7", "PATH": "/usr/bin:/bin", "VAULT_TOKEN": CANARY}
    assert surroundings.open_browser("https://id.acme.example/x?y=z&a=b", environ)
    assert (tmp_path / "address").read_text() == "https://id.acme.example/x?y=z&a=b\n"
    seen = (tmp_path / "environ").read_text()
    assert "DISPLAY=:7" in seen
    assert CANARY not in seen


@pytest.mark.parametrize("browser", ["/no/such/browser", "false"])
def test_a_browser_that_doesn_t_start_is_told(browser: str) -> None:
    assert not surroundings.open_browser("https://x", {"BROWSER": browser, "PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize("address", ["http://x", "file:///etc/passwd", "https://x/\n", "-x"])
def test_only_a_clean_https_address_is_opened(address: str) -> None:
    assert not surroundings.open_browser(address, {"BROWSER": "true"})
