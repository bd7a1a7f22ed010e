"""One sentence a failure, and what the server says is shown safely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.net.certificate import Certificate
from dtsconf.secret.vault import causes
from dtsconf.secret.vault.read import target_of
from dtsconf.web.trouble import Proxy, Trouble, What


def trouble(what: What, cause: str, detail: str) -> Trouble:
    return Trouble(what, cause, detail, "system", proxy=Proxy("http", "p", 1, "HTTPS_PROXY"))


def said(what: What, cause: str, detail: str) -> Trouble:
    return Trouble(what, cause, detail, "server", proxy=Proxy("http", "p", 1, "connection.proxy"))


@pytest.mark.parametrize(
    ("found", "host", "told"),
    [
        (trouble("certificate", "tls-expired", ""), "v.example", "Vault's certificate has expired"),
        (trouble("certificate", "tls-not-yet-valid", ""), "v.example", "Vault's certificate is not valid yet"),
        (trouble("certificate", "tls-name", ""), "v.example", "Vault's certificate is for another name than v.example"),
        (trouble("certificate", "tls-name", ""), "192.0.2.1", "Vault's certificate is for another address than 192."),
        (trouble("certificate", "tls-untrusted", ""), "v.example", "Vault's certificate is not trusted"),
        (trouble("connect", "refused", ""), "v.example", "Vault can't be reached (connection refused)"),
        (trouble("connect", "dropped", ""), "v.example", "Vault can't be reached (connection reset)"),
        (trouble("connect", "no-route", ""), "v.example", "Vault can't be reached (no route to host)"),
        (trouble("connect", "blocked", ""), "v.example", "Vault can't be reached (no answer)"),
        (trouble("proxy", "refused", ""), "v.example", "the proxy p:1 (from HTTPS_PROXY) doesn't lead there"),
        (trouble("lookup", "dns", "Name or service not known"), "v.example", "the host name v.example is not known"),
        (trouble("tls", "protocol", "wrong version number"), "v.example", "TLS failed (wrong version number)"),
        (trouble("tls", "tls-version", "sslv3 alert handshake failure"), "v.example", "TLS failed (sslv3 alert"),
        (
            said("proxy", "blocked", "407 \x1b[31m"),
            "v.example",
            "the proxy p:1 (from connection.proxy) doesn't lead there (407 \\x1b[31m)",
        ),
        (trouble("lost", "dropped", "whatever"), "v.example", "the connection broke"),
        (trouble("strange", "protocol", "whatever"), "v.example", "the connection broke"),
    ],
)
def test_what_no_word_of_vault_tells(found: Trouble, host: str, told: str) -> None:
    cause = causes.transport(found, host)
    assert cause.message.startswith(told)
    assert cause.hint


def test_a_certificate_of_an_unknown_issuer_names_it_and_the_roots_in_use() -> None:
    seen = Certificate("CN=vault", "CN=Corp CA\x1b", ("vault",), 0, 1)
    found = replace(trouble("certificate", "tls-untrusted", ""), certificate=seen)
    cause = causes.transport(found, "vault", roots="/etc/dts/wrong.pem (secrets.vault.ca_file)")
    assert cause.message == (
        "Vault's certificate is not trusted: it was issued by CN=Corp CA\\x1b, and /etc/dts/wrong.pem"
        " (secrets.vault.ca_file) holds no root for it"
    )
    assert cause.hint.startswith("put the certificate of that CA into this file")
    bare = causes.transport(found, "vault")
    assert bare.message.endswith("and the system has no root for it")
    assert bare.hint.startswith("name the CA's file: secrets.vault.ca_file")


def test_the_path_is_to_be_looked_at_before_the_policy_is_widened() -> None:
    hint = causes.denied(["kv/data/mail/wrong", "kv/mail/wrong"]).hint
    assert hint.startswith("first compare mount and path with what is stored")
    assert hint.index("vault kv list") < hint.index('the policy line that allows it: path "kv/data/mail/wrong"')


def test_the_servers_words_are_made_fit_to_be_shown() -> None:
    said = causes.words(["one\n\n", "two \x1b[31m s3cret-longer s3cret"], ["s3cret", "s3cret-longer", ""])
    assert said == "one two \\x1b[31m ******** ********"
    assert len(causes.words(["x" * 10_000])) < 400


def test_many_fields_are_not_all_named() -> None:
    hint = causes.no_field("kv/a", "x", [f"field{number:03}" for number in range(100)]).hint
    assert hint.endswith("field019, ...")
    assert causes.no_field("kv/a", "x", []).hint == "it has no fields at all"


def test_versions_of_the_reference() -> None:
    assert target_of("kv/a/b#c?version=3") == target_of("kv/a/b?version=3#c")
    assert target_of("kv/a/b#c").version is None
    for bad in ("kv/a#b?version=1?version=2", "kv/a?version=1#b?version=2", "kv/./a#b", "kv/../a#b"):
        with pytest.raises(SecretUnavailable):
            target_of(bad)
