"""The steps in the tenant: the narrowest right that does it, lines that can be typed as they stand."""

from __future__ import annotations

import shlex

import pytest

from dtsconf.migrate.tenant import steps
from dtsconf.settings.model import Settings

CLIENT = "11111111-2222-4333-8444-555555555555"


def settings(email: str | None = "dts@acme.example", **microsoft: object) -> Settings:
    return Settings.of_json(
        {"mode": "microsoft", "sender": {"email": email}, "microsoft": {"client_id": CLIENT, **microsoft}}
    )


def lines(found: Settings, shell: str = "") -> list[str]:
    return [text for step in steps(found) for kind, text in step.commands if shell in ("", kind)]


def titles(found: Settings) -> list[str]:
    return [step.title for step in steps(found)]


def test_people_need_a_registration_a_delegated_permission_and_the_protocol() -> None:
    assert titles(settings(email=None)) == [
        "An app registration for people",
        "The delegated permission SMTP.Send",
        "SMTP submission, on for each mailbox that signs in",
    ]
    text = "\n".join(step.detail for step in steps(settings()))
    assert "http://localhost" in text
    assert f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT}" in text
    assert titles(settings())[-1] == "Who may send as dts@acme.example"


def test_an_application_gets_its_right_from_exchange_for_one_mailbox_and_it_is_tested() -> None:
    found = lines(settings(flow="application", certificate="file:///etc/dts/pem"), "PowerShell")
    assert found[-4:-1] == [
        "New-ManagementScope -Name 'DTS mail' -RecipientRestrictionFilter 'PrimarySmtpAddress -eq ''dts@acme.example'''",
        f"New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp' -App {CLIENT} -CustomResourceScope 'DTS mail'",
        f"Test-ServicePrincipalAuthorization -Identity {CLIENT} -Resource 'dts@acme.example'",
    ]
    assert found[-1] == "Set-CASMailbox -Identity 'dts@acme.example' -SmtpClientAuthenticationDisabled $false"


@pytest.mark.parametrize("flow", ["auto", "application"])
@pytest.mark.parametrize("via", ["smtp", "graph"])
def test_no_right_is_for_the_whole_tenant(flow: str, via: str) -> None:
    found = settings(flow=flow, via=via)
    roles = [line for line in lines(found) if "New-ManagementRoleAssignment" in line]
    assert all("-CustomResourceScope" in line for line in roles)
    assert len(roles) == (flow == "application")
    assert not [line for line in lines(found) if "=Role" in line or "Set-TransportConfig" in line]
    permissions = [line for line in lines(found) if "permission add" in line]
    assert all("oauth2PermissionScopes" in line and line.endswith('=Scope"') for line in permissions)
    assert len(permissions) == (flow == "auto")


@pytest.mark.parametrize(("via", "name"), [("smtp", "SMTP.Send"), ("graph", "Mail.Send")])
def test_the_way_decides_the_permission_and_whether_smtp_matters(via: str, name: str) -> None:
    assert any(f"value=='{name}'" in line for line in lines(settings(via=via)))
    role = "Application Mail.Send" if via == "graph" else "Application SMTP.SendAsApp"
    assert any(role in line for line in lines(settings(via=via, flow="application")))
    assert any("Set-CASMailbox" in line for line in lines(settings(via=via))) == (via == "smtp")


@pytest.mark.parametrize(
    ("proof", "words"),
    [("client_secret", "--years 1"), ("certificate", "--cert"), ("client_assertion", "federated-credential")],
)
def test_the_kind_of_proof_decides_the_credential(proof: str, words: str) -> None:
    assert any(words in line for line in lines(settings(flow="application", **{proof: "env://X"}), "az"))


def test_names_that_are_not_known_yet_are_told_as_such_and_quotes_are_doubled() -> None:
    found = Settings.of_json({"mode": "microsoft", "sender": {"email": "o'neil@acme.example"}})
    assert any("--id CLIENT_ID" in line for line in lines(found))
    assert "Set-CASMailbox -Identity 'o''neil@acme.example' -SmtpClientAuthenticationDisabled $false" in lines(found)


@pytest.mark.parametrize("flow", ["auto", "application"])
def test_the_az_lines_are_whole_for_a_shell(flow: str) -> None:
    for line in lines(settings(flow=flow), "az"):
        assert shlex.split(line)[0] == "az"
