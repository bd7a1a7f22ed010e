"""A migration as text: what the tenant needs, what the new profile says, how the conditions stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.migrate.values import Condition, Migration, Step

WIDTH = 100
_MARKS = {True: "ok  ", False: "FAIL", None: "-   "}


def as_text(found: Migration) -> str:
    """The whole report."""
    if not found.steps:
        return f"{escape_controls(found.profile)} is Microsoft sign-in already: nothing to migrate\n"
    parts = [
        "What must exist in the tenant\n",
        *(_step(number, step) for number, step in enumerate(found.steps, 1)),
        "\nThe new profile\n\n" + (found.diff or "no change\n"),
        "\nThis machine\n\n" + "".join(map(_condition, found.found.conditions)),
        "\n" + _end(found),
    ]
    return "".join(parts)


def _step(number: int, step: Step) -> str:
    import textwrap

    detail = textwrap.fill(
        step.detail,
        WIDTH,
        initial_indent="   ",
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = "".join(f"     {shell + ':':12}{text}\n" for shell, text in step.commands)
    return f"\n{number}. {step.title}\n{detail}\n{lines}"


def _condition(one: Condition) -> str:
    hint = f"\n                 hint: {escape_controls(one.hint)}" if one.hint else ""
    return f"  {_MARKS[one.ok]} {one.name:10} {escape_controls(one.detail)}{hint}\n"


def _end(found: Migration) -> str:
    if found.kept:
        kept, written = escape_controls(found.kept), escape_controls(found.written or "")
        return f"Proven by a mail. {written} is the new profile; the old one is kept as {kept}.\n"
    if found.written:
        proven = "Proven by a mail." if not found.code else "NOT PROVEN yet."
        return f"{proven} The new profile is in {escape_controls(found.written)}; the old one is as it was.\n"
    return "NOT PROVEN. Nothing was written: the old profile is as it was.\n"
