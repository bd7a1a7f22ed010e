"""apply: what it writes, what it proves, and that it leaves the machine as it was when it can't."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.scenarios.harness import CONFIG, PROGRAM, Machine, chown, failed_stage, login, mode, open_terminal, tree
from tests.scenarios.smtpd import DROP, Smtpd

Servers = Callable[..., Smtpd]


def proven(server: Smtpd, *, settings: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """Parts of a profile that is verified against this server at level send."""
    merged = {**(settings or {})}
    merged["server"] = {"host": server.address, "port": server.port, **merged.get("server", {})}
    return {"settings": merged, "verify": {"level": "send", "retries": 0}, **parts}


def test_first_apply_writes_the_machine_config(machine: Machine) -> None:
    result = machine.apply(machine.profile(), "--json").ok()
    body = result.json
    assert body["command"] == "apply"
    assert body["changed"] is True
    assert body["generation"] == 1
    (change,) = body["changes"]
    assert change["action"] == "create"
    assert change["target"] == "dts"
    assert change["path"].endswith("/" + CONFIG)
    assert "relay.acme.example" in change["diff"]
    assert body["digest"]
    assert mode(machine.config) == 0o644
    assert os.listdir(machine.config.parent) == ["email.json"]


def test_machine_config_is_sorted_json_with_everything_but_time_folder_and_secret(machine: Machine) -> None:
    machine.apply(
        machine.profile(
            "sites/perth.yaml",
            policy={
                "lock": ["server", "verify"],
                "rules": [{"key": "server.port", "min": 25, "because": "Mail leaves the site network"}],
                "recipients": ["*@acme.example"],
                "max_size": "25 MiB",
            },
        )
    ).ok()
    text = machine.config.read_text("utf-8")
    config = json.loads(text)
    assert list(config) == sorted(config)
    assert config == json.loads(json.dumps(config, sort_keys=True))
    assert "acme-perth" in text
    assert "Mail leaves the site network" in text
    assert "perth.yaml" in text
    assert str(machine.folder) not in text
    assert "sites/" not in text
    for part in ("*@acme.example", '"min_tls"', '"token_cache"', '"tenant"', '"timeout"', '"verify"', '"targets"'):
        assert part in text, part


def test_machine_config_is_the_same_bytes_for_the_same_input(machines: Callable[[str], Machine]) -> None:
    one, other = machines("one"), machines("other")
    one.apply(one.profile()).ok()
    other.apply(other.profile("elsewhere/deep/site.yaml")).ok()
    other.apply(other.profile("elsewhere/deep/site.yaml", name="other")).ok()
    other.apply(other.profile("elsewhere/deep/site.yaml")).ok()
    assert one.config.read_bytes() == other.config.read_bytes()


def test_second_apply_changes_nothing(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    before = machine.everything()
    result = machine.apply(profile, "--json").ok()
    assert result.json["changed"] is False
    assert result.json["changes"] == []
    assert machine.everything() == before
    assert len(machine.run("history", "--json").json["generations"]) <= 2


def test_an_empty_plan_is_told_in_a_line(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    assert machine.apply(profile).ok().text.strip()
    assert len(machine.run("plan", "--profile", profile).ok().stdout.strip().splitlines()) <= 2


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_umask_has_no_say_in_modes(machine: Machine, umask: int) -> None:
    profile = machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])
    machine.apply(profile, umask=umask).ok()
    assert mode(machine.config) == 0o644
    assert mode(machine.delivered) == 0o600
    assert mode(machine.msmtprc) == 0o600
    assert mode(machine.root / "etc/dts") == 0o755
    assert mode(machine.state) == 0o755


def test_machine_state_is_readable_but_key_and_backups(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")))).ok()
    machine.apply(machine.profile(settings=login(machine.secret_file("plum-tree-9")))).ok()
    private = [path for path in machine.state.rglob("*") if path.is_file() and mode(path) == 0o600]
    public = [path for path in machine.state.rglob("*") if path.is_file() and mode(path) == 0o644]
    assert private, "the key is private"
    assert any("generations" in str(path) for path in public)
    assert all("generations" not in str(path.relative_to(machine.state)) for path in private)


def test_nothing_written_contains_the_root_folder(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])).ok()
    for path in machine.root.rglob("*"):
        if path.is_file():
            assert str(machine.root).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_root_may_be_moved_or_copied(machine: Machine, how: str) -> None:
    profile = machine.profile(settings=login(machine.secret_file("pear-tree-9")))
    machine.apply(profile).ok()
    new = machine.folder / "elsewhere"
    if how == "moved":
        machine.root.rename(new)
    else:
        shutil.copytree(machine.root, new, symlinks=True)
    assert machine.run("status", "--json", "--root", str(new), root=False).ok().json["state"] == "in-sync"
    again = machine.run("apply", "--yes", "--json", "--profile", profile, "--root", str(new), root=False).ok()
    assert again.json["changed"] is False
    machine.run("rollback", "0", "--yes", "--root", str(new), root=False).ok()
    assert not (new / CONFIG).exists()


def test_verified_apply_sends_a_proper_message(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(
        **proven(server, settings={"sender": {"name": "Prüf Stand", "email": "lab@acme.example"}})
    )
    body = machine.apply(profile, "--json").ok().json
    (mail,) = server.messages
    assert mail.sender == "lab@acme.example"
    assert mail.recipients == ["lab@acme.example"]
    message = mail.message
    assert message["From"].addresses[0].display_name == "Prüf Stand"
    assert message["From"].addresses[0].addr_spec == "lab@acme.example"
    assert message["To"].addresses[0].addr_spec == "lab@acme.example"
    assert message["Date"].datetime.tzinfo is not None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"]
    assert message["Message-ID"].strip() == body["verification"]["message_id"]
    part = message.get_body(("plain",))
    assert part is not None
    content = part.get_content() + str(message)
    for word in (socket.gethostname(), "acme-perth", "dtsconf", body["verification"]["user"]):
        assert word in content, word
    assert "1" in part.get_content(), "the generation"
    assert body["verification"]["ok"] is True
    assert body["verification"]["level"] == "send"
    assert body["verification"]["pending"] is None
    stages = [stage["stage"] for stage in body["verification"]["stages"]]
    assert stages[:4] == ["resolve", "connect", "banner", "ehlo"]
    assert stages[-4:] == ["mail-from", "rcpt-to", "data", "accepted"]
    assert machine.run("status", "--json").ok().json["proof"]["state"] == "verified"


def test_failed_verification_of_a_first_apply_leaves_not_a_trace(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 no such mailbox here"})
    (machine.root / "etc").mkdir(mode=0o751)
    before = tree(machine.root)
    result = machine.apply(machine.profile(**proven(server))).fails(6)
    assert tree(machine.root) == before
    assert result.text.splitlines()[0].startswith("NOT APPLIED.")
    assert "Nothing was written." in result.text
    assert "no such mailbox here" in result.text, "the server's own words"
    machine.run("status").fails(7)


def test_failed_verification_names_what_the_machine_keeps(machine: Machine, smtpd: Servers) -> None:
    machine.apply(machine.profile(name="acme-before")).ok()
    server = smtpd(replies={"MAIL": "550 5.7.1 sender not welcome"})
    result = machine.apply(machine.profile(**proven(server))).fails(6)
    first = next(line for line in result.text.splitlines() if "NOT APPLIED" in line)
    assert first.startswith("NOT APPLIED.")
    assert "keeps #1 (acme-before, " in first
    assert first.endswith("Nothing was written.")
    assert "sender not welcome" in result.text
    assert str(server.port) in result.text


def test_failed_verification_is_told_as_json(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 no such mailbox here"})
    body = machine.apply(machine.profile(**proven(server)), "--json").fails(6).json
    stage = failed_stage(body["verification"])
    assert stage["stage"] == "rcpt-to"
    assert stage["cause"] == "recipient-rejected"
    assert (stage["code"], stage["enhanced_code"]) == (550, "5.1.1")
    assert "no such mailbox here" in stage["detail"]
    assert body["verification"]["ok"] is False
    assert [change["target"] for change in body["changes"]] == ["dts"]


REFUSALS: dict[str, tuple[dict[str, Any], str, str, int]] = {
    "sender rejected": ({"replies": {"MAIL": "550 5.1.8 bad sender"}}, "mail-from", "sender-rejected", 6),
    "relay denied": ({"replies": {"RCPT": "554 5.7.1 Relay access denied"}}, "rcpt-to", "recipient-rejected", 6),
    "content rejected": ({"replies": {".": "550 5.7.1 looks like spam"}}, "accepted", "content-rejected", 6),
    "banner of 554": ({"banner": "554 5.7.1 go away"}, "banner", "blocked", 6),
    "not smtp": ({"banner": "SSH-2.0-OpenSSH_9.2"}, "banner", "not-smtp", 6),
    "dropped in mid-conversation": ({"replies": {"RCPT": DROP}}, "rcpt-to", "dropped", 6),
    "dropped before a byte": ({"banner": DROP}, "banner", "dropped", 9),
    "mailbox full": ({"replies": {"RCPT": "552 5.2.2 mailbox full"}}, "rcpt-to", "mailbox-full", 6),
    "too large": ({"replies": {".": "552 5.3.4 message too big"}}, "accepted", "too-large", 6),
    "greylisted": ({"replies": {"RCPT": "450 4.2.0 Greylisted, try again"}}, "rcpt-to", "greylisted", 6),
    "lost after the message": ({"replies": {".": DROP}}, "accepted", "outcome-unknown", 6),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_stage_cause_hint_and_code(machine: Machine, smtpd: Servers, case: str) -> None:
    options, stage, cause, code = REFUSALS[case]
    result = machine.apply(machine.profile(**proven(smtpd(**options))), "--json").fails(code)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) == (stage, cause), result
    assert failure["hint"]
    assert not machine.config.exists()


def test_a_dead_port_is_exit_9(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    settings = {"server": {"host": "127.0.0.1", "port": port}}
    parts: dict[str, Any] = {"settings": settings, "verify": {"level": "connect", "retries": 0}}
    result = machine.apply(machine.profile(**parts), "--json").fails(9)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) == ("connect", "refused")


def test_an_unknown_name_is_exit_9(machine: Machine) -> None:
    parts: dict[str, Any] = {
        "settings": {"server": {"host": "no-such-host.invalid"}},
        "verify": {"level": "connect", "retries": 0},
    }
    result = machine.apply(machine.profile(**parts), "--json").fails(9)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) == ("resolve", "dns")


def test_a_silent_server_is_a_timeout_and_exit_9(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = {"server": {"host": "127.0.0.1", "port": mute.getsockname()[1]}, "connection": {"timeout": 1}}
        parts: dict[str, Any] = {"settings": settings, "verify": {"level": "connect", "retries": 0}}
        result = machine.apply(machine.profile(**parts), "--json").fails(9)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) == ("banner", "timeout")


LEVELS = {
    "connect": ["EHLO"],
    "envelope": ["EHLO", "MAIL", "RCPT", "RSET"],
    "send": ["EHLO", "MAIL", "RCPT", "DATA"],
}


@pytest.mark.parametrize("level", LEVELS)
def test_levels_go_as_far_as_they_say(machine: Machine, smtpd: Servers, level: str) -> None:
    server = smtpd()
    body = machine.apply(machine.profile(**proven(server, verify={"level": level})), "--json").ok().json
    (verbs,) = server.verbs
    assert [verb for verb in verbs if verb != "QUIT"] == LEVELS[level]
    assert body["verification"]["level"] == level
    assert len(server.messages) == (level == "send")
    status = machine.run("status", "--json").ok().json
    assert status["proof"] == {**status["proof"], "state": "verified", "level": level}


def test_level_auth_logs_in_and_stops(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings, verify={"level": "auth"}))
    body = machine.apply(profile, "--json").ok().json
    assert [stage["stage"] for stage in body["verification"]["stages"]][-1] == "auth"
    assert server.logins == [("lab", "pear-tree-9")]
    assert server.verbs[0][:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert "MAIL" not in server.verbs[0]


def test_a_wrong_password_is_exit_6_and_tried_once(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "right"}, mechanisms=("PLAIN",))
    settings = login(machine.secret_file("wrong-pear-9"), ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings, verify={"level": "send", "retries": 3}))
    failure = failed_stage(machine.apply(profile, "--json").fails(6).json["verification"])
    assert (failure["stage"], failure["cause"], failure["code"]) == ("auth", "auth-rejected", 535)
    assert len(server.logins) == 1
    assert not machine.config.exists()
    assert not machine.delivered.exists()


def test_a_passing_failure_is_tried_again(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": ["451 4.7.1 try again"]})
    machine.apply(machine.profile(**proven(server, verify={"level": "send", "retries": 1}))).ok()
    assert len(server.sessions) == 2
    assert len(server.messages) == 1


@pytest.mark.parametrize("replies", [{"RCPT": "550 5.1.1 no"}, {"EHLO": DROP}], ids=["550", "dropped"])
def test_a_lasting_failure_is_not_tried_again(machine: Machine, smtpd: Servers, replies: dict[str, str]) -> None:
    server = smtpd(replies=replies)
    machine.apply(machine.profile(**proven(server, verify={"level": "send", "retries": 3}))).fails(6)
    assert len(server.sessions) == 1


def test_verify_to_gets_the_mail(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    verify = {"level": "send", "to": "mailcheck@acme.example"}
    machine.apply(machine.profile(**proven(server, verify=verify))).ok()
    assert server.messages[0].recipients == ["mailcheck@acme.example"]


def test_verify_goes_to_no_recipient_outside_the_policy(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    verify = {"level": "send", "to": "someone@elsewhere.example"}
    policy = {"recipients": ["*@acme.example"]}
    machine.apply(machine.profile(**proven(server, verify=verify, policy=policy))).fails(4)
    assert server.messages == []


def test_verify_option_verifies_an_empty_plan(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server))
    machine.apply(profile).ok()
    machine.apply(profile).ok()
    assert len(server.messages) == 1
    body = machine.apply(profile, "--verify", "--json").ok().json
    assert len(server.messages) == 2
    assert body["changed"] is False
    assert body["verification"]["ok"] is True


def test_verify_option_on_an_empty_plan_can_fail(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server))
    machine.apply(profile).ok()
    server.replies["RCPT"] = "550 5.1.1 gone"
    machine.apply(profile, "--verify").fails(6)


def test_no_verify_is_honoured_and_recorded(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server))
    machine.apply(profile, "--no-verify").ok()
    assert server.sessions == []
    assert machine.run("status", "--json").ok().json["proof"]["state"] == "none"
    (newest,) = machine.run("history", "--json").json["generations"][-1:]
    assert newest["generation"] == 1
    assert "verified" not in json.dumps(newest["proof"])


def test_no_verify_is_not_honoured_when_verify_is_locked(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 no"})
    profile = machine.profile(**proven(server, policy={"lock": ["verify"]}))
    assert machine.apply(profile, "--no-verify").code in {4, 6}
    assert not machine.config.exists()


def test_level_none_sends_nothing(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.apply(machine.profile(**proven(server, verify={"level": "none"}))).ok()
    assert server.sessions == []


AUTO = {"server": {"encryption": "auto"}}


def with_ca(settings: dict[str, Any], certificates: Certificates) -> dict[str, Any]:
    return {**settings, "server": {**settings["server"], "ca_file": certificates.ca_file}}


def encryption(machine: Machine) -> Any:
    body = machine.run("show", "--json").ok().json
    return body["settings"]["server.encryption"]["value"]


def test_auto_is_settled_on_plain_without_starttls(machine: Machine, smtpd: Servers) -> None:
    machine.apply(machine.profile(**proven(smtpd(), settings=AUTO))).ok()
    assert encryption(machine) == "none"
    assert '"auto"' not in json.dumps(machine.settings()["settings"]["server"])


def test_auto_is_settled_on_starttls(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context())
    profile = machine.profile(**proven(server, settings=with_ca(AUTO, certificates)))
    body = machine.apply(profile, "--json").ok().json
    assert encryption(machine) == "starttls"
    assert "starttls" in body["changes"][0]["diff"]
    assert machine.apply(profile, "--json").ok().json["changed"] is False
    assert machine.run("plan", "--json", "--profile", profile).ok().json["changes"] == []


def test_auto_is_settled_even_without_verification(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context())
    settings = with_ca(AUTO, certificates)
    machine.apply(machine.profile(**proven(server, settings=settings, verify={"level": "none"}))).ok()
    assert encryption(machine) == "starttls"


def test_auto_on_465_is_implicit_tls(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context(), implicit=True, port=465)
    profile = machine.profile(**proven(server, settings=with_ca(AUTO, certificates)))
    machine.apply(profile).ok()
    assert encryption(machine) == "tls"


def test_auto_with_tls_that_fails_is_a_failure(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context("untrusted"))
    profile = machine.profile(**proven(server, settings=with_ca(AUTO, certificates)))
    failure = failed_stage(machine.apply(profile, "--json").fails(6).json["verification"])
    assert (failure["stage"], failure["cause"]) == ("tls", "tls-untrusted")
    assert not any("MAIL" in verbs for verbs in server.verbs)


def test_auto_is_not_changed_to_plain_once_settled_on_tls(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context())
    settings = with_ca(AUTO, certificates)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    server.tls = None
    changed = machine.profile(**proven(server, settings={**settings, "sender": {"name": "Other"}}))
    failure = failed_stage(machine.apply(changed, "--json").fails(6).json["verification"])
    assert failure["cause"] == "tls-stripped"
    assert f"dtsconf apply --profile {changed} --root {machine.root} --allow-downgrade" in failure["hint"]
    tested = machine.run("test").fails(6).text
    assert f"dtsconf apply --profile FILE --root {machine.root} --allow-downgrade" in tested
    machine.apply(changed, "--allow-downgrade").ok()
    assert encryption(machine) == "none"


def test_rules_are_checked_on_what_auto_was_settled_to(machine: Machine, smtpd: Servers) -> None:
    policy = {"rules": [{"key": "server.encryption", "none_of": ["none"], "because": "Mail leaves the site"}]}
    result = machine.apply(machine.profile(**proven(smtpd(), settings=AUTO, policy=policy))).fails(4)
    assert "Mail leaves the site" in result.text


def test_auto_with_a_login_never_goes_over_plain(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "pear-tree-9"}, auth_without_tls=True)
    settings = login(machine.secret_file("pear-tree-9"), encryption="auto")
    result = machine.apply(machine.profile(**proven(server, settings=settings)), "--json").fails(6)
    assert failed_stage(result.json["verification"])["cause"] == "cleartext-refused"
    assert server.logins == []


def test_cleartext_login_when_the_profile_says_so(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "pear-tree-9"}, auth_without_tls=True)
    settings = login(machine.secret_file("pear-tree-9"), encryption="none", allow_cleartext_login=True)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    assert server.logins == [("lab", "pear-tree-9")]


def test_starttls_that_is_not_offered(machine: Machine, smtpd: Servers) -> None:
    settings = {"server": {"encryption": "starttls"}}
    result = machine.apply(machine.profile(**proven(smtpd(), settings=settings)), "--json").fails(6)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) == ("tls", "tls-not-offered")


def test_fingerprint_replaces_other_checks_and_is_told(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context("expired"))
    print_ = certificates.fingerprint("expired").upper()
    colons = ":".join(print_[at : at + 2] for at in range(0, 64, 2))
    settings = {"server": {"encryption": "starttls", "fingerprint": colons}}
    body = machine.apply(machine.profile(**proven(server, settings=settings)), "--json").ok().json
    (tls,) = [stage for stage in body["verification"]["stages"] if stage["stage"] == "tls"]
    assert "fingerprint" in tls["detail"]
    wrong = {"server": {"encryption": "starttls", "fingerprint": "00" * 32}}
    machine.apply(machine.profile(**proven(server, settings=wrong))).fails(6)


def test_a_target_that_moved_while_the_server_answered_is_left_alone(machine: Machine, smtpd: Servers) -> None:
    machine.apply(machine.profile()).ok()
    server = smtpd(hooks={"DATA": lambda: machine.config.write_text("{}")})
    process = machine.start("apply", "--yes", "--profile", machine.profile(**proven(server)))
    result = machine.finish(process, "apply")
    assert result.code == 1, result
    assert machine.config.read_text() == "{}", "somebody else's edit stays"
    assert CONFIG in result.text


def test_moved_settings_that_differ_are_drift_and_replaced(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    good = machine.config.read_bytes()
    machine.config.write_text("{}")
    result = machine.apply(profile, "--json").ok()
    assert result.json["changes"][0]["action"] == "update"
    assert machine.config.read_bytes() == good


def test_environment_values_are_listed_and_recorded(machine: Machine) -> None:
    profile = machine.profile(expects=["sender.email"], settings={"sender": {"email": None}})
    env = {"DTS_EMAIL_SENDER__EMAIL": "night@acme.example"}
    result = machine.apply(profile, env=env).ok()
    assert "DTS_EMAIL_SENDER__EMAIL" in result.text
    records = b"".join(path.read_bytes() for path in (machine.state / "generations").rglob("*") if path.is_file())
    assert b"DTS_EMAIL_SENDER__EMAIL" in records or b"sender.email" in records
    assert machine.settings()["settings"]["sender"]["email"] == "night@acme.example"


def test_apply_does_not_read_the_user_file(machine: Machine) -> None:
    user = machine.write("user.yaml", "sender: {name: Somebody}\n")
    profile = machine.profile()
    machine.apply(profile, env={"DTSCONF_USER_FILE": str(user)}).ok()
    assert machine.settings()["settings"]["sender"]["name"] == "Perth Lab"
    broken = machine.write("broken.yaml", "{{{")
    machine.apply(profile, env={"DTSCONF_USER_FILE": str(broken)}).ok()
    machine.run("plan", "--profile", profile, env={"DTSCONF_USER_FILE": str(broken)}).ok()


def test_expected_key_missing_is_exit_3_with_key_and_variable(machine: Machine) -> None:
    profile = machine.profile(expects=["sender.email"], settings={"sender": {"email": None}})
    result = machine.apply(profile).fails(3)
    assert "sender.email" in result.text
    assert "DTS_EMAIL_SENDER__EMAIL" in result.text


def test_expected_key_missing_may_be_owed_by_the_user(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    parts = proven(server, verify={"level": "send", "pending": ["user"]}, expects=["sender.email"])
    parts["settings"]["sender"] = {"email": None}
    body = machine.apply(machine.profile(**parts), "--json").ok().json
    assert body["verification"]["pending"] == "user"
    assert body["verification"]["level"] == "connect"
    assert server.messages == []
    status = machine.run("status", "--json").ok().json
    assert status["proof"]["state"] == "pending"
    assert machine.config.exists()


def test_what_the_user_owes_is_proven_by_the_user_s_own_test(machine: Machine, smtpd: Servers) -> None:
    parts = proven(smtpd(), verify={"level": "send", "pending": ["user"]}, expects=["sender.email"])
    parts["settings"]["sender"] = {"email": None}
    machine.apply(machine.profile(**parts)).ok()
    own = {"DTS_EMAIL_SENDER__EMAIL": "ann@acme.example"}
    machine.run("test", "--level", "connect", env=own).ok()
    machine.run("test", "--set", "sender.email=ann@acme.example").ok()
    assert "still owed (user)" in machine.run("status").ok().text
    machine.run("test", env=own).ok()
    proof = machine.run("status", "--json").ok().json["proof"]
    assert (proof["state"], proof["level"], proof["message_id"] is None) == ("verified", "send", False)
    assert "is proven by this user's test, as ann@acme.example" in machine.run("doctor", env=own).text
    machine.apply(machine.profile(**parts | {"verify": {"level": "connect", "pending": ["user"]}})).ok()
    assert "still owed (user)" in machine.run("status").ok().text


def test_without_pending_the_hint_names_what_apply_reads(machine: Machine) -> None:
    profile = machine.profile(expects=["sender.email"], settings={"sender": {"email": None}})
    hint = machine.apply(profile).fails(3).text
    assert "verify.pending: [user]" in hint
    assert "your own settings file" not in hint


def test_offline_in_pending_goes_live_unproven(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    parts: dict[str, Any] = {"settings": {"server": {"host": "127.0.0.1", "port": port}}}
    parts["verify"] = {"level": "send", "retries": 0, "pending": ["offline"]}
    body = machine.apply(machine.profile(**parts), "--json").ok().json
    assert body["verification"]["pending"] == "offline"
    assert body["warnings"]
    status = machine.run("status", "--json").ok().json
    assert status["proof"]["state"] == "pending"


@pytest.mark.parametrize("why", ["level", "no-verify"])
def test_what_no_apply_has_proven_a_user_s_own_test_proves_for_them(machine: Machine, smtpd: Servers, why: str) -> None:
    parts = proven(smtpd(), verify={"level": "none" if why == "level" else "send"})
    machine.apply(machine.profile(**parts), *([] if why == "level" else ["--no-verify"])).ok()
    assert f"is not proven by a mail ({why})" in machine.run("doctor").text
    machine.run("test").ok()
    assert "is proven by this user's test" in machine.run("doctor").text
    assert machine.run("status", "--json").ok().json["proof"]["state"] == "verified"


def test_offline_does_not_excuse_a_server_that_says_no(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(banner="554 5.7.1 go away")
    parts = proven(server, verify={"level": "send", "retries": 0, "pending": ["offline"]})
    machine.apply(machine.profile(**parts)).fails(6)


def test_targets_may_have_paths_of_their_own(machine: Machine) -> None:
    targets = [{"kind": "dts", "path": "/opt/dts/mail.json"}, {"kind": "msmtp", "path": "/srv/msmtp/rc"}]
    body = machine.apply(machine.profile(targets=targets), "--json").ok().json
    assert (machine.root / "opt/dts/mail.json").exists()
    assert (machine.root / "srv/msmtp/rc").exists()
    assert mode(machine.root / "srv/msmtp") == 0o755
    assert [change["target"] for change in body["changes"]] == ["dts", "msmtp"]


def test_a_dropped_target_is_deleted_if_it_is_as_written(machine: Machine) -> None:
    machine.apply(machine.profile(targets=["dts", "msmtp"])).ok()
    assert machine.msmtprc.exists()
    body = machine.apply(machine.profile(targets=["dts"]), "--json").ok().json
    assert ("msmtp", "delete") in [(change["target"], change["action"]) for change in body["changes"]]
    assert not machine.msmtprc.exists()


def test_a_dropped_target_that_somebody_changed_stays(machine: Machine) -> None:
    machine.apply(machine.profile(targets=["dts", "msmtp"])).ok()
    machine.msmtprc.write_text("# mine now\n")
    machine.apply(machine.profile(targets=["dts"])).ok()
    assert machine.msmtprc.read_text() == "# mine now\n"


def test_microsoft_mode_does_not_fit_msmtp(machine: Machine) -> None:
    settings = {"mode": "microsoft", "microsoft": {"client_id": "11111111-2222-3333-4444-555555555555"}}
    profile = machine.profile(settings=settings, targets=["dts", "msmtp"])
    result = machine.run("plan", "--profile", profile).fails(3)
    assert "msmtp" in result.text
    assert "microsoft" in result.text


def test_mode_owner_and_group_of_a_replaced_file_survive(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.config.chmod(0o640)
    chown(machine.config, 12, 34)
    machine.apply(machine.profile(name="other")).ok()
    facts = machine.config.stat()
    assert (mode(machine.config), facts.st_uid, facts.st_gid) == (0o640, 12, 34)


def test_acl_of_a_replaced_file_survives(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    subprocess.run(["setfacl", "-m", "u:12:rw", machine.config], check=True)
    before = subprocess.run(["getfacl", "-cn", machine.config], check=True, capture_output=True).stdout
    machine.apply(machine.profile(name="other")).ok()
    after = subprocess.run(["getfacl", "-cn", machine.config], check=True, capture_output=True).stdout
    assert after == before
    assert b"user:12:rw" in after


def test_a_secret_is_not_widened_by_what_stood_there(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])).ok()
    for path in (machine.delivered, machine.msmtprc):
        path.chmod(0o666)
    machine.apply(machine.profile(settings=login(machine.secret_file("plum-tree-9")), targets=["dts", "msmtp"])).ok()
    assert mode(machine.delivered) == 0o600
    assert mode(machine.msmtprc) == 0o600


@pytest.mark.parametrize("place", ["etc", "etc/dts"])
def test_a_folder_that_others_may_write_is_refused(machine: Machine, place: str) -> None:
    (machine.root / "etc/dts").mkdir(parents=True)
    (machine.root / place).chmod(0o777)
    result = machine.apply(machine.profile())
    assert result.code not in {0, 70}, result
    assert place in result.text
    assert not machine.config.exists()


@pytest.mark.parametrize("place", ["etc", "etc/dts"])
def test_a_folder_of_another_user_is_refused(machine: Machine, place: str) -> None:
    (machine.root / "etc/dts").mkdir(parents=True)
    chown(machine.root / place, 12, 12)
    result = machine.apply(machine.profile())
    assert result.code not in {0, 70}, result
    assert not machine.config.exists()


@pytest.mark.parametrize("link", ["etc", "etc/dts", CONFIG])
def test_links_are_not_followed(machine: Machine, link: str) -> None:
    outside = machine.folder / "outside"
    outside.mkdir()
    (outside / "dts").mkdir()
    (outside / "email.json").write_text("not yours")
    place = machine.root / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / "email.json" if link == CONFIG else outside)
    before = tree(outside)
    result = machine.apply(machine.profile())
    assert result.code not in {0, 70}, result
    assert tree(outside) == before


def test_missing_root_folder_is_made_or_refused_but_named(machine: Machine) -> None:
    result = machine.run("apply", "--yes", "--profile", machine.profile(), "--root", str(machine.folder / "new"))
    assert result.code in {0, 1, 2}, result
    assert result.code == 0 or "new" in result.text


def test_without_a_terminal_apply_says_so_and_goes_on(machine: Machine) -> None:
    result = machine.run("apply", "--profile", machine.profile(), stdin="").ok()
    assert "terminal" in result.stderr
    assert machine.config.exists()
    again = machine.apply(machine.profile(name="other")).ok()
    assert "no terminal" not in again.text.lower()


def on_terminal(machine: Machine, answer: str, *args: str) -> tuple[int, str]:
    """Runs the program on a terminal of its own, types the answer once it is asked; its code and what was shown."""
    parent, child = open_terminal()
    command = ["setsid", "--ctty", "--wait", PROGRAM, *args]  # a terminal of its own, so that Ctrl-C reaches it
    with subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, cwd=machine.work, env=machine.environ()
    ) as process:
        os.close(child)
        shown, answered = b"", False
        with contextlib.suppress(OSError):  # a pseudo-terminal whose other side closed gives EIO
            while select.select([parent], [], [], 60)[0] and (chunk := os.read(parent, 65536)):
                shown += chunk
                if not answered and b"?" in shown.splitlines()[-1]:
                    os.write(parent, answer.encode())
                    answered = True
        if not answered:
            process.kill()
        process.wait(60)
    os.close(parent)
    return process.returncode, shown.decode()


@pytest.mark.parametrize(
    ("answer", "written"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("what?\ny\n", True), ("oui\n\n", False)],
)
def test_on_a_terminal_apply_asks(machine: Machine, answer: str, written: bool) -> None:
    code, shown = on_terminal(machine, answer, "apply", "--profile", machine.profile())
    assert machine.config.exists() is written, shown
    assert (code == 0) or not written, shown
    assert "relay.acme.example" in shown, "the plan stands before the question"
    assert "?" in shown


def test_with_json_a_terminal_is_asked_all_the_same(machine: Machine) -> None:
    code, shown = on_terminal(machine, "n\n", "apply", "--json", "--profile", machine.profile())
    assert (code, machine.config.exists()) == (1, False), shown
    assert '"message": "nothing was changed: the answer was no"' in shown


def test_record_file_gets_one_line_each(machine: Machine, smtpd: Servers) -> None:
    record = machine.folder / "record.jsonl"
    server = smtpd()
    profile = machine.profile(**proven(server))
    machine.apply(profile, "--record", str(record)).ok()
    machine.run("test", "--record", str(record)).ok()
    machine.run("status", "--record", str(record)).ok()
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(lines) == 3
    assert all(isinstance(line, dict) for line in lines)


def test_a_record_that_cannot_be_written_is_a_warning(machine: Machine) -> None:
    result = machine.apply(machine.profile(), "--json", "--record", str(machine.folder / "no/such/folder/r.jsonl")).ok()
    assert any("r.jsonl" in json.dumps(warning) for warning in result.warnings)
    assert machine.config.exists()


def test_reason_stands_in_the_history(machine: Machine) -> None:
    machine.apply(machine.profile(), "--reason", "CHG-4711: new relay").ok()
    newest = machine.run("history", "--json").ok().json["generations"][-1]
    assert newest["reason"] == "CHG-4711: new relay"


def test_profile_comes_from_the_variable_too(machine: Machine) -> None:
    machine.run("apply", "--yes", env={"DTSCONF_PROFILE": machine.profile()}).ok()
    assert machine.config.exists()


def test_relative_profile_paths_work(machine: Machine) -> None:
    machine.profile("deep/site.yaml")
    machine.apply("deep/site.yaml").ok()
    assert machine.config.exists()


def test_set_is_applied(machine: Machine) -> None:
    machine.apply(machine.profile(), "--set", "server.port=26", "--set", "sender.name=Night Shift").ok()
    settings = machine.settings()["settings"]
    assert settings["server"]["port"] == 26
    assert settings["sender"]["name"] == "Night Shift"


def test_ca_file_is_stored_absolute(machine: Machine, certificates: Certificates) -> None:
    machine.write("certs/ca.pem", Path(certificates.ca_file).read_bytes())
    settings = {"server": {"encryption": "starttls", "ca_file": "../certs/ca.pem"}}
    machine.apply(machine.profile("sites/site.yaml", settings=settings)).ok()
    stored = machine.settings()["settings"]["server"]["ca_file"]
    assert os.path.isabs(stored)
    assert os.path.samefile(stored, machine.work / "certs/ca.pem")


def test_modules_in_the_working_folder_are_not_imported(machine: Machine) -> None:
    machine.write("yaml.py", "raise SystemExit('hijacked')")
    machine.write("json.py", "raise SystemExit('hijacked')")
    assert "hijacked" not in machine.apply(machine.profile()).ok().text
