"""A diff of two machine configs setting by setting: what people want to see of a change, in the form of a diff.

Lines that say the built-in default are left out where there is nothing to compare with: the file holds every default,
and nobody chose those.
"""

from __future__ import annotations

import json
from typing import Any

from dtsconf.names import escape_controls

_LEFT_OUT = frozenset({"format", "given"})
"""What the file needs and nobody sets."""


def settings_diff(path: str, before: str | None, after: str | None) -> str:
    """`-server.host: null`, `+server.host: mail.acme.example` and so on, under two lines that name the sides; `path` is
    the file's. The texts are whole files, None where there is none. Empty when a text is no machine config, or when
    only something differs that nobody set."""
    try:
        old, new = _flat(before), _flat(after)
    except (ValueError, RecursionError):
        return ""
    if old is None or new is None:
        return ""
    rows = []
    for key in _ordered({*old, *new}):
        if old.get(key) != new.get(key):
            rows += [f"{sign}{key}: {side[key]}\n" for sign, side in (("-", old), ("+", new)) if key in side]
    names = ("built-in defaults" if before is None else path, "built-in defaults" if after is None else path)
    return f"--- {names[0]}\n+++ {names[1]}\n{''.join(rows)}" if rows else ""


def _ordered(keys: set[str]) -> list[str]:
    """The settings first, which stand there without a dotted prefix of their own."""
    from dtsconf.settings.keys import KEYS

    places = {key: place for place, key in enumerate(KEYS)}
    return sorted(keys, key=lambda key: (places.get(key, len(places)), key))


def _flat(text: str | None) -> dict[str, str] | None:
    """Dotted keys with their values in words; None when the text is no machine config. Raises: ValueError: no JSON."""
    content = _defaults() if text is None else json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("settings"), dict):
        return None
    rows: dict[str, str] = {}
    for name, value in content.items():
        if name not in _LEFT_OUT:
            _put(rows, "" if name == "settings" else name, value)
    return rows


def _put(rows: dict[str, str], key: str, value: Any) -> None:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            _put(rows, f"{key}.{name}" if key else name, inner)
    elif value not in ({}, []):
        rows[escape_controls(key)] = _words(value)


def _words(value: Any) -> str:
    from dtsconf.settings.wording import in_yaml

    if isinstance(value, list):
        bare = [_bare(each) for each in value]
        words = [_words(each) for each in bare]
        if bare and all(isinstance(each, list) for each in bare):
            return " and ".join(words)  # recipients of several files: an address must be in each
        return f"[{', '.join(words)}]"
    if isinstance(value, dict):
        plain = _plain(value)
        return escape_controls("{" + ", ".join(f"{name}: {_words(inner)}" for name, inner in plain.items()) + "}")
    return in_yaml(value)


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name != "where" and inner is not None}


def _bare(value: Any) -> Any:
    """What a mapping with one thing in it holds; anything else as it is."""
    plain = _plain(value) if isinstance(value, dict) else {}
    return next(iter(plain.values())) if len(plain) == 1 else value


def _defaults() -> dict[str, Any]:
    """A machine config in which nobody has set anything."""
    from dtsconf.settings.declared import as_json
    from dtsconf.settings.policy import Policy
    from dtsconf.settings.resolve import DEFAULTS
    from dtsconf.settings.sections import SecretsOptions, Target, Verify
    from dtsconf.settings.values import nested

    return {
        "profile": "",
        "settings": nested({key: value.raw for key, value in DEFAULTS.items()}),
        "policy": Policy().to_json(),
        "verify": as_json(Verify()),
        "secrets": as_json(SecretsOptions()),
        "targets": [as_json(Target(kind="dts"))],
        "record": None,
    }
