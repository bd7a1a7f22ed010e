"""The result of merging: the settings, and for every one of them where it comes from. Pure; decides nothing.

The origin is kept beside the settings and comes from the layers themselves, never from pydantic's `model_fields_set`.
For every leaf key, `origin[key].value` is the value that `settings` holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Notice, Where
from dtsconf.frozen import frozen
from dtsconf.settings.keys import KEYS
from dtsconf.settings.values import ORGANISATION, LayerName, Organisation, SetAside
from dtsconf.settings.wording import shown

if TYPE_CHECKING:
    from dtsconf.settings.model import Settings

HIDDEN = "(hidden)"
"""What stands in output for a secret that was given in clear."""


@frozen
class Setting:
    """One effective value. `where` is None for defaults; `locked_at` is the lock's place, `locked` whether one is.
    `settled`: what the value is, where it is not what stands at `where` but what that came to; '' otherwise."""

    value: Any
    layer: LayerName
    where: Where | None
    locked_at: Where | None = None
    locked: bool = False
    settled: str = ""


@frozen
class Effective:
    """Merged, checked settings.

    `origin` has every leaf key. `missing` are keys that `expects` names and nobody has given yet: whoever needs them
    calls `check.require_complete`. `from_environment` are the keys whose effective value a variable gave. `root` is the
    folder that stood for / when they were read, None for this machine's own: they hold for that one only.
    """

    settings: Settings
    origin: Mapping[str, Setting]
    org: Organisation
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[Notice, ...] = ()
    missing: tuple[str, ...] = ()
    from_environment: tuple[str, ...] = ()
    root: str | None = None


@frozen
class Sighted:
    """What was known when settings turned out not to be usable (`Invalid.known`)."""

    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[Notice, ...] = ()


def is_literal(key: str, value: object) -> bool:
    """Whether the value stands for a secret given in clear in its own variable (CI): its reference names that one."""
    return value == f"env://{KEYS[key].variable}"


def display(key: str, value: object) -> object:
    """The value as any output may show it: secrets as references, one given in clear as `(hidden)`."""
    return HIDDEN if is_literal(key, value) else value


def quoted(key: str, value: object) -> str:
    """The value within a sentence: texts in quotes, controls escaped, long ones cut."""
    visible = display(key, value)
    return HIDDEN if visible == HIDDEN else shown(visible)


def source(layer: LayerName, where: Where | None) -> str:
    """Where a value comes from, in words: `profile, org.yaml:4:5`, `environment, DTS_EMAIL_…`, `default`."""
    return layer if where is None else f"{layer}, {where}"


def origin_of(setting: Setting) -> str:
    """Where an effective value comes from, in words; of a settled one what it is first."""
    told = source(setting.layer, setting.where)
    return f"{setting.settled}: {told}" if setting.settled else told


def unset(key: str, values: Mapping[str, Setting], org: Organisation) -> bool:
    """Whether nobody has set the key: it shows its default, or the machine config merely writes that default down."""
    setting = values[key]
    if setting.layer == "default" or setting.value is None:
        return True
    return setting.layer in ORGANISATION and not org.gave(key)
