"""What targets and the delivery of secrets can't do, as far as a profile alone tells it. Pure.

`validate` asks for it, and whoever makes the files of an apply: there the words are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dtsconf.errors import Notice, Problem
from dtsconf.settings.references import used

if TYPE_CHECKING:
    from dtsconf.settings.effective import Setting
    from dtsconf.settings.sections import Target
    from dtsconf.settings.values import Organisation

FRESH_TOKEN = (
    "in the CI job itself send with --profile, without apply: that stores nothing; or let the CI keep a fresh token in"
    " a file (file:///PATH), and set secrets.deliver to reference: each send then reads it"
)
"""What helps with a federated token in a variable, which is neither for a machine to keep nor for later to read."""

_OTHERWISE = "use secrets.deliver: file, or another kind of reference"


def undeliverable(values: Mapping[str, Setting], org: Organisation) -> list[Problem]:
    """Secrets in use that delivery `reference` can't hand on (code 3)."""
    if org.secrets.deliver != "reference":
        return []
    return [
        Problem(
            "delivery",
            f"{key}: an env:// secret can't be delivered as a reference: whoever sends later doesn't have the variable",
            FRESH_TOKEN if key == "microsoft.client_assertion" else _OTHERWISE,
            values[key].where,
            key,
        )
        for key, reference in used(values).items()
        if reference.startswith("env://")
    ]


def clashes(paths: Sequence[str], org: Organisation) -> list[Problem]:
    """Paths that more than one file is to be written to (code 3)."""
    twice = sorted({path for path in paths if paths.count(path) > 1})
    hint = "give each target a path of its own"
    where = org.place_of("targets")
    return [Problem("target", f"two targets want to write {path}", hint, where, "targets") for path in twice]


def written(targets: Iterable[Target], usual: Mapping[str, str]) -> list[str]:
    """The targets' own files; `usual` are the places by kind of those that name none. One that has none is left out."""
    return [path for target in targets if (path := target.path or usual.get(target.kind))]


def no_machine_config(org: Organisation) -> list[Notice]:
    """A warning where no target is the file that dtsconf itself sends with."""
    if any(target.kind == "dts" for target in org.targets):
        return []
    text = "targets has no dts, so the machine gets no machine config: show, test and send need --profile there"
    return [
        Notice(
            "target",
            text,
            "add dts to targets, unless nothing but msmtp sends",
            org.place_of("targets"),
            "targets",
            standing=True,
        )
    ]
