from __future__ import annotations

import pytest

from dtsconf.web.proxies import given_by, proxies_for

URL = "https://graph.microsoft.com/v1.0/me"


@pytest.fixture(autouse=True)
def set_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp.example:3128")
    monkeypatch.setenv("NO_PROXY", "corp.example")


def test_the_systems_proxy_and_its_exceptions() -> None:
    assert proxies_for(URL, "system")["https"] == "http://proxy.corp.example:3128"
    assert proxies_for("https://vault.corp.example/v1", "system") == {}


def test_a_proxy_of_the_settings_knows_no_exceptions() -> None:
    assert proxies_for("https://vault.corp.example/v1", "http://other:1") == {"https": "http://other:1"}


@pytest.mark.parametrize("url", ["https://127.0.0.1:8200/", "https://localhost/", "https://[::1]/"])
def test_the_systems_proxy_is_not_for_this_machine(url: str) -> None:
    assert proxies_for(url, "system") == {}


@pytest.mark.parametrize("proxy", ["none", "system", "http://other:1"])
def test_cleartext_goes_through_no_proxy(proxy: str) -> None:
    assert proxies_for("http://graph.microsoft.com/", proxy) == {}


def test_who_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given_by("http://other:1") == "connection.proxy"
    assert given_by("system") == "HTTPS_PROXY"
    monkeypatch.setenv("https_proxy", "http://proxy.corp.example:3129")
    assert given_by("system") == "https_proxy", "as urllib has it"
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert given_by("system") == "this system's proxy settings"


def test_none_is_none() -> None:
    assert proxies_for(URL, "none") == {}
