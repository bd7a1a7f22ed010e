"""What is derived from the model, and the guess at what was meant."""

from __future__ import annotations

import pytest

from dtsconf.settings.declared import Declared, field_types, mappings_in
from dtsconf.settings.docs import of_class
from dtsconf.settings.keys import GROUPS, KEYS, SECTIONS, VARIABLES, below, meaning, nearest, nearest_key
from dtsconf.settings.sections import ProfileFile


def test_keys_are_the_contract_s_tree_in_its_order() -> None:
    assert list(KEYS)[:6] == ["mode", "sender.name", "sender.email", "server.host", "server.port", "server.encryption"]
    assert len(KEYS) == 28
    assert GROUPS == ("sender", "server", "login", "microsoft", "microsoft.smtp", "connection")


def test_a_variable_has_the_path_with_two_underscores() -> None:
    assert KEYS["microsoft.smtp.host"].variable == "DTS_EMAIL_MICROSOFT__SMTP__HOST"
    assert VARIABLES["DTS_EMAIL_SERVER__CA_FILE"].name == "server.ca_file"
    assert len(VARIABLES) == len(KEYS)


def test_kinds_and_labels() -> None:
    assert {key.kind for key in KEYS.values()} == {"text", "choice", "bool", "int", "number", "secret"}
    assert [key.name for key in KEYS.values() if key.kind == "secret"] == [
        "login.password",
        "microsoft.client_secret",
        "microsoft.certificate",
        "microsoft.client_assertion",
    ]
    assert [screen.label for screen in KEYS["server.host"].screens] == ["Outgoing mail server (SMTP)"]
    assert KEYS["server.ca_file"].is_path


def test_everything_has_a_meaning() -> None:
    for name in (*KEYS, *GROUPS):
        assert meaning(name).endswith("."), name
    assert meaning("server.prot") == ""


def test_every_profile_field_has_a_meaning() -> None:
    found: list[type[Declared]] = [ProfileFile]
    while found:
        declared = found.pop()
        for name, kind in field_types(declared).items():
            assert of_class(declared).get(name, "").endswith("."), f"{declared.__name__}.{name}"
            found += mappings_in(kind)


def test_below() -> None:
    assert below("login.password") == ("login.password",)
    assert below("microsoft.smtp") == ("microsoft.smtp.host", "microsoft.smtp.port")
    assert below("serv") == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("server.prot", "server.port"),
        ("servr", "server"),
        ("host", "server.host"),
        ("smtp.port", "microsoft.smtp.port"),
        ("password", "login.password"),
        ("login.user", "login.username"),
        ("server.ca-file", "server.ca_file"),
        ("SERVER.HOST", "server.host"),
        ("zzzzzz", None),
    ],
)
def test_the_nearest_key(word: str, meant: str | None) -> None:
    assert nearest_key(word) == meant


def test_the_nearest_word_of_a_few() -> None:
    assert nearest("verfy", SECTIONS) == "verify"
    assert nearest("x" * 10_000, SECTIONS) is None
