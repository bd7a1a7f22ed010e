"""The proof of a user's own `dtsconf test`, where an apply left none: values that each user gives were missing, a
person has to sign in, the server couldn't be reached, or nothing was verified.

It lies in the user's state, beside the proofs of sign-ins, and counts for what stands on the machine now. Cheap.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dtsconf.files import read_only
from dtsconf.wiring import Inputs, last_generation, layout_of

if TYPE_CHECKING:
    from dtsconf.auth.facts import SignInProof
    from dtsconf.errors import Notice
    from dtsconf.machine.record import Generation
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective


def record(given: Inputs, effective: Effective, found: Verification) -> tuple[Notice, ...]:
    """Put the proof into the user's state, if the apply left none and this was made with the machine's own settings at
    the profile's level or deeper (`none`: by a mail). A state that can't be written leaves it owed: a warning."""
    from dtsconf.proof import LEVELS

    level = effective.org.verify.level
    deep = LEVELS.index(found.level) >= LEVELS.index("send" if level == "none" else level)
    if not (found.ok and deep) or given.tried:
        return ()
    last = last_generation(given)
    if last is None or last.proof.state == "verified":
        return ()
    try:
        _write(given, effective, found, last)
    except OSError as error:
        from dtsconf.errors import Notice

        place = layout_of(given.root).user_state()
        told = f"the proof could not be kept in {place} ({error.strerror}), so it is still owed"
        return (Notice("proof", told, to_have(place)),)
    return ()


def to_have(place: str) -> str:
    """How a user comes by a folder of their own that they can't make themselves."""
    if sys.platform == "win32":
        hint = f"let this user write {place}"
    else:
        from shlex import quote

        above = os.path.dirname(place)
        closed = os.path.isdir(above) and not os.access(above, os.X_OK)
        opened = f"chmod 755 {quote(above)} && " if closed else ""
        hint = f"once, as root: {opened}install -d -m 700 -o {os.geteuid()} {quote(place)}"
        if read_only(above):
            hint = "its file system is read-only: remount it writable"
    return hint


def _write(given: Inputs, effective: Effective, found: Verification, last: Generation) -> None:
    import time

    from dtsconf.auth.facts import SignInProof, write
    from dtsconf.times import iso_time

    proof = SignInProof(
        last.result,
        last.number,
        effective.settings.sender.email or "",
        found.level,
        iso_time(time.time()),
        found.message_id,
        found.program,
        found.user,
    )
    write(_path(given.root), proof)


def proven_here(root: str | None, generation: Generation | None) -> SignInProof | None:
    """The user's proof, if it was made with what stands on the machine now and none else is there."""
    if generation is None or generation.proof.state == "verified":
        return None
    from dtsconf.auth.facts import read_proof

    proof = read_proof(_path(root))
    return proof if proof and proof.result == generation.result else None


def _path(root: str | None) -> str:
    from dtsconf.auth.facts import proof_path

    return proof_path(layout_of(root).user_state(), "test")
