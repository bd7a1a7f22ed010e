"""What Graph's refusals mean: every row is met, has its page, and gives a cause of the contract with something to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dtsconf.mail.graph.refusals import TABLE, Facts, Row, finding
from dtsconf.mail.graph.replies import Refusal
from dtsconf.proof import CAUSES

CLIENT = "11111111-2222-4333-8444-555555555555"
PERSON = Facts("dts@acme.example", "lab@acme.example", application=False)
APPLICATION = Facts("dts@acme.example", "dts@acme.example", application=True, client=CLIENT)
LARGE = Facts("dts@acme.example", "lab@acme.example", application=False, large=True)


def met_by(row: Row) -> Refusal:
    """A refusal that the row is about: its first code, status and words."""
    code = row.codes.split("|")[0].replace(".*", "") if row.codes != ".*" else "New"
    status = int(row.status.split("|")[0].replace(".", "0"))
    return Refusal(400 if status == 0 else status, (code,), row.text.split("|")[0])


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.cause} {row.codes[:20]} {row.status}")
def test_each_row_is_sound(row: Row) -> None:
    assert row.cause in CAUSES
    assert re.fullmatch(r"https://learn\.microsoft\.com/[a-z0-9/-]+", row.source)
    for hint in filter(None, (row.hint, row.app_hint)):
        assert "{" not in hint.format(f=PERSON)


def test_what_is_the_state_of_the_mailbox_that_sends() -> None:
    assert finding(Refusal(507, ("quotaLimitReached",)), PERSON).account
    assert not finding(Refusal(403, ("ErrorSendAsDenied",)), PERSON).account
    assert not finding(Refusal(400, ("ErrorInvalidRecipients",)), PERSON).account


def test_the_last_row_fits_whatever_came_before() -> None:
    assert finding(Refusal(200), PERSON).cause == "protocol"
    assert finding(Refusal(302), PERSON).cause == "protocol"


@pytest.mark.parametrize(
    ("status", "codes", "message", "cause"),
    [
        (401, ("InvalidAuthenticationToken",), "", "token"),
        (401, (), "", "token"),
        (403, ("ErrorAccessDenied",), "", "token"),
        (
            403,
            ("ErrorAccessDenied",),
            "[RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
            "sender-rejected",
        ),
        (403, ("errorsendasdenied",), "", "sender-rejected"),
        (404, ("MailboxNotEnabledForRESTAPI",), "", "sender-rejected"),
        (404, ("ErrorNonExistentMailbox",), "", "sender-rejected"),
        (404, (), "", "sender-rejected"),
        (400, ("ErrorInvalidRecipients",), "", "recipient-rejected"),
        (400, ("ErrorMimeContentInvalidBase64String",), "", "content-rejected"),
        (400, ("malwareDetected",), "", "content-rejected"),
        (413, ("whatever",), "", "too-large"),
        (507, ("whatever",), "", "sender-rejected"),
        (400, ("ErrorQuotaExceeded",), "", "sender-rejected"),
        (429, ("ApplicationThrottled",), "", "rate-limited"),
        (509, (), "", "rate-limited"),
        (403, ("ErrorAccountDisabled",), "", "auth-disabled"),
        (503, ("serviceNotAvailable",), "", "server-error"),
        (500, ("generalException",), "", "server-error"),
        (404, ("uploadSessionNotFound",), "", "server-error"),
        (409, ("ErrorIrresolvableConflict",), "", "server-error"),
        (423, ("resourceLocked",), "", "server-error"),
        (408, (), "", "server-error"),
        (418, (), "", "content-rejected"),
        (500, ("innermost", "ErrorSendAsDenied", "generalException"), "", "sender-rejected"),
    ],
)
def test_meanings(status: int, codes: tuple[str, ...], message: str, cause: str) -> None:
    found = finding(Refusal(status, codes, message), PERSON)
    assert found.cause == cause
    assert found.hint


@pytest.mark.parametrize(
    ("status", "cause"), [(400, "content-rejected"), (404, "sender-rejected"), (507, "sender-rejected")]
)
def test_what_stands_in_between_says_nothing_of_a_mail(status: int, cause: str) -> None:
    """A proxy's own answer to everything had every queued mail given up."""
    strange = Refusal(status, (), "text/plain, no answer of Microsoft Graph's", graph=False)
    assert finding(strange, PERSON).cause in ("protocol", "server-error")
    assert finding(replace(strange, request_id="0f1e"), PERSON).cause == cause


def test_who_sends_decides_what_is_to_be_done() -> None:
    denied = Refusal(403, ("ErrorAccessDenied",))
    large = APPLICATION._replace(large=True)
    hints = [finding(denied, facts).hint or "" for facts in (PERSON, APPLICATION, LARGE, large)]
    assert "delegated, Mail.Send, and grant consent; then dtsconf sign-in" in hints[0]
    role = "New-ManagementRoleAssignment -Role 'Application {}' -App " + CLIENT
    assert role.format("Mail.Send") in hints[1]
    assert f"Test-ServicePrincipalAuthorization -Identity {CLIENT} -Resource dts@acme.example" in hints[1]
    assert "New-ManagementScope" in hints[1]
    assert "two hours" in hints[1]
    assert "delegated, Mail.ReadWrite, and grant consent" in hints[2]
    assert role.format("Mail.ReadWrite") in hints[3]
    assert all("over 3 MB" in hint for hint in hints[2:])


def test_the_application_is_named_where_a_line_wants_it() -> None:
    policy = Refusal(
        403, ("ErrorAccessDenied",), "[RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
    )
    assert f"-AppId {CLIENT}" in str(finding(policy, APPLICATION).hint)


def test_what_the_sign_in_server_has_just_taken_is_not_doubted() -> None:
    hint = str(finding(Refusal(401, ("InvalidAuthenticationToken",)), APPLICATION).hint)
    assert "check microsoft.tenant" not in hint
    assert f"Enterprise applications > {CLIENT}" in hint


@pytest.mark.parametrize("facts", [APPLICATION, PERSON._replace(sender="DTS@acme.example")])
def test_nobody_needs_send_as_on_their_own_mailbox(facts: Facts) -> None:
    denied = Refusal(403, ("ErrorSendAsDenied",))
    hint = str(finding(denied, facts).hint)
    assert "Add-RecipientPermission" not in hint
    assert "Get-Mailbox dts@acme.example" in hint
    other = str(finding(denied, PERSON).hint)
    assert "--set sender.email=dts@acme.example, " in other
    assert "Add-RecipientPermission lab@acme.example -Trustee dts@acme.example" in other


@pytest.mark.parametrize("status", [429, 503])
def test_it_is_waited_for_as_long_as_graph_says(status: int) -> None:
    refusal = Refusal(status, ("x",))
    assert str(finding(refusal, PERSON._replace(wait=3600)).hint).startswith(
        "wait 60 minutes, as Microsoft asks, and try"
    )
    assert str(finding(refusal, PERSON._replace(wait=90)).hint).startswith(
        "wait 90 seconds, as Microsoft asks, and try"
    )
    assert str(finding(refusal, PERSON).hint).startswith("wait some minutes and try again")


def test_a_mailbox_that_is_full_is_the_one_that_sends() -> None:
    found = finding(Refusal(400, ("ErrorQuotaExceeded",)), PERSON)
    assert found.cause == "sender-rejected"
    assert "dts@acme.example, which the mail is sent from" in str(found.hint)


@pytest.mark.parametrize("row", [row for row in TABLE if row.codes != ".*"], ids=lambda row: row.codes[:24])
def test_no_row_stands_behind_one_that_takes_all_it_means(row: Row) -> None:
    found = finding(met_by(row), PERSON)
    assert found.cause == row.cause
