"""The settings by their dotted names, derived from the model: kind, default, choices, labels, variable, check.

Everything that speaks of a setting by name (layers, policy, `explain`, completion, the reference table) looks it up
here. Knows no values and no files.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from dtsconf.frozen import frozen
from dtsconf.settings.declared import Declared, declared_in, defaults, field_types
from dtsconf.settings.leaf import Kind, Leaf, leaf_of, unwrap
from dtsconf.settings.model import Settings
from dtsconf.settings.nearness import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtsconf.settings.types import Screen

__all__ = [
    "GROUPS",
    "KEYS",
    "SECTIONS",
    "VARIABLES",
    "VARIABLE_PREFIX",
    "Key",
    "Section",
    "below",
    "meaning",
    "nearest",
    "nearest_key",
]

VARIABLE_PREFIX: Final = "DTS_EMAIL_"
Section = Literal["verify", "secrets", "targets"]


@frozen
class Key:
    """One setting. `default` is the built-in one; `name` is dotted, such as `server.host`."""

    name: str
    leaf: Leaf
    default: Any

    @property
    def kind(self) -> Kind:
        """What its value is: text, choice, bool, int, number or secret."""
        return self.leaf.kind

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may have; empty when it is no choice."""
        return self.leaf.choices

    @property
    def nullable(self) -> bool:
        """Whether null is a value of its own."""
        return self.leaf.nullable

    @property
    def is_path(self) -> bool:
        """Whether it names a file, which a profile may give relative to itself."""
        return self.leaf.is_path

    @property
    def screens(self) -> tuple[Screen, ...]:
        """Where it stands on DTS's own screen; empty for what isn't there."""
        return self.leaf.screens

    @property
    def variable(self) -> str:
        """Its environment variable, such as `DTS_EMAIL_SERVER__HOST`."""
        return VARIABLE_PREFIX + self.name.upper().replace(".", "__")

    def check(self, raw: object) -> Any:
        """The value, checked and normalised. None resets: it gives the default of a setting that can't be null.

        Raises:
            wording.BadValue: the setting can't take it.
        """
        if raw is None:
            return self.default
        return self.leaf.check(self.name, raw)


def _walk(group: type[Declared], prefix: str) -> Iterator[tuple[str, Key | None]]:
    """Every name below a group in declared order: groups with None, leaves with their key."""
    usual = defaults(group)
    for name, annotation in field_types(group).items():
        inner = declared_in(unwrap(annotation)[0])
        if inner is not None:
            yield prefix + name, None
            yield from _walk(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, Key(prefix + name, leaf_of(annotation), usual[name])


def _derive() -> tuple[dict[str, Key], tuple[str, ...]]:
    names = list(_walk(Settings, ""))
    return {name: key for name, key in names if key}, tuple(name for name, key in names if key is None)


KEYS, GROUPS = _derive()
"""Every setting by its dotted name, in the order of the tree; and the names of the groups (`server`, ...)."""

SECTIONS: Final[tuple[Section, ...]] = ("verify", "secrets", "targets")
"""What a lock may name besides keys and groups."""

VARIABLES: Final = {key.variable: key for key in KEYS.values()}


@cache
def below(name: str) -> tuple[str, ...]:
    """The leaf keys that a key or group covers: itself, or all below it; empty for anything else."""
    if name in KEYS:
        return (name,)
    return tuple(key for key in KEYS if key.startswith(name + "."))


def nearest_key(name: str, extra: Iterable[str] = ()) -> str | None:
    """The key, group or extra word that was likely meant, also when only its last part or its path is off."""
    known = [*KEYS, *GROUPS, *extra]
    last = name.rpartition(".")[2]
    same_end = [key for key in KEYS if key.rpartition(".")[2] == last]
    if same_end:
        return nearest(name, same_end) or same_end[0]
    return nearest(name, known) or next((key for key in KEYS if nearest(last, [key.rpartition(".")[2]])), None)


def meaning(key: str) -> str:
    """What a key or group means, from its docstring in the model; empty for a name that is none."""
    from dtsconf.settings.docs import meanings

    return meanings().get(key, "")
