"""What was likely meant by a key that a YAML file can't hold where it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from dtsconf.frozen import frozen
from dtsconf.settings.shapes import Mapping, Shape, profile_shape, settings_shape
from dtsconf.settings.wording import BadValue, in_brackets

if TYPE_CHECKING:
    from dtsconf.settings.leaf import Leaf

SECTIONS: Final = ("settings", "policy", "verify", "secrets")
"""The parts of a profile that hold named parts themselves."""
_SERVER: Final = "server: {host: ..., port: ..., encryption: ...}"
_LOGIN: Final = "login: {required: true, username: ..., password: ...}"
_MEANT: Final = {
    **dict.fromkeys(("smtp", "mail", "email"), f"{_SERVER} and {_LOGIN}"),
    **dict.fromkeys(("auth", "authentication", "credentials", "account"), _LOGIN),
    **dict.fromkeys(("from", "from_email"), "sender: {name: ..., email: ...}"),
}
"""Groups of other programs' settings, and what they are here."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def suggestion(name: str, shape: Mapping, prefix: str, where: Callable[[str], str], *, own: bool = False) -> str:
    """The key that was likely meant: a sibling, or one of this name elsewhere, or the siblings there are.

    `where`: where a setting of another group belongs in this file, as a further sentence or ''; `own`: in a user's own
    file, the bare settings tree.
    """
    from dtsconf.settings.keys import GROUPS, KEYS, nearest

    if meant := _nested(name, shape) or (_MEANT.get(name.lower()) if shape is settings_shape() else None):
        return f"write {meant}"
    settings = settings_shape().fields
    if shape is profile_shape() and (section := next((one for one in SECTIONS if _in_section([name], one)), None)):
        return _below(section, "it")
    if not prefix and shape is settings_shape() and name == "settings":
        return f"leave settings: out and write what is below it at the top, such as {next(iter(settings))}:"
    if own and not prefix and name in profile_shape().fields:
        return "leave it out: a user's own file holds settings alone"
    base = prefix.removeprefix("settings.")
    if near := nearest(name, shape.fields):
        return f"did you mean {base}{near}?"
    elsewhere = [key for key in (*KEYS, *GROUPS) if key.rpartition(".")[2] == name.lower()]
    if elsewhere:
        among = own or prefix.startswith("settings.")
        at = elsewhere[0] if among else f"settings.{elsewhere[0]}"
        return f"did you mean {at}?{where(elsewhere[0]) if among else ''}"
    if name in profile_shape().fields and prefix:
        return f"{name} stands at the top of the file, not below {prefix.rstrip('.')}"
    return f"known here: {', '.join(shape.fields)}"


@frozen
class Astray:
    """Keys that stand together in the wrong mapping: what is told of them, what to do, and the key that it is about."""

    names: tuple[str, ...]
    told: str
    hint: str
    key: str


def astray(names: Collection[str], shape: Mapping, prefix: str) -> list[Astray]:
    """Keys of one section at the top of a profile, two or more, and groups of settings within another group."""
    top = profile_shape()
    if shape is top:
        parts = [(section, _in_section(names, section)) for section in SECTIONS]
        return [
            Astray(found, f"{_stand(found)} at the top of the file", _below(section, "them"), section)
            for section, found in parts
            if len(found) > 1
        ]
    group = prefix.removeprefix("settings.").partition(".")[0]
    settings = settings_shape().fields
    found = tuple(n for n in names if isinstance(settings.get(n), Mapping) and n not in shape.fields)
    if shape is settings_shape() or not isinstance(settings.get(group), Mapping) or not found:
        return []
    it = "it" if len(found) == 1 else "them"
    hint = f"{group} and {', '.join(found)} stand side by side: indent {it} as {group}:"
    return [Astray(found, f"{_stand(found)} below {group}", hint, found[0] if it == "it" else "settings")]


def _in_section(names: Iterable[str], section: str) -> tuple[str, ...]:
    """The names that a profile has not at its top, but in this section."""
    top = profile_shape().fields
    inner = top[section]
    return tuple(name for name in names if isinstance(inner, Mapping) and name in inner.fields and name not in top)


def _stand(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]} stand" if len(names) > 1 else f"{names[0]} stands"


def _below(section: str, what: str) -> str:
    return f"put {what} below `{section}:`, indented by two blanks more"


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
    if leaf.choices and not any(item in leaf.choices for item in items):
        return f"write a list such as [{leaf.choices[0]}]; it takes {', '.join(leaf.choices)}"
    if len(text) >= 60 or not all(items):
        return None
    if len(items) == 1 and re.fullmatch(r"[\w.-]+", text) and (wrong := _fault_of(text, leaf)):
        return f"write a list in brackets; in it, {wrong.removeprefix('write ')}"
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


def _fault_of(word: str, leaf: Leaf) -> str | None:
    """What to do about a word that is no such leaf."""
    try:
        leaf.check("", word)
    except BadValue as bad:
        return bad.hint
    return None


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
