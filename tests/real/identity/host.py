"""The identity host as tests see it: tenants made for the asking, and the mail server that takes their tokens.

Rules: one identity host a test session, shared by all workers of pytest-xdist (see hosting.py); tests keep apart by
tenants of their own. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.real.endpoints import TOKEN_ENDPOINTS
from tests.real.hosting import joined
from tests.real.identity.tenant import Tenant
from tests.real.processes import require
from tests.real.servers import MailHost


@dataclass(frozen=True)
class IdentityHost:
    """A running identity host. `mail` has the endpoints of TOKEN_ENDPOINTS; `origin` is the provider's address."""

    mail: MailHost
    origin: str

    @property
    def ca_file(self) -> str:
        """The PEM root to trust, for the provider and the mail server."""
        return self.mail.ca_file

    def tenant(
        self,
        *,
        name: str | None = None,
        lifetime: int = 3600,
        refresh_lifetime: int = 86400,
        code_lifetime: int = 60,
        form: Literal["jwt", "opaque"] = "jwt",
        discovery: Mapping[str, str] | None = None,
    ) -> Tenant:
        """A new tenant. `name` instead of an id of its own; access tokens last `lifetime` seconds, refresh tokens
        `refresh_lifetime`, device codes `code_lifetime`; access tokens are of this `form`; `discovery` is added to
        the discovery document, say `msgraph_host`."""
        made = Tenant(self.origin, self.ca_file, name or str(uuid.uuid4()))
        made.register(
            lifetime=lifetime,
            refresh_lifetime=refresh_lifetime,
            code_lifetime=code_lifetime,
            format=form,
            discovery=dict(discovery or {}),
        )
        return made


@contextlib.contextmanager
def identity_host(shared: Path) -> Iterator[IdentityHost]:
    """The identity host of all processes that name the same folder `shared`. Raises PartMissing, OSError."""
    require("the identity host", "postfix", "dovecot")
    with joined(shared, "identity") as facts:
        yield IdentityHost(MailHost.of(facts, TOKEN_ENDPOINTS), f"https://localhost:{facts['provider']}")
