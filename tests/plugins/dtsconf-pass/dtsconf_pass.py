"""`pass://NAME`: the first line of an entry of pass(1), which is where that program keeps a password.

An example of a plugin: a scheme of its own for dtsconf, in one file. The value is asked for by a child process and
comes back through a pipe; it is never an argument, and what pass says on an error is not repeated.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Context, Notices
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

SECONDS = 30
"""How long pass may take: its agent may ask for a pass phrase."""


class PassBackend:
    """Reads from the password store of the caller ($PASSWORD_STORE_DIR, else ~/.password-store)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def fetch(self, reference: Reference) -> Secret:
        """The entry's first line. Raises: SecretUnavailable."""
        name = reference.rest
        if name.startswith("-"):
            raise SecretUnavailable(f"{reference} names no entry of pass", "write it as pass://FOLDER/NAME")
        try:
            done = subprocess.run(
                ["pass", "show", name],
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise SecretUnavailable("there is no pass on the PATH", "apt install pass") from None
        except subprocess.TimeoutExpired:
            raise SecretUnavailable(f"pass did not answer within {SECONDS} s", f"try it: pass show {name}") from None
        if done.returncode != 0:
            raise SecretUnavailable(f"pass has no entry {name}, or can't read it", f"pass show {name} says why")
        try:
            return Secret(done.stdout.decode().partition("\n")[0])
        except UnicodeDecodeError:
            raise SecretUnavailable(f"the entry {name} of pass is not UTF-8 text", f"pass edit {name}") from None

    def facts(self, _reference: Reference) -> dict[str, str]:
        """Where it lies."""
        return {"store": "pass"}


def make(context: Context, _notices: Notices) -> PassBackend:
    """What the entry point names."""
    return PassBackend(context.environ)
