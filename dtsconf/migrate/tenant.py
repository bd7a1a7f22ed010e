"""What must exist in the Microsoft tenant, for the settings of a profile: steps with the lines to type. Pure.

Rules: each right is the narrowest that does it, for the mailboxes that send and no others; Mail.Send or SMTP.SendAsApp
for the whole tenant is never among the lines. Ids that the tenant alone knows are asked for by the lines themselves.
Sources, all on learn.microsoft.com: "Authenticate an IMAP, POP or SMTP connection using OAuth" and "SMTP App RBAC
onboarding" (exchange/client-developer/legacy-protocols), "Role Based Access Control for Applications in Exchange
Online" (exchange/permissions-exo/application-rbac), "Redirect URI restrictions" (entra/identity-platform), and the
references of az ad, Set-CASMailbox, New-ServicePrincipal and Test-ServicePrincipalAuthorization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.auth import clouds
from dtsconf.migrate.values import Step

if TYPE_CHECKING:
    from dtsconf.migrate.values import Shell
    from dtsconf.settings.model import Microsoft, Settings

Line = tuple["Shell", str]
WORLD = "https://login.microsoftonline.com"
NAME = "DTS mail"
MAC_BROKER = "msauth.com.msauth.unsignedapp://auth"
_CREATE = f'az ad app create --display-name "{NAME}" --sign-in-audience AzureADMyOrg --query appId -o tsv'
_LARGE = {"graph": " Mail over 3 MB goes by a draft: for that, {}."}
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph's own application id, the same in every tenant."""


def steps(settings: Settings) -> tuple[Step, ...]:
    """The steps for people who sign in, or for an application, by `microsoft.flow`; in the order to take them."""
    microsoft = settings.microsoft
    client = microsoft.client_id or "CLIENT_ID"
    if microsoft.flow == "application":
        mailbox = settings.sender.email or "MAILBOX"
        return (
            _application(microsoft, client),
            _service_principal(microsoft, client),
            _scoped_role(microsoft, client, mailbox),
            *_smtp_on(microsoft, mailbox),
        )
    sender = settings.sender.email
    found = (
        _registration(microsoft, client),
        _permission(microsoft, client),
        *_smtp_on(microsoft, sender or "ADDRESS"),
    )
    return (*found, _send_as(sender)) if sender else found


def _portal(microsoft: Microsoft) -> str:
    """The administrator's page of the cloud that the authority belongs to."""
    return (clouds.cloud(microsoft.authority).portal or clouds.cloud(WORLD).portal).removeprefix("https://")


def _registration(microsoft: Microsoft, client: str) -> Step:
    broker = f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}"
    return Step(
        "An app registration for people",
        f"{_portal(microsoft)} > App registrations > New registration, of your own tenant, for this organisation only. "
        "Under Authentication add the platform 'Mobile and desktop applications' with the redirect addresses "
        f"http://localhost (browser; any port), {broker} (Windows broker) and {MAC_BROKER} (macOS broker), and set "
        "'Allow public client flows' to Yes (device code). Its Application (client) ID is microsoft.client_id.",
        (
            (
                "az",
                f"{_CREATE} --is-fallback-public-client true --public-client-redirect-uris http://localhost",
            ),
            ("az", f"az ad app update --id {client} --public-client-redirect-uris http://localhost {broker}"),
            ("az", f"az ad sp create --id {client}"),
        ),
    )


def _permission(microsoft: Microsoft, client: str) -> Step:
    name = "Mail.Send" if microsoft.via == "graph" else "SMTP.Send"
    asked = f"az ad sp show --id {GRAPH_ID} --query \"oauth2PermissionScopes[?value=='{name}'].id\" -o tsv"
    return Step(
        f"The delegated permission {name}",
        "API permissions > Add a permission > Microsoft Graph > Delegated permissions > "
        f"{name}, then 'Grant admin consent'. Delegated: whoever signs in sends from their own mailbox, nobody else's."
        + _LARGE.get(microsoft.via, "").format("Mail.ReadWrite likewise"),
        (
            ("az", f'az ad app permission add --id {client} --api {GRAPH_ID} --api-permissions "$({asked})=Scope"'),
            ("az", f"az ad app permission admin-consent --id {client}"),
        ),
    )


def _application(microsoft: Microsoft, client: str) -> Step:
    return Step(
        "An app registration for the application",
        f"{_portal(microsoft)} > App registrations > New registration, of your own tenant, for this organisation only: "
        "no redirect address, and no API permission, since its one right comes from Exchange (below). Its Application "
        "(client) ID is microsoft.client_id. Then under Certificates & secrets what it proves itself with.",
        (
            ("az", _CREATE),
            ("az", f"az ad sp create --id {client}"),
            ("az", _credential(microsoft, client)),
        ),
    )


def _credential(microsoft: Microsoft, client: str) -> str:
    """The line for the kind of proof that the profile names; a certificate where it names none."""
    if microsoft.client_assertion is not None:
        return f"az ad app federated-credential create --id {client} --parameters credential.json"
    if microsoft.client_secret is not None:
        return f'az ad app credential reset --id {client} --append --display-name "{NAME}" --years 1'
    return f"az ad app credential reset --id {client} --append --cert @certificate.pem"


def _service_principal(microsoft: Microsoft, client: str) -> Step:
    return Step(
        "The application, made known to Exchange Online",
        "Exchange has a record of its own. The object id is that of the enterprise application "
        f"({_portal(microsoft)} > Enterprise applications), not that of the app registration.",
        (
            ("PowerShell", "Connect-ExchangeOnline"),
            ("PowerShell", f"$id = az ad sp show --id {client} --query id -o tsv"),
            ("PowerShell", f"New-ServicePrincipal -AppId {client} -ObjectId $id -DisplayName '{NAME}'"),
        ),
    )


def _scoped_role(microsoft: Microsoft, client: str, mailbox: str) -> Step:
    role = "Application Mail.Send" if microsoft.via == "graph" else "Application SMTP.SendAsApp"
    wanted = _ps(f"PrimarySmtpAddress -eq {_ps(mailbox)}")
    return Step(
        f"The right to send, for {mailbox} alone",
        f"The role '{role}' within a management scope (RBAC for Applications). Don't grant the permission of that name "
        "in Entra as well: there it holds for every mailbox of the tenant. Exchange may take two hours to act on it. "
        "The last line must say InScope True for this mailbox, and False for any other."
        + _LARGE.get(microsoft.via, "").format("the role 'Application Mail.ReadWrite' in the same scope"),
        (
            ("PowerShell", f"New-ManagementScope -Name '{NAME}' -RecipientRestrictionFilter {wanted}"),
            ("PowerShell", f"New-ManagementRoleAssignment -Role '{role}' -App {client} -CustomResourceScope '{NAME}'"),
            ("PowerShell", f"Test-ServicePrincipalAuthorization -Identity {client} -Resource {_ps(mailbox)}"),
        ),
    )


def _smtp_on(microsoft: Microsoft, mailbox: str) -> tuple[Step, ...]:
    if microsoft.via == "graph":
        return ()
    whose = "each mailbox that signs in" if mailbox == "ADDRESS" else mailbox
    return (
        Step(
            f"SMTP submission, on for {whose}",
            "Tokens need the protocol too. Switch it on for the mailboxes that send, not for the tenant: a mailbox's "
            "own setting counts before the organisation's, which may stay off.",
            (("PowerShell", f"Set-CASMailbox -Identity {_ps(mailbox)} -SmtpClientAuthenticationDisabled $false"),),
        ),
    )


def _send_as(sender: str) -> Step:
    return Step(
        f"Who may send as {sender}",
        "sender.email names one address, so everybody else who signs in needs Send As on it. Or leave sender.email "
        "out: then mail is from the address of whoever signed in.",
        (
            (
                "PowerShell",
                f"Add-RecipientPermission -Identity {_ps(sender)} -Trustee PERSON -AccessRights SendAs",
            ),
        ),
    )


def _ps(text: str) -> str:
    """A text as PowerShell takes it literally, and as a filter's quoted value too."""
    return "'" + text.replace("'", "''") + "'"
