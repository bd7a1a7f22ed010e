"""Tokens for a person and for an application: when they are handed out, renewed, asked for, refused."""

from __future__ import annotations

import base64
import errno
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dtsconf.auth import store
from dtsconf.auth.facts import Facts, facts_path, read_facts
from dtsconf.auth.held import Held
from dtsconf.auth.places import Places
from dtsconf.auth.request import Account, Wanted
from dtsconf.auth.sources import ApplicationTokens, UserTokens
from dtsconf.auth.store import Store
from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.value import Secret
from dtsconf.token import Token
from tests.fakes.provider import CANARY, DEVICE, FakeProvider, Reply, tokens
from tests.unit.auth.pairs import pem
from tests.unit.auth.people import Somebody, wanted

USER = wanted(remember=True, cache="file")
GRANT = "device_code"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider({"device_authorization": [DEVICE], GRANT: [tokens()], "refresh_token": [tokens("second")]})


Make = Callable[..., UserTokens]


@pytest.fixture
def make(places: Places, provider: FakeProvider) -> Make:
    def made(wish: Wanted = USER, person: Somebody | None = None) -> UserTokens:
        session: Any = provider
        return UserTokens(wish, places, {}, lambda: session, person=person)

    return made


def test_a_person_signs_in_once_and_the_next_run_asks_nobody(make: Make, provider: FakeProvider) -> None:
    person = Somebody()
    found = make(person=person).sign_in()
    assert (found.account, found.tenant, found.renewable) == ("ann@acme.example", "acme", True)
    assert [code.code for code in person.codes] == ["ABCD-EFGH"]
    before = len(provider.urls)
    token = make().get()
    assert (token.value.reveal(), token.username) == (CANARY, "ann@acme.example")
    assert len(provider.urls) == before


def test_nobody_to_ask_is_an_error_at_once_that_names_the_command(make: Make, provider: FakeProvider) -> None:
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make().get()
    assert caught.value.code == 6
    assert "dtsconf sign-in" in (caught.value.hint or "")
    assert provider.urls == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "sign in first, as this user: dtsconf sign-in"),
        ({"remember": False}, "--set microsoft.remember_me=true, then sign in: dtsconf sign-in"),
        ({"remember": False, "session": True}, "sign in first, as this user: dtsconf sign-in"),
        ({"idle": "microsoft.certificate"}, "microsoft.certificate is given, and an application alone uses it: --set "),
    ],
)
def test_to_sign_in_first_is_said_where_that_is_kept(
    make: Make, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(KeyringBackend, "store", lambda _self: "a test's store")
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make(replace(USER, **change)).get()
    assert str(caught.value.hint).startswith(words) or words in str(caught.value.hint)
    assert ("remember_me" in str(caught.value.hint)) is ("remember_me" in words)


def no_keyring(_self: KeyringBackend) -> str:
    raise SecretUnavailable("there is no session bus", "run it within that user's session")


@pytest.mark.parametrize(
    ("change", "options"),
    [
        (
            {"cache": "encrypted", "remember": False},
            "--set microsoft.remember_me=true --set microsoft.token_cache=file, ",
        ),
        ({"remember": False}, "--set microsoft.remember_me=true, "),
        ({"cache": "encrypted"}, "--set microsoft.token_cache=file keeps the tokens"),
        ({"cache": "encrypted", "remember": False, "session": True}, None),
    ],
)
def test_where_no_keyring_is_the_sign_in_to_type_keeps_its_tokens_in_a_file(
    make: Make, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], options: str | None
) -> None:
    monkeypatch.setattr(KeyringBackend, "store", no_keyring)
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make(replace(USER, **change)).get()
    hint = str(caught.value.hint)
    assert options in hint if options else "--set" not in hint
    assert ("there is no session bus" in hint) is ("token_cache" in hint)


def test_a_sign_in_by_set_that_the_next_command_takes_away_leads_to_the_profile(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyringBackend, "store", no_keyring)
    make(person=Somebody()).sign_in()
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make(replace(USER, remember=False, cache="encrypted")).get()
    hint = str(caught.value.hint)
    assert "has just been taken away" in hint
    assert "write microsoft.remember_me: true and microsoft.token_cache: file into the profile and apply that" in hint
    assert "--set microsoft" not in hint


def test_a_sign_in_that_a_file_keeps_is_named_where_no_keyring_is_and_stays(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyringBackend, "store", no_keyring)
    make(replace(USER, tried=True), Somebody()).sign_in()
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make(replace(USER, cache="encrypted")).get()
    assert "kept in a file, which counts for a command with --set microsoft.token_cache=file" in str(caught.value.hint)
    assert "dtsconf sign-in" not in str(caught.value.hint)
    assert make(replace(USER, tried=True)).get().value.reveal() == CANARY


def test_a_renewal_takes_no_other_kind_of_sign_in_away(make: Make, provider: FakeProvider, places: Places) -> None:
    provider.answers[GRANT] = [tokens(lasts=30)]
    make(person=Somebody()).sign_in()
    sealed = Path(places.tokens, USER.name + ".sealed")
    sealed.write_bytes(b"what an encrypted cache keeps")
    assert make().get().value.reveal() == "second"
    assert sealed.exists()
    make(person=Somebody()).sign_in()
    assert not sealed.exists()


def test_a_trial_says_that_the_kept_sign_in_is_not_used_and_leaves_it(make: Make, places: Places) -> None:
    make(person=Somebody()).sign_in()
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        make(replace(USER, remember=False, tried=True)).get()
    assert "the sign-in that was kept while it was true is not used" in str(caught.value.hint)
    assert make().get().value.reveal() == CANARY


def test_a_sign_in_without_a_terminal_is_told_that_it_needs_one(make: Make) -> None:
    with pytest.raises(SignInFailed, match="there is no terminal here to ask somebody at") as caught:
        make().sign_in()
    assert "ssh -t" in str(caught.value.hint)


def test_a_token_with_less_than_ten_minutes_left_is_renewed_and_kept(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(lasts=599)]
    make(person=Somebody()).sign_in()
    assert make().get().value.reveal() == "second"
    assert provider.grants()[-1] == "refresh_token"
    assert provider.asked[-1]["refresh_token"] == "refresh-" + CANARY
    assert make().get().value.reveal() == "second"
    assert provider.grants().count("refresh_token") == 1


def test_a_refresh_token_that_the_provider_rotates_is_the_next_one_sent(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(lasts=599)]
    provider.answers["refresh_token"] = [tokens("second", lasts=599, refresh="rotated"), tokens("third")]
    make(person=Somebody()).sign_in()
    assert [make().get().value.reveal() for _ in range(2)] == ["second", "third"]
    assert provider.asked[-1]["refresh_token"] == "rotated"


@pytest.mark.parametrize(("lasts", "still"), [(599, True), (30, False)])
def test_a_refresh_token_is_used_up_only_where_the_next_one_finds_room(
    make: Make, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, lasts: int, still: bool
) -> None:
    provider.answers[GRANT] = [tokens(lasts=lasts)]
    make(person=Somebody()).sign_in()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "atomic_write", full)
    if still:
        assert make().get().value.reveal() == CANARY
    else:
        with pytest.raises(SignInFailed, match="No space left"):
            make().get()
    assert "refresh_token" not in provider.grants()


def test_a_run_that_goes_on_brings_no_sign_in_back_that_was_signed_out(make: Make, places: Places) -> None:
    make(person=Somebody()).sign_in()
    source = make()
    source.get(fresh=True)
    store.forget(places, {})
    with pytest.raises(SignInFailed, match="can't be renewed without you"):
        source.get(fresh=True)
    assert store.signed_in(places) is None


def test_a_tenant_that_is_no_name_is_not_shown(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(tenant="\x1b[31macme")]
    assert make(person=Somebody()).sign_in().tenant == "acme", "the one that was asked"


def test_where_all_tokens_are_short_lived_a_run_renews_once(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(lasts=500)]
    provider.answers["refresh_token"] = [tokens(f"renewed-{n}", lasts=500) for n in range(9)]
    source = make(person=Somebody())
    source.sign_in()
    assert [source.get().value.reveal() for _ in range(2)] == [CANARY, CANARY]
    later = make()
    assert [later.get().value.reveal() for _ in range(2)] == ["renewed-0", "renewed-0"]


def test_fresh_is_one_that_was_not_handed_out(make: Make, provider: FakeProvider) -> None:
    make(person=Somebody()).sign_in()
    source, other = make(), make()
    assert source.get().value.reveal() == CANARY
    assert other.get(fresh=True).value.reveal() == "second"
    assert source.get(fresh=True).value.reveal() == "second"
    assert provider.grants().count("refresh_token") == 1


def test_nothing_is_asked_of_anybody_but_the_provider(make: Make, provider: FakeProvider) -> None:
    make(person=Somebody()).sign_in()
    make().get(fresh=True)
    provider.answers["client_credentials"] = [tokens()]
    application(provider).get()
    assert {urlsplit(url).netloc for url in provider.urls} == {"id.acme.example"}


@pytest.mark.parametrize("region", ["MSAL_FORCE_REGION", "REGION_NAME"])
def test_no_variable_sends_a_secret_to_another_host(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(region, "westus")
    provider = FakeProvider({"client_credentials": [tokens()]})
    application(provider).get()
    assert {urlsplit(url).netloc for url in provider.urls} == {"id.acme.example"}


def test_microsoft_s_own_clouds_are_asked_at_their_own_address(places: Places) -> None:
    base = "https://login.microsoftonline.us"
    answers: Any = {"device_authorization": [DEVICE], GRANT: [tokens()], "refresh_token": [tokens("second")]}
    addresses = dict.fromkeys(("authorization_endpoint", "token_endpoint"), f"{base}/common/x")
    document = {**addresses, "device_authorization_endpoint": f"{base}/common/d"}
    provider: Any = FakeProvider(answers, document)
    wish = replace(USER, authority=base, tenant="organizations")
    UserTokens(wish, places, {}, lambda: provider, person=Somebody()).sign_in()
    assert UserTokens(wish, places, {}, lambda: provider).get(fresh=True).value.reveal() == "second"
    assert {urlsplit(url).netloc for url in provider.urls} == {"login.microsoftonline.us"}
    assert provider.urls[0] == f"{base}/organizations/v2.0/.well-known/openid-configuration"
    assert "https://outlook.office365.us/SMTP.Send" in provider.asked[0]["scope"].split()


def test_a_token_for_another_service_is_not_handed_out(make: Make, provider: FakeProvider) -> None:
    make(person=Somebody()).sign_in()
    by_graph = replace(USER, via="graph")
    assert make(by_graph).get().value.reveal() == "second"
    assert "https://graph.microsoft.com/Mail.Send" in provider.asked[-1]["scope"].split()
    assert make(by_graph).get().value.reveal() == "second"


def test_in_the_middle_of_a_conversation_nobody_is_asked(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(refresh=None)]
    person = Somebody()
    source = make(person=person)
    source.get()
    with pytest.raises(SignInFailed, match="can't be renewed without you"):
        source.get(fresh=True)
    assert len(person.codes) == 1


def test_a_challenge_of_the_resource_is_answered_by_a_new_token(make: Make, provider: FakeProvider) -> None:
    make(person=Somebody()).sign_in()
    challenge = '{"access_token": {"acrs": {"value": "c1"}}}'
    assert make().get(challenge=challenge).value.reveal() == "second"
    assert provider.asked[-1]["claims"] == challenge


def test_while_the_provider_is_away_what_still_works_is_used(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(lasts=300)]
    provider.answers["refresh_token"] = [Reply(503, "busy")]
    make(person=Somebody()).sign_in()
    assert make().get().value.reveal() == CANARY
    with pytest.raises(SignInFailed, match="HTTP 503"):
        make().get(fresh=True)


def test_without_a_refresh_token_the_last_minute_is_not_handed_out(make: Make, provider: FakeProvider) -> None:
    provider.answers[GRANT] = [tokens(lasts=90, refresh=None)]
    make(person=Somebody()).sign_in()
    assert make().get().value.reveal() == CANARY
    provider.answers[GRANT] = [tokens(lasts=50, refresh=None)]
    make(person=Somebody()).sign_in()
    with pytest.raises(SignInFailed, match="nobody is signed in"):
        make().get()


def shown(places: Places) -> Facts:
    found = read_facts(facts_path(places.tokens, USER.name))
    assert found is not None
    return found


def test_a_refusal_to_renew_is_told_with_its_cause(make: Make, provider: FakeProvider, places: Places) -> None:
    provider.answers[GRANT] = [tokens(lasts=30)]
    provider.answers["refresh_token"] = [
        Reply(400, '{"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}')
    ]
    make(person=Somebody()).sign_in()
    assert shown(places).renewable
    with pytest.raises(SignInFailed, match="AADSTS50173: an administrator or the user ended all sessions") as caught:
        make().get()
    assert caught.value.hint == "sign in again: dtsconf sign-in"
    assert not shown(places).renewable, "nobody is told that it is renewed without asking"


@pytest.mark.parametrize(("change", "asked"), [({"remember": True}, True), ({"session": True}, True), ({}, False)])
def test_a_refresh_token_is_asked_for_only_where_it_can_be_kept(
    make: Make, provider: FakeProvider, change: dict[str, bool], asked: bool
) -> None:
    make(wanted(cache="file", **change), Somebody()).sign_in()
    assert ("offline_access" in provider.asked[0]["scope"].split()) is asked
    assert "https://outlook.office.com/SMTP.Send" in provider.asked[0]["scope"].split()


def test_an_account_that_may_not_be_is_not_kept(make: Make, places: Places) -> None:
    def no(_address: str) -> None:
        raise SignInFailed("not you")

    with pytest.raises(SignInFailed, match="not you"):
        make(person=Somebody()).sign_in(no)
    assert not Store(USER, places, {}).there()


def test_the_note_is_about_the_token_s_own_claims(make: Make, places: Places) -> None:
    source = make()
    token = Store(USER, places, {})
    token.save(Held(Account("ann@acme.example"), Secret(CANARY), time.time() + 3600, False, USER.scope))
    assert source.note(source.get()) is None


def test_a_kept_token_is_had_without_msal_requests_or_cryptography(places: Places) -> None:
    Store(USER, places, {}).save(
        Held(Account("ann@acme.example"), Secret(CANARY), time.time() + 3600, True, USER.scope)
    )
    script = (
        "import sys\n"
        "from dtsconf.auth.places import Places\n"
        "from dtsconf.auth.request import Wanted\n"
        "from dtsconf.auth.sources import UserTokens\n"
        f"wanted = Wanted({USER.authority!r}, {USER.tenant!r}, {USER.client_id!r}, 'device-code', 'smtp', True, 'file')\n"
        f"source = UserTokens(wanted, Places({places.state!r}, None), {{}}, lambda: 1 / 0)\n"
        "assert source.get().username == 'ann@acme.example'\n"
        "print([name for name in ('msal', 'requests', 'cryptography', 'keyring', 'segno') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


APPLICATION = replace(wanted(flow="application", sender="app@acme.example"))


def application(
    provider: FakeProvider, key: str = "microsoft.client_secret", secret: str = "s3cret"
) -> ApplicationTokens:
    session: Any = provider
    return ApplicationTokens(APPLICATION, lambda: session, lambda: (key, Secret(secret)))


def test_a_refusal_is_told_beside_a_clock_that_is_wrong() -> None:
    """What an application proves itself with holds this machine's time, and the provider's answer has its own."""
    from email.utils import formatdate

    no = '{"error": "invalid_client", "error_description": "AADSTS700024: Client assertion is not within its time"}'
    for apart, words in ((10830, "this machine's clock is 3 hours behind by the provider's"), (60, "")):
        dated = {"Content-Type": "application/json", "Date": formatdate(time.time() + apart, usegmt=True)}
        with pytest.raises(SignInFailed) as caught:
            application(FakeProvider({"client_credentials": [Reply(401, no, dated)]})).get()
        assert "AADSTS700024" in caught.value.message
        assert words in caught.value.message
        assert [(one.kind, one.message) for one in caught.value.problems] == [("aadsts700024", caught.value.message)]
        assert str(caught.value.hint).startswith("set this machine's clock: timedatectl set-ntp true") == bool(words)


def test_only_an_assertion_that_was_given_has_to_be_given_anew() -> None:
    no = '{"error": "invalid_client", "error_description": "AADSTS700024: Client assertion is not within its time"}'
    for key, secret, hint in (
        ("microsoft.certificate", pem(), "check this machine's clock"),
        ("microsoft.client_assertion", "aaa.bbb.ccc", "check this machine's clock, and give a fresh token"),
    ):
        with pytest.raises(SignInFailed, match="AADSTS700024") as caught:
            application(FakeProvider({"client_credentials": [Reply(401, no)]}), key, secret).get()
        told = f"for an administrator: {hint}"
        assert (caught.value.hint, caught.value.problems[0].hint) == (told, told)


def test_an_assertion_that_is_refused_after_its_end_is_told_as_that() -> None:
    """Few providers say why: invalid_client stands for anything."""
    from base64 import urlsafe_b64encode

    no = '{"error": "invalid_client"}'
    for left, over in ((-3600, True), (-60, True), (3600, False)):
        body = urlsafe_b64encode(json.dumps({"exp": int(time.time()) + left}).encode()).decode().rstrip("=")
        provider = FakeProvider({"client_credentials": [Reply(401, no)]})
        with pytest.raises(SignInFailed, match="invalid_client") as caught:
            application(provider, "microsoft.client_assertion", f"aaa.{body}.ccc").get()
        assert ("; the token ended at 2" in caught.value.message) is over
        assert (caught.value.hint == "such a token is good for minutes: give a fresh one") is over


def test_an_answer_tells_by_how_much_the_provider_s_clock_is_ahead() -> None:
    from email.utils import formatdate

    dated = {"Content-Type": "application/json", "Date": formatdate(time.time() + 7200, usegmt=True)}
    answer = Reply(200, json.dumps(tokens(refresh=None)), dated)
    source, silent = (
        application(FakeProvider({"client_credentials": [one]})) for one in (answer, tokens(refresh=None))
    )
    assert source.ahead() is None
    source.get()
    silent.get()
    assert abs((source.ahead() or 0) - 7200) < 60
    assert silent.ahead() is None


def test_a_token_of_another_time_has_the_clock_set_first(make: Make, places: Places) -> None:
    source = make()
    for begins, mend in ((7200, True), (0, False)):
        made = source.mend(claiming(nbf=time.time() + begins), "look elsewhere")
        assert made.startswith("set this machine's clock: ") == mend
        assert made.endswith("look elsewhere")
    assert source.mend(Token(Secret("opaque"), "ann@acme.example", 0), "look elsewhere") == "look elsewhere"
    assert "Get-CASMailbox ann@acme.example" in source.mend(Token(Secret("opaque"), "ann@acme.example", 0))


def claiming(**claims: object) -> Token:
    """A token of Ann's that says so of itself."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Token(Secret(f"e30.{body}.x"), "ann@acme.example", 0)


@pytest.mark.parametrize(
    "said",
    [
        {"aud": "https://outlook.office.com", "scp": "User.Read"},
        {"aud": "https://outlook.office.com", "scp": ""},
        {"aud": "https://graph.microsoft.com", "scp": "SMTP.Send"},
    ],
)
def test_a_permission_that_the_token_lacks_is_told_as_that(make: Make, said: dict[str, str]) -> None:
    microsofts = replace(USER, authority="https://login.microsoftonline.com")
    made = make(microsofts).mend(claiming(**said))
    assert f"entra.microsoft.com > App registrations > {USER.client_id} > API permissions" in made
    assert "SMTP.Send, and grant consent" in made
    assert "SMTP AUTH" not in made
    assert f"let whoever runs {USER.issuer} give it SMTP.Send" in make().mend(claiming(**said))
    assert "if it stays" not in made
    assert application(FakeProvider({})).mend(claiming(**said), "look elsewhere") == "look elsewhere"
    had = claiming(aud="https://outlook.office.com", scp="SMTP.Send")
    assert make(microsofts).mend(had, "look elsewhere") == "look elsewhere"


def test_an_application_asks_nobody_and_once_a_run() -> None:
    provider = FakeProvider({"client_credentials": [{"access_token": CANARY, "expires_in": 3600}, tokens("second")]})
    source = application(provider)
    assert source.get().username == "app@acme.example"
    assert source.get().value.reveal() == CANARY
    assert [(form["client_secret"], form["scope"]) for form in provider.asked] == [
        ("s3cret", "https://outlook.office365.com/.default")
    ]
    assert source.get(fresh=True).value.reveal() == "second"


def test_an_application_s_assertion_is_sent_as_it_is() -> None:
    provider = FakeProvider({"client_credentials": [{"access_token": CANARY, "expires_in": 3600}]})
    application(provider, "microsoft.client_assertion", "aaa.bbb.ccc\n").get()
    assert provider.asked[0]["client_assertion"] == "aaa.bbb.ccc"


@pytest.mark.parametrize(("lasts", "then"), [(50, "second"), (500, CANARY)])
def test_an_application_s_token_that_ends_soon_is_got_anew(lasts: int, then: str) -> None:
    provider = FakeProvider({"client_credentials": [{"access_token": CANARY, "expires_in": lasts}, tokens("second")]})
    source = application(provider)
    assert [source.get().value.reveal() for _ in range(2)] == [CANARY, then]


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        ("microsoft.client_secret", "two\nlines", "no client secret"),
        ("microsoft.client_assertion", "not a token", "no token"),
        ("microsoft.client_assertion", "notajwt", "a JWT has three parts"),
        ("microsoft.certificate", "nothing", "0 certificates and 0 keys"),
        (
            "microsoft.certificate",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----",
            "encrypted",
        ),
        (
            "microsoft.certificate",
            "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
            "can't be read as PEM",
        ),
    ],
)
def test_a_secret_that_is_none_is_exit_5_and_unseen(key: str, secret: str, told: str) -> None:
    with pytest.raises(SecretUnavailable, match=told) as caught:
        application(FakeProvider(), key, secret).get()
    assert secret not in caught.value.message


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("\ufeffs3cret", "it begins with a byte order mark"),
        ("s3cret\n", "it ends in a line break"),
        ("one\ntwo", "it has 2 lines"),
        ("s3\x07cret", "it holds a character that nobody sees"),
        ("x" * 70000, "it is longer than 65536 characters"),
    ],
)
def test_what_keeps_a_text_from_being_a_client_secret_is_named(secret: str, told: str) -> None:
    with pytest.raises(SecretUnavailable, match=told) as caught:
        application(FakeProvider(), secret=secret).get()
    assert caught.value.hint == "the Value itself is still good"


@pytest.mark.parametrize(
    ("secret", "number", "words"),
    [
        (" s3cret", 7000215, "what is stored begins with a blank, which is no part of any Value"),
        ('"s3cret"', 7000215, "what is stored begins and ends with a quotation mark"),
        ("s3cret", 7000215, ""),
        ('"s3cret"', 7000222, ""),
    ],
)
def test_a_refused_client_secret_shows_what_was_stored_around_it(secret: str, number: int, words: str) -> None:
    no = f'{{"error": "invalid_client", "error_description": "AADSTS{number}: no"}}'
    with pytest.raises(SignInFailed) as caught:
        application(FakeProvider({"client_credentials": [Reply(401, no)]}), secret=secret).get()
    assert words in caught.value.message
    assert ("what is stored" in caught.value.message) is bool(words)
    assert str(caught.value.hint).startswith("take that away: dtsconf secret check") is bool(words)
    assert caught.value.problems[0].hint == caught.value.hint


@pytest.mark.parametrize("said", ["it is {}", "it is {}: a%2Fb%2Bc%20d", "a%2Fb%2Bc+d"])
@pytest.mark.parametrize("field", ["error", "error_description"])
def test_a_client_secret_that_the_provider_says_again_is_not_shown(said: str, field: str) -> None:
    secret = "a/b+c d"
    no = json.dumps({"error": "invalid_client"} | {field: said.format(secret)})
    with pytest.raises(SignInFailed) as caught:
        application(FakeProvider({"client_credentials": [Reply(401, no)]}), secret=secret).get()
    assert "a%2Fb" not in caught.value.message
    assert secret not in caught.value.message
    assert "********" in caught.value.message


STRANGE: list[Any] = [
    {},
    {"access_token": None},
    {"access_token": 5, "expires_in": 3600},
    {"access_token": "a b", "expires_in": 3600},
    {"access_token": "x\r\ny", "expires_in": 3600},
    {"access_token": "x" * 70000, "expires_in": 3600},
    {"access_token": CANARY, "expires_in": "soon"},
    {"access_token": CANARY, "expires_in": -5},
    {"access_token": CANARY, "expires_in": 10**400},
    {"access_token": CANARY, "expires_in": 3600, "token_type": "mac"},
    {"access_token": CANARY, "expires_in": 3600, "id_token": "a.b.c"},
    {"access_token": CANARY, "expires_in": 3600, "id_token": 7},
    Reply(200, "<html>" + CANARY + "</html>", {"Content-Type": "text/html"}),
    Reply(200, "[1]"),
    Reply(200, "{" * 100000),
    Reply(400, '{"error": "' + "x" * 5000 + '"}'),
    Reply(429, "", {"Retry-After": "17"}),
    Reply(500, CANARY),
]


def refused(ask: Callable[[], object]) -> SignInFailed | None:
    try:
        ask()
    except SignInFailed as error:
        return error
    return None


@pytest.mark.parametrize("answer", STRANGE)
def test_a_strange_answer_is_one_clear_error_without_a_token(
    answer: Any, make: Make, provider: FakeProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    brief = {**DEVICE, "expires_in": 1}
    provider.answers = {"client_credentials": [answer], GRANT: [answer], "device_authorization": [brief]}
    for ask in (lambda: application(provider).get(), lambda: make(person=Somebody()).sign_in()):
        error = refused(ask)
        assert error or "id_token" in answer
        told = f"{error.message}{error.hint}" if error else "a hint"
        assert CANARY not in told
        assert len(told) < 1500
    assert CANARY not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("discovery", "told"),
    [
        ({"token_endpoint": "http://id.acme.example/token"}, "names an address that is not https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "names an address that is not https"),
        ({"token_endpoint": None}, "names an address that is not https"),
        ({"token_endpoint": 5}, "names an address that is not https"),
        ({"issuer": "https://elsewhere.example/x"}, "makes no sense"),
    ],
)
def test_a_provider_that_names_odd_addresses_gets_no_secret(discovery: dict[str, Any], told: str) -> None:
    provider = FakeProvider({"client_credentials": [tokens()]}, discovery)
    with pytest.raises(SignInFailed, match=told):
        application(provider).get()
    assert provider.asked == []


UNKNOWN_TENANT = '{"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant acme not found."}'


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(400, UNKNOWN_TENANT), "AADSTS90002: there is no such tenant (AADSTS90002: Tenant acme not found.)"),
        (
            Reply(403, "<title>Blocked</title>", {"Content-Type": "text/html"}),
            "no answer of an identity provider (HTTP 403, text/html, a page titled 'Blocked')",
        ),
        (
            Reply(511, "<title>Guests</title>", {"Content-Type": "text/html"}),
            "no answer of an identity provider (HTTP 511, text/html, a page titled 'Guests')",
        ),
        (Reply(404, "<html>"), "https://id.acme.example/acme is no identity provider's (HTTP 404)"),
    ],
)
def test_a_wrong_tenant_is_told_as_such(reply: Reply, told: str) -> None:
    with pytest.raises(SignInFailed) as caught:
        application(FakeProvider({}, reply)).get()
    assert told in caught.value.message
