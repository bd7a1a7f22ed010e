"""Microsoft mode where nobody sits at the machine: an application proves itself, and `apply` proves the whole send; and
what the mail server makes of its token."""

from __future__ import annotations

import base64
import stat
import zipfile
from collections.abc import Iterator

import pytest

from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX
from tests.real.scripted import Expect, Say, ScriptedServer, StartTls, Step
from tests.real.syslog import Syslog
from tests.scenarios.harness import Machine, failed_stage
from tests.scenarios.office import BOB, Office, in_base64, office

pytestmark = pytest.mark.servers


@pytest.fixture
def here(machine: Machine, identity: IdentityHost) -> Iterator[Office]:
    with office(machine, identity) as made:
        yield made
        made.searched(allowed=("email.secrets.json",))


@pytest.mark.parametrize("proof", ["client_secret", "certificate", "client_assertion"])
def test_an_application_is_proven_by_apply(here: Office, proof: str) -> None:
    key = here.tenant.by_certificate.key
    assert key is not None
    value = {
        "client_secret": here.tenant.by_secret.secret or "",
        "certificate": key.pem.strip(),
        "client_assertion": here.tenant.assertion(lasts=600),
    }[proof]
    reference = here.machine.secret_file(value, "secret")
    applied = here.run("apply", "--yes", "--profile", here.application(proof, reference), "--json").ok().json
    assert applied["verification"]["pending"] is None
    assert applied["verification"]["stages"][-1]["stage"] == "accepted"
    assert MAILBOX in str(here.identity.mail.wait_for_mail(here.to)["From"])
    assert stat.S_IMODE(here.machine.delivered.stat().st_mode) == 0o600
    if proof != "client_assertion":  # a federated token can be used once
        here.run("test").ok()
    assert "application" in here.run("sign-in").fails(3).text


@pytest.mark.parametrize("what", ["wrong", "gone"])
def test_an_application_that_can_t_prove_itself_leaves_the_machine_as_it_was(here: Office, what: str) -> None:
    reference = (
        here.machine.secret_file("S3cret~of-another-application") if what == "wrong" else "file:///nowhere/at/all"
    )
    failed = here.run("apply", "--yes", "--profile", here.application("client_secret", reference), "--json")
    failed.fails(6 if what == "wrong" else 5)
    assert not here.machine.config.exists()


@pytest.mark.parametrize("endpoint", ["token-xoauth2-only", "token-oauthbearer-only"])
def test_either_way_to_hand_over_a_token(here: Office, endpoint: str) -> None:
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    here.run("test", "--profile", here.application("client_secret", reference, endpoint=endpoint)).ok()


@pytest.mark.parametrize(
    ("endpoint", "sender", "stage", "cause", "hint"),
    [
        ("token-cleartext", MAILBOX, "tls", "tls-not-offered", ""),
        ("password-alone", MAILBOX, "auth", "auth-mechanism", "microsoft.smtp.host=smtp.office365.com"),
        ("token", BOB, "auth", "token", f"Test-ServicePrincipalAuthorization -Identity CLIENT -Resource {BOB}"),
    ],
)
def test_a_server_that_takes_no_token_or_not_for_this_mailbox(
    here: Office, endpoint: str, sender: str, stage: str, cause: str, hint: str
) -> None:
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", reference, endpoint=endpoint)
    failed = here.run("test", "--profile", profile, "--json", "--set", f"sender.email={sender}").fails(6)
    found = failed_stage(failed.json)
    assert (found["stage"], found["cause"]) == (stage, cause)
    assert hint.replace("CLIENT", here.tenant.by_secret.client_id) in found["hint"]


def test_a_yes_to_the_token_is_no_proof(here: Office) -> None:
    """Exchange has said 235 and then 530 5.7.57, when token and mailbox didn't belong together."""
    said = "530 5.7.57 Client not authenticated to send mail. [PR0P264CA0001.FRAP264.PROD.OUTLOOK.COM]"
    certificates = here.identity.mail.certificates
    script: list[Step] = [
        Say("220 PR0P264CA0001.outlook.office365.com Microsoft ESMTP MAIL Service ready"),
        Expect("EHLO .*"),
        Say("250-outlook.office365.com\n250-SIZE 157286400\n250 STARTTLS"),
        Expect("STARTTLS"),
        Say("220 2.0.0 SMTP server ready"),
        StartTls(certificates.server_context()),
        Expect("EHLO .*"),
        Say("250-outlook.office365.com\n250-SIZE 157286400\n250-AUTH LOGIN XOAUTH2\n250 SMTPUTF8"),
        Expect("AUTH XOAUTH2"),
        Say("334 "),
        Expect("[A-Za-z0-9+/=]+"),
        Say("235 2.7.0 Authentication successful"),
        Expect("MAIL FROM:.*"),
        Say(said),
        Expect("RSET|QUIT|RCPT.*"),
        Say(said),
    ]
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", reference)
    with ScriptedServer(script) as server:
        failed = here.run("test", "--profile", profile, "--set", f"microsoft.smtp.port={server.port}", "--json").fails(
            6
        )
        assert server.surprises == []
    found = failed_stage(failed.json)
    assert (found["stage"], found["code"], found["enhanced_code"]) == ("mail-from", 530, "5.7.57")
    assert found["cause"] == "auth-rejected"
    role = f"New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp' -App {here.tenant.by_secret.client_id} "
    assert role in found["hint"]


def test_opaque_tokens_are_good_as_well(machine: Machine, identity: IdentityHost) -> None:
    with office(machine, identity, form="opaque") as here:
        reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
        here.run("test", "--profile", here.application("client_secret", reference)).ok()


def test_what_microsoft_answers_is_told_with_the_page_that_mends_it(here: Office) -> None:
    description = "AADSTS65001: The user or administrator has not consented to use the application with ID '...'."
    here.tenant.answer_once(
        400, {"error": "invalid_grant", "error_description": description, "error_codes": [65001], "suberror": "consent"}
    )
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    told = here.run("test", "--profile", here.application("client_secret", reference), "--json").fails(6).problems[0]
    assert "AADSTS65001" in told["message"]
    assert "Grant admin consent" in told["hint"]


def test_neither_secret_nor_token_is_anywhere(here: Office, log: Syslog) -> None:
    """Every output that there is, the transcript, the record, the bundle for support, the state, the system's log."""
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", reference)
    work = here.machine.work
    told = ("--record", str(work / "record.jsonl"))
    here.run("apply", "--yes", "--profile", profile, *told).ok()
    here.run("test", "--explain", "--transcript", str(work / "good.txt"), *told).ok()
    here.run("test", "--probe").ok()
    here.run("test", "--profile", profile, "--set", f"sender.email={BOB}", "--explain", "--json").fails(6)
    refused = ("--set", f"sender.email={BOB}", "--transcript", str(work / "bad.txt"))
    here.run("test", "--profile", profile, *refused, *told).fails(6)
    here.run("send", "--to", here.to, "--subject", "x", "--body", "y", "--json").ok()
    for command in (
        ("status",),
        ("history",),
        ("show", "--origin"),
        ("show", "--screen"),
        ("explain", "microsoft.client_secret"),
    ):
        here.run(*command, "--json").ok()
    here.run("secret", "check", "--profile", profile).ok()
    here.run("doctor", "--bundle", str(work / "bundle.zip"))
    with zipfile.ZipFile(work / "bundle.zip") as bundle:
        bundle.extractall(work / "bundle")
    files = here.searched(allowed=("email.secrets.json",))
    assert "AUTH XOAUTH2" in files["work/good.txt"].decode()
    assert {"work/bad.txt", "work/record.jsonl"} <= set(files)
    assert any("var/lib/dtsconf" in path for path in files)
    assert any(path.startswith("work/bundle/") for path in files)
    assert log.messages


@pytest.mark.parametrize("name", ["dts@corp.example", "al@corp.example", "bob@corp.example"])
def test_a_token_is_found_in_what_a_login_sends(name: str) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
    sent = base64.b64encode(f"user={name}\1auth=Bearer {token}\1\1".encode()).decode()
    assert sum(in_base64(token, offset) in sent for offset in range(3)) == 1
