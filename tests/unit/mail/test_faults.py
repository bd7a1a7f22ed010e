from __future__ import annotations

import errno
import socket

import pytest

from dtsconf.mail import faults
from tests.unit.mail.test_causes import FACTS


@pytest.mark.parametrize(
    ("numbers", "cause"),
    [
        ([errno.ECONNREFUSED], "refused"),
        ([errno.EACCES], "blocked"),
        ([errno.EPERM], "blocked"),
        ([errno.ETIMEDOUT], "timeout"),
        ([None], "timeout"),
        ([errno.ENETUNREACH], "no-route"),
        ([errno.EHOSTUNREACH], "no-route"),
        ([errno.EAFNOSUPPORT], "no-route"),
        ([errno.ECONNRESET], "dropped"),
        ([10061], "refused"),
        ([10013], "blocked"),
        ([10060], "timeout"),
        ([errno.ENETUNREACH, None], "timeout"),
        ([None, errno.ECONNREFUSED], "refused"),
        ([errno.ECONNREFUSED, errno.EACCES], "blocked"),
    ],
)
def test_the_most_telling_of_several_addresses_counts(numbers: list[int | None], cause: str) -> None:
    finding = faults.of_errnos(numbers, FACTS)
    assert finding.cause == cause
    assert finding.hint


def test_a_missing_name_is_told_from_dead_name_servers() -> None:
    missing = faults.of_lookup(socket.EAI_NONAME, FACTS)
    dead = faults.of_lookup(socket.EAI_AGAIN, FACTS)
    assert missing.cause == dead.cause == "dns"
    assert missing.hint != dead.hint


@pytest.mark.parametrize(
    ("data", "cause", "who"),
    [
        (b"SSH-2.0-OpenSSH_9.2", "not-smtp", "SSH"),
        (b"HTTP/1.1 400 Bad Request", "not-smtp", "web"),
        (b"<!DOCTYPE HTML>", "not-smtp", "web"),
        (b"* OK IMAP4rev1", "not-smtp", "IMAP"),
        (b"+OK POP3", "not-smtp", "POP3"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "protocol", "TLS"),
        (b"hello?", "not-smtp", "no mail server"),
    ],
)
def test_who_speaks_there(data: bytes, cause: str, who: str) -> None:
    finding, told = faults.of_strange_bytes(data, FACTS)
    assert finding.cause == cause
    assert finding.hint
    assert who in told


@pytest.mark.parametrize(
    ("reason", "answer", "cause"),
    [
        ("WRONG_VERSION_NUMBER", b"220 mail.test ESMTP\r\n", "protocol"),
        ("WRONG_VERSION_NUMBER", b"554 no\r\n", "protocol"),
        ("WRONG_VERSION_NUMBER", b"SSH-2.0-x\r\n", "not-smtp"),
        ("HTTP_REQUEST", b"HTTP/1.1 400\r\n", "not-smtp"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", b"\x15\x03\x01\x00\x02\x02\x46", "tls-version"),
        ("UNSUPPORTED_PROTOCOL", b"\x16\x03\x02", "tls-version"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", b"\x15\x03\x03\x00\x02\x02\x28", "tls-version"),
        ("BAD_RECORD_TYPE", b"\x16\x03\x03", "protocol"),
    ],
)
def test_handshakes_that_fail(reason: str, answer: bytes, cause: str) -> None:
    implicit = FACTS._replace(encryption="tls")
    assert faults.of_handshake(reason, answer, implicit, "1.2")[0].cause == cause


def test_what_comes_in_clear_after_starttls_was_agreed() -> None:
    for answer in (b"250 ok\r\n", b"SSH-2.0-x\r\n"):
        finding, who = faults.of_handshake("WRONG_VERSION_NUMBER", answer, FACTS._replace(encryption="starttls"), "1.2")
        assert (finding.cause, who) == ("protocol", "the server agreed to TLS, and then spoke in clear")
        assert "firewall" in str(finding.hint)


def test_a_chain_that_is_too_long_is_not_blamed_on_the_port() -> None:
    finding, _ = faults.of_handshake("EXCESSIVE_MESSAGE_SIZE", b"\x16\x03\x03", FACTS, "1.2")
    assert finding.cause == "protocol"
    assert "certificate" in str(finding.hint)


def test_a_server_that_wants_a_client_certificate() -> None:
    finding = faults.of_loss("banner", "TLS: tlsv13 alert certificate required", FACTS)
    assert finding.cause == "protocol"
    assert "client certificate" in str(finding.hint)


def test_a_floor_of_our_own_is_named() -> None:
    short = faults.of_handshake("DH_KEY_TOO_SMALL", b"\x16\x03\x03", FACTS, "1.2")[0]
    assert str(short.hint).startswith("have the key exchange made safe")
    hint = faults.of_handshake("TLSV1_ALERT_PROTOCOL_VERSION", b"\x15\x03\x03", FACTS, "1.3")[0].hint
    assert "--set connection.min_tls=1.2" in str(hint)


def test_an_address_on_an_interface_that_is_not_there() -> None:
    hint = str(faults.of_lookup(socket.EAI_NONAME, FACTS._replace(host="fe80::1%eth9")).hint)
    assert hint.startswith("this machine has no network interface eth9")
    assert "spelling" not in hint


@pytest.mark.parametrize(
    ("code", "words"), [(socket.EAI_NONAME, "its name is not known"), (socket.EAI_AGAIN, "name servers don't answer")]
)
def test_a_proven_host_whose_name_leads_nowhere_now(code: int, words: str) -> None:
    hint = str(faults.of_lookup(code, FACTS._replace(proven="2026-11-20 10:00 UTC")).hint)
    assert hint.startswith(f"{FACTS.host} was proven from this machine on 2026-11-20 10:00 UTC, and now ")
    assert words in hint
    assert "is the server down" not in hint
    assert hint.endswith("dtsconf test --explain")


def test_after_the_final_dot_the_outcome_is_unknown() -> None:
    assert faults.of_silence("accepted", FACTS, 15).cause == "outcome-unknown"
    assert faults.of_nonsense("accepted", FACTS).cause == "outcome-unknown"
    assert faults.of_loss("accepted", "closed", FACTS).cause == "outcome-unknown"
    assert faults.of_loss("accepted", "TLS: bad record", FACTS).cause == "outcome-unknown"
    assert faults.of_loss("data", "closed", FACTS).cause == "dropped"
    assert faults.of_loss("data", "TLS: bad record", FACTS).cause == "protocol"
    assert faults.of_silence("data", FACTS, 15).cause == "timeout"


def test_an_answer_that_is_only_slow_is_given_longer() -> None:
    hint = str(faults.of_silence("accepted", FACTS, 15).hint)
    assert hint.startswith(f"look into the mailbox of {FACTS.recipient} first")
    assert "--set connection.timeout=60" in hint
    assert "connection.timeout" not in str(faults.of_loss("accepted", "closed", FACTS).hint)


@pytest.mark.parametrize(("stage", "words"), [("banner", "holds it back"), ("tls", "may hold TLS back"), ("data", "")])
def test_who_stays_silent_for_long_is_not_given_longer(stage: str, words: str) -> None:
    slow = str(faults.of_silence(stage, FACTS, 59).hint)
    assert "--set connection.timeout=60" in slow
    assert words in slow
    dead = str(faults.of_silence(stage, FACTS, 60).hint)
    assert "connection.timeout" not in dead
    assert words in dead
    assert f"ask the administrator of {FACTS.host}, and who runs the firewall on the way" in dead
    assert "--transcript ticket.txt" in dead
    mute = str(faults.of_silence("accepted", FACTS, 60).hint)
    assert mute.startswith(f"look into the mailbox of {FACTS.recipient} first; it was given 60 s, so more time won't")
    assert f"ask the administrator of {FACTS.host}, and who runs a mail filter on the way" in mute
    assert "--transcript ticket.txt" in mute
    assert "connection.timeout" not in mute


def test_who_looks_in_vain_for_the_mail_is_told_whom_to_ask() -> None:
    hint = str(faults.of_loss("accepted", "closed", FACTS).hint)
    assert "if it never arrives, a filter or antivirus product cuts it" in hint
    assert hint.endswith("dtsconf test --transcript ticket.txt")


def test_a_server_may_just_be_broken() -> None:
    assert "or the server is broken" in str(faults.of_loss("banner", "closed", FACTS).hint)
