"""A server that follows a script step by step, and the actions that a script (or polite.py's server) is made of.

Rules: every line that a client sent is recorded, apart for plain text and TLS; a script knows nothing of SMTP, so
that it can break any rule of it.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.real.loopback import Connection, LoopbackServer

SAFETY_STOP = 64 * 1024 * 1024


@dataclass(frozen=True)
class Say:
    """Answers with this text; each line gets its CRLF. As an action of SmtpServer: instead of its own answer."""

    text: str


@dataclass(frozen=True)
class Raw:
    """Sends these bytes as they are, and goes on."""

    data: bytes


@dataclass(frozen=True)
class Drop:
    """Closes the connection, with `reset` by RST."""

    reset: bool = False


@dataclass(frozen=True)
class Stall:
    """Keeps the connection and says nothing more."""


@dataclass(frozen=True)
class Drip:
    """Answers with one byte every `seconds`: each read succeeds, and yet it takes for ever."""

    text: str
    seconds: float = 0.2


@dataclass(frozen=True)
class Flood:
    """Answers with continuation lines without end (64 MiB at most): a reply that must not fill the client's memory."""

    line: str = "250-" + "x" * 500


@dataclass(frozen=True)
class Expect:
    """Of a script only: the client's next line must match this regular expression (case ignored)."""

    pattern: str


@dataclass(frozen=True)
class StartTls:
    """Of a script only: shakes hands as a TLS server."""

    context: ssl.SSLContext


Action = Say | Raw | Drop | Stall | Drip | Flood
Step = Action | Expect | StartTls


@dataclass
class Message:
    """A mail that was accepted: envelope, and the content with its CRLFs."""

    sender: str
    recipients: list[str]
    data: bytes


@dataclass
class Session:
    """One connection: the client's lines before TLS and within it, the user it logged in as, the mails accepted."""

    plain: list[str] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)
    user: str | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """All lines that the client sent as commands or answers, in order."""
        return self.plain + self.encrypted


def perform(action: Action, connection: Connection) -> bool:
    """Does it; true when the connection is over. Raises Gone from a stall."""
    match action:
        case Say(text):
            connection.write(reply(text))
        case Raw(data):
            connection.write(data)
        case Drop(reset):
            if reset:
                connection.reset()
            return True
        case Stall():
            connection.wait_for_end()
        case Drip(text, seconds):
            for byte in reply(text):
                connection.write(bytes([byte]))
                time.sleep(seconds)
        case Flood(line):
            block = reply(line) * 100
            for _ in range(SAFETY_STOP // len(block)):
                connection.write(block)
            return True
    return False


def reply(text: str) -> bytes:
    """The lines of `text` as they go over the wire."""
    return b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in text.split("\n"))


class ScriptedServer(LoopbackServer):
    """Follows `scripts`, one a connection; the last one serves all further connections. A line that an Expect didn't
    want goes to `surprises` and ends the connection: a test asserts that there are none."""

    def __init__(self, *scripts: Sequence[Step], host: str = "127.0.0.1") -> None:
        self.scripts = scripts
        self.sessions: list[Session] = []
        self.surprises: list[str] = []
        self._turn = threading.Lock()
        super().__init__(self._follow, host=host)

    def _follow(self, connection: Connection) -> None:
        with self._turn:
            script = self.scripts[min(len(self.sessions), len(self.scripts) - 1)]
            session = Session()
            self.sessions.append(session)
        for step in script:
            if self._step(step, connection, session):
                return

    def _step(self, step: Step, connection: Connection, session: Session) -> bool:
        if isinstance(step, StartTls):
            connection.start_tls(step.context)
            return False
        if not isinstance(step, Expect):
            return perform(step, connection)
        line = connection.read_line().decode("utf-8", "replace")
        (session.encrypted if connection.tls else session.plain).append(line)
        if re.fullmatch(step.pattern, line, re.IGNORECASE):
            return False
        self.surprises.append(f"{step.pattern!r} expected, {line!r} came")
        return True
