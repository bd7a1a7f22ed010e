"""`migrate microsoft`: what the tenant needs, the new profile, its conditions and its proof; the old one until then."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.real.graph import GraphServer
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX, Client
from tests.real.processes import free_ports
from tests.scenarios.harness import Machine
from tests.scenarios.office import ALICE, Office, office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]

OLD = """\
# Mail of the Perth plant; owner: ann
dtsconf: 1
name: perth
settings:
  sender: {{name: DTS Perth, email: {sender}}}  # shared mailbox
  server:
    host: smtp.office365.com   # Exchange Online
    encryption: starttls
    ca_file: roots.pem
  login:
    required: true
    username: dts@corp.example
    password: file:///etc/dts/secrets/dts   # rotated in March
policy:
  lock: [server, verify]   # nobody redirects mail
verify:
  to: {to}
targets: [dts, msmtp]
"""


def old_profile(here: Office, sender: str = MAILBOX) -> Path:
    path = here.machine.write("site.yaml", OLD.format(sender=sender, to=here.to), mode=0o640)
    here.machine.write("roots.pem", Path(here.identity.ca_file).read_text("ascii"))
    return path


def sets(here: Office, client: Client, **more: object) -> list[str]:
    place = here.identity.mail.endpoint("token").port
    values = {
        "client_id": client.client_id,
        "tenant": here.tenant.id,
        "authority": here.tenant.origin,
        "smtp.host": "localhost",
        "smtp.port": place,
        **more,
    }
    return [word for key, value in values.items() for word in ("--set", f"microsoft.{key}={value}")]


def test_the_first_call_tells_what_the_tenant_needs_and_changes_nothing(here: Office) -> None:
    profile = old_profile(here)
    told = here.run("migrate", "microsoft", "--profile", str(profile)).fails(3)
    assert told.text.index("An app registration for people") < told.text.index(
        "Set-CASMailbox -Identity 'dts@corp.example'"
    )
    assert "FAIL client-id" in told.text
    assert profile.read_text() == OLD.format(sender=MAILBOX, to=here.to)
    assert not list(profile.parent.glob("*.before-microsoft"))

    steps = (
        here.run(
            "migrate",
            "microsoft",
            "--profile",
            str(profile),
            "--set",
            "microsoft.flow=application",
            "--set",
            "microsoft.certificate=file:///etc/dts/pem",
            "--json",
        )
        .fails(3)
        .json["steps"]
    )
    lines = [command["text"] for step in steps for command in step["commands"]]
    assert any(line.startswith("New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp'") for line in lines)
    assert any(line.startswith("Test-ServicePrincipalAuthorization") for line in lines)


def test_people(here: Office) -> None:
    profile = old_profile(here, sender=ALICE)
    before = profile.read_text()
    done = here.at_terminal(
        "migrate", "microsoft", "--profile", str(profile), *sets(here, here.tenant.public, flow="browser")
    ).ok()
    assert "Proven by a mail." in done.text
    kept = Path(f"{profile}.before-microsoft")
    assert kept.read_text() == before
    assert kept.stat().st_mode == profile.stat().st_mode
    new = profile.read_text()
    assert "# Mail of the Perth plant; owner: ann" in new
    assert "    # host: smtp.office365.com   # Exchange Online" in new
    assert "  #   password: file:///etc/dts/secrets/dts   # rotated in March" in new
    assert "    ca_file: roots.pem" in new
    assert "lock: [server, verify, mode, microsoft.client_id" in new
    assert "targets: [dts]\n" in new
    here.identity.mail.wait_for_mail(here.to)
    here.run("validate", str(profile)).ok()
    here.run("apply", "--yes", "--profile", str(profile)).ok()
    again = here.run("migrate", "microsoft", "--profile", str(profile)).ok()
    assert "nothing to migrate" in again.text


def test_people_need_a_terminal(here: Office) -> None:
    profile = old_profile(here, sender=ALICE)
    before = profile.read_bytes()
    failed = here.run(
        "migrate", "microsoft", "--profile", str(profile), *sets(here, here.tenant.public, flow="browser"), "--json"
    ).fails(6)
    states = {one["name"]: one["ok"] for one in failed.json["conditions"]}
    assert states == {"client-id": True, "mail-host": True, "authority": True, "sign-in": False, "send": None}
    assert failed.problems[0]["hint"].startswith("type the same at a terminal")
    assert profile.read_bytes() == before


CONDITIONS = ("client-id", "credential", "mail-host", "authority", "sign-in", "send")
"""What must hold for an application."""


def test_an_application_beside_the_old_profile(here: Office) -> None:
    profile, new = old_profile(here), here.machine.work / "new.yaml"
    before = profile.read_bytes()
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    options = sets(here, here.tenant.by_secret, flow="application", client_secret=reference)
    done = here.run("migrate", "microsoft", "--profile", str(profile), "--out", str(new), *options, "--json").ok().json
    assert (done["written"], done["kept"]) == (str(new), None)
    assert {one["name"]: one["ok"] for one in done["conditions"]} == dict.fromkeys(CONDITIONS, True)
    assert done["verification"]["stages"][-1]["stage"] == "accepted"
    assert "msmtp" in [warning["kind"] for warning in done["warnings"]]
    assert profile.read_bytes() == before
    assert f"client_secret: '{reference}'" in new.read_text()
    here.run("migrate", "microsoft", "--profile", str(profile), "--out", str(new), *options).fails(1)


def test_an_application_by_graph(machine: Machine, identity: IdentityHost, graph: GraphServer) -> None:
    with office(machine, identity, discovery={"msgraph_host": graph.host}) as here:
        profile = old_profile(here)
        reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
        options = sets(here, here.tenant.by_secret, flow="application", client_secret=reference, via="graph")
        done = here.run("migrate", "microsoft", "--profile", str(profile), *options, "--json").ok().json
        assert {one["name"]: one["ok"] for one in done["conditions"]} == dict.fromkeys(CONDITIONS, True)
        lines = [command["text"] for step in done["steps"] for command in step["commands"]]
        assert any("'Application Mail.Send'" in line for line in lines)
        assert not any("Set-CASMailbox" in line for line in lines)
        assert [mail.mailbox for mail in graph.mails] == [MAILBOX]


@pytest.mark.parametrize(
    ("broken", "condition", "code"),
    [
        ({"smtp.port": "dead"}, "mail-host", 9),
        ({"tenant": "11111111-2222-4333-8444-555555555555"}, "authority", 6),
        ({"client_secret": "wrong"}, "sign-in", 6),
        ({"smtp.port": "password-alone"}, "sign-in", 6),
    ],
)
def test_whatever_doesn_t_hold_leaves_the_old_profile_as_it_was(
    here: Office, broken: dict[str, str], condition: str, code: int
) -> None:
    profile = old_profile(here)
    before = (profile.read_bytes(), profile.stat().st_mtime_ns, sorted(os.listdir(profile.parent)))
    reference = here.machine.secret_file(here.tenant.by_secret.secret or "")
    wrong = f"file://{here.machine.write('other', 'S3cret~of-another', 0o600)}"
    before = (*before[:2], sorted(os.listdir(profile.parent)))
    values = {
        "dead": str(free_ports(1)[0]),
        "wrong": wrong,
        "password-alone": str(here.identity.mail.endpoint("password-alone").port),
    }
    more = {key: values.get(value, value) for key, value in broken.items()}
    options = sets(here, here.tenant.by_secret, **{"flow": "application", "client_secret": reference, **more})
    failed = here.run("migrate", "microsoft", "--profile", str(profile), *options, "--json").fails(code)
    first = next(one for one in failed.json["conditions"] if one["ok"] is False)
    assert (first["name"], bool(first["detail"])) == (condition, True)
    assert failed.json["written"] is None
    assert (profile.read_bytes(), profile.stat().st_mtime_ns, sorted(os.listdir(profile.parent))) == before


def test_a_backup_that_is_there_is_not_overwritten(here: Office) -> None:
    profile = old_profile(here)
    here.machine.write("site.yaml.before-microsoft", "mine")
    told = here.run("migrate", "microsoft", "--profile", str(profile)).fails(1)
    assert "site.yaml.before-microsoft" in told.text


def test_usage(here: Office) -> None:
    profile = old_profile(here)
    here.run("migrate", "microsoft").fails(2)
    told = here.run("migrate", "microsoft", "--profile", str(profile), "--set", "server.host=x.example").fails(2)
    assert "--set server.host" in told.text
    relay = here.machine.profile("relay.yaml")
    assert "no password" in here.run("migrate", "microsoft", "--profile", relay).fails(3).text
    unused = here.machine.profile("unused.yaml", settings={"server": {"host": "smtp.office365.com", "port": None}})
    told = here.run("migrate", "microsoft", "--profile", unused).fails(3)
    assert "no password" not in told.text, "Exchange takes nothing without a login, so this profile never worked"
    assert "microsoft.client_id" in told.text
    other = here.machine.write(
        "other.yaml", old_profile(here).read_text().replace("smtp.office365.com", "mail.acme.example")
    )
    assert "isn't Exchange Online" in here.run("migrate", "microsoft", "--profile", str(other)).fails(3).text


def test_the_warning_about_passwords_at_exchange_names_this_command(here: Office) -> None:
    told = here.run("validate", str(old_profile(here)), "--json").ok()
    (notice,) = [one for one in told.warnings if one["kind"] == "exchange-password"]
    assert "December 2026" in notice["message"]
    command = shlex.split(notice["hint"].partition("dtsconf ")[2].partition(";")[0].partition(",")[0])
    assert command[:2] == ["migrate", "microsoft"]
