"""What somebody chose for a file of ours that survives an apply, and yet shuts senders out or lets a stranger decide: a
warning with the command that takes it back. Cheap."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.errors import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.machine.record import Generation, TargetRecord
    from dtsconf.machine.standing import Standing
    from dtsconf.machine.survey import Survey
    from dtsconf.machine.system import System

_OTHERS_READ = 0o004


def odd_rights(generation: Generation | None, survey: Survey, system: System) -> tuple[Notice, ...]:
    """A warning for each file without a secret that belongs to somebody whom dtsconf doesn't know, or that was readable
    for everybody and isn't any more. Raises: DtsconfError, Refused."""
    if generation is None:
        return ()
    found: list[Notice] = []
    for record in generation.targets:
        standing = None if record.secret else survey.standing(record.path)
        if standing is not None:
            path = system.shown(record.path)
            found += _owner(path, record, standing)
            found += _mode(path, record, standing)
    return tuple(found)


def _owner(path: str, record: TargetRecord, found: Standing) -> Iterator[Notice]:
    _, ours, _ = record.asked
    if found.uid in (0, ours):
        return
    message = (
        f"{path} belongs to user id {found.uid}, who so decides where mails and passwords go; apply keeps an owner"
    )
    yield Notice("owner", message, f"unless that is meant, as root: chown {ours} {quote(path)}")


def _mode(path: str, record: TargetRecord, found: Standing) -> Iterator[Notice]:
    if record.asked[0] & ~found.mode & _OTHERS_READ and found.mode != record.mode:
        message = f"{path} has mode {found.mode:04o}, was {record.mode:04o}: who can't read it can't send"
        yield Notice("mode", message, f"unless that is meant, as root: chmod {record.mode:o} {quote(path)}")
