"""Why a setting is what it is: every layer's value, who won, locks, rules, meaning. Pure; shows, never judges.

Works on settings that don't pass their checks too: that is when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dtsconf.errors import UsageProblem, Where
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls
from dtsconf.settings import check, rules, secrecy
from dtsconf.settings.effective import display
from dtsconf.settings.keys import GROUPS, KEYS, below, meaning, nearest, nearest_key
from dtsconf.settings.policy import Rule
from dtsconf.settings.resolve import DEFAULTS, Merged, merge
from dtsconf.settings.values import Layer, LayerName, Organisation, Value

State = Literal["wins", "overridden", "set aside", "absent", "refused"]
"""`refused`: the settings can't be used because of this value; see `LayerView.why`."""


@frozen
class LayerView:
    """What one layer says about the key. `value` is fit for showing; None with state `absent` means it says nothing."""

    layer: LayerName
    value: Any
    where: Where | None
    state: State
    why: str | None = None
    """Why the value is refused."""


@frozen
class RuleView:
    """A rule on the key, in words (`be one of 'tls', 'starttls'`). `holds` is None where the mode in use rests it."""

    rule: Rule
    words: str
    holds: bool | None


@frozen
class Explanation:
    """All about one key; for a group the keys it holds, its locks and its meaning, the rest empty.

    `layers` run from the defaults upward. `value` is fit for showing.
    """

    key: str
    value: Any
    layers: tuple[LayerView, ...]
    locked_at: Where | None
    locked: bool
    rules: tuple[RuleView, ...]
    meaning: str
    variable: str | None = None
    choices: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    expected: bool = False
    lock_told: str | None = None
    """The lock's place, in words."""


def explain(key: str, org: Organisation, layers: Sequence[Layer] = ()) -> Explanation:
    """Explain a setting, a group, or a field of `verify` or `secrets` under the organisation's layer and the higher
    `layers`.

    Raises:
        UsageProblem: there is no such key.
    """
    if key in GROUPS:
        return _group(key, org)
    if key not in KEYS:
        return _field(key, org)
    merged = merge(org, layers)
    setting = merged.origin[key]
    return Explanation(
        key,
        display(key, setting.value),
        _views(key, merged, org, layers),
        setting.locked_at,
        setting.locked,
        tuple(_rule(rule, merged) for rule in org.policy.rules_on(key)),
        meaning(key),
        KEYS[key].variable,
        KEYS[key].choices,
        (),
        org.expected(key),
        _told(org, setting.locked_at),
    )


def _told(org: Organisation, where: Where | None) -> str | None:
    return None if where is None else org.locked_at(where)


def _field(name: str, org: Organisation) -> Explanation:
    """What the organisation says besides the settings: no other layer has a say there."""
    from dtsconf.settings.section_fields import field_meanings, field_value

    if name not in field_meanings():
        raise _unknown(name, tuple(field_meanings()))
    value, where = field_value(name, org), org.place_of(name)
    given = org.layer.name == "machine" or where is not None
    views = (LayerView(org.layer.name if given else "default", value, where, "wins"),)
    lock = org.policy.lock_on(name)
    place = lock.where if lock else None
    told = _told(org, place)
    return Explanation(name, value, views, place, lock is not None, (), field_meanings()[name], lock_told=told)


def _unknown(name: str, fields: tuple[str, ...]) -> UsageProblem:
    near = (name.startswith(("verify.", "secrets.")) and nearest(name, fields)) or nearest_key(name)
    known = f"a setting ({next(iter(KEYS))}, ...), a group ({', '.join(GROUPS)}), or a field of verify or secrets"
    hint = f"did you mean {near}?" if near else f"name {known}, such as {fields[0]}; `dtsconf show` lists the settings"
    return UsageProblem(f"unknown setting '{escape_controls(name)}'", hint)


def _group(name: str, org: Organisation) -> Explanation:
    lock = org.policy.lock_on(name)
    where = lock.where if lock else None
    held, told = below(name), _told(org, where)
    return Explanation(name, None, (), where, lock is not None, (), meaning(name), keys=held, lock_told=told)


def _views(key: str, merged: Merged, org: Organisation, layers: Sequence[Layer]) -> tuple[LayerView, ...]:
    given = {layer.name: layer.values[key] for layer in layers if key in layer.values}
    if key in org.layer.values:
        given[org.layer.name] = org.layer.values[key]
    order: tuple[LayerName, ...] = ("default", org.layer.name, "environment", "user", "command line")
    refusals = _refusals(key, merged, org, layers)
    return tuple(
        _view(key, name, DEFAULTS[key] if name == "default" else given.get(name), merged, refusals) for name in order
    )


def _refusals(key: str, merged: Merged, org: Organisation, layers: Sequence[Layer]) -> dict[Where, str]:
    """Why a value of the key makes the settings unusable, by its place. Broken rules are shown as rules."""
    found = (
        *secrecy.redirected(merged.origin, org, merged.layers, DEFAULTS),
        *check.cleartext_elsewhere(layers),
        *check.impossible(merged.origin, org),
    )
    return {problem.where: problem.message for problem in found if problem.key == key and problem.where is not None}


def _view(key: str, name: LayerName, value: Value | None, merged: Merged, refusals: Mapping[Where, str]) -> LayerView:
    if value is None:
        return LayerView(name, None, None, "absent")
    aside = any(item.key == key and item.layer == name for item in merged.set_aside)
    state: State = "set aside" if aside else "wins" if merged.origin[key].layer == name else "overridden"
    why = refusals.get(value.where) if value.where is not None and state != "set aside" else None
    return LayerView(name, display(key, value.raw), value.where, "refused" if why else state, why)


def _rule(rule: Rule, merged: Merged) -> RuleView:
    used = rules.in_use(rule.key, merged.origin["mode"].value)
    value = rules.ruled_value(rule.key, merged.origin)
    return RuleView(rule, rules.words(rule), rules.holds(rule, value) if used else None)
