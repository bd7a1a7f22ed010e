"""Asks Vault through hvac: a bounded wait for what may pass (standby, 5xx, 429), one clear error for all else.

Rules: an hvac exception never leaves here, nor hangs on to what does (they hold answers and headers). What
Vault itself refuses (4xx) is `Refused`, for whoever asked to explain. Knows no path and no login method.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import hvac
from hvac.exceptions import VaultError

from dtsconf.errors import SecretUnavailable
from dtsconf.names import escape_controls
from dtsconf.secret.value import Secret
from dtsconf.secret.vault import causes
from dtsconf.secret.vault.causes import Cause
from dtsconf.secret.vault.config import Config
from dtsconf.secret.vault.session import LIMIT, NoVault, Session
from dtsconf.secret.vault.tls import tls_context
from dtsconf.web.answer import decoded
from dtsconf.web.trouble import NoAnswer

PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds before the next try of what may pass: an election among Vault's nodes takes about as long."""
_PASSING = frozenset({412, 429, 472, 473, 500, 502, 503, 504})
SEALED, NOT_INITIALISED = 503, 501
"""Of sys/health; standbys answer 429 and the like, the active node 200."""

T = TypeVar("T")


class Refused(Exception):
    """Vault's no. `errors` are its own words, `data` the answer's JSON where there is any."""

    def __init__(self, status: int, errors: tuple[str, ...], data: Any) -> None:
        super().__init__(status)
        self.status = status
        self.errors = errors
        self.data = data


class Connection:
    """One session with one Vault. `client` is hvac's, for the calls given to `ask`. `hidden` are the secrets that were
    sent, besides the client's token: should the server say them again, they are blotted out."""

    def __init__(self, config: Config, certificate: Secret | None) -> None:
        namespace = config.namespace.value if config.namespace else None
        if namespace is not None and not _header_safe(namespace):
            raise SecretUnavailable("the namespace holds characters that no namespace has", "vault namespace list")
        self.config = config
        self.hidden: list[str] = []
        self.session = Session(config, tls_context(config, certificate))
        # The empty token keeps hvac from looking for one itself; what else it reads of the environment, trust and
        # client certificate, the session sets aside.
        self.client = hvac.Client(config.url.value, token="", verify=True, session=self.session, namespace=namespace)

    def ask(self, work: Callable[[hvac.Client], T], *, seconds: float | None = None) -> T:
        """What `work` gets from the client, within `seconds` (default: the settings' timeout).

        Raises:
            Refused: Vault said no.
            SecretUnavailable: no answer, or none that Vault gives.
        """
        start = time.monotonic()
        self.session.until = start + (self.config.timeout if seconds is None else seconds)
        pauses = iter(PAUSES)
        while True:
            answer, refused = self._once(work)
            if refused is None:
                return answer[0]
            if refused.status not in _PASSING:
                raise self._known(refused)
            self._refuse_asleep(refused)
            wait = max(next(pauses, math.inf), self.session.retry_after)
            if time.monotonic() + wait >= self.session.until:
                raise self.failure(self._passing(refused, time.monotonic() - start))
            time.sleep(wait)

    def _known(self, refused: Refused) -> Refused | SecretUnavailable:
        """Vault's no comes as JSON with a list of errors, be it empty; anything else is somebody else's."""
        if isinstance(refused.data, dict) and isinstance(refused.data.get("errors", []), list | None):
            return refused
        return self.failure(causes.no_vault(f"{refused.status} without Vault's JSON", self.config.url.value))

    def failure(self, cause: Cause) -> SecretUnavailable:
        """The cause as an error that names the server, and the namespace where there is one."""
        inside = f", namespace {self.config.namespace.value}" if self.config.namespace else ""
        return SecretUnavailable(f"{cause.message} ({self.config.url.value}{inside})", cause.hint)

    def words(self, errors: Iterable[object]) -> str:
        """What the server said, fit to be shown."""
        return causes.words(errors, [*self.hidden, self.client.token or ""])

    def close(self) -> None:
        """Close the sockets."""
        self.session.close()

    def _once(self, work: Callable[[hvac.Client], T]) -> tuple[list[T], Refused | None]:
        try:
            return [work(self.client)], None
        except VaultError as error:
            found = error.json if isinstance(error.json, dict) else decoded(error.text)
            listed = found.get("errors") if isinstance(found, dict) else None
            said = tuple(str(e) for e in listed) if isinstance(listed, list) else ()
            return [], Refused(self.session.status, said, found)
        except (NoVault, NoAnswer) as error:
            cause = self._cause(error)
        raise self.failure(cause)

    def health(self) -> tuple[int, Any]:
        """Status and JSON of Vault's health, which it tells without token and namespace, within the session's end.

        Raises:
            SecretUnavailable: no answer, or none that Vault gives.
        """
        try:
            answer = self.session.get(f"{self.config.url.value}/v1/sys/health")
        except (NoVault, NoAnswer) as error:
            cause = self._cause(error)
        else:
            return answer.status_code, decoded(answer.text)
        raise self.failure(cause)

    def _cause(self, error: NoVault | NoAnswer) -> Cause:
        if isinstance(error, NoVault):
            return causes.no_vault(self.words([error.detail]))
        trouble = error.trouble
        match trouble.what:
            case "silence":
                return causes.too_late(self.config.timeout)
            case "size":
                return causes.too_large(LIMIT)
            case "redirect":
                return causes.redirected(self.words([trouble.detail]), self.config.url.value)
            case _:
                named = self.config.server_name.value if self.config.server_name else ""
                return causes.transport(trouble, self.config.host, named=named, roots=self._roots())

    def _roots(self) -> str:
        """The file that takes the place of the system's roots, with who names it; '' for none."""
        given = self.config.ca_file
        return "" if given is None else f"{escape_controls(given.value)} ({given.origin})"

    def _passing(self, refused: Refused, waited: float) -> Cause:
        if refused.status == 429:
            return causes.rate_limited()
        return causes.server_error(refused.status, self.words(refused.errors), waited)

    def _refuse_asleep(self, refused: Refused) -> None:
        """Tell a sealed Vault from a new one, and both from what passes."""
        if refused.status != SEALED:
            return
        try:
            status, _ = self.health()
        except SecretUnavailable:
            return
        if status == NOT_INITIALISED:
            cause = causes.not_initialised(self.config.url.value)
        elif status == SEALED and any("sealed" in error for error in refused.errors):
            cause = causes.sealed(self.config.url.value)
        else:
            return
        raise self.failure(cause)


def _header_safe(text: str) -> bool:
    """Whether the text can go into an HTTP header as it stands: visible ASCII."""
    return text != "" and all("!" <= character <= "~" for character in text)


def checked_token(token: Secret, origin: str) -> str:
    """The token, if it can be one.

    Raises:
        SecretUnavailable: it holds a line break or the like; requests would print it in its own error.
    """
    text = token.reveal()
    if _header_safe(text):
        return text
    what = "is empty" if not text else "holds a line break, a blank or another character that no token has"
    raise SecretUnavailable(f"the Vault token of {origin} {what}", "store the bare token: printf %s TOKEN")
