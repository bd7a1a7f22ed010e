"""How the tests send by Graph: a route to the test's server, tokens from a list, waits that take no time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dtsconf.errors import SignInFailed
from dtsconf.mail.job import Job, Letter
from dtsconf.mail.route import Graph, Link
from dtsconf.proof import Level
from dtsconf.secret.value import Secret
from dtsconf.token import Token
from dtsconf.web.session import Session
from dtsconf.web.trust import tls_context
from tests.real.ca import Certificates
from tests.real.graph import TOKEN, GraphServer

LETTER = Letter("pc-7", "acme-perth", 3, "dtsconf 1.2.0", "macro")


class Tokens:
    """Hands out the texts in turn: the first, and at each `fresh` the next. `asked` has how it was asked."""

    def __init__(
        self, *texts: str, username: str = "dts@acme.example", note: str | None = None, mend: str | None = None
    ) -> None:
        self._mend = mend
        self._texts = list(texts or (TOKEN,))
        self._username, self._note = username, note
        self.asked: list[tuple[bool, str | None]] = []

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        self.asked.append((fresh, challenge))
        if fresh:
            self._texts.pop(0)
        if not self._texts:
            raise SignInFailed("nobody is signed in", "dtsconf sign-in")
        return Token(Secret(self._texts[0]), self._username, time.time() + 3600)

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        return self._mend or otherwise or "sign in again: dtsconf sign-in"

    def note(self, token: Token) -> str | None:
        return self._note

    def ahead(self) -> float | None:
        return None


class Clock:
    """Waits at once; `slept` has the seconds of each wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def random(self) -> float:
        return 0.5


def route(server: GraphServer, certificates: Certificates, tokens: Tokens | None = None, **changes: Any) -> Graph:
    """A route to the server. `timeout` and `ca_file` are the session's."""
    timeout, ca_file = changes.pop("timeout", 5), changes.pop("ca_file", certificates.ca_file)
    plain = Graph(tokens or Tokens(), lambda: Session(tls_context(ca_file), timeout=timeout), server.url)
    return replace(plain, **changes)


def job(given: Graph, level: Level = "send", **changes: Any) -> Job:
    """A verification over the route."""
    link = Link(given, changes.pop("timeout", 5))
    return replace(Job(link, level, LETTER, "dts@acme.example", "DTS", "mailcheck@acme.example"), **changes)
