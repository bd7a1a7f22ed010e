"""The identity provider over HTTPS, as msal asks for it: bounded in time and size, JSON objects or nothing.

Whatever a server makes up (a page for a token, a redirect, an answer without end), msal sees whole JSON objects with
plain values only; all else is told here, in a sentence, as what it is. Knows no flow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dtsconf.auth import clouds
from dtsconf.errors import SignInFailed
from dtsconf.names import escape_controls
from dtsconf.web.trouble import TO_LOOK

if TYPE_CHECKING:
    from dtsconf.auth.request import Wanted
    from dtsconf.web.session import Response, Session
    from dtsconf.web.trouble import Trouble

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "device_authorization_endpoint")
"""What of a discovery document is used (OpenID Connect Discovery 3, RFC 8628 4)."""

MakeSession = Callable[[], "Session"]
"""Makes the session for one run; called when the first request is to be made.

Raises: dtsconf.web.trouble.NoRoots: the file of roots can't be used.
"""

_HINTS = {
    "dns": "check microsoft.authority and this machine's name servers",
    "no-route": "check this machine's network, and connection.proxy",
    "refused": "check microsoft.authority, and whether a firewall or proxy stands between (connection.proxy)",
    "timeout": "try again; if it stays so, check connection.proxy and the firewall",
    "blocked": "allow dtsconf HTTPS in this machine's own firewall, security product or routes",
    "tls-untrusted": "if the network inspects TLS, or the provider has a CA of its own: name its roots in "
    "server.ca_file (PEM)",
    "tls-name": "check microsoft.authority: the certificate is for another host",
    "tls-expired": "check this machine's clock; else the provider's certificate has to be renewed",
    "tls-not-yet-valid": "check this machine's clock",
}
_NOTHING_THERE = (404, 410)
SIGN_IN_TO_NETWORK = 511
"""HTTP's word of a guest network for who hasn't signed in there (RFC 6585 6)."""
_ELSEWHERE = "check microsoft.authority and connection.proxy: what answers there is no identity provider"


class Unavailable(SignInFailed):
    """The provider is away or busy: the same may go well a little later."""


class Unheard(SignInFailed):
    """No answer of the provider's came; `trouble` tells why. What its own words were is no part of it."""

    def __init__(self, message: str, hint: str, trouble: Trouble) -> None:
        unreached = (trouble.place, trouble.cause) if trouble.place in ("resolve", "connect") else None
        super().__init__(message, hint, unreached=unreached)
        self.trouble = trouble

    @property
    def may_pass(self) -> bool:
        """Whether the same may go well a little later."""
        return self.trouble.place != "tls" and self.trouble.what not in ("redirect", "page", "strange", "size")


class Provider:
    """What msal takes for its `http_client`, for the sign-in that is wanted."""

    def __init__(self, wanted: Wanted, make: MakeSession) -> None:
        self._wanted, self._make = wanted, make
        self._session: Session | None = None
        self._dated = "", 0.0

    def get(self, url: str, **options: Any) -> Response:
        """A GET, which is for the discovery document. Raises: SignInFailed."""
        response = self._ask("GET", url, options)
        if response.status_code >= 400:
            raise self._unknown(response, url)
        return self._addresses_checked(self._plain(response, url))

    def post(self, url: str, **options: Any) -> Response:
        """A POST. Raises: SignInFailed."""
        return self._plain(self._ask("POST", url, options), url)

    def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask(self, method: str, url: str, options: dict[str, Any]) -> Response:
        from dtsconf.web.trouble import NoAnswer

        host = _host(url)
        kept = {name: options[name] for name in ("params", "data", "headers") if options.get(name) is not None}
        try:
            response: Response = self._opened().request(method, url, **kept)
        except NoAnswer as failed:
            raise no_answer(host, failed.trouble) from None
        self._dated = response.headers.get("Date", ""), time.time()
        if response.status_code == SIGN_IN_TO_NETWORK:
            raise self._page(response, url)
        _refuse_busy(response, host)
        return response

    def by_its_clock(self, failed: SignInFailed) -> SignInFailed:
        """The error for a no of the provider's, which may come from this machine's clock: what an application proves
        itself with holds a time (RFC 7523 3)."""
        from dtsconf.looks.clock import SET, told_apart

        apart = self.apart()
        if not apart:
            return failed
        message = f"{failed.message}; {told_apart(apart)} by the provider's"
        hint = f"{SET}; if it stays: {failed.hint}"
        return SignInFailed(message, hint, tuple(replace(one, message=message, hint=hint) for one in failed.problems))

    def ahead(self) -> float | None:
        """Seconds by which the provider's clock was ahead of ours at its last answer (RFC 9110 6.6.1); None where it
        told no time."""
        from dtsconf.looks.clock import date_in

        text, now = self._dated
        said = date_in(text)
        return None if said is None else said - now

    def apart(self) -> float:
        """As `ahead`; 0 where the clocks agree as far as matters, or the provider told no time."""
        from dtsconf.looks.clock import SLACK

        ahead = self.ahead() or 0.0
        return 0.0 if abs(ahead) <= SLACK else ahead

    def _plain(self, response: Response, url: str) -> Response:
        """The response, if it is a JSON object."""
        from dtsconf.web.answer import decoded

        if not isinstance(decoded(response.text), dict):
            raise self._page(response, url)
        return response

    def _page(self, response: Response, url: str) -> Unheard:
        """What answers is somebody else: a web page stands where JSON should."""
        from dtsconf.web.answer import described

        told = escape_controls(described(response))
        message = f"{_host(url)} gives something that is no answer of an identity provider ({told})"
        return Unheard(message, _ELSEWHERE + TO_LOOK, self._opened().somebody_elses(url, told))

    def _addresses_checked(self, response: Response) -> Response:
        """The discovery document, if it names https addresses only: secrets and codes go there."""
        document = response.json()
        for name, address in document.items():
            odd = not isinstance(address, str) or not address.startswith("https://")
            if name in ENDPOINTS and odd and not (address is None and name.startswith("device")):
                where = escape_controls(self._wanted.issuer)
                message = f"{where} names an address that is not https ({name})"
                raise SignInFailed(message, "check microsoft.authority: secrets and codes go there under TLS only")
        return response

    def _unknown(self, response: Response, url: str) -> SignInFailed:
        """No discovery document under this address: Microsoft tells why by a code of its own."""
        from dtsconf.auth import explain
        from dtsconf.web.answer import decoded

        said = decoded(response.text)
        if isinstance(said, dict) and "error" in said:
            return explain.failed(said, self._wanted)
        if not isinstance(said, dict) and (response.status_code not in _NOTHING_THERE or self._masked(response)):
            return self._page(response, url)
        message = f"{escape_controls(self._wanted.issuer)} is no identity provider's (HTTP {response.status_code})"
        return SignInFailed(message, "check microsoft.authority and microsoft.tenant")

    def _masked(self, response: Response) -> bool:
        """Whether a web page stands at Microsoft's own address, which has something to say of every tenant."""
        kind = response.headers.get("Content-Type", "")
        return clouds.is_microsoft(self._wanted.authority) and kind.startswith("text/html")

    def _opened(self) -> Session:
        from dtsconf.web.trouble import NoRoots

        if self._session is None:
            try:
                self._session = self._make()
            except NoRoots as wrong:
                message = f"server.ca_file {escape_controls(str(wrong))}"
                raise SignInFailed(message, "name a PEM file with the roots to trust, readable for you") from None
        return self._session


def look_up(wanted: Wanted, make: MakeSession) -> float:
    """See that the provider is there and knows the tenant, by its own description (OpenID Connect Discovery 4). Gives
    what `Provider.apart` does.

    Raises:
        SignInFailed: it can't be reached, or knows no such tenant.
    """
    version = "/v2.0" if clouds.is_microsoft(wanted.authority) else ""
    provider = Provider(wanted, make)
    try:
        provider.get(f"{wanted.issuer}{version}/.well-known/openid-configuration")
    finally:
        provider.close()
    return provider.apart()


def no_answer(host: str, trouble: Trouble) -> Unheard:
    """The error for a request that came to nothing."""
    detail = escape_controls(trouble.detail[:400])
    if trouble.what == "redirect":
        return Unheard(
            f"{host} points elsewhere ({detail}), and dtsconf follows no redirect", _ELSEWHERE + TO_LOOK, trouble
        )
    if trouble.what in ("strange", "size"):
        return Unheard(f"{host} gives no proper answer: {detail}", _ELSEWHERE + TO_LOOK, trouble)
    if trouble.what == "proxy":
        return _no_proxy(host, trouble, detail)
    where = {"resolve": "can't be found", "connect": "can't be reached", "tls": "can't be trusted"}
    words = where.get(trouble.place, "gives no answer")
    if trouble.place == "tls" and trouble.what != "certificate":
        words = "makes no TLS connection"
    hint = _HINTS.get(trouble.cause, _HINTS["timeout"])
    return Unheard(f"{host} {words}: {detail}", hint + TO_LOOK, trouble)


def _no_proxy(host: str, trouble: Trouble, detail: str) -> Unheard:
    """The provider was not asked: the proxy on the way to it is what failed."""
    words = {"resolve": "can't be found"}.get(trouble.place, "can't be reached")
    if trouble.said_by == "dtsconf" and trouble.cause == "no-route":
        words = "can't be used"
    if trouble.proxy_mute:
        words = "was reached, and gives no answer"
    if trouble.said_by == "server":
        words = "lets nothing through to it"
    message = f"no way to {host}: {escape_controls(trouble.proxy_told)} {words}: {detail}"
    return Unheard(message, trouble.proxy_hint(host), trouble)


def _refuse_busy(response: Response, host: str) -> None:
    """Let an answer pass that is one."""
    status = response.status_code
    if status == 429 or status >= 500:
        wait = response.headers.get("Retry-After", "")
        later = f"in {wait} s" if wait.isascii() and wait.isdigit() and len(wait) < 6 else "in a while"
        raise Unavailable(f"{host} is busy or has a fault of its own (HTTP {status})", f"try again {later}")


def _host(url: str) -> str:
    """The host to name in messages. Raises SignInFailed for anything but https: there a token would go in clear."""
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname or "", parts.scheme
    except (ValueError, AttributeError):
        host, scheme = "", ""
    if scheme != "https" or not host:
        shown = escape_controls(str(url)[:200])
        raise SignInFailed(f"the identity provider names an address that is not https: {shown}", _ELSEWHERE)
    return escape_controls(host)
