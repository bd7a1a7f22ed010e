"""Use Microsoft Authentication, as an administrator and the users meet it: apply by root, sign-in by each user, Test
Settings, Remember Me, sign-out; every flow that can run here, against a real provider, browser and mail server."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX
from tests.real.scripted import Expect, Say, ScriptedServer, StartTls, Step
from tests.real.secret_service import SecretService
from tests.scenarios.harness import Machine, failed_stage
from tests.scenarios.office import ALICE, BOB, Office, office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


@pytest.fixture
def here(machine: Machine, identity: IdentityHost, browser: Browser) -> Iterator[Office]:
    with office(machine, identity, browser) as made:
        yield made
        made.searched(allowed=(".tokens", "email.secrets.json"))


def test_the_upper_half_of_the_screen_from_apply_to_sign_out(here: Office) -> None:
    profile = here.profile(flow="browser", policy={"rules": [{"key": "sender.email", "matches": "*@corp.example"}]})
    applied = here.run("apply", "--yes", "--profile", profile, "--json").ok()
    assert applied.json["verification"]["pending"] == "sign-in"
    assert [stage["stage"] for stage in applied.json["verification"]["stages"]][-1] == "tls"
    assert "proof-pending" in [warning["kind"] for warning in applied.warnings]
    assert here.run("status", "--json").ok().json["proof"]["state"] == "pending"

    signed_in = here.at_terminal("sign-in")
    assert signed_in.ok().text.count("signed in as alice@corp.example") == 1
    assert "proven for dtsconf" in signed_in.text
    assert "code_challenge_method=S256" in here.opened[0]
    mail = here.identity.mail.wait_for_mail(here.to)
    assert ALICE in str(mail["From"])

    status = here.run("status", "--json").ok().json
    assert (status["proof"]["state"], status["proof"]["level"]) == ("verified", "send")
    assert status["sign_in"]["account"] == ALICE
    assert (status["sign_in"]["cache"], status["sign_in"]["encrypted"]) == ("session", False)
    assert status["sign_in"]["tenant"] == here.tenant.id

    tested = here.run("test", "--json").ok().json
    assert [stage["stage"] for stage in tested["stages"]][-1] == "accepted"
    assert here.tenant.asked() == ["authorization_code"], "a token that is held is asked for once"

    screen = here.run("show", "--screen").ok().stdout
    assert "[x] Use Microsoft Authentication" in screen
    assert here.tenant.public.client_id in screen

    assert ALICE in here.run("sign-out").ok().text
    assert not any(path.suffix == ".tokens" for path in here.runtime.rglob("*"))
    told = here.run("test", "--json").fails(6)
    assert "dtsconf sign-in" in told.problems[0]["hint"]
    assert "nobody was signed in" in here.run("sign-out").ok().text


def test_a_device_code_at_the_terminal(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile()).ok()
    signed_in = here.at_terminal("sign-in", "--set", "microsoft.flow=device-code", user=BOB).ok()
    ((page, code),) = here.tenant.user_codes()
    assert page in signed_in.text
    assert code in signed_in.text
    assert "signed in as bob@corp.example" in signed_in.text
    assert here.tenant.asked()[-1] == "urn:ietf:params:oauth:grant-type:device_code"
    here.run("test").ok()


@pytest.mark.parametrize("flow", ["browser", "device-code"])
def test_somebody_who_refuses_is_told_so_and_nothing_is_kept(here: Office, flow: str) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow=flow)).ok()
    refused = here.at_terminal("sign-in", agrees=False).fails(6)
    assert "whoever was asked said no" in refused.text
    assert here.run("status", "--json").json["sign_in"]["signed_in"] is False


def test_nobody_is_asked_without_a_terminal(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="device-code")).ok()
    for command in ("sign-in", "test"):
        assert "nobody can be asked" in here.run(command).fails(6).text
    assert here.tenant.user_codes() == []


@pytest.mark.parametrize("proof", ["client_secret", "certificate", "client_assertion"])
def test_an_application_is_proven_by_apply(here: Office, proof: str) -> None:
    key = here.tenant.by_certificate.key
    assert key is not None
    value = {
        "client_secret": here.tenant.by_secret.secret or "",
        "certificate": key.pem.strip(),
        "client_assertion": here.tenant.assertion(lasts=600),
    }[proof]
    reference = here.machine.secret_file(value, "secret")
    applied = here.run("apply", "--yes", "--profile", here.application(proof, reference), "--json").ok().json
    assert applied["verification"]["pending"] is None
    assert applied["verification"]["stages"][-1]["stage"] == "accepted"
    assert MAILBOX in str(here.identity.mail.wait_for_mail(here.to)["From"])
    assert stat.S_IMODE(here.machine.delivered.stat().st_mode) == 0o600
    if proof != "client_assertion":  # a federated token can be used once
        here.run("test").ok()
    assert "application" in here.run("sign-in").fails(3).text


@pytest.mark.parametrize("what", ["wrong", "gone"])
def test_an_application_that_can_t_prove_itself_leaves_the_machine_as_it_was(here: Office, what: str) -> None:
    reference = (
        here.machine.secret_file("S3cret~of-another-application") if what == "wrong" else "file:///nowhere/at/all"
    )
    failed = here.run("apply", "--yes", "--profile", here.application("client_secret", reference), "--json")
    failed.fails(6 if what == "wrong" else 5)
    assert not here.machine.config.exists()


def test_a_token_that_the_server_refuses_is_renewed_once_and_tried_again(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    here.at_terminal("sign-in").ok()
    here.tenant.withdraw_access()
    tested = here.run("test", "--json").ok().json
    assert tested["stages"][-1]["stage"] == "accepted"
    assert here.tenant.asked() == ["authorization_code", "refresh_token"]
    here.run("test").ok()
    assert here.tenant.asked() == ["authorization_code", "refresh_token"], "the new one is kept"

    here.tenant.withdraw_access()
    here.tenant.withdraw_refresh()
    failed = here.run("test", "--json").fails(6)
    assert failed_stage(failed.json)["cause"] == "token"
    assert "dtsconf sign-in" in failed.problems[0]["hint"]
    assert here.tenant.asked()[2:] == ["refresh_token: invalid_grant"]


def test_a_short_lived_token_is_renewed_before_it_is_used(
    machine: Machine, identity: IdentityHost, browser: Browser
) -> None:
    with office(machine, identity, browser, lifetime=500) as here:
        here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
        here.at_terminal("sign-in").ok()
        before = here.tenant.asked().count("refresh_token")
        here.run("test").ok()
        assert here.tenant.asked().count("refresh_token") == before + 1
        here.searched(allowed=(".tokens",))


@pytest.mark.parametrize("endpoint", ["token-xoauth2-only", "token-oauthbearer-only"])
def test_either_way_to_hand_over_a_token(here: Office, endpoint: str) -> None:
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    here.run("test", "--profile", here.application("client_secret", reference, endpoint=endpoint)).ok()


@pytest.mark.parametrize(
    ("endpoint", "sender", "stage", "cause", "hint"),
    [
        ("token-cleartext", MAILBOX, "tls", "tls-not-offered", ""),
        ("password-alone", MAILBOX, "auth", "auth-mechanism", "smtp.office365.com port 587"),
        ("token", BOB, "auth", "token", f"Test-ServicePrincipalAuthorization -Identity CLIENT -Resource {BOB}"),
    ],
)
def test_a_server_that_takes_no_token_or_not_for_this_mailbox(
    here: Office, endpoint: str, sender: str, stage: str, cause: str, hint: str
) -> None:
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", reference, endpoint=endpoint)
    failed = here.run("test", "--profile", profile, "--json", "--set", f"sender.email={sender}").fails(6)
    found = failed_stage(failed.json)
    assert (found["stage"], found["cause"]) == (stage, cause)
    assert hint.replace("CLIENT", here.tenant.by_secret.client_id) in found["hint"]


def test_a_sender_that_is_not_the_account_s_own(here: Office) -> None:
    profile = here.profile(flow="browser", endpoint="token-sender-not-owned", sender={"email": BOB})
    here.run("apply", "--yes", "--profile", profile).ok()
    failed = here.at_terminal("sign-in", user=ALICE).fails(6)
    assert "sender-rejected" in failed.text
    assert "signed in as alice@corp.example" in failed.text


def test_a_yes_to_the_token_is_no_proof(here: Office) -> None:
    """Exchange has said 235 and then 530 5.7.57, when token and mailbox didn't belong together."""
    said = "530 5.7.57 Client not authenticated to send mail. [PR0P264CA0001.FRAP264.PROD.OUTLOOK.COM]"
    certificates = here.identity.mail.certificates
    script: list[Step] = [
        Say("220 PR0P264CA0001.outlook.office365.com Microsoft ESMTP MAIL Service ready"),
        Expect("EHLO .*"),
        Say("250-outlook.office365.com\n250-SIZE 157286400\n250 STARTTLS"),
        Expect("STARTTLS"),
        Say("220 2.0.0 SMTP server ready"),
        StartTls(certificates.server_context()),
        Expect("EHLO .*"),
        Say("250-outlook.office365.com\n250-SIZE 157286400\n250-AUTH LOGIN XOAUTH2\n250 SMTPUTF8"),
        Expect("AUTH XOAUTH2"),
        Say("334 "),
        Expect("[A-Za-z0-9+/=]+"),
        Say("235 2.7.0 Authentication successful"),
        Expect("MAIL FROM:.*"),
        Say(said),
        Expect("RSET|QUIT|RCPT.*"),
        Say(said),
    ]
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", reference)
    with ScriptedServer(script) as server:
        failed = here.run("test", "--profile", profile, "--set", f"microsoft.smtp.port={server.port}", "--json").fails(
            6
        )
        assert server.surprises == []
    found = failed_stage(failed.json)
    assert (found["stage"], found["code"], found["enhanced_code"]) == ("mail-from", 530, "5.7.57")
    assert (found["cause"], "must be one" in found["hint"]) == ("auth-rejected", True)


def test_a_rule_on_the_sender_holds_for_the_account(here: Office) -> None:
    rule = {"key": "sender.email", "matches": "alice@*", "because": "This machine is Alice's"}
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", policy={"rules": [rule]})).ok()
    broken = here.at_terminal("sign-in", user=BOB).fails(4)
    assert "This machine is Alice's" in broken.text
    assert here.run("status", "--json").json["sign_in"]["signed_in"] is False
    here.at_terminal("sign-in", user=ALICE).ok()


def test_remember_me_in_the_keyring_off_again_and_in_a_file(here: Office, keyring_session: SecretService) -> None:
    bus = {"DBUS_SESSION_BUS_ADDRESS": keyring_session.environ["DBUS_SESSION_BUS_ADDRESS"]}
    here.machine.environment |= bus
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    assert "Secret Service" in here.at_terminal("sign-in").ok().text
    here.new_session()
    status = here.run("status", "--json").ok().json["sign_in"]
    assert (status["account"], status["cache"], status["encrypted"]) == (ALICE, "encrypted", True)
    here.run("test").ok()
    kept = [path for path in here.searched() if path.endswith((".sealed", ".tokens"))]
    assert len(kept) == 1
    assert kept[0].endswith(".sealed")

    here.run("test", "--set", "microsoft.remember_me=false").fails(6)
    assert not [path for path in here.searched() if path.endswith((".sealed", ".tokens"))]

    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True, token_cache="file")).ok()
    here.at_terminal("sign-in").ok()
    here.new_session()
    here.run("test").ok()
    (tokens,) = here.machine.folder.rglob("*.tokens")
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.parent.stat().st_mode) == 0o700
    here.searched(allowed=(".tokens",))
    here.run("sign-out").ok()
    here.searched()


def test_without_a_keyring_nobody_is_asked_in_vain(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    told = here.at_terminal("sign-in").fails(6)
    assert "token_cache: file" in told.text
    assert here.opened == []


def test_the_session_ends_what_is_not_remembered(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    here.at_terminal("sign-in").ok()
    here.new_session()
    here.run("test").fails(6)


def test_another_provider_comes_from_the_organisation_alone(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    here.at_terminal("sign-in").ok()
    for variable in ("DTS_EMAIL_MICROSOFT__AUTHORITY", "DTS_EMAIL_MICROSOFT__SMTP__HOST"):
        value = "https://evil.example" if "AUTHORITY" in variable else "evil.example"
        assert "organisation" in here.run("test", env={variable: value}).fails(4).text


def test_opaque_tokens_are_good_as_well(machine: Machine, identity: IdentityHost, browser: Browser) -> None:
    with office(machine, identity, browser, form="opaque") as here:
        reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
        here.run("test", "--profile", here.application("client_secret", reference)).ok()


def test_what_microsoft_answers_is_told_with_the_page_that_mends_it(here: Office) -> None:
    description = "AADSTS65001: The user or administrator has not consented to use the application with ID '...'."
    here.tenant.answer_once(
        400, {"error": "invalid_grant", "error_description": description, "error_codes": [65001], "suberror": "consent"}
    )
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    told = here.run("test", "--profile", here.application("client_secret", reference), "--json").fails(6).problems[0]
    assert "AADSTS65001" in told["message"]
    assert "Grant admin consent" in told["hint"]


def test_a_macro_sends_with_the_sign_in(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    here.at_terminal("sign-in").ok()
    to = here.identity.mail.fresh_recipient()
    here.run("send", "--to", to, "--subject", "night report", "--body", "done").ok()
    mail = here.identity.mail.wait_for_mail(to, subject="night report")
    assert ALICE in str(mail["From"])


def test_tokens_are_in_no_file_of_the_state_either(here: Office) -> None:
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    here.run("apply", "--yes", "--profile", here.application("client_secret", reference)).ok()
    here.run("test", "--verbose").ok()
    here.run("doctor")
    here.run("status").ok()
    assert Path(here.machine.state).is_dir()
