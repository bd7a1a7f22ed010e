"""The way to one Vault: `web`'s session, and a look at each answer before hvac stumbles over it.

An answer of 200 is JSON or no Vault's. Knows no secret engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.web.answer import decoded, retry_after
from dtsconf.web.session import Response, Session as WebSession

if TYPE_CHECKING:
    import ssl

    from dtsconf.secret.vault.config import Config

LIMIT = 8 << 20
"""The largest answer, in bytes: far more than Vault stores under one path (1 MiB as it comes)."""


class NoVault(Exception):
    """An answer that no Vault gives. `detail` tells of what kind it is; it is shown, and holds no secret."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Session(WebSession):
    """For `hvac.Client(session=...)`. `status` and `retry_after` (seconds, 0 when not said) are those of the last
    answer."""

    def __init__(self, config: Config, context: ssl.SSLContext) -> None:
        name = config.server_name.value if config.server_name else None
        clear = config.url.value.startswith("http:")
        super().__init__(
            context, timeout=config.timeout, proxy=config.proxy, limit=LIMIT, server_name=name, cleartext=clear
        )
        self.status = 0
        self.retry_after = 0.0

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> Response:
        """One request, by `until`.

        Raises:
            NoVault: something else answered.
            NoAnswer: as the session below does.
        """
        response = super().request(method, url, *args, **options)
        self.status = response.status_code
        self.retry_after = retry_after(response.headers.get("Retry-After", ""))
        _refuse_strangers(response)
        return response


def _refuse_strangers(response: Response) -> None:
    """Raises NoVault. What hvac would stumble over doesn't reach it: JSON of another shape than Vault's."""
    status = response.status_code
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    found = decoded(response.text)
    if status == 200 and not isinstance(found, dict):
        raise NoVault(f"200 with {kind or 'no content type'}, which is no JSON object")
    is_json = found is not None or response.text.strip() == "null"
    if status >= 400 and is_json and not _tells_errors(found):
        raise NoVault(f"{status} with JSON that is not Vault's")


def _tells_errors(found: Any) -> bool:
    errors = found.get("errors") if isinstance(found, dict) else 0
    return errors is None or (isinstance(errors, list) and all(isinstance(error, str) for error in errors))
