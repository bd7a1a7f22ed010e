"""Every setting, declared once: type, default, meaning, the label on DTS's own screen.

Environment names, the JSON Schemas, `explain`, `--help`, `show --screen` and the README's table derive from here (see
`keys`, `docs`, `schema`). The docstring under a field is its meaning. Types and their checks are in `types`; conditions
between settings are in `check`. Source of the labels: DTS's Email Settings screen. Annotations are no texts here, as
they are elsewhere: to read them back would cost each start 2 ms.
"""

from dataclasses import field
from typing import Annotated, Literal

from dtsconf.frozen import frozen
from dtsconf.settings.declared import Declared
from dtsconf.settings.types import (
    Address,
    Fingerprint,
    HostName,
    Line,
    LocalPath,
    MinTls,
    Port,
    Proxy,
    Screen,
    Seconds,
    SecretReference,
    Tenant,
    Url,
    Uuid,
)

Encryption = Literal["none", "auto", "tls", "starttls"]


class Group(Declared):
    """A mapping of settings. Groups merge key by key and can't be null."""

    __slots__ = ()


@frozen
class Sender(Group):
    """Who the mail is from."""

    name: Annotated[Line | None, Screen("smtp", 8, "Your Name")] = None
    """Display name of the sender."""
    email: Annotated[
        Address | None,
        Screen("microsoft", 3, "Email Address", {"None": "(the signed-in account's own)"}),
        Screen("smtp", 9, "Email Address"),
    ] = None
    """Address the mail is sent from. Required in smtp mode; in microsoft mode null is the signed-in account's own."""


@frozen
class Server(Group):
    """The outgoing mail server (smtp mode)."""

    host: Annotated[HostName | None, Screen("smtp", 2, "Outgoing mail server (SMTP)")] = None
    """Host name, IPv4 or IPv6 address of the server that takes the mail. Required in smtp mode."""
    port: Annotated[Port | None, Screen("smtp", 3, "Outgoing server port")] = None
    """TCP port, 1-65535; null is 25 for none, 587 for starttls and auto, 465 for tls."""
    encryption: Annotated[
        Encryption,
        Screen(
            "smtp",
            4,
            "Encryption",
            {"none": "None", "auto": "Auto", "tls": "TLS (Implicit)", "starttls": "TLS (StartTLS)"},
        ),
    ] = "none"
    """none: plain. auto: TLS where the server offers it, else plain. tls: from the first byte (RFC 8314). starttls:
    upgrade after EHLO (RFC 3207)."""
    ca_file: LocalPath | None = None
    """PEM file of roots to trust instead of the system's, in both modes: for the mail server, and in microsoft mode for
    the identity provider and Graph too. In a profile relative to that file."""
    fingerprint: Fingerprint | None = None
    """SHA-256 of the server's certificate (DER) in hex, colons allowed; its name, chain and dates are then not
    checked."""
    allow_cleartext_login: bool = False
    """Let a password go over an unencrypted connection. Only the organisation's layer may say so."""


@frozen
class Login(Group):
    """Signing in to the mail server (smtp mode)."""

    required: Annotated[bool, Screen("smtp", 5, "Server requires authentication")] = False
    """Whether the server wants a user name and a password."""
    username: Annotated[Line | None, Screen("smtp", 6, "User Name/Email Address")] = None
    """Account name; usually the address mail is sent from."""
    password: Annotated[SecretReference | None, Screen("smtp", 7, "Password")] = None
    """Where its password is to be had: a secret reference, never the password."""
    mechanism: Literal["auto", "plain", "login", "scram-sha-256"] = "auto"
    """SASL mechanism; auto takes the strongest that both sides know."""


@frozen
class MicrosoftSmtp(Group):
    """Microsoft's submission server (microsoft mode, via smtp)."""

    host: HostName = "smtp.office365.com"
    """Host that takes the mail; one that isn't Microsoft's only from the organisation's layer."""
    port: Port = 587
    """Its TCP port; the session is always upgraded with STARTTLS."""


@frozen
class Microsoft(Group):
    """Use Microsoft Authentication (microsoft mode)."""

    client_id: Annotated[Uuid | None, Screen("microsoft", 4, "Client ID")] = None
    """Application (client) ID of the organisation's app registration. Required in microsoft mode."""
    remember_me: Annotated[bool, Screen("microsoft", 2, "Remember Me")] = False
    """Keep the sign-in for later sessions. Off: it ends with the user's login session, or with the process where the
    system has no memory for that."""
    tenant: Tenant = "organizations"
    """Tenant id or domain, or organizations, common, consumers."""
    authority: Url = "https://login.microsoftonline.com"
    """Base address of the identity provider; the tenant is put behind it. One that isn't Microsoft's only from the
    organisation's layer."""
    flow: Literal["auto", "broker", "browser", "device-code", "application"] = "auto"
    """How to sign in; auto takes broker, then browser, then device code."""
    client_secret: SecretReference | None = None
    """Flow application: the client secret."""
    certificate: SecretReference | None = None
    """Flow application: a PEM certificate with its key."""
    client_assertion: SecretReference | None = None
    """Flow application: a federated token (CI)."""
    token_cache: Literal["encrypted", "file"] = "encrypted"
    """Where tokens are kept; file (0600) is for machines without an encrypted store."""
    via: Literal["smtp", "graph"] = "smtp"
    """Send by SMTP with XOAUTH2, or by Microsoft Graph."""
    smtp: MicrosoftSmtp = field(default_factory=MicrosoftSmtp)
    """Microsoft's submission server."""


@frozen
class Connection(Group):
    """How connections are made (both modes)."""

    timeout: Seconds = 15
    """Seconds, per stage."""
    min_tls: MinTls = "1.2"
    """Oldest TLS version to accept: 1.2 or 1.3."""
    proxy: Proxy = "system"
    """Proxy for HTTPS (Microsoft, Vault): system, none or a URL."""


@frozen
class Settings(Group):
    """The settings tree. Built only by `resolve`, through `layered`, from one source a layer."""

    mode: Annotated[
        Literal["smtp", "microsoft"],
        Screen("both", 1, "Use Microsoft Authentication", {"microsoft": "checked", "smtp": "unchecked"}),
    ] = "smtp"
    """smtp: full server details. microsoft: sign in with the Microsoft identity."""
    sender: Sender = field(default_factory=Sender)
    """Who the mail is from."""
    server: Server = field(default_factory=Server)
    """The outgoing mail server (smtp mode)."""
    login: Login = field(default_factory=Login)
    """Signing in to the mail server (smtp mode)."""
    microsoft: Microsoft = field(default_factory=Microsoft)
    """Use Microsoft Authentication (microsoft mode)."""
    connection: Connection = field(default_factory=Connection)
    """How connections are made (both modes)."""


DEFAULT_PORTS = {"none": 25, "starttls": 587, "auto": 587, "tls": 465}
"""The port that null means, by encryption (RFC 5321, 6409, 8314)."""


def effective_port(settings: Settings) -> int:
    """The TCP port in use: as set, or the one that null means for the encryption."""
    return settings.server.port or DEFAULT_PORTS[settings.server.encryption]
