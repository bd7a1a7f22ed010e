from __future__ import annotations

import pytest

from dtsconf.web.proxies import on_the_way, proxies_for, refused, unproxied
from dtsconf.web.trouble import Proxy, Trouble

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


def found(proxy: str) -> Proxy:
    made = on_the_way(URL, {"https": "http://from-the-system:1"} | proxies_for(URL, proxy), proxy)
    assert made is not None
    return made


def test_who_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("http://other:1") == Proxy("http", "other", 1, "connection.proxy")
    assert found("system") == Proxy("http", "proxy.corp.example", 3128, "HTTPS_PROXY")
    monkeypatch.setenv("https_proxy", "http://someone:canary@proxy.corp.example:3129")
    assert found("system") == Proxy("http", "proxy.corp.example", 3129, "https_proxy", login=True), "as urllib has it"
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert found("system").named == "this system's proxy settings"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
def test_a_socks_proxy_is_refused_whatever_is_installed(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://someone:canary@127.0.0.1")
    way = on_the_way(URL, proxies_for(URL, "system"), "system")
    told = refused(way) if way else None
    assert told is not None
    assert "it is a SOCKS proxy" in told.detail
    assert told.proxy_told == "the proxy 127.0.0.1:1080 (from ALL_PROXY)"
    hint = told.proxy_hint("h")
    assert "--set connection.proxy=http://PROXY:PORT" in hint
    assert "unset ALL_PROXY" in hint
    assert "canary" not in repr(told)


PROXY = Proxy("http", "proxy", 3128, "HTTPS_PROXY")


@pytest.mark.parametrize(
    ("detail", "proxy", "words"),
    [
        (
            "407 no",
            PROXY,
            "give the proxy's user name and password: export HTTPS_PROXY=http://USER:PASSWORD@proxy:3128",
        ),
        (
            "407 no",
            Proxy("http", "proxy", 3128, "https_proxy", login=True),
            "correct the user name and password in https_proxy: export https_proxy=http://USER:PASSWORD@proxy:3128",
        ),
        ("407 no", Proxy("http", "proxy", 3128, "connection.proxy"), "with --set connection.proxy=system"),
        (
            "401 no",
            Proxy("http", "proxy", 3128, "https_proxy", login=True),
            "correct the user name and password in https_proxy",
        ),
        ("401 no", PROXY, "to let this machine through to h"),
        ("504 no", PROXY, "why it can't reach h itself"),
        ("403 no", PROXY, "ask whoever runs the proxy proxy:3128 (from HTTPS_PROXY) to let this machine through to h"),
        ("405 no", PROXY, "what answers at proxy:3128 is no proxy for HTTPS"),
    ],
)
def test_what_to_do_by_what_the_proxy_says(detail: str, proxy: Proxy, words: str) -> None:
    assert words in Trouble("proxy", "blocked", detail, "server", proxy=proxy).proxy_hint("h")


def test_a_proxy_that_speaks_no_tls_itself() -> None:
    hint = Trouble(
        "proxy", "tls-untrusted", "no TLS", "tls", proxy=Proxy("https", "p", 3128, "HTTPS_PROXY")
    ).proxy_hint("h")
    assert "write HTTPS_PROXY as http://p:3128" in hint
    told = Trouble("proxy", "tls-untrusted", "no", "tls", proxy=Proxy("https", "p", 3128, "connection.proxy"))
    assert "itself: --set connection.proxy=http://p:3128; or go without a proxy: --set" in told.proxy_hint("h")


@pytest.mark.parametrize(
    "login", ["CORP\\ann:canary", "ann:can#ary", "ann:can/ary", "ann:ca?nary", "ann:ca]n@ary", "a b:c"]
)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_login_that_ends_the_address(login: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"{scheme}{login}@proxy.corp.example:3129")
    way = found("system")
    assert (way.scheme, way.place, way.named) == ("http", "proxy.corp.example:3129", "https_proxy")
    told = refused(way)
    assert told is not None
    assert "a character that has to be written as %XX" in told.detail
    hint = told.proxy_hint("h")
    assert "correct the user name and password in https_proxy: export https_proxy=http://USER:PASSWORD@proxy" in hint
    assert "canary" not in f"{told!r}{hint}"


@pytest.mark.parametrize("login", ["CORP%5Cann:c%23%2F", "ann:a@b", "ann:p^|!$", "ann"])
def test_a_login_that_stays_within_its_part(login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://{login}@proxy.corp.example:3129")
    way = found("system")
    assert (way.place, way.login, refused(way)) == ("proxy.corp.example:3129", True, None)


def test_a_proxy_that_has_an_address_of_ipv6() -> None:
    proxy = Proxy("https", "::1", 3128, "HTTPS_PROXY")
    assert proxy.told == "the proxy [::1]:3128 (from HTTPS_PROXY)"
    hint = Trouble("proxy", "tls-untrusted", "no TLS", "tls", proxy=proxy).proxy_hint("h")
    assert "write HTTPS_PROXY as http://[::1]:3128" in hint


def test_a_proxy_that_was_reached_and_is_mute() -> None:
    told = Trouble("proxy", "timeout", "nothing in time", "dtsconf", "connect", proxy=PROXY)
    assert told.proxy_mute
    assert "ask whoever runs the proxy proxy:3128 (from HTTPS_PROXY) why it gives no answer for h" in told.proxy_hint(
        "h"
    )
    unreached = Trouble("proxy", "timeout", "no answer", "system", "connect", proxy=PROXY)
    assert not unreached.proxy_mute
    assert "correct the variable HTTPS_PROXY" in unreached.proxy_hint("h")


def test_why_no_proxy_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    told = unproxied("https://vault.corp.example/", "system")
    assert told == ("HTTPS_PROXY names a proxy, and NO_PROXY leaves vault.corp.example out of it", "unset NO_PROXY")
    assert unproxied(URL, "system") is None
    told = unproxied(URL, "none")
    assert told == (
        "connection.proxy is none, and HTTPS_PROXY names one: proxy.corp.example:3128",
        "--set connection.proxy=system",
    )
    assert unproxied("https://vault.corp.example/", "none") is None, "NO_PROXY spares it"
    monkeypatch.delenv("HTTPS_PROXY")
    assert unproxied(URL, "system") is None
    monkeypatch.setenv("ALL_PROXY", "http://proxy.corp.example:3128")
    assert unproxied(URL, "system") is None, "ALL_PROXY is taken, and NO_PROXY leaves nothing out"
    told = unproxied(URL, "none")
    assert told is not None
    assert told[0] == "connection.proxy is none, and ALL_PROXY names one: proxy.corp.example:3128"
    monkeypatch.delenv("ALL_PROXY")
    monkeypatch.setenv("http_proxy", "http://someone:canary@p:1")
    told = unproxied(URL, "system")
    assert told is not None
    assert "canary" not in told[0] + told[1]
    assert 'export HTTPS_PROXY="$http_proxy"' in told[1]


def test_none_is_none() -> None:
    assert proxies_for(URL, "none") == {}
