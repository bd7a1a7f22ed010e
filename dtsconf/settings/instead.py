"""What stands in the place of the organisation's word: a value from the environment or from a user's own file, which
somebody may have forgotten. Pure."""

from __future__ import annotations

from dtsconf.errors import Variable
from dtsconf.names import to_unset
from dtsconf.settings.effective import Setting, display, source
from dtsconf.settings.keys import KEYS
from dtsconf.settings.values import Organisation
from dtsconf.settings.wording import in_yaml

LAYERS = ("environment", "user")
"""Where such values come from; those of the command line are in sight."""

_PORTS = ("server.port", "microsoft.smtp.port")


def stands(key: str, setting: Setting, org: Organisation) -> bool:
    """Whether the value stands in the place of another one of the organisation's, or of the default."""
    if setting.layer not in LAYERS:
        return False
    if not org.gave(key):
        default = KEYS[key].default
        return bool(default != setting.value) and (key in _PORTS or default is not None)
    return bool(org.layer.values[key].raw != setting.value)


def told(key: str, setting: Setting, org: Organisation) -> str:
    """Both values, where this one comes from, and what takes it back: a sentence without its full stop."""
    now = f"{key} is {in_yaml(display(key, setting.value))} here ({source(setting.layer, setting.where)})"
    return f"{now} in place of {_instead(key, org)}; to go by that again: {_without(key, setting)}"


def _instead(key: str, org: Organisation) -> str:
    """What would be in force without the layer, and who says so."""
    if org.gave(key):
        whose = "machine config" if org.layer.name == "machine" else "profile"
        return f"the {whose}'s {in_yaml(display(key, org.layer.values[key].raw))}"
    if key in _PORTS:
        return "the port that is usual for the encryption"
    return f"the default, {in_yaml(KEYS[key].default)}"


def _without(key: str, setting: Setting) -> str:
    """What takes a value of a layer away."""
    if isinstance(setting.where, Variable):
        return to_unset(setting.where)
    return f"take {key} out of {setting.where}"
