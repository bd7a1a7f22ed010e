"""The installed program with `vault://`: OpenBao gives the password, Postfix and Dovecot take the login."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.real.openbao import Vault
from tests.real.servers import MailHost
from tests.scenarios.harness import BIN, Machine, call, mode

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]

REFERENCE = "vault://kv/mail/relay#password"
LOUD = """
import logging, runpy, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.debug("the logging is on")
import http.client
http.client.HTTPConnection.debuglevel = 1
sys.argv[0] = "dtsconf"
runpy.run_module("dtsconf", run_name="__main__", alter_sys=True)
"""


def approle(vault: Vault, machine: Machine) -> dict[str, Any]:
    reference = machine.secret_file(vault.secret_id(), "secret-id")
    return {"method": "approle", "role_id": vault.role_id, "secret_id": reference}


def profile(vault: Vault, mail: MailHost, machine: Machine, auth: dict[str, Any], **parts: Any) -> str:
    user = mail.users["alice"]
    machine.secrets.append(user.password)
    vault.put("mail/relay", {"password": user.password})
    where = mail.endpoint("login")
    settings = {
        "server": {"host": where.host, "port": where.port, "encryption": "starttls", "ca_file": mail.ca_file},
        "login": {"required": True, "username": user.name, "password": REFERENCE},
        "sender": {"email": f"alice@{mail.domain}"},
    }
    secrets = {"vault": {"url": vault.url, "ca_file": vault.ca_file, "timeout": 5, "auth": auth}, **parts}
    verify = {"level": "send", "to": mail.fresh_recipient(), "retries": 0}
    return machine.profile(settings=settings, secrets=secrets, verify=verify)


def test_apply_with_approle(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine), deliver="file")
    with vault.node.counted() as planning:
        machine.run("plan", "--profile", path).ok()
    assert planning == [], "a plan reads no secret"
    with vault.node.counted() as seen:
        body = machine.apply(path, "--json").ok().json
    assert seen == ["update auth/approle/login", "read kv/data/mail/relay", "update auth/token/revoke-self"]
    assert body["verification"]["ok"] is True
    stages = [stage["stage"] for stage in body["verification"]["stages"]]
    assert stages[-1] == "accepted"
    assert "auth" in stages
    assert list(json.loads(machine.delivered.read_text()).values())
    assert mode(machine.delivered) == 0o600
    for name, content in machine.files().items():
        if not name.endswith(("email.secrets.json", "work/secret-id")):
            assert not any(secret.encode() in content for secret in machine.secrets), name


def test_a_rotated_secret_is_delivered(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine), deliver="file")
    machine.apply(path).ok()
    vault.put("mail/relay", {"password": "rotated-0123456789"})
    machine.apply(path, "--no-verify").ok()
    assert "rotated-0123456789" in machine.delivered.read_text()
    machine.secrets.append("rotated-0123456789")
    assert machine.apply(path, "--no-verify", "--json").ok().json["changed"] is False


def test_reference_is_resolved_at_each_test(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine), deliver="reference")
    machine.apply(path).ok()
    assert machine.settings()["settings"]["login"]["password"] == REFERENCE
    with vault.node.counted() as seen:
        machine.run("test", "--level", "auth").ok()
    assert seen == ["update auth/approle/login", "read kv/data/mail/relay", "update auth/token/revoke-self"]


def test_a_rollback_asks_the_vault_of_its_generation(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine), deliver="file")
    machine.apply(path).ok()
    machine.apply(path, "--set", "sender.name=Other").ok()
    with vault.node.counted() as seen:
        machine.run("rollback", "1", "--yes").ok()
    assert seen == ["update auth/approle/login", "read kv/data/mail/relay", "update auth/token/revoke-self"]


def test_a_failed_verification_still_gives_the_token_back(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine))
    vault.put("mail/relay", {"password": "wrong-0123456789"})
    with vault.node.counted() as seen:
        machine.apply(path).fails(6)
    assert seen[-1] == "update auth/token/revoke-self"


@pytest.mark.parametrize("args", [[], ["--json"], ["-vv"]], ids=["plain", "json", "loud"])
def test_no_secret_is_exit_5_and_says_why(vault: Vault, mail: MailHost, machine: Machine, args: list[str]) -> None:
    path = profile(vault, mail, machine, approle(vault, machine))
    vault.node.client().secrets.kv.v2.create_or_update_secret("mail/relay", {"user": "x"}, mount_point="kv")
    result = machine.apply(path, *args).fails(5)
    assert f"login.password: {REFERENCE}: kv/mail/relay has no field password" in result.text
    assert "its fields: user" in result.text


def test_ambient_variables_of_a_pipeline(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, {"method": "token"})
    token = vault.token("reader")
    machine.secrets.append(token)
    machine.apply(path, env={"VAULT_TOKEN": token, "VAULT_ADDR": vault.url}).ok()
    result = machine.apply(path, env={"VAULT_TOKEN": token, "VAULT_ADDR": "https://other.example"}).fails(5)
    assert "VAULT_ADDR names another Vault" in result.text
    result = machine.apply(
        path, env={"VAULT_SKIP_VERIFY": "true", "VAULT_TOKEN": token, "VAULT_ADDR": vault.url}
    ).fails(3)
    assert "VAULT_SKIP_VERIFY" in result.text


def test_all_debug_logging_on_shows_no_secret(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine))
    loud = [sys.executable, "-c", LOUD]
    for args in (["apply", "--yes", "--profile", path], ["test", "--profile", path, "-vv"]):
        done = call([*loud, *args], env=machine.environ(), cwd=machine.work)
        assert done.returncode == 0, done.stderr
        assert "the logging is on" in done.stderr
        for secret in machine.secrets:
            assert secret not in done.stdout + done.stderr


def test_a_command_that_needs_no_secret_imports_no_hvac(vault: Vault, mail: MailHost, machine: Machine) -> None:
    path = profile(vault, mail, machine, approle(vault, machine))
    machine.apply(path).ok()
    for args in (["show"], ["status"], ["plan", "--profile", path], ["validate", path], ["history"], ["--help"]):
        done = call([sys.executable, "-X", "importtime", str(BIN / "dtsconf"), *args], env=machine.environ())
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "dtsconf" in imported
        assert not imported & {"hvac", "requests", "urllib3", "keyring", "dtsconf.secret.vault"}, args
