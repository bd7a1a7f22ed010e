"""`env://NAME`: the secret is the value of an environment variable."""

from __future__ import annotations

from collections.abc import Mapping

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Notices
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret


class EnvBackend:
    """Reads from the given environment (name -> value), which is the process's own outside tests."""

    def __init__(self, environ: Mapping[str, str], notices: Notices) -> None:
        self._environ = environ

    def fetch(self, reference: Reference) -> Secret:
        """The variable's value, exactly.

        Raises:
            SecretUnavailable: it is not set, empty, or not UTF-8.
        """
        name = reference.rest
        value = self._environ.get(name)
        if value is None:
            raise SecretUnavailable(f"the environment variable {name} is not set", f"set {name} for this run")
        if value == "":
            raise SecretUnavailable(
                f"the environment variable {name} is empty", f"set {name} to the secret for this run"
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            message = f"the environment variable {name} is not UTF-8 text"
            raise SecretUnavailable(message, "give the secret as UTF-8") from None
        return Secret(value)
