"""Settings -> where mail goes: a mail server with a password or with tokens, or Microsoft Graph. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.route import Graph, Route, Smtp
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective
    from dtsconf.token import TokenSource


def route_of(effective: Effective, password: Secret | None, tokens: TokenSource | None) -> Route:
    """Where mail goes with these settings, and how it gets in there: by password, or by tokens in microsoft mode."""
    if tokens is None:
        return _password_route(effective, password)
    if effective.settings.microsoft.via == "graph":
        return _graph_route(effective, tokens)
    return _token_route(effective, tokens)


def _token_route(effective: Effective, tokens: TokenSource) -> Smtp:
    """Microsoft's submission server, always under TLS."""
    from dtsconf.mail.route import Smtp, TokenLogin

    settings = effective.settings
    at, ca_file = settings.microsoft.smtp, settings.server.ca_file
    application = settings.microsoft.flow == "application"
    login = TokenLogin(tokens, (settings.microsoft.client_id or "") if application else "")
    permits = _permits(effective)
    return Smtp(at.host, at.port, "starttls", settings.connection.min_tls, ca_file, login=login, permits=permits)


def _permits(effective: Effective) -> Callable[[str, object], bool]:
    """Whether the organisation's rules let a setting have a value."""

    def permits(key: str, value: object) -> bool:
        ruled = effective.org.policy.rules_on(key)
        if not ruled:
            return True
        from dtsconf.settings import rules

        return all(rules.holds(rule, value) for rule in ruled)

    return permits


def _graph_route(effective: Effective, tokens: TokenSource) -> Graph:
    """Microsoft Graph: that of the cloud, or the one that another provider's discovery document names."""
    from dtsconf.auth import clouds
    from dtsconf.mail.route import Graph
    from dtsconf.wiring.identity import issuer_of, session_maker

    microsoft = effective.settings.microsoft
    base = clouds.cloud(microsoft.authority).graph if clouds.is_microsoft(microsoft.authority) else None
    discovery = f"{issuer_of(effective)}/.well-known/openid-configuration"
    user = effective.settings.sender.email if microsoft.flow == "application" else None
    return Graph(tokens, session_maker(effective), base, discovery, user, microsoft.client_id or "")


def _password_route(effective: Effective, password: Secret | None) -> Smtp:
    from dtsconf.mail.route import PasswordLogin, Smtp
    from dtsconf.settings.model import effective_port

    settings = effective.settings
    server, login = settings.server, settings.login
    return Smtp(
        server.host or "",
        effective_port(settings),
        server.encryption,
        settings.connection.min_tls,
        server.ca_file,
        server.fingerprint,
        server.allow_cleartext_login,
        PasswordLogin(login.username or "", password, login.mechanism) if login.required else None,
        spare_login=not login.required and None not in (login.username, login.password),
        permits=_permits(effective),
    )
