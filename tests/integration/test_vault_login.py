"""Signing in to OpenBao: token, AppRole, JWT, certificate; whose token goes where; what is revoked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dtsconf.secret.backend import VaultAuth
from tests.integration.asking import fetched, refused, resolver, settings
from tests.real.ca import Authority
from tests.real.openbao import Vault
from tests.unit.posix import make_fifo, own

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]

REFERENCE = "vault://kv/mail/login#password"
JWT = VaultAuth("jwt", role="ci", jwt="env://ID_TOKEN")
CERT = VaultAuth("cert", certificate="env://PEM")


@pytest.fixture(autouse=True)
def stored(vault: Vault) -> None:
    vault.put("mail/login", {"password": "s3cret"})


def approle(vault: Vault, **changes: str) -> VaultAuth:
    return VaultAuth("approle", **{"role_id": vault.role_id, "secret_id": "env://SID", **changes})


def test_approle(vault: Vault) -> None:
    assert fetched(REFERENCE, settings(vault, approle(vault)), {"SID": vault.secret_id()}) == "s3cret"


def test_jwt_of_a_ci(vault: Vault) -> None:
    assert fetched(REFERENCE, settings(vault, JWT), {"ID_TOKEN": vault.jwt()}) == "s3cret"


def test_a_client_certificate(vault: Vault) -> None:
    assert fetched(REFERENCE, settings(vault, CERT), {"PEM": vault.client_pem()}) == "s3cret"


def test_a_client_certificate_of_the_variables(vault: Vault, tmp_path: Path) -> None:
    certificate, dash, key = vault.client_pem().partition("-----BEGIN PRIVATE")
    (tmp_path / "cert.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(dash + key)
    variables = {"VAULT_CLIENT_CERT": str(tmp_path / "cert.pem"), "VAULT_CLIENT_KEY": str(tmp_path / "key.pem")}
    given = settings(vault, VaultAuth("cert"))
    assert fetched(REFERENCE, given, variables) == "s3cret"
    elsewhere = {**variables, "VAULT_ADDR": "https://other.corp.example"}
    assert "secrets.vault.auth.certificate is not set" in refused(REFERENCE, given, elsewhere)


@pytest.mark.parametrize("method", ["approle", "jwt", "cert"])
def test_a_token_that_was_got_is_revoked_on_failure_too(vault: Vault, method: str) -> None:
    auth = {"approle": approle(vault), "jwt": JWT, "cert": CERT}[method]
    environ = {"SID": vault.secret_id(), "ID_TOKEN": vault.jwt(), "PEM": vault.client_pem()}
    with vault.node.counted() as seen:
        refused("vault://kv/mail/none#x", settings(vault, auth), environ)
    assert f"update auth/{method}/login" in seen
    assert seen[-1] == "update auth/token/revoke-self"


def test_a_given_token_is_not_revoked(vault: Vault) -> None:
    environ = {"TOKEN": vault.token("reader")}
    with vault.node.counted() as seen:
        fetched(REFERENCE, settings(vault), environ)
    assert seen == ["read kv/data/mail/login"]
    assert fetched(REFERENCE, settings(vault), environ) == "s3cret"


def test_a_batch_token_ends_by_itself(vault: Vault) -> None:
    vault.node.client().write_data(
        "auth/approle/role/batch", data={"token_type": "batch", "token_policies": ["reader"], "token_ttl": "1m"}
    )
    client = vault.node.client()
    made = client.auth.approle.generate_secret_id("batch")["data"]["secret_id"]
    role_id = client.auth.approle.read_role_id("batch")["data"]["role_id"]
    with vault.node.counted() as seen:
        assert fetched(REFERENCE, settings(vault, approle(vault, role_id=role_id)), {"SID": made}) == "s3cret"
    assert seen == ["update auth/approle/login", "read kv/data/mail/login"]


def test_a_token_that_may_not_be_revoked_is_told(vault: Vault) -> None:
    data = {"token_no_default_policy": True, "token_policies": ["reader"], "token_ttl": "5m"}
    client = vault.node.client()
    client.write_data("auth/approle/role/bare", data=data)
    secret_id = client.auth.approle.generate_secret_id("bare")["data"]["secret_id"]
    role_id = client.auth.approle.read_role_id("bare")["data"]["role_id"]
    with resolver(settings(vault, approle(vault, role_id=role_id)), {"SID": secret_id}) as run:
        run.fetch(REFERENCE, key="login.password")
    assert [notice.kind for notice in run.warnings] == ["vault-revoke"]
    assert "ends by itself in 300 s" in run.warnings[0].message
    assert "auth/token/revoke-self" in (run.warnings[0].hint or "")


@pytest.mark.parametrize("role", [{"token_ttl": "1s"}, {"token_num_uses": 1}], ids=["time", "uses"])
def test_a_token_that_ended_by_itself_is_no_warning(vault: Vault, role: dict[str, str]) -> None:
    """A run may take longer than the role's token_ttl, and its one read may be all that a token is good for."""
    client = vault.node.client()
    client.auth.approle.create_or_update_approle("brief", token_policies=["reader"], **role)
    role_id = client.auth.approle.read_role_id("brief")["data"]["role_id"]
    secret_id = client.auth.approle.generate_secret_id("brief")["data"]["secret_id"]
    with resolver(settings(vault, approle(vault, role_id=role_id)), {"SID": secret_id}) as run:
        run.fetch(REFERENCE, key="login.password")
        time.sleep(1.1 if "token_ttl" in role else 0)
    client.auth.approle.delete_role("brief")
    assert run.warnings == []


def test_a_login_that_failed_is_not_tried_again(vault: Vault) -> None:
    """Roles and users lock after a few."""
    with vault.node.counted() as seen, resolver(settings(vault, approle(vault)), {"SID": "wrong-secret-id"}) as run:
        for name in "abc":
            with pytest.raises(Exception, match="invalid role or secret ID"):
                run.fetch(f"{REFERENCE}{name}", key=name)
    assert seen == ["update auth/approle/login"]


def test_what_a_login_lacks(vault: Vault) -> None:
    told = refused(REFERENCE, settings(vault, VaultAuth("approle")), {})
    assert "secrets.vault.auth.role_id is not set" in told
    assert "secrets.vault.auth.jwt is not set" in refused(REFERENCE, settings(vault, VaultAuth("jwt")), {})
    assert "secrets.vault.auth.certificate is not set" in refused(REFERENCE, settings(vault, VaultAuth("cert")), {})
    told = refused(REFERENCE, settings(vault, approle(vault)), {})
    assert "secrets.vault.auth.secret_id: the environment variable SID is not set" in told
    assert "there is no token for Vault" in refused(REFERENCE, settings(vault, VaultAuth()), {"HOME": "/nonexistent"})


def test_what_vault_says_of_a_refused_login_is_passed_on(vault: Vault) -> None:
    told = refused(REFERENCE, settings(vault, approle(vault)), {"SID": "wrong-secret-id-0123456789"})
    assert "refused the approle login at auth/approle: invalid role or secret ID" in told
    told = refused(REFERENCE, settings(vault, approle(vault, mount="nix")), {"SID": "x"})
    assert "refused the approle login at auth/nix: permission denied" in told
    assert "is approle mounted there? vault auth list" in told
    for jwt, said in {
        vault.jwt(audience="https://other.example"): "audience claim does not match",
        vault.jwt(lasts=-700): "token is expired",
        "not.a.jwt-but-long-enough-to-see": "error validating token",
    }.items():
        told = refused(REFERENCE, settings(vault, JWT), {"ID_TOKEN": jwt})
        assert "refused the jwt login at auth/jwt" in told
        assert said in told
    told = refused(REFERENCE, settings(vault, VaultAuth("jwt", role="zz", jwt="env://J")), {"J": vault.jwt()})
    assert 'role "zz" could not be found' in told


def test_certificates_that_do_not_do(vault: Vault) -> None:
    told = refused(REFERENCE, settings(vault, CERT), {"PEM": vault.client_pem("guest-1")})
    assert "refused the cert login" in told
    assert "vault read auth/cert/certs/NAME" in told
    stranger = vault.client_pem(authority=Authority("Stranger"))
    assert "refused the cert login" in refused(REFERENCE, settings(vault, CERT), {"PEM": stranger})
    told = refused(REFERENCE, settings(vault, CERT), {"PEM": "no certificate at all"})
    assert "it is no PEM certificate with the key" in told
    told = refused(REFERENCE, settings(vault, CERT), {"PEM": vault.client_pem(passphrase=b"mellon")})
    assert "client certificate of secrets.vault.auth.certificate can't be used: its key is encrypted" in told


def test_an_expired_token(vault: Vault) -> None:
    environ = {"TOKEN": vault.token("reader", ttl="1s")}
    assert fetched(REFERENCE, settings(vault), environ) == "s3cret"
    time.sleep(1.2)
    told = refused(REFERENCE, settings(vault), environ)
    assert "doesn't take the token of secrets.vault.auth.token: it is wrong, expired, revoked or used up" in told


@pytest.mark.parametrize("flaw", ["\n", "\r\nX-Vault-Namespace: other", " ", "\x00", "é"])
def test_a_token_that_can_not_be_one_is_not_sent(vault: Vault, flaw: str) -> None:
    """requests' own error for it would show the token."""
    token = vault.token("reader") + flaw
    with vault.node.counted() as seen:
        told = refused(REFERENCE, settings(vault), {"TOKEN": token})
    assert "the Vault token of secrets.vault.auth.token holds a line break" in told
    assert seen == []


def test_ambient_tokens_go_to_vault_addr(vault: Vault, tmp_path: Path) -> None:
    token = vault.token("reader")
    given = settings(vault, VaultAuth())
    assert fetched(REFERENCE, given, {"VAULT_TOKEN": token, "VAULT_ADDR": vault.url + "/"}) == "s3cret"
    home = {"HOME": str(tmp_path), "VAULT_ADDR": vault.url.upper().replace("HTTPS", "https")}
    (tmp_path / ".vault-token").write_text(token + "\n")
    (tmp_path / ".vault-token").chmod(0o600)
    assert fetched(REFERENCE, given, home) == "s3cret"


def test_a_token_file_is_somebodys_own(vault: Vault, tmp_path: Path) -> None:
    """No pipe that never ends, and no link of another user's to what only root can read."""
    home = {"HOME": str(tmp_path), "VAULT_ADDR": vault.url}
    make_fifo(tmp_path / ".vault-token")
    assert ".vault-token is not a regular file" in refused(REFERENCE, settings(vault, VaultAuth()), home)
    (tmp_path / ".vault-token").unlink()
    (tmp_path / "root's").write_text(vault.token("reader"))
    (tmp_path / ".vault-token").symlink_to(tmp_path / "root's")
    own(tmp_path, 65534, 65534)
    with vault.node.counted() as seen:
        told = refused(REFERENCE, settings(vault, VaultAuth()), home)
    assert "belongs to" in told
    assert seen == []


def test_under_sudo_it_is_said_how_to_hand_a_token_on(vault: Vault, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "VAULT_ADDR": vault.url}
    told = refused(REFERENCE, settings(vault, VaultAuth()), {**home, "SUDO_USER": "ann"})
    assert "to hand ann's on: sudo --preserve-env=VAULT_ADDR,VAULT_TOKEN" in told
    assert "sudo" not in refused(REFERENCE, settings(vault, VaultAuth()), home)


@pytest.mark.parametrize("address", [None, "https://other.corp.example:8200", "https://127.0.0.1", "nonsense:[::"])
@pytest.mark.parametrize("place", ["VAULT_TOKEN", "~/.vault-token"])
def test_ambient_tokens_go_nowhere_else(vault: Vault, tmp_path: Path, place: str, address: str | None) -> None:
    environ = {"HOME": str(tmp_path)} | ({} if address is None else {"VAULT_ADDR": address})
    if place == "VAULT_TOKEN":
        environ["VAULT_TOKEN"] = vault.token("reader")
    else:
        (tmp_path / ".vault-token").write_text(vault.token("reader"))
    with vault.node.counted() as seen:
        told = refused(REFERENCE, settings(vault, VaultAuth()), environ)
    assert f"the token in {place} is not sent to {vault.url}: VAULT_ADDR" in told
    assert f"VAULT_ADDR={vault.url}" in told
    assert seen == []


def test_all_from_the_variables(vault: Vault) -> None:
    from dtsconf.secret.backend import VaultSettings

    environ = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": vault.token("reader"), "VAULT_CACERT": vault.ca_file}
    assert fetched(REFERENCE, VaultSettings(), environ) == "s3cret"
    assert "no address of a Vault is set" in refused(REFERENCE, VaultSettings(), {})
