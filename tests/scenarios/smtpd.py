"""A mail server that a test scripts: it speaks plain, STARTTLS or implicit TLS, takes logins, and can be told to answer
any command otherwise, to close, or to run a function of the test in the middle of a conversation.

Rules: one thread a connection, all ended by `stop`; what clients said stands in `sessions` in order, logins' passwords
only in `logins`. Knows nothing of dtsconf.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import BinaryIO, cast

DROP = ""
"""As a reply: the connection is closed instead."""


@dataclass
class Mail:
    """One message that was accepted."""

    sender: str
    recipients: list[str]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.data, policy=email.policy.default)


@dataclass
class Smtpd:
    """Settings first; `start` fills in `port`. `replies` maps a verb (`MAIL`, `DATA`, `.` for the end of the message,
    `AUTH-RESULT`) to what is answered instead, a list being used up one by one; `hooks` run before the answer."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    mechanisms: Sequence[str] = ("PLAIN", "LOGIN")
    auth_without_tls: bool = False
    banner: str = "220 mail.test ESMTP scripted"
    extensions: Sequence[str] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    replies: dict[str, str | list[str]] = field(default_factory=dict)
    hooks: dict[str, Callable[[], object]] = field(default_factory=dict)
    address: str = "127.0.0.1"
    port: int = 0
    sessions: list[list[str]] = field(default_factory=list)
    messages: list[Mail] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    def start(self) -> Smtpd:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.create_server((self.address, self.port), family=family, backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    @property
    def verbs(self) -> list[list[str]]:
        """The commands of each session, without their arguments."""
        return [[line.split(" ")[0].upper() for line in session] for session in self.sessions]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        log: list[str] = []
        self.sessions.append(log)
        with self._lock:
            self._open.add(connection)
        current = [connection]
        try:
            if self.implicit and self.tls:
                current[0] = self.tls.wrap_socket(connection, server_side=True)
            _Conversation(self, current, log).run()
        except (OSError, EOFError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            current[0].close()
            connection.close()

    def answer(self, verb: str, usual: str) -> str:
        """What to say to `verb`: the scripted reply if there is one, else `usual`."""
        hook = self.hooks.get(verb)
        if hook:
            hook()
        scripted = self.replies.get(verb)
        if isinstance(scripted, list):
            return scripted.pop(0) if scripted else usual
        return usual if scripted is None else scripted


class _Conversation:
    def __init__(self, server: Smtpd, connection: list[socket.socket], log: list[str]) -> None:
        self.server, self.connection, self.log = server, connection, log
        self.reader = cast("BinaryIO", connection[0].makefile("rb"))
        self.secure = server.implicit
        self.sender, self.recipients = "", cast("list[str]", [])

    def say(self, text: str) -> None:
        if text == DROP:
            raise EOFError
        self.connection[0].sendall("".join(f"{line}\r\n" for line in text.split("\n")).encode())

    def line(self) -> str:
        raw = self.reader.readline(100_000)
        if not raw:
            raise EOFError
        return raw.rstrip(b"\r\n").decode("utf-8", "replace")

    def run(self) -> None:
        try:
            self.say(self.server.answer("BANNER", self.server.banner))
            while True:
                line = self.line()
                verb = line.split(" ")[0].upper()
                self.log.append(line if verb != "AUTH" else " ".join(line.split(" ")[:2]))
                self.handle(verb, line)
        finally:
            self.reader.close()

    def handle(self, verb: str, line: str) -> None:
        method = getattr(self, "do_" + verb.lower(), None)
        if method is None:
            self.say(self.server.answer(verb, "500 5.5.2 what?"))
            return
        method(line)

    def do_ehlo(self, _line: str) -> None:
        lines = ["mail.test", *self.server.extensions]
        if self.server.tls and not self.secure:
            lines.append("STARTTLS")
        if self.server.users and (self.secure or self.server.auth_without_tls):
            lines.append("AUTH " + " ".join(self.server.mechanisms))
        text = "\n".join(f"250-{one}" for one in lines[:-1])
        self.say(self.server.answer("EHLO", f"{text}\n250 {lines[-1]}" if text else f"250 {lines[0]}"))

    def do_helo(self, _line: str) -> None:
        self.say(self.server.answer("HELO", "250 mail.test"))

    def do_starttls(self, _line: str) -> None:
        reply = self.server.answer("STARTTLS", "220 2.0.0 go ahead" if self.server.tls else "502 5.5.1 no")
        self.say(reply)
        if reply.startswith("220") and self.server.tls:
            self.reader.close()
            self.connection[0] = self.server.tls.wrap_socket(self.connection[0], server_side=True)
            self.reader = cast("BinaryIO", self.connection[0].makefile("rb"))
            self.secure = True

    def do_auth(self, line: str) -> None:
        words = line.split(" ")
        user, password = self.plain(words) if words[1].upper() == "PLAIN" else self.login(words)
        self.server.logins.append((user, password))
        right = self.server.users.get(user) == password
        usual = "235 2.7.0 welcome" if right else "535 5.7.8 authentication failed"
        self.say(self.server.answer("AUTH-RESULT", usual))

    def plain(self, words: list[str]) -> tuple[str, str]:
        if len(words) < 3:
            self.say("334 ")
        raw = base64.b64decode(words[2] if len(words) > 2 else self.line()).decode()
        _, user, password = raw.split("\0")
        return user, password

    def login(self, words: list[str]) -> tuple[str, str]:
        if len(words) < 3:
            self.say("334 VXNlcm5hbWU6")
        user = base64.b64decode(words[2] if len(words) > 2 else self.line()).decode()
        self.say("334 UGFzc3dvcmQ6")
        return user, base64.b64decode(self.line()).decode()

    def do_mail(self, line: str) -> None:
        self.sender = line.split(":", 1)[1].split(">", maxsplit=1)[0].strip().lstrip("<")
        self.recipients = []
        self.say(self.server.answer("MAIL", "250 2.1.0 ok"))

    def do_rcpt(self, line: str) -> None:
        self.recipients.append(line.split(":", 1)[1].split(">", maxsplit=1)[0].strip().lstrip("<"))
        self.say(self.server.answer("RCPT", "250 2.1.5 ok"))

    def do_data(self, _line: str) -> None:
        reply = self.server.answer("DATA", "354 go on")
        self.say(reply)
        if not reply.startswith("354"):
            return
        lines: list[bytes] = []
        while (raw := self.reader.readline(1_000_000)) != b".\r\n":
            if not raw:
                raise EOFError
            lines.append(raw.removeprefix(b".") if raw.startswith(b"..") else raw)
        reply = self.server.answer(".", "250 2.0.0 queued as 4711")
        if reply.startswith("250"):
            self.server.messages.append(Mail(self.sender, self.recipients, b"".join(lines)))
        self.say(reply)

    def do_rset(self, _line: str) -> None:
        self.say(self.server.answer("RSET", "250 2.0.0 ok"))

    def do_noop(self, _line: str) -> None:
        self.say(self.server.answer("NOOP", "250 2.0.0 ok"))

    def do_quit(self, _line: str) -> None:
        self.say(self.server.answer("QUIT", "221 2.0.0 bye"))
        raise EOFError
