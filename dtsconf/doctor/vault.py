"""The Vault that settings refer to: whether it answers, is unsealed and speaks TLS that is trusted here. Neither signs
in nor reads; `dtsconf secret check` does."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtsconf.doctor.check import Check, Subject, from_error
from dtsconf.errors import Invalid, SecretUnavailable


def vault(subject: Subject) -> Iterator[Check]:
    """Its health; nothing where no setting refers to it."""
    from dtsconf.settings.references import references_in

    effective = subject.effective
    held = [] if effective is None else references_in(effective)
    wanted = ", ".join(sorted(one.key for one in held if one.reference.startswith("vault://")))
    if effective is None or not wanted:
        return
    from dtsconf.secret.backend import Context
    from dtsconf.secret.vault.health import health
    from dtsconf.wiring.hands import surroundings

    settings, proxy = surroundings(effective)
    try:
        yield Check("vault", "ok", f"{health(Context(os.environ, vault=settings, proxy=proxy))}, for {wanted}")
    except SecretUnavailable as error:
        yield Check("vault", "fail", f"{wanted}: {error.message}", error.hint)
    except Invalid as error:
        yield from from_error("vault", error)
