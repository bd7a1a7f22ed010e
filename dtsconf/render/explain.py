"""`explain`: every layer's word on one setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.names import escape_controls
from dtsconf.render.common import where_data
from dtsconf.settings.wording import in_yaml

if TYPE_CHECKING:
    from dtsconf.settings.explain import Explanation, LayerView, RuleView


def data(found: Explanation) -> dict[str, Any]:
    """`key, value, layers: [{layer, value, where, state}], locked_at, rules` and what the key means. `state` is one of
    wins, overridden, set aside, absent and refused, with `why` for the last."""
    return {
        "key": found.key,
        "value": found.value,
        "layers": [
            {"layer": v.layer, "value": v.value, "where": where_data(v.where), "state": v.state}
            | ({"why": v.why} if v.why else {})
            for v in found.layers
        ],
        "locked": found.locked,
        "locked_at": where_data(found.locked_at),
        "rules": [_rule_data(view) for view in found.rules],
        "meaning": found.meaning,
        "variable": found.variable,
        "choices": list(found.choices),
        "keys": list(found.keys),
        "expected": found.expected,
    }


def _rule_data(view: RuleView) -> dict[str, Any]:
    rule = view.rule
    operand = list(rule.operand) if isinstance(rule.operand, tuple) else rule.operand
    return {
        "rule": rule.op,
        "operand": operand,
        "words": view.words,
        "holds": view.holds,
        "because": rule.because,
        "where": where_data(rule.where),
    }


def text(found: Explanation) -> str:
    """The value and its meaning, then the layers from the strongest down, the lock and the rules."""
    lines = [found.key + ("" if found.keys else f" = {in_yaml(found.value)}") + "\n"]
    lines.append(f"  {found.meaning}\n" if found.meaning else "")
    lines += [f"  one of: {', '.join(found.choices)}\n"] if found.choices else []
    if found.keys:
        lines.append(f"  a group; it holds {', '.join(found.keys)}\n")
    decided = any(view.state == "wins" for view in found.layers)
    lines += [_layer(view, decided=decided) for view in reversed(found.layers)]
    if found.locked:
        place = f" at {escape_controls(found.lock_told)}" if found.lock_told else ""
        lines.append(f"  locked{place}: no higher layer changes it\n")
    lines += [_rule(view) for view in found.rules]
    if found.expected:
        lines.append(f"  expected from the environment or each user: {found.variable}\n")
    return "".join(lines)


def _layer(view: LayerView, *, decided: bool) -> str:
    if view.state == "absent":
        return f"  {view.layer:<13} -\n"
    place = f"  ({escape_controls(str(view.where))})" if view.where else ""
    state = f"{'' if decided else 'wins, but '}refused: {escape_controls(view.why)}" if view.why else view.state
    return f"  {view.layer:<13} {in_yaml(view.value)}{place}  {state}\n"


def _rule(view: RuleView) -> str:
    because = f": {view.rule.because}" if view.rule.because else ""
    state = {True: "holds", False: "BROKEN", None: "rests in this mode"}[view.holds]
    return "  " + escape_controls(f"rule at {view.rule.where}: must {view.words}{because}  ({state})") + "\n"
