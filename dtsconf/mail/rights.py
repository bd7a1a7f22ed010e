"""What Exchange Online and Entra let a token do with a mailbox, and the lines that an administrator types for it. Pure.

Sources, on learn.microsoft.com: "Role Based Access Control for Applications in Exchange Online"
(exchange/permissions-exo/application-rbac), "Authenticate an IMAP, POP or SMTP connection using OAuth"
(exchange/client-developer/legacy-protocols), "Microsoft Graph permissions reference".
"""

from __future__ import annotations

BY_SMTP = "Application SMTP.SendAsApp"
BY_GRAPH = "Application Mail.Send"
BY_DRAFT = "Application Mail.ReadWrite"
"""Roles that Exchange gives an application: to send by SMTP, by Graph, and to make drafts by Graph."""

SUPPORT = "your Exchange administrator (Microsoft's own state: https://status.cloud.microsoft)"
"""Who is asked about Microsoft's servers: nobody else's administrator can be."""


def role(name: str, client: str) -> str:
    """The line that gives the application with this client ID a role, for a scope that is to be filled in."""
    return f"New-ManagementRoleAssignment -Role '{name}' -App {client} -CustomResourceScope SCOPE"


def of_application(name: str, client: str, mailbox: str) -> str:
    """How an application gets a role for one mailbox alone, and how to see that it has it."""
    return (
        f"have the Exchange administrator give the application its right on {mailbox} alone: {role(name, client)},"
        " where SCOPE is what New-ManagementScope made for it, and New-ServicePrincipal has made the application known"
        f" to Exchange (README, For an application); then Test-ServicePrincipalAuthorization -Identity {client}"
        f" -Resource {mailbox} must say InScope True (Exchange may take two hours to act on it)"
    )


def of_person(permission: str) -> str:
    """How a person's app gets a permission."""
    return (
        f"in Entra, under App registrations, API permissions: Microsoft Graph, delegated, {permission}, and grant"
        " consent; then dtsconf sign-in"
    )


def by_graph(client: str) -> str:
    """What it takes to send by Graph in place of SMTP: an application with this client ID, or a person ('')."""
    right = f"{role(BY_GRAPH, client)}, for the scope that it has for SMTP" if client else of_person("Mail.Send")
    return (
        f"microsoft.via: graph in the profile, which goes by HTTPS, without SMTP AUTH, by a right of its own: {right}"
    )


def not_its_own(mailbox: str) -> str:
    """What to do where a mailbox may not send as the address that is its own."""
    return (
        f"{mailbox} is the account's own address, so it needs no Send As: an alias of the mailbox is refused like this."
        f" Get-Mailbox {mailbox} | Format-List PrimarySmtpAddress tells the address to send from: --set"
        " sender.email=ADDRESS"
    )


def send_as(sender: str, account: str) -> str:
    """What to do where an account may not send as another address."""
    return (
        f"{account} may not send as {sender}: use the account's own address, --set sender.email={account}, or have the"
        f" Exchange administrator allow it: Add-RecipientPermission {sender} -Trustee {account} -AccessRights SendAs"
    )


def larger(mailbox: str) -> str:
    """The line that lets a mailbox send larger mail."""
    return f"Set-Mailbox {mailbox} -MaxSendSize 150MB"
