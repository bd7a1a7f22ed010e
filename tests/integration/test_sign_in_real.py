"""Signing in at a real OpenID provider, by a real browser, with a real keyring: the contract, and what it leaves open."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtsconf.auth.places import Places
from dtsconf.auth.provider import MakeSession
from dtsconf.auth.request import UserCode, Wanted
from dtsconf.auth.sources import ApplicationTokens, UserTokens
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from dtsconf.web.session import Session
from dtsconf.web.trust import tls_context
from tests.contract.test_token_source_contract import (
    Place,
    test_a_person_signs_in_once_and_is_renewed_without_being_asked,
    test_a_session_that_the_provider_ended_is_told,
    test_a_wrong_secret_is_exit_6_with_a_next_step,
    test_an_application_has_one_token_a_run_and_another_when_told,
    test_what_is_forgotten_is_gone,
)
from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX, Tenant
from tests.unit.auth.people import Somebody

__all__ = [
    "test_a_person_signs_in_once_and_is_renewed_without_being_asked",
    "test_a_session_that_the_provider_ended_is_told",
    "test_a_wrong_secret_is_exit_6_with_a_next_step",
    "test_an_application_has_one_token_a_run_and_another_when_told",
    "test_what_is_forgotten_is_gone",
]

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]
USER = "alice@corp.example"


def session(tenant: Tenant) -> MakeSession:
    return lambda: Session(tls_context(tenant.ca_file), timeout=10, proxy="none")


def wanted(tenant: Tenant, **change: Any) -> Wanted:
    wish = Wanted(tenant.origin, tenant.id, tenant.public.client_id, "device-code", remember=True, cache="file")
    return replace(wish, **change)


@pytest.fixture
def place(identity: IdentityHost, browser: Browser, tmp_path: Path) -> Place:
    tenant = identity.tenant()
    application = wanted(tenant, flow="application", client_id=tenant.by_secret.client_id, sender=MAILBOX)
    threads: list[threading.Thread] = []

    def enters(code: UserCode) -> None:
        thread = threading.Thread(target=browser.enter_code, args=(code.address, code.code, USER))
        thread.start()
        threads.append(thread)

    return Place(
        wanted(tenant),
        application,
        tenant.by_secret.secret or "",
        USER,
        session(tenant),
        enters,
        tenant.withdraw_refresh,
        tmp_path,
    )


@pytest.mark.parametrize("how", ["certificate", "assertion"])
def test_an_application_proves_itself_without_a_secret(identity: IdentityHost, how: str) -> None:
    tenant = identity.tenant()
    client = tenant.by_certificate if how == "certificate" else tenant.by_assertion
    key, text = (
        ("microsoft.certificate", client.key.pem)
        if how == "certificate" and client.key
        else ("microsoft.client_assertion", tenant.assertion())
    )
    wish = wanted(tenant, flow="application", client_id=client.client_id, sender=MAILBOX)
    token = ApplicationTokens(wish, session(tenant), lambda: (key, Secret(text))).get()
    assert token.username == MAILBOX
    assert tenant.asked() == ["client_credentials"]


def test_a_browser_on_this_machine_signs_in(identity: IdentityHost, browser: Browser, tmp_path: Path) -> None:
    tenant = identity.tenant()
    with browser.person(tmp_path / "person", USER) as at:
        environ = {"BROWSER": at.program, "PATH": "/usr/bin:/bin"}
        places = Places(str(tmp_path / "state"), None)
        source = UserTokens(wanted(tenant, flow="browser"), places, environ, session(tenant), person=Somebody())
        found = source.sign_in()
    assert found.account == USER
    assert found.renewable
    assert "dtsconf has the answer" in at.pages[0]
    assert tenant.asked() == ["authorization_code"]


def test_a_person_who_says_no_at_the_browser(identity: IdentityHost, browser: Browser, tmp_path: Path) -> None:
    tenant = identity.tenant()
    with browser.person(tmp_path / "person", USER, agrees=False) as at:
        environ = {"BROWSER": at.program, "PATH": "/usr/bin:/bin"}
        places = Places(str(tmp_path / "state"), None)
        source = UserTokens(wanted(tenant, flow="browser"), places, environ, session(tenant), person=Somebody())
        with pytest.raises(SignInFailed, match="access_denied"):
            source.sign_in()


def test_without_a_place_to_keep_it_no_refresh_token_is_issued(
    identity: IdentityHost, browser: Browser, tmp_path: Path
) -> None:
    tenant = identity.tenant()
    with browser.person(tmp_path / "person", USER) as at:
        environ = {"BROWSER": at.program, "PATH": "/usr/bin:/bin"}
        wish = wanted(tenant, flow="browser", remember=False)
        places = Places(str(tmp_path / "state"), None)
        found = UserTokens(wish, places, environ, session(tenant), person=Somebody()).sign_in()
    assert not found.renewable
    assert not (tmp_path / "state").exists()


def test_tokens_are_sealed_with_a_key_in_the_real_keyring(
    identity: IdentityHost, browser: Browser, tmp_path: Path, keyring_environ: Mapping[str, str]
) -> None:
    tenant = identity.tenant()
    wish, places = wanted(tenant, flow="browser", cache="encrypted"), Places(str(tmp_path / "state"), None)
    with browser.person(tmp_path / "person", USER) as at:
        environ = {**keyring_environ, "BROWSER": at.program}
        found = UserTokens(wish, places, environ, session(tenant), person=Somebody()).sign_in()
    assert (found.cache, found.encrypted, found.store) == ("encrypted", True, "Secret Service")
    token = UserTokens(wish, places, keyring_environ, session(tenant)).get()
    assert token.username == USER
    kept = b"".join(path.read_bytes() for path in Path(places.tokens).iterdir())
    assert token.value.reveal().encode() not in kept
    assert b"refresh" not in kept.lower().replace(b"renewable", b"")
    UserTokens(wish, places, keyring_environ, session(tenant)).forget()
    with pytest.raises(SignInFailed, match="nobody is signed in"):
        UserTokens(wish, places, keyring_environ, session(tenant)).get()
