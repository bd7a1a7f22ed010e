"""The one door to msal: an application of its, made for the settings, and its answers as plain values.

Rules: no instance discovery (so nothing is asked of Microsoft for another provider's sake, and no region is taken from
the environment); our HTTP client alone; msal's loggers are silent, since their words hold codes and whole answers; and
whatever msal makes of a strange answer, a `SignInFailed` comes out.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dtsconf.auth import clouds, explain
from dtsconf.auth.held import Held
from dtsconf.auth.request import Account, Wanted, text
from dtsconf.errors import DtsconfError, SignInFailed
from dtsconf.names import address_fault, escape_controls
from dtsconf.secret.value import Secret

if TYPE_CHECKING:
    from msal import ClientApplication, ConfidentialClientApplication, PublicClientApplication, SerializableTokenCache

    from dtsconf.auth.provider import Provider

T = TypeVar("T")

Answer = dict[str, Any]
"""What msal returns: OAuth's own fields (RFC 6749 5.1, 5.2), `id_token_claims` beside them."""

LONGEST_LIFE = 86400.0
"""Seconds that a token is believed to last, whatever its provider says."""


def public(wanted: Wanted, provider: Provider, *, cache: Secret | None = None, broker: bool = False) -> Public:
    """The client for signing a person in, or for renewing what `cache` (msal's own, serialised) holds.

    Raises:
        SignInFailed: the provider can't be reached, or is none.
    """
    import msal

    kept = msal.SerializableTokenCache()
    held_back = [] if wanted.kept else ["offline_access"]

    def make() -> PublicClientApplication:
        if cache is not None and cache.reveal():
            kept.deserialize(cache.reveal())
        return msal.PublicClientApplication(
            wanted.client_id,
            token_cache=kept,
            exclude_scopes=held_back,
            enable_broker_on_windows=broker,
            enable_broker_on_mac=broker,
            **_common(wanted, provider),
        )

    return Public(asked(make), kept, wanted)


def confidential(wanted: Wanted, provider: Provider, credential: Any) -> ConfidentialClientApplication:
    """The client of an application that signs in by itself. `credential` is what msal takes for one. Raises: as
    `public`."""
    import msal

    def make() -> ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            wanted.client_id,
            client_credential=credential,
            azure_region=False,
            **_common(wanted, provider),
        )

    return asked(make)


def _common(wanted: Wanted, provider: Provider) -> dict[str, Any]:
    where = "authority" if clouds.is_microsoft(wanted.authority) else "oidc_authority"
    return {
        where: wanted.issuer,
        "http_client": provider,
        "instance_discovery": False,
        "app_name": "dtsconf",
    }


class Public:
    """A client for a person, with msal's cache."""

    def __init__(self, app: PublicClientApplication, cache: SerializableTokenCache, wanted: Wanted) -> None:
        self.app, self._cache, self._wanted = app, cache, wanted

    def held(self, answer: Answer, account: Account | None = None) -> Held:
        """What a store keeps of an answer. Raises: SignInFailed: it is an error, or holds no token."""
        token, expires = token_of(answer, self._wanted)
        claims = answer.get("id_token_claims")
        who = account or _account(claims if isinstance(claims, dict) else {}, self._wanted)
        kept: str = self._cache.serialize()
        renewable = any(self._cache.search(self._cache.CredentialType.REFRESH_TOKEN)) or _by_broker(self.app)
        return Held(who, token, expires, renewable, self._wanted.scope, Secret(kept))


def token_of(answer: Answer, wanted: Wanted) -> tuple[Secret, float]:
    """The access token in an answer and when it ends, in seconds since 1970.

    Raises:
        SignInFailed: the answer is an error, or holds no token.
    """
    if "error" in answer or "access_token" not in answer:
        raise explain.failed(answer, wanted)
    try:
        token, lasts = Secret(text(answer["access_token"])), float(answer.get("expires_in", 600))
    except (ValueError, TypeError, OverflowError):
        raise nonsense(wanted) from None
    if not str(answer.get("token_type", "Bearer")).lower() == "bearer" or not lasts > 0:
        raise nonsense(wanted)
    return token, time.time() + min(lasts, LONGEST_LIFE)


def asked(call: Callable[[], T]) -> T:
    """What the call gives, with msal kept quiet.

    Raises:
        SignInFailed: it raised anything but an error of ours.
    """
    silence()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # msal's advice to its callers, about things that were weighed
            return call()
    except DtsconfError:
        raise
    except Exception as error:  # noqa: BLE001 - msal stumbles over strange answers in many ways; none may be shown
        kind = type(error).__name__
        message = f"the identity provider's answer makes no sense ({kind})"
        raise SignInFailed(message, "check microsoft.authority and microsoft.tenant") from None


def silence() -> None:
    """Let nothing of msal's reach a log: it writes down codes, and answers that it can't read."""
    import logging

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "msal":
            logging.getLogger(name).disabled = True


def nonsense(wanted: Wanted) -> SignInFailed:
    """The error for an answer that is neither a token nor an error."""
    message = f"{escape_controls(wanted.issuer)} answers with no token that could be used, and no error"
    return SignInFailed(message, "check microsoft.authority and microsoft.tenant")


def _by_broker(app: ClientApplication) -> bool:
    return bool(getattr(app, "_enable_broker", False))


def _account(claims: Mapping[str, Any], wanted: Wanted) -> Account:
    """Who signed in, by the ID token (OpenID Connect Core 5.1); it came from the provider's own address over TLS.

    Raises:
        SignInFailed: it names no address.
    """
    names = [claims.get(key) for key in ("preferred_username", "email", "upn")]
    found = next((each for each in names if isinstance(each, str) and address_fault(each) is None), None)
    tenant = claims.get("tid")
    if found is None and wanted.sender is None:
        message = "the identity provider tells no address of the account that signed in"
        raise SignInFailed(
            message, "set sender.email; or let the provider put preferred_username or email into the ID token"
        )
    name = tenant if isinstance(tenant, str) and len(tenant) < 200 and tenant.isprintable() else ""
    return Account(found or wanted.sender or "", name)
