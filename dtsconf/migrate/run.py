"""The migration itself: the new text, the conditions on this machine, the proof, and only then the exchange of files.

The new profile is tested from a file of its own beside the old one, so that what it names relatively is found. The old
one isn't touched before a test mail has gone out with the new one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from dtsconf.errors import DtsconfError, Invalid, Notice, Place, Problem, UsageProblem
from dtsconf.files.staging import atomic_write
from dtsconf.migrate.conditions import CLIENT, PROOFS, Tools, examine
from dtsconf.migrate.goal import goal_of, own_file, rewritten
from dtsconf.migrate.notices import notices
from dtsconf.migrate.tenant import steps
from dtsconf.migrate.values import Migration
from dtsconf.names import escape_controls
from dtsconf.settings.microsoft import is_smtp_host
from dtsconf.settings.profile import load_profile
from dtsconf.settings.resolve import resolve
from dtsconf.settings.sources import command_line_layer
from dtsconf.settings.trust import plain_reader
from dtsconf.settings.values import Layer, Value

if TYPE_CHECKING:
    from dtsconf.migrate.goal import Goal
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.profile import Profile
    from dtsconf.wiring import Inputs

KEPT: Final = ".before-microsoft"
"""What the old profile's name ends in, once the new one has its place."""
GIVEN: Final = ("microsoft.", "sender.", "connection.")
"""What --set may write into the new profile."""
_STAND_INS: Final = {CLIENT: "00000000-0000-0000-0000-000000000000", PROOFS[0]: "file:///not-given-yet"}
"""Stand for what is still blank while all else is looked at: the client id, an application's proof of itself."""


def migrate(given: Inputs, out: str | None, tools: Tools) -> Migration:
    """Rewrite a profile for Microsoft sign-in, and prove it. With `out` the new profile goes there at once, and the old
    one stays; else it takes the old one's place when it is proven, and the old one is kept beside.

    Raises:
        UsageProblem: no profile was named, or --set has a value that a migration doesn't write.
        Invalid: the old or the new profile can't be used, or there is nothing to migrate.
        DtsconfError: a file is in the way, or can't be read or written.
    """
    if given.profile is None:
        raise UsageProblem("there is no profile to migrate", "name it: --profile site.yaml")
    before = plain_reader(given.profile)
    old = load_profile(given.profile, read=_reading(given.profile, before))
    told = _require_password(old)
    if told is None:
        return Migration(given.profile)
    _require_free(out or given.profile + KEPT)
    goal = goal_of(old, _written(given))
    _require_unlocked(old, goal)
    data = rewritten(own_file(old), before, goal)
    effective = _effective(out or given.profile, data, given)
    warnings = (*told, *notices(old, goal, effective))
    diff = _diff(before, data, given.profile)
    found = Migration(given.profile, steps(effective.settings), diff, warnings=warnings)
    if out is not None:
        _write(out, data, like=given.profile)
        new = replace(given, profile=out, overrides=())
        return replace(found, found=examine(new, effective, tools), written=out)
    with _staged(given.profile, data) as staged:
        new = replace(given, profile=staged, overrides=())
        found = replace(found, found=examine(new, effective, tools))
    return found if found.code else _exchanged(found, before, data)


def _reading(path: str, data: bytes) -> Callable[[str], bytes]:
    """Reads files as ever, but this one as these bytes."""
    return lambda wanted: data if wanted == path else plain_reader(wanted)


def _require_password(old: Profile) -> tuple[Notice, ...] | None:
    """What is to be said about the old profile; None when it is Microsoft sign-in already."""
    values = {key: value.raw for key, value in old.layer.values.items()}
    if values.get("mode") == "microsoft":
        return None
    host = str(values.get("server.host") or "").lower().rstrip(".")
    if not values.get("login.required"):
        if is_smtp_host(host):  # it takes nothing without a login, so there is none to be had yet
            return ()
        message = "there is no password to move away from: login.required is false"
        hint = "a relay that trusts the network is no matter of Microsoft's; see dtsconf explain login.required"
        raise Invalid((Problem("nothing-to-migrate", message, hint, own_file(old).document.start_of("settings")),))
    if host == "smtp.office365.com" or host.endswith(".outlook.com"):
        return ()
    message = (
        f"server.host {escape_controls(host) or 'is not set'}: that isn't Exchange Online, and mail goes there now"
    )
    return (Notice("not-exchange", message, "go on only if these mailboxes are in Microsoft 365"),)


def _written(given: Inputs) -> Layer:
    """The --set values, which a migration writes down."""
    layer, problems, _ = command_line_layer(given.overrides, None)
    if problems:
        raise Invalid(tuple(problems))
    other = next((key for key in layer.values if not key.startswith(GIVEN)), None)
    if other:
        message = f"--set {other}: what the new profile takes from here is under microsoft, sender and connection"
        raise UsageProblem(message, "for example --set microsoft.client_id=UUID --set microsoft.tenant=acme.example")
    return layer


def _require_unlocked(old: Profile, goal: Goal) -> None:
    """Where a file that this one extends holds the mode, that file has to move: this one can't say what it is to."""
    own = own_file(old).path
    for key in goal.values:
        lock = old.policy.lock_on(key)
        if lock is None or not isinstance(lock.where, Place) or lock.where.file == own:
            continue
        above = quote(escape_controls(lock.where.file))
        message = f"{key} is locked at {lock.where}, so {escape_controls(own)} can't move by itself"
        first = f"move the file with the lock first: dtsconf migrate microsoft --profile {above}"
        hint = f"{first}; or narrow the lock on {lock.key} there"
        raise Invalid((Problem("locked", message, hint, lock.where, key, code=4),))


def _require_free(path: str) -> None:
    if os.path.lexists(path):
        raise DtsconfError(
            f"{escape_controls(path)} is there already and is left alone",
            "move it away, or name another file with --out",
        )
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        shown = escape_controls(folder)
        raise DtsconfError(f"there is no folder {shown}", f"make it first: mkdir -p {quote(shown)}")


def _effective(place: str, data: bytes, given: Inputs) -> Effective:
    """The new profile, read as if it stood at its place; a client id or a proof of the application that is still blank
    is no error here."""
    org = load_profile(place, read=_reading(place, data))
    stand_ins = {key: _STAND_INS[key] for key in _blank(org)}
    filled = {key: replace(org.layer.values.get(key, Value(None, None)), raw=raw) for key, raw in stand_ins.items()}
    org = replace(org, layer=replace(org.layer, values={**org.layer.values, **filled}))
    try:
        found = resolve(org, [], strict=given.strict)
    except Invalid as wrong:
        raise Invalid(org.with_excerpts(wrong.problems)) from None
    emptied: dict[str, Any] = {key.removeprefix("microsoft."): None for key in stand_ins}
    microsoft = replace(found.settings.microsoft, **emptied)
    warnings = tuple(one for one in found.warnings if one.key not in stand_ins)
    return replace(found, settings=replace(found.settings, microsoft=microsoft), warnings=warnings)


def _blank(org: Profile) -> Iterator[str]:
    """The keys of `_STAND_INS` that nobody gives; the proof only where an application signs in."""
    values = {key: value.raw for key, value in org.layer.values.items()}
    if values.get(CLIENT) is None:
        yield CLIENT
    proven = any(values.get(key) is not None or org.expected(key) for key in PROOFS)
    if values.get("microsoft.flow") == "application" and not proven:
        yield PROOFS[0]


def _diff(old: bytes, new: bytes, name: str) -> str:
    import difflib

    before, after = (data.decode("utf-8-sig").splitlines() for data in (old, new))
    rows = difflib.unified_diff(before, after, name, f"{name} (new)", n=1, lineterm="")
    return "".join(escape_controls(row) + "\n" for row in rows)


def _write(path: str, data: bytes, *, like: str) -> None:
    """Put the new profile into its place, with the mode and owner of another file."""
    facts = os.stat(like)
    try:
        atomic_write(path, data, facts.st_mode & 0o777)
        if sys.platform != "win32" and os.geteuid() == 0:
            os.chown(path, facts.st_uid, facts.st_gid)
    except OSError as error:
        raise DtsconfError(f"{escape_controls(path)}: {error.strerror}", "name a place that you may write to") from None


@contextmanager
def _staged(profile: str, data: bytes) -> Iterator[str]:
    """The new profile in a file beside the old one, gone when the block is left."""
    folder, name = os.path.split(profile)
    path = os.path.join(folder, f".{name[:64]}.{os.urandom(8).hex()}.yaml")
    _write(path, data, like=profile)
    try:
        yield path
    finally:
        with suppress(OSError):
            os.unlink(path)


def _exchanged(found: Migration, before: bytes, data: bytes) -> Migration:
    """The new profile in the old one's place, which is kept beside."""
    kept = found.profile + KEPT
    if plain_reader(found.profile) != before:
        message = f"{escape_controls(found.profile)} was changed while the new one was tested; it is left alone"
        raise DtsconfError(message, "look at it, then type the same again")
    try:
        _write(kept, before, like=found.profile)
        _write(os.path.realpath(found.profile), data, like=kept)
    except BaseException:
        with suppress(Invalid, OSError):
            if plain_reader(found.profile) == before:  # else the kept one is all that is left of it
                os.unlink(kept)
        raise
    return replace(found, written=found.profile, kept=kept)
