"""A secret goes only where its own layer says (contract: "Layers"). Pure: values in, problems out (exit 4).

The attack: whoever can set one variable or write one user file points the organisation's password at a server of
their own, or takes away what proves the server's identity. So a destination and the secret that goes there have to
come from the same hand. The edges, and why they lie there:

- What counts is the *effective* destination against the one that the secret's layer saw: a variable that `--set`
  overrides redirects nothing, and a layer that repeats the same value changes nothing.
- A key that neither the organisation nor the secret's own layer has set is free: nobody has promised anything about
  it, and a machine may well need to add a username or a CA file. A built-in default is nobody's promise, and a
  written null is as if unset. The exceptions are Microsoft's addresses, where the default is itself the place that the
  secret, or the token made with it, goes to: a client secret that comes without an authority is meant for that one.
- Null in a higher layer that takes away a fingerprint, CA file or host *is* a change.
- Mode and `login.required` have no say: they are no destinations, and whichever is off now, another layer may turn on
  later when the destination has already been written into the machine config.
- Keys in `expects` are free, since the organisation asked for them; `--set` is free, since whoever types the command
  line is the one acting. Defaults hold no secrets, and the organisation's own layer may name any place.
- Locked keys never get here: they were set aside before.
- The submission server of the Microsoft branch counts as a host: not the client secret but the token made with it
  goes there, and a token sends mail just as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtsconf.errors import Problem
from dtsconf.names import to_unset
from dtsconf.settings.effective import Setting, quoted, source
from dtsconf.settings.keys import KEYS
from dtsconf.settings.values import LAYER_ORDER, ORGANISATION, Layer, LayerName, Organisation, Value

_SMTP = (
    "server.host",
    "server.port",
    "server.encryption",
    "server.ca_file",
    "server.fingerprint",
    "connection.min_tls",
    "login.username",
)
_MICROSOFT = (
    "microsoft.authority",
    "microsoft.tenant",
    "microsoft.client_id",
    "microsoft.smtp.host",
    "microsoft.smtp.port",
    "server.ca_file",
    "connection.min_tls",
)
GUARDED: Mapping[str, tuple[str, ...]] = {
    "login.password": _SMTP,
    "microsoft.client_secret": _MICROSOFT,
    "microsoft.certificate": _MICROSOFT,
    "microsoft.client_assertion": _MICROSOFT,
}
"""Secret -> the settings that say where it goes, to whom, and how that is proven."""

ADDRESS_BY_DEFAULT = ("microsoft.authority", "microsoft.smtp.host")
"""Keys whose built-in default is a real destination."""

WATCHED: tuple[LayerName, ...] = ("environment", "user")


def redirected(
    values: Mapping[str, Setting], org: Organisation, layers: Sequence[Layer], defaults: Mapping[str, Value]
) -> list[Problem]:
    """One problem for each pair of secret and destination that come from different hands.

    `values` are the effective ones; `layers` the organisation's and the higher ones, pruned of locked values.
    """
    problems = []
    for secret, guarded in GUARDED.items():
        if values[secret].value is None:
            continue
        for key in guarded:
            meant = _meant(key, values[secret], layers, defaults)
            if _is_redirected(key, values, meant, org):
                problems.append(_problem(secret, key, values, meant))
    return problems


def _meant(
    key: str, secret: Setting, layers: Sequence[Layer], defaults: Mapping[str, Value]
) -> tuple[Value, LayerName]:
    """The value of `key` that the secret's layer saw, and who gave it: the merge up to and with that layer."""
    rank = LAYER_ORDER.index(secret.layer)
    below = [layer for layer in layers if LAYER_ORDER.index(layer.name) <= rank and key in layer.values]
    if not below:
        return defaults[key], "default"
    top = max(below, key=lambda layer: LAYER_ORDER.index(layer.name))
    value = top.values[key]
    return (defaults[key], "default") if value.raw is None else (value, top.name)


def _is_redirected(key: str, values: Mapping[str, Setting], meant: tuple[Value, LayerName], org: Organisation) -> bool:
    value, giver = meant
    setting = values[key]
    if setting.layer not in WATCHED or _alike(key, setting.value, value.raw) or org.expected(key):
        return False
    if giver == "default" or (giver in ORGANISATION and not org.gave(key)):
        return key in ADDRESS_BY_DEFAULT
    return True


def _alike(key: str, one: object, other: object) -> bool:
    """Whether two values are the same destination; names in DNS have no case (RFC 4343)."""
    if key.endswith(".host") and isinstance(one, str) and isinstance(other, str):
        return one.lower().rstrip(".") == other.lower().rstrip(".")
    return one == other


def _problem(secret: str, key: str, values: Mapping[str, Setting], meant: tuple[Value, LayerName]) -> Problem:
    value, giver = meant
    change, owner = values[key], values[secret]
    if change.layer == "environment":
        without, own = to_unset(change.where or KEYS[key].variable), f"give {KEYS[secret].variable} as well"
    else:
        without, own = f"take {key} out of {change.where or 'that file'}", f"give {secret} in that file as well"
    return Problem(
        "secret-redirected",
        f"{key} is changed to {quoted(key, change.value)} by {source(change.layer, change.where)}, but {secret} comes "
        f"from {source(owner.layer, owner.where)} and is meant for {quoted(key, value.raw)} "
        f"({source(giver, value.where)}): a secret goes only where its own layer says",
        f"{without}; or {'' if owner.locked else f'{own}, or '}let the profile list {key} under expects",
        change.where,
        key,
        code=4,
    )
