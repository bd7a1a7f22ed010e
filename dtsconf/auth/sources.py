"""What hands out tokens: for a person's sign-in, renewed as long as that goes, and for an application.

A token that still has ten minutes is handed out as it is, without msal and without a request. Where a person has to be
asked and there is none, the answer is an error at once that names `dtsconf sign-in`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from dtsconf.auth import claims, clouds, credentials, lasting
from dtsconf.auth.facts import Facts
from dtsconf.auth.held import FRESH, Held
from dtsconf.auth.places import Places
from dtsconf.auth.provider import MakeSession, Provider
from dtsconf.auth.request import Person, Wanted
from dtsconf.auth.store import Store
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from dtsconf.token import Token

LAST = 60
"""Seconds that a token which can't be renewed may have left to be handed out all the same."""
NO_TERMINAL = "sign in at a terminal: dtsconf sign-in; from another machine: ssh -t to this one, and the same there"
_NOW = "dtsconf sign-in"
AGAIN = f"sign in again: {_NOW}"
REFUSED = (
    f"{AGAIN}; if that changes nothing, SMTP AUTH may be off for the account: Get-CASMailbox {{account}} must say "
    "SmtpClientAuthenticationDisabled False, which its Exchange administrator sees to"
)
REFUSED_APPLICATION = (
    "the application may not send from this mailbox, or not yet (a change takes Exchange up to two hours): "
    "Test-ServicePrincipalAuthorization -Identity {client} -Resource {sender} must say InScope True, and "
    "Get-CASMailbox {sender} SmtpClientAuthenticationDisabled False"
)


class NobodyToAsk(SignInFailed):
    """Nobody is signed in, and nobody is there to be asked."""


class UserTokens:
    """Tokens of whoever signed in. `person` None: nobody can be asked. `progress` hears what takes a second."""

    def __init__(
        self,
        wanted: Wanted,
        places: Places,
        environ: Mapping[str, str],
        make_session: MakeSession,
        *,
        person: Person | None = None,
        progress: Callable[[str], None] = lambda _words: None,
    ) -> None:
        self._wanted, self._environ, self._person, self._progress = wanted, environ, person, progress
        self._provider = Provider(wanted, make_session)
        self._store = Store(wanted, places, environ)
        self._handed: Secret | None = None
        self._short: Secret | None = None

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        """A token; see `TokenSource`. `challenge` is what a resource asks for in a claims challenge (JSON), which only
        a new token can answer. The person is asked at the start of a run alone, never in the middle of a conversation.

        Raises:
            SignInFailed: there is none without the user, or the identity provider says no.
        """
        other = self._store.tidy()
        found = self._kept(challenge, fresh=fresh) if self._store.there() else None
        if found is None and (fresh or challenge is not None):
            raise SignInFailed("the sign-in can't be renewed without you", AGAIN)
        if found is None:
            if self._person is None:
                message = f"nobody is signed in to {self._wanted.issuer}, and nobody can be asked here"
                raise NobodyToAsk(message, lasting.before(self._wanted, self._environ, other=other))
            found = self._signed_in(self._person)
        self._handed = found.access
        return _token(found)

    def note(self, token: Token) -> str | None:
        """See `TokenSource`."""
        return claims.note(token.value.reveal(), _expected(self._wanted, token.username), time.time())

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        """See `TokenSource`."""
        wanted = _expected(self._wanted, token.username)
        if lacking := claims.lacking(token.value.reveal(), wanted):
            return _permission(lacking, self._wanted)
        return _mended(token, otherwise or REFUSED.format(account=token.username))

    def ahead(self) -> float | None:
        """See `TokenSource`."""
        return self._provider.ahead()

    def sign_in(self, accept: Callable[[str], object] = lambda _address: None) -> Facts:
        """Ask the person, whatever is kept, and keep what comes of it instead; what may be shown of it. `accept` sees
        the account's address first, and raises if that may not be.

        Raises:
            SignInFailed: it failed, or nobody can be asked; what was kept is still kept.
        """
        if self._person is None:
            raise SignInFailed("there is no terminal here to ask somebody at", NO_TERMINAL)
        return self._store.facts(self._signed_in(self._person, accept))

    def forget(self) -> None:
        """Keep nothing of this sign-in. Raises: SignInFailed."""
        self._store.forget()

    def _kept(self, challenge: str | None, *, fresh: bool) -> Held | None:
        """What is kept, renewed if need be; None: it can't be had without the person."""
        with self._store.alone():
            found = self._store.load()
            return None if found is None else self._good(found, challenge, fresh=fresh)

    def _good(self, found: Held, challenge: str | None, *, fresh: bool) -> Held | None:
        known = self._handed is None or self._handed.reveal() == found.access.reveal()
        stale = challenge is not None or (fresh and known) or found.scopes != self._wanted.scope
        if not stale and (found.left() >= FRESH or self._as_fresh_as_it_gets(found)):
            return found
        if found.renewable:
            return self._renewed(found, challenge, may_keep=not stale)
        return found if not stale and found.left() > LAST else None

    def _as_fresh_as_it_gets(self, found: Held) -> bool:
        """Whether this very run had the token from a provider whose tokens are all short-lived."""
        return self._short is not None and self._short.reveal() == found.access.reveal() and found.left() > LAST

    def _in_hand(self, found: Held) -> Held:
        """What was just kept; a provider whose tokens are all short-lived gives no better one."""
        self._short = found.access if found.left() < FRESH else None
        return found

    def _renewed(self, found: Held, challenge: str | None, *, may_keep: bool) -> Held | None:
        self._progress("renewing the sign-in")
        try:
            self._store.save(found)  # a provider may take each refresh token once: what comes of it has to find room
            renewed = self._asked_again(found, challenge)
        except SignInFailed:
            if may_keep and found.left() > LAST:
                return found  # the provider is away for now, and what is held still works
            raise
        finally:
            self._provider.close()
        if renewed is None:
            return None
        self._store.save(renewed)
        return self._in_hand(renewed)

    def _asked_again(self, found: Held, challenge: str | None) -> Held | None:
        """What the provider gives for what is kept; None where that holds nothing to renew by."""
        from dtsconf.auth.client import asked, public

        client = public(self._wanted, self._provider, cache=found.cache, broker=_wants_broker(self._wanted))
        accounts = asked(client.app.get_accounts)
        if not accounts:
            return None
        answer = asked(
            lambda: client.app.acquire_token_silent_with_error(
                self._wanted.scopes, accounts[0], force_refresh=True, claims_challenge=challenge
            )
        )
        if answer is not None and answer.get("error") == "invalid_grant":  # RFC 6749 5.2
            self._store.not_renewed(found)
        return None if answer is None else client.held(answer, found.account)

    def _signed_in(self, person: Person, accept: Callable[[str], object] = lambda _address: None) -> Held:
        with self._store.alone():
            self._store.ready()
        try:
            found = interact(self._wanted, self._provider, person, self._environ)
        finally:
            self._provider.close()
        accept(found.account.username)
        with self._store.alone():
            self._store.keep(found)
        self._handed = found.access
        return self._in_hand(found)


class ApplicationTokens:
    """Tokens of an application, which asks nobody. `credential` gives setting and secret, at the last moment."""

    def __init__(self, wanted: Wanted, make_session: MakeSession, credential: Callable[[], tuple[str, Secret]]) -> None:
        self._wanted, self._credential = wanted, credential
        self._provider = Provider(wanted, make_session)
        self._token: Token | None = None
        self._enough: float = FRESH

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        """A token; see `UserTokens.get`.

        Raises:
            SignInFailed: the identity provider says no.
            SecretUnavailable: the application's secret can't be had or used.
        """
        held = self._token
        if held is None or fresh or challenge is not None or held.expires - time.time() < self._enough:
            self._token = held = self._asked(challenge)
            # Where all tokens are short-lived, a new one is no better.
            self._enough = FRESH if held.expires - time.time() > FRESH else LAST
        return held

    def note(self, token: Token) -> str | None:
        """See `TokenSource`."""
        return claims.note(token.value.reveal(), _expected(self._wanted, None), time.time())

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        """See `TokenSource`."""
        refused = REFUSED_APPLICATION.format(client=self._wanted.client_id, sender=self._wanted.sender)
        return _mended(token, otherwise or refused)

    def ahead(self) -> float | None:
        """See `TokenSource`."""
        return self._provider.ahead()

    def _asked(self, challenge: str | None) -> Token:
        from dtsconf.auth import explain
        from dtsconf.auth.client import asked, confidential, token_of

        key, secret = self._credential()
        proof = credentials.credential(key, secret)
        try:
            client = confidential(self._wanted, self._provider, proof)
            answer = asked(lambda: client.acquire_token_for_client(self._wanted.scopes, claims_challenge=challenge))
        finally:
            self._provider.close()
        try:
            value, expires = token_of(explain.blotted(answer or {}, secret.reveal()), self._wanted)
        except SignInFailed as failed:
            raise self._provider.by_its_clock(credentials.by_its_form(failed, key, secret)) from None
        return Token(value, self._wanted.sender or "", expires)


def interact(wanted: Wanted, provider: Provider, person: Person, environ: Mapping[str, str]) -> Held:
    """Sign a person in, by the flow that the settings name or that `auto` finds. Raises: SignInFailed."""
    from dtsconf.auth import flows, surroundings
    from dtsconf.auth.client import public

    wanted = replace(wanted, ways=surroundings.ways(wanted, environ))
    choice = surroundings.choose(wanted, environ)
    person.tell(f"signing in by {choice.flow}: {choice.why}")
    client = public(wanted, provider, broker=choice.flow == "broker")
    match choice.flow:
        case "broker":
            answer = flows.broker(client, wanted, person)
        case "browser":
            answer = flows.browser(client, wanted, person, environ)
        case "device-code":
            answer = flows.device_code(client, wanted, person)
        case _:
            assert_never(choice.flow)
    return client.held(answer)


def _token(found: Held) -> Token:
    return Token(found.access, found.account.username, found.expires)


def _mended(token: Token, otherwise: str) -> str:
    """The clock first, where the token's own times show that it is wrong."""
    if not claims.of_another_time(token.value.reveal(), time.time()):
        return otherwise
    from dtsconf.looks.clock import SET

    return f"{SET}; if it stays: {otherwise}"


def _permission(lacking: Sequence[str], wanted: Wanted) -> str:
    """How the app gets permissions that a person's token lacks."""
    names = " and ".join(lacking)
    if portal := clouds.cloud(wanted.authority).portal.removeprefix("https://"):
        where = f"{portal} > App registrations > {wanted.client_id} > API permissions"
        return (
            f"the app lacks a permission: {where} > Microsoft Graph, delegated, {names}, and grant consent; then {_NOW}"
        )
    return f"the app lacks a permission: let whoever runs {wanted.issuer} give it {names}; then {_NOW}"


def _expected(wanted: Wanted, username: str | None) -> claims.Expected:
    return claims.Expected(tuple(wanted.scopes), wanted.application, username, wanted.tenant)


def _wants_broker(wanted: Wanted) -> bool:
    from dtsconf.auth.surroundings import broker_missing

    with suppress(SignInFailed):
        return wanted.flow in ("auto", "broker") and broker_missing(wanted) is None
    return False
