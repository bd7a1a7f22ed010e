"""What stands in the place of the organisation's word: a value from the environment or from a user's own file, which
somebody may have forgotten. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from dtsconf.errors import Notice, Option, Variable
from dtsconf.names import to_unset
from dtsconf.settings.effective import Effective, Setting, display, source
from dtsconf.settings.keys import KEYS
from dtsconf.settings.values import Organisation
from dtsconf.settings.wording import in_yaml

LAYERS = ("environment", "user")
"""Where such values come from; those of the command line are in sight."""

_PORTS = ("server.port", "microsoft.smtp.port")


def stands(key: str, setting: Setting, org: Organisation) -> bool:
    """Whether the value stands in the place of another one of the organisation's, or of the default that its profile
    goes by."""
    if setting.layer not in LAYERS:
        return False
    if not org.gave(key):
        default = KEYS[key].default
        return bool(org.name and default != setting.value) and (key in _PORTS or default is not None)
    return bool(org.layer.values[key].raw != setting.value)


def told(key: str, settings: Mapping[str, Setting], org: Organisation) -> str:
    """Both values, where this one comes from, and what takes it back: a sentence without its full stop."""
    setting = settings[key]
    now = f"{key} is {in_yaml(display(key, setting.value))} here ({source(setting.layer, setting.where)})"
    return f"{now} in place of {_instead(key, org)}; to go by that again: {without(key, settings)}"


def for_good(found: Effective) -> list[Notice]:
    """What an apply without a profile takes from the environment into the machine config, in the place of what was
    applied last and asked of nobody. Not where variables alone are all that was ever applied."""
    org = found.org
    if org.layer.name != "machine" or org.absent is not None or not org.name:
        return []
    new = [key for key in found.from_environment if not org.expected(key) and _differs(key, found)]
    return [
        Notice(
            "environment",
            f"{key} {in_yaml(display(key, found.origin[key].value))} goes into the machine"
            f" config to stay, in place of {_instead(key, org)}",
            f"to put back just what was last applied: {without(key, found.origin)}",
            found.origin[key].where,
            key,
        )
        for key in new
    ]


def _differs(key: str, found: Effective) -> bool:
    before = found.org.layer.values.get(key)
    was = KEYS[key].default if before is None or before.raw is None else before.raw
    return bool(was != found.origin[key].value)


def _instead(key: str, org: Organisation) -> str:
    """What would be in force without the layer, and who says so."""
    if org.gave(key):
        whose = "machine config" if org.layer.name == "machine" else "profile"
        return f"the {whose}'s {in_yaml(display(key, org.layer.values[key].raw))}"
    if key in _PORTS:
        return "the port that is usual for the encryption"
    return f"the default, {in_yaml(KEYS[key].default)}"


def without(key: str, settings: Mapping[str, Setting]) -> str:
    """What takes a value of a layer above the organisation's away."""
    where = settings[key].where
    if isinstance(where, Option):
        return f"leave out {where}"
    return to_unset(where) if isinstance(where, Variable) else taken_out(key, settings)


def taken_out(key: str, settings: Mapping[str, Setting]) -> str:
    """What takes a value out of its file; a group that it leaves empty goes with it, since a mapping can't be null."""
    group, layer = key.rpartition(".")[0], settings[key].layer
    others = any(one.layer == layer and name != key and name.startswith(f"{group}.") for name, one in settings.items())
    last = group.rpartition(".")[2]
    empty = f", and {last}: above it as well if nothing else is left there" if group and not others else ""
    return f"take {key} out of {settings[key].where}{empty}"
