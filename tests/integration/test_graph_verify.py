"""The verification by Graph against a server that takes what Microsoft documents: levels, refusals, faults."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dtsconf.mail.graph.trial import verify_by_graph
from dtsconf.mail.verify import verify, verify_with_retries
from dtsconf.proof import CAUSES, Level, Verification
from tests.integration.graph import Clock, Tokens, job, route
from tests.real.ca import CertificateName, Certificates
from tests.real.graph import TOKEN, GraphServer, graph_server
from tests.real.graph_faults import CLAIMS, Fault

CANARY = re.compile("canary")


@pytest.fixture
def server(certificates: Certificates) -> Iterator[GraphServer]:
    with graph_server(certificates) as running:
        yield running
        assert running.complaints == []


def told(result: Verification) -> str:
    """All that is shown of it, in which no token may stand."""
    text = " | ".join(f"{stage.stage}: {stage.detail} {stage.cause} {stage.hint}" for stage in result.stages)
    assert CANARY.search(text) is None
    return text


def names(result: Verification) -> str:
    return " ".join(stage.stage for stage in result.stages)


@pytest.mark.parametrize(
    ("level", "stages", "asked"),
    [
        ("connect", "resolve connect tls", []),
        ("auth", "resolve connect tls token", []),
        ("envelope", "resolve connect tls token request", ["sendMail"]),
        ("send", "resolve connect tls token request accepted", ["sendMail"]),
    ],
)
def test_levels(server: GraphServer, certificates: Certificates, level: Level, stages: str, asked: list[str]) -> None:
    result = verify(job(route(server, certificates), level))
    assert result.ok, told(result)
    assert names(result) == stages
    assert server.asked == asked
    assert len(server.mails) == (level == "send")
    assert (result.message_id is not None) == (level == "send")


def test_the_mail_is_the_one_that_is_told_of(server: GraphServer, certificates: Certificates) -> None:
    result = verify(job(route(server, certificates)))
    (mail,) = server.mails
    assert mail.mailbox == "me"
    assert mail.message["Message-ID"] == result.message_id
    assert mail.message["From"] == "DTS <dts@acme.example>"
    assert mail.recipients == ["mailcheck@acme.example"]
    assert "acme-perth" in mail.message.get_content()
    assert f"{server.connections} connection" == "1 connection"
    accepted = result.stages[-1]
    assert (accepted.code, accepted.detail, accepted.said_by) == (202, "202 Accepted", "server")
    assert "TLSv1.3" in result.stages[2].detail
    assert "CN=localhost" in result.stages[2].detail


def test_an_application_sends_from_the_mailbox_that_is_named(server: GraphServer, certificates: Certificates) -> None:
    given = route(server, certificates, user="o'dts #1@acme.example")
    assert verify(job(given)).ok
    assert server.mails[0].mailbox == "o'dts #1@acme.example"


def test_without_a_sender_the_accounts_own_address_counts(server: GraphServer, certificates: Certificates) -> None:
    given = job(route(server, certificates), sender="", to=None, name=None)
    assert verify(given).ok
    assert server.mails[0].message["From"] == "dts@acme.example"
    assert server.mails[0].recipients == ["dts@acme.example"]


def refused(code: str, status: int, message: str = "No.", inner: str = "") -> Fault:
    return Fault("refuse", "sendMail", status, code, message, inner=inner)


RAOP = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."


@pytest.mark.parametrize(
    ("fault", "cause", "hint"),
    [
        (refused("ErrorSendAsDenied", 403), "sender-rejected", "Get-Mailbox dts@acme.example"),
        (refused("ErrorAccessDenied", 403), "token", "Mail.Send"),
        (refused("ErrorAccessDenied", 403, RAOP), "sender-rejected", "Test-ApplicationAccessPolicy"),
        (refused("MailboxNotEnabledForRESTAPI", 404), "sender-rejected", "license"),
        (refused("ErrorInvalidUser", 404), "sender-rejected", "check the address"),
        (refused("ErrorInvalidRecipients", 400), "recipient-rejected", "check the addresses"),
        (refused("ErrorMessageSizeExceeded", 413), "too-large", "MaxSendSize"),
        (refused("ErrorQuotaExceeded", 507), "sender-rejected", "make room"),
        (refused("ApplicationThrottled", 400), "rate-limited", "wait"),
        (refused("generalException", 500), "server-error", "status.cloud.microsoft"),
        (refused("accessDenied", 403, inner="ErrorSendAsDenied"), "sender-rejected", "PrimarySmtpAddress"),
        (refused("somethingNew", 400), "content-rejected", "see what it says"),
        (Fault("html", "sendMail", 200), "protocol", "connection.proxy"),
        (Fault("html", "sendMail", 403), "protocol", "connection.proxy"),
        (Fault("redirect", "sendMail"), "protocol", "connection.proxy"),
    ],
)
def test_refusals(server: GraphServer, certificates: Certificates, fault: Fault, cause: str, hint: str) -> None:
    server.faults = [fault]
    result = verify(job(route(server, certificates)))
    failure = result.failure
    assert failure is not None
    assert failure.cause == cause, told(result)
    assert cause in CAUSES
    assert hint in (failure.hint or "")
    assert "hidden" not in told(result)
    assert result.reached
    if fault.kind == "refuse":
        assert f"{fault.code}: {fault.message}" in failure.detail
        assert re.search(r"request-id [0-9a-f-]{36}", failure.detail)
        assert (failure.stage, failure.code, failure.said_by) == ("accepted", fault.status, "server")


@pytest.mark.parametrize("kind", ["drop", "half", "silent", "drip", "huge", "greeting", "swallow"])
def test_an_answer_that_does_not_come_leaves_the_outcome_unknown(
    server: GraphServer, certificates: Certificates, kind: str
) -> None:
    """And nothing is sent a second time."""
    server.faults = [Fault(kind, "sendMail", times=2)]  # type: ignore[arg-type] # the table's words are kinds
    result = verify_with_retries(job(route(server, certificates, timeout=0.5), timeout=0.5), 3, Clock())
    failure = result.failure
    assert failure is not None
    assert (failure.stage, failure.cause) == ("accepted", "outcome-unknown"), told(result)
    assert "mailcheck@acme.example" in (failure.hint or "")
    assert server.asked == ["sendMail"]


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_without_an_answer_leaves_the_outcome_unknown(
    server: GraphServer, certificates: Certificates, status: int
) -> None:
    server.faults = [Fault("text", "sendMail", status)]
    result = verify(job(route(server, certificates)))
    assert result.failure is not None
    assert result.failure.cause == "outcome-unknown"


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (503, "serviceNotAvailable")])
def test_what_passes_is_waited_for(server: GraphServer, certificates: Certificates, status: int, code: str) -> None:
    server.faults = [Fault("refuse", "sendMail", status, code, retry_after="7", times=2)]
    clock = Clock()
    assert verify_by_graph(job(route(server, certificates), deadline=60), clock).ok
    assert clock.slept == [7, 7]
    assert server.connections == (1 if status == 429 else 3), "503: over a new connection"
    assert len(server.mails) == 1


def test_waits_end_with_patience(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("refuse", "sendMail", 429, "TooManyRequests", retry_after="3600")]
    result = verify_by_graph(job(route(server, certificates)), clock := Clock())
    assert result.failure is not None
    assert result.failure.cause == "rate-limited"
    assert "it asks to wait 3600 s" in result.failure.detail
    assert clock.slept == []


def test_a_claims_challenge_is_answered_once(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("claims", "sendMail")]
    server.tokens = {TOKEN, "fresh-canary-token-0123456789"}
    tokens = Tokens(TOKEN, "fresh-canary-token-0123456789")
    assert verify(job(route(server, certificates, tokens))).ok
    assert tokens.asked == [(False, None), (True, CLAIMS)]
    assert server.seen[1]["Authorization"] == "Bearer fresh-canary-token-0123456789"
    assert len(server.mails) == 1


def test_a_second_challenge_is_a_no(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("claims", "sendMail", times=5)]
    tokens = Tokens(TOKEN, TOKEN, TOKEN, note="the token is for somebody else", mend="set the clock")
    result = verify(job(route(server, certificates, tokens)))
    assert result.failure is not None
    assert (result.failure.stage, result.failure.cause) == ("accepted", "token")
    assert "the token is for somebody else" in result.failure.detail
    assert str(result.failure.hint) == "set the clock"
    assert len(tokens.asked) == 2
    assert server.asked == ["sendMail"] * 2


@pytest.mark.parametrize("level", ["envelope", "send"])
def test_a_token_that_is_not_taken(server: GraphServer, certificates: Certificates, level: Level) -> None:
    result = verify(job(route(server, certificates, Tokens("wrong-canary-token-0123456789")), level))
    assert result.failure is not None
    assert result.failure.cause == "token"
    assert "InvalidAuthenticationToken" in told(result)
    assert "no fresh token is to be had: nobody is signed in" in told(result)
    assert result.failure.hint == "dtsconf sign-in"


def test_nobody_is_signed_in(server: GraphServer, certificates: Certificates) -> None:
    tokens = Tokens()
    tokens.get(fresh=False)
    tokens._texts.clear()
    result = verify(job(route(server, certificates, tokens)))
    assert names(result) == "resolve connect tls token"
    assert result.failure is not None
    assert (result.failure.cause, result.failure.hint) == ("token", "dtsconf sign-in")
    assert server.asked == []


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        ("expired", "tls-expired"),
        ("not-yet-valid", "tls-not-yet-valid"),
        ("wrong-name", "tls-name"),
        ("untrusted", "tls-untrusted"),
        ("self-signed", "tls-untrusted"),
    ],
)
def test_certificates(certificates: Certificates, certificate: CertificateName, cause: str) -> None:
    with graph_server(certificates, certificate) as server:
        tokens = Tokens()
        result = verify(job(route(server, certificates, tokens)))
        assert names(result) == "resolve connect tls"
        assert result.failure is not None
        assert result.failure.cause == cause
        assert certificates.fingerprint(certificate) in result.failure.detail
        assert tokens.asked == []
        assert server.asked == []


def test_a_ca_file_that_is_none(server: GraphServer, certificates: Certificates) -> None:
    result = verify(job(route(server, certificates, ca_file="/nowhere/ca.pem")))
    assert result.failure is not None
    assert "server.ca_file /nowhere/ca.pem can't be read" in result.failure.detail


def test_nobody_there(certificates: Certificates) -> None:
    with graph_server(certificates) as server:
        given = route(server, certificates)
    result = verify(job(given))
    assert result.failure is not None
    assert (result.failure.stage, result.failure.cause) == ("connect", "refused")
    assert not result.reached


def test_no_such_host(server: GraphServer, certificates: Certificates) -> None:
    result = verify(job(route(server, certificates, base="https://graph.invalid")))
    assert result.failure is not None
    assert (result.failure.stage, result.failure.cause) == ("resolve", "dns")
    assert not result.reached
