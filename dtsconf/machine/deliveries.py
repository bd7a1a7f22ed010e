"""The secrets delivered on this machine, as whoever sends reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import SecretUnavailable
from dtsconf.files import FileProblem, read_regular
from dtsconf.machine.delivered import from_bytes, secrets_path
from dtsconf.machine.owners import is_mine
from dtsconf.secret.limits import no_core_dumps
from dtsconf.secret.value import Secret

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout

LIMIT = 4 << 20
"""The largest secrets file, in bytes."""


class Moved(SecretUnavailable):
    """The id isn't delivered, or not any more: an apply may have put another config there since it was read."""


def to_read(group: str | None) -> str:
    """How a user who sends gets at the secrets; `group` is the profile's secrets.group."""
    if group is not None and is_mine(group):
        return f"it should be group {group}'s to read, and this user is in that: dtsconf apply, as root, puts it back"
    if group is not None:
        return f"whoever sends belongs into secrets.group: usermod -aG {group} USER, then log in anew"
    return "name a group of those who send in the profile (secrets.group), then apply it"


def delivered_secret(layout: Layout, config: str, secret_id: str, group: str | None = None) -> Secret:
    """The secret that the machine config at the logical path `config` names by `secret_id`. `group`: see `to_read`.

    Raises:
        Moved: there is no such id. A reader tries again with the config that is there now.
        SecretUnavailable: the caller may not read the file.
    """
    path = layout.real(secrets_path(config))
    again = "dtsconf apply, as root, delivers it again"
    no_core_dumps()
    try:
        values = from_bytes(read_regular(path, LIMIT)[0])
    except PermissionError:
        raise SecretUnavailable(f"{path} can't be read by this user", to_read(group)) from None
    except FileNotFoundError:
        raise Moved(f"{path} is not there, and the machine config names a secret in it", again) from None
    except (OSError, FileProblem) as error:
        raise SecretUnavailable(f"the delivered secrets can't be read: {error}", again) from None
    if secret_id not in values:
        raise Moved(f"{path} holds no secret under the id that the machine config names", again)
    return Secret(values[secret_id])
