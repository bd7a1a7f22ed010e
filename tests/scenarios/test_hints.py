"""The next step that a failure names works as typed: for the same profile and root, and with --set only where it may."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.real.ca import Certificates
from tests.real.processes import free_ports
from tests.scenarios.harness import Machine, login
from tests.scenarios.test_apply import Servers, proven


def typed(text: str) -> list[str]:
    """The words after `dtsconf` in the line of `try:`."""
    line = next(line for line in text.splitlines() if line.startswith("try:"))
    return shlex.split(line.removeprefix("try:"))[1:]


def test_what_to_try_works_as_typed(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    parts = proven(server, settings={"server": {"encryption": "starttls"}})
    profile = machine.profile(**parts)
    told = machine.run("test", "--level", "envelope", "--profile", profile)
    assert told.code == 6
    again = machine.run(*typed(told.stdout)).ok()
    assert "level envelope" in again.stdout
    assert server.messages == [], "what was to go as far as the envelope sends no mail now"
    failed = machine.apply(profile)
    machine.run(*typed(failed.stderr)).ok()
    _, kept = told.stdout.split("keep: once that works\n")
    lines = Path(profile).read_text().splitlines()
    for line in kept.splitlines():
        at, _, words = line.strip().partition("  ")
        number = int(at.removeprefix(f"{profile}:").partition(":")[0]) - 1
        lines[number] = lines[number][: -len(lines[number].lstrip())] + words
    Path(profile).write_text("\n".join(lines))
    machine.run("test", "--profile", profile).ok()


def test_what_is_locked_is_told_as_the_line_to_edit(machine: Machine, smtpd: Servers) -> None:
    parts = proven(smtpd(), settings={"server": {"encryption": "starttls"}})
    profile = machine.profile(**parts, policy={"lock": ["server"]})
    told = machine.run("test", "--level", "connect", "--profile", profile)
    assert "try:" not in told.stdout
    assert "--set server." not in told.stdout
    line = next(n for n, text in enumerate(Path(profile).read_text().splitlines(), 1) if "encryption: starttls" in text)
    assert f"edit {profile}:{line}:" in told.stdout
    assert "to encryption: none (locked, so --set can't)" in told.stdout
    assert "then: dtsconf test --level connect --profile" in told.stdout
    assert "--set server." not in machine.run("doctor", "--profile", profile).stdout


def test_what_a_rule_forbids_is_for_the_server_to_mend(machine: Machine, smtpd: Servers) -> None:
    parts = proven(smtpd(), settings={"server": {"encryption": "starttls"}})
    rule = {"key": "server.encryption", "none_of": ["none"], "because": "Mail leaves the site"}
    told = machine.run("test", "--profile", machine.profile(**parts, policy={"rules": [rule]}))
    assert "the organisation forbids mail in clear, and this server offers no encryption there" in told.stdout
    assert "switch STARTTLS on" in told.stdout
    assert not any(words in told.stdout for words in ("try:", "then:", "edit ", "--set server."))


def test_a_value_that_the_profile_did_not_give_is_named(machine: Machine) -> None:
    settings = {"server": {"host": "127.0.0.1", "port": free_ports(1)[0]}}
    profile = machine.profile(settings=settings)
    env = {"DTS_EMAIL_SENDER__EMAIL": "boss@acme.example"}
    expected = "sender.email = boss@acme.example (environment, DTS_EMAIL_SENDER__EMAIL)"
    told = machine.run("test", "--profile", profile, env=env)
    assert expected in told.stdout
    assert "try:" not in told.stdout, "every port was just seen to refuse"
    sent = machine.run("send", "--to", "ann@acme.example", "--body", "x", "--profile", profile, env=env)
    assert expected in sent.stderr


@pytest.mark.parametrize("port", [None, 2525])
def test_a_value_in_the_place_of_the_profiles_is_told_with_what_takes_it_back(
    machine: Machine, smtpd: Servers, port: int | None
) -> None:
    server = {"host": "127.0.0.1", "port": port}
    profile = machine.profile(settings={"server": server}, verify={"level": "connect", "retries": 0})
    wrong = str(free_ports(1)[0])
    told = machine.run("test", "--profile", profile, env={"DTS_EMAIL_SERVER__PORT": wrong}).fails(9)
    instead = "the profile's 2525" if port else "the port that is usual for the encryption"
    now = f"server.port is {wrong} here (environment, DTS_EMAIL_SERVER__PORT) in place of {instead}"
    assert advised(told.stdout).startswith(f"hint: {now}; to go by that again: unset DTS_EMAIL_SERVER__PORT; else ")
    failed = machine.apply(profile, env={"DTS_EMAIL_SERVER__PORT": wrong}).fails(9)
    assert now in advised(failed.stderr)
    own = machine.home / ".config/dts/email.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("server:\n  host: nowhere.invalid\n")
    told = machine.run("test", "--profile", profile).fails(9)
    assert f"server.host is nowhere.invalid here (user, {own}:2:9) in place of the profile's 127.0.0.1" in told.stdout
    out = f"take server.host out of {own}:2:9, and server: above it as well if nothing else is left there"
    assert f"to go by that again: {out}; else " in advised(told.stdout)
    sent = machine.run("send", "--to", "ann@acme.example", "--body", "x", "--profile", profile).fails(9)
    assert "server.host is nowhere.invalid here" in advised(sent.stderr)
    right = machine.run(
        "test",
        "--profile",
        profile,
        "--set",
        "server.host=127.0.0.1",
        env={"DTS_EMAIL_SERVER__PORT": str(smtpd().port)},
    )
    assert "in place of" not in right.ok().text


def test_an_address_on_an_interface_that_is_not_there_is_no_name(machine: Machine) -> None:
    told = machine.run("test", "--profile", machine.profile(settings={"server": {"host": "fe80::1%eth9"}})).fails(9)
    assert advised(told.stdout).startswith("hint: this machine has no network interface eth9")
    assert "whole name" not in told.stdout


def test_a_machine_config_that_was_changed_by_hand_is_told_as_that(machine: Machine, smtpd: Servers) -> None:
    running = smtpd()
    profile = machine.profile(**proven(running))
    machine.apply(profile).ok()
    config = machine.settings()
    config["settings"]["server"]["host"] = "nowhere.invalid"
    machine.config.write_text(json.dumps(config))
    mail = ("--to", "ann@acme.example", "--body", "x")
    machine.run("send", "--queue", *mail).ok()
    hint = ""
    for told in (machine.run("test"), machine.run("send", *mail), machine.run("queue", "flush")):
        hint = advised(told.fails(9).text)
        assert "changed by hand since the last apply (server.host is nowhere.invalid there and was 127.0.0.1)" in hint
        assert "try:" not in told.text, "the profile is right"
    back = shlex.split(hint.partition("): `")[2].partition("` (without --profile) puts back what was applied")[0])[1:]
    machine.run(*back, "--yes").ok()
    machine.run("test").ok()
    machine.run("send", *mail).ok()


def test_a_machine_config_that_was_changed_to_what_can_not_be_is_told_as_that(machine: Machine, smtpd: Servers) -> None:
    profile = machine.profile(**proven(smtpd()))
    machine.apply(profile).ok()
    config = machine.settings()
    config["settings"]["server"].update(encryption="starttls", ca_file="/etc/nothing.pem")
    machine.config.write_text(json.dumps(config))
    for args in (("test",), ("send", "--to", "ann@acme.example", "--body", "x")):
        told = machine.run(*args).fails(3).stderr
        assert "changed by hand since the last apply" in told
        assert "server.ca_file is /etc/nothing.pem there and was not set" in told
        assert "puts back what was applied" in told
    machine.apply(profile).ok()
    machine.run("test").ok()


def test_a_rollback_that_is_not_proven_names_what_works(machine: Machine) -> None:
    settings = {"server": {"host": "127.0.0.1", "port": free_ports(1)[0]}}
    machine.apply(machine.profile(settings=settings, verify={"level": "none"})).ok()
    proving = machine.profile(settings=settings, verify={"level": "connect", "retries": 0}, name="second")
    machine.apply(proving, "--no-verify").ok()
    machine.apply(machine.profile(settings=settings, name="third"), "--no-verify").ok()
    back = machine.run("rollback", "2", "--yes")
    assert back.code == 9
    assert "--set" not in back.stderr
    line = next(line for line in back.stderr.splitlines() if line.startswith("to go back without the proof:"))
    words = shlex.split(line.split("`")[1])[1:]
    machine.run(*words, "--yes").ok()


def advised(text: str) -> str:
    """The line of `hint:`."""
    return next(line for line in text.splitlines() if line.startswith("hint:"))


def filled(text: str, ca_file: str) -> list[str]:
    """The options that a hint names first, the root certificate's file filled in."""
    words = text.replace("/PATH/TO/ROOTS.pem.", "/PATH/TO/ROOTS.pem").split()
    first = words.index("--set")
    last = words.index("server.ca_file=/PATH/TO/ROOTS.pem")
    return [word.replace("/PATH/TO/ROOTS.pem", ca_file) for word in words[first : last + 1]]


@pytest.mark.parametrize("server", [{"encryption": "tls"}, {"encryption": "none"}])
def test_an_untrusted_certificate_hides_no_way_that_is_there(
    machine: Machine, smtpd: Servers, certificates: Certificates, server: dict[str, str]
) -> None:
    """The way that the server wants is named with what its certificate lacks, and mends it once that is filled in."""
    refuses = {"MAIL": "530 5.7.0 Must issue a STARTTLS command first"} if server["encryption"] == "none" else {}
    running = smtpd(tls=certificates.server_context(), replies=refuses)
    profile = machine.profile(**proven(running, settings={"server": server}))
    told = machine.run("test", "--profile", profile).fails(6)
    assert "STARTTLS is there on port" in told.stdout
    assert "is the server up" not in told.stdout
    assert "try:" not in told.stdout
    running.replies.clear()
    machine.run("test", "--profile", profile, *filled(advised(told.stdout), certificates.ca_file)).ok()
    probed = machine.run("test", "--probe", "--profile", profile).fails(6)
    assert "NOTHING WORKS. STARTTLS is there on port" in probed.stdout
    assert "login.required" not in probed.stdout
    machine.run("test", "--profile", profile, *filled(advised(probed.stdout), certificates.ca_file)).ok()


def test_a_server_without_login_is_told_as_such(machine: Machine, smtpd: Servers) -> None:
    """Neither STARTTLS nor a login: what to try sends the mail, and nothing is proposed that was seen to fail."""
    running = smtpd()
    for server in ({"encryption": "starttls"}, {"encryption": "auto"}):
        parts = proven(running, settings={**login(machine.secret_file("Pw-canary-1")), "server": server})
        profile = machine.profile(**parts)
        told = machine.run("test", "--profile", profile).fails(6)
        assert "is the server up" not in told.stdout
        assert "submission port" in advised(told.stdout)
        machine.run(*typed(told.stdout)).ok()
        probed = machine.run("test", "--probe", "--profile", profile).fails(6)
        machine.run(*typed(probed.stdout)).ok()
    assert len(running.messages) == 4


def test_a_login_that_is_there_only_has_to_be_required(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    running = smtpd(tls=certificates.server_context(), users={"lab": "Pw-canary-2"})
    running.replies["MAIL"] = ["530 5.7.0 Authentication required"]
    settings = login(machine.secret_file("Pw-canary-2"), ca_file=certificates.ca_file)
    settings["login"]["required"] = False
    profile = machine.profile(**proven(running, settings=settings))
    told = machine.run("test", "--profile", profile).fails(6)
    assert advised(told.stdout) == "hint: the server wants a login: --set login.required=true"
    machine.run(*typed(told.stdout)).ok()


def test_a_line_to_keep_is_good_yaml_where_it_is_told_to_stand(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    running = smtpd(tls=certificates.server_context(), users={"lab": "Pw-canary-3"})
    running.replies["MAIL"] = ["530 5.7.0 Authentication required"]
    settings = login(machine.secret_file("Pw-canary-3"), ca_file=certificates.ca_file)
    del settings["login"]["required"]
    profile = machine.profile(**proven(running, settings=settings))
    told = machine.run("test", "--profile", profile).fails(6)
    _, kept = told.stdout.split("keep: once that works\n")
    where, line = kept.splitlines()[:2]
    found = re.fullmatch(rf"  # in {re.escape(profile)}, as a new line below line (\d+)", where)
    assert found is not None
    lines = Path(profile).read_text().splitlines()
    lines.insert(int(found.group(1)), line)
    Path(profile).write_text("\n".join(lines) + "\n")
    machine.apply(profile).ok()


def test_a_place_that_was_proven_is_not_doubted(machine: Machine, smtpd: Servers) -> None:
    """The server went down: apply, test, send and the queue say the same."""
    running = smtpd()
    profile = machine.profile(**proven(running))
    machine.apply(profile).ok()
    running.stop()
    mail = ("--to", "ann@acme.example", "--body", "x")
    told = [machine.run("test"), machine.run("send", *mail), machine.apply(profile, "--verify")]
    machine.run("send", "--queue", *mail).ok()
    told.append(machine.run("queue", "flush"))
    for each in told:
        assert each.code == 9
        assert f"127.0.0.1 port {running.port} was proven from this machine on 20" in advised(each.text)
        assert "is the server down" in advised(each.text)
        assert "--set" not in each.text
    other = machine.run("test", "--set", f"server.port={free_ports(1)[0]}").fails(9)
    assert "was proven" not in other.text
