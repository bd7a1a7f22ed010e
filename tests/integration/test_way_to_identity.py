"""The way to the identity provider as the settings lay it: `connection.proxy` and `server.ca_file`, whatever the
environment says of proxies and roots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dtsconf.auth.request import Wanted
from dtsconf.auth.sources import ApplicationTokens
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from dtsconf.wiring.identity import session_maker
from tests.real.ca import Certificates
from tests.real.liar import Liar, liar
from tests.real.proxy import Proxy, proxy
from tests.unit.machine.world import effective

CLIENT = "00000000-0000-0000-0000-000000000001"
DEAD = "http://127.0.0.1:9"


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Liar]:
    with liar(certificates) as made:
        yield made


@pytest.fixture
def way() -> Iterator[Proxy]:
    with proxy() as made:
        yield made


def token(server: Liar, host: str, **settings: Any) -> str:
    values = {
        "mode": "microsoft",
        "microsoft.client_id": CLIENT,
        "connection.timeout": 3,
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    authority = server.origin.replace("localhost", host)
    wanted = Wanted(authority, "good", CLIENT, "application", sender="app@acme.example")
    secret = ("microsoft.client_secret", Secret("an application's"))
    return ApplicationTokens(wanted, session_maker(effective(values)), lambda: secret).get().value.reveal()


def test_what_the_environment_says_of_roots_and_proxies_doesn_t_count(
    server: Liar, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, certificates.other_ca_file)
    for name in ("HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD)
    found = token(server, "localhost", server__ca_file=certificates.ca_file, connection__proxy="none")
    assert found == "the-token"


def test_roots_in_the_environment_vouch_for_nobody(
    server: Liar, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, certificates.ca_file)
    with pytest.raises(SignInFailed, match="can't be trusted"):
        token(server, "localhost", server__ca_file=certificates.other_ca_file, connection__proxy="none")
    assert server.posted == []


def test_the_system_s_roots_are_openssl_s(
    server: Liar, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificates.ca_file)
    assert token(server, "localhost", connection__proxy="none") == "the-token"


def test_a_configured_proxy_is_the_way(server: Liar, certificates: Certificates, way: Proxy) -> None:
    """The name is nowhere in DNS: only the proxy knows the way, and the certificate is still checked end to end."""
    found = token(server, "mail.corp.example", server__ca_file=certificates.ca_file, connection__proxy=way.url)
    assert found == "the-token"
    assert set(way.asked) == {f"mail.corp.example:{server.server_address[1]}"}


def test_the_system_s_proxy_is_taken_where_that_is_said(
    server: Liar, certificates: Certificates, way: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", way.url)
    assert token(server, "mail.corp.example", server__ca_file=certificates.ca_file) == "the-token"
    assert way.asked


def test_a_proxy_that_refuses_is_named(server: Liar, certificates: Certificates, way: Proxy) -> None:
    way.refusal = "407 Proxy Authentication Required"
    with pytest.raises(SignInFailed, match="407 Proxy Authentication Required") as caught:
        token(server, "mail.corp.example", server__ca_file=certificates.ca_file, connection__proxy=way.url)
    assert "connection.proxy" in (caught.value.hint or "")
    assert "mail.corp.example: the proxy 127.0.0.1:" in str(caught.value)


def test_a_proxy_that_is_not_there_is_what_is_told(
    server: Liar, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider was never asked: neither its name nor its address is at fault."""
    ca = certificates.ca_file
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:canary-pw@proxy.nowhere.invalid:3128")
    with pytest.raises(SignInFailed) as caught:
        token(server, "mail.corp.example", server__ca_file=ca)
    assert "no way to mail.corp.example: the proxy proxy.nowhere.invalid:3128 (from HTTPS_PROXY) can't be found" in str(
        caught.value
    )
    assert "unset HTTPS_PROXY" in (caught.value.hint or "")
    assert "canary-pw" not in str(caught.value)
    with pytest.raises(SignInFailed) as caught:
        token(server, "mail.corp.example", server__ca_file=ca, connection__proxy="http://127.0.0.1:1")
    assert "the proxy 127.0.0.1:1 (from connection.proxy) can't be reached" in str(caught.value)
    assert "--set connection.proxy=none" in (caught.value.hint or "")
    assert server.posted == []
