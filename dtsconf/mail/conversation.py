"""The state of one SMTP conversation and its plain moves: stages, commands, replies, and hanging up (RFC 5321).

What trouble on the wire means (`faults`, `causes`, imported only then) is turned here into the StageFailed that
explains it, so that the stages themselves (`opening`, `greeting`, `securing`, `login`, `delivery`) only tell what
happens when all goes well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

from dtsconf.mail.facts import Facts
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.hello import Offer
from dtsconf.mail.reply import NotAReply, Reply
from dtsconf.mail.report import Report, Running
from dtsconf.mail.route import PasswordLogin, TokenLogin
from dtsconf.mail.wire import ConnectionLost, Limits, Wire
from dtsconf.names import normalise_host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from dtsconf.mail.route import Link

QUIT_SECONDS = 2.0
LAST_WORDS_SECONDS = 1.0
"""How long to listen for the reason of a server that has hung up."""

_GOODBYE = range(421, 422)
"""The one reply that may come at any time (RFC 5321 3.8)."""


class Conversation:
    """One connection over a link. A context manager: leaving it says QUIT if that makes sense, and closes.

    `offer` is what the last EHLO gave, `unheard` its refusal where HELO was taken in its place, `banner` the greeting,
    `facts` what hints need to know; `sender` and `recipient` are for these only. `doubt` tells what the token that
    signed in says against itself.
    """

    def __init__(self, link: Link, limits: Limits, *, sender: str = "", recipient: str = "") -> None:
        route, login = link.smtp, link.smtp.login
        self.link = link
        self.route = route
        self.report = Report(link.progress, link.masker)
        self.limits = limits
        self.offer = Offer()
        self.unheard: Reply | None = None
        self.banner = ""
        self.doubt: Callable[[], str | None] = lambda: None
        self._wire: Wire | None = None
        self._usable = False
        self.facts = Facts(
            host=normalise_host(route.host),
            port=route.port,
            encryption=route.encryption,
            login=login is not None,
            username="" if login is None or isinstance(login, TokenLogin) else login.username,
            sender=sender,
            recipient=recipient,
            token=isinstance(login, TokenLogin),
            spare_login=route.spare_login,
            proven=link.past.proven,
            proven_name=link.past.login,
            renewed=link.past.renewed,
            min_tls=route.min_tls,
            application=login.application if isinstance(login, TokenLogin) else "",
            or_graph=route.or_graph,
        )
        if isinstance(login, PasswordLogin) and login.password is not None:
            self.facts = self.facts._replace(slip=login.password.slip() or "")
            self._keep_secret(login.username, login.password.reveal())

    def _keep_secret(self, username: str, password: str) -> None:
        """From the first word on: a server that has seen the password before could greet with it."""
        from dtsconf.mail.auth import encoded_forms

        self.report.masker.add_secret(password)
        self.report.masker.add_encoded(*encoded_forms(username, password))

    @property
    def wire(self) -> Wire:
        """The connection; there is one from the connect stage on. Raises: ConnectionLost: not yet."""
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
        if kind is not None:
            self.hang_up()
        self.close()

    def close(self) -> None:
        """Say QUIT if that makes sense, and close. Never raises for trouble on the wire."""
        if self._wire is None:
            return
        try:
            if self._usable:
                self.command("QUIT", self.limits.short(QUIT_SECONDS))
        except (TimeoutError, ConnectionLost, NotAReply):
            return
        finally:
            self._usable = False
            self._wire.close()

    def stage(self, name: str, doing: str) -> Running:
        """A stage of the report in which trouble on the wire becomes the StageFailed that explains it."""
        return self.report.stage(name, doing, self._ended)

    def _ended(self, stage: str, error: BaseException) -> StageFailed | None:
        self.report.heard_any |= self._wire is not None and self._wire.received > 0
        if not isinstance(error, (TimeoutError, ConnectionLost, NotAReply)):
            return None
        self._usable = False
        return self._explained(stage, error)

    def _explained(self, stage: str, error: TimeoutError | ConnectionLost | NotAReply) -> StageFailed:
        if isinstance(error, NotAReply):
            return self._strange(stage, error)
        if isinstance(error, TimeoutError):
            return self._silence(stage, error)
        from dtsconf.mail import faults

        return StageFailed.of(faults.of_loss(stage, error.reason, self.facts), error.reason, error.said_by)

    def _silence(self, stage: str, error: TimeoutError) -> StageFailed:
        pending = self._wire.pending if self._wire else b""
        if pending and not pending[:1].isdigit():
            return self._strange(stage, NotAReply(pending))
        from dtsconf.mail import faults

        finding = faults.of_silence(stage, self.facts, self.link.timeout)
        if error.errno:
            return StageFailed.of(finding, error.strerror or "timed out", "system")
        waited = self.limits.of(stage)
        words = f"no whole answer in {waited:g} s" if pending else f"no answer in {waited:g} s"
        return StageFailed.of(
            finding, f"the {self.limits.whole:g} s for it all are over" if self.limits.spent else words
        )

    def _strange(self, stage: str, error: NotAReply) -> StageFailed:
        from dtsconf.mail import faults

        shown = error.line.split(b"\n")[0][:200].decode("utf-8", "backslashreplace").rstrip()
        if stage != "banner" or error.spoken:
            return StageFailed.of(faults.of_nonsense(stage, self.facts), f"{error}: '{shown}'", "server")
        finding, who = faults.of_strange_bytes(error.line, self.facts)
        return StageFailed.of(finding, f"{who}: '{shown}'", "server")

    def command(self, line: str, end: float) -> Reply:
        """Send a command and read the reply, by `end` (monotonic seconds).

        Raises:
            StageFailed: the line holds a line break, so it is not sent.
            TimeoutError, ConnectionLost, NotAReply: as the wire does; the stage around it explains them.
        """
        return self.commands([line], end)

    def commands(self, lines: Sequence[str], end: float) -> Reply:
        """Send commands together and read the reply to the first; the others' are still to be read. Raises: as
        `command`."""
        return self.exchange(self.group(lines), end)

    def group(self, lines: Sequence[str]) -> bytes:
        """Commands as they go over the wire. Raises: StageFailed when a line holds a line break."""
        whole = "\r\n".join([*lines, ""])
        if whole.count("\r") + whole.count("\n") != 2 * len(lines) or "\0" in whole:
            raise StageFailed("protocol", "a command with a line break in it was not sent")
        return whole.encode()

    def exchange(self, data: bytes, end: float) -> Reply:
        """Send bytes and read the reply. When the server has hung up meanwhile, what it said before still counts."""
        early = self.send(data, end)
        return early or self.wire.read_reply(end)

    def send(self, data: bytes, end: float, heed: range = _GOODBYE) -> Reply | None:
        """Send bytes; gives the server's last words when it hung up before they were through, or what it said unasked
        if the code is one to `heed`."""
        if self.wire.ahead:
            return self._out_of_turn(heed)
        try:
            self.wire.send(data, end)
        except ConnectionLost as lost:
            self.hang_up()
            try:
                return self.wire.read_reply(self.limits.short(LAST_WORDS_SECONDS))
            except ConnectionLost as last:  # TLS may have said why; the system only says that it ended
                raise (last if last.said_by == "tls" else lost) from None
            except (TimeoutError, NotAReply):
                raise lost from None
        return None

    def _out_of_turn(self, heed: range) -> Reply:
        """The server has spoken before it was asked. To take that for an answer would be to believe what was said of
        something else.

        Raises:
            NotAReply: its code isn't one to heed.
        """
        self.hang_up()
        line = self.wire.pending
        reply = self.wire.read_reply(self.limits.short(LAST_WORDS_SECONDS))
        if reply.code not in heed:
            raise NotAReply(line, "the server spoke before it was asked")
        return reply

    @property
    def usable(self) -> bool:
        """Whether a further command may be sent."""
        return self._wire is not None and self._usable

    def hang_up(self) -> None:
        """Say nothing more on this connection, not even QUIT."""
        self._usable = False

    def refuse(self, stage: str, reply: Reply) -> NoReturn:
        """End a stage with the server's no; 421 is its last word on this connection (RFC 5321 3.8)."""
        from dtsconf.mail import causes, faults

        if reply.code == 421:
            self.hang_up()
        finding = causes.of_reply(stage, reply, self.facts)
        if reply.code < 400 and stage == "accepted":
            finding = faults.of_nonsense(stage, self.facts)
        raise StageFailed.of(finding, reply.text + self.doubts(), "server", reply)

    def doubts(self) -> str:
        """What the token says against itself, as the end of a sentence; '' when there is nothing or no token."""
        doubt = self.doubt()
        return f"; the token itself: {doubt}" if doubt else ""
