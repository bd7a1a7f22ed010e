"""What the layers are made of: values with their places, layers, and the organisation's word on them. Pure.

A `Layer` is flat: dotted leaf keys (`server.host`), each with a value that its key's type has already checked and
normalised. So merging is a matter of keys, and nothing here knows files, the environment or pydantic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from dtsconf.errors import Problem, Where
from dtsconf.frozen import frozen
from dtsconf.settings.policy import Policy

if TYPE_CHECKING:
    from dtsconf.settings.sections import SecretsOptions, Target, Verify

LayerName = Literal["default", "profile", "machine", "environment", "user", "command line"]

LAYER_ORDER: tuple[LayerName, ...] = ("default", "profile", "machine", "environment", "user", "command line")
"""Lowest first. `profile` and `machine` are the same floor under two names: a run has one of them."""

ORGANISATION: tuple[LayerName, ...] = ("profile", "machine")
"""The names under which the organisation's layer appears."""


@frozen
class Value:
    """One setting as one layer gives it. `raw` is a text, number, bool, or None for a written null, which resets."""

    raw: Any
    where: Where | None


@frozen
class Layer:
    """One source of values: dotted leaf key -> value. A key that the layer doesn't mention is not in it."""

    name: LayerName
    values: Mapping[str, Value] = field(default_factory=dict)


@frozen
class SetAside:
    """A value that a lock kept out. `where` is the value's place, `locked_at` the lock's, `lock_told` that in words."""

    key: str
    layer: LayerName
    where: Where | None
    locked_at: Where | None
    lock_told: str = field(default="", compare=False)


@frozen
class Organisation:
    """What a profile with its chain says, or the machine config that came of one.

    `hashed` are the bytes that the digest is of; `files` are the paths of what was read, the profile first. `given`
    holds the keys that somebody set, as opposed to defaults: for a profile those of its layer, while a machine config,
    which writes every setting, lists them. `delivered` are a machine config's ids of delivered secrets, by settings
    key: they go with just these settings, since an apply may put another config there at any time. `absent` tells why
    there is neither profile nor machine config, in words; None where there is one. `sound`: a machine config that this
    version itself wrote, so that its values were checked together, by the model, before.
    """

    name: str
    layer: Layer
    policy: Policy
    verify: Verify
    secrets: SecretsOptions
    targets: tuple[Target, ...]
    record: str | None = None
    expects: tuple[str, ...] = ()
    hashed: bytes = field(default=b"", repr=False)
    files: tuple[str, ...] = ()
    given: frozenset[str] | None = None
    delivered: Mapping[str, str] = field(default_factory=dict)
    absent: str | None = None
    sound: bool = False

    @property
    def digest(self) -> str:
        """A SHA-256 in hex that is another one when any of the files is; '' where there was nothing to read."""
        if not self.hashed:
            return ""
        import hashlib  # which costs 2 ms: who only sends wants no digest

        return hashlib.sha256(self.hashed).hexdigest()

    def gave(self, key: str) -> bool:
        """Whether the organisation itself set the key. A written null is no value: it resets, as if nobody had."""
        value = self.layer.values.get(key)
        return value is not None and value.raw is not None and (self.given is None or key in self.given)

    def expected(self, key: str) -> bool:
        """Whether `expects` names the key or a group above it."""
        return any(covers(name, key) for name in self.expects)

    def locked_at(self, where: Where) -> str:
        """A lock's place, in words: the machine config keeps only the name of the profile's file."""
        return f"{where} of the profile {self.name}" if self.layer.name == "machine" else str(where)

    def place_of(self, path: str) -> Where | None:
        """Where something besides the settings is said (`verify.to`); a machine config keeps no such places: None."""
        del path
        return None

    def with_excerpts(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems, with the source line for those that lie in a file that is still at hand."""
        return tuple(problems)


def covers(name: str, key: str) -> bool:
    """Whether `name` is the key itself or a group that holds it: `server` covers `server.host`, not `serverless`."""
    return key == name or key.startswith(name + ".")


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as a tree: `{"server.port": 587}` -> `{"server": {"port": 587}}`."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *groups, name = key.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree
