"""Whom dtsconf believes to be Vault: the given CA and the right name, whatever the environment says; and by what way."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.asking import fetched, refused, settings
from tests.real.ca import CertificateName, Certificates
from tests.real.openbao import Vault
from tests.real.proxy import Proxy, proxy

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]

REFERENCE = "vault://kv/mail/trust#password"


@pytest.fixture
def environ(vault: Vault) -> dict[str, str]:
    vault.put("mail/trust", {"password": "s3cret"})
    return {"TOKEN": vault.token("reader")}


@pytest.fixture
def way() -> Iterator[Proxy]:
    with proxy() as server:
        yield server


BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "VAULT_CAPATH")
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY")


@pytest.mark.parametrize(("bundle", "variable"), list(itertools.product(BUNDLES, PROXIES)))
@pytest.mark.parametrize("right", [True, False], ids=["right CA configured", "wrong CA configured"])
def test_the_environment_has_no_say(
    vault: Vault,
    environ: dict[str, str],
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    bundle: str,
    variable: str,
    right: bool,
) -> None:
    """Not to break what is right, and not to save what is wrong."""
    monkeypatch.setenv(bundle, certificates.ca_file if right else vault.ca_file)
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    if right:
        assert fetched(REFERENCE, settings(vault), environ, "none") == "s3cret"
    else:
        told = refused(REFERENCE, settings(vault, ca_file=certificates.ca_file), environ, "none")
        assert "Vault's certificate is not trusted" in told


def test_without_a_ca_file_the_systems_roots_count(vault: Vault, environ: dict[str, str]) -> None:
    told = refused(REFERENCE, settings(vault, ca_file=None), environ)
    assert "Vault's certificate is not trusted" in told
    assert "secrets.vault.ca_file, or VAULT_CACERT" in told


def test_vault_cacert_is_the_default_and_the_profile_is_above_it(
    vault: Vault, environ: dict[str, str], certificates: Certificates
) -> None:
    assert fetched(REFERENCE, settings(vault, ca_file=None), {**environ, "VAULT_CACERT": vault.ca_file}) == "s3cret"
    wrong = {**environ, "VAULT_CACERT": certificates.ca_file}
    assert fetched(REFERENCE, settings(vault), wrong) == "s3cret"
    told = refused(REFERENCE, settings(vault, ca_file=None), wrong)
    assert "not trusted: it was issued by CN=" in told
    assert f", and {certificates.ca_file} (VAULT_CACERT) holds no root for it" in told


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_ca_file_that_is_none(vault: Vault, environ: dict[str, str], tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    told = refused(REFERENCE, settings(vault, ca_file=str(path)), environ)
    assert f"{path} (secrets.vault.ca_file) " + ("can't be read" if text is None else "holds no certificate") in told


@pytest.mark.parametrize("value", ["1", "true", "T", "yes"])
def test_skipping_the_check_is_refused(vault: Vault, environ: dict[str, str], value: str) -> None:
    told = refused(REFERENCE, settings(vault), {**environ, "VAULT_SKIP_VERIFY": value})
    assert "VAULT_SKIP_VERIFY is set" in told
    assert "secrets.vault.ca_file" in told


@pytest.mark.parametrize("value", ["", "0", "false", "F"])
def test_not_skipping_is_fine(vault: Vault, environ: dict[str, str], value: str) -> None:
    assert fetched(REFERENCE, settings(vault), {**environ, "VAULT_SKIP_VERIFY": value}) == "s3cret"


def test_the_server_name_of_the_variables(vault: Vault, environ: dict[str, str]) -> None:
    named = {**environ, "VAULT_TLS_SERVER_NAME": "vault.corp.example"}
    assert fetched(REFERENCE, settings(vault), named) == "s3cret"
    other = {**environ, "VAULT_TLS_SERVER_NAME": "other.corp.example"}
    told = refused(REFERENCE, settings(vault), other)
    assert "Vault's certificate is for another name than other.corp.example" in told
    assert "VAULT_TLS_SERVER_NAME" in told


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """Shakes hands once and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "expired": "Vault's certificate has expired",
        "not-yet-valid": "Vault's certificate is not valid yet",
        "wrong-name": "Vault's certificate is for another",
        "untrusted": "Vault's certificate is not trusted",
        "self-signed": "Vault's certificate is not trusted",
        "good": "the connection broke before the whole answer was there",
    }.items(),
)
def test_bad_certificates(
    vault: Vault, environ: dict[str, str], certificates: Certificates, name: CertificateName, said: str
) -> None:
    with tls_server(certificates.server_context(name)) as url:
        told = refused(REFERENCE, settings(vault, url=url, ca_file=certificates.ca_file), environ)
    assert said in told
    assert url in told


def test_https_asked_of_a_cleartext_port(vault: Vault, environ: dict[str, str]) -> None:
    from tests.real.oddvault import odd_vault

    with odd_vault() as odd:
        told = refused(REFERENCE, settings(vault, url=odd.url.replace("http:", "https:")), environ)
    assert "TLS failed" in told
    assert "does it speak TLS?" in told


def test_http_asked_of_a_tls_port(vault: Vault, environ: dict[str, str]) -> None:
    told = refused(REFERENCE, settings(vault, url=vault.url.replace("https:", "http:")), environ)
    assert "what answers there is no Vault (400" in told
    assert "is it https:// there?" in told


def test_an_unknown_host(vault: Vault, environ: dict[str, str]) -> None:
    told = refused(REFERENCE, settings(vault, url="https://vault.invalid:8200"), environ)
    assert "the host name vault.invalid is not known" in told


@pytest.mark.parametrize(
    "address",
    ["http://vault.corp.example:8200", "http://127.0.0.1.evil.example", "ftp://x", "vault:8200", "https://u:p@x"],
)
def test_an_address_that_no_token_goes_to(vault: Vault, address: str) -> None:
    from dtsconf.errors import Invalid
    from tests.integration.asking import resolver

    given = settings(vault, url=None)
    with resolver(given, {"VAULT_ADDR": address, "TOKEN": "x"}) as run, pytest.raises(Invalid) as caught:
        run.fetch(REFERENCE, key="login.password")
    assert caught.value.code == 3
    assert "VAULT_ADDR" in caught.value.message
    assert "u:p" not in caught.value.message


def by_name(vault: Vault) -> str:
    return vault.url.replace("127.0.0.1", "vault.corp.example")


def test_a_configured_proxy(vault: Vault, environ: dict[str, str], way: Proxy) -> None:
    """The name is nowhere in DNS: only the proxy knows the way, and the certificate is still checked end to end."""
    given = settings(vault, url=by_name(vault))
    assert fetched(REFERENCE, given, environ, way.url) == "s3cret"
    assert way.asked == [by_name(vault).removeprefix("https://")]
    assert "not known" in refused(REFERENCE, given, environ, "none")


def test_the_systems_proxy(vault: Vault, environ: dict[str, str], way: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", way.url)
    given = settings(vault, url=by_name(vault))
    assert fetched(REFERENCE, given, environ, "system") == "s3cret"
    assert len(way.asked) == 1
    assert fetched(REFERENCE, settings(vault), environ, "system") == "s3cret"
    assert len(way.asked) == 1, "this machine itself is not asked for by way of a proxy"
    monkeypatch.setenv("NO_PROXY", "corp.example")
    assert "not known" in refused(REFERENCE, given, environ, "system")
    assert len(way.asked) == 1


def test_a_proxy_that_refuses(vault: Vault, environ: dict[str, str], way: Proxy) -> None:
    way.refusal = "407 Proxy Authentication Required"
    told = refused(REFERENCE, settings(vault, url=by_name(vault)), environ, way.url)
    assert "(from connection.proxy) doesn't lead there (407 Proxy Authentication Required)" in told


def test_a_proxy_that_is_not_there(vault: Vault, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:canary-pw@127.0.0.1:1")
    told = refused(REFERENCE, settings(vault, url=by_name(vault)), environ, "system")
    assert "the proxy 127.0.0.1:1 (from HTTPS_PROXY) doesn't lead there (connection refused)" in told
    assert "canary-pw" not in told
