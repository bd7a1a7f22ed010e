"""What every command's output shares: the JSON envelope, problems and warnings as text and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import click

from dtsconf.errors import Notice, Option, Place, Problem, Variable, Where
from dtsconf.names import escape_controls

_RAW = "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
"""What JSON lets stand in a text, but a terminal would act on or an encoder refuse."""


class Rendered(Protocol):
    """What the command line hands over: see `dtsconf.cli.common.Outcome`."""

    data: Mapping[str, Any]
    code: int
    warnings: Sequence[Notice]
    set_aside: Sequence[Any]
    notes: str
    failure: str


def where_data(where: Where | None, key: str | None = None) -> dict[str, Any] | None:
    """`{file, line, column}`, `{variable}`, `{option}` or None, with `key` where one is meant."""
    meant = {"key": key} if key else {}
    match where:
        case None:
            return None
        case Place(file, line, column):
            return {"file": file, "line": line, "column": column, **meant}
        case Variable(name):
            return {"variable": name, **meant}
        case Option(text):
            return {"option": text, **meant}


def notice_data(item: Notice | Problem) -> dict[str, Any]:
    """One entry of `warnings` or `problems`."""
    return {
        "kind": item.kind,
        "message": item.message,
        "hint": escape_controls(item.hint) if item.hint else item.hint,
        "where": where_data(item.where, item.key),
        "key": item.key,
    }


def set_aside_data(item: Any) -> dict[str, Any]:
    """One entry of `set_aside`."""
    return {
        "key": item.key,
        "layer": item.layer,
        "where": where_data(item.where),
        "locked_at": where_data(item.locked_at),
    }


def dump(data: Mapping[str, Any]) -> str:
    """One JSON object as text, every control character escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return re.sub(_RAW, lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def envelope(command: str, outcome: Rendered, told: Sequence[Notice] = ()) -> str:
    """The JSON object of a command that came to an outcome; `told` are warnings from around it."""
    common = shared(command, outcome.code, (*told, *outcome.warnings), outcome.set_aside)
    return dump(common | dict(outcome.data))


def shared(command: str, code: int, warnings: Sequence[Notice], set_aside: Sequence[Any]) -> dict[str, Any]:
    """The fields that every JSON object has."""
    return {
        "format": 1,
        "command": command,
        "ok": code == 0,
        "exit_code": code,
        "warnings": [notice_data(w) for w in warnings],
        "set_aside": [set_aside_data(s) for s in set_aside],
    }


def problem(item: Problem) -> str:
    """A problem as a compiler prints it: place, what is wrong, the source line with a caret, the hint."""
    excerpt = item.excerpt and "\n".join(map(escape_controls, item.excerpt.split("\n")))
    return _lines(_at(item) + escape_controls(item.message), excerpt, hint_line(item.hint))


def notice(item: Notice) -> str:
    """A warning, in one line and its hint."""
    return _lines(f"warning: {_at(item)}{escape_controls(item.message)}", hint_line(item.hint))


def _at(item: Problem | Notice) -> str:
    return f"{escape_controls(str(item.where))}: " if item.where else ""


def set_aside(item: Any) -> str:
    """A value that a lock kept out, as a warning."""
    lock = f"locked it at {item.lock_told or item.locked_at}" if item.locked_at else "locked it"
    return "warning: " + escape_controls(f"{item.where}: {item.key} is set aside: the organisation {lock}") + "\n"


def warnings(notices: Iterable[Notice], aside: Iterable[Any]) -> str:
    """All warnings and set-aside values."""
    return "".join([*map(notice, notices), *map(set_aside, aside)])


def aside(outcome: Rendered, told: Sequence[Notice] = (), *, quiet: bool) -> str:
    """What goes to stderr beside an outcome: warnings, set-aside values, what failed, notes."""
    odd = warnings((*told, *outcome.warnings), outcome.set_aside)
    return odd + outcome.failure + ("" if quiet else outcome.notes)


def typed(words: str, root: str | None, profile: str | None = None) -> str:
    """A command to type next, in back-ticks, for the same root as this run's, and the same profile."""
    from shlex import quote

    given = [(name, value) for name, value in (("--profile", profile), ("--root", root)) if value is not None]
    options = "".join(f" {name} {escape_controls(quote(value))}" for name, value in given)
    return f"`dtsconf {words}{options}`"


def opened(path: str, root: str | None) -> str:
    """A path of the machine as its reader can open it: with the folder of --root in front. For the screen only: data
    and files keep the machine's own paths, so that a root folder may be moved."""
    if root is None or not path.startswith("/"):
        return escape_controls(path)
    from dtsconf.machine.layout import Layout

    return escape_controls(Layout(root).real(path))


def painted(words: str, color: str, *, on: bool) -> str:
    """The words in a colour, where colours are `on`."""
    return click.style(words, fg=color, bold=True if color == "red" else None) if on else words


def sentence(words: str) -> str:
    """The words with a capital and a full stop, fit to be shown."""
    return f"{escape_controls(words[:1].upper() + words[1:])}."


def hint_line(text: str | None) -> str | None:
    """The hint as a line, or None."""
    return f"hint: {escape_controls(text)}" if text else None


def _lines(*parts: str | None) -> str:
    return "".join(f"{part}\n" for part in parts if part)
