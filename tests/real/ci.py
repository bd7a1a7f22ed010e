"""The parts of a CI that Vault and a job talk to: the issuer of id tokens with its discovery document and keys (OpenID
Connect Discovery 1.0), and GitHub's place where a job asks for its token. Over HTTPS on port 443 of an own address.

Source: docs.github.com, "OpenID Connect reference", ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN.
"""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from tests.real.ca import Authority
from tests.real.identities import jwt

GITLAB, GITHUB, PIPELINES = "gitlab.corp.example", "token.actions.githubusercontent.com", "pipelines.corp.example"


@dataclass
class Ci:
    """`job_token` is what a job of GitHub's asks with; `claims` are those that its token then has."""

    address: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False)
    job_token: str = "the job's own token"
    claims: dict[str, object] = field(default_factory=dict)

    def id_token(self, issuer: str, audience: str, **claims: object) -> str:
        """A token for one job, good for a minute."""
        return jwt(self.key, {"iss": f"https://{issuer}", "sub": "a job", "aud": audience, **claims}, 60)

    def _answer(self, host: str, url: str, bearer: str) -> Any:
        parts = urlsplit(url)
        if parts.path == "/.well-known/openid-configuration":
            return {
                "issuer": f"https://{host}",
                "jwks_uri": f"https://{host}/jwks",
                "authorization_endpoint": f"https://{host}/authorize",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        if parts.path == "/jwks":
            return {"keys": [self._public()]}
        if parts.path == "/token" and host == PIPELINES and bearer.lower() == f"bearer {self.job_token}".lower():
            return {"value": self.id_token(GITHUB, parse_qs(parts.query)["audience"][0], **self.claims)}
        return None

    def _public(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "use": "sig", "x": _packed(numbers.x), "y": _packed(numbers.y)}


def _packed(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


@contextlib.contextmanager
def ci(address: str, authority: Authority) -> Iterator[Ci]:
    """Serves until the block ends."""
    made = Ci(address)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = made._answer(self.headers["Host"], self.path, self.headers.get("Authorization", ""))
            body = json.dumps(found).encode()
            self.send_response(200 if found is not None else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            """Says nothing."""

    server = ThreadingHTTPServer((address, 443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(authority.issue((GITLAB, GITHUB, PIPELINES), ()).pem())
        chain.flush()
        context.load_cert_chain(chain.name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
