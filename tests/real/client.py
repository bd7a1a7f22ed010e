"""A plain smtplib client for tests of the parts themselves, and for checking that a mail host is up.

Rules: it goes to TLS wherever the endpoint has it; it hides no error. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

from tests.real.endpoints import ANY_USER_SENDER
from tests.real.servers import Endpoint

CLIENT = "client.corp.example"


def trusting() -> ssl.SSLContext:
    """A context that takes any certificate, for tests of other things."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def connected(endpoint: Endpoint, context: ssl.SSLContext, host: str | None = None) -> Iterator[smtplib.SMTP]:
    """A session that is as encrypted as the endpoint allows."""
    address, facts = host or endpoint.host, endpoint.facts
    if facts.tls == "wrapper":
        client: smtplib.SMTP = smtplib.SMTP_SSL(address, endpoint.port, CLIENT, context=context, timeout=10)
    else:
        client = smtplib.SMTP(address, endpoint.port, CLIENT, timeout=10)
    try:
        if facts.tls in {"optional", "required"}:
            client.starttls(context=context)
        client.ehlo()
        yield client
    finally:
        client.close()


def letter(recipient: str, subject: str = "smoke") -> EmailMessage:
    """A short message from ANY_USER_SENDER; its body is `hello` and a line end."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ANY_USER_SENDER, recipient, subject
    message.set_content("hello\n")
    return message


def mechanisms(client: smtplib.SMTP) -> set[str]:
    """The SASL mechanisms of the last EHLO."""
    return set(client.esmtp_features.get("auth", "").split())
