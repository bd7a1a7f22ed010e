"""A server that says anything, made up anew each time: whatever it is, the report has its form, and nobody is deceived."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from dtsconf.mail.job import Job
from dtsconf.mail.route import Link, PasswordLogin, Smtp
from dtsconf.mail.verify import verify
from dtsconf.names import escape_controls
from dtsconf.net.certificate import from_der
from dtsconf.proof import CAUSES, Verification
from dtsconf.secret.value import Secret
from tests.real.ca import Certificates
from tests.real.hostile_case import CANARY, USER
from tests.real.loopback import Connection, LoopbackServer
from tests.unit.mail.jobs import LETTER, failed

STAGES = ["resolve", "connect", "tls", "banner", "ehlo", "auth", "mail-from", "rcpt-to", "data", "accepted"]
TEXT = st.sampled_from(
    [
        "",
        "ok",
        "2.0.0 ok",
        "4.7.1 later",
        "5.7.1 no",
        "mail.test",
        "STARTTLS",
        "AUTH PLAIN LOGIN",
        "SIZE 9",
        CANARY,
        "\x1b[2J",
    ]
)
CODE = st.sampled_from([200, 220, 221, 235, 250, 251, 334, 354, 421, 450, 500, 502, 535, 550, 554, 999])
LINE = st.tuples(CODE, st.sampled_from([" ", "-", ""]), TEXT).map(lambda made: f"{made[0]}{made[1]}{made[2]}".encode())
ANSWER = st.lists(LINE | LINE | LINE | st.binary(max_size=30), min_size=1, max_size=4).map(
    lambda lines: b"\r\n".join(lines) + b"\r\n"
)
USUAL = [
    b"220 mail.test\r\n",
    b"250-mail.test\r\n250 AUTH PLAIN\r\n",
    b"250 ok\r\n",
    b"250 ok\r\n",
    b"354 go\r\n",
    b"250 queued\r\n",
    b"221 bye\r\n",
]
LOGGED_IN = [*USUAL[:2], b"235 welcome\r\n", *USUAL[2:]]


def speech(usual: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """A dialogue in which each answer may be another than it should be."""
    return st.tuples(*(st.just(right) | st.just(right) | st.just(right) | ANSWER for right in usual)).map(list)


WHOLE = re.compile(rb"(?:\A|\n)[2-5][0-9][0-9](?: [^\n]*)?\n\Z|(?:\A|\n)[2-5][0-9][0-9]\r\n\Z")


class Talker(LoopbackServer):
    """Says the next of `answers` when the connection begins and to each line that it hears (within DATA: to the end of
    it). Closes at the end, and after what leaves the client waiting for more. With certificates TLS comes first."""

    def __init__(self, certificates: Certificates | None) -> None:
        self.answers: list[bytes] = []
        self.mails = 0
        self._certificates = certificates
        super().__init__(self._talk)

    def _talk(self, connection: Connection) -> None:
        if self._certificates is not None:
            connection.start_tls(self._certificates.server_context())
        for answer in self.answers:
            connection.write(answer)
            if not WHOLE.search(answer):
                return
            line = connection.read_line()
            if answer.startswith(b"354") and line.partition(b":")[0] == b"Date":
                while connection.read_line() != b".":
                    pass
                self.mails += 1


@pytest.fixture(scope="module")
def in_clear() -> Iterator[Talker]:
    with Talker(None) as server:
        yield server


@pytest.fixture(scope="module")
def in_tls(certificates: Certificates) -> Iterator[Talker]:
    with Talker(certificates) as server:
        yield server


def check(result: Verification, server: Talker, mails: int) -> None:
    names = [stage.stage for stage in result.stages]
    assert names == [stage for stage in STAGES if stage in names], names
    if result.ok:
        assert names[-1] == "accepted"
        assert server.mails == mails + 1, "a proof without a mail"
    else:
        row = failed(result)
        assert row.cause in CAUSES
        assert row.hint
        assert row.cause != "outcome-unknown" or row.stage == "accepted"
    for stage in result.stages:
        for text in (stage.detail, stage.hint or ""):
            assert text == escape_controls(text)


@settings(max_examples=300)
@given(speech(USUAL))
def test_a_server_that_says_anything(in_clear: Talker, answers: list[bytes]) -> None:
    in_clear.answers, mails = answers, in_clear.mails
    route = Smtp("127.0.0.1", in_clear.port)
    check(verify(Job(Link(route, 20), "send", LETTER, "dts@acme.example", "DTS")), in_clear, mails)


@settings(max_examples=100)
@given(speech(LOGGED_IN), st.sampled_from(["auto", "plain", "login", "scram-sha-256"]))
def test_a_server_that_says_anything_to_a_login(
    in_tls: Talker, certificates: Certificates, answers: list[bytes], mechanism: str
) -> None:
    in_tls.answers, mails = answers, in_tls.mails
    login = PasswordLogin(USER, Secret(CANARY), mechanism)
    route = Smtp("127.0.0.1", in_tls.port, "tls", ca_file=certificates.ca_file, login=login)
    result = verify(Job(Link(route, 20), "send", LETTER, "dts@acme.example", "DTS"))
    check(result, in_tls, mails)
    told = "".join(f"{stage.detail}{stage.hint}" for stage in result.stages)
    assert re.sub(r"\W", "", CANARY) not in re.sub(r"\\0|\W", "", told)


@settings(max_examples=300)
@given(st.integers(0, 10_000), st.integers(1, 8), st.binary(max_size=8))
def test_a_certificate_of_any_bytes(certificates: Certificates, at: int, length: int, put: bytes) -> None:
    der = certificates.der("good")
    at %= len(der)
    found = from_der(der[:at] + put + der[at + length :])
    assert found is None or (str(found) and found.fits and found.sha256)
