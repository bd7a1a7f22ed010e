"""A server that follows a script step by step, and the actions that a script (or polite.py's server) is made of.

Rules: every line that a client sent is recorded, apart for plain text and TLS; a script knows nothing of SMTP, so
that it can break any rule of it.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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
class Pour:
    """Sends these bytes again and again, `times` times: a line, or a stream, far longer than anyone should read."""

    data: bytes
    times: int


@dataclass(frozen=True)
class Wait:
    """Lets `seconds` pass, and goes on."""

    seconds: float


@dataclass(frozen=True)
class Hear:
    """Takes this many of the client's lines, whatever they say."""

    lines: int = 1


@dataclass(frozen=True)
class HalfClose:
    """Says that nothing more will come (FIN), and stays there to listen."""


@dataclass(frozen=True)
class Do:
    """Whatever this function does with the connection; it goes on afterwards."""

    work: Callable[[Connection], None]


@dataclass(frozen=True)
class Usual:
    """Of SmtpServer only: its own answer, alone or as the last of several steps."""


@dataclass(frozen=True)
class Steps:
    """Several actions, one after the other."""

    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Expect:
    """Of a script only: the client's next line must match this regular expression (case ignored)."""

    pattern: str


@dataclass(frozen=True)
class StartTls:
    """Shakes hands as a TLS server."""

    context: ssl.SSLContext


Action = Say | Raw | Drop | Stall | Drip | Flood | Pour | Wait | Hear | HalfClose | StartTls | Do | Usual | Steps
Step = Action | Expect


@dataclass
class Message:
    """A mail that was accepted: envelope, and the content with its CRLFs."""

    sender: str
    recipients: list[str]
    data: bytes


@dataclass
class Session:
    """One connection: the client's lines before TLS and within it, the user it logged in as, the mails accepted; `raw`
    is every byte that came, in order, decrypted."""

    plain: list[str] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)
    user: str | None = None
    messages: list[Message] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    @property
    def lines(self) -> list[str]:
        """All lines that the client sent as commands or answers, in order."""
        return self.plain + self.encrypted


def steps(*actions: Action) -> Steps:
    """Several actions, one after the other."""
    return Steps(actions)


def perform(action: Action, connection: Connection) -> bool:
    """Does it; true when the connection is over. Raises Gone from a stall."""
    match action:
        case Steps(actions):
            return any(perform(one, connection) for one in actions)
        case Drop(reset):
            if reset:
                connection.reset()
            return True
        case Stall() | HalfClose():
            if isinstance(action, HalfClose):
                connection.close_output()
            connection.wait_for_end()
        case StartTls() | Do() | Hear() | Usual():
            _act(action, connection)
        case _:
            for piece in _spoken(action):
                connection.write(piece)
    return isinstance(action, Flood | Pour)


def _act(action: StartTls | Do | Hear | Usual, connection: Connection) -> None:
    match action:
        case StartTls(context):
            connection.start_tls(context)
        case Do(work):
            work(connection)
        case Hear(lines):
            for _ in range(lines):
                connection.read_line()
        case Usual():
            pass  # the server's own business


def _spoken(action: Say | Raw | Drip | Flood | Pour | Wait) -> Iterator[bytes]:
    """What the action says, piece by piece, with its pauses."""
    match action:
        case Say(text):
            yield reply(text)
        case Raw(data):
            yield data
        case Wait(seconds):
            time.sleep(seconds)
        case Drip(text, seconds):
            for byte in reply(text):
                yield bytes([byte])
                time.sleep(seconds)
        case Flood(line):
            block = reply(line) * 100
            for _ in range(SAFETY_STOP // len(block)):
                yield block
        case Pour(data, times):
            for _ in range(times):
                yield data


def reply(text: str) -> bytes:
    """The lines of `text` as they go over the wire."""
    return b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in text.split("\n"))


class ScriptedServer(LoopbackServer):
    """Follows `scripts`, one a connection; the last one serves all further connections. A line that an Expect didn't
    want goes to `surprises` and ends the connection: a test asserts that there are none."""

    def __init__(
        self, *scripts: Sequence[Step], host: str = "127.0.0.1", listener: socket.socket | None = None
    ) -> None:
        self.scripts = scripts
        self.sessions: list[Session] = []
        self.surprises: list[str] = []
        self._turn = threading.Lock()
        super().__init__(self._follow, host=host, listener=listener)

    def _follow(self, connection: Connection) -> None:
        with self._turn:
            script = self.scripts[min(len(self.sessions), len(self.scripts) - 1)]
            session = Session(raw=connection.raw)
            self.sessions.append(session)
        for step in script:
            if self._step(step, connection, session):
                return

    def _step(self, step: Step, connection: Connection, session: Session) -> bool:
        if not isinstance(step, Expect):
            return perform(step, connection)
        line = connection.read_line().decode("utf-8", "replace")
        (session.encrypted if connection.tls else session.plain).append(line)
        if re.fullmatch(step.pattern, line, re.IGNORECASE):
            return False
        self.surprises.append(f"{step.pattern!r} expected, {line!r} came")
        return True
