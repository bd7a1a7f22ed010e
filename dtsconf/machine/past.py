"""What a generation remembers of a host and port: whether `auto` was settled on TLS there, when it was proven, and with
which user name and password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dtsconf.machine.generations import settled_at
from dtsconf.proof import NEEDS_LOGIN, Past

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation
    from dtsconf.settings.effective import Effective


def past_of(
    generation: Generation | None, host: str, port: int, password: str | None = None, *, forget_tls: bool = False
) -> Past:
    """What this machine's last generation knows of them, None before the first; `password`: what the one that is used
    now is known by, see `known_password`; `forget_tls`: plain is accepted now."""
    if generation is None:
        return Past()
    settled = generation.settled.get(settled_at(host, port))
    tls = settled is not None and settled.encryption != "none" and not forget_tls
    return Past(tls, *_proven(generation, host, port, password))


def known_password(effective: Effective) -> str | None:
    """The reference by which a login's password can be told from another; '' for a variable's, which says nothing."""
    setting = effective.origin["login.password"]
    return "" if setting.layer == "environment" else setting.value


def _proven(generation: Generation, host: str, port: int, password: str | None) -> tuple[str | None, str | None, bool]:
    """When it was proven, with which user name, and whether not with this password, for all that is known."""
    proof = generation.proof
    if proof.state != "verified" or proof.time is None or generation.config is None:
        return None, None, False
    try:
        settings = json.loads(generation.config)["settings"]
        place, login = _place(settings), settings.get("login") or {}
        name = login.get("username") if login.get("required") and proof.level in NEEDS_LOGIN else None
        renewed = name is not None and login.get("password") != password
    except (ValueError, KeyError, TypeError, AttributeError):  # a record that was changed by hand proves nothing
        return None, None, False
    if not isinstance(place[0], str) or (place[0].lower(), place[1]) != (host.lower(), port):
        return None, None, False
    return f"{proof.time[:10]} {proof.time[11:16]} UTC", name, renewed


def _place(settings: dict[str, dict[str, object]]) -> tuple[object, object]:
    """Host and port of a machine config's settings."""
    from dtsconf.settings.model import DEFAULT_PORTS

    server = settings["server"]
    return server["host"], server["port"] or DEFAULT_PORTS[str(server["encryption"])]
