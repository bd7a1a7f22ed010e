"""What a secret must be by the setting that refers to it: who knows that kind looks at it as soon as it is fetched.

The secret floor itself knows none; `wiring` hands the look to the resolver.
"""

from __future__ import annotations

from collections.abc import Callable

from dtsconf.errors import Notice
from dtsconf.frozen import frozen
from dtsconf.secret.value import Secret


@frozen
class Looked:
    """What a secret shows of itself: when it ends (ISO 8601), and what is odd about it. Never the secret."""

    expiry: str | None = None
    notices: tuple[Notice, ...] = ()


Look = Callable[[str, Secret], Looked]
"""Takes the settings key and the secret. Raises SecretUnavailable where it is not what the setting wants; its message
goes on after the key, its hint before what stores the secret anew."""


def any_kind(_key: str, _secret: Secret) -> Looked:
    """The look of whoever knows no kind."""
    return Looked()


def is_pem(key: str) -> bool:
    """Whether the setting wants a PEM text: a certificate and its key."""
    return key.rpartition(".")[2] == "certificate"
