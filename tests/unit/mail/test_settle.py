from __future__ import annotations

from dataclasses import replace

import pytest

from dtsconf.mail.settle import settle
from dtsconf.proof import Past
from tests.unit.mail.jobs import job, without_password
from tests.unit.mail.scripted import EHLO, dialogue, server

STARTTLS_EHLO = EHLO.replace("250 ENH", "250-STARTTLS\r\n250 ENH")


@pytest.mark.parametrize("encryption", ["none", "tls", "starttls"])
def test_what_is_set_stays_and_nobody_is_asked(encryption: str) -> None:
    settled = settle(job(1, encryption=encryption))
    assert (settled.encryption, settled.port, settled.failure) == (encryption, 1, None)


def test_port_465_is_tls_from_the_first_byte() -> None:
    assert settle(job(465, host="no-such-host.invalid", encryption="auto")).encryption == "tls"


@pytest.mark.parametrize(("ehlo", "encryption"), [(STARTTLS_EHLO, "starttls"), (EHLO, "none")])
def test_auto_takes_what_the_server_offers(ehlo: str, encryption: str) -> None:
    with server(dialogue(ehlo=ehlo)) as running:
        settled = settle(job(running.port, encryption="auto"))
    assert (settled.encryption, settled.port, settled.failure) == (encryption, running.port, None)
    assert [line.split()[0] for line in running.heard] == ["EHLO", "QUIT"]


def test_a_server_that_can_not_be_asked_is_a_failure() -> None:
    settled = settle(job(1, encryption="auto"))
    assert settled.encryption == "auto"
    assert settled.failure is not None
    assert not settled.failure.reached
    assert settled.failure.failure is not None
    assert settled.failure.failure.cause == "refused"
    assert settled.detail == settled.failure.failure.detail


def test_plain_is_refused_where_tls_was_before() -> None:
    with server(dialogue()) as running:
        asked = job(running.port, encryption="auto", past=Past(tls=True))
        settled = settle(asked)
        assert settled.failure is not None
        assert settled.failure.failure is not None
        assert settled.failure.failure.cause == "tls-stripped"
        assert settled.failure.reached
        assert settle(replace(asked, link=replace(asked.link, allow_downgrade=True))).encryption == "none"


def test_plain_is_refused_where_a_login_would_go_over_it() -> None:
    with server(dialogue()) as running:
        settled = settle(job(running.port, encryption="auto", password="secret"))
        assert settled.failure is not None
        assert settled.failure.failure is not None
        assert settled.failure.failure.cause == "cleartext-refused"
        allowed = job(running.port, encryption="auto", password="secret", server={"cleartext_login": True})
        assert settle(allowed).encryption == "none"


def test_settling_needs_no_password() -> None:
    with server(dialogue(ehlo=STARTTLS_EHLO)) as running:
        assert settle(without_password(job(running.port, "connect", encryption="auto"))).encryption == "starttls"
