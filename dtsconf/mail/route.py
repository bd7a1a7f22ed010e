"""Where mail goes and how it gets in there: plain data, free of profiles, modes and layers.

Whoever builds a route has resolved the settings before. Secrets stay wrapped until the stage that needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail import rights
from dtsconf.mail.masking import Masker
from dtsconf.proof import Past

if TYPE_CHECKING:
    from dtsconf.mail.transcript import Transcript
    from dtsconf.secret.value import Secret
    from dtsconf.settings.model import Encryption
    from dtsconf.token import TokenSource
    from dtsconf.web.client import Client


@frozen
class PasswordLogin:
    """Sign in with a password. `password` may be None where the login stage isn't reached; `mechanism` is the setting's
    word (`auto`, `plain`, `login`, `scram-sha-256`)."""

    username: str
    password: Secret | None
    mechanism: str = "auto"


@frozen
class TokenLogin:
    """Sign in with a token (XOAUTH2, OAUTHBEARER), as the user that the token is for. Over TLS only. `application` is
    the client ID of the application that sends, '' where a person does."""

    tokens: TokenSource
    application: str = ""


def _any_value(_key: str, _value: object) -> bool:
    """What no rules say."""
    return True


@frozen
class Smtp:
    """An SMTP server. `port` is the one in use; `ca_file` and `fingerprint` are as in the settings, `min_tls` is 1.2 or
    1.3; `cleartext_login`: the organisation lets a password go over plain. `login` None: the server trusts the network;
    `spare_login`: there would be one, which isn't required; `permits`: whether the organisation's rules let a setting
    (a dotted key) have a value."""

    host: str
    port: int
    encryption: Encryption = "none"
    min_tls: str = "1.2"
    ca_file: str | None = None
    fingerprint: str | None = None
    cleartext_login: bool = False
    login: PasswordLogin | TokenLogin | None = None
    spare_login: bool = False
    permits: Callable[[str, object], bool] = field(default=_any_value, compare=False, repr=False)

    def allows(self, port: int, encryption: str) -> bool:
        """Whether the organisation's rules let this port and encryption be used."""
        if isinstance(self.login, TokenLogin):
            return self.permits("microsoft.smtp.port", port)
        return self.permits("server.port", port) and self.permits("server.encryption", encryption)

    @property
    def or_graph(self) -> str:
        """How a hint ends that may lead to Graph instead, where a token signs in and the organisation's rules let it;
        else ''."""
        if not isinstance(self.login, TokenLogin) or not self.permits("microsoft.via", "graph"):
            return ""
        return f"; or {rights.by_graph(self.login.application)}"

    @property
    def place(self) -> str:
        """Host and port, to be shown."""
        return f"{self.host} port {self.port}"


@frozen
class Graph:
    """Microsoft Graph. `base` is the service's address (`https://graph.microsoft.com`); None: the OpenID discovery
    document at `discovery` names it (`msgraph_host`). `user` is the mailbox that an application sends from, None a
    person's own; `client` the client ID. `session` makes what requests go over, when the first one is to be made; it
    may raise `web.trouble.NoRoots`.
    """

    tokens: TokenSource
    session: Callable[[], Client]
    base: str | None = "https://graph.microsoft.com"
    discovery: str = ""
    user: str | None = None
    client: str = ""

    @property
    def place(self) -> str:
        """The address, to be shown."""
        return self.base or f"the Microsoft Graph that {self.discovery} names"


Route = Smtp | Graph


@frozen
class Link:
    """A route, and how its connection is made. `timeout` is in seconds, for each stage; `past`: what this machine
    knows of host and port from before; `allow_downgrade`: the user accepts plain all the same; `at`: the one IP address
    to connect to, in place of those that the host's name leads to (a look at one of several). `progress` is called
    with a few words when a stage begins; `transcript` is told all that is said. `masker` learns the secrets of every
    conversation over it, so that what a look on the side finds is masked as well."""

    route: Route
    timeout: float = 15
    past: Past = Past()
    allow_downgrade: bool = False
    at: str | None = None
    progress: Callable[[str], None] | None = field(default=None, compare=False)
    transcript: Transcript | None = field(default=None, compare=False)
    masker: Masker = field(default_factory=Masker, compare=False, repr=False)

    @property
    def smtp(self) -> Smtp:
        """The route, for whoever speaks SMTP.

        Raises:
            TypeError: it is by Graph.
        """
        if isinstance(self.route, Smtp):
            return self.route
        raise TypeError("this route is not by SMTP")

    @property
    def graph(self) -> Graph:
        """The route, for whoever speaks to Graph.

        Raises:
            TypeError: it is by SMTP.
        """
        if isinstance(self.route, Graph):
            return self.route
        raise TypeError("this route is not by Graph")
