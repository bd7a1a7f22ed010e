"""Token, secret id, id token and values through every failure of a Vault, as loud as can be: in no output and no file.

And `secret check` on references to Vault: all are tried, each is told with what is known of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.real.ca import Authority
from tests.real.oddvault import TOKEN, Fault, OddVault, odd_vault
from tests.real.openbao import Vault
from tests.real.syslog import Syslog
from tests.scenarios.harness import SECRETS, Machine, login

CANARY = "c4n4ry7Vt"
RELAY = "vault://kv/mail/relay#password"
LOUD = """
import logging, http.client
logging.basicConfig(level=1)
http.client.HTTPConnection.debuglevel = 1
logging.debug("the logging is on")
"""
FAULTS: list[Fault] = [
    "", "silent", "drip body", "half", "half json", "html", "list", "huge", "429", "502", "elsewhere", "reset",
    "no data", "404 list", "403 odd", "teapot", "deep",
]  # fmt: skip


@pytest.fixture
def odd() -> Iterator[OddVault]:
    with odd_vault() as server:
        server.store["relay"] = f'{{"password": "{CANARY}-value", "other": "{CANARY}-other"}}'
        yield server


@pytest.fixture
def loud(machine: Machine, log: Syslog) -> Iterator[dict[str, str]]:
    """The environment of a run with every library's debug log on stderr; all output and files are searched."""
    machine.secrets[:] = [CANARY, TOKEN]
    yield {
        "PYTHONPATH": str(machine.write("loud/sitecustomize.py", LOUD).parent),
        "TOKEN": TOKEN,
        "SID": CANARY + "-sid",
    }
    for path, content in machine.files().items():
        assert path == f"root/{SECRETS}" or not any(one.encode() in content for one in machine.secrets), path


def profile(machine: Machine, vault: dict[str, Any], reference: str = "vault://kv/relay#password") -> str:
    return machine.profile(settings=login(reference), secrets={"vault": {"timeout": 0.7, **vault}})


@pytest.mark.parametrize("method", ["token", "approle", "jwt"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_failure(machine: Machine, odd: OddVault, loud: dict[str, str], fault: Fault, method: str) -> None:
    odd.fault = fault
    auth = {
        "token": {"method": "token", "token": "env://TOKEN"},
        "approle": {"method": "approle", "role_id": "app", "secret_id": "env://SID"},
        "jwt": {"method": "jwt", "role": "ci", "jwt": "env://SID"},
    }[method]
    result = machine.apply(profile(machine, {"url": odd.url, "auth": auth}), "-vv", env=loud)
    assert result.code == (0 if fault == "" and method == "token" else 5), result
    assert "the logging is on" in result.stderr


@pytest.mark.parametrize("flaw", ["\n", "\r\nX-Evil: 1", "\t", "\u00e9"])
def test_a_token_that_requests_would_print(machine: Machine, odd: OddVault, loud: dict[str, str], flaw: str) -> None:
    path = profile(machine, {"url": odd.url, "auth": {"method": "token", "token": "env://TOKEN"}})
    result = machine.apply(path, "-vv", env={**loud, "TOKEN": CANARY + flaw + CANARY}).fails(5)
    assert "the Vault token of secrets.vault.auth.token holds a line break" in result.text
    result = machine.run("plan", "--secrets", "--json", "--profile", path, env={**loud, "TOKEN": CANARY + flaw}).fails(
        5
    )
    assert result.problems[0]["kind"] == "secret"
    assert odd.asked == []


@pytest.mark.parametrize("command", ["apply", "test", "secret check", "plan --secrets"])
def test_one_variable_does_not_send_the_secret_id_elsewhere(
    machine: Machine, odd: OddVault, loud: dict[str, str], command: str
) -> None:
    """Exit 4, and not a byte to that address; with the address in the profile the same goes through."""
    auth = {"method": "approle", "role_id": "app", "secret_id": machine.secret_file(CANARY + "-sid", "secret-id")}
    env = {**loud, "VAULT_ADDR": odd.url}
    path = profile(machine, {"auth": auth})
    body = machine.run(*command.split(), "--json", "--profile", path, env=env).fails(4).json
    (problem,) = [one for one in body["problems"] if one["kind"] == "secret-redirected"]
    place = {"file": path} if command == "secret check" else {"variable": "VAULT_ADDR"}
    assert place.items() <= problem["where"].items()
    assert "secrets.vault.url" in problem["hint"]
    assert odd.asked == []
    machine.run(*command.split(), "--profile", profile(machine, {"auth": auth, "url": odd.url}), env=env)
    assert odd.asked != []
    (machine.work / "secret-id").unlink()


def test_a_profile_that_names_no_vault_for_its_secret_is_told_early(machine: Machine) -> None:
    auth = {"method": "approle", "role_id": "app", "secret_id": "file:///etc/dts/secret-id"}
    path = profile(machine, {"auth": auth})
    (told,) = [one for one in machine.run("validate", "--json", path).ok().warnings if one["kind"] == "vault-address"]
    assert told["where"]["key"] == "secrets.vault.auth.secret_id"
    assert told["where"]["file"] == path
    assert "secrets.vault.url" in told["hint"]
    machine.run("validate", "--strict", path).fails(3)
    for fine in (
        {"auth": auth, "url": "https://vault.acme.example"},
        {"auth": {"method": "jwt", "jwt": "env://TOKEN"}},
    ):
        assert machine.run("validate", "--json", profile(machine, fine)).ok().warnings == []


def test_no_field_names_the_fields_and_not_their_values(machine: Machine, odd: OddVault, loud: dict[str, str]) -> None:
    auth = {"method": "token", "token": "env://TOKEN"}
    path = profile(machine, {"url": odd.url, "auth": auth}, "vault://kv/relay#passwort")
    assert "its fields: other, password" in machine.apply(path, "-vv", env=loud).fails(5).text


CERTIFICATES: dict[str, dict[str, Any]] = {
    "good": {},
    "of another CA": {"authority": Authority("Other")},
    "for another name": {"name": "other.example"},
    "encrypted": {"passphrase": b"c4n4ry-passphrase"},
}


@pytest.mark.servers
@pytest.mark.xdist_group("vault")
@pytest.mark.parametrize("case", [*CERTIFICATES, "key alone", "broken", "no PEM"])
def test_a_client_certificates_key_is_seen_nowhere(
    machine: Machine, vault: Vault, loud: dict[str, str], case: str
) -> None:
    """Each line of the key counts. The file that it came from is the one that has it."""
    vault.put("mail/relay", {"password": f"{CANARY}-value"})
    pem = vault.client_pem(**CERTIFICATES.get(case, {}))
    start = pem.index("-----BEGIN", 10)
    machine.secrets += [line for line in pem[start:].splitlines() if "-----" not in line]
    given = {"key alone": pem[start:], "broken": pem[:-80], "no PEM": CANARY + "-key"}.get(case, pem)
    reference = f"file://{machine.write('host.pem', given, 0o600)}"
    auth = {"method": "cert", "certificate": reference}
    path = profile(machine, {"url": vault.url, "ca_file": vault.ca_file, "timeout": 5, "auth": auth}, RELAY)
    for command in (["secret", "check"], ["apply", "--yes"]):
        assert machine.run(*command, "--profile", path, "-vv", env=loud).code == (0 if case == "good" else 5)
    (machine.work / "host.pem").unlink()


@pytest.mark.servers
@pytest.mark.xdist_group("vault")
def test_secret_check_tries_all(machine: Machine, vault: Vault) -> None:
    vault.put("mail/checked", {"password": CANARY})
    machine.secrets.append(CANARY)
    token = machine.secret_file(vault.token("reader"), "token")
    given = {"url": vault.url, "ca_file": vault.ca_file, "timeout": 5, "auth": {"method": "token", "token": token}}
    path = profile(machine, given, "vault://kv/mail/checked#password")
    result = machine.run("secret", "check", "--profile", path, env={"VAULT_TLS_SERVER_NAME": "localhost"}).ok()
    for told in ("login.password", "secrets.vault.auth.token", vault.url, "version", "VAULT_TLS_SERVER_NAME"):
        assert told in result.stdout, result
    path = profile(machine, given, "vault://kv/mail/checked#nope")
    result = machine.run("secret", "check", "--profile", path).fails(5)
    assert "kv/mail/checked has no field nope" in result.text
    assert "secrets.vault.auth.token" in result.text
