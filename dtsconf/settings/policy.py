"""The organisation's policy: locks, rules, recipients, message size. Pure and frozen.

The policies of a chain add up (`plus`): a child can add, never loosen. The JSON form is the machine config's: places
by file base name, line and column, since no folder belongs into that file. This module compares nothing with values:
that is `rules`' task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dtsconf.errors import Place, Where
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls

Op = Literal["one_of", "none_of", "matches", "min", "max", "present"]
OPS: tuple[Op, ...] = ("one_of", "none_of", "matches", "min", "max", "present")


@frozen
class Lock:
    """No higher layer changes `key` (a leaf, a group, or a section: verify, secrets, targets) or what lies below."""

    key: str
    where: Where | None


@frozen
class Rule:
    """A condition on one leaf key. `operand` is a tuple for one_of and none_of, a glob (or a tuple of them) for
    matches, a number or text for min and max, a bool for present."""

    key: str
    op: Op
    operand: Any
    because: str | None
    where: Where | None


@frozen
class Recipients:
    """One file's list of addresses and globs that mail may go to."""

    patterns: tuple[str, ...]
    where: Where | None


@frozen
class Policy:
    """Everything the chain's files forbid, root of the chain first. `max_size` in bytes of one message, or None.

    An address must match a pattern of *every* entry of `recipients`.
    """

    locks: tuple[Lock, ...] = ()
    rules: tuple[Rule, ...] = ()
    recipients: tuple[Recipients, ...] = ()
    max_size: int | None = None

    def lock_on(self, key: str) -> Lock | None:
        """The first lock that holds `key`: on it or on a group above it."""
        return next((lock for lock in self.locks if key == lock.key or key.startswith(lock.key + ".")), None)

    def rules_on(self, key: str) -> tuple[Rule, ...]:
        """The rules on exactly this leaf."""
        return tuple(rule for rule in self.rules if rule.key == key)

    def plus(self, child: Policy) -> Policy:
        """This policy and a child file's: lists add up, the smaller `max_size` counts."""
        sizes = [size for size in (self.max_size, child.max_size) if size is not None]
        return Policy(
            (*self.locks, *child.locks),
            (*self.rules, *child.rules),
            (*self.recipients, *child.recipients),
            min(sizes, default=None),
        )

    def to_json(self) -> dict[str, Any]:
        """The machine config's `policy` object; `from_json` of it gives an equal policy once places are base names."""
        return {
            "lock": [{"key": lock.key, "where": _place_to_json(lock.where)} for lock in self.locks],
            "rules": [_rule_to_json(rule) for rule in self.rules],
            "recipients": [
                {"patterns": list(entry.patterns), "where": _place_to_json(entry.where)} for entry in self.recipients
            ],
            "max_size": self.max_size,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Policy:
        """Read what `to_json` wrote. The shape must have been checked before (see `machine_config`)."""
        return Policy(
            tuple(Lock(lock["key"], _place_from_json(lock["where"])) for lock in data["lock"]),
            tuple(_rule_from_json(rule) for rule in data["rules"]),
            tuple(
                Recipients(tuple(entry["patterns"]), _place_from_json(entry["where"])) for entry in data["recipients"]
            ),
            data["max_size"],
        )


def _rule_to_json(rule: Rule) -> dict[str, Any]:
    operand = list(rule.operand) if isinstance(rule.operand, tuple) else rule.operand
    return {"key": rule.key, rule.op: operand, "because": rule.because, "where": _place_to_json(rule.where)}


def _rule_from_json(data: Mapping[str, Any]) -> Rule:
    op = next(name for name in OPS if name in data)
    operand = data[op]
    fixed = tuple(operand) if isinstance(operand, list) else operand
    return Rule(data["key"], op, fixed, data["because"], _place_from_json(data["where"]))


def _place_to_json(where: Where | None) -> dict[str, Any] | None:
    if not isinstance(where, Place):
        return None
    name = where.file.replace("\\", "/").rsplit("/", 1)[-1]
    return {"file": escape_controls(name), "line": where.line, "column": where.column}


def _place_from_json(data: Mapping[str, Any] | None) -> Place | None:
    return None if data is None else Place(data["file"], data["line"], data["column"])
