"""The new profile file: what goes, what comes, and the text with just that changed. Pure.

What goes stays in the file as comments. What is written is read back and compared: nothing but the goal may have
changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dtsconf.errors import Invalid, Place, Problem
from dtsconf.frozen import frozen
from dtsconf.settings.part import Part, read_part
from dtsconf.settings.rewriting import CantRewrite, append, drop_item, probe, put, take_out

if TYPE_CHECKING:
    from dtsconf.settings.profile import Profile
    from dtsconf.settings.values import Layer

LEAVING: Final = ("server", "login")
"""Groups of smtp mode. `server.ca_file` stays: in microsoft mode it holds the roots for Microsoft's hosts too."""
STAYING: Final = "server.ca_file"
CARRIED: Final = (
    "mode",
    "microsoft.client_id",
    "microsoft.tenant",
    "microsoft.authority",
    "microsoft.via",
    "microsoft.smtp",
)
"""What takes over from a lock on `server` or `login`: where mail goes, and who signs in."""


@frozen
class Goal:
    """What the file is to say. `values`: settings keys with the values to write, in this order; `leaving`: those of the
    file's own that go; `locks`: what is to be locked besides; `targets`: the targets that stay, or None for no change.
    """

    values: Mapping[str, Any]
    leaving: tuple[str, ...]
    locks: tuple[str, ...]
    targets: tuple[str | Mapping[str, str], ...] | None


def own_file(profile: Profile) -> Part:
    """The file that a profile's chain begins with: the one that is rewritten."""
    if profile.chain is None:
        raise ValueError("this profile doesn't come from files")
    return profile.chain.parts[0]


def goal_of(old: Profile, given: Layer) -> Goal:
    """What the first file of a chain is to say, with the values that were given on the command line."""
    part = own_file(old)
    values: dict[str, Any] = {"mode": "microsoft"}
    if "microsoft.client_id" not in {**old.layer.values, **given.values}:
        values["microsoft.client_id"] = None  # a blank to fill in, as `init` writes them
    values |= {key: value.raw for key, value in given.values.items()}
    leaving = tuple(key for key in part.settings if key.startswith(("server.", "login.")) and key != STAYING)
    bound = any(lock.key.split(".")[0] in LEAVING for lock in old.policy.locks)
    locks = tuple(key for key in CARRIED if bound and old.policy.lock_on(key) is None)
    staying = tuple(target for target in old.targets if target.kind != "msmtp")
    if staying == old.targets:
        return Goal(values, leaving, locks, None)
    words = tuple(t.kind if t.path is None else {"kind": t.kind, "path": t.path} for t in staying) or ("dts",)
    return Goal(values, leaving, locks, words)


def rewritten(part: Part, data: bytes, goal: Goal) -> bytes:
    """The file's bytes as the goal wants them.

    Raises:
        Invalid: code 3, the file is written in a way that can't be changed by itself; the places tell where.
    """
    mark = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.decode("utf-8-sig")
    place = part.document.start_of("settings")
    try:
        try:
            probe(text, *(("settings", *key.split(".")) for key in (*goal.values, *goal.leaving)))
        except CantRewrite as stuck:  # a place in the file as it stands; later ones are in a text half changed
            place = replace(stuck.place, file=part.path)
            raise
        text = _changed(text, part, goal)
    except CantRewrite as stuck:
        raise Invalid(part.document.with_excerpts((_by_hand(str(stuck), place),))) from None
    made = mark + text.encode()
    _require_only(part, read_part(part.path, made), goal)
    return made


def _changed(text: str, part: Part, goal: Goal) -> str:
    for key, value in goal.values.items():
        text = put(text, ("settings", *key.split(".")), value, first=key == "mode")
    for group in LEAVING:
        keys = [key for key in goal.leaving if key.startswith(f"{group}.")]
        if keys and group == "server" and STAYING in part.settings:
            for key in keys:
                text = take_out(text, ("settings", *key.split(".")))
        elif keys:
            text = take_out(text, ("settings", group))
    if goal.locks:
        text = append(text, ("policy", "lock"), goal.locks)
    return text if goal.targets is None else _with_targets(text, part, goal.targets)


def _with_targets(text: str, part: Part, targets: tuple[str | Mapping[str, str], ...]) -> str:
    written = part.others.get("targets")
    if written is None:
        return put(text, ("targets",), list(targets))
    kinds = [item["kind"].raw for item in written.raw]
    if set(kinds) == {"msmtp"}:
        text = append(text, ("targets",), targets)
    for number in reversed([at for at, kind in enumerate(kinds) if kind == "msmtp"]):
        text = drop_item(text, ("targets",), number)
    return text


def _require_only(old: Part, new: Part, goal: Goal) -> None:
    """Nothing but the goal has changed; a rewrite that went wrong is refused rather than written."""
    wanted = {key: value.raw for key, value in old.settings.items() if key not in goal.leaving} | dict(goal.values)
    found = {key: value.raw for key, value in new.settings.items()}
    others = ("name", "requires", "extends", "expects", "verify", "secrets", "record", "policy.rec", "policy.max")
    same = all(_plain(old, name) == _plain(new, name) for name in others)
    locks = {lock.key for lock in new.policy.locks} == {lock.key for lock in old.policy.locks} | set(goal.locks)
    if new.problems:
        raise Invalid(new.problems)
    if found != wanted or not same or not locks or len(old.policy.rules) != len(new.policy.rules):
        raise Invalid((_by_hand("it is written in a way that isn't understood", Place(old.path, 1, 1)),))


def _plain(part: Part, prefix: str) -> dict[str, Any]:
    return {key: _raw(value.raw) for key, value in part.others.items() if key.startswith(prefix)}


def _raw(raw: Any) -> Any:
    if isinstance(raw, list | tuple):
        return [_raw(getattr(item, "raw", item)) for item in raw]
    return raw


def _by_hand(reason: str, place: Place) -> Problem:
    message = f"this file can't be changed by itself: {reason}"
    hint = "write the settings out there, or change the profile by hand: mode: microsoft, microsoft.client_id, no login"
    return Problem("rewrite", message, hint, place)
