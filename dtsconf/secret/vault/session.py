"""The one way to the server: our roots, our proxies, an end in time, a bounded answer, and no redirect followed.

Rules: nothing in the environment says whom to trust or what to go through (`trust_env` is off; what `connection.proxy:
system` means is read here). requests' time-outs count from byte to byte, so a server that drips beats them: each
request runs in a thread that is left behind when time is up. An answer of 200 is JSON or no Vault's. Knows no secret
engine.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from dtsconf.secret.vault.config import Config, is_loopback

if TYPE_CHECKING:
    import ssl

LIMIT = 8 << 20
"""The largest answer, in bytes: far more than Vault stores under one path (1 MiB as it comes)."""


class Fault(Exception):
    """What an HTTP client alone would not call an error. `detail` is shown, and holds no secret."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class TooLate(Fault):
    """No whole answer in time."""


class TooLarge(Fault):
    """An answer beyond LIMIT."""


class Elsewhere(Fault):
    """A redirect; `detail` is where it points."""


class NoVault(Fault):
    """An answer that no Vault gives; `detail` tells of what kind it is."""


class Session(requests.Session):
    """As requests' own, for `hvac.Client(session=...)`. `until` is the end of patience in time.monotonic() seconds;
    `status` and `retry_after` (seconds, 0 when not said) are those of the last answer."""

    def __init__(self, config: Config, context: ssl.SSLContext) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        self.headers["User-Agent"] = "dtsconf"
        self.proxies = dict(proxies_of(config))
        self.mount("https://", _Adapter(context, config.server_name.value if config.server_name else None))
        self.until = 0.0
        self.status = 0
        self.retry_after = 0.0

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """One request, whole or not at all, before `until`. What the caller says of trust, proxies and time is set
        aside for what this session was made with.

        Raises:
            Fault: as its subclasses tell.
            requests.RequestException, urllib3.exceptions.HTTPError: as they come.
        """
        for name in ("verify", "cert", "proxies"):
            options.pop(name, None)
        left = max(self.until - time.monotonic(), 0.001)
        options |= {"allow_redirects": False, "stream": True, "timeout": left}
        plain = super().request
        response = _within(left, lambda: _whole(plain(method, url, *args, **options)))
        self.status = response.status_code
        self.retry_after = _seconds(response.headers.get("Retry-After", ""))
        _refuse_strangers(response)
        return response


class _Adapter(HTTPAdapter):
    """Connects under one SSL context and nothing else: requests would add the roots that it carries along."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._tls: dict[str, Any] = {"ssl_context": context}
        if server_name is not None:
            self._tls["server_hostname"] = server_name
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, **self._tls)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, **self._tls)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, True, None)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context holds it all."""


def _within(seconds: float, work: Callable[[], requests.Response]) -> requests.Response:
    """Raises TooLate when the work isn't done by then; its thread ends by itself, or with the program."""
    done: list[requests.Response] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            failed.append(error)

    thread = threading.Thread(target=run, name="vault", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TooLate
    return done[0]


def _whole(response: requests.Response) -> requests.Response:
    """The response with its body read. Raises TooLarge."""
    with response:
        data = response.raw.read(LIMIT + 1, decode_content=True)
    if len(data) > LIMIT:
        raise TooLarge
    response.raw = io.BytesIO(data)
    response.encoding = "utf-8"  # JSON's only one (RFC 8259, 8.1); requests would guess
    return response


def _refuse_strangers(response: requests.Response) -> None:
    """Raises Elsewhere, NoVault. What hvac would stumble over doesn't reach it: JSON of another shape than Vault's."""
    status = response.status_code
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if 300 <= status < 400:
        raise Elsewhere(response.headers.get("Location", "").partition("?")[0])
    found = decoded(response.text)
    if status == 200 and not isinstance(found, dict):
        raise NoVault(f"200 with {kind or 'no content type'}, which is no JSON object")
    if status >= 400 and found is not None and not _tells_errors(found):
        raise NoVault(f"{status} with JSON that is not Vault's")


def _tells_errors(found: Any) -> bool:
    errors = found.get("errors") if isinstance(found, dict) else 0
    return errors is None or (isinstance(errors, list) and all(isinstance(error, str) for error in errors))


def decoded(text: str | None) -> Any:
    """The JSON value, or None when it is none (deeper nesting than Python's stack counts as none)."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


def _seconds(text: str) -> float:
    """Retry-After as seconds; a date there counts as not said."""
    return float(text) if text.isascii() and text.isdigit() else 0.0


def proxies_of(config: Config) -> dict[str, str]:
    """The proxies for this address, by scheme. Cleartext goes through none, and what the system says of proxies
    doesn't count for this machine itself."""
    if config.proxy == "none" or config.url.value.startswith("http:"):
        return {}
    if config.proxy != "system":
        return {"https": config.proxy}
    if is_loopback(config.host):
        return {}
    return requests.utils.get_environ_proxies(config.url.value)
