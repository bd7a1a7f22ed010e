"""Use Microsoft Authentication, as an administrator and the users meet it: apply by root, sign-in by each user, Test
Settings, Remember Me, sign-out; every flow that can run here, against a real provider, browser and mail server."""

from __future__ import annotations

import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.proxy import proxy
from tests.real.secret_service import SecretService, secret_service
from tests.scenarios.harness import Machine, failed_stage
from tests.scenarios.office import ALICE, BOB, Office, office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


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
    signed_in = here.at_terminal("sign-in", user=BOB, env={"BROWSER": ""}).ok()
    assert "signing in by device-code: there is no broker" in signed_in.text
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


def test_a_sign_in_is_told_what_keeps_it_from_the_provider(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="device-code")).ok()
    with proxy() as way:
        way.refusal, way.headers = "407 Proxy Authentication Required", "Proxy-Authenticate: NTLM\r\n"
        told = here.at_terminal("sign-in", "--set", f"connection.proxy={way.url}").fails(9)
    assert "(from connection.proxy) lets nothing through to it: 407" in told.text
    assert "the proxy takes logins by NTLM alone, which dtsconf can't" in told.text
    assert "px, cntlm" in told.text
    assert here.run("status", "--json").ok().json["sign_in"]["signed_in"] is False


def test_nobody_is_asked_without_a_terminal(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="device-code")).ok()
    for command, words in (("sign-in", "there is no terminal here"), ("test", "nobody can be asked")):
        assert words in here.run(command).fails(6).text
    assert here.tenant.user_codes() == []


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


def test_a_sender_that_is_not_the_account_s_own(here: Office) -> None:
    profile = here.profile(flow="browser", endpoint="token-sender-not-owned", sender={"email": BOB})
    here.run("apply", "--yes", "--profile", profile).ok()
    failed = here.at_terminal("sign-in", user=ALICE).fails(6)
    assert "sender-rejected" in failed.text
    assert "signed in as alice@corp.example" in failed.text


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

    for tried in ("microsoft.remember_me=false", "microsoft.token_cache=file"):
        here.run("test", "--set", tried).fails(6)
    here.run("test").ok()

    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    here.run("test").fails(6)
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


def test_what_is_told_to_try_beside_a_locked_keyring_costs_no_sign_in(here: Office, tmp_path: Path) -> None:
    """Typed as told; once the keyring is unlocked, which alone was wanted, the sign-in is there as ever. What the line
    kept is there as well, until somebody signs in by the machine's own settings."""
    kept = tmp_path / "one/home"
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    with secret_service(tmp_path / "one") as service:
        here.machine.environment["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
        here.at_terminal("sign-in").ok()
    with secret_service(tmp_path / "two", b"a wrong one", home=kept) as service:
        here.machine.environment["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
        told = here.run("test", "--level", "auth").fails(6).text
        line = re.search("(?m)^try:  dtsconf (.*)$", told)
        assert line is not None, told
        here.at_terminal(*shlex.split(line.group(1))).ok()
        for command in ("test --level auth", "send --to ann@acme.example --body x"):
            here.run(*command.split()).fails(6)
        here.run("test", "--set", "microsoft.token_cache=file").ok()
        assert here.run("status", "--json").json["sign_in"]["cache"] == "encrypted"
    with secret_service(tmp_path / "three", home=kept) as service:
        here.machine.environment["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
        here.run("test").ok()
        here.run("test", "--set", "microsoft.token_cache=file").ok()
        here.at_terminal("sign-in").ok()
    left = [path for path in here.searched() if path.endswith((".sealed", ".tokens"))]
    assert [path.rpartition(".")[2] for path in left] == ["sealed"]


def test_without_a_keyring_nobody_is_asked_in_vain(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    told = here.at_terminal("sign-in").fails(6)
    assert "token_cache: file" in told.text
    assert here.opened == []


def test_a_sign_in_in_a_file_outlives_every_command_without_its_setting(here: Office) -> None:
    """No session bus: what is told to type keeps the sign-in; what goes by the machine's settings doesn't find it, and
    leaves it."""
    by_file = ("--set", "microsoft.token_cache=file")
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    assert f"dtsconf sign-in --root {here.machine.root} {' '.join(by_file)}" in here.run("test").fails(6).text
    here.at_terminal("sign-in", *by_file).ok()
    for command in ("test", "send --to ann@acme.example --body x"):
        told = here.run(*command.split()).fails(6).text
        assert "is kept in a file" in told
        assert "sign-in" not in told.partition("try:")[2]
        assert "--set microsoft.token_cache=file" in told.partition("try:")[2]
        here.run("test", *by_file).ok()
    aside = "nobody is signed in as this user; one kept with --set microsoft.token_cache=file counts with that alone"
    assert aside in here.run("status").text
    doctor = here.run("doctor").text
    assert aside in doctor
    assert "for good: write microsoft.token_cache: file into the profile" in doctor
    here.run("sign-out").ok()
    here.run("test", *by_file).fails(6)
    assert "one kept with" not in here.run("status").text


def test_without_memory_for_a_session_a_sign_in_lasts_for_the_command(here: Office) -> None:
    del here.machine.environment["XDG_RUNTIME_DIR"]
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    assert "kept by this command alone, so the next one asks again" in here.at_terminal("sign-in").ok().text
    for command in ("test", "send --to ann@acme.example --body x"):
        told = here.run(*command.split()).fails(6).text
        assert "--set microsoft.remember_me=true --set microsoft.token_cache=file, then sign in" in told
    assert "proven for dtsconf" in here.at_terminal("test").ok().text
    assert not [path for path in here.searched() if path.endswith((".sealed", ".tokens"))]
    assert "refresh_token" not in here.tenant.asked()


def test_where_the_profile_verifies_nothing_a_test_by_mail_proves_what_a_sign_in_left_owed(here: Office) -> None:
    verify = {"level": "none", "to": here.to}
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", verify=verify)).ok()
    here.run("apply", "--yes", "--verify").ok()
    assert "nothing was verified" in here.at_terminal("sign-in").ok().text
    here.run("test", "--level", "auth").ok()
    assert "still owed (sign-in)" in here.run("status").ok().text
    here.run("test").ok()
    assert here.run("status", "--json").ok().json["proof"]["state"] == "verified"
    assert f"is proven by this user's test, as {ALICE}" in here.run("doctor").text


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


@pytest.mark.parametrize("command", [("sign-out",), ("purge", "--yes")], ids=["sign-out", "purge"])
def test_no_token_and_no_key_is_left(here: Office, keyring_session: SecretService, command: tuple[str, ...]) -> None:
    here.machine.environment["DBUS_SESSION_BUS_ADDRESS"] = keyring_session.environ["DBUS_SESSION_BUS_ADDRESS"]
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True)).ok()
    before = keys(keyring_session)
    here.at_terminal("sign-in").ok()
    assert len(keys(keyring_session) - before) == 1
    here.run(*command).ok()
    assert keys(keyring_session) == before
    assert not [path for path in here.searched() if path.endswith((".sealed", ".tokens"))]


def keys(session: SecretService) -> set[str]:
    """The names of the keys to token caches that the keyring holds."""
    asked = ["secret-tool", "search", "--all", "service", "dtsconf"]
    found = subprocess.run(asked, env=dict(session.environ), capture_output=True, text=True, check=False)
    return set(re.findall("token-cache-[0-9a-f]{24}", found.stdout + found.stderr))
