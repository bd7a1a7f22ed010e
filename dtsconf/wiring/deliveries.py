"""A secret that was delivered with the machine config, and whether it still is the one that an apply put there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, Notice, SecretUnavailable
from dtsconf.wiring import layout_of

if TYPE_CHECKING:
    from dtsconf.secret.resolver import Resolver
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective


def delivered(root: str | None, effective: Effective, resolver: Resolver, key: str, secret_id: str) -> Secret:
    """The secret of a setting, as it lies beside the machine config under an id. One that a hand has put there is a
    warning of the resolver's.

    Raises:
        Moved: an apply put another config there in between; read both again.
        SecretUnavailable: it can't be had, or is not what its setting wants.
    """
    from dtsconf.machine.deliveries import delivered_secret
    from dtsconf.settings.check import APPLICATION_SECRETS

    org, setting = effective.org, effective.origin[key]
    secret = delivered_secret(layout_of(root), org.files[0], secret_id, org.secrets.group)
    changed = _changed(root, effective, key, secret, secret_id)
    if key in APPLICATION_SECRETS:
        try:
            resolver.look_at(secret, setting.value or "", key=key, where=setting.where, then=_THEN)
        except SecretUnavailable as unfit:
            if changed is None:
                raise
            raise SecretUnavailable(f"{changed.message}; {unfit.message}", changed.hint) from None
    if changed is not None:
        resolver.warnings.append(changed)
    return secret


_THEN = "then dtsconf apply --profile FILE"


def _changed(root: str | None, effective: Effective, key: str, secret: Secret, secret_id: str) -> Notice | None:
    """That another secret lies there than was delivered, as far as this user may tell: an id is derived from both."""
    from dtsconf.machine.delivered import secrets_path
    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.local import LocalSystem

    layout = layout_of(root)
    try:
        own = MachineKey.load(LocalSystem(layout.root), layout)
    except (OSError, DtsconfError):
        return None
    if own is None or own.secret_id(key, secret.reveal()) == secret_id:
        return None
    path = layout.real(secrets_path(effective.org.files[0]))
    message = f"{path} was changed since the last apply: it holds another {key} than was delivered"
    return Notice("secret-changed", message, "dtsconf apply, as root, delivers it again")
