"""What was likely meant by a key that a YAML file can't hold where it stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dtsconf.settings.shapes import Mapping, Shape, profile_shape, settings_shape
from dtsconf.settings.wording import in_brackets

BELOW_SETTINGS = "put {} below `settings:`, indented by two blanks more"


def suggestion(name: str, shape: Mapping, prefix: str) -> str:
    """The key that was likely meant: a sibling, or one of this name elsewhere, or the siblings there are."""
    from dtsconf.settings.keys import GROUPS, KEYS, nearest

    if nested := _nested(name, shape):
        return f"write {nested}"
    settings = settings_shape().fields
    if not prefix and shape is profile_shape() and name in settings:
        return BELOW_SETTINGS.format("it")
    if not prefix and shape is settings_shape() and name == "settings":
        return f"leave settings: out and write what is below it at the top, such as {next(iter(settings))}:"
    base = prefix.removeprefix("settings.")
    if near := nearest(name, shape.fields):
        return f"did you mean {base}{near}?"
    elsewhere = [key for key in (*KEYS, *GROUPS) if key.rpartition(".")[2] == name.lower()]
    if elsewhere:
        at = elsewhere[0] if prefix.startswith("settings.") else f"settings.{elsewhere[0]}"
        return f"did you mean {at}?"
    if name in profile_shape().fields and prefix:
        return f"{name} stands at the top of the file, not below {prefix.rstrip('.')}"
    return f"known here: {', '.join(shape.fields)}"


def outside_settings(names: Iterable[str], shape: Mapping, prefix: str) -> list[str]:
    """Settings at the top of a profile, where `settings:` was left out above them: two or more, else none."""
    if prefix or "settings" not in shape.fields:
        return []
    known = settings_shape().fields
    found = [name for name in names if name in known and name not in shape.fields]
    return found if len(found) > 1 else []


def as_list(text: str, *, quoted: bool) -> str | None:
    """What to write where one text stands instead of a list; a bare one may hold several, parted by commas."""
    items = [text] if quoted else [word.strip() for word in text.split(",")]
    return f"write [{', '.join(map(in_brackets, items))}]" if len(text) < 60 and all(items) else None


def _nested(name: str, shape: Mapping) -> str | None:
    """A dotted key as the mappings that it stands for, `server: {port: ...}`; None when it is none."""
    words = name.split(".")
    if len(words) == 1 or not all(words):
        return None
    if shape is profile_shape() and words[0] in settings_shape().fields:
        words.insert(0, "settings")
    inner: Shape | None = shape
    for word in words:
        inner = inner.fields.get(word) if isinstance(inner, Mapping) else None
    if inner is None:
        return None
    return ": {".join(words) + ": ..." + "}" * (len(words) - 1)
