"""The mail host as tests see it: endpoints by name, users, certificates, what has been delivered, the mail log.

Rules: one mail host a test session, shared by all workers of pytest-xdist (see hosting.py). Tests keep apart by using recipients of their own:
`fresh_recipient()`. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.real.ca import Certificates
from tests.real.dovecot import USERS, User
from tests.real.endpoints import DOMAIN, ENDPOINTS, Facts
from tests.real.hosting import joined
from tests.real.processes import has_ipv6, require


class Endpoint(NamedTuple):
    """Where an endpoint listens and what a client meets there. `host` is 127.0.0.1; the same port on ::1 is the same
    endpoint where the machine has IPv6 (`localhost` may be either). The good certificate names all three."""

    host: str
    port: int
    facts: Facts


@dataclass(frozen=True)
class MailHost:
    """A running mail host; `postfix` is the folder of its Postfix instance."""

    certificates: Certificates
    postfix: Path
    endpoints: dict[str, Endpoint]

    domain = DOMAIN

    @classmethod
    def of(cls, facts: dict[str, Any], endpoints: Sequence[Facts]) -> Self:
        """From what the supervisor says of it: `folder`, `postfix`, `ports` by endpoint."""
        places = {one.name: Endpoint("127.0.0.1", facts["ports"][one.name], one) for one in endpoints}
        return cls(Certificates(Path(facts["folder"]) / "tls"), Path(facts["postfix"]), places)

    @property
    def has_ipv6(self) -> bool:
        """Whether the endpoints listen on ::1 too."""
        return has_ipv6()

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name in endpoints.py's table. Raises KeyError."""
        return self.endpoints[name]

    @property
    def ca_file(self) -> str:
        """The PEM root to trust."""
        return self.certificates.ca_file

    @property
    def users(self) -> dict[str, User]:
        """The users who can log in, by name."""
        return {user.name: user for user in USERS}

    def fresh_recipient(self, mailbox: str = "mailcheck") -> str:
        """An address that no other test uses, delivered to `mailbox`."""
        return f"{mailbox}+{secrets.token_hex(6)}@{DOMAIN}"

    def mails(self, recipient: str) -> list[EmailMessage]:
        """What has been delivered to exactly this address (case aside), oldest first."""
        mailbox = re.split(r"[+@]", recipient)[0]
        folder = self.postfix / "mail" / mailbox / "new"
        paths = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []
        found = [_parse(path.read_bytes()) for path in paths]
        return [one for one in found if str(one["Delivered-To"]).casefold() == recipient.casefold()]

    def wait_for_mail(
        self, recipient: str, *, subject: str | None = None, message_id: str | None = None, timeout: float = 10.0
    ) -> EmailMessage:
        """The first mail to `recipient` with that subject and Message-ID, where given.
        Raises AssertionError with what was there instead and the mail log's end after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            mails = self.mails(recipient)
            for mail in mails:
                if subject in {None, mail["Subject"]} and message_id in {None, mail["Message-ID"]}:
                    return mail
            if time.monotonic() > deadline:
                there = [(str(mail["Subject"]), str(mail["Message-ID"])) for mail in mails]
                raise AssertionError(f"no such mail for {recipient}; there: {there}\n{self.log()[-2000:]}")
            time.sleep(0.02)

    def log(self) -> str:
        """The mail log; the lines of an endpoint's smtpd say `postfix/ENDPOINT/smtpd`."""
        path = self.postfix / "mail.log"  # made at the first line
        return path.read_text("utf-8", "replace") if path.exists() else ""


def _parse(data: bytes) -> EmailMessage:
    """A message as EmailMessage; UTF-8 in header fields (RFC 6532), which the parser would replace, is kept."""
    message = message_from_bytes(data, policy=policy.default)
    for name, value in list(message.raw_items()):
        if not str(value).isascii():
            text = str(value).encode("ascii", "surrogateescape").decode("utf-8", "replace")
            message.replace_header(name, text.replace("\r", "").replace("\n", ""))
    return message


@contextlib.contextmanager
def mail_host(shared: Path) -> Iterator[MailHost]:
    """The mail host of all processes that name the same folder `shared`: joined, or started. Whoever leaves last sees
    it end. Raises PartMissing, OSError."""
    require("the mail host", "postfix", "dovecot")
    with joined(shared, "mailhost") as facts:
        yield MailHost.of(facts, ENDPOINTS)
