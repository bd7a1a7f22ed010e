"""`plan`: the changes as a diff for the terminal or a comment, and as data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from dtsconf.errors import Problem
from dtsconf.machine.diff import NO_TEXTS
from dtsconf.names import escape_controls
from dtsconf.render.common import notice_data, opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.machine.plan import Change, Plan

BAR = "\\|"
"""A bar within a table's cell (GitHub Flavored Markdown, 4.10)."""

SIGNS = {"create": "+", "update": "~", "delete": "-"}
REASONS = {
    "profile": "the profile differs from what was last applied",
    "machine": "somebody changed it on this machine",
    "both": "the profile changed, and somebody changed it on this machine",
    "secret": "a secret changed",
}


def data(plan: Plan) -> dict[str, Any]:
    """`changes` and `digest` as in the contract, and what the text tells besides."""
    return {
        "changes": changes_data(plan.changes),
        "digest": plan.digest,
        "profile": plan.profile or None,
        "from_environment": list(plan.from_environment),
        "left": list(plan.left),
        "content_not_checked": list(plan.unread),
        "secrets_read": plan.secrets_read,
        "secrets_changed": list(plan.rotated),
    }


def pending_data(plan: Plan, apply: str) -> dict[str, Any]:
    """The problem that exit 7 is about; `apply` is the command that mends it."""
    return {"problems": [notice_data(Problem("pending", summary(plan), apply))]}


def changes_data(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """One object a change."""
    return [
        {"target": c.target, "action": c.action, "path": c.path, "diff": c.diff, "reason": c.reason, "adopts": c.adopts}
        for c in changes
    ]


def text(plan: Plan, *, color: bool, root: str | None = None, verbose: bool = False) -> str:
    """The diff of every change with its reason; a plan that changes nothing says so in a line. Of the machine config
    the settings that differ, with `verbose` the file's own lines. `root` as this run was given it."""
    if plan.empty:
        return "Nothing to change: this machine holds what the profile asks for.\n" + _asides(plan, root)
    parts = []
    for change in plan.changes:
        path = opened(change.path, root)
        parts.append(f"{SIGNS[change.action]} {change.action} {path} ({change.target}): {_why(change, plan)}\n")
        shown = "" if verbose else _settings(change, path)
        shown = shown or _headed(change, path)
        parts.append(_colored(shown) if color else shown)
    return "".join(parts) + _asides(plan, root) + summary(plan) + "\n"


def _settings(change: Change, path: str) -> str:
    """The change of a machine config setting by setting, with what its diff says besides; empty for other files."""
    from dtsconf.render.settings_diff import settings_diff

    if change.target != "dts" or change.texts == NO_TEXTS:
        return ""
    found = settings_diff(path, change.texts.before, change.texts.after)
    notes = "".join(f"{line}\n" for line in change.diff.splitlines() if line.startswith("# "))
    return found and found + notes


def _headed(change: Change, path: str) -> str:
    """The file's diff with the path that its reader can open."""
    lines = change.diff.split("\n", 2)
    heads = [line[:4] + path if line[4:] == change.path else line for line in lines[:2]]
    return "\n".join([*heads, *lines[2:]])


def _why(change: Change, plan: Plan) -> str:
    adopts = "; the file there is not dtsconf's: needs --adopt" if change.adopts else ""
    reason = "nothing was applied here yet" if plan.last is None else REASONS[change.reason]
    if plan.from_environment:
        reason = reason.replace("the profile", "the profile, or the environment,")
    return reason + adopts


def environment(plan: Plan) -> str:
    """The settings whose value a variable gave; empty when none did."""
    from dtsconf.settings.keys import KEYS

    named = ", ".join(f"{key} ({KEYS[key].variable})" for key in plan.from_environment)
    return f"from the environment: {named}\n" if named else ""


def secrets(plan: Plan) -> str:
    """Which secrets are not the delivered ones any more, and which were not looked at; empty when there are none."""
    from dtsconf.machine.diff import rotated

    why = (
        "read, but comparing takes the machine's key: run it as root; where it is gone, apply makes a new one"
        if plan.secrets_read
        else _UNREAD
    )
    lines = [f"{rotated(key)}\n" for key in plan.rotated]
    return "".join([*lines, *(f"{key}: {why}\n" for key in plan.unlooked)])


_UNREAD = "not looked at, so a new value would not show here (plan --secrets reads it)"


def _asides(plan: Plan, root: str | None) -> str:
    lines = [environment(plan), secrets(plan)]
    lines += [f"left alone, since somebody changed it: {opened(path, root)}\n" for path in plan.left]
    lines += [f"content not checked (not readable for you): {opened(path, root)}\n" for path in plan.unread]
    return "".join(lines)


def summary(plan: Plan) -> str:
    """The number of files an action, such as `Plan: 1 to create, 2 to update.`."""
    counts = [(sum(c.action == action for c in plan.changes), action) for action in SIGNS]
    return "Plan: " + (", ".join(f"{n} to {action}" for n, action in counts if n) or "a new record alone") + "."


def markdown(plan: Plan) -> str:
    """For a comment on a change request: a heading, a table of files, the diffs folded."""
    head = f"### dtsconf: {_code(plan.profile)}\n\n" if plan.profile else "### dtsconf\n\n"
    if plan.empty:
        return f"{head}Nothing to change.\n" + (f"\n{secrets(plan)}" if secrets(plan) else "")
    rows = "".join(f"| {c.action} | {_code(c.path).replace('|', BAR)} | {_why(c, plan)} |\n" for c in plan.changes)
    diffs = "".join(_folded(c) for c in plan.changes)
    told = secrets(plan).replace("\n", "\n\n")
    return f"{head}{summary(plan)}\n\n{told}| action | file | why |\n|---|---|---|\n{rows}\n{diffs}"


def _code(text: str) -> str:
    """A code span that no back-tick in the text ends (CommonMark 0.31, 6.1)."""
    ticks = _fence(text, 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{escape_controls(text)}{pad}{ticks}"


def _fence(text: str, least: int) -> str:
    """More back-ticks than any run of them in the text, and not fewer than `least`."""
    return "`" * max([least, *(len(run) + 1 for run in re.findall("`+", text))])


def _folded(change: Change) -> str:
    from html import escape

    fence = _fence(change.diff, 3)
    title = escape(escape_controls(change.path))
    return f"<details><summary>{title}</summary>\n\n{fence}diff\n{change.diff}{fence}\n\n</details>\n"


def _colored(diff: str) -> str:
    colors = {"+": "green", "-": "red", "@": "cyan"}
    return "".join(click.style(line, fg=colors.get(line[:1])) for line in diff.splitlines(keepends=True))
