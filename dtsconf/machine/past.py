"""What a generation remembers of a host and port: whether `auto` was settled on TLS there, when it was proven, and with
which user name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dtsconf.machine.generations import settled_at
from dtsconf.proof import NEEDS_LOGIN, Past

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation


def past_of(generation: Generation | None, host: str, port: int, *, forget_tls: bool = False) -> Past:
    """What this machine's last generation knows of them, None before the first; `forget_tls`: plain is accepted now."""
    if generation is None:
        return Past()
    settled = generation.settled.get(settled_at(host, port))
    tls = settled is not None and settled.encryption != "none" and not forget_tls
    return Past(tls, *_proven(generation, host, port))


def _proven(generation: Generation, host: str, port: int) -> tuple[str | None, str | None]:
    """When it was proven, and with which user name."""
    proof = generation.proof
    if proof.state != "verified" or proof.time is None or generation.config is None:
        return None, None
    try:
        settings = json.loads(generation.config)["settings"]
        place, login = _place(settings), settings.get("login") or {}
        name = login.get("username") if login.get("required") and proof.level in NEEDS_LOGIN else None
    except (ValueError, KeyError, TypeError, AttributeError):  # a record that was changed by hand proves nothing
        return None, None
    same = isinstance(place[0], str) and (place[0].lower(), place[1]) == (host.lower(), port)
    return (None, None) if not same else (f"{proof.time[:10]} {proof.time[11:16]} UTC", name)


def _place(settings: dict[str, dict[str, object]]) -> tuple[object, object]:
    """Host and port of a machine config's settings."""
    from dtsconf.settings.model import DEFAULT_PORTS

    server = settings["server"]
    return server["host"], server["port"] or DEFAULT_PORTS[str(server["encryption"])]
