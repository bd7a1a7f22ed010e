"""Settings -> who signs in where: what `auth` is handed. Puts parts together and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dtsconf.wiring import Inputs

if TYPE_CHECKING:
    from dtsconf.auth.places import Places
    from dtsconf.auth.provider import MakeSession
    from dtsconf.auth.request import Person, Wanted
    from dtsconf.auth.sources import ApplicationTokens, UserTokens
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective
    from dtsconf.web.session import Session


def wanted_of(inputs: Inputs, effective: Effective) -> Wanted:
    """The sign-in that the settings want."""
    from dtsconf.auth.request import Wanted
    from dtsconf.settings import rules
    from dtsconf.settings.check import idle_secret

    microsoft = effective.settings.microsoft
    return Wanted(
        microsoft.authority,
        microsoft.tenant,
        microsoft.client_id or "",
        microsoft.flow,
        microsoft.via,
        microsoft.remember_me,
        microsoft.token_cache,
        effective.settings.sender.email,
        root_name(inputs.root),
        places_of(inputs).session is not None,
        idle_secret(effective.origin),
        by_code=rules.leaves("microsoft.flow", "device-code", effective.org),
        tried=inputs.tried,
    )


def issuer_of(effective: Effective) -> str:
    """The address that the provider's discovery document stands under."""
    from dtsconf.auth.request import issuer

    return issuer(effective.settings.microsoft.authority, effective.settings.microsoft.tenant)


def places_of(inputs: Inputs) -> Places:
    """Where this user's tokens may lie."""
    from dtsconf.auth.places import places
    from dtsconf.machine.layout import Layout

    layout = Layout(inputs.root, environ=inputs.environ)
    return places(layout.user_state(), layout.user_session())


def root_name(root: str | None) -> str | None:
    """What tells the sign-ins of one root folder from another's, where both lie in one place."""
    if root is None:
        return None
    import os

    return os.path.realpath(root)


def session_maker(effective: Effective) -> MakeSession:
    """What makes the way to the identity provider: our roots, our proxy, our limits."""

    def make() -> Session:
        from dtsconf.web.session import Session
        from dtsconf.web.trust import tls_context

        settings = effective.settings
        connection = settings.connection
        context = tls_context(settings.server.ca_file, connection.min_tls)
        return Session(context, timeout=float(connection.timeout), proxy=connection.proxy)

    return make


def user_tokens(
    inputs: Inputs,
    effective: Effective,
    *,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
) -> UserTokens:
    """The tokens of whoever signed in as this user."""
    from dtsconf.auth.sources import UserTokens

    wanted, places = wanted_of(inputs, effective), places_of(inputs)
    return UserTokens(wanted, places, inputs.environ, session_maker(effective), person=person, progress=progress)


def tokens_of(
    inputs: Inputs,
    effective: Effective,
    secrets: Mapping[str, Secret],
    *,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
) -> UserTokens | ApplicationTokens:
    """The tokens that the settings send with. `secrets`: the application's own, where it is one."""
    from dtsconf.auth.sources import ApplicationTokens

    wanted = wanted_of(inputs, effective)
    if not wanted.application:
        return user_tokens(inputs, effective, person=person, progress=progress)
    return ApplicationTokens(wanted, session_maker(effective), lambda: next(iter(secrets.items())))
