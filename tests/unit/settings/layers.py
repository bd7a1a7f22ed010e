"""Layers, organisations and generated values for the tests of `settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from dtsconf.errors import Option, Place, Variable, Where
from dtsconf.settings.keys import KEYS
from dtsconf.settings.policy import Lock, Op, Policy, Rule
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.values import Layer, LayerName, Organisation, Value

WORKING = {"server.host": "mail.acme.example", "server.encryption": "starttls", "sender.email": "dts@acme.example"}
"""The least that works in smtp mode, without a login."""

LOGIN = {**WORKING, "login.required": True, "login.username": "dts", "login.password": "file:///etc/secret"}
"""The same with a login, its secret in the same layer."""

APPLICATION = {
    "mode": "microsoft",
    "sender.email": "dts@acme.example",
    "microsoft.client_id": "00000000-0000-0000-0000-000000000001",
    "microsoft.flow": "application",
    "microsoft.tenant": "acme.example",
    "microsoft.client_secret": "file:///etc/secret",
}


def place(line: int = 1, file: str = "/etc/profiles/acme.yaml") -> Place:
    """A place in the profile."""
    return Place(file, line, 3)


def organisation(
    values: Mapping[str, Any] = WORKING,
    *,
    locks: Iterable[str] = (),
    rules: Iterable[Rule] = (),
    expects: Iterable[str] = (),
    name: LayerName = "profile",
    given: frozenset[str] | None = None,
) -> Organisation:
    """An organisation whose values stand in lines 1, 2, ... of its profile and whose locks in lines 101, 102, ..."""
    layer = Layer(name, {key: Value(raw, place(n)) for n, (key, raw) in enumerate(values.items(), 1)})
    locked = tuple(Lock(key, place(n)) for n, key in enumerate(locks, 101))
    policy = Policy(locked, tuple(rules))
    return Organisation(
        "acme", layer, policy, Verify(), SecretsOptions(), (Target(kind="dts"),), None, tuple(expects), given=given
    )


def rule(key: str, op: Op, operand: Any, because: str | None = None) -> Rule:
    """A rule in line 200 of the profile."""
    return Rule(key, op, operand, because, place(200))


def layer(name: LayerName, values: Mapping[str, Any]) -> Layer:
    """A higher layer with the places that its kind has."""
    return Layer(name, {key: Value(raw, where_of(name, key)) for key, raw in values.items()})


def where_of(name: LayerName, key: str) -> Where:
    """Where a value of a higher layer comes from."""
    if name == "environment":
        return Variable(KEYS[key].variable)
    return Option(f"--set {key}") if name == "command line" else Place("/home/u/.config/dts/email.yaml", 1, 1)


def environment(**values: Any) -> Layer:
    """`environment(server__port=587)`."""
    return layer("environment", {key.replace("__", "."): raw for key, raw in values.items()})


def user(**values: Any) -> Layer:
    """`user(server__port=587)`."""
    return layer("user", {key.replace("__", "."): raw for key, raw in values.items()})


def command_line(**values: Any) -> Layer:
    """`command_line(server__port=587)`."""
    return layer("command line", {key.replace("__", "."): raw for key, raw in values.items()})


_TEXTS: Mapping[str, tuple[Any, ...]] = {
    "sender.name": ("DTS", "Bohrung Süd", ""),
    "sender.email": ("a@acme.example", "b@acme.example"),
    "server.host": ("mail.acme.example", "192.0.2.1", "2001:db8::1"),
    "server.ca_file": ("/etc/dts/a.pem", "/etc/dts/b.pem"),
    "server.fingerprint": ("ab" * 32, "cd" * 32),
    "login.username": ("dts", "dts@acme.example"),
    "microsoft.client_id": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    "microsoft.tenant": ("acme.example", "common"),
    "microsoft.authority": ("https://login.microsoftonline.com", "https://login.example/tenant"),
    "microsoft.smtp.host": ("smtp.office365.com", "smtp.example"),
    "connection.proxy": ("system", "none", "http://proxy.example:3128"),
}


def _values_of(key: str) -> st.SearchStrategy[Any]:
    kind = KEYS[key].kind
    if kind == "choice":
        return st.sampled_from((*KEYS[key].choices, None))
    if kind == "bool":
        return st.sampled_from((True, False, None))
    if kind == "secret":
        return st.sampled_from(("file:///etc/secret", "env://NAME", "vault://kv/dts#password", None))
    if kind == "int":
        return st.one_of(st.integers(1, 65535), st.none())
    if kind == "number":
        return st.one_of(st.integers(1, 3600), st.floats(0.001, 3600, allow_nan=False).map(_plain), st.none())
    return st.sampled_from((*_TEXTS[key], None))


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number


def trees(keys: Iterable[str] = KEYS) -> st.SearchStrategy[dict[str, Any]]:
    """Any part of the settings tree, flat, with checked values and nulls."""
    return st.fixed_dictionaries({}, optional={key: _values_of(key) for key in keys})
