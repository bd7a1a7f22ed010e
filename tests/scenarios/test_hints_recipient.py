"""A recipient whom the server refuses: where the test mail's is given, and whom the organisation lets mail go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.harness import Machine
from tests.scenarios.test_apply import Servers, proven
from tests.scenarios.test_hints import advised

UNKNOWN = "550 5.1.1 unknown"
SITE = "dtsconf: 1\nname: perth\nextends: org.yaml\n"


def line_of(profile: str, words: str) -> int:
    return next(n for n, line in enumerate(Path(profile).read_text().splitlines(), 1) if words in line)


@pytest.mark.parametrize("locked", [True, False])
def test_the_place_of_a_refused_test_recipient_leads_to_an_apply_that_works(
    machine: Machine, smtpd: Servers, *, locked: bool
) -> None:
    server = smtpd(replies={"RCPT": [UNKNOWN, UNKNOWN]})
    parts = proven(server, verify={"to": "check@acme.example", "retries": 0})
    org = machine.profile("org.yaml", **parts, **({"policy": {"lock": ["verify"]}} if locked else {}))
    site = str(machine.write("site.yaml", SITE))
    at = line_of(org, "to: check@acme.example")
    for told in (machine.run("test", "--profile", site), machine.apply(site)):
        hint = advised(told.fails(6).text)
        assert "or try another: dtsconf test --profile" in hint
        assert f"; apply goes by verify.to at {org}:{at}:7: edit it there" in hint
        assert ("(locked at" in hint) == locked
    assert f"  verify.to = check@acme.example (profile, {org}:{at}:7)\n" in told.stderr
    Path(org).write_text(Path(org).read_text().replace("to: check@", "to: ann@"))
    machine.apply(site).ok()
    assert server.messages[0].recipients == ["ann@acme.example"]


def test_a_recipient_of_the_call_s_own_is_mended_in_the_call(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": UNKNOWN})
    profile = machine.profile(**proven(server))
    told = machine.run("test", "--profile", profile, "--to", "ann@acme.example").fails(6)
    assert "try another: dtsconf test" in advised(told.stdout)
    assert "apply" not in told.stdout
    sender = machine.run("test", "--profile", profile).fails(6)
    assert "; apply goes by the sender, where no verify.to is given: write verify: {to: ADDRESS}\n" in sender.stdout


def test_a_machine_s_test_recipient_is_mended_in_its_profile(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.apply(machine.profile(**proven(server))).ok()
    server.replies["RCPT"] = UNKNOWN
    told = machine.run("test").fails(6)
    assert (
        "apply goes by verify.to in the profile acme-perth: edit it there, then dtsconf apply --profile FILE"
        in advised(told.stdout)
    )


ALLOWED = [
    (["check@acme.example"], "check its spelling; another recipient has to be allowed first, by policy.recipients at"),
    (["*@acme.example", "b@c.example"], "--to ADDRESS (it must match one of *@acme.example, b@c.example, by policy."),
]


@pytest.mark.parametrize(("recipients", "told"), ALLOWED)
def test_nobody_is_proposed_whom_the_organisation_forbids(
    machine: Machine, smtpd: Servers, recipients: list[str], told: str
) -> None:
    server = smtpd(replies={"RCPT": UNKNOWN})
    parts = proven(server, verify={"to": "check@acme.example", "retries": 0}, policy={"recipients": recipients})
    profile = machine.profile(**parts)
    hint = advised(machine.run("test", "--profile", profile).fails(6).stdout)
    assert told in hint
    assert f"policy.recipients at {profile}:{line_of(profile, 'recipients:') + 1}:" in hint
    assert ("--to ADDRESS" in hint) == ("--to ADDRESS" in told)
    sent = machine.run("send", "--cc", "check@acme.example", "--body", "x", "--profile", profile).fails(1)
    assert ("--cc ADDRESS (it must match" in sent.stderr) == ("--to ADDRESS" in told)


def test_an_address_of_the_server_s_own_is_not_proposed_where_mail_may_not_go_there(
    machine: Machine, smtpd: Servers
) -> None:
    server = smtpd(replies={"RCPT": "550 5.7.1 Relaying denied"})
    to = {"to": "check@gmail.example", "retries": 0}
    parts = proven(server, verify=to, policy={"recipients": ["*@gmail.example"]})
    told = machine.run("test", "--profile", machine.profile(**parts)).fails(6)
    assert "; another recipient has to be allowed first, by policy.recipients at" in advised(told.stdout)
    assert "--to ADDRESS" not in told.stdout
