"""A tenant of the test's own: its addresses, its clients, and what a test may do to it.

Rules: each tenant is made for one test (or one module) and shares nothing with another but the users; the clients'
keys are made once a process. Knows nothing of dtsconf.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from tests.real.endpoints import DOMAIN

SEND = "https://outlook.office.com/SMTP.Send"
"""The delegated permission to send by SMTP."""
SEND_AS_APP = "https://outlook.office365.com/.default"
"""What an application asks for; SMTP.SendAsApp is the role that it has."""
MAILBOX = f"dts@{DOMAIN}"
"""The mailbox that the applications may send from."""


@dataclass(frozen=True)
class Key:
    """An RSA key with a certificate of its own making, as an administrator uploads to an app registration."""

    private: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Certificate and key, one PEM text: what `microsoft.certificate` refers to."""
        key = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode() + key.decode()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as the provider is told of it."""
        return {**RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True), "use": "sig"}


@functools.cache
def key(name: str) -> Key:
    """The key of that name, made once a process."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate)


@dataclass(frozen=True)
class Client:
    """An app registration. `secret` or `key` (certificate or federated token) make it an application, else it is a
    public client: authorization code with PKCE to http://localhost at any port, and device code. `mailbox` is the one
    that an application's token is good for."""

    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str | None = field(default=None, repr=False)
    key: Key | None = None
    mailbox: str = MAILBOX
    roles: tuple[str, ...] = ("SMTP.SendAsApp",)

    def registered(self) -> dict[str, Any]:
        """As the provider is told of it."""
        jwk = self.key.jwk if self.key else None
        mailbox, roles = self.mailbox, list(self.roles)
        return {"client_id": self.client_id, "secret": self.secret, "jwk": jwk, "mailbox": mailbox, "roles": roles}


@dataclass(frozen=True)
class Tenant:
    """A tenant with four app registrations: `public` for people, and applications that prove themselves by a secret,
    a certificate, or a federated token. `origin` is the provider's address: the authority without the tenant."""

    origin: str
    ca_file: str
    id: str
    public: Client = field(default_factory=Client)
    by_secret: Client = field(default_factory=lambda: Client(secret=f"S3cret~{uuid.uuid4()}"))
    by_certificate: Client = field(default_factory=lambda: Client(key=key("certificate")))
    by_assertion: Client = field(default_factory=lambda: Client(key=key("federated")))

    @property
    def url(self) -> str:
        """The issuer, and what msal calls the OIDC authority."""
        return f"{self.origin}/{self.id}"

    @property
    def token_endpoint(self) -> str:
        """Where tokens are asked for."""
        return f"{self.url}/oauth2/v2.0/token"

    def register(self, **facts: Any) -> None:
        """Makes the tenant at the provider, or makes it anew; see IdentityHost.tenant for the facts."""
        clients = [self.public, self.by_secret, self.by_certificate, self.by_assertion]
        self._post("", {"id": self.id, "clients": [client.registered() for client in clients], **facts})

    def assertion(self, lasts: float = 60) -> str:
        """A federated token of `by_assertion`, as a CI hands it out, good for `lasts` seconds. Microsoft maps a CI's
        own issuer and subject to the application; here both are the application's id (RFC 7523 section 3)."""
        client = self.by_assertion
        assert client.key is not None
        now = time.time()
        claims = {"iss": client.client_id, "sub": client.client_id, "aud": self.token_endpoint, "exp": now + lasts}
        return jwt.encode({**claims, "iat": now, "jti": str(uuid.uuid4())}, client.key.private, algorithm="RS256")

    def withdraw_access(self) -> None:
        """Every access token issued so far is refused from now on, although it says that it is good for longer."""
        self._post(f"/{self.id}/withdraw", {"what": "access"})

    def withdraw_refresh(self) -> None:
        """Every refresh token issued so far is refused from now on."""
        self._post(f"/{self.id}/withdraw", {"what": "refresh"})

    def answer_once(self, status: int, body: dict[str, Any]) -> None:
        """What the token endpoint says to the next request, whatever is asked. Several add up."""
        self._post(f"/{self.id}/answer", {"status": status, "body": body})

    def asked(self) -> list[str]:
        """The grant types of the token requests so far, oldest first; a refused one as `GRANT: ERROR`. What
        `answer_once` answered isn't among them."""
        found: list[str] = self._post(f"/{self.id}/log", {})
        return found

    def secrets(self) -> list[str]:
        """All that the provider has given out so far and that nobody else may see: tokens, authorization and device
        codes."""
        found: list[str] = self._post(f"/{self.id}/secrets", {})
        return found

    def user_codes(self) -> list[tuple[str, str]]:
        """The device logins that were begun, oldest first: the page to open, and the code to enter there."""
        return [(one["verification_uri"], one["user_code"]) for one in self._post(f"/{self.id}/codes", {})]

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(f"{self.origin}/control/tenants{path}", json=body, verify=self.ca_file, timeout=20)
        answer.raise_for_status()
        return answer.json()
