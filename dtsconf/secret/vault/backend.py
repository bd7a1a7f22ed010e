"""The `vault://` backend: config, login and reader put together at the first fetch, ended with the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, SecretUnavailable
from dtsconf.secret.value import Secret
from dtsconf.secret.vault.config import Config, Given, read_config
from dtsconf.secret.vault.read import Reader, target_of, text_of

if TYPE_CHECKING:
    from dtsconf.secret.backend import Context, Notices
    from dtsconf.secret.ref import Reference
    from dtsconf.secret.vault.causes import Cause
    from dtsconf.secret.vault.connection import Connection
    from dtsconf.secret.vault.login import Ticket


def _named(given: Given) -> str:
    return f"{given.value} ({given.origin})"


class VaultBackend:
    """One login and one read a path in a run. A login that failed is not tried again: roles lock after a few."""

    def __init__(self, context: Context, notices: Notices) -> None:
        self._context = context
        self._notices = notices
        self._config: Config | None = None
        self._connection: Connection | None = None
        self._ticket: Ticket | None = None
        self._reader: Reader | None = None
        self._failure: SecretUnavailable | Invalid | None = None

    def fetch(self, reference: Reference) -> Secret:
        """The field's text, exactly.

        Raises:
            SecretUnavailable: with the one cause.
            Invalid: the environment asks for what dtsconf doesn't do (cleartext, unchecked certificates).
        """
        try:
            target = target_of(reference.rest)
            found = self._open().read(target)
            value = text_of(found, target)
        except SecretUnavailable as error:
            failed = error
        else:
            if isinstance(value, str):
                return Secret(value)
            failed = self._told(value)
        raise SecretUnavailable(f"{reference}: {failed.message}", failed.hint) from None

    def _told(self, cause: Cause) -> SecretUnavailable:
        return (
            SecretUnavailable(cause.message, cause.hint)
            if self._connection is None
            else self._connection.failure(cause)
        )

    def _open(self) -> Reader:
        if self._failure is not None:
            raise self._failure
        if self._reader is None:
            try:
                self._reader = self._signed_in()
            except (SecretUnavailable, Invalid) as error:
                self._failure = error
                raise
        return self._reader

    def _signed_in(self) -> Reader:
        self._config = read_config(self._context)
        from dtsconf.secret.vault.connection import Connection
        from dtsconf.secret.vault.login import client_certificate, sign_in

        fetch = self._context.fetch
        self._connection = Connection(self._config, client_certificate(self._config, fetch))
        self._ticket = sign_in(self._connection, fetch, self._notices)
        return Reader(self._connection, self._ticket.origin)

    def facts(self, reference: Reference) -> Mapping[str, str]:
        """For `secret check`, after a fetch: where it lies and by whose word, the version with its times, and how we
        are signed in. What Vault doesn't tell is left out."""
        if self._config is None:
            return {}
        first, *others = self._config.origins()
        found = self._reader.known(target_of(reference.rest)) if self._reader else None
        about = {"version": found.version, "changed": found.created, "expiry": found.expiry} if found else {}
        return {
            "store": _named(first[1]),
            **{name: value for name, value in about.items() if value},
            **{name: _named(given) for name, given in others},
            **self._signed(),
        }

    def _signed(self) -> dict[str, str]:
        ticket = self._ticket
        if ticket is None:
            return {}
        return {"token": f"from {ticket.origin}" + (f", for {ticket.lease} s" if ticket.lease else "")}

    def close(self) -> None:
        """Revoke the token that was got for this run. Raises nothing."""
        if self._connection is None:
            return
        if self._ticket is not None:
            from dtsconf.secret.vault.login import sign_out

            notice = sign_out(self._connection, self._ticket)
            self._notices += [notice] if notice else []
        self._connection.close()
        self._connection, self._reader = None, None
