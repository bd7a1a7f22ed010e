"""Declared mappings: built unchecked, checked by the model of the same fields, and as JSON has them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from dtsconf.settings.declared import as_json, checked, defaults, field_types
from dtsconf.settings.model import Server, Settings
from dtsconf.settings.sections import ProfileFile, SecretsOptions, Target, VaultAuth, VaultOptions, Verify

VAULT = {"url": "https://vault.acme.example", "auth": {"method": "jwt", "role": "dts", "jwt": "env://JWT"}}


def test_what_is_checked_is_a_declared_value_all_the_way_down() -> None:
    found = checked(SecretsOptions, {"group": "dts", "vault": VAULT})
    auth = VaultAuth(method="jwt", role="dts", jwt="env://JWT")
    assert found == SecretsOptions(group="dts", vault=VaultOptions(url="https://vault.acme.example", auth=auth))


@pytest.mark.parametrize(
    ("kind", "tree"),
    [
        (Verify, {"retries": "3"}),
        (Verify, {"retires": 3}),
        (Settings, {"server": {"port": 0}}),
        (Settings, {"server": {"prot": 25}}),
        (Settings, {"server": None}),
        (SecretsOptions, {"vault": {"auth": {"jwt": "vault://kv/x#y"}}}),
        (ProfileFile, {"dtsconf": 1, "name": "x", "targets": ()}),
        (Target, {}),
    ],
)
def test_what_does_not_fit_is_refused_at_every_depth(kind: Any, tree: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        checked(kind, tree)


def test_values_are_normalised() -> None:
    raw = {"fingerprint": ":".join(["AB"] * 32)}
    assert checked(Server, raw).fingerprint == "ab" * 32
    assert Server.of_json(raw).fingerprint == raw["fingerprint"], "nothing is checked there"


@pytest.mark.parametrize(
    "value",
    [
        Verify(level="auth", pending=("sign-in", "user")),
        SecretsOptions(vault=VaultOptions(auth=VaultAuth(method="cert", certificate="file:///x"))),
        Target(kind="msmtp", path="/etc/msmtprc"),
        ProfileFile(dtsconf=1, name="x", targets=("dts", Target(kind="msmtp"))),
    ],
)
def test_as_json_and_back(value: Any) -> None:
    tree = as_json(value)
    assert list(tree) == list(field_types(type(value)))
    assert type(value).of_json(tree) == value


def test_what_is_left_out_has_its_default() -> None:
    assert Verify.of_json({"level": "auth"}) == Verify(level="auth")
    assert set(field_types(Target)) - set(defaults(Target)) == {"kind"}


def test_declarations_load_no_pydantic() -> None:
    code = "import sys, dtsconf.settings.sections, dtsconf.settings.shapes; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
