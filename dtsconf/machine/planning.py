"""Looks at the machine and at what is wanted of it, and makes the plan: takes no lock, makes no key, asks nobody.

The engine goes through here too, before the lock and again under it, so that what is applied is what was planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, Notice
from dtsconf.frozen import frozen
from dtsconf.machine import generations
from dtsconf.machine.desired import NOTHING, Desired, Ground, delivered_references, desired
from dtsconf.machine.forgotten import forgotten
from dtsconf.machine.owners import group_id
from dtsconf.machine.plan import Plan, States, compute
from dtsconf.machine.recovery import undisturbed
from dtsconf.machine.rights import odd_rights
from dtsconf.machine.saved_plan import SavedPlan, saved
from dtsconf.machine.settling import remembered
from dtsconf.machine.survey import Survey, readable_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.errors import Problem
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.record import Generation, ProfileRecord
    from dtsconf.machine.request import Machine, Options
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective

Fetch = Callable[[str, str], "Secret"]


@frozen
class Goal:
    """What a run wants: `load` the effective settings, computed anew each time (None: the machine as it was before
    dtsconf). `command` as the user knows it; `old` the generation that a rollback goes back to."""

    command: str
    load: Callable[[], Effective] | None
    old: Generation | None = None

    def profile(self, effective: Effective | None, options: Options) -> ProfileRecord | None:
        """The profile to put on record."""
        from dtsconf.machine.record import ProfileRecord

        if self.old is not None:
            return self.old.profile
        return None if effective is None else ProfileRecord(effective.org.name, effective.org.digest, options.commit)


@frozen
class Planned:
    """A plan with all that it was made from."""

    plan: Plan
    want: Desired
    last: Generation | None
    survey: Survey = field(repr=False)
    effective: Effective | None = None

    def save(self, *, profile: str | None, sets: tuple[str, ...]) -> SavedPlan:
        """The plan to put aside: `profile` absolute, `sets` the texts of --set. Raises: DtsconfError: it goes back to
        before dtsconf."""
        if self.effective is None:
            raise DtsconfError("a plan that goes back to before dtsconf can't be saved", "use dtsconf rollback 0")
        found = {file.path: self.survey.standing(file.path) for file in self.want.files}
        return saved(self.plan, self.effective, self.want, found, profile=profile, sets=sets)


def plan(load: Callable[[], Effective], machine: Machine, *, fetch: Fetch | None = None) -> Planned:
    """What apply would change. `load` computes the effective settings; with `fetch` secrets are read, to see rotated
    ones (`plan --secrets`).

    Raises:
        Invalid: settings that a target or delivery can't do (3), a rule broken by what `auto` was settled to (4).
        SecretUnavailable: with `fetch`.
        DtsconfError: what stands on the machine can't be looked at.
    """
    return undisturbed(machine.system, machine.layout, lambda: _planned(load, machine, fetch))


def _planned(load: Callable[[], Effective], machine: Machine, fetch: Fetch | None) -> Planned:
    last = generations.current(machine.system, machine.layout)
    effective = remembered(load(), last)
    if fetch is None:
        return _foreseen(look(machine, last, effective), effective)
    secrets = {key: fetch(reference, key) for key, reference in delivered_references(effective).items()}
    ids = secret_ids(machine, secrets)
    comparable = len(ids) == len(secrets)
    known = secrets if comparable else None
    return _foreseen(look(machine, last, effective, ids=ids, secrets=known, secrets_read=True), effective)


def _foreseen(planned: Planned, effective: Effective) -> Planned:
    """With a warning where apply will refuse, since values are missing that the profile expects by then, or roots; or
    each send, where apply makes no test."""
    from dtsconf.settings.check import owed
    from dtsconf.settings.roots import fault_in, vault_fault_in

    missing = effective.missing and "user" not in effective.org.verify.pending
    found = list(owed(effective, user=False)) if missing else []
    who = "apply" if effective.org.verify.level != "none" else "each send"
    told = [_refused("apply", each) for each in found]
    told += [_refused(who, each) for each in (fault_in(effective),) if each is not None]
    reads = "apply" if effective.org.secrets.deliver == "file" else who
    told += [_refused(reads, each) for each in (vault_fault_in(effective),) if each is not None]
    return replace(planned, plan=replace(planned.plan, warnings=(*told, *planned.plan.warnings))) if told else planned


def _refused(who: str, problem: Problem) -> Notice:
    message = f"{who} will refuse this: {problem.message}"
    return Notice(problem.kind, message, problem.hint, problem.where, problem.key)


def secret_ids(machine: Machine, secrets: Mapping[str, Secret]) -> dict[str, str]:
    """The ids of fetched secrets under the machine's key; none while there is no key."""
    key = readable_key(machine.system, machine.layout)
    return {} if key is None else {name: key.secret_id(name, value.reveal()) for name, value in secrets.items()}


def known_ids(effective: Effective, last: Generation | None) -> dict[str, str]:
    """The ids that are delivered now, for the secrets whose reference is still the same."""
    references = delivered_references(effective)
    if last is None:
        return {}
    return {key: last.delivered[key] for key, ref in references.items() if last.references.get(key) == ref}


def look(
    machine: Machine,
    last: Generation | None,
    effective: Effective | None,
    *,
    ids: Mapping[str, str] | None = None,
    secrets: Mapping[str, Secret] | None = None,
    secrets_read: bool = False,
    lost: list[str] | None = None,
) -> Planned:
    """Compare wanted, found and last applied.

    `secrets` are the fetched ones with their `ids`, None when there are none to compare; `secrets_read` tells that they
    were fetched nevertheless. `effective` None wants the machine as it was before dtsconf; adopted files that are not
    kept any more are an error then, or go into `lost`.

    Raises: as `plan`.
    """
    survey = Survey(machine.system, machine.layout)
    want = NOTHING if effective is None else _wanted(machine, effective, ids, last, secrets)
    put_back = _put_back(machine, last, lost) if effective is None else {}
    paths = {file.path for file in want.files} | {record.path for record in (last.targets if last else ())}
    found = {path: survey.standing(path) for path in sorted(paths | set(put_back))}
    rotated, unlooked = _rotation(want, last, compared=secrets is not None)
    read = secrets_read or secrets is not None
    gids = _group_ids(machine, want, effective)
    states = States(want, found, last, survey.same, put_back, effective is None, gids, read, rotated, unlooked)
    name = effective.org.name if effective else ""
    made = compute(states, name, effective.from_environment if effective else ())
    odd = odd_rights(last, survey, machine.system) if effective else ()
    known = forgotten(survey, machine.system, machine.layout) if made.needs_adopt else None
    return Planned(_with_warnings(made, effective, machine, odd, known), want, last, survey, effective)


def _rotation(want: Desired, last: Generation | None, *, compared: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the secrets that are delivered now and wanted further: the keys whose value changed, and those of which that
    can't be told."""
    delivered = {key: last.delivered[key] for key in want.references if key in last.delivered} if last else {}
    if not compared:
        return (), tuple(sorted(delivered))
    return tuple(sorted(key for key, known in delivered.items() if want.ids.get(key) != known)), ()


def _wanted(
    machine: Machine,
    effective: Effective,
    ids: Mapping[str, str] | None,
    last: Generation | None,
    secrets: Mapping[str, Secret] | None,
) -> Desired:
    known = known_ids(effective, last) if ids is None else ids
    return desired(effective, ground(machine.layout), ids=known, secrets=secrets)


def _group_ids(machine: Machine, want: Desired, effective: Effective | None) -> dict[str, int]:
    """The ids of the groups that are to read files, by name. Raises: Invalid: the machine doesn't know one."""
    org = effective.org if effective else None
    groups = {file.group for file in want.files if file.group}
    return {group: group_id(machine.system, machine.layout, group, org) for group in groups}


def refuse_unfit(machine: Machine, effective: Effective, secrets: Mapping[str, Secret]) -> None:
    """With delivery `reference` no file holds the values, but a target may have a no to one of them.

    Raises:
        Invalid: code 3.
    """
    if effective.org.secrets.deliver == "reference":
        desired(effective, ground(machine.layout), ids={}, secrets=secrets)


def ground(layout: Layout) -> Ground:
    """The targets' places on this machine."""
    return Ground(layout.targets, layout.kind, layout.state)


def _put_back(machine: Machine, last: Generation | None, lost: list[str] | None) -> dict[str, bytes | None]:
    kept: dict[str, bytes | None] = {}
    for adopted in last.adopted if last else ():
        if machine.system.facts(adopted.kept) is None and lost is not None:
            lost.append(adopted.path)
            continue
        if machine.system.facts(adopted.kept) is None:
            place = machine.system.shown(adopted.path)
            message = f"{machine.system.shown(adopted.kept)} is gone, so what stood at {place} can't be put back"
            raise DtsconfError(message, f"put a file there that shall become {place}")
        try:
            found = machine.system.look(adopted.kept)
        except PermissionError:
            found = None
        kept[adopted.path] = found.content if found else None
    return kept


def _with_warnings(
    made: Plan, effective: Effective | None, machine: Machine, odd: tuple[Notice, ...], known: str | None
) -> Plan:
    """With all that is odd; `known`: what is to be said of a machine config that stands there, see `forgotten`."""
    system = machine.system
    notices = [*(effective.warnings if effective else ()), *made.warnings, *odd]
    lost = generations.unsure(system, machine.layout)
    notices += [lost] if lost is not None and lost not in notices else []
    for path in map(system.shown, made.left):
        message = f"{path} belongs to a target that the profile has dropped, but somebody changed it, so it stays"
        notices.append(Notice("left", message, f"look at it, then: rm {path}"))
    config = system.shown(machine.layout.config)
    for path in map(system.shown, made.needs_adopt):
        strange = f"{path} stands there and was not written by dtsconf"
        message = f"{known if known and path == config else strange}; apply refuses to replace it"
        notices.append(Notice("adopt", message, f"apply --adopt keeps it as {kept_name(path)}"))
    return replace(made, warnings=tuple(notices), damaged=lost is not None)


def kept_name(path: str) -> str:
    """Where an adopted file is kept: beside, as NAME.before-dtsconf."""
    return f"{path}.before-dtsconf"
