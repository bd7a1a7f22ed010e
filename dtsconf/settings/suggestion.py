"""What was likely meant by a key that a YAML file can't hold where it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from dtsconf.settings.shapes import Mapping, Shape, profile_shape, settings_shape
from dtsconf.settings.wording import BadValue, in_brackets

if TYPE_CHECKING:
    from dtsconf.settings.leaf import Leaf

BELOW_SETTINGS = "put {} below `settings:`, indented by two blanks more"
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


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


def headless(lines: Sequence[str]) -> int | None:
    """The first indented line of settings in a profile whose line `settings:` is gone; None when that isn't so."""
    above = ""
    for number, line in enumerate(lines, 1):
        bare = line.split("#")[0].rstrip()
        key = bare.lstrip().partition(":")[0]
        if bare[:1] == " " and key in settings_shape().fields and re.match(r"[\w.-]+:\s+\S", above):
            return number if not any(other.startswith("settings:") for other in lines) else None
        above = bare or above
    return None


def as_list(text: str, leaf: Leaf, *, quoted: bool) -> str | None:
    """What to write where one text stands instead of a list of such leaves."""
    items = _items_in(text, leaf, quoted=quoted)
    if len(text) >= 60 or not all(items):
        return None
    number = leaf.kind == "scalar" and not quoted
    written = [item if number and _NUMBER.fullmatch(item) else in_brackets(item) for item in items]
    return f"write [{', '.join(written)}]"


def dashes_without_blank(text: str) -> bool:
    """Whether a bare text is a list whose dashes lack their blank: `-dts -msmtp`."""
    words = text.split()
    return bool(words) and all(len(word) > 1 and word[0] == "-" and word[1].isalpha() for word in words)


def _items_in(text: str, leaf: Leaf, *, quoted: bool) -> list[str]:
    """The items that a text in place of a list stands for: itself, or the words in it that are such leaves."""
    by_comma = [word.strip() for word in text.split(",")]
    by_blank = [word for word in re.split(r"[,;\s]+", text) if word]
    if leaf.kind == "scalar":
        return by_comma
    if _all_fit([text], leaf):
        return [text]
    return next((words for words in (by_comma, by_blank) if _all_fit(words, leaf)), [text] if quoted else by_comma)


def _all_fit(words: list[str], leaf: Leaf) -> bool:
    try:
        for word in words:
            leaf.check("", word)
    except BadValue:
        return False
    return bool(words)


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
