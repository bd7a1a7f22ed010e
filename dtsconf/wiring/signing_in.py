"""`sign-in`, `sign-out` and what `status` tells of them: the sign-in itself, its verification, the record of its proof.

What is known without opening a token cache is had without settings, pydantic and msal: `standing` and `sign_out`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dtsconf.wiring import Inputs, config_path, last_generation, layout_of
from dtsconf.wiring.identity import places_of, root_name

if TYPE_CHECKING:
    from dtsconf.auth.facts import Facts, SignInProof
    from dtsconf.auth.request import Person
    from dtsconf.auth.standing import SignedIn, Standing
    from dtsconf.machine.record import Generation
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring.hands import Access


def sign_in(given: Inputs, *, person: Person | None, progress: Callable[[str], None] = lambda _words: None) -> SignedIn:
    """Sign this user in, then verify as the profile says, as this user, and record what that proved.

    Raises:
        Invalid: the settings can't be used (3), no sign-in belongs to them (3), a rule forbids the account (4).
        SignInFailed: nobody can be asked, the provider says no, or the tokens can't be kept.
    """
    from dtsconf import wiring
    from dtsconf.auth.provider import Unheard
    from dtsconf.settings.check import require_complete
    from dtsconf.settings.roots import require_roots
    from dtsconf.settings.signed_in import require_person, with_account
    from dtsconf.wiring import hands, looking
    from dtsconf.wiring.identity import user_tokens

    effective = wiring.effective(given, user=True)
    require_person(effective)
    require_complete(effective)
    require_roots(effective)
    tokens = user_tokens(given, effective, person=person, progress=progress)
    with hands.going_by(effective):
        try:
            facts = tokens.sign_in(lambda account: with_account(effective, account))
        except Unheard as failed:
            raise looking.told(failed, effective, progress, "dtsconf sign-in again") from None
    access = hands.Access(with_account(effective, facts.account), None, tokens)
    verification = _verified(given, access, progress)
    proven = verification is not None and verification.ok
    recorded = proven and _record(given, access.effective, facts, verification)
    from dtsconf.auth.standing import SignedIn

    return SignedIn(facts, verification, access.effective, recorded, effective.warnings)


def _verified(given: Inputs, access: Access, progress: Callable[[str], None]) -> Verification | None:
    from dtsconf.settings.recipients import require_allowed
    from dtsconf.wiring import hands

    level = access.effective.org.verify.level
    if level == "none":
        return None
    if level in ("envelope", "send"):
        require_allowed(access.effective, access.effective.org.verify.to)
    return hands.verify_of(given, access, level, None, progress)


def _record(given: Inputs, effective: Effective, facts: Facts, verification: Verification | None) -> bool:
    """Put the proof into the user's state, if it was made with the machine's own settings."""
    import time

    from dtsconf.auth.facts import SignInProof, proof_path, write
    from dtsconf.times import iso_time
    from dtsconf.wiring.identity import wanted_of

    last = last_generation(given)
    if verification is None or last is None or given.tried:
        return False
    proof = SignInProof(
        last.result,
        last.number,
        facts.account,
        verification.level,
        iso_time(time.time()),
        verification.message_id,
        verification.program,
        verification.user,
    )
    write(proof_path(places_of(given).state, wanted_of(given, effective).name), proof)
    return True


def sign_out(given: Inputs) -> tuple[str, ...]:
    """Forget every token of this user, whatever settings they belong to; the accounts that were signed in.

    Raises:
        SignInFailed: a file can't be removed.
    """
    from dtsconf.auth.store import forget

    return forget(places_of(given), given.environ)


def signed_in(given: Inputs) -> tuple[str, ...] | None:
    """The accounts whose tokens this user keeps, whatever settings they belong to; None where none are kept."""
    from dtsconf.auth.store import signed_in as kept

    return kept(places_of(given))


def account_of(given: Inputs, effective: Effective) -> str | None:
    """The address of the account whose sign-in these settings have kept; None where none is, or it has no address.
    Reads facts, opens nothing."""
    from dtsconf.auth.facts import facts_path, read_facts
    from dtsconf.names import address_fault
    from dtsconf.wiring.identity import wanted_of

    wanted = wanted_of(given, effective)
    folder = places_of(given).folder(wanted)
    facts = read_facts(facts_path(folder, wanted.name)) if folder else None
    return facts.account if facts and address_fault(facts.account) is None else None


def standing(given: Inputs) -> Standing | None:
    """What is known of this user's sign-in for the machine's settings; None unless they are microsoft mode. Reads
    facts, opens nothing."""
    found = _machine_settings(given.root)
    if found.get("mode") != "microsoft":
        return None
    from dtsconf.auth import facts as known
    from dtsconf.auth.closed import closed
    from dtsconf.auth.exposure import exposed
    from dtsconf.auth.request import name_of
    from dtsconf.auth.standing import Standing

    microsoft = found["microsoft"]
    authority, tenant, client_id = (str(microsoft.get(key)) for key in ("authority", "tenant", "client_id"))
    name = name_of(authority, tenant, client_id, root_name(given.root))
    places = places_of(given)
    folder = places.tokens if microsoft.get("remember_me") else places.session
    remembered = bool(microsoft.get("remember_me"))
    sealed = remembered and microsoft.get("token_cache") == "encrypted"
    facts = known.kept_facts(folder, name, sealed=sealed) if folder else None
    other = known.kept_facts(folder, name, sealed=not sealed) if folder and remembered and facts is None else None
    open_to_others = exposed(folder, name) if folder else None
    proof = known.read_proof(known.proof_path(places.state, name))
    flow, cache = str(microsoft.get("flow")), str(microsoft.get("token_cache"))
    shut = closed(folder, name) if folder and flow != "application" else None
    return Standing(flow, facts, proof, open_to_others, folder is not None, cache, shut, other.cache if other else None)


def proven_here(found: Standing | None, generation: Generation | None) -> SignInProof | None:
    """The user's proof, if it was made with what stands on the machine now."""
    proof = found.proof if found else None
    return proof if proof and generation and proof.result == generation.result else None


def _machine_settings(root: str | None) -> dict[str, Any]:
    """The machine config's settings as they stand there; empty for a file that can't be read."""
    from contextlib import suppress

    from dtsconf.files import FileProblem, read_regular

    with suppress(OSError, FileProblem, ValueError, KeyError, TypeError, RecursionError):
        path = layout_of(root).real(config_path(root))
        settings = json.loads(read_regular(path, 1 << 20)[0])["settings"]
        if isinstance(settings, dict) and isinstance(settings.get("microsoft"), dict):
            return settings
    return {}
