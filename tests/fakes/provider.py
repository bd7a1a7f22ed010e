"""An OpenID provider without a network: what `web`'s session would answer. For faults that a real one won't produce
and for tests that need no more than its words; the real one is in tests/real/identity."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dtsconf.web.trouble import Trouble

ISSUER = "https://id.acme.example/acme"
CANARY = "kAnarY-t0ken-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass
class Reply:
    """A response as requests gives it, as far as anybody looks."""

    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def json(self) -> Any:
        return json.loads(self.text)

    def raise_for_status(self) -> None:
        raise AssertionError(f"msal was shown status {self.status_code}")


Answer = Mapping[str, Any] | Reply


@dataclass
class FakeProvider:
    """`answers` are given by the grant's name, the last one again and again, unless `judge` has one for the form; `asked`
    are the forms that came, `urls` the addresses."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    discovery: dict[str, Any] | Reply = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    judge: Callable[[Mapping[str, str]], Answer | None] = lambda _form: None

    def request(self, method: str, url: str, **options: Any) -> Reply:
        """As the session's own."""
        self.urls.append(url)
        path = urlsplit(url).path
        if path.endswith("/.well-known/openid-configuration"):
            return self.discovery if isinstance(self.discovery, Reply) else _reply({**_document(), **self.discovery})
        form = {name: str(value) for name, value in (options.get("data") or {}).items()}
        self.asked.append(form)
        grant = form.get("grant_type", "device_authorization").rpartition(":")[2]
        if judged := self.judge(form):
            return _reply(judged)
        listed = self.answers[grant]
        return _reply(listed.pop(0) if len(listed) > 1 else listed[0])

    def somebody_elses(self, url: str, detail: str) -> Trouble:
        """As the session's own."""
        return Trouble("page", "protocol", detail, "server", host=urlsplit(url).hostname or "")

    def close(self) -> None:
        """As the session's own."""

    def grants(self) -> list[str]:
        """What was asked for, in order."""
        return [form.get("grant_type", "device_authorization").rpartition(":")[2] for form in self.asked]


def _reply(answer: Answer) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(200, json.dumps(dict(answer)))


def _document() -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{ISSUER}/token",
        "device_authorization_endpoint": f"{ISSUER}/device",
    }


DEVICE: dict[str, Any] = {
    "device_code": "device-" + CANARY,
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://id.acme.example/device",
    "expires_in": 900,
    "interval": 1,
}
"""A device authorization answer (RFC 8628 3.2)."""


def jwt(**claims: Any) -> str:
    """An unsigned token with these claims."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.c2ln"


def tokens(
    access: str = CANARY,
    *,
    user: str = "ann@acme.example",
    lasts: int = 3600,
    refresh: str | None = "refresh-" + CANARY,
    tenant: str = "acme",
) -> dict[str, Any]:
    """A token answer for a person; without `refresh` there is no refresh token in it."""
    now = int(time.time())
    identity = jwt(iss=ISSUER, sub="1", aud="client", iat=now, exp=now + 3600, preferred_username=user, tid=tenant)
    found = {"access_token": access, "token_type": "Bearer", "expires_in": lasts, "id_token": identity}
    return found | ({"refresh_token": refresh} if refresh else {})


def nonce_of(address: str) -> str:
    """The nonce in an authorization address."""
    return parse_qs(urlsplit(address).query)["nonce"][0]
