"""How a secret is stored anew, by the reference that names it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from dtsconf.secret.asking import BOTH, asking_command, kept_in_vault, piping_command

if TYPE_CHECKING:
    from dtsconf.secret.ref import Reference


def path_of(reference: Reference) -> str:
    """The path that a `file://` reference names; `/C:/secrets/x` is a path of Windows with a slash in front."""
    rest = reference.rest
    return rest[1:] if re.match(r"/[A-Za-z]:[/\\]", rest) else rest


def writing(path: str, *, pem: bool = False) -> str:
    """What to do for a file that lacks its secret, in words for this system. `pem`: see `Reference`."""
    return _writing(path, "write it there", pem=pem)


def storing(reference: Reference) -> str:
    """What to do to store it anew where the reference points; a whole line to type where that can be told."""
    if reference.scheme == "file":
        return _writing(path_of(reference), "store it anew", pem=reference.pem)
    if reference.scheme == "keyring":
        from shlex import quote

        piped = f"{BOTH} | " if reference.pem else ""
        return f"store it anew: {piped}dtsconf secret set {quote(str(reference))}"
    if reference.scheme == "env":
        return f"set {reference.rest} anew for this run"
    if reference.scheme == "vault" and sys.platform != "win32":
        return f"store it anew: {_patching(reference)}"
    return f"store it anew at {reference}"


def _patching(reference: Reference) -> str:
    path, _, field = (part.partition("?")[0] for part in reference.rest.partition("#"))
    return kept_in_vault(path, field, pem=reference.pem)


def is_own(path: str) -> bool:
    """Whether a file is the caller's by where it lies: below their home; others are taken for root's."""
    home = os.path.expanduser("~").rstrip("/")
    return bool(home) and path.startswith(f"{home}/")


def _writing(path: str, doing: str, *, pem: bool) -> str:
    if sys.platform == "win32":
        return f"{doing}: write the secret into {path}, readable only for who runs dtsconf"
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        own = is_own(path)
        command = piping_command(path, own=own) if pem else asking_command(path, own=own)
        return f"{doing}: {command}"
