"""Microsoft mode: whether the identity provider is there and knows the tenant, and how this user's sign-in stands.
Signs nobody in, and opens no token cache."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtsconf.doctor import clock
from dtsconf.doctor.check import Check, Subject, one_line
from dtsconf.errors import SignInFailed
from dtsconf.wiring import Inputs

_FOR_GOOD = (
    "for good: write microsoft.token_cache: file into the profile and apply that; or, with a keyring: dtsconf sign-in"
)


def sign_in(subject: Subject) -> Iterator[Check]:
    """The provider, then the sign-in; nothing in smtp mode."""
    effective = subject.effective
    if effective is None or effective.settings.mode == "smtp" or effective.settings.microsoft.client_id is None:
        return
    from dtsconf.auth.provider import Unheard, look_up
    from dtsconf.wiring import looking
    from dtsconf.wiring.identity import session_maker, wanted_of

    given = Inputs(root=subject.layout.root)
    wanted = wanted_of(given, effective)
    try:
        apart = look_up(wanted, session_maker(effective))
    except Unheard as unheard:
        failed = looking.told(unheard, effective)
        yield Check("provider", "fail", one_line(failed.message), failed.hint)
    except SignInFailed as failed:
        yield Check("provider", "fail", one_line(failed.message), failed.hint)
    else:
        yield Check("provider", "ok", f"{wanted.issuer} answers as an identity provider does")
        if apart:
            yield clock.contradicted(apart, wanted.issuer)
    yield standing_of(subject)


def standing_of(subject: Subject) -> Check:
    """How this user stands with the machine's own settings."""
    from dtsconf.render.sign_in import standing_text
    from dtsconf.wiring.signing_in import standing

    found = standing(Inputs(root=subject.layout.root))
    if found is None:
        return Check("sign-in", "ok", "the machine's own settings are not in microsoft mode")
    told = one_line(standing_text(found, None).removeprefix("sign-in: "))
    owed = found.flow != "application" and found.facts is None
    if off := found.warning:
        detail = one_line(off.message) if owed else f"{told}: {one_line(off.message)}"
        return Check("sign-in", "fail" if found.closed else "warn", detail, off.hint)
    if found.over:
        return Check("sign-in", "warn", told, "dtsconf sign-in")
    if not owed:
        return Check("sign-in", "ok", told)
    if found.aside == "file":
        return Check("sign-in", "warn", told, _FOR_GOOD)
    return Check("sign-in", "warn", told, "dtsconf sign-in" if found.kept else _to_keep(found.cache))


def _to_keep(cache: str) -> str:
    """What makes a sign-in last with the machine's own settings, which no --set changes."""
    from dtsconf.auth.lasting import unkept
    from dtsconf.render.proposals import unset

    return unset(unkept(cache, os.environ))
