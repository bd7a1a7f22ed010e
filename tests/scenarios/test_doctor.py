"""`dtsconf doctor` on machines that are well, and on machines that lack one thing."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.real.ca import Authority, Certificates
from tests.real.oddvault import odd_vault
from tests.real.openbao import Vault, node
from tests.real.posix import is_root
from tests.scenarios.harness import NOBODY, PROGRAM, Machine, Result, in_namespace, login, mode
from tests.scenarios.smtpd import Smtpd

SECRET = "pear-tree-9"
Servers = Callable[..., Smtpd]


def checks(result: Result) -> dict[str, dict[str, Any]]:
    """The checks of --json by name, the worst of each name."""
    rank = {"ok": 0, "warn": 1, "fail": 2}
    found = sorted(result.json["checks"], key=lambda check: rank[check["state"]])
    for check in found:
        assert set(check) == {"check", "ok", "state", "detail", "hint"}, check
        assert check["ok"] == (check["state"] != "fail"), check
        assert "\n" not in check["detail"], check
    return {check["check"]: check for check in found}


def applied(machine: Machine, server: Smtpd, **parts: Any) -> None:
    machine.apply(machine.profile(settings={"server": {"host": server.address, "port": server.port}}, **parts)).ok()


def test_untouched_machine_is_well_and_stays_untouched(machine: Machine) -> None:
    result = machine.run("doctor").ok()
    assert list(machine.root.iterdir()) == []
    assert "never applied" in result.stdout


def test_applied_machine_with_its_server_is_well(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    applied(machine, server)
    before = machine.everything()
    found = checks(machine.run("doctor", "--json").ok())
    assert {"program", "settings", "config", "key", "state", "lock", "clock", "dns", "port", "server"} <= set(found)
    assert machine.everything() == before
    assert server.logins == []
    assert server.messages == []


def test_a_line_each(machine: Machine, smtpd: Servers) -> None:
    applied(machine, smtpd())
    lines = machine.run("doctor").ok().stdout.splitlines()
    assert all(line.split()[0] in {"ok", "warn", "fail"} for line in lines[:-1])
    assert lines[-1].startswith(f"{len(lines) - 1} checks: ")


def test_dead_port_is_named_with_cause_and_fix(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    server.stop()
    applied(machine, server)
    result = machine.run("doctor", "--json").fails(1)
    port = checks(result)["port"]
    assert "refused" in port["detail"]
    assert port["hint"]
    assert [problem["kind"] for problem in result.problems] == ["port"]
    assert "fail  port" in machine.run("doctor").stdout


def test_untrusted_certificate_is_seen_without_a_login(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context("self-signed"), users={"lab": SECRET})
    settings = login(machine.secret_file(SECRET), host="127.0.0.1", port=server.port)
    machine.apply(machine.profile(settings=settings)).ok()
    found = checks(machine.run("doctor", "--json").fails(1))
    assert "tls-untrusted" in found["tls"]["detail"]
    assert server.logins == []


def test_ca_file_that_went_away(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context("good"))
    ca_file = machine.write("ca.pem", Path(certificates.ca_file).read_bytes())
    settings = {"server": {"host": "127.0.0.1", "port": server.port, "encryption": "starttls", "ca_file": str(ca_file)}}
    machine.apply(machine.profile(settings=settings)).ok()
    well = checks(machine.run("doctor", "--json").ok())
    assert well["ca-file"]["state"] == "ok"
    assert well["tls"]["state"] == "ok"
    ca_file.unlink()
    assert checks(machine.run("doctor", "--json").fails(1))["ca-file"]["state"] == "fail"


@pytest.mark.parametrize(
    ("name", "bits", "check"),
    [
        ("etc/dts/email.secrets.json", 0o644, "secrets"),
        ("var/lib/dtsconf/key", 0o640, "key"),
        ("etc/dts/email.json", 0o666, "config"),
    ],
)
def test_wrong_mode_with_the_chmod_to_type(machine: Machine, name: str, bits: int, check: str) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file(SECRET)))).ok()
    path = machine.root / name
    path.chmod(bits)
    found = checks(machine.run("doctor", "--json").fails(1))[check]
    assert found["state"] == "fail"
    assert found["hint"].startswith("chmod ")
    assert os.system(found["hint"]) == 0
    assert checks(machine.run("doctor", "--json"))[check]["state"] == "ok"
    assert mode(path) & 0o022 == 0


def test_drift_is_a_warning_that_names_the_file(machine: Machine, smtpd: Servers) -> None:
    applied(machine, smtpd())
    machine.config.write_text("{}")
    result = machine.run("doctor", "--json")
    assert checks(result)["state"]["state"] == "warn" or checks(result)["settings"]["state"] == "fail"
    assert "email.json" in result.stdout


def test_broken_profile_is_told_as_such(machine: Machine) -> None:
    path = str(
        machine.write("site.yaml", "dtsconf: 1\nname: x\nsettings: {sender: {email: a@b.example}, server: {hsot: a}}\n")
    )
    result = machine.run("doctor", "--profile", path, "--json").fails(1)
    settings = checks(result)["settings"]
    assert "site.yaml:3:" in settings["detail"]
    assert "host" in (settings["hint"] or "")


def test_damaged_machine_config_does_not_stop_the_rest(machine: Machine, smtpd: Servers) -> None:
    applied(machine, smtpd())
    machine.config.write_bytes(b"\xff\x00 not json")
    found = checks(machine.run("doctor", "--json").fails(1))
    assert found["settings"]["state"] == "fail"
    assert found["state"]["state"] == "warn"
    assert "key" in found


def test_missing_group(machine: Machine) -> None:
    machine.apply(machine.profile(secrets={"group": "mail"}, settings=login(machine.secret_file(SECRET)))).ok()
    config = json.loads(machine.config.read_text())
    config["secrets"]["group"] = "no-such-group"
    machine.config.write_text(json.dumps(config))
    found = checks(machine.run("doctor", "--json").fails(1))["group"]
    assert found["hint"] == "groupadd -r no-such-group"


def test_msmtp_as_a_target_and_not_installed(machine: Machine) -> None:
    machine.apply(machine.profile(targets=["dts", "msmtp"])).ok()
    found = checks(machine.run("doctor", "--json", env={"PATH": "/nowhere"}))
    assert found["msmtp"]["state"] == "fail"


def test_selftest_passes_and_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    found = checks(machine.run("doctor", "--selftest", "--json", env={"TMPDIR": str(tmp_path)}).ok())
    assert {"rename", "kill", "lock", "permission", "fsync"} <= set(found)
    assert list(tmp_path.iterdir()) == []
    assert list(machine.root.iterdir()) == []


def test_bundle_holds_no_secret_and_is_private(machine: Machine, smtpd: Servers) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file(SECRET))), "--reason", f"not {SECRET}x").ok()
    machine.run("doctor", "--bundle", "support.zip")
    path = machine.work / "support.zip"
    assert mode(path) == 0o600
    with zipfile.ZipFile(path) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    key = (machine.state / "key").read_text().strip()
    for name, text in parts.items():
        assert SECRET not in text, name
        assert key not in text, name
    assert "relay.acme.example" in parts["email.json"]
    assert {"doctor.json", "status.json", "history.json", "generations/1.json"} <= set(parts)


def test_bundle_overwrites_nothing(machine: Machine) -> None:
    machine.write("support.zip", "mine")
    result = machine.run("doctor", "--bundle", "support.zip", "--json").fails(1)
    assert checks(result)["bundle"]["state"] == "fail"
    assert (machine.work / "support.zip").read_text() == "mine"


def test_another_user_gets_an_answer(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file(SECRET)))).ok()
    uid = NOBODY if is_root() else None
    command = in_namespace(":", PROGRAM, "doctor", "--json", uid=uid) if uid else [PROGRAM, "doctor", "--json"]
    process = machine.start(*command[1:], executable=command[0], cwd="/")
    found = checks(machine.finish(process, "doctor", "--json"))
    assert found["config"]["state"] == "ok"
    assert found["state"]["state"] == "ok"


def test_a_proof_that_another_user_can_t_keep_is_told_with_the_folder_to_make(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    given = {"server": {"host": server.address, "port": server.port}, "sender": {"email": None}}
    parts: dict[str, Any] = {"verify": {"level": "send", "pending": ["user"]}, "expects": ["sender.email"]}
    machine.apply(machine.profile(settings=given, **parts)).ok()
    users = machine.state / "users"
    if not is_root():
        users.touch()
    uid = NOBODY if is_root() else None

    def told(*args: str) -> Result:
        command = in_namespace(":", PROGRAM, *args, uid=uid) if uid else [PROGRAM, *args]
        own = {"DTS_EMAIL_SENDER__EMAIL": "ann@acme.example"}
        return machine.finish(machine.start(*command[1:], executable=command[0], cwd="/", env=own), *args)

    me = uid or users.parent.stat().st_uid
    folder = f"{users}/{me}"
    tested = told("test").ok().stderr
    assert f"the proof could not be kept in {folder}" in tested
    hint = f"once, as root: install -d -m 700 -o {me} {folder}"
    assert hint in tested
    assert hint in str(checks(told("doctor", "--json"))["user-state"]["hint"])
    if uid is not None:
        subprocess.run(["install", "-d", "-m", "700", "-o", str(uid), folder], check=True)
        assert "could not be kept" not in told("test").ok().stderr
        assert "verified" in told("status", "--json").ok().stdout


def test_what_an_apply_owes_is_proven_by_what_doctor_names(machine: Machine, smtpd: Servers) -> None:
    """A test proves it for its user alone."""
    server = smtpd()
    profile = machine.profile(settings={"server": {"host": server.address, "port": server.port}})
    machine.run("apply", "--yes", "--no-verify", "--profile", profile).ok()
    told = checks(machine.run("doctor", "--json"))["proof"]
    assert told["state"] == "warn"
    assert told["hint"].startswith("dtsconf apply ")
    assert told["hint"].endswith(" --verify")
    machine.run("apply", "--verify", "--yes").ok()
    assert "proof" not in checks(machine.run("doctor", "--json"))


APPROLE = {"method": "approle", "role_id": "some", "secret_id": "file:///etc/dts/secret-id"}


def refers_to_vault(machine: Machine, **given: Any) -> str:
    return machine.profile(settings=login("vault://kv/mail/relay#password"), secrets={"vault": {"timeout": 3, **given}})


@pytest.mark.servers
@pytest.mark.xdist_group("vault")
def test_a_vault_that_is_referred_to_is_asked_for_its_health_alone(machine: Machine, vault: Vault) -> None:
    profile = refers_to_vault(machine, url=vault.url, ca_file=vault.ca_file, auth=APPROLE)
    with vault.node.counted() as seen:
        found = checks(machine.run("doctor", "--json", "--profile", profile))["vault"]
    assert found["state"] == "ok"
    assert found["detail"].startswith(f"{vault.url} (secrets.vault.url): version 2.")
    assert found["detail"].endswith(", active, for login.password")
    assert seen == [], "neither a login nor a read"
    found = checks(machine.run("doctor", "--json", "--profile", refers_to_vault(machine, url=vault.url, auth=APPROLE)))
    assert found["vault"]["state"] == "fail"
    assert "certificate is not trusted" in found["vault"]["detail"]
    assert "secrets.vault.ca_file" in found["vault"]["hint"]


@pytest.mark.servers
def test_a_vault_that_is_new_then_sealed(machine: Machine, tmp_path: Path) -> None:
    with node(tmp_path / "new", Authority("Corp Example")) as fresh:
        profile = refers_to_vault(machine, url=fresh.url, ca_file=fresh.ca_file, auth=APPROLE)
        found = checks(machine.run("doctor", "--json", "--profile", profile))["vault"]
        assert found["detail"].startswith("login.password: Vault is not initialised")
        fresh.initialise()
        found = checks(machine.run("doctor", "--json", "--profile", profile))["vault"]
        assert found["detail"].startswith("login.password: Vault is sealed")
        assert "vault operator unseal" in found["hint"]


def test_what_is_no_vault_and_what_may_not_be_asked(machine: Machine, smtpd: Servers) -> None:
    nobody = refers_to_vault(machine, url="https://127.0.0.1:1", auth=APPROLE)
    found = checks(machine.run("doctor", "--json", "--profile", nobody))["vault"]
    assert "can't be reached (connection refused)" in found["detail"]
    with odd_vault() as odd:
        odd.fault = "html"
        page = refers_to_vault(machine, url=odd.url, auth=APPROLE)
        found = checks(machine.run("doctor", "--json", "--profile", page))["vault"]
        assert "is no Vault (200 with text/html" in found["detail"]
        env = {"VAULT_ADDR": odd.url}
        odd.asked.clear()
        found = checks(machine.run("doctor", "--json", "--profile", refers_to_vault(machine, auth=APPROLE), env=env))
        assert "a secret goes only where its own layer says" in found["vault"]["detail"]
        assert odd.asked == []


def test_a_vault_that_nothing_refers_to_is_left_alone(machine: Machine) -> None:
    with odd_vault() as odd:
        plain = machine.profile(secrets={"vault": {"url": odd.url}})
        assert "vault" not in checks(machine.run("doctor", "--json", "--profile", plain, env={"VAULT_ADDR": odd.url}))
        assert odd.asked == []
