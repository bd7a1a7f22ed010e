"""The refusing endpoints of the mail host refuse at the command and with the codes that their facts say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.real.client import connected, trusting
from tests.real.endpoints import ANY_USER_SENDER
from tests.real.servers import Endpoint, MailHost

pytestmark = pytest.mark.servers


def _refusal(endpoint: Endpoint, recipient: str, body: str = "hello") -> tuple[str, int, str]:
    """At which command the server says no to a mail, its code and enhanced code."""
    with connected(endpoint, trusting()) as client:
        size = f"SIZE={len(body)}" if client.has_extn("size") else ""
        steps: tuple[tuple[str, Callable[[], tuple[int, bytes]]], ...] = (
            ("MAIL", lambda: client.mail(ANY_USER_SENDER, [size] if size else [])),
            ("RCPT", lambda: client.rcpt(recipient)),
            ("DATA", lambda: client.data(f"Subject: smoke\r\n\r\n{body}\r\n")),
        )
        for step, ask in steps:
            code, text = ask()
            if code >= 400:
                return step, code, text.decode().split()[0]
    return "", 250, ""


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("plain", ("", 250, "")),
        ("sender-rejected", ("MAIL", 550, "5.7.1")),
        ("sender-rejected-late", ("RCPT", 550, "5.7.1")),
        ("recipient-rejected", ("RCPT", 550, "5.1.1")),
        ("relay-denied", ("RCPT", 554, "5.7.1")),
        ("greylisted", ("RCPT", 450, "4.7.1")),
        ("mailbox-full", ("RCPT", 552, "5.2.2")),
        ("body-rejected", ("DATA", 550, "5.7.1")),
        ("milter-dead", ("MAIL", 451, "4.7.1")),
        ("login-impossible", ("MAIL", 530, "5.7.0")),
    ],
)
def test_a_refusing_endpoint_refuses_where_and_how_it_says(
    mail: MailHost, name: str, refusal: tuple[str, int, str]
) -> None:
    endpoint = mail.endpoint(name)
    assert _refusal(endpoint, mail.fresh_recipient()) == refusal
    stage = {"": "", "MAIL": "MAIL FROM", "RCPT": "RCPT TO", "DATA": "end of DATA"}[refusal[0]]
    assert endpoint.facts.refuses.startswith(f"{stage} {refusal[1]} {refusal[2]}" if stage else "")


def test_any_endpoint_refuses_unknown_and_foreign_recipients(mail: MailHost) -> None:
    plain = mail.endpoint("plain")
    assert _refusal(plain, "nobody@corp.example") == ("RCPT", 550, "5.1.1")
    assert _refusal(plain, "someone@elsewhere.example") == ("RCPT", 554, "5.7.1")


def test_too_large_a_mail_is_refused_by_size_and_else_after_data(mail: MailHost) -> None:
    body = ("x" * 70 + "\r\n") * 400
    assert _refusal(mail.endpoint("small"), mail.fresh_recipient(), body) == ("MAIL", 552, "5.3.4")
    assert _refusal(mail.endpoint("small-silent"), mail.fresh_recipient(), body) == ("DATA", 552, "5.3.4")
