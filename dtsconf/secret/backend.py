"""What a secret backend is: one place where secrets are kept, behind one call."""

from __future__ import annotations

from typing import Protocol

from dtsconf.errors import Notice
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

Notices = list[Notice]
"""Where a backend tells what is odd about a source; it goes on all the same."""


class Backend(Protocol):
    """One place where secrets are kept."""

    def fetch(self, reference: Reference) -> Secret:
        """The secret behind the reference, exactly as stored. Raises SecretUnavailable."""
        ...
