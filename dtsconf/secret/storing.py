"""How a secret is stored anew, by the reference that names it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from dtsconf.secret.asking import asking_command

if TYPE_CHECKING:
    from dtsconf.secret.ref import Reference


def path_of(reference: Reference) -> str:
    """The path that a `file://` reference names; `/C:/secrets/x` is a path of Windows with a slash in front."""
    rest = reference.rest
    return rest[1:] if re.match(r"/[A-Za-z]:[/\\]", rest) else rest


def writing(path: str) -> str:
    """What to do for a file that lacks its secret, in words for this system. Below the caller's home it is theirs."""
    if sys.platform == "win32":
        return f"write the secret into {path}, readable only for who runs dtsconf"
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        home = os.path.expanduser("~").rstrip("/")
        own = bool(home) and path.startswith(f"{home}/")
        return f"write it there: {asking_command(path, own=own)}"


def storing(reference: Reference) -> str:
    """What stores it anew where the reference points, as the end of a sentence."""
    if reference.scheme == "file":
        return writing(path_of(reference))
    if reference.scheme == "keyring":
        from shlex import quote

        return f"dtsconf secret set {quote(str(reference))}"
    return f"store it anew at {reference}"
