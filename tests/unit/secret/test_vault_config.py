"""The profile's values over the VAULT_* variables, each with its origin; what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.errors import Invalid, Notice, SecretUnavailable, Variable
from dtsconf.secret.backend import Context, VaultAuth, VaultSettings
from dtsconf.secret.vault.config import ambient_token, read_config, same_address

ALL = {
    "VAULT_ADDR": "https://env.example:8200",
    "VAULT_NAMESPACE": "env-ns",
    "VAULT_CACERT": "/env/ca.pem",
    "VAULT_CLIENT_CERT": "/env/cert.pem",
    "VAULT_CLIENT_KEY": "/env/key.pem",
    "VAULT_TLS_SERVER_NAME": "name.example",
}


def origins(
    environ: dict[str, str], url: str | None = None, namespace: str | None = None, ca_file: str | None = None
) -> dict[str, tuple[str, str]]:
    config = read_config(Context(environ, vault=VaultSettings(url, namespace, ca_file)))
    return {name: (given.value, given.origin) for name, given in config.origins()}


def test_all_from_the_variables() -> None:
    assert origins(ALL) == {
        "address": ("https://env.example:8200", "VAULT_ADDR"),
        "namespace": ("env-ns", "VAULT_NAMESPACE"),
        "CA file": ("/env/ca.pem", "VAULT_CACERT"),
        "client certificate": ("/env/cert.pem", "VAULT_CLIENT_CERT"),
        "client key": ("/env/key.pem", "VAULT_CLIENT_KEY"),
        "TLS server name": ("name.example", "VAULT_TLS_SERVER_NAME"),
    }


def test_the_profile_is_above_them() -> None:
    found = origins(ALL, url="https://org.example/", namespace="org-ns", ca_file="/org/ca.pem")
    assert found["address"] == ("https://org.example", "secrets.vault.url")
    assert found["namespace"] == ("org-ns", "secrets.vault.namespace")
    assert found["CA file"] == ("/org/ca.pem", "secrets.vault.ca_file")
    assert "client certificate" not in found, "VAULT_ADDR says that it is for another Vault"


def test_an_empty_variable_says_nothing() -> None:
    assert origins(dict.fromkeys(ALL, ""), url="https://org.example") == {
        "address": ("https://org.example", "secrets.vault.url")
    }


def test_no_address() -> None:
    with pytest.raises(SecretUnavailable, match="no address of a Vault") as caught:
        read_config(Context({}))
    assert caught.value.code == 5
    assert "BAO" not in (caught.value.hint or "")
    with pytest.raises(SecretUnavailable) as caught:
        read_config(Context({"BAO_ADDR": "https://bao.example"}))
    assert "BAO_ADDR is not read" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example",
        "http://127.0.0.1@evil.example",
        "https://",
        "vault.example",
        "file:///x",
        "http://[::",
        "https://x/?y",
        "https://a b",
        "https://x\n.y",
        "https://x:0/",
        "https://x\\y",
        "https://vault.example:8200/v1/",
    ],
)
def test_a_bad_vault_addr_is_exit_3(address: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_config(Context({"VAULT_ADDR": address}))
    assert caught.value.code == 3
    assert caught.value.problems[0].where == Variable("VAULT_ADDR")
    assert caught.value.hint


def test_an_address_copied_from_the_documentation_of_the_api_is_told_how_it_is_written() -> None:
    with pytest.raises(Invalid) as caught:
        read_config(Context({"VAULT_ADDR": "https://vault.example:8200/v1"}))
    (problem,) = caught.value.problems
    assert "ends in /v1" in problem.message
    assert problem.hint == "set it to https://vault.example:8200"


@pytest.mark.parametrize("name", ["secret_id", "jwt", "certificate", "token"])
@pytest.mark.parametrize("reference", ["file:///etc/dts/id", "systemd://id", "keyring://vault/id", "pass://id"])
def test_a_secret_of_the_profile_goes_to_no_address_of_a_variable(name: str, reference: str) -> None:
    auth = VaultAuth(**{name: reference})
    with pytest.raises(Invalid) as caught:
        read_config(Context({"VAULT_ADDR": "https://env.example"}, vault=VaultSettings(auth=auth)))
    assert caught.value.code == 4
    problem = caught.value.problems[0]
    assert (problem.kind, problem.where, problem.key) == (
        "secret-redirected",
        Variable("VAULT_ADDR"),
        f"secrets.vault.auth.{name}",
    )
    assert "secrets.vault.url" in (problem.hint or "")


@pytest.mark.parametrize(
    ("url", "auth"),
    [
        ("https://org.example", VaultAuth(method="approle", role_id="r", secret_id="file:///etc/dts/id")),
        (None, VaultAuth(method="jwt", role="mail", jwt="env://ID_TOKEN")),
        (None, VaultAuth(method="approle", role_id="r")),
        (None, VaultAuth()),
    ],
    ids=["the profile's address", "both from the environment", "no secret", "ambient"],
)
def test_what_comes_from_one_hand_is_free(url: str | None, auth: VaultAuth) -> None:
    config = read_config(Context({"VAULT_ADDR": "https://env.example"}, vault=VaultSettings(url, auth=auth)))
    assert config.url.value == (url or "https://env.example")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"])
def test_http_on_loopback(address: str) -> None:
    assert origins({"VAULT_ADDR": address})["address"][0] == address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://v.example", "https://v.example:443/"),
        ("HTTPS://V.Example:8200", "https://v.example:8200"),
        ("https://v.example/base/", "https://v.example/base"),
    ],
)
def test_the_same_address(one: str, other: str) -> None:
    assert same_address(one, other)


@pytest.mark.parametrize(
    "other",
    ["http://v.example:443", "https://v.example:8200", "https://w.example", "https://v.example/base", "", "https://["],
)
def test_another_address(other: str) -> None:
    assert not same_address("https://v.example", other)
    assert not same_address("https://[", other)


def test_the_ambient_token_is_hidden() -> None:
    environ = {"VAULT_ADDR": "https://v.example", "VAULT_TOKEN": "hvs.canary"}
    config = read_config(Context(environ, vault=VaultSettings(auth=VaultAuth())))
    found = ambient_token(config, [])
    assert found is not None
    assert found[0].reveal() == "hvs.canary"
    assert "canary" not in f"{found!r}{config!r}{Context(environ)!r}"


def test_a_token_file_that_everybody_reads_is_told(tmp_path: Path) -> None:
    path = tmp_path / ".vault-token"
    path.write_text("hvs.canary\n")
    config = read_config(Context({"VAULT_ADDR": "https://v.example", "HOME": str(tmp_path)}))
    for mode, told in ((0o644, [f"chmod 600 {path}"]), (0o600, [])):
        path.chmod(mode)
        notices: list[Notice] = []
        assert ambient_token(config, notices) is not None
        assert [each.hint for each in notices] == told
        assert "canary" not in repr(notices)
