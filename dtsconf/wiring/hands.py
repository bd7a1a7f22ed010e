"""The engine's hands outside the machine: mail, secrets, the question. Options -> built objects, no decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.frozen import frozen
from dtsconf.wiring import Inputs, last_generation, looking, who

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.errors import Where
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.record import Generation
    from dtsconf.machine.request import Check, Services, Settled
    from dtsconf.mail.job import Job
    from dtsconf.mail.route import Link
    from dtsconf.mail.transcript import Transcript
    from dtsconf.proof import Level, Past, Verification
    from dtsconf.secret.backend import VaultSettings
    from dtsconf.secret.kind import Looked
    from dtsconf.secret.resolver import Resolver
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective
    from dtsconf.token import TokenSource

LOGS_IN = ("auth", "envelope", "send")
"""Levels that log in."""


@frozen
class Access:
    """Settings, and what gets into the server that they name: a password, or tokens in microsoft mode. Both are None
    where no login is required or made."""

    effective: Effective
    password: Secret | None = None
    tokens: TokenSource | None = None


T = TypeVar("T")

TRIES = 8
"""How often config and delivered secret are read again when an apply came in between."""


def resolver_of(inputs: Inputs, settings: Callable[[], Effective]) -> Resolver:
    """What fetches secrets in this run, each reference once; to be closed at its end. `settings` is asked at the first
    fetch for how Vault and the proxy are reached."""
    from dtsconf.secret.resolver import Resolver

    return Resolver(inputs.environ, strict=inputs.strict, surroundings=lambda: surroundings(settings()), look=_look)


def _look(key: str, secret: Secret) -> Looked:
    """Only an application's secret is worth importing what judges it."""
    from dtsconf.secret.kind import Looked
    from dtsconf.settings.check import APPLICATION_SECRETS

    if key not in APPLICATION_SECRETS:
        return Looked()
    from dtsconf.auth.credentials import look

    return look(key, secret)


def surroundings(effective: Effective) -> tuple[VaultSettings, str]:
    """Where secrets come from, as plain values: the secret floor doesn't know the settings above it."""
    from dtsconf.secret.backend import VaultAuth, VaultSettings
    from dtsconf.settings.declared import as_json

    vault = effective.org.secrets.vault
    auth = VaultAuth(**as_json(vault.auth))
    plain = VaultSettings(vault.url, vault.namespace, vault.ca_file, vault.timeout, auth)
    return plain, effective.settings.connection.proxy


def secret_of(inputs: Inputs, effective: Effective, resolver: Resolver, key: str) -> Secret:
    """The secret of a setting as whoever sends now gets it: delivered with the machine config, or from its source.

    Raises:
        Moved: an apply put another config there in between; read both again.
        SecretUnavailable: it can't be had.
    """
    setting = effective.origin[key]
    secret_id = effective.org.delivered.get(key) if setting.layer == "machine" else None
    if secret_id is not None:
        from dtsconf.wiring.deliveries import delivered

        return delivered(inputs.root, effective, resolver, key, secret_id)
    return resolver.fetch(setting.value or "", key=key, where=setting.where)


def secrets_of(inputs: Inputs, effective: Effective, resolver: Resolver) -> dict[str, Secret]:
    """The secrets that sending takes, by settings key: none where no login is required or a person signs in. Raises: as
    `secret_of`."""
    from dtsconf.settings.references import secrets_in_use

    return {key: secret_of(inputs, effective, resolver, key) for key in secrets_in_use(effective)}


def access_of(
    inputs: Inputs,
    effective: Effective,
    secrets: Mapping[str, Secret],
    *,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
) -> Access:
    """How a run that logs in gets in there; the settings come back with the sender that the sign-in made known. The
    first token is had here, so that whoever has to be asked is asked before a connection stands.

    Raises:
        SignInFailed: nobody is signed in and nobody can be asked, or the identity provider says no.
        Invalid: code 4, a rule forbids the signed-in account as sender.
    """
    if effective.settings.mode == "smtp":
        return Access(effective, secrets.get("login.password"))
    from dtsconf.settings.signed_in import with_account
    from dtsconf.wiring.identity import tokens_of

    tokens = tokens_of(inputs, effective, secrets, person=person, progress=progress)
    progress("signing in")
    with going_by(effective):
        username = tokens.get().username
    return Access(with_account(effective, username), None, tokens)


@contextmanager
def going_by(effective: Effective) -> Iterator[None]:
    """A sign-in that fails within brings the settings along that it went by: its hint speaks of their values."""
    try:
        yield
    except (SecretUnavailable, SignInFailed) as failed:
        failed.known = effective
        raise


def without_login(inputs: Inputs, effective: Effective) -> Access:
    """How a run that doesn't log in goes there: no secret is needed and nobody asked."""
    if effective.settings.mode == "smtp":
        return Access(effective)
    from dtsconf.wiring.identity import tokens_of

    return Access(effective, None, tokens_of(inputs, effective, {}))


def link_of(access: Access, *, progress: Callable[[str], None], past: Past | None = None) -> Link:
    """The route of these settings, and how its connection is made."""
    from dtsconf.mail.route import Link
    from dtsconf.proof import Past
    from dtsconf.wiring.routes import route_of

    timeout = float(access.effective.settings.connection.timeout)
    route = route_of(access.effective, access.password, access.tokens)
    return Link(route, timeout, past=past or Past(), progress=progress)


def link_now(inputs: Inputs, access: Access, *, progress: Callable[[str], None]) -> Link:
    """As `link_of`, with the machine's past as it is now: what somebody who sends needs."""
    past = _past(access.effective, last_generation(inputs))
    return link_of(access, past=past, progress=progress)


def _past(effective: Effective, last: Generation | None) -> Past:
    from dtsconf.machine.past import known_password, past_of
    from dtsconf.settings.model import effective_port

    host, port = effective.settings.server.host or "", effective_port(effective.settings)
    return past_of(last, host, port, known_password(effective))


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
    access: Access,
    level: Level,
    to: str | None,
    generation: int | None,
    *,
    progress: Callable[[str], None],
    past: Past | None = None,
) -> Job:
    """One verification, put together."""
    from dtsconf.mail.job import Job, Letter
    from dtsconf.version import __version__

    effective = access.effective
    me, sender = who(), effective.settings.sender
    link = link_of(access, past=past, progress=progress)
    letter = Letter(me.host, effective.org.name or None, generation, f"dtsconf {__version__}", me.user)
    return Job(link, level, letter, sender.email or "", sender.name, to)


def verify_of(
    given: Inputs,
    access: Access,
    depth: Level,
    to: str | None,
    progress: Callable[[str], None],
    transcript: Transcript | None = None,
) -> Verification:
    """The conversation of a test, for settings whose way in is known already; a failure comes with its evidence, and
    `transcript` is told all that is said."""
    from dtsconf.mail.verify import verify

    last = last_generation(given)
    past = _past(access.effective, last)
    number = last.number if last is not None and given.profile is None else None
    recipient = to or access.effective.org.verify.to
    job = job_of(access, depth, recipient, number, past=past, progress=progress)
    return looking.looked_into(job, verify(job.written_down(transcript)), access.effective)


def services(
    inputs: Inputs,
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

    def settle(effective: Effective, past: Past) -> Settled | Verification:
        require_roots(effective)
        job = job_of(without_login(inputs, effective), "connect", None, None, past=past, progress=progress)
        found = settling.settle(job)
        if found.failure is not None:
            return looking.looked_into(job, found.failure, effective)
        return Settled(found.encryption, found.port, found.detail)

    def verify(check: Check) -> Verification:
        effective = check.effective
        to = effective.org.verify.to
        if check.level in ("envelope", "send"):
            require_allowed(effective, to)
        require_roots(effective)
        access = without_login(inputs, effective)
        try:
            if check.level in LOGS_IN:
                access = access_of(inputs, effective, check.secrets, progress=progress)
        except SignInFailed as failed:
            return looking.unheard(check.level, failed, effective, progress)
        job = job_of(access, check.level, to, check.generation, past=check.past, progress=progress)
        return looking.looked_into(job, mail.verify_with_retries(job, effective.org.verify.retries), effective)

    def fetch(reference: str, key: str) -> Secret:
        return resolver.fetch(reference, key=key, where=where(key))

    return Services(settle, verify, fetch, ask, progress)
