"""A real mail server in a thread of this process: loopback only, a port of the system's choice, STARTTLS and a login.

Keeps what arrived in memory and delivers nothing. It takes one user; nobody sends without TLS and login.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from types import TracebackType

    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

ADDRESS = "127.0.0.1"
START_SECONDS = 15.0


@frozen
class Arrived:
    """One mail as the server took it: who had logged in, whether the session was encrypted, envelope and content."""

    login: str
    encrypted: bool
    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class MailServer:
    """Runs while it is entered. `port` is known then; `arrived` and `refused_logins` grow as clients come."""

    chain: str
    user: str
    password: str = field(repr=False)
    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    refused_logins: int = 0

    def __enter__(self) -> Self:
        """Start listening.

        Raises:
            DtsconfError: no loopback port can be had.
        """
        _silence()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)  # a client that hangs up is no news
        self._ready = threading.Event()
        self._faults: list[OSError] = []
        self._thread = threading.Thread(target=self._run, name="demo mail server", daemon=True)
        self._thread.start()
        started = self._ready.wait(START_SECONDS)
        if self._faults or not started:
            reason = self._faults[0] if self._faults else f"it did not start within {START_SECONDS:.0f} s"
            raise DtsconfError(f"the demo's mail server can't listen on {ADDRESS}: {reason}", "is loopback up?")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and drop what is open."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.chain)
            listening = self._loop.create_server(lambda: self._session(context), ADDRESS, 0)
            server = self._loop.run_until_complete(listening)
            self.port = int(server.sockets[0].getsockname()[1])
        except OSError as fault:
            self._faults.append(fault)
        else:
            self._ready.set()
            self._loop.run_forever()
            server.close()
            self._drop()
        finally:
            self._ready.set()
            self._loop.close()

    def _drop(self) -> None:
        waiting = asyncio.all_tasks(self._loop)
        for task in waiting:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))

    def _session(self, context: ssl.SSLContext) -> SMTP:
        from aiosmtpd.smtp import SMTP

        return SMTP(
            self,
            enable_SMTPUTF8=True,
            hostname="demo.example",
            ident="dtsconf demo",
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        from hmac import compare_digest

        from aiosmtpd.smtp import AuthResult

        given, wanted = (data.login, data.password), (self.user.encode(), self.password.encode())
        right = all(compare_digest(a, b) for a, b in zip(given, wanted, strict=True))
        self.refused_logins += not right
        return AuthResult(success=right, handled=False, auth_data=self.user)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail (aiosmtpd calls this after the final dot)."""
        self.arrived.append(
            Arrived(
                login=str(session.auth_data),
                encrypted=session.ssl is not None,
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.original_content or b"",
            )
        )
        return f"250 2.0.0 taken as demo mail {len(self.arrived)}"


def _silence() -> None:
    """The server's own log would mix with the story; what matters of it is shown by the client."""
    import logging

    for name in ("mail.log", "asyncio"):
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
