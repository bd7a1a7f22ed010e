"""What lets a user keep tokens in a folder that is closed to them: a line to type. Cheap: looks at modes."""

from __future__ import annotations

import os
import sys

_ME = '"$(id -un)"'


def opening(folder: str) -> str | None:
    """What opens the folder, or makes it; None on Windows, which knows no modes."""
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return opening_for(folder, os.geteuid())


def opening_for(folder: str, uid: int) -> str:
    """The same for the user of that number."""
    from shlex import quote

    for at in (folder, os.path.dirname(folder)):  # no further up: what lies there may be the system's
        try:
            facts = os.stat(at)
        except PermissionError:
            continue
        except OSError:
            break
        if facts.st_uid == uid and facts.st_mode & 0o700 != 0o700:
            return f"chmod u+rwx {quote(at)}"
        return f"sudo chown -R {_ME} {quote(at)}"
    return f"sudo install -d -m 700 -o {_ME} {quote(folder)}"
