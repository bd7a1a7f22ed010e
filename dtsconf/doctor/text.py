"""The findings as text: one line each, the fix at its end."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dtsconf.doctor.check import Check

SHADES = {"ok": "green", "warn": "yellow", "fail": "red"}


def as_text(checks: Sequence[Check], *, color: bool = False) -> str:
    """A line for each check, and one that counts."""
    width = max((len(check.check) for check in checks), default=0)
    marks = {state: click.style(f"{state:4}", fg=shade) if color else f"{state:4}" for state, shade in SHADES.items()}
    lines = [f"{marks[check.state]}  {check.check:{width}}  {check.detail}{_fix(check)}" for check in checks]
    counted = {state: sum(1 for check in checks if check.state == state) for state in ("ok", "warn", "fail")}
    total = f"{len(checks)} checks: {counted['ok']} ok, {counted['warn']} to look at, {counted['fail']} failed"
    return "\n".join([*lines, total]) + "\n"


def _fix(check: Check) -> str:
    return f"; fix: {check.hint}" if check.hint and check.state != "ok" else f"; {check.hint}" if check.hint else ""
