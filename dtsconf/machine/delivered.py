"""The file of delivered secrets: ids to values, beside the machine config that names the ids. Pure.

Apply writes it first with the old ids and the new ones, and last with the new ones alone, so whichever config a reader
has, its secret is there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1


def secrets_path(config_path: str) -> str:
    """Where the secrets of a machine config lie: `/etc/dts/email.json` -> `/etc/dts/email.secrets.json`."""
    return config_path.removesuffix(".json") + ".secrets.json"


def to_bytes(values: Mapping[str, str]) -> bytes:
    """The file's text: sorted JSON, two spaces, a newline at the end. `values` are id -> secret (or its mask)."""
    data = {"format": FORMAT, "secrets": dict(values)}
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def from_bytes(data: bytes) -> dict[str, str]:
    """Read what `to_bytes` wrote; what is not of that form counts as holding no secret (an empty mapping)."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    found = loaded.get("secrets") if isinstance(loaded, dict) and loaded.get("format") == FORMAT else None
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}
