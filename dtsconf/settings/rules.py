"""Rules against effective values. Pure: values in, problems out (exit 4).

A rule is checked on the effective value, whichever layer gave it, the organisation's own included; for the port that
is the number which null stands for. Rules on the branch of the mode that is not in use rest. On null only `present`
fails: a value that isn't there can't be a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from dtsconf.errors import Problem
from dtsconf.settings.effective import Setting, origin_of, quoted, unset
from dtsconf.settings.keys import KEYS
from dtsconf.settings.model import DEFAULT_PORTS
from dtsconf.settings.policy import Rule
from dtsconf.settings.values import Organisation
from dtsconf.settings.wording import shown

BRANCHES = {"server": "smtp", "login": "smtp", "microsoft": "microsoft"}
"""Groups that only one mode uses."""

SHARED = frozenset({"server.ca_file"})
"""Keys of such a group that both modes use."""

EXACT = frozenset({"server.ca_file"})
"""Texts in which upper and lower case differ, besides secret references."""


def broken(values: Mapping[str, Setting], org: Organisation, *, complete: bool = True) -> list[Problem]:
    """Every broken rule as a problem (code 4), in the order of the files.

    With `complete` False (a profile that others extend) a value that nobody has set yet breaks nothing: it is for the
    child to give. The same goes for a key in `expects`, which the environment or each user gives.
    """
    problems = []
    for rule in org.policy.rules:
        open_yet = unset(rule.key, values, org) and (not complete or org.expected(rule.key))
        if in_use(rule.key, values["mode"].value) and not open_yet and not holds(rule, ruled_value(rule.key, values)):
            problems.append(_at_odds(rule, org) or _problem(rule, values))
    return list(dict.fromkeys(problems))


def _at_odds(rule: Rule, org: Organisation) -> Problem | None:
    """That the rule and another one leave no value at all (code 3): then it is them that are wrong."""
    low = [one for one in org.policy.rules_on(rule.key) if one.op == "min"]
    high = [one for one in org.policy.rules_on(rule.key) if one.op == "max"]
    pairs = ((one, other) for one in low for other in high if _number(one.operand) > _number(other.operand))
    pair = next((pair for pair in pairs if rule in pair), None)
    if pair is None:
        return None
    told = " and ".join(f"{words(one)}{f' (rule at {one.where})' if one.where else ''}" for one in pair)
    return Problem(
        "rule", f"{rule.key} must {told}: no value is both", "change one of the two", pair[1].where, rule.key
    )


def in_use(key: str, mode: str) -> bool:
    """Whether the mode reads this key at all."""
    return key in SHARED or BRANCHES.get(key.split(".", 1)[0], mode) == mode


def leaves(key: str, value: Any, org: Organisation) -> bool:
    """Whether the organisation leaves it to the layers above to give the key this value."""
    return org.policy.lock_on(key) is None and all(holds(rule, value) for rule in org.policy.rules_on(key))


def ruled_value(key: str, values: Mapping[str, Setting]) -> Any:
    """The value that rules see: as it is, but the port that null stands for."""
    value = values[key].value
    if key == "server.port" and value is None:
        return DEFAULT_PORTS[values["server.encryption"].value]
    return value


def holds(rule: Rule, value: Any) -> bool:
    """Whether the value satisfies the rule. Host names, addresses and other texts compare without regard to case
    (RFC 4343: names in DNS have none), so that no spelling slips past a `none_of`; paths and references exactly."""
    match rule.op:
        case "present":
            return (value is not None) == bool(rule.operand)
        case _ if value is None:
            return True
        case "one_of":
            return any(_same(rule.key, value, item) for item in rule.operand)
        case "none_of":
            return not any(_same(rule.key, value, item) for item in rule.operand)
        case "matches":
            return any(_matches(rule.key, value, glob) for glob in _listed(rule.operand))
        case "min":
            return _number(value) >= _number(rule.operand)
        case "max":
            return _number(value) <= _number(rule.operand)


def words(rule: Rule) -> str:
    """The rule as the end of a sentence that starts `it must`."""
    listed = ", ".join(quoted(rule.key, item) for item in _listed(rule.operand))
    several = len(_listed(rule.operand)) > 1
    match rule.op:
        case "one_of":
            return f"be one of {listed}" if several else f"be {listed}"
        case "none_of":
            return f"be none of {listed}" if several else f"not be {listed}"
        case "matches":
            return f"match {listed}"
        case "min":
            return f"be at least {listed}"
        case "max":
            return f"be at most {listed}"
        case "present":
            return "be set" if rule.operand else "not be set"


def _problem(rule: Rule, values: Mapping[str, Setting]) -> Problem:
    setting = values[rule.key]
    value = ruled_value(rule.key, values)
    encryption = quoted("server.encryption", values["server.encryption"].value)
    derived = f" (the port of encryption {encryption})" if value != setting.value else ""
    at = f" (rule at {rule.where})" if rule.where else ""
    because = f": {rule.because}" if rule.because else ""
    return Problem(
        "rule-broken",
        f"{rule.key} is {quoted(rule.key, value)}{derived}, {_given(setting)}; it must {words(rule)}{at}{because}",
        _glob_meant(rule, value) or _hint(rule, setting),
        setting.where or rule.where,
        rule.key,
        code=4,
    )


def _given(setting: Setting) -> str:
    return origin_of(setting) if setting.settled else f"given by {origin_of(setting)}"


def _hint(rule: Rule, setting: Setting) -> str:
    if setting.layer == "default":
        return f"set {rule.key} in the profile: it must {words(rule)}"
    place = f" at {setting.where}" if setting.where else ""
    return f"change {rule.key}{place}, or take it out to fall back to the layer below (`dtsconf explain {rule.key}`)"


_FOREIGN = re.compile(r"^\^|\$$|\\\.|[.\])][*+]|^/.*/$|%")
"""What a glob hardly holds: a regular expression does, or a pattern of SQL."""

_REPEATED = re.compile(r"(?:\[[^\]]+\]|\([^)]*\)|(?<!\\)\.)[*+]")


def _glob_meant(rule: Rule, value: Any) -> str | None:
    """What to write in a rule whose pattern is of another kind; None where the glob of it doesn't hold either."""
    if rule.op != "matches":
        return None
    for pattern in map(str, _listed(rule.operand)):
        bare = re.sub(r"^/(.*)/$", r"\1", pattern).removeprefix("^").removesuffix("$")
        glob = _REPEATED.sub("*", bare).replace("\\", "").replace("%", "*")
        if _FOREIGN.search(pattern) and _matches(rule.key, value, glob):
            at = f" at {rule.where}" if rule.where else ""
            return f"matches takes a glob, with * for any text, no regular expression and no %: write {shown(glob)}{at}"
    return None


def _listed(operand: Any) -> tuple[Any, ...]:
    return operand if isinstance(operand, tuple) else (operand,)


def _fold(key: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    if not isinstance(value, str):
        return float(value)
    if key in EXACT or KEYS[key].kind == "secret":
        return value
    return value.casefold().rstrip(".") if key.endswith(".host") else value.casefold()


def _same(key: str, value: Any, item: Any) -> bool:
    left, right = _fold(key, value), _fold(key, item)
    if isinstance(left, str) and isinstance(right, float):  # min_tls: 1.2, quoted or not
        return left == str(right)
    return type(left) is type(right) and left == right


def _matches(key: str, value: Any, glob: Any) -> bool:
    text = value if isinstance(value, str) else quoted(key, value)
    return fnmatchcase(str(_fold(key, text)), str(_fold(key, glob if isinstance(glob, str) else quoted(key, glob))))


def _number(value: Any) -> float:
    """The number a value is or spells (min_tls); not-a-number for any other text, which fails every comparison."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
