"""Reading from OpenBao: KV versions, mounts, fields, versions, namespaces, and one clear cause for each refusal."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from hvac.exceptions import InvalidRequest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import VaultAuth
from tests.integration.asking import fetched, refused, resolver, settings
from tests.real.openbao import Vault
from tests.real.processes import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]


@pytest.fixture
def small(vault: Vault) -> dict[str, str]:
    """An environment whose token may read what `reader` may, and neither list mounts nor look anything up."""
    return {"TOKEN": vault.token("reader", no_default_policy=True)}


@pytest.fixture
def root(vault: Vault) -> dict[str, str]:
    return {"TOKEN": vault.node.token}


def test_kv_version_2(vault: Vault, small: dict[str, str]) -> None:
    vault.put("mail/smtp", {"password": "s3cret", "user": "dts"})
    assert fetched("vault://kv/mail/smtp#password", settings(vault), small) == "s3cret"


def test_kv_version_1(vault: Vault, small: dict[str, str]) -> None:
    vault.put_old("mail/smtp", {"password": "0ld"})
    assert fetched("vault://old/mail/smtp#password", settings(vault), small) == "0ld"


def test_a_line_break_at_the_end_is_kept_and_told(vault: Vault, small: dict[str, str]) -> None:
    vault.put("mail/typed", {"password": "typed\n", "key": "-----BEGIN X-----\n"})
    with resolver(settings(vault), small) as asked:
        assert asked.fetch("vault://kv/mail/typed#key", key="login.password").reveal().endswith("\n")
        assert [notice.kind for notice in asked.warnings] == []
        assert asked.fetch("vault://kv/mail/typed#password", key="login.password").reveal() == "typed\n"
        assert [notice.kind for notice in asked.warnings] == ["line-break"]


def test_a_mount_with_a_slash(vault: Vault, small: dict[str, str]) -> None:
    vault.put("smtp", {"password": "org"}, mount="org/mail")
    assert fetched("vault://org/mail/smtp#password", settings(vault), small) == "org"


def test_an_older_version(vault: Vault, small: dict[str, str]) -> None:
    vault.put("mail/turned", {"password": "first"})
    vault.put("mail/turned", {"password": "second"})
    for text in ("vault://kv/mail/turned#password?version=1", "vault://kv/mail/turned?version=1#password"):
        assert fetched(text, settings(vault), small) == "first"
    assert fetched("vault://kv/mail/turned#password", settings(vault), small) == "second"


@pytest.mark.parametrize("path", ["mail/ünï-🔑", "mail/100%25", "mail/a+b=c&d", "mail/x:y@z"])
def test_odd_paths_are_taken_as_written(vault: Vault, small: dict[str, str], path: str) -> None:
    vault.put(path, {"password": path})
    assert fetched(f"vault://kv/{path}#password", settings(vault), small) == path


def test_namespaces(vault: Vault, root: dict[str, str]) -> None:
    for name in ("team-a", "team-b"):
        vault.put("mail/shared", {"password": f"of {name}"}, namespace=name)
        assert fetched("vault://kv/mail/shared#password", settings(vault, namespace=name), root) == f"of {name}"
        variables = {**root, "VAULT_NAMESPACE": name + "/"}
        assert fetched("vault://kv/mail/shared#password", settings(vault), variables) == f"of {name}"


@pytest.mark.parametrize("who", ["small", "root"])
@pytest.mark.parametrize(
    ("reference", "said"),
    {
        "vault://kv/mail/told#passwort": ("kv/mail/told has no field passwort", "its fields: number, password, void"),
        "vault://kv/mail/told#number": (
            "the field number of kv/mail/told is a number, no text",
            "| vault kv patch kv/mail/told number=-)",
        ),
        "vault://kv/mail/told#void": (
            "the field void of kv/mail/told is empty",
            "| vault kv patch kv/mail/told void=-)",
        ),
        "vault://kv/mail/none#x": ("there is no secret at kv/mail/none", "vault kv list kv/mail"),
        "vault://old/mail/none#x": ("there is no secret at old/mail/none", "vault kv list old/mail"),
        "vault://org/mail/none#x": ("there is no secret at org/mail/none", "vault kv list org/mail"),
        "vault://kv/mail/told#password?version=999": (
            "there is no version 999 of kv/mail/told",
            "vault kv metadata get",
        ),
        "vault://old/mail/told#password?version=1": ("is a KV version 1 mount", "take ?version= out"),
        "vault://kv/data/mail/told#password": ("kv/data/mail/told has no field password", "leaves `data/` out"),
        "vault://kv/mail/../told#password": ("the path has . or .. in it", "write the plain path"),
        "vault://kv/mail/deleted#x": (
            "version 1 of kv/mail/deleted was deleted at 20",
            "vault kv undelete -versions=1",
        ),
        "vault://kv/mail/burnt#x": ("version 1 of kv/mail/burnt was destroyed", "vault kv metadata get kv/mail/burnt"),
    }.items(),
)
def test_what_is_not_there(
    vault: Vault, request: pytest.FixtureRequest, who: str, reference: str, said: tuple[str, str]
) -> None:
    vault.put("mail/told", {"password": "s3cret", "number": 5, "void": ""})
    vault.put_old("mail/told", {"password": "s3cret"})
    for path in ("mail/deleted", "mail/burnt"):
        vault.node.client().secrets.kv.v2.delete_metadata_and_all_versions(path, mount_point="kv")
        vault.put(path, {"x": "s3cret"})
    vault.node.client().secrets.kv.v2.delete_latest_version_of_secret("mail/deleted", mount_point="kv")
    vault.node.client().secrets.kv.v2.destroy_secret_versions("mail/burnt", [1], mount_point="kv")
    told = refused(reference, settings(vault), request.getfixturevalue(who))
    assert told.startswith(f"login.password: {reference}: ")
    for words in (*said, vault.url) if "plain path" not in said[1] else said:
        assert words.replace("is a KV", "lies in a KV") in told
    assert "s3cret" not in told


def test_permission_denied_names_the_path_and_the_policy_line(vault: Vault) -> None:
    environ = {"TOKEN": vault.token("nobody")}
    told = refused("vault://kv/mail/smtp#password", settings(vault), environ)
    assert "permission denied for kv/data/mail/smtp" in told
    assert 'path "kv/data/mail/smtp" { capabilities = ["read"] }' in told


def test_the_told_policy_line_allows_it(vault: Vault) -> None:
    vault.put("elsewhere", {"password": "s3cret"})
    reference, environ = "vault://kv/elsewhere#password", {"TOKEN": vault.token("grown")}
    told = refused(reference, settings(vault), environ)
    line = told.partition("allows it: ")[2].partition(" (were")[0]
    vault.node.client().sys.create_or_update_policy("grown", line)
    assert fetched(reference, settings(vault), environ) == "s3cret"


def test_a_mount_that_is_not_there(vault: Vault, root: dict[str, str]) -> None:
    told = refused("vault://nowhere/mail#password", settings(vault), root)
    assert "no secret engine is mounted where nowhere/mail would be" in told
    assert "vault secrets list" in told


@pytest.mark.parametrize("who", ["small", "root"])
def test_an_unknown_namespace(vault: Vault, request: pytest.FixtureRequest, who: str) -> None:
    given = settings(vault, namespace="team-z")
    told = refused("vault://kv/mail/smtp#password", given, request.getfixturevalue(who))
    assert "there is no namespace team-z" in told
    assert f"({vault.url}, namespace team-z)" in told
    assert "vault namespace list" in told


def test_a_token_for_another_namespace(vault: Vault, small: dict[str, str]) -> None:
    assert "permission denied" in refused("vault://kv/mail/smtp#password", settings(vault, namespace="team-a"), small)


def test_one_login_and_one_read_a_path(vault: Vault) -> None:
    for number in range(10):
        vault.put(f"mail/many{number}", {f"f{field}": f"{number}-{field}" for field in range(10)})
    environ = {"SID": vault.secret_id()}
    auth = VaultAuth("approle", role_id=vault.role_id, secret_id="env://SID")
    with vault.node.counted() as seen, resolver(settings(vault, auth), environ) as run:
        for number in range(10):
            for field in range(10):
                value = run.fetch(f"vault://kv/mail/many{number}#f{field}", key="login.password").reveal()
                assert value == f"{number}-{field}"
    reads = [f"read kv/data/mail/many{number}" for number in range(10)]
    assert seen == ["update auth/approle/login", *reads, "update auth/token/revoke-self"]


def test_a_path_that_failed_is_not_asked_again(vault: Vault, small: dict[str, str]) -> None:
    with resolver(settings(vault), small) as run:
        with vault.node.counted() as first, pytest.raises(SecretUnavailable):
            run.fetch("vault://kv/mail/none#a", key="a")
        with vault.node.counted() as second, pytest.raises(SecretUnavailable) as caught:
            run.fetch("vault://kv/mail/none#b", key="b")
    assert first
    assert second == []
    assert caught.value.message.startswith("b: vault://kv/mail/none#b: there is no secret at kv/mail/none")


def test_a_token_of_one_use_is_enough(vault: Vault) -> None:
    vault.put("mail/once", {"password": "s3cret"})
    environ = {"TOKEN": vault.token("reader", num_uses=1)}
    assert fetched("vault://kv/mail/once#password", settings(vault), environ) == "s3cret"
    assert "used up" in refused("vault://kv/mail/once#password", settings(vault), environ)


def test_the_mount_found_once_is_known(vault: Vault, root: dict[str, str]) -> None:
    vault.put_old("mail/one", {"x": "1"})
    vault.put_old("mail/two", {"x": "2"})
    with resolver(settings(vault), root) as run:
        run.fetch("vault://old/mail/one#x", key="a")
        with vault.node.counted() as seen:
            assert run.fetch("vault://old/mail/two#x", key="b").reveal() == "2"
    assert seen == ["read old/mail/two"]


def test_neighbours_of_different_versions(vault: Vault, root: dict[str, str]) -> None:
    """Of a version 1 secret nothing tells where its mount ends: what was guessed must not hide the next one."""
    client = vault.node.client()
    for path, version in (("near/one", "1"), ("near/two", "2")):
        client.sys.enable_secrets_engine("kv", path=path, options={"version": version})
    client.secrets.kv.v1.create_or_update_secret("a", {"x": "1"}, mount_point="near/one")
    # A version 2 engine is made ready in the background.
    wait_until(lambda: _stored(vault), "the new engine")
    with resolver(settings(vault), root) as run:
        assert run.fetch("vault://near/one/a#x", key="a").reveal() == "1"
        assert run.fetch("vault://near/two/a#x", key="b").reveal() == "2"


def _stored(vault: Vault) -> bool:
    try:
        vault.put("a", {"x": "2"}, mount="near/two")
    except InvalidRequest:
        return False
    return True


def test_facts_for_secret_check(vault: Vault) -> None:
    vault.put("mail/fading", {"password": "s3cret"})
    vault.node.client().secrets.kv.v2.update_metadata("mail/fading", delete_version_after="1h", mount_point="kv")
    vault.put("mail/fading", {"password": "s3cret"})
    environ = {"SID": vault.secret_id(), "VAULT_NAMESPACE": "", "VAULT_TLS_SERVER_NAME": "localhost"}
    auth = VaultAuth("approle", role_id=vault.role_id, secret_id="env://SID")
    reference = "vault://kv/mail/fading#password"
    with resolver(settings(vault, auth), environ) as run:
        run.fetch(reference, key="login.password")
        facts = dict(run.facts(reference))
    changed, expiry = (datetime.fromisoformat(facts.pop(name)) for name in ("changed", "expiry"))
    assert expiry - changed == timedelta(hours=1)
    assert facts.pop("version").isdigit()
    assert facts == {
        "store": f"{vault.url} (secrets.vault.url)",
        "CA file": f"{vault.ca_file} (secrets.vault.ca_file)",
        "TLS server name": "localhost (VAULT_TLS_SERVER_NAME)",
        "token": "from the approle login, for 600 s",
    }


def test_no_value_in_any_log(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    """With hvac's, requests' and urllib3's debug logging on."""
    vault.put("mail/logged", {"password": "canary-7f3a", "other": "canary-9b1c"})
    secret_id = vault.secret_id()
    auth = VaultAuth("approle", role_id=vault.role_id, secret_id="env://SID")
    with caplog.at_level(logging.DEBUG):
        assert fetched("vault://kv/mail/logged#password", settings(vault, auth), {"SID": secret_id}) == "canary-7f3a"
        told = refused("vault://kv/mail/logged#nope", settings(vault, auth), {"SID": secret_id})
        assert logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG), "the logging was on"
    for secret in ("canary", secret_id):
        assert secret not in caplog.text + told
