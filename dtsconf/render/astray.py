"""Whether a failure went by values that stand in the place of the organisation's: from the environment, from a user's
own file, or changed by hand in the machine config since the last apply. Each is told with what takes it back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.errors import Notice
from dtsconf.settings import instead
from dtsconf.settings.check import APPLICATION_SECRETS
from dtsconf.settings.effective import display
from dtsconf.settings.resolve import DEFAULTS
from dtsconf.settings.rules import in_use
from dtsconf.settings.values import covers
from dtsconf.settings.wording import in_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.settings.effective import Effective
    from dtsconf.settings.values import Organisation

_WAY = ("mode", "microsoft.via")
"""What decides which server it is that is turned to, and so about every stage."""
_PLACE = ("server.host", "microsoft.smtp.host", "server.port", "microsoft.smtp.port")
_TLS = (*_PLACE, "server.encryption", "server.ca_file", "server.fingerprint", "connection.min_tls")
_SIGN_IN = (
    "microsoft.authority",
    "microsoft.tenant",
    "microsoft.client_id",
    "microsoft.flow",
    "microsoft.remember_me",
    *APPLICATION_SECRETS,
)
_AUTH = (*_TLS, "login.required", "login.username", "login.password", "login.mechanism", *_SIGN_IN)
_MAIL = (*_PLACE[:2], "login.required", "login.username", "sender.email")
_DECIDING = {
    "resolve": _PLACE[:2],
    "connect": _TLS[:5],
    "banner": _TLS[:5],
    "ehlo": _TLS[:5],
    "tls": _TLS,
    "auth": _AUTH,
    "token": _SIGN_IN,
    **dict.fromkeys(("mail-from", "rcpt-to"), _MAIL),
}
"""By stage: the settings that may be why it failed, beside those of the way."""

_TIME = "connection.timeout"
_TIMED = ("dns", "timeout", "outcome-unknown")
"""Causes that too short a time has, too."""


def told(stage: str, effective: Effective | None, recorded: Organisation | None, cause: str | None = None) -> str:
    """What stands in the organisation's place, as sentences before a hint; '' where nothing does. `recorded`: the
    machine config as the last apply wrote it, where that is known; `cause`: the failure's, where it has one."""
    if effective is None:
        return ""
    keys = _at_fault(stage, effective, recorded, cause)
    above = [key for key in keys if instead.stands(key, effective.origin[key], effective.org)]
    told_of = [instead.told(key, effective.origin, effective.org) for key in above]
    return "; ".join([*told_of, *_by_hand(keys, effective, recorded)])


_GUESS = re.compile(r"--set (login\.(?:username|mechanism))=([^\s,;)]*[^\s,;).])")
"""What a refused login's hint can only guess."""


def without_return(hint: str, effective: Effective | None) -> str:
    """The hint without a guess that leads back to where this call's --set came from: whoever typed one guess may have
    done so because the other was refused."""
    if effective is None:
        return hint

    def said(found: re.Match[str]) -> str:
        key, value = found.groups()
        below = effective.org.layer.values.get(key, DEFAULTS[key])
        if effective.origin[key].layer != "command line" or below.raw != value:
            return found.group()
        return f"as it is without --set {key} ({display(key, value)}), unless that was refused already"

    return _GUESS.sub(said, hint)


def is_by_hand(stage: str, effective: Effective, recorded: Organisation | None, cause: str | None = None) -> bool:
    """Whether one of them was changed in the machine config since the last apply."""
    return any(True for _ in _changed(_at_fault(stage, effective, recorded, cause), effective, recorded))


def _at_fault(stage: str, effective: Effective, recorded: Organisation | None, cause: str | None) -> tuple[str, ...]:
    """The settings that may be why a stage failed, too short a time among them."""
    keys = _deciding(stage, effective)
    return (_TIME, *keys) if cause in _TIMED and _is_hurried(effective, recorded) else keys


def _deciding(stage: str, effective: Effective) -> tuple[str, ...]:
    """The settings of the mode in use that may be why a stage failed."""
    settings = effective.settings
    keys = (*_WAY, *_DECIDING.get(stage, ()))
    idle = () if settings.microsoft.flow == "application" else APPLICATION_SECRETS
    return tuple(key for key in keys if in_use(key, settings.mode) and key not in idle)


def _is_hurried(effective: Effective, recorded: Organisation | None) -> bool:
    """Whether less time is given than the organisation gives (its machine config as it was applied), or the default."""
    org = recorded if recorded is not None and effective.org.layer.name == "machine" else effective.org
    given = org.layer.values.get(_TIME, DEFAULTS[_TIME])
    return effective.settings.connection.timeout < float(given.raw)


def by_hand(now: Organisation, recorded: Organisation | None, name: str | None = None) -> Notice | None:
    """What differs between the machine config and what the last apply wrote, of all settings or of those that a key or
    group `name` covers; None where nothing does."""
    if recorded is None:
        return None
    keys = [key for key in (*recorded.layer.values, *now.layer.values) if name is None or covers(name, key)]
    values = {key: now.layer.values.get(key) for key in keys}
    changed = [
        f"{key} is {_shown(key, value and value.raw)} there and was {_shown(key, before and before.raw)}"
        for key, value in values.items()
        for before in (recorded.layer.values.get(key),)
        if (before and before.raw) != (value and value.raw)
    ]
    return Notice("by-hand", f"{_CHANGED} ({', '.join(changed)})", _BACK) if changed else None


_CHANGED = "the machine config was changed by hand since the last apply"
_BACK = "`dtsconf apply` (without --profile) puts back what was applied, `dtsconf plan` (without --profile) shows that"


def _by_hand(keys: tuple[str, ...], effective: Effective, recorded: Organisation | None) -> list[str]:
    found = [
        f"{key} is {_shown(key, now)} there and was {_shown(key, then)}"
        for key, now, then in _changed(keys, effective, recorded)
    ]
    if not found:
        return []
    return [f"{_CHANGED} ({', '.join(found)}): {_BACK}"]


def _changed(
    keys: tuple[str, ...], effective: Effective, recorded: Organisation | None
) -> Iterator[tuple[str, object, object]]:
    """Key, the value that stands there, and the one that apply wrote."""
    if recorded is None or effective.org.layer.name != "machine":
        return
    for key in keys:
        now, before = effective.org.layer.values.get(key), recorded.layer.values.get(key)
        used = effective.origin[key].layer == "machine"
        if used and now is not None and before is not None and before.raw != now.raw:
            yield key, now.raw, before.raw


def _shown(key: str, value: object) -> str:
    return "not set" if value is None else in_yaml(display(key, value))
