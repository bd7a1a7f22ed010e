"""Each leaf type: what it takes and keeps, what it refuses, in which words and with which next step."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dtsconf.secret.resolver import BACKENDS
from dtsconf.settings.declared import checked
from dtsconf.settings.keys import KEYS
from dtsconf.settings.sections import Target
from dtsconf.settings.wording import BadValue


@pytest.mark.parametrize(
    ("key", "raw", "kept"),
    [
        ("sender.name", "", ""),
        ("sender.name", "Jörg Müller", "Jörg Müller"),
        ("sender.email", "jörg@müller.example", "jörg@müller.example"),
        ("server.host", "[::1]", "::1"),
        ("server.host", "müller.example", "xn--mller-kva.example"),
        ("server.port", 65535, 65535),
        ("server.encryption", "starttls", "starttls"),
        ("server.fingerprint", ":".join(["AB"] * 32), "ab" * 32),
        ("microsoft.client_id", "01234567-89AB-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
        ("microsoft.authority", "https://login.example/", "https://login.example"),
        ("microsoft.tenant", "acme.onmicrosoft.com", "acme.onmicrosoft.com"),
        ("connection.timeout", 0.5, 0.5),
        ("connection.timeout", 20.0, 20),
        ("connection.min_tls", 1.3, "1.3"),
        ("connection.proxy", "none", "none"),
        ("connection.proxy", "http://proxy.acme.example:3128", "http://proxy.acme.example:3128"),
        ("login.password", "vault://kv/dts#password?version=2", "vault://kv/dts#password?version=2"),
        ("login.password", "systemd://smtp", "systemd://smtp"),
        ("login.password", None, None),
        ("connection.timeout", None, 15),  # null resets what can't be null
    ],
)
def test_good_values_are_kept_in_one_form(key: str, raw: Any, kept: Any) -> None:
    value = KEYS[key].check(raw)
    assert value == kept
    assert type(value) is type(kept)
    assert KEYS[key].check(value) == kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/etc//dts///email.json", "/etc/dts/email.json"),
        ("//etc/msmtprc", "/etc/msmtprc"),
        ("C:/dts//email.json", r"C:\dts\email.json"),
        (r"\\server\share\email.json", r"\\server\share\email.json"),
    ],
)
def test_a_target_s_path_has_one_spelling(path: str, kept: str) -> None:
    """Two of one file would pass for two files, and one in dtsconf's own folder for one elsewhere."""
    assert checked(Target, {"kind": "dts", "path": path}).path == kept


@pytest.mark.parametrize(
    ("key", "raw", "told", "hint"),
    [
        ("server.encryption", "ssl", "'ssl' is not one of none, auto, tls, starttls", "for port 465 use tls"),
        ("server.encryption", "startls", "'startls' is not one of none, auto, tls, starttls", "did you mean starttls?"),
        ("server.encryption", "TLS", "'TLS' is not one of none, auto, tls, starttls", "did you mean tls?"),
        (
            "server.encryption",
            "zzz",
            "'zzz' is not one of none, auto, tls, starttls",
            "write starttls, or another of them",
        ),
        ("mode", "office365", "'office365' is not one of smtp, microsoft", "for Microsoft's sign-in use microsoft"),
        ("server.port", "587", "expects a whole number or null, found the text '587'", "write it without quotes: 587"),
        ("server.port", "0587", "expects a whole number or null, found the text '0587'", "digits, without a zero in"),
        ("server.port", True, "expects a whole number or null, found true", "write a number in digits"),
        ("server.port", 0, "0 is not from 1 to 65535", "25, 465 (tls) and 587"),
        ("server.port", 65536, "65536 is not from 1 to 65535", "25, 465 (tls) and 587"),
        ("login.required", "yes", "expects true or false, found the text 'yes'", "without quotes"),
        ("login.required", 1, "expects true or false, found the number 1", "without quotes"),
        ("sender.name", "a\r\nb", r"'a\r\nb' holds a control character", "one line"),
        ("sender.name", "x" * 1001, "is longer than 1000 characters", "right text"),
        ("sender.name", 5, "expects a text or null, found the number 5", 'in quotes: "5"'),
        ("server.fingerprint", "ab" * 20, "SHA-1 fingerprint, SHA-256 is wanted", "openssl x509"),
        ("server.fingerprint", "ab" * 33, "64 hex digits are wanted", "openssl x509"),
        ("microsoft.client_id", "acme", "'acme' is no UUID", "8-4-4-4-12"),
        ("microsoft.tenant", "acme", "'acme' is no tenant", "its domain"),
        ("microsoft.authority", "http://login.example", "is no https:// address", "https://"),
        ("connection.min_tls", 1.1, "1.1 is not one of 1.2, 1.3", "RFC 8996"),
        ("connection.timeout", 0, "0 is not above 0", "15 is the default"),
        ("connection.timeout", float("nan"), "nan is not above 0", "15 is the default"),
        ("connection.timeout", float("inf"), "inf is not above 0", "15 is the default"),
        ("connection.proxy", "proxy:3128", "'proxy:3128' is none of system, none and a URL", "http://host:port"),
        (
            "connection.proxy",
            "http://proxy.acme.example/proxy.pac",
            "is a script that names proxies (PAC)",
            "http://HOST:PORT",
        ),
        ("connection.proxy", "http://wpad/wpad.dat", "is a script that names proxies (PAC)", "http://HOST:PORT"),
        ("login.password", "vualt://kv/dts#p", "its scheme is not known", "did you mean vault://?"),
        ("login.password", "vault://kv", "vault://MOUNT/PATH#FIELD", None),
        ("login.password", "env://1A", "env://NAME", None),
    ],
)
def test_bad_values_are_told_in_our_words(key: str, raw: Any, told: str, hint: str | None) -> None:
    with pytest.raises(BadValue) as caught:
        KEYS[key].check(raw)
    message = caught.value.told(key, raw)
    assert message.startswith(f"{key}: ")
    assert told in message
    assert hint is None or hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("login.password", "hunter2"),
        ("login.password", "hunter2://x"),
        ("login.password", " env://hunter2"),
        ("login.password", 12345678),
        ("microsoft.client_secret", ["hunter2"]),
        ("connection.proxy", "http://ann:hunter2@proxy:3128"),
        ("connection.proxy", "ann:hunter2@proxy"),
        ("microsoft.authority", "https://ann:hunter2@login.example"),
        ("server.host", "smtp://ann:hunter2@mail.example"),
    ],
)
def test_no_error_repeats_a_secret(key: str, raw: Any) -> None:
    with pytest.raises(BadValue) as caught:
        KEYS[key].check(raw)
    bad = caught.value
    for text in (bad.told(key, raw), str(bad.hint), str(bad), repr(bad.__context__), repr(bad.__cause__)):
        assert "hunter2" not in text
        assert "12345678" not in text


def test_a_literal_secret_is_refused_with_the_command_that_stores_it() -> None:
    with pytest.raises(BadValue) as caught:
        KEYS["login.password"].check("secret")
    assert caught.value.kind == "secret-literal"
    assert "install -D -m 600 /dev/stdin" in str(caught.value.hint)
    assert "stty -echo" in str(caught.value.hint)
    assert "password: file:///etc/dts/secrets/login.password" in str(caught.value.hint)


def test_the_schemes_that_a_hint_names_can_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtsconf.secret.plugins.installed", lambda: {"vaulted": []})
    with pytest.raises(BadValue) as caught:
        KEYS["login.password"].check("zzz://x")
    named = re.findall(r"(\w+)://", str(caught.value.hint))
    assert sorted(named) == sorted([*BACKENDS, "vaulted"])


def test_a_plugin_brings_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtsconf.secret.plugins.installed", lambda: {"pass": []})
    assert KEYS["login.password"].check("pass://smtp") == "pass://smtp"
