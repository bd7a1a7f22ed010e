"""One mail server that misbehaves: what it does, and how a test of the settings has to end with it.

Rules: a case is data: a server over real TCP on loopback, the settings to meet it with, the stage and cause to be told,
the exit code, and a bound for memory. CANARY is the password of every login, so servers can say it back. Knows the
words of the settings and of the report, and nothing of the program.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from tests.real.ca import Certificates
from tests.real.loopback import LoopbackServer
from tests.real.polite import SmtpServer
from tests.real.scripted import Action

USER = "lab"
CANARY = "c4n4ry-Pa55w0rd-7Zq"
CANARY_PLAIN = base64.b64encode(f"\0{USER}\0{CANARY}".encode()).decode()
CANARY_64 = base64.b64encode(CANARY.encode()).decode()
"""The password as AUTH PLAIN and AUTH LOGIN send it."""

TOKEN = "token"
"""As a mechanism: CANARY is a token, and no password."""

Encryption = Literal["none", "auto", "tls", "starttls"]
Outcome = tuple[str, str] | None
"""Stage and cause of the failure; None: the mail goes out."""


@dataclass(frozen=True)
class Address:
    """Where a server listens on 127.0.0.1."""

    port: int


Serve = Callable[[Certificates], AbstractContextManager[LoopbackServer] | AbstractContextManager[Address]]
"""Starts a server for the length of a `with`."""

FINE: Outcome = None
REFUSED, UNREACHED = 6, 9


@dataclass(frozen=True)
class Case:
    """One misbehaviour.

    `does`: in a sentence. `outcome`: how it has to end; `also`: other ends that are right when a race decides. `code`:
    the exit code. `mechanism`: a login is wanted, in this way. `waits`: it ends by a time-out, so a short one is set.
    `says`: a regular expression that the report's last row fits. `memory`: MB over what a friendly server costs.
    """

    name: str
    does: str
    outcome: Outcome
    serve: Serve
    code: int = REFUSED
    encryption: Encryption = "none"
    mechanism: str | None = None
    waits: bool = False
    also: tuple[Outcome, ...] = ()
    says: str = ""
    memory: int = 16

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every end that is right."""
        return (self.outcome, *self.also)

    @property
    def seconds(self) -> float:
        """`connection.timeout`: what ends by waiting is given little, all else as much as a busy machine may need."""
        return 1 if self.waits else 20


def plain(on: Mapping[str, Action] | None = None, **options: Any) -> Serve:
    """A polite server without TLS, but for what `on` says."""
    return lambda _: SmtpServer(on=on, **options)


def starttls(on: Mapping[str, Action] | None = None, **options: Any) -> Serve:
    """A polite server with STARTTLS, but for what `on` says."""
    return lambda certificates: SmtpServer(on=on, tls=certificates.server_context(), **options)


def implicit(on: Mapping[str, Action] | None = None, **options: Any) -> Serve:
    """A polite server with TLS from the first byte and CANARY's login, but for what `on` says."""
    users = {USER: CANARY}
    return lambda certificates: SmtpServer(
        on=on, tls=certificates.server_context(), wrapper=True, **{"users": users, **options}
    )
