"""Secrets: references, where they are read, how they are delivered, and when they are not touched at all."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.scenarios.harness import Machine, chown, group_name, login, make_fifo, mode
from tests.scenarios.test_apply import Servers, proven

PEAR, PLUM = "pear-tree-9", "plum-tree-9"


def delivered_id(machine: Machine) -> str:
    """The id that the machine config names."""
    (name,) = set(re.findall(r'"([0-9a-f]{16})"', machine.config.read_text()))
    return str(name)


def with_login(machine: Machine, password: str, **parts: Any) -> str:
    settings = {**login(password), **parts.pop("settings", {})}
    return machine.profile(settings=settings, **parts)


def test_delivered_file_holds_the_secret_under_the_id_that_the_config_names(machine: Machine) -> None:
    machine.apply(with_login(machine, machine.secret_file(PEAR))).ok()
    assert mode(machine.delivered) == 0o600
    assert PEAR not in machine.config.read_text()
    text = machine.delivered.read_text()
    assert PEAR in text
    assert delivered_id(machine) in text
    others = [path for path, content in machine.files().items() if PEAR.encode() in content]
    assert sorted(others) == ["root/etc/dts/email.secrets.json", "work/secret"]


def test_the_same_secret_keeps_its_id(machine: Machine) -> None:
    reference = machine.secret_file(PEAR)
    machine.apply(with_login(machine, reference)).ok()
    first = delivered_id(machine)
    machine.apply(with_login(machine, reference, name="other")).ok()
    assert delivered_id(machine) == first
    machine.apply(with_login(machine, machine.secret_file(PLUM), name="other")).ok()
    second = delivered_id(machine)
    assert second != first
    machine.apply(with_login(machine, machine.secret_file(PEAR), name="other")).ok()
    assert delivered_id(machine) == first


def test_ids_are_the_machines_own(machine: Machine) -> None:
    profile = with_login(machine, machine.secret_file(PEAR))
    other = Machine(machine.folder / "other")
    machine.apply(profile).ok()
    other.apply(profile).ok()
    assert delivered_id(machine) != delivered_id(other)


def test_a_rotated_secret_is_found_by_apply_and_by_plan_when_asked(machine: Machine) -> None:
    profile = with_login(machine, machine.secret_file(PEAR))
    machine.apply(profile).ok()
    old = delivered_id(machine)
    machine.secret_file(PLUM)
    assert machine.run("plan", "--json", "--profile", profile).ok().json["changes"] == []
    assert machine.run("plan", "--json", "--secrets", "--profile", profile).ok().json["changes"]
    machine.run("plan", "--detailed-exitcode", "--profile", profile).ok()
    machine.run("plan", "--detailed-exitcode", "--secrets", "--profile", profile).fails(7)
    assert machine.apply(profile, "--json").ok().json["changed"] is True
    text = machine.delivered.read_text()
    assert PLUM in text
    assert PEAR not in text
    assert old not in text


def test_plan_reads_no_secret(machine: Machine) -> None:
    profile = with_login(machine, "env://NOT_THERE")
    result = machine.run("plan", "--profile", profile).ok()
    assert "(known at apply)" in result.stdout
    machine.run("plan", "--secrets", "--profile", profile).fails(5)


def test_group_may_read_the_delivered_file(machine: Machine) -> None:
    group = group_name(1)
    profile = with_login(
        machine,
        machine.secret_file(PEAR),
        secrets={"deliver": "file", "group": group},
        targets=["dts", "msmtp"],
    )
    result = machine.apply(profile, "--json").ok()
    facts = machine.delivered.stat()
    assert (mode(machine.delivered), facts.st_gid) == (0o640, 1)
    assert mode(machine.msmtprc) & ~0o640 == 0
    assert machine.msmtprc.stat().st_gid == 1 or mode(machine.msmtprc) == 0o600
    assert not any("owner" in warning["message"] for warning in result.warnings)


def test_without_a_group_apply_warns_that_only_the_owner_can_send(machine: Machine) -> None:
    result = machine.apply(with_login(machine, machine.secret_file(PEAR)), "--json").ok()
    assert any("secrets.group" in json.dumps(warning) for warning in result.warnings), result.warnings


def test_an_unknown_group_is_refused(machine: Machine) -> None:
    profile = with_login(machine, machine.secret_file(PEAR), secrets={"group": "no-such-group-here"})
    result = machine.apply(profile)
    assert result.code in {1, 3}, result
    assert "no-such-group-here" in result.text


def test_reference_delivery_keeps_the_reference(machine: Machine) -> None:
    reference = machine.secret_file(PEAR)
    machine.apply(with_login(machine, reference, secrets={"deliver": "reference"}, targets=["dts", "msmtp"])).ok()
    assert reference in machine.config.read_text()
    assert not machine.delivered.exists()
    rc = machine.msmtprc.read_text()
    assert "passwordeval" in rc
    assert reference.removeprefix("file://") in rc
    assert PEAR not in rc


@pytest.mark.parametrize("reference", ["env://SMTP_PASSWORD"])
def test_reference_delivery_refuses_the_environment(machine: Machine, reference: str) -> None:
    profile = with_login(machine, reference, secrets={"deliver": "reference"})
    machine.apply(profile, env={"SMTP_PASSWORD": PEAR}).fails(3)
    machine.run("plan", "--profile", profile, env={"SMTP_PASSWORD": PEAR}).fails(3)


def test_reference_delivery_refuses_a_literal(machine: Machine) -> None:
    machine.secrets.append(PEAR)
    profile = with_login(machine, "file:///nowhere", secrets={"deliver": "reference"})
    machine.apply(profile, env={"DTS_EMAIL_LOGIN__PASSWORD": PEAR}).fails(3)


def test_msmtp_takes_keyring_but_no_other_scheme_by_reference(machine: Machine) -> None:
    common: dict[str, Any] = {"secrets": {"deliver": "reference"}, "targets": ["dts", "msmtp"]}
    result = machine.run("plan", "--profile", with_login(machine, "keyring://mail/lab", **common)).ok()
    assert "passwordeval" in result.stdout
    for reference in ("systemd://mail-password", "vault://secret/mail#password"):
        failed = machine.run("plan", "--profile", with_login(machine, reference, **common)).fails(3)
        assert "msmtp" in failed.text


@pytest.mark.parametrize(
    "reference",
    ["vault://secret/mail#password", "vault://kv/a/b#f?version=3", "keyring://mail/lab", "systemd://mail"],
)
def test_schemes_without_a_backend_are_taken_until_they_are_fetched(machine: Machine, reference: str) -> None:
    profile = with_login(machine, reference)
    machine.run("validate", profile).ok()
    shown = machine.run("show", "--json", "--profile", profile).ok().json["settings"]["login.password"]
    assert shown["value"] == reference
    machine.run("plan", "--profile", profile).ok()
    result = machine.apply(profile).fails(5)
    assert "login.password" in result.text
    assert reference.split(":", maxsplit=1)[0] in result.text


@pytest.mark.parametrize("environment", [{}, {"SMTP_PASSWORD": ""}], ids=["missing", "empty"])
def test_an_environment_secret_that_is_missing_or_empty_is_exit_5(
    machine: Machine, environment: dict[str, str]
) -> None:
    result = machine.apply(with_login(machine, "env://SMTP_PASSWORD"), env=environment).fails(5)
    assert "SMTP_PASSWORD" in result.text
    assert not machine.config.exists()


def test_an_environment_secret_is_delivered(machine: Machine) -> None:
    machine.secrets.append(PEAR)
    machine.apply(with_login(machine, "env://SMTP_PASSWORD"), env={"SMTP_PASSWORD": PEAR}).ok()
    assert PEAR in machine.delivered.read_text()


@pytest.mark.parametrize("content", [None, b"", b"\n"], ids=["missing", "empty", "a line break"])
def test_a_secret_file_that_is_missing_or_empty_is_exit_5(machine: Machine, content: bytes | None) -> None:
    path = machine.work / "password"
    if content is not None:
        machine.write("password", content, 0o600)
    result = machine.apply(with_login(machine, f"file://{path}")).fails(5)
    assert str(path) in result.text


def test_a_secret_of_another_user_is_refused(machine: Machine) -> None:
    reference = machine.secret_file(PEAR)
    chown(machine.work / "secret", 12, 12)
    machine.apply(with_login(machine, reference)).fails(5)


def test_a_secret_readable_for_others_is_a_warning_and_strict_an_error(machine: Machine) -> None:
    reference = machine.secret_file(PEAR)
    (machine.work / "secret").chmod(0o644)
    profile = with_login(machine, reference)
    machine.apply(profile, "--strict").fails(3)
    result = machine.apply(profile, "--json").ok()
    assert any(str(machine.work / "secret") in json.dumps(warning) for warning in result.warnings)


def test_links_to_a_secret_are_followed_through_trusted_folders_only(machine: Machine) -> None:
    machine.secret_file(PEAR, "vault/real")
    (machine.work / "link").symlink_to(machine.work / "vault/real")
    profile = with_login(machine, f"file://{machine.work}/link")
    machine.apply(profile).ok()
    assert PEAR in machine.delivered.read_text()
    (machine.work / "vault").chmod(0o777)
    machine.apply(profile, "--set", "sender.name=Other").fails(5)


def test_a_secret_that_is_a_folder_or_fifo_is_exit_5(machine: Machine) -> None:
    make_fifo(machine.work / "fifo")
    for name in ("fifo", "."):
        machine.apply(with_login(machine, f"file://{machine.work}/{name}")).fails(5)


def test_the_server_gets_the_secret_without_its_line_break(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pêar tree\\ 9"})
    settings = login(machine.secret_file("pêar tree\\ 9"), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    assert server.logins == [("lab", "pêar tree\\ 9")]
    machine.run("test").ok()
    assert server.logins == [("lab", "pêar tree\\ 9")] * 2


def test_no_secret_is_fetched_when_no_login_is_required(machine: Machine) -> None:
    settings = {"login": {"required": False, "username": "lab", "password": "env://NOT_THERE"}}
    machine.apply(machine.profile(settings=settings)).ok()
    assert not machine.delivered.exists()


def test_a_literal_in_the_environment_is_accepted_and_hidden(machine: Machine) -> None:
    machine.secrets.append(PEAR)
    env = {"DTS_EMAIL_LOGIN__PASSWORD": PEAR}
    settings = {"login": {"required": True, "username": "lab"}, "server": {"encryption": "starttls"}}
    profile = machine.profile(settings=settings, expects=["login.password"])
    shown = machine.run("show", "--json", "--profile", profile, env=env).ok().json["settings"]["login.password"]
    assert shown["value"] == "(hidden)"
    assert shown["layer"] == "environment"
    machine.apply(profile, env=env).ok()
    assert PEAR in machine.delivered.read_text()
    machine.run("explain", "login.password", "--profile", profile, env=env).ok()


@pytest.mark.parametrize("literal", [PEAR, "p@ss://word", "hunter2 hunter2", "12345678"])
def test_a_literal_in_yaml_is_refused_with_what_to_do(machine: Machine, literal: str) -> None:
    machine.secrets.append(literal)
    result = machine.run("validate", "--json", with_login(machine, literal)).fails(3)
    (problem,) = result.problems
    assert problem["hint"]
    assert problem["where"]["line"]
    machine.run("validate", with_login(machine, literal)).fails(3)


def test_a_literal_in_set_is_refused(machine: Machine) -> None:
    machine.secrets.append(PEAR)
    result = machine.run("show", "--json", "--profile", machine.profile(), "--set", f"login.password={PEAR}").fails(3)
    assert result.problems[0]["hint"]


@pytest.mark.parametrize(
    ("written", "nearest"), [("valut://a/b#c", "vault://"), ("evn://A", "env://"), ("keyrin://a/b", "keyring://")]
)
def test_an_unknown_scheme_is_refused_with_the_nearest(machine: Machine, written: str, nearest: str) -> None:
    result = machine.run("validate", with_login(machine, written)).fails(3)
    assert nearest in result.text


@pytest.mark.parametrize(
    "reference",
    [
        "vault://secret/mail",
        "vault://secret#f",
        "vault://secret/mail#",
        "keyring://mail",
        "keyring:///lab",
        "env://",
        "env://A B",
        "file://relative/path",
        "file://",
        "systemd://",
        "prefix env://A",
        "env://A suffix",
        "ENV",
    ],
)
def test_a_malformed_reference_is_refused(machine: Machine, reference: str) -> None:
    machine.run("validate", with_login(machine, reference)).fails(3)


def test_secrets_options_are_checked(machine: Machine) -> None:
    for bad in ({"deliver": "mail"}, {"delivr": "file"}, {"group": 12.5}):
        machine.run("validate", with_login(machine, "env://A", secrets=bad)).fails(3)


def test_change_of_delivery_takes_the_delivered_file_away(machine: Machine) -> None:
    reference = machine.secret_file(PEAR)
    machine.apply(with_login(machine, reference)).ok()
    machine.apply(with_login(machine, reference, secrets={"deliver": "reference"})).ok()
    assert not machine.delivered.exists() or PEAR not in machine.delivered.read_text()
    assert machine.run("status", "--json").ok().json["state"] == "in-sync"


def test_a_delivered_secret_that_a_hand_has_changed_is_told_as_that(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    """What is stored at its source is right, so it is not to be stored anew."""
    server = smtpd(tls=certificates.server_context(), users={"lab": PEAR})
    settings = login(machine.secret_file(PEAR), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    told = "email.secrets.json was changed since the last apply: it holds another login.password than was delivered"
    assert told not in machine.run("test", "-v").ok().text
    machine.delivered.write_text(machine.delivered.read_text().replace(PEAR, PLUM))
    refused = machine.run("test").fails(6).text
    assert told in refused
    assert f"hint: dtsconf apply --root {machine.root}, as root, delivers it again" in refused
    machine.run("apply", "--yes").ok()
    assert told not in machine.run("test", "-v").ok().text


def test_a_secret_that_was_rotated_to_a_wrong_one_is_not_the_server_s_doing(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": PEAR})
    settings = login(machine.secret_file(PEAR), ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings))
    machine.apply(profile).ok()
    machine.secret_file(PLUM)
    refused = machine.apply(profile).fails(6).text
    assert "so the user name is right, and the password of these settings is wrong" in refused
    assert "must have changed since" not in refused
    machine.run("test").ok()


def test_test_uses_the_delivered_secret_not_the_source(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": PEAR})
    settings = login(machine.secret_file(PEAR), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    (machine.work / "secret").unlink()
    machine.run("test").ok()
    assert len(server.logins) == 2
