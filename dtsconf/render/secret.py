"""`secret check` and `secret set`: one line a reference, never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dtsconf.names import escape_controls
from dtsconf.render.common import notice_data, painted, where_data
from dtsconf.settings.keys import KEYS
from dtsconf.times import in_words

if TYPE_CHECKING:
    from dtsconf.secret.check import Tried


def data(tried: Sequence[Tried]) -> dict[str, Any]:
    """`references` and, when one fails, `problems`."""
    found: dict[str, Any] = {"references": [_entry(one) for one in tried]}
    problems = [
        replace(one.problem, message=f"{one.wanted.key}: {one.problem.message}") for one in tried if one.problem
    ]
    return found | ({"problems": [notice_data(problem) for problem in problems]} if problems else {})


def _entry(one: Tried) -> dict[str, Any]:
    return {
        "key": one.wanted.key,
        "reference": shown(one),
        "backend": one.backend,
        "ok": one.problem is None,
        "ms": one.ms,
        **{name: one.facts.get(name) for name in _NAMED},
        "facts": {name: fact for name, fact in one.facts.items() if name not in _NAMED},
        "message": one.problem.message if one.problem else None,
        "hint": one.problem.hint if one.problem else None,
        "where": where_data(one.wanted.where, one.wanted.key),
    }


def text(tried: Sequence[Tried], *, color: bool = False) -> str:
    """A line a reference, and one that counts."""
    if not tried:
        return "no setting refers to a secret\n"
    wide = max(len(one.wanted.key) for one in tried)
    rows = [_row(one, wide, color=color) for one in tried]
    failed = sum(one.problem is not None for one in tried)
    count = f"{len(tried)} reference{'' if len(tried) == 1 else 's'}: "
    return "".join(rows) + count + (f"{failed} can't be had\n" if failed else "all can be had\n")


def _row(one: Tried, wide: int, *, color: bool) -> str:
    told = "; ".join(_facts(one))
    if one.problem:
        told = one.problem.message + (f"; hint: {one.problem.hint}" if one.problem.hint else "")
    mark = painted("FAIL", "red", on=color) if one.problem else painted("ok", "green", on=color) + "  "
    row = f"{one.wanted.key:{wide}}  {shown(one)}  {one.ms:.0f} ms  {told}"
    return f"{mark}  {escape_controls(row.rstrip())}\n"


def _facts(one: Tried) -> list[str]:
    facts = one.facts
    whose = f" of {facts['whose']}" if "whose" in facts else ""
    store = [f"{facts['store']}{whose}"] if "store" in facts else [whose[4:]] if whose else []
    version = [f"version {facts['version']}"] if "version" in facts else []
    times = [_time(*words, facts[name]) for name, words in _TIMES.items() if name in facts]
    others = [f"{name} {fact}" for name, fact in facts.items() if name not in _NAMED]
    return [*store, *version, *times, *others]


_NAMED = ("store", "whose", "version", "changed", "expiry")
_TIMES = {"changed": ("changed", "changed"), "expiry": ("expired", "expires")}
"""The words for what was, and for what is to come."""


def _time(was: str, comes: str, stamp: str) -> str:
    """How long ago an ISO 8601 time was or how long it is until then, with the time itself, behind the word for it."""
    from datetime import UTC, datetime

    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return f"{comes} {stamp}"
    away = (when - datetime.now(UTC)).total_seconds()
    return f"{was} {in_words(abs(away))} ago ({stamp})" if away < 0 else f"{comes} in {in_words(away)} ({stamp})"


def shown(one: Tried) -> str:
    """The reference; a literal in a variable has none that anybody wrote."""
    from dtsconf.settings.effective import display

    key = one.wanted.key
    return str(display(key, one.wanted.reference)) if key in KEYS else one.wanted.reference
