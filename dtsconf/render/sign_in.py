"""`sign-in`, `sign-out`, and the sign-in's part of `status`. Never a token. Cheap: imports no settings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dtsconf.names import escape_controls
from dtsconf.render.common import hint_line, notice_data
from dtsconf.times import iso_time

if TYPE_CHECKING:
    from dtsconf.auth.facts import Facts
    from dtsconf.auth.standing import SignedIn, Standing
    from dtsconf.render.call import Call

KEPT = {
    "encrypted": "kept encrypted, its key in {store}",
    "file": "kept in a file that only you can read, not encrypted",
    "session": "kept in memory until you log out",
    "process": "kept by this command alone, so the next one asks again, unless microsoft.remember_me is true: this "
    "login has no memory that ends with it",
}


def data(done: SignedIn) -> dict[str, Any]:
    """`account, tenant, cache, encrypted, expires, verification`, and `problems` when that failed."""
    from dtsconf.errors import Problem

    verification = done.verification
    found = facts_data(done.facts) | {
        "verification": verification.as_record() if verification else None,
        "recorded": done.recorded,
    }
    failed = verification.failure if verification else None
    if failed is not None:
        problem = Problem(failed.cause or "verification", f"{failed.stage} failed: {failed.detail}", failed.hint)
        found["problems"] = [notice_data(problem)]
    return found


def facts_data(facts: Facts) -> dict[str, Any]:
    """What is known of a sign-in, times as UTC in ISO 8601."""
    return asdict(facts) | {"expires": iso_time(facts.expires)}


def text(done: SignedIn, call: Call) -> str:
    """Who is signed in and how that is kept, then what is proven, or what failed and the next step from this call."""
    from dtsconf.render import table

    lines = f"signed in as {escape_controls(done.facts.account)}; {_kept(done.facts)}\n"
    verification = done.verification
    if verification is None:
        proof = call.completed("a mail proves it: dtsconf test")
        return f"{lines}nothing was verified: the profile's verify.level is none; {proof}\n"
    if verification.ok:
        return lines + table.proven(verification)
    failed = verification.failure
    hint = hint_line(failed.hint) if failed is not None else None
    return f"{lines}{table.stages(verification)}NOT PROVEN. {table.cause(verification)}" + (f"{hint}\n" if hint else "")


def signed_out(accounts: Sequence[str]) -> str:
    """Whose tokens were forgotten."""
    if not accounts:
        return "nobody was signed in; no token is kept\n"
    return f"signed out: {escape_controls(', '.join(accounts))}; no token is kept any more\n"


def standing_data(found: Standing) -> dict[str, Any]:
    """`sign_in` of `status`: the facts of the sign-in, all null where there is none."""
    from dtsconf.auth.facts import Facts

    facts: dict[str, Any] = dict.fromkeys(Facts.__dataclass_fields__)
    if found.facts is not None:
        facts = facts_data(found.facts)
    proof = None if found.proof is None else {k: getattr(found.proof, k) for k in ("level", "time", "account")}
    return {"flow": found.flow, "signed_in": found.facts is not None, **facts, "proof": proof}


def standing_text(found: Standing, command: str | None) -> str:
    """The same in a line; `command` is how to sign in from here, None where that is told apart."""
    if found.flow == "application":
        return "sign-in: none needed, the application signs in by itself\n"
    facts, then = found.facts, f"; {command}" if command else ""
    if facts is None and found.closed is not None:
        return "sign-in: whether this user is signed in can't be seen\n"
    if facts is None:
        aside = (
            f"; one kept with --set microsoft.token_cache={found.aside} counts with that alone" if found.aside else ""
        )
        return f"sign-in: nobody is signed in as this user{aside}{then}\n"
    tenant = f" (tenant {facts.tenant})" if facts.tenant else ""
    kept = "kept where this user can't renew it" if found.closed else _kept(facts)
    kept = "kept where others get at it" if found.exposed else kept
    line = f"sign-in: {facts.account}{tenant}, {kept}; {_until(facts)}{then if found.over else ''}"
    return escape_controls(line) + "\n"


def _kept(facts: Facts) -> str:
    return KEPT[facts.cache].format(store=escape_controls(facts.store or "the keyring"))


def _until(facts: Facts) -> str:
    if facts.renewable:
        return f"renewed without asking (this token until {iso_time(facts.expires)})"
    return f"until {iso_time(facts.expires)}" if facts.expires > time.time() else f"expired {iso_time(facts.expires)}"
