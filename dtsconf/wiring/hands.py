"""The engine's hands outside the machine: mail, secrets, the question. Options -> built objects, no decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dtsconf.wiring import Inputs, last_generation, layout_of, who

if TYPE_CHECKING:
    from dtsconf.errors import Where
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.request import Check, Services, Settled
    from dtsconf.mail.job import Job
    from dtsconf.mail.route import Link, Smtp
    from dtsconf.proof import Level, Verification
    from dtsconf.secret.backend import VaultSettings
    from dtsconf.secret.resolver import Resolver
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective

T = TypeVar("T")

TRIES = 8
"""How often config and delivered secret are read again when an apply came in between."""


def resolver_of(inputs: Inputs, settings: Callable[[], Effective]) -> Resolver:
    """What fetches secrets in this run, each reference once; to be closed at its end. `settings` is asked at the first
    fetch for how Vault and the proxy are reached."""
    from dtsconf.secret.resolver import Resolver

    return Resolver(inputs.environ, strict=inputs.strict, surroundings=lambda: _surroundings(settings()))


def _surroundings(effective: Effective) -> tuple[VaultSettings, str]:
    """Where secrets come from, as plain values: the secret floor doesn't know the settings above it."""
    from dtsconf.secret.backend import VaultAuth, VaultSettings

    vault = effective.org.secrets.vault
    auth = VaultAuth(**vault.auth.model_dump())
    plain = VaultSettings(vault.url, vault.namespace, vault.ca_file, vault.timeout, auth)
    return plain, effective.settings.connection.proxy


def password_of(inputs: Inputs, effective: Effective, resolver: Resolver) -> Secret | None:
    """The login's password as whoever sends now gets it: delivered with the machine config, or from its source."""
    if not effective.settings.login.required:
        return None
    reference = effective.settings.login.password or ""
    setting = effective.origin["login.password"]
    secret_id = effective.org.delivered.get("login.password") if setting.layer == "machine" else None
    if secret_id is not None:
        from dtsconf.machine.deliveries import delivered_secret

        return delivered_secret(layout_of(inputs.root), effective.org.files[0], secret_id)
    return resolver.fetch(reference, key="login.password", where=setting.where)


def route_of(effective: Effective, password: Secret | None) -> Smtp:
    """Where mail goes with these settings, and how it gets in there. The password may be None below level auth."""
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
    )


def link_of(effective: Effective, password: Secret | None, *, had_tls: bool, progress: Callable[[str], None]) -> Link:
    """The route of these settings, and how its connection is made."""
    from dtsconf.mail.route import Link

    timeout = float(effective.settings.connection.timeout)
    return Link(route_of(effective, password), timeout, had_tls=had_tls, progress=progress)


def link_now(inputs: Inputs, effective: Effective, resolver: Resolver, *, progress: Callable[[str], None]) -> Link:
    """As `link_of`, with the password and the machine's past as they are now: what somebody who sends needs.

    Raises:
        SecretUnavailable: the login's password can't be had; `Moved` when an apply put another one there meanwhile.
    """
    from dtsconf.machine.generations import had_tls
    from dtsconf.settings.model import effective_port

    password = password_of(inputs, effective, resolver)
    host, port = effective.settings.server.host or "", effective_port(effective.settings)
    had = had_tls(last_generation(inputs), host, port)
    return link_of(effective, password, had_tls=had, progress=progress)


def unmoved(attempt: Callable[[], T]) -> T:
    """What `attempt` gives. It is made anew when an apply came in between, so that the config that it read and the
    delivered secret were of two generations."""
    from dtsconf.machine.deliveries import Moved

    for _ in range(TRIES):
        try:
            return attempt()
        except Moved:
            continue
    return attempt()


def job_of(
    effective: Effective,
    password: Secret | None,
    level: Level,
    to: str | None,
    generation: int | None,
    *,
    had_tls: bool,
    progress: Callable[[str], None],
) -> Job:
    """One verification, put together."""
    from dtsconf.mail.job import Job, Letter
    from dtsconf.version import __version__

    me, sender = who(), effective.settings.sender
    link = link_of(effective, password, had_tls=had_tls, progress=progress)
    letter = Letter(me.host, effective.org.name or None, generation, f"dtsconf {__version__}", me.user)
    return Job(link, level, letter, sender.email or "", sender.name, to)


def services(
    resolver: Resolver,
    *,
    where: Callable[[str], Where | None] = lambda _key: None,
    ask: Callable[[Plan], bool] = lambda _plan: True,
    progress: Callable[[str], None] = lambda _words: None,
) -> Services:
    """The engine's hands outside the machine: mail, secrets, the question, the progress line. `where` tells the place
    of a setting's value, for the error when its secret can't be had."""
    from dtsconf.machine.request import Services, Settled
    from dtsconf.mail import settle as settling, verify as mail
    from dtsconf.settings.recipients import require_allowed
    from dtsconf.settings.roots import require_roots

    def settle(effective: Effective, had_tls: bool) -> Settled | Verification:
        require_roots(effective)
        found = settling.settle(job_of(effective, None, "connect", None, None, had_tls=had_tls, progress=progress))
        return found.failure or Settled(found.encryption, found.port, found.detail)

    def verify(check: Check) -> Verification:
        effective = check.effective
        to = effective.org.verify.to
        if check.level in ("envelope", "send"):
            require_allowed(effective, to)
        require_roots(effective)
        job = job_of(
            effective, check.password, check.level, to, check.generation, had_tls=check.had_tls, progress=progress
        )
        return mail.verify_with_retries(job, effective.org.verify.retries)

    def fetch(reference: str, key: str) -> Secret:
        return resolver.fetch(reference, key=key, where=where(key))

    return Services(settle, verify, fetch, ask, progress)
