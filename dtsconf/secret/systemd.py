"""`systemd://NAME`: a credential that systemd hands to the unit which dtsconf runs in (systemd.exec(5), "Credentials").

Each is a file of its own in $CREDENTIALS_DIRECTORY, readable only for the unit's user. Its bytes are the secret, a line
break at the end too: whoever made the credential decided on every byte of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Notices
from dtsconf.secret.file import look_at_start, read_private
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

VARIABLE = "CREDENTIALS_DIRECTORY"


class SystemdBackend:
    """Reads the credentials of the unit that this process runs in."""

    def __init__(self, environ: Mapping[str, str], notices: Notices) -> None:
        self._environ = environ
        self._notices = notices

    def fetch(self, reference: Reference) -> Secret:
        """The credential's text, exactly.

        Raises:
            SecretUnavailable: this is no unit with credentials, or the credential is missing, empty, not UTF-8, or
                others could have changed it.
        """
        name = reference.rest
        path = self._path(name)
        hint = f"let the unit have it: LoadCredential={name}:/etc/dts/secrets/{name}"
        if not os.path.lexists(path):
            raise SecretUnavailable(f"systemd gave this unit no credential {name}", hint)
        data = read_private(path, self._notices)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise SecretUnavailable(f"the credential {name} is not UTF-8 text", "write the secret as UTF-8") from None
        if not text:
            raise SecretUnavailable(f"the credential {name} is empty", "write the secret into its source")
        look_at_start(text, f"the credential {name}", self._notices)
        return Secret(text)

    def _path(self, name: str) -> str:
        folder = self._environ.get(VARIABLE)
        if not folder or not os.path.isabs(folder):
            message = f"there are no credentials here: {VARIABLE} is not set"
            hint = f"run dtsconf in a systemd unit that has LoadCredential={name}:PATH (or LoadCredentialEncrypted=)"
            raise SecretUnavailable(message, hint)
        if name in (".", ".."):
            raise SecretUnavailable(f"systemd://{name} names no credential", "write the credential's own name")
        return os.path.join(folder, name)

    def facts(self, reference: Reference) -> dict[str, str]:
        """Where it lies."""
        return {"store": "credential of this unit"}
