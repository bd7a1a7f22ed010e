"""The state of one SMTP conversation and its plain moves: stages, commands, replies, and hanging up (RFC 5321).

What trouble on the wire means (`faults`, `causes`, imported only then) is turned here into the StageFailed that
explains it, so that the stages themselves (`opening`, `greeting`, `securing`, `login`, `delivery`) only tell what
happens when all goes well.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Self

from dtsconf.mail.facts import Facts
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.hello import Offer
from dtsconf.mail.reply import NotAReply, Reply
from dtsconf.mail.report import Report, Row
from dtsconf.mail.wire import ConnectionLost, Limits, Wire
from dtsconf.names import normalise_host
from dtsconf.proof import LEVELS, Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from dtsconf.mail.job import Job

IMPLICIT_TLS_PORT = 465
"""The submissions port (RFC 8314 7.3): `auto` on it is TLS from the first byte, so there is nothing to ask."""

QUIT_SECONDS = 2.0
LAST_WORDS_SECONDS = 1.0
"""How long to listen for the reason of a server that has hung up."""


class Conversation:
    """One connection to the server of a job. A context manager: leaving it says QUIT if that makes sense, and closes.

    `offer` is what the last EHLO gave, `banner` the greeting, `facts` what hints need to know.

    Raises:
        ValueError: the job lacks the host, or the sender or password that its level needs.
    """

    def __init__(self, job: Job) -> None:
        settings = job.settings
        if settings.server.host is None:
            raise ValueError("a verification needs server.host")
        self.job = job
        self.report = Report(job)
        self.limits = Limits(float(settings.connection.timeout), job.whole)
        self.offer = Offer()
        self.banner = ""
        self._wire: Wire | None = None
        self._usable = False
        self.facts = Facts(
            host=normalise_host(settings.server.host),
            port=job.port,
            encryption=settings.server.encryption,
            login=settings.login.required,
            username=settings.login.username or "",
            sender=settings.sender.email or "",
            recipient=job.recipient,
        )
        if settings.sender.email is None and self.includes("envelope"):
            raise ValueError("a verification with an envelope needs sender.email")
        if settings.login.required and self.includes("auth") and job.password is None:
            raise ValueError("a verification with a login needs the password")

    def includes(self, level: Level) -> bool:
        """Whether the job's level goes as deep as `level`."""
        return LEVELS.index(self.job.level) >= LEVELS.index(level)

    @property
    def implicit_tls(self) -> bool:
        """TLS from the first byte."""
        wanted = self.facts.encryption
        return wanted == "tls" or (wanted == "auto" and self.facts.port == IMPLICIT_TLS_PORT)

    @property
    def wire(self) -> Wire:
        """The connection; there is one from the connect stage on."""
        if self._wire is None:
            raise ConnectionLost("not connected")
        return self._wire

    def connected(self, wire: Wire) -> None:
        """The connect stage hands over what it made."""
        self._wire = wire
        self._usable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is None:
            return
        try:
            if self._usable and kind is None:
                self.command("QUIT", self.limits.short(QUIT_SECONDS))
        except (TimeoutError, ConnectionLost, NotAReply):
            return
        finally:
            self._wire.close()

    @contextmanager
    def stage(self, name: str, doing: str) -> Iterator[Row]:
        """A stage of the report in which trouble on the wire becomes the StageFailed that explains it."""
        with self.report.stage(name, doing) as row:
            try:
                yield row
            except (TimeoutError, ConnectionLost, NotAReply) as error:
                self._usable = False
                raise self._explained(name, error) from error
            finally:
                self.report.heard_any |= self._wire is not None and self._wire.received > 0

    def _explained(self, stage: str, error: TimeoutError | ConnectionLost | NotAReply) -> StageFailed:
        if isinstance(error, NotAReply):
            return self._strange(stage, error.line)
        if isinstance(error, TimeoutError):
            return self._silence(stage, error)
        from dtsconf.mail import faults

        return StageFailed.of(faults.of_loss(stage, self.facts), error.reason, error.said_by)

    def _silence(self, stage: str, error: TimeoutError) -> StageFailed:
        pending = self._wire.pending if self._wire else b""
        if pending and not pending[:1].isdigit():
            return self._strange(stage, pending)
        from dtsconf.mail import faults

        finding = faults.of_silence(stage, self.facts)
        if error.errno:
            return StageFailed.of(finding, error.strerror or "timed out", "system")
        waited = f"no whole answer in {self.limits.stage:g} s" if pending else f"no answer in {self.limits.stage:g} s"
        return StageFailed.of(finding, f"the {self.job.whole:g} s for it all are over" if self.limits.spent else waited)

    def _strange(self, stage: str, data: bytes) -> StageFailed:
        shown = data.split(b"\n")[0][:200].decode("utf-8", "backslashreplace").rstrip()
        if stage != "banner":
            words = f"the server's answer has not the form of SMTP: '{shown}'"
            return StageFailed("protocol", words, f"the log of {self.facts.host} may say more", "server")
        from dtsconf.mail import faults

        finding, who = faults.of_strange_bytes(data, self.facts)
        return StageFailed.of(finding, f"{who}: '{shown}'", "server")

    def command(self, line: str, end: float) -> Reply:
        """Send a command and read the reply, by `end` (monotonic seconds).

        Raises:
            StageFailed: the line holds a line break, so it is not sent.
            TimeoutError, ConnectionLost, NotAReply: as the wire does; the stage around it explains them.
        """
        if any(c in line for c in "\r\n\0"):
            raise StageFailed("protocol", "a command with a line break in it was not sent")
        return self.exchange(line.encode() + b"\r\n", end)

    def exchange(self, data: bytes, end: float) -> Reply:
        """Send bytes and read the reply. When the server has hung up meanwhile, what it said before still counts."""
        early = self.send(data, end)
        return early or self.wire.read_reply(end)

    def send(self, data: bytes, end: float) -> Reply | None:
        """Send bytes; gives the server's last words when it hung up before they were through."""
        try:
            self.wire.send(data, end)
        except ConnectionLost as lost:
            try:
                return self.wire.read_reply(self.limits.short(LAST_WORDS_SECONDS))
            except (ConnectionLost, TimeoutError, NotAReply):
                raise lost from None
        return None

    def hang_up(self) -> None:
        """Say nothing more on this connection, not even QUIT."""
        self._usable = False

    def refuse(self, stage: str, reply: Reply) -> NoReturn:
        """End a stage with the server's no."""
        from dtsconf.mail.causes import of_reply

        raise StageFailed.of(of_reply(stage, reply, self.facts), reply.text, "server", reply)
