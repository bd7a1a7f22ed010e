"""The machine config's shape, declared once: `machine_config` checks files by it and the JSON Schema derives from it.

Unlike a profile nothing here may be left out but single settings: a file without its policy must not pass for one
that forbids nothing. `settings` is the tree of `model`, checked there.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from dtsconf.frozen import frozen
from dtsconf.settings.declared import CONFIG
from dtsconf.settings.faults import fault
from dtsconf.settings.keys import KEYS
from dtsconf.settings.policy import OPS
from dtsconf.settings.sections import (
    Expectable,
    Lockable,
    Ruled,
    Scalar,
    SecretsOptions,
    Target,
    Verify,
)
from dtsconf.settings.types import AbsolutePath, Filled, Recipient

FORMAT: Final = 1
"""The version of the machine config's format that this program reads and writes."""

SECRET_KEYS: Final = tuple(key.name for key in KEYS.values() if key.kind == "secret")

SecretId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class Entry(BaseModel):
    """A mapping of the machine config that nothing else holds."""

    model_config = CONFIG


class PlaceEntry(Entry):
    """A place in a profile."""

    file: Filled
    """Base name of the profile file."""
    line: Annotated[int, Field(ge=1)]
    """Line, from 1."""
    column: Annotated[int, Field(ge=1)]
    """Column, from 1."""


class LockEntry(Entry):
    """A lock of the profile's chain."""

    key: Lockable
    """The key, group or section that it holds."""
    where: PlaceEntry | None
    """Where the profile says so."""


class RuleEntry(Entry):
    """A rule of the profile's chain, with exactly one condition."""

    key: Ruled
    """The setting that it is about."""
    one_of: tuple[Scalar, ...] | None = None
    """The value must be one of these."""
    none_of: tuple[Scalar, ...] | None = None
    """The value must be none of these."""
    matches: Filled | tuple[Filled, ...] | None = None
    """The value must match this glob."""
    min: Scalar | None = None
    """The value must not be below this."""
    max: Scalar | None = None
    """The value must not be above this."""
    present: bool | None = None
    """true: a value must be given. false: none may be."""
    because: Filled | None
    """The reason, shown to whoever breaks the rule."""
    where: PlaceEntry | None
    """Where the profile says so."""

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if len(self.model_fields_set.intersection(OPS)) != 1:
            raise fault("rule", f"wants exactly one of {', '.join(OPS)}", show=False)
        return self


class RecipientsEntry(Entry):
    """One profile file's list of addresses that mail may go to."""

    patterns: tuple[Recipient, ...]
    """Addresses and globs."""
    where: PlaceEntry | None
    """Where the profile says so."""


class PolicyEntry(Entry):
    """The policy of the whole chain."""

    lock: tuple[LockEntry, ...]
    """What no higher layer changes."""
    rules: tuple[RuleEntry, ...]
    """Conditions on effective values."""
    recipients: tuple[RecipientsEntry, ...]
    """An address must match a pattern of every entry."""
    max_size: Annotated[int, Field(ge=1)] | None
    """Largest message in bytes; null: any."""


@frozen
class SecretsEntry(SecretsOptions):
    """How secrets reach the machine, and under which ids they were delivered."""

    delivered: dict[Literal[SECRET_KEYS], SecretId] = field(kw_only=True)  # type: ignore[valid-type]
    """Settings key -> id of the secret in email.secrets.json."""


class MachineFile(Entry):
    """The machine config, as apply writes it."""

    format: Literal[1]
    """Version of the format."""
    profile: Filled
    """Name of the profile that it came of."""
    settings: dict[str, Any]
    """Every setting, defaults too."""
    given: tuple[Literal[tuple(KEYS)], ...]  # type: ignore[valid-type]
    """The settings that somebody set; the others are defaults."""
    expects: tuple[Expectable, ...]
    """Settings that each user may still have to give."""
    policy: PolicyEntry
    """What holds for every higher layer."""
    verify: Verify
    """The test send."""
    secrets: SecretsEntry
    """How secrets reach the machine."""
    targets: tuple[Target, ...]
    """The files that apply writes."""
    record: AbsolutePath | None
    """A file to which apply, test and status append one JSON line each."""
