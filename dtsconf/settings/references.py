"""Every secret reference that effective settings hold, in use or not: settings first, then what opens Vault. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.settings.check import APPLICATION_SECRETS
from dtsconf.settings.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.errors import Where
    from dtsconf.settings.effective import Effective, Setting

VAULT_AUTH = ("secret_id", "jwt", "certificate", "token")
"""The fields of `secrets.vault.auth` that are references."""


@frozen
class Held:
    """A reference: the key it stands under, its text, and where it stands, as far as that is known."""

    key: str
    reference: str
    where: Where | None = None


def references_in(effective: Effective) -> list[Held]:
    """The references of all secret settings and of Vault's sign-in, by key."""
    settings = [(key, effective.origin[key]) for key, facts in KEYS.items() if facts.kind == "secret"]
    held = [Held(key, one.value, one.where) for key, one in settings if one.value is not None]
    auth = effective.org.secrets.vault.auth
    opens = [(f"secrets.vault.auth.{name}", getattr(auth, name)) for name in VAULT_AUTH]
    return held + [Held(key, text, effective.org.place_of(key)) for key, text in opens if text is not None]


def secrets_in_use(effective: Effective) -> dict[str, str]:
    """The references that sending needs, by settings key; empty when no login is required, or a person signs in."""
    return used(effective.origin)


def used(values: Mapping[str, Setting]) -> dict[str, str]:
    """As `secrets_in_use`, of values whose settings aren't built."""
    keys: tuple[str, ...] = ()
    if values["mode"].value == "smtp" and values["login.required"].value:
        keys = ("login.password",)
    elif values["mode"].value == "microsoft" and values["microsoft.flow"].value == "application":
        keys = APPLICATION_SECRETS
    return {key: values[key].value for key in keys if values[key].value is not None}
