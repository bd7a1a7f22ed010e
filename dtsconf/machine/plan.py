"""What an apply would change, as a frozen value computed from three states: wanted, found, last applied.

Three, not two: `you changed the profile` (wanted differs from what was last applied) and `somebody changed the
machine` (found differs from it) are different messages. Pure: reads nothing, and never puts a secret into a diff.
"""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.machine import diff
from dtsconf.machine.diff import NO_TEXTS, Texts
from dtsconf.machine.standing import EVERYBODY_WRITES, as_left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dtsconf.errors import Notice
    from dtsconf.machine.desired import Desired
    from dtsconf.machine.record import Generation, TargetRecord
    from dtsconf.machine.standing import Standing
    from dtsconf.machine.targets.file import TargetFile

Action = Literal["create", "update", "delete"]
Reason = Literal["profile", "machine", "both", "secret"]


@frozen
class Change:
    """One file to write or delete. `target` is its kind (dts, msmtp); `diff` unified, secrets masked; `reason` who
    made the difference: the profile, somebody on the machine, both, or a secret whose value changed. `adopts` is True
    when a file that dtsconf didn't write stands there. `texts` are what the diff is between."""

    target: str
    action: Action
    path: str
    diff: str
    reason: Reason
    adopts: bool = False
    texts: Texts = field(default=NO_TEXTS, repr=False, compare=False)


@frozen
class Plan:
    """All changes, sorted by path. `digest` is that of the wanted result: secrets as references, ids left out, `auto`
    as settled before, else `auto` (hex SHA-256). `last` is the current generation's number, None before the first.
    `left` are files of dropped targets that somebody changed, or put where an adopted file stood: they stay.
    `unread` could not be compared by content. `rotated` are the settings keys whose secret isn't the delivered one any
    more; `unlooked` those that were not compared, `secrets_read` False because no secret was read. `damaged`: the
    record of the last apply is, so a new one is made even where no file changes.
    """

    changes: tuple[Change, ...]
    digest: str
    profile: str
    last: int | None
    from_environment: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()
    secrets_read: bool = False
    rotated: tuple[str, ...] = ()
    unlooked: tuple[str, ...] = ()
    damaged: bool = False

    @property
    def empty(self) -> bool:
        """Whether apply would change nothing, neither on the machine nor in what is recorded of it."""
        return not self.changes and not self.left and not self.damaged

    @property
    def needs_adopt(self) -> tuple[str, ...]:
        """Paths where a file stands that dtsconf didn't write; apply refuses them without --adopt."""
        return tuple(c.path for c in self.changes if c.adopts)

    @property
    def outline(self) -> tuple[object, ...]:
        """What must not differ between the plan that was asked about and the one that is carried out."""
        return (
            self.digest,
            self.left,
            tuple((c.action, c.path, c.reason, c.adopts) for c in self.changes if c.reason != "secret"),
        )


@frozen
class States:
    """What a plan is computed from. `found` by path, None where nothing stands; `same(content, digest)` tells whether
    a recorded digest is this content's, None when the caller lacks the machine's key. `put_back` are paths of adopted
    files that are to stand there again, with their kept content (None: not readable); `gids` the ids of groups by
    name."""

    want: Desired
    found: Mapping[str, Standing | None]
    last: Generation | None
    same: Callable[[bytes, str], bool | None]
    put_back: Mapping[str, bytes | None] = field(default_factory=dict)
    back_to_nothing: bool = False
    gids: Mapping[str, int] = field(default_factory=dict)
    secrets_read: bool = False
    rotated: tuple[str, ...] = ()
    unlooked: tuple[str, ...] = ()


def compute(states: States, profile: str, from_environment: tuple[str, ...] = ()) -> Plan:
    """The plan. With `back_to_nothing` (rollback 0, purge) files of ours go even if somebody changed them."""
    records = {record.path: record for record in states.last.targets} if states.last else {}
    changes = [change for file in states.want.files if (change := _wanted(file, records.get(file.path), states))]
    taken = [path for path in states.put_back if path not in records and states.found.get(path) is not None]
    changes += [_restored(path, states) for path in states.put_back if path not in taken]
    wanted = {file.path for file in states.want.files} | set(states.put_back)
    dropped = [record for path, record in records.items() if path not in wanted]
    left = taken
    for record in dropped:
        change = _dropped(record, states)
        if change is None:
            left.append(record.path)
        else:
            changes.append(change)
    unread = tuple(sorted(path for path, found in states.found.items() if found is not None and found.content is None))
    changes.sort(key=lambda change: change.path)
    last = states.last.number if states.last else None
    return Plan(
        tuple(changes), states.want.digest, profile, last, from_environment, tuple(sorted(left)), unread,
        states.want.warnings, states.secrets_read, states.rotated, states.unlooked,
    )  # fmt: skip


def text_digest(text: str) -> str:
    """SHA-256 of a text with its secrets masked (`TargetRecord.shown`)."""
    return hashlib.sha256(text.encode()).hexdigest()


def _wanted(file: TargetFile, record: TargetRecord | None, states: States) -> Change | None:
    found = states.found.get(file.path)
    steady = record is not None and _as_wanted_before(file, record, states)
    regrouped = _regrouped(file, record, states)
    untouched = record is not None and found is not None and as_left(record, found, states.same) and not regrouped
    if steady and untouched:
        return None
    foreign = record is None and found is not None
    content = found.content if found else None
    text, texts = diff.file_diff(file, content, there=found is not None, foreign=foreign, ours=untouched)
    text = diff.with_rotated(text, states.rotated) if file.secret else text
    text += _mode_words(file, record, found) if record is not None and found is not None else ""
    text += f"# group {file.group} has id {states.gids[file.group]} now\n" if regrouped and file.group else ""
    reason = _reason(states, steady=steady, untouched=untouched or (record is None))
    return Change(file.kind, "update" if found else "create", file.path, text, reason, foreign, texts)


def _regrouped(file: TargetFile, record: TargetRecord | None, states: States) -> bool:
    """Whether the group that may read a file has another id by now: made anew on the machine, it can read it no more,
    and whoever has its old id can."""
    if record is None or file.group is None or file.group != record.group:
        return False
    return states.gids.get(file.group, record.asked[2]) != record.asked[2]


def _as_wanted_before(file: TargetFile, record: TargetRecord, states: States) -> bool:
    if (file.mode, file.group, file.secret) != (record.asked[0], record.group, record.secret):
        return False
    verdict = None if file.content is None else states.same(file.content, record.digest)
    return text_digest(file.shown) == record.shown if verdict is None else verdict


def _reason(states: States, *, steady: bool, untouched: bool) -> Reason:
    if steady:
        return "machine"
    if not untouched:
        return "both"
    return "secret" if states.last is not None and states.last.result == states.want.digest else "profile"


def _mode_words(file: TargetFile, record: TargetRecord, found: Standing) -> str:
    if file.secret and (found.mode, found.uid, found.gid) != (record.mode, record.uid, record.gid):
        return (
            f"# found with mode {found.mode:04o}, owner {found.uid}:{found.gid}; "
            f"left with mode {record.mode:04o}, owner {record.uid}:{record.gid}\n"
        )
    if found.mode & ~record.mode & EVERYBODY_WRITES:
        return f"# found with mode {found.mode:04o}: everybody may write it\n"
    if (file.mode, file.group) != (record.asked[0], record.group):
        return f"# mode {record.asked[0]:04o} -> {file.mode:04o}" + (f", group {file.group}\n" if file.group else "\n")
    return ""


def _dropped(record: TargetRecord, states: States) -> Change | None:
    found = states.found.get(record.path)
    untouched = found is None or as_left(record, found, states.same)
    if not untouched and not states.back_to_nothing:
        return None
    text, texts = diff.removal(record.kind, record.path, found.content if found else None, there=found is not None)
    reason: Reason = "profile" if untouched and found else "both"
    return Change(record.kind, "delete", record.path, text, reason, texts=texts)


def _restored(path: str, states: States) -> Change:
    found = states.found.get(path)
    text = diff.restored(path, found.content if found else None, states.put_back[path], there=found is not None)
    kinds = {record.path: record.kind for record in states.last.targets} if states.last else {}
    return Change(kinds.get(path, "dts"), "update" if found else "create", path, text, "profile")
