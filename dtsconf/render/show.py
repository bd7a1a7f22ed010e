"""`show`: the effective settings as a list, with origins, or as DTS's own screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dtsconf.names import escape_controls
from dtsconf.render.common import where_data
from dtsconf.settings.effective import display, source
from dtsconf.settings.keys import KEYS
from dtsconf.settings.model import effective_port
from dtsconf.settings.wording import in_yaml

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective, Setting
    from dtsconf.settings.types import Screen
    from dtsconf.settings.values import Organisation


def data(effective: Effective) -> dict[str, Any]:
    """`settings: {key: {value, layer, where, locked}}` with dotted keys, and the profile's name."""
    return {
        "profile": effective.org.name or None,
        "settings": {
            key: {
                "value": display(key, setting.value),
                "layer": setting.layer,
                "where": where_data(setting.where),
                "locked": setting.locked,
            }
            for key, setting in effective.origin.items()
        },
    }


def text(effective: Effective, *, origin: bool) -> str:
    """One line a setting: dotted key, value; with `origin` also layer, place and lock."""
    width = max(map(len, effective.origin))
    values = {key: in_yaml(display(key, setting.value)) for key, setting in effective.origin.items()}
    column = min(40, max(map(len, values.values())))
    lines = []
    for key, setting in effective.origin.items():
        line = f"{key:<{width}}  {values[key]:<{column}}"
        lines.append((f"{line}  {_origin(setting, effective.org)}" if origin else line).rstrip())
    return "\n".join(lines) + "\n"


def _origin(setting: Setting, org: Organisation) -> str:
    locked = ", locked" if setting.locked else ""
    locked += f" at {org.locked_at(setting.locked_at)}" if setting.locked_at else ""
    return escape_controls(source(setting.layer, setting.where) + locked)


def screen(effective: Effective) -> str:
    """The values under the labels of DTS's Email Settings screen, in its order; the half not in use says so."""
    mode = effective.settings.mode
    lines = [f"{'[x]' if mode == 'microsoft' else '[ ]'} {_box_label()}"]
    for branch in ("microsoft", "smtp"):
        unused = "" if branch == mode else "   (not used in this mode)"
        lines += ["", ("Microsoft" if branch == "microsoft" else "SMTP server") + unused]
        lines += [_row(key, label, effective) for key, label in _rows(branch)]
    return "\n".join(lines) + "\n"


def screen_data(effective: Effective) -> list[dict[str, Any]]:
    """The same rows as data: label, key and the words that the screen has for the value."""
    rows = [("mode", _box("mode"))]
    for branch in ("microsoft", "smtp"):
        rows += _rows(branch)
    return [{"label": s.label, "key": key, "value": _words(key, s, effective)} for key, s in rows]


def _box(key: str) -> Screen:
    return KEYS[key].screens[0]


def _box_label() -> str:
    return _box("mode").label


def _rows(branch: str) -> list[tuple[str, Screen]]:
    rows = [(key, s) for key, declared in KEYS.items() for s in declared.screens if s.branch == branch]
    return sorted(rows, key=lambda row: row[1].position)


def _row(key: str, label: Screen, effective: Effective) -> str:
    return f"  {label.label:<32}{_words(key, label, effective)}"


def _words(key: str, label: Screen, effective: Effective) -> str:
    value = display(key, effective.origin[key].value)
    if key == "server.port":
        return str(effective_port(effective.settings))
    words: Mapping[str, str] = label.words or {}
    if isinstance(value, bool):
        return "checked" if value else "unchecked"
    return words.get(str(value), "" if value is None else in_yaml(value))
