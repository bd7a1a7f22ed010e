"""A well-behaved SMTP server in this process, which can be told to misbehave at chosen moments.

Rules: where it isn't told otherwise it keeps RFC 5321, 1870 (SIZE), 2920 (PIPELINING), 3207 (STARTTLS) and 4954 (AUTH);
tests/contract holds it to what Postfix does. What clients said is recorded in `sessions`. Knows nothing of dtsconf.
"""

from __future__ import annotations

import base64
import functools
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence

from tests.real.loopback import Connection, LoopbackServer
from tests.real.scripted import Action, Message, Session, Steps, Usual, perform, reply

EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


class SmtpServer(LoopbackServer):
    """A polite SMTP server.

    `tls`: STARTTLS is offered with this context, or with `wrapper` the connection begins with TLS. `users`: name to
    password; AUTH PLAIN and LOGIN are offered, without TLS only with `cleartext_login`. `require_tls`,
    `require_login`: MAIL FROM is refused before. `on`: what to do instead of its own answer at CONNECT (the banner),
    at a verb, at `.` (the end of a mail), or at `VERB within TLS`; a sequence is used up one by one over all
    connections, None meaning the usual. `sessions` and `messages` tell what came, oldest first.
    """

    def __init__(
        self,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        wrapper: bool = False,
        users: Mapping[str, str] | None = None,
        cleartext_login: bool = False,
        require_tls: bool = False,
        require_login: bool = False,
        on: Mapping[str, Action | Sequence[Action | None]] | None = None,
        host: str = "127.0.0.1",
        listener: socket.socket | None = None,
    ) -> None:
        self.extensions = tuple(extensions)
        self.tls = tls
        self.wrapper = wrapper
        self.users = dict(users or {})
        self.cleartext_login = cleartext_login
        self.require_tls = require_tls
        self.require_login = require_login
        self.sessions: list[Session] = []
        self._always = {moment: act for moment, act in (on or {}).items() if not isinstance(act, Sequence)}
        self._in_turn = {moment: list(act) for moment, act in (on or {}).items() if isinstance(act, Sequence)}
        self._turn = threading.Lock()
        super().__init__(self._converse, host=host, listener=listener)

    @property
    def messages(self) -> list[Message]:
        """All mails accepted, over all sessions."""
        return [message for session in self.sessions for message in session.messages]

    @property
    def size_limit(self) -> int | None:
        """The limit that SIZE announces, in bytes."""
        limits = [word.split()[1] for word in self.extensions if word.startswith("SIZE ")]
        return int(limits[0]) if limits else None

    def action(self, moment: str) -> Action | None:
        """What `on` wants done at this moment, if anything."""
        with self._turn:
            waiting = self._in_turn.get(moment)
            return waiting.pop(0) if waiting else self._always.get(moment)

    def _converse(self, connection: Connection) -> None:
        session = Session(raw=connection.raw)
        with self._turn:
            self.sessions.append(session)
        Conversation(self, connection, session).run()


class Conversation:
    """One connection's state: greeted or not, the envelope so far."""

    def __init__(self, server: SmtpServer, connection: Connection, session: Session) -> None:
        self.server = server
        self.connection = connection
        self.session = session
        self.greeted = False
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.over = False
        self._verbs: dict[str, Callable[[str], str]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: "250 2.0.0 Ok",
            "VRFY": lambda _: "252 2.0.0 Send some mail, I'll try my best",
            "QUIT": self._quit,
        }

    def run(self) -> None:
        """Converses until the client or a planned fault ends it."""
        if self.server.wrapper and self.server.tls:
            self.connection.start_tls(self.server.tls)
        self._answer("CONNECT", lambda: "220 mail.corp.example ESMTP")
        while not self.over:
            line = self._read()
            verb, _, argument = line.partition(" ")
            handler = self._verbs.get(verb.upper(), lambda _: "500 5.5.2 Error: command not recognized")
            self._answer(verb.upper(), functools.partial(handler, argument))

    def _read(self) -> str:
        line = self.connection.read_line().decode("utf-8", "replace")
        (self.session.encrypted if self.connection.tls else self.session.plain).append(line)
        return line

    def _answer(self, moment: str, usual: Callable[[], str]) -> None:
        """Does what the test has planned for this moment, or else the usual and says its answer."""
        within = self.server.action(f"{moment} within TLS") if self.connection.tls else None
        planned = within or self.server.action(moment)
        if planned is not None:
            self.greeted |= moment == "EHLO"
            self.over = perform(planned, self.connection)
            if self.over or not _ends_as_usual(planned):
                return
        if text := usual():
            self.connection.write(reply(text))

    def _ehlo(self, _: str) -> str:
        self._rset("")
        self.greeted = True
        words = list(self.server.extensions)
        if self._offers_tls():
            words.append("STARTTLS")
        if self._offers_login():
            words.append("AUTH PLAIN LOGIN")
        lines = ["mail.corp.example", *words]
        return "\n".join(f"250{'-' if number < len(lines) else ' '}{line}" for number, line in enumerate(lines, 1))

    def _helo(self, _: str) -> str:
        self._rset("")
        self.greeted = True
        return "250 mail.corp.example"

    def _offers_tls(self) -> bool:
        return self.server.tls is not None and not self.connection.tls

    def _offers_login(self) -> bool:
        return bool(self.server.users) and (self.connection.tls or self.server.cleartext_login)

    def _starttls(self, argument: str) -> str:
        if argument:
            return "501 5.5.4 Syntax: STARTTLS"
        if self.server.tls is None or self.connection.tls:
            return "502 5.5.1 Error: command not implemented"
        self.connection.write(reply("220 2.0.0 Ready to start TLS"))
        self.connection.start_tls(self.server.tls)
        self.greeted = False
        self._rset("")
        return ""

    def _auth(self, argument: str) -> str:
        if not self._offers_login():
            return "503 5.5.1 Error: authentication not enabled"
        mechanism, _, initial = argument.partition(" ")
        try:
            name, password = self._credentials(mechanism.upper(), initial)
        except ValueError:
            return "535 5.7.8 Error: authentication failed: Invalid base64 data"
        if not name or self.server.users.get(name) != password:
            return "535 5.7.8 Error: authentication failed: "
        self.session.user = name
        return "235 2.7.0 Authentication successful"

    def _credentials(self, mechanism: str, initial: str) -> tuple[str, str]:
        """Name and password of an AUTH exchange; an unknown mechanism gives no name. Raises ValueError."""
        if mechanism == "PLAIN":
            _, name, password = _decode(initial or self._ask("")).split("\0")
            return name, password
        if mechanism == "LOGIN":
            name = _decode(initial or self._ask("Username:"))
            return name, _decode(self._ask("Password:"))
        return "", ""

    def _ask(self, question: str) -> str:
        self.connection.write(reply(f"334 {base64.b64encode(question.encode()).decode()}"))
        return self._read()

    def _mail(self, argument: str) -> str:
        match = re.fullmatch(r"FROM:\s*<([^>]*)>(.*)", argument, re.IGNORECASE)
        if not match:
            return "501 5.5.4 Syntax: MAIL FROM:<address>"
        refusal = self._refuses_mail(match[2])
        if not refusal:
            self.sender = match[1]
        return refusal or "250 2.1.0 Ok"

    def _refuses_mail(self, parameters: str) -> str:
        if not self.greeted:
            return "503 5.5.1 Error: send HELO/EHLO first"
        if self.sender is not None:
            return "503 5.5.1 Error: nested MAIL command"
        if self.server.require_tls and not self.connection.tls:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if self.server.require_login and self.session.user is None:
            return "530 5.7.0 Authentication required"
        size = re.search(r"\bSIZE=(\d+)", parameters, re.IGNORECASE)
        if size and self._is_too_large(int(size[1])):
            return "552 5.3.4 Message size exceeds fixed limit"
        return ""

    def _is_too_large(self, size: int) -> bool:
        return self.server.size_limit is not None and size > self.server.size_limit

    def _rcpt(self, argument: str) -> str:
        match = re.fullmatch(r"TO:\s*<([^>]+)>.*", argument, re.IGNORECASE)
        if self.sender is None:
            return "503 5.5.1 Error: need MAIL command"
        if not match:
            return "501 5.5.4 Syntax: RCPT TO:<address>"
        self.recipients.append(match[1])
        return "250 2.1.5 Ok"

    def _data(self, _: str) -> str:
        if not self.recipients:
            return "503 5.5.1 Error: need RCPT command"
        self.connection.write(reply("354 End data with <CR><LF>.<CR><LF>"))
        lines: list[bytes] = []
        while (line := self.connection.read_line()) != b".":
            lines.append(line.removeprefix(b".") + b"\r\n")
        self._answer(".", lambda: self._accept(b"".join(lines)))
        return ""

    def _accept(self, data: bytes) -> str:
        sender, recipients = self.sender or "", self.recipients
        self._rset("")
        if self._is_too_large(len(data)):
            return "552 5.3.4 Error: message file too big"
        self.session.messages.append(Message(sender, recipients, data))
        return "250 2.0.0 Ok: queued"

    def _rset(self, _: str) -> str:
        self.sender, self.recipients = None, []
        return "250 2.0.0 Ok"

    def _quit(self, _: str) -> str:
        self.over = True
        return "221 2.0.0 Bye"


def _ends_as_usual(planned: Action) -> bool:
    last = planned.actions[-1] if isinstance(planned, Steps) else planned
    return isinstance(last, Usual)


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")
