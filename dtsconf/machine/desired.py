"""What an organisation's settings want on the machine: the files of all targets, with or without the secrets. Pure.

The same settings give the same bytes, but for the secrets' ids, which are the machine's own. Refuses what a delivery or
a target can't do (code 3), so that it shows at plan and not in the middle of an apply.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Notice, Problem
from dtsconf.frozen import frozen
from dtsconf.machine.targets import dts, msmtp
from dtsconf.machine.targets.file import KNOWN_AT_APPLY, TargetFile
from dtsconf.settings import machine_config
from dtsconf.settings.references import secrets_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.errors import Where
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.sections import Target


@frozen
class Ground:
    """What the machine gives the targets: their default paths by kind, its platform (linux, darwin, win32), and the
    folder of dtsconf's own state, in which no target can lie."""

    paths: Mapping[str, str]
    platform: str
    state: str = "/var/lib/dtsconf"


@frozen
class Desired:
    """The wanted state. `references` are the delivered secrets' references by settings key, `ids` theirs as far as
    they are known; `config` is the machine config's text, also kept when no target `dts` is wanted."""

    files: tuple[TargetFile, ...]
    config: str = field(repr=False)
    digest: str
    references: Mapping[str, str]
    ids: Mapping[str, str]
    warnings: tuple[Notice, ...] = ()


NOTHING = Desired((), "", hashlib.sha256(b"[]").hexdigest(), {}, {})
"""What is wanted of a machine that is to be as it was before dtsconf."""


def delivered_references(effective: Effective) -> dict[str, str]:
    """The references whose values are delivered in a file; empty with delivery `reference`."""
    return secrets_in_use(effective) if effective.org.secrets.deliver == "file" else {}


def desired(
    effective: Effective, ground: Ground, *, ids: Mapping[str, str], secrets: Mapping[str, Secret] | None = None
) -> Desired:
    """The wanted files. `ids` by settings key as far as known; `secrets` the fetched values, or None in a plan.

    Raises:
        Invalid: code 3: a target or a delivery can't do what the settings say, two targets share a path.
    """
    problems = _delivery_problems(effective)
    files: list[TargetFile] = []
    references = delivered_references(effective)
    for target in effective.org.targets:
        try:
            files += _files(target, effective, ground, ids, secrets)
        except Invalid as e:
            problems += e.problems
    problems += [*_clashes(files, effective), *_within(files, ground.state)]
    if problems:
        raise Invalid(effective.org.with_excerpts(problems))
    files.sort(key=lambda file: file.path)
    known = {key: ids.get(key, KNOWN_AT_APPLY) for key in references}
    config = machine_config.to_bytes(effective, delivered=known).decode()
    return Desired(tuple(files), config, digest(files), references, ids, _warnings(effective, files))


def digest(files: list[TargetFile]) -> str:
    """Of the result: every file's place, mode and text, secrets as references, ids left out (SHA-256, hex)."""
    rows = [[file.kind, file.path, file.mode, file.group, file.stable] for file in files]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _files(
    target: Target, effective: Effective, ground: Ground, ids: Mapping[str, str], secrets: Mapping[str, Secret] | None
) -> list[TargetFile]:
    path = target.path or _default_path(target.kind, ground)
    references = delivered_references(effective)
    group = effective.org.secrets.group
    if target.kind == "msmtp":
        return [_msmtp(path, effective, ground, secrets)]
    known = {key: ids.get(key, KNOWN_AT_APPLY) for key in references}
    config = machine_config.to_bytes(effective, delivered=known)
    stable = machine_config.to_bytes(effective, delivered={})
    complete = KNOWN_AT_APPLY not in known.values()
    files = [dts.config_file(path, config, stable, complete=complete)]
    if references:
        files.append(dts.secrets_file(path, known, references, secrets, group))
    return files


def _default_path(kind: str, ground: Ground) -> str:
    if kind not in ground.paths:
        raise Invalid(
            (
                Problem(
                    "target",
                    f"target {kind} has no place on this system ({ground.platform})",
                    "take it out of targets, or give it a path: {kind: ..., path: ...}",
                    key="targets",
                ),
            )
        )
    return ground.paths[kind]


def _msmtp(path: str, effective: Effective, ground: Ground, secrets: Mapping[str, Secret] | None) -> TargetFile:
    password = None
    for key, reference in secrets_in_use(effective).items():
        value = (secrets or {}).get(key)
        password = msmtp.Password(
            reference, effective.org.secrets.deliver, value, effective.org.secrets.group, ground.platform
        )
    head = f"Written by dtsconf from the profile {effective.org.name}; a change made here is undone by the next apply."
    return msmtp.msmtp_file(path, effective.settings, password, head, lambda key: _place(effective, key))


def _place(effective: Effective, key: str) -> Where | None:
    setting = effective.origin.get(key)
    return None if setting is None else setting.where


def _delivery_problems(effective: Effective) -> list[Problem]:
    if effective.org.secrets.deliver != "reference":
        return []
    from dtsconf.settings.targeting import undeliverable

    return undeliverable(effective.origin, effective.org)


def _clashes(files: list[TargetFile], effective: Effective) -> list[Problem]:
    paths = [file.path for file in files]
    if len(set(paths)) == len(paths):
        return []
    from dtsconf.settings.targeting import clashes

    return clashes(paths, effective.org)


def _within(files: list[TargetFile], state: str) -> list[Problem]:
    return [
        Problem("target", f"{file.path} lies in dtsconf's own folder", "name another path in targets", key="targets")
        for file in files
        if file.path.startswith((f"{state}/", f"{state}\\"))
    ]


def _warnings(effective: Effective, files: list[TargetFile]) -> tuple[Notice, ...]:
    notices = []
    if any(file.secret for file in files) and not effective.org.secrets.group:
        message = "the delivered secret is readable only for the owner of its file, so only they can send"
        notices.append(
            Notice(
                "secret-group", message, "let a group read it with secrets.group", key="secrets.group", standing=True
            )
        )
    if effective.settings.sender.name and any(file.kind == "msmtp" for file in files):
        message = "msmtp has no setting for sender.name: programs that send through it give the name themselves"
        notices.append(Notice("target", message, None, _place(effective, "sender.name"), "sender.name", standing=True))
    policy = effective.org.policy
    if (policy.recipients or policy.max_size) and any(file.kind == "msmtp" for file in files):
        message = "msmtp has no setting for policy.recipients and max_size: they hold for dtsconf's own mail only"
        where = policy.recipients[0].where if policy.recipients else None
        notices.append(Notice("target", message, None, where, "policy", standing=True))
    if msmtp.picks_plain(effective.settings) and any(file.kind == "msmtp" for file in files):
        message = (
            "msmtp picks no mechanism by itself that shows the password on an unencrypted connection; it gets plain"
        )
        hint = "set login.mechanism, if the server wants another one"
        notices.append(
            Notice("target", message, hint, _place(effective, "login.mechanism"), "login.mechanism", standing=True)
        )
    return tuple(notices)
