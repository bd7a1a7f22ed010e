"""What an application proves itself with, where it can be looked at without asking anybody: a file, or what apply left
on this machine. Whether it is what Microsoft takes, and until when. Of a password, whether the file is there that each
send reads: other stores have checks of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.doctor.check import Check, Subject
from dtsconf.machine.delivered import secrets_path
from dtsconf.secret.ref import parse
from dtsconf.secret.storing import path_of
from dtsconf.wiring import Inputs, hands

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective


def credential(subject: Subject) -> Iterator[Check]:
    """The secret that sending uses, by an application's flow, or by a password that is not delivered.

    Raises:
        SecretUnavailable: it can't be had, or is not what its setting wants.
    """
    effective = subject.effective
    if effective is None:
        return
    from dtsconf.settings.references import secrets_in_use

    for key, reference in secrets_in_use(effective).items():
        path = _file_of(subject, effective, key, reference)
        if effective.settings.mode == "smtp" and (path is None or effective.org.secrets.deliver == "file"):
            continue
        if path is None:
            yield Check("credential", "ok", f"{key} was not looked at: `dtsconf secret check` tries it")
        elif os.path.lexists(path) and not os.access(path, os.R_OK):
            yield Check("credential", "warn", f"{key}: {path} can't be read by this user", "run doctor as who sends")
        else:
            yield from _looked_at(Inputs(root=subject.layout.root), effective, key, reference)


def _file_of(subject: Subject, effective: Effective, key: str, reference: str) -> str | None:
    """The file that it is read from when mail is sent; None where it comes from elsewhere."""
    if effective.origin[key].layer == "machine" and key in effective.org.delivered:
        return subject.shown(secrets_path(effective.org.files[0]))
    return path_of(parse(reference)) if reference.startswith("file://") else None


def _looked_at(given: Inputs, effective: Effective, key: str, reference: str) -> Iterator[Check]:
    with hands.resolver_of(given, lambda: effective) as resolver:
        hands.secret_of(given, effective, resolver, key)
        until = resolver.ends(reference)
    odd = [Check("credential", "warn", f"{key}: {each.message}", each.hint) for each in resolver.warnings]
    yield from odd or [Check("credential", "ok", f"{key} can be used{f', until {until[:10]}' if until else ''}")]
