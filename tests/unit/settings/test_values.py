"""Organisation and keys."""

from __future__ import annotations

import pytest

from dtsconf.settings.effective import Setting, display, is_literal, quoted, source, unset
from dtsconf.settings.values import LAYER_ORDER, covers
from tests.unit.settings.layers import WORKING, organisation, place


@pytest.mark.parametrize(
    ("name", "key", "covered"),
    [
        ("server", "server.host", True),
        ("server.host", "server.host", True),
        ("microsoft", "microsoft.smtp.port", True),
        ("microsoft.smtp", "microsoft.smtp.port", True),
        ("server.host", "server.port", False),
        ("server.ho", "server.host", False),
        ("mode", "model.x", False),
    ],
)
def test_a_name_covers_itself_and_all_below(name: str, key: str, covered: bool) -> None:
    assert covers(name, key) is covered


def test_the_organisation_gave_what_its_layer_holds_but_no_null() -> None:
    org = organisation({"server.host": "h.example", "server.port": None})
    assert (org.gave("server.host"), org.gave("server.port"), org.gave("sender.name")) == (True, False, False)


def test_a_machine_config_lists_what_was_given() -> None:
    org = organisation({**WORKING, "connection.timeout": 15}, name="machine", given=frozenset({"server.host"}))
    assert (org.gave("server.host"), org.gave("connection.timeout")) == (True, False)


def test_expects_may_name_groups() -> None:
    org = organisation(expects=["sender"])
    assert (org.expected("sender.email"), org.expected("server.host")) == (True, False)


def test_layers_run_from_defaults_to_the_command_line() -> None:
    assert LAYER_ORDER[0] == "default"
    assert LAYER_ORDER[-3:] == ("environment", "user", "command line")


def test_a_secret_in_clear_shows_as_hidden_and_references_as_they_are() -> None:
    literal = "env://DTS_EMAIL_LOGIN__PASSWORD"
    assert is_literal("login.password", literal)
    assert not is_literal("microsoft.client_secret", literal)
    assert display("login.password", literal) == "(hidden)"
    assert display("login.password", "env://NAME") == "env://NAME"
    assert quoted("login.password", literal) == "(hidden)"


def test_values_in_sentences() -> None:
    assert quoted("server.host", "h.example") == "'h.example'"
    assert quoted("server.port", None) == "null"
    assert quoted("sender.name", "a\x1b[31m") == "'a\\x1b[31m'"


def test_sources_in_sentences() -> None:
    assert source("profile", place(4)) == "profile, /etc/profiles/acme.yaml:4:3"
    assert source("default", None) == "default"


def test_unset_is_what_nobody_gave() -> None:
    org = organisation({**WORKING, "connection.timeout": 15}, name="machine", given=frozenset({"server.host"}))
    values = {
        "server.host": Setting("h.example", "machine", place()),
        "connection.timeout": Setting(15, "machine", place()),
        "sender.name": Setting("x", "user", place()),
        "sender.email": Setting(None, "user", place()),
        "mode": Setting("smtp", "default", None),
    }
    assert [key for key in values if unset(key, values, org)] == ["connection.timeout", "sender.email", "mode"]
