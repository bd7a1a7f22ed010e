"""Whether a Vault answers and is fit to be asked, found out without a token and without a secret: for `doctor`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.secret.vault import causes
from dtsconf.secret.vault.config import read_config
from dtsconf.secret.vault.connection import NOT_INITIALISED, SEALED, Connection

if TYPE_CHECKING:
    from dtsconf.secret.backend import Context


def health(context: Context) -> str:
    """Address with its origin, version, and whether it is the active node.

    Raises:
        SecretUnavailable: it can't be reached, is sealed or new, or is no Vault.
        Invalid: the settings and variables together lead to no Vault that may be asked.
    """
    config = read_config(context)
    connection = Connection(config, None)
    connection.session.until = time.monotonic() + config.timeout
    url = config.url.value
    try:
        status, told = connection.health()
    finally:
        connection.close()
    if status == NOT_INITIALISED:
        raise connection.failure(causes.not_initialised(url))
    if status == SEALED:
        raise connection.failure(causes.sealed(url))
    if not isinstance(told, dict) or told.get("sealed") is not False:
        raise connection.failure(causes.no_vault(f"{status} without a Vault's health"))
    role = "standby" if told.get("standby") else "active"
    return f"{url} ({config.url.origin}): version {connection.words([told.get('version', 'not told')])}, {role}"
