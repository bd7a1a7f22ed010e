"""A plan put aside for later (`plan --out`), and the check that it still comes out the same (`apply --plan`).

It holds the places and digests of what went in, the `--set` texts, the number of the last generation and the digest of
the result: no content, no secret. Committed, it is used up, since the last generation then is another one.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dtsconf.errors import DtsconfError, Invalid, Problem, Variable
from dtsconf.frozen import frozen
from dtsconf.settings.keys import VARIABLE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.machine.desired import Desired
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.standing import Standing
    from dtsconf.settings.effective import Effective

FORMAT = 1
LIMIT = 1024 * 1024


class Stale(DtsconfError):
    """A saved plan doesn't come out the same any more (exit 1); the message names what moved."""

    kind = "stale-plan"


@frozen
class Input:
    """Something that went into a plan: a file of the chain, a variable, a target that stands on the machine. `digest`
    is SHA-256 in hex of its bytes (of a variable: the setting's value, a secret's reference); None: nothing there."""

    place: str
    digest: str | None


@frozen
class SavedPlan:
    """`profile` is the absolute path of the profile, None when the machine config was the organisation's layer; `sets`
    the texts of --set as typed; `generation` the last one's number, None before the first. `file` is where it was read
    from, to be told; that is no part of it."""

    profile: str | None
    sets: tuple[str, ...]
    inputs: tuple[Input, ...]
    generation: int | None
    digest: str
    file: str = "FILE"

    def check(self, now: SavedPlan, opened: Mapping[str, str]) -> None:
        """Compare with the plan as it comes out now; `opened` has the path to open for each target's. Raises: Stale,
        naming everything that moved."""
        moved = _moved_inputs(self.inputs, now.inputs, opened)
        if self.generation != now.generation:
            moved.append(f"the last generation was {_number(self.generation)} and is {_number(now.generation)}")
        if self.digest != now.digest and not moved:
            moved.append("the result (another version of dtsconf, or what auto was settled to)")
        if moved:
            used = " (a plan that was applied is used up)" if self.generation != now.generation else ""
            message = f"the saved plan is stale: {'; '.join(moved)}{used}"
            raise Stale(message, self._next(now))

    def _next(self, now: SavedPlan) -> str:
        """What to type: where nothing but variables is missing, the same call with those."""
        again = f"plan again: {self._again()}"
        lacking = _lacking(self.inputs, now.inputs)
        if not lacking or self.generation != now.generation:
            return again
        from shlex import quote

        names = ",".join(lacking)
        handed = f"sudo --preserve-env={names} dtsconf apply --plan {quote(self.file)}"
        return f"set it as it was for the plan, which sudo hands on by: {handed}; or {again}"

    def _again(self) -> str:
        """The command that makes such a plan anew."""
        from shlex import quote

        given = [("--profile", self.profile)] if self.profile else []
        options = [*given, *(("--set", text) for text in self.sets), ("--out", self.file)]
        return "".join(["dtsconf plan", *(f" {name} {quote(value)}" for name, value in options)])

    def to_bytes(self) -> bytes:
        """The file: sorted JSON with a newline at the end."""
        content = {"format": FORMAT, **asdict(self)}
        del content["file"]
        return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def from_bytes(data: bytes, path: str) -> SavedPlan:
    """Read a saved plan. Raises: Invalid (code 3) when it is none."""
    try:
        loaded = json.loads(data)
        if loaded["format"] != FORMAT:
            raise ValueError("format")
        inputs = tuple(Input(str(each["place"]), each["digest"]) for each in loaded["inputs"])
        return replace(_checked(loaded, inputs), file=path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        hint = "make one with dtsconf plan --out FILE"
        problem = Problem("saved-plan", f"{path}: this is no saved plan that this dtsconf can read", hint)
        raise Invalid((problem,)) from e


def _checked(loaded: dict[str, Any], inputs: tuple[Input, ...]) -> SavedPlan:
    profile, number, sets = loaded["profile"], loaded["generation"], loaded["sets"]
    texts = isinstance(sets, list) and all(isinstance(text, str) for text in sets)
    if not (isinstance(profile, str | None) and isinstance(number, int | None) and texts):
        raise ValueError("shape")
    return SavedPlan(profile, tuple(sets), inputs, number, str(loaded["digest"]))


def saved(
    plan: Plan,
    effective: Effective,
    want: Desired,
    found: Mapping[str, Standing | None],
    *,
    profile: str | None,
    sets: tuple[str, ...],
) -> SavedPlan:
    """The plan to put aside; `profile` may be relative. Targets that hold a secret are left out: a plain digest of one
    could be guessed."""
    inputs = [*_files(effective), *_variables(effective)]
    for file in want.files:
        if not file.secret:
            standing = found.get(file.path)
            inputs.append(
                Input(file.path, None if standing is None or standing.content is None else _hash(standing.content))
            )
    profile = None if profile is None else os.path.abspath(profile)
    return SavedPlan(profile, sets, tuple(sorted(inputs, key=lambda each: each.place)), plan.last, plan.digest)


def _files(effective: Effective) -> list[Input]:
    org = effective.org
    return [Input(" + ".join(os.path.abspath(path) for path in org.files), org.digest)] if org.files else []


def _variables(effective: Effective) -> list[Input]:
    rows = []
    for key in effective.from_environment:
        setting = effective.origin[key]
        name = setting.where.name if isinstance(setting.where, Variable) else key
        rows.append(Input(name, _hash(json.dumps(setting.value, default=str).encode())))
    return rows


def _moved_inputs(before: tuple[Input, ...], now: tuple[Input, ...], opened: Mapping[str, str]) -> list[str]:
    old, new = _digests(before, now)
    lacking = _lacking(before, now)
    places = sorted(old.keys() | new.keys())
    differing = [place for place in places if _differs(place, old, new)]
    return [
        f"{place} is not set here"
        if place in lacking
        else f"{opened.get(place, place)} {_how(place in old, place in new)}"
        for place in differing
    ]


def _digests(before: tuple[Input, ...], now: tuple[Input, ...]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    old, new = ({each.place: each.digest for each in inputs} for inputs in (before, now))
    return old, new


def _lacking(before: tuple[Input, ...], now: tuple[Input, ...]) -> list[str]:
    """The variables that are missing, where all else is as it was: nothing can have overruled them, so they are not
    set."""
    old, new = _digests(before, now)
    if any(_differs(place, old, new) for place in new):
        return []
    return [place for place in old if place.startswith(VARIABLE_PREFIX) and place not in new]


def _differs(place: str, old: Mapping[str, str | None], new: Mapping[str, str | None]) -> bool:
    return (place in old) != (place in new) or old.get(place) != new.get(place)


def _how(was: bool, is_now: bool) -> str:
    return "changed" if was and is_now else "is not used any more" if was else "is used now"


def _number(number: int | None) -> str:
    return "none" if number is None else f"#{number}"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
