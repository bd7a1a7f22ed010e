"""What Graph's refusals mean: every row is met, has its page, and gives a cause of the contract with something to do."""

from __future__ import annotations

import re

import pytest

from dtsconf.mail.graph.refusals import TABLE, Facts, Row, finding
from dtsconf.mail.graph.replies import Refusal
from dtsconf.proof import CAUSES

PERSON = Facts("dts@acme.example", "lab@acme.example", application=False)
APPLICATION = Facts("dts@acme.example", "lab@acme.example", application=True)
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
    for hint in filter(None, (row.hint, row.app_hint, row.large_hint)):
        assert "{" not in hint.format(f=PERSON)


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
        (507, ("whatever",), "", "mailbox-full"),
        (400, ("ErrorQuotaExceeded",), "", "mailbox-full"),
        (429, ("ApplicationThrottled",), "", "rate-limited"),
        (509, (), "", "rate-limited"),
        (403, ("ErrorAccountDisabled",), "", "auth-disabled"),
        (503, ("serviceNotAvailable",), "", "server-error"),
        (500, ("generalException",), "", "server-error"),
        (404, ("uploadSessionNotFound",), "", "server-error"),
        (418, (), "", "content-rejected"),
        (500, ("innermost", "ErrorSendAsDenied", "generalException"), "", "sender-rejected"),
    ],
)
def test_meanings(status: int, codes: tuple[str, ...], message: str, cause: str) -> None:
    found = finding(Refusal(status, codes, message), PERSON)
    assert found.cause == cause
    assert found.hint


def test_who_sends_decides_what_is_to_be_done() -> None:
    denied = Refusal(403, ("ErrorAccessDenied",))
    hints = [finding(denied, facts).hint or "" for facts in (PERSON, APPLICATION, LARGE)]
    assert "dtsconf sign-in" in hints[0]
    assert "New-ManagementRoleAssignment" in hints[1]
    assert "dts@acme.example" in hints[1]
    assert "Mail.ReadWrite" in hints[2]


@pytest.mark.parametrize("row", [row for row in TABLE if row.codes != ".*"], ids=lambda row: row.codes[:24])
def test_no_row_stands_behind_one_that_takes_all_it_means(row: Row) -> None:
    found = finding(met_by(row), PERSON)
    assert found.cause == row.cause
