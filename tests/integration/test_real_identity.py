"""The identity host is what it says: msal, smtplib and a browser get on with it."""

from __future__ import annotations

import base64
import json
import smtplib
import time
import uuid
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests

from tests.real.client import connected, letter, mechanisms, trusting
from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX, SEND, SEND_AS_APP, Client, Tenant

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]

ALICE, BOB = "alice@corp.example", "bob@corp.example"


@pytest.fixture
def web(identity: IdentityHost) -> Iterator[requests.Session]:
    """A session that trusts the provider and nothing of the environment."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, identity.ca_file
        yield session


@pytest.fixture
def tenant(identity: IdentityHost) -> Tenant:
    return identity.tenant()


def person(tenant: Tenant, web: requests.Session) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(tenant.public.client_id, oidc_authority=tenant.url, http_client=web)


def application(client: Client, proof: object, tenant: Tenant, web: requests.Session) -> dict[str, Any]:
    app = msal.ConfidentialClientApplication(
        client.client_id, client_credential=proof, oidc_authority=tenant.url, http_client=web
    )
    answer: dict[str, Any] = app.acquire_token_for_client([SEND_AS_APP])
    return answer


def signed_in(tenant: Tenant, web: requests.Session, browser: Browser, user: str = ALICE) -> dict[str, Any]:
    """Signs in by device code."""
    app = person(tenant, web)
    flow = app.initiate_device_flow([SEND])
    browser.enter_code(flow["verification_uri"], flow["user_code"], user)
    answer: dict[str, Any] = app.acquire_token_by_device_flow(flow)
    return answer


def secret_token(tenant: Tenant, web: requests.Session) -> str:
    return str(application(tenant.by_secret, tenant.by_secret.secret, tenant, web)["access_token"])


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def present(client: smtplib.SMTP, user: str, token: str, mechanism: str = "XOAUTH2") -> tuple[int, str]:
    """AUTH with a token (RFC 7628 for OAUTHBEARER), and the final reply; an error's details are answered first."""
    text = (
        f"user={user}\1auth=Bearer {token}\1\1" if mechanism == "XOAUTH2" else f"n,a={user},\1auth=Bearer {token}\1\1"
    )
    code, said = client.docmd("AUTH", f"{mechanism} {base64.b64encode(text.encode()).decode()}")
    if code == 334:
        json.loads(base64.b64decode(said))
        code, said = client.docmd("AQ==" if mechanism == "OAUTHBEARER" else "")
    return code, said.decode()


def test_the_device_flow_with_a_person_at_the_browser(tenant: Tenant, web: requests.Session, browser: Browser) -> None:
    answer = signed_in(tenant, web, browser)
    assert answer["id_token_claims"]["preferred_username"] == ALICE
    assert answer["scope"] == SEND
    token = claims(answer["access_token"])
    assert token["aud"] == "https://outlook.office.com"
    assert (token["scp"], token["upn"], token["tid"]) == ("SMTP.Send", ALICE, tenant.id)
    assert token["appid"] == tenant.public.client_id
    assert token["exp"] - token["iat"] == 3600
    assert {answer["access_token"], answer["refresh_token"], answer["id_token"]} <= set(tenant.secrets())


def test_the_device_flow_when_the_person_refuses(tenant: Tenant, web: requests.Session, browser: Browser) -> None:
    app = person(tenant, web)
    flow = app.initiate_device_flow([SEND])
    browser.enter_code(flow["verification_uri"], flow["user_code"], ALICE, agrees=False)
    assert app.acquire_token_by_device_flow(flow)["error"] == "access_denied"


def test_a_mistyped_device_code_leads_nowhere(tenant: Tenant, web: requests.Session, browser: Browser) -> None:
    flow = person(tenant, web).initiate_device_flow([SEND])
    assert tenant.user_codes() == [(flow["verification_uri"], flow["user_code"])]
    page = browser.enter_code(flow["verification_uri"], "AAAA-AAAA", ALICE)
    assert "incorrect" in page


def test_a_device_code_that_nobody_enters_expires(identity: IdentityHost, web: requests.Session) -> None:
    tenant = identity.tenant(code_lifetime=1)
    app = person(tenant, web)
    flow = app.initiate_device_flow([SEND])
    assert flow["expires_in"] == 1
    time.sleep(1.1)
    assert "access_token" not in app.acquire_token_by_device_flow(flow)


def test_the_code_flow_in_the_browser(
    tenant: Tenant, web: requests.Session, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with browser.person(tmp_path / "person", BOB) as somebody:
        monkeypatch.setattr(webbrowser, "open", somebody.open)
        answer = person(tenant, web).acquire_token_interactive([SEND], timeout=60)
    assert answer["id_token_claims"]["preferred_username"] == BOB
    assert "code_challenge_method=S256" in somebody.opened[0]
    assert "Authentication complete" in somebody.pages[0]
    assert tenant.asked() == ["authorization_code"]


def test_the_code_flow_when_the_person_refuses(
    tenant: Tenant, web: requests.Session, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with browser.person(tmp_path / "person", BOB, agrees=False) as somebody:
        monkeypatch.setattr(webbrowser, "open", somebody.open)
        answer = person(tenant, web).acquire_token_interactive([SEND], timeout=60)
    assert answer["error"] == "access_denied"


def test_a_redirect_to_anywhere_else_is_refused(tenant: Tenant, web: requests.Session) -> None:
    elsewhere = "http://localhost.evil.example:1234"
    flow = person(tenant, web).initiate_auth_code_flow([SEND], redirect_uri=elsewhere, response_mode="form_post")
    answer = web.get(flow["auth_uri"], allow_redirects=False)
    assert answer.status_code == 400
    assert "redirect_uri" in answer.text


def test_a_refresh_token_gives_new_access_until_it_is_withdrawn(
    tenant: Tenant, web: requests.Session, browser: Browser
) -> None:
    refresh = signed_in(tenant, web, browser)["refresh_token"]
    again = person(tenant, web).acquire_token_by_refresh_token(refresh, [SEND])
    assert again["access_token"]
    once_more = person(tenant, web).acquire_token_by_refresh_token(refresh, [SEND])
    assert once_more["access_token"] != again["access_token"]
    tenant.withdraw_refresh()
    assert person(tenant, web).acquire_token_by_refresh_token(refresh, [SEND])["error"] == "invalid_grant"
    assert tenant.asked()[-3:] == ["refresh_token", "refresh_token", "refresh_token: invalid_grant"]


@pytest.mark.parametrize("proof", ["secret", "certificate", "assertion"])
def test_an_application_proves_itself(tenant: Tenant, web: requests.Session, proof: str) -> None:
    by = {"secret": tenant.by_secret, "certificate": tenant.by_certificate, "assertion": tenant.by_assertion}[proof]
    pem = tenant.by_certificate.key.pem if tenant.by_certificate.key else ""
    shown: object = {
        "secret": by.secret,
        "certificate": {"private_key": pem, "public_certificate": pem},
        "assertion": {"client_assertion": tenant.assertion},
    }[proof]
    token = claims(application(by, shown, tenant, web)["access_token"])
    assert token["aud"] == "https://outlook.office365.com"
    assert (token["roles"], token["idtyp"]) == (["SMTP.SendAsApp"], "app")


def test_an_application_with_a_wrong_proof_is_refused(tenant: Tenant, web: requests.Session) -> None:
    assert application(tenant.by_secret, "wrong", tenant, web)["error"] == "invalid_client"
    late = {"client_assertion": lambda: tenant.assertion(lasts=-60)}
    assert application(tenant.by_assertion, late, tenant, web)["error"] == "invalid_client"
    unknown = Client(str(uuid.uuid4()), secret="S3cret")
    assert application(unknown, unknown.secret, tenant, web)["error"] == "invalid_client"


def test_tenants_are_apart(identity: IdentityHost, tenant: Tenant, web: requests.Session) -> None:
    other = identity.tenant()
    assert application(tenant.by_secret, tenant.by_secret.secret, other, web)["error"] == "invalid_client"
    assert web.get(f"{identity.origin}/nobody/v2.0/.well-known/openid-configuration").status_code == 400


def test_discovery_as_microsoft_has_it(identity: IdentityHost, web: requests.Session) -> None:
    tenant = identity.tenant(discovery={"msgraph_host": "localhost:1234"})
    for place in (tenant.url, f"{tenant.url}/v2.0"):
        document = web.get(f"{place}/.well-known/openid-configuration").json()
        assert document["issuer"] == tenant.url
        assert document["token_endpoint"] == tenant.token_endpoint
        assert document["msgraph_host"] == "localhost:1234"


def test_an_answer_that_was_planned_is_given_once(tenant: Tenant, web: requests.Session) -> None:
    said = {"error": "invalid_client", "error_description": "AADSTS7000222: expired", "error_codes": [7000222]}
    tenant.answer_once(401, said)
    assert application(tenant.by_secret, tenant.by_secret.secret, tenant, web)["error_codes"] == [7000222]
    assert secret_token(tenant, web)
    assert tenant.asked() == ["client_credentials"]


@pytest.mark.parametrize(
    ("endpoint", "offered"),
    [
        ("token", {"XOAUTH2", "OAUTHBEARER"}),
        ("token-wrapper", {"XOAUTH2", "OAUTHBEARER"}),
        ("token-xoauth2-only", {"XOAUTH2"}),
        ("token-oauthbearer-only", {"OAUTHBEARER"}),
        ("token-and-password", {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}),
        ("password-alone", {"PLAIN", "LOGIN"}),
        ("token-cleartext", {"XOAUTH2", "OAUTHBEARER"}),
    ],
)
def test_endpoints_offer_what_they_say(identity: IdentityHost, endpoint: str, offered: set[str]) -> None:
    with connected(identity.mail.endpoint(endpoint), trusting()) as client:
        assert mechanisms(client) == offered


@pytest.mark.parametrize("form", ["jwt", "opaque"])
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_mail_goes_out_with_a_token(identity: IdentityHost, web: requests.Session, form: Any, mechanism: str) -> None:
    tenant = identity.tenant(form=form)
    to = identity.mail.fresh_recipient()
    with connected(identity.mail.endpoint("token"), identity.mail.certificates.client_context(), "localhost") as client:
        assert present(client, MAILBOX, secret_token(tenant, web), mechanism)[0] == 235
        client.send_message(letter(to))
    identity.mail.wait_for_mail(to)


@pytest.mark.parametrize("form", ["jwt", "opaque"])
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_wrong_tokens_are_refused(identity: IdentityHost, web: requests.Session, form: Any, mechanism: str) -> None:
    tenant, elsewhere = identity.tenant(form=form), identity.tenant(form=form)
    good = secret_token(tenant, web)

    def code(user: str, token: str) -> int:
        with connected(identity.mail.endpoint("token"), trusting()) as client:
            return present(client, user, token, mechanism)[0]

    assert code(MAILBOX, good) == 235
    assert code(ALICE, good) == 535, "another user's"
    assert code(MAILBOX, good[:-8] + "AAAAAAAA") == 535, "tampered with"
    assert code(MAILBOX, "nonsense") == 535
    graph = msal.ConfidentialClientApplication(
        tenant.by_secret.client_id, tenant.by_secret.secret, oidc_authority=tenant.url, http_client=web
    ).acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert code(MAILBOX, graph["access_token"]) == 535, "for another audience"
    elsewhere.withdraw_access()
    assert code(MAILBOX, good) == 235, "another tenant's affair"
    tenant.withdraw_access()
    assert code(MAILBOX, good) == 535, "withdrawn"
    assert code(MAILBOX, secret_token(tenant, web)) == 235, "a new one"


def test_an_expired_token_is_refused(identity: IdentityHost, web: requests.Session) -> None:
    token = secret_token(identity.tenant(lifetime=1), web)
    assert claims(token)["exp"] - claims(token)["iat"] == 1
    time.sleep(2)
    with connected(identity.mail.endpoint("token"), trusting()) as client:
        assert present(client, MAILBOX, token)[0] == 535


def test_a_sender_that_is_not_the_accounts_own(identity: IdentityHost, tenant: Tenant, web: requests.Session) -> None:
    with connected(identity.mail.endpoint("token-sender-not-owned"), trusting()) as client:
        assert present(client, MAILBOX, secret_token(tenant, web))[0] == 235
        assert client.mail(ALICE)[0] == 553
        client.rset()
        assert client.mail(MAILBOX)[0] == 250
