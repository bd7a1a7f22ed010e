"""Target `dts`: the machine config and, with delivery `file`, the delivered secrets beside it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.machine import delivered
from dtsconf.machine.targets.file import KNOWN_AT_APPLY, MASK, TargetFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.secret.value import Secret

KIND = "dts"


def config_file(path: str, config: bytes, stable: bytes, *, complete: bool) -> TargetFile:
    """The machine config (0644). `complete` is False while an id or a settled `auto` in it is known at apply only."""
    return TargetFile(KIND, path, 0o644, config.decode(), stable.decode(), config if complete else None)


def secrets_file(
    config_path: str,
    ids: Mapping[str, str],
    references: Mapping[str, str],
    values: Mapping[str, Secret] | None,
    group: str | None,
) -> TargetFile:
    """The delivered secrets (0600, or 0640 with a group). `ids` and `references` by settings key; `values` too, or
    None when no secret was fetched."""
    shown = delivered.to_bytes({ids.get(key, KNOWN_AT_APPLY): MASK for key in references}).decode()
    stable = "\n".join(f"{key} {reference}" for key, reference in sorted(references.items()))
    content = None if values is None else delivered.to_bytes({ids[key]: values[key].reveal() for key in references})
    path = delivered.secrets_path(config_path)
    return TargetFile(KIND, path, 0o640 if group else 0o600, shown, stable, content, secret=True, group=group)
