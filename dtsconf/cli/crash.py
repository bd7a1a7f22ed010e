"""Where a fault of dtsconf's own leaves its traceback: a private file, frames and types only.

The exceptions' texts are left out: a library may have put a secret into one.
"""

from __future__ import annotations

import os


def crash_file(bug: BaseException, root: str | None) -> str | None:
    """Write the traceback into the user's state folder (0600) and return its path; None when nothing can be written."""
    import sys
    import time
    from secrets import token_hex

    from dtsconf.files import private_folder
    from dtsconf.machine.layout import Layout

    state = Layout(root).user_state()
    folder = os.path.join(state, "crashes")
    path = os.path.join(folder, f"{time.strftime('%Y%m%dT%H%M%S')}-{token_hex(4)}.txt")
    try:
        os.makedirs(os.path.dirname(state), mode=0o755, exist_ok=True)
        private_folder(folder, durable=False)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return None
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(f"dtsconf {_version()}, Python {sys.version.split()[0]}, {sys.platform}\n{_frames(bug)}")
    return path


def _frames(bug: BaseException) -> str:
    from traceback import extract_tb

    parts = []
    seen: BaseException | None = bug
    while seen is not None:
        lines = "".join(f"  {f.filename}:{f.lineno} in {f.name}\n" for f in extract_tb(seen.__traceback__))
        parts.append(f"{type(seen).__module__}.{type(seen).__qualname__} (text left out)\n{lines}")
        seen = seen.__cause__ or seen.__context__
    return "caused by:\n".join(parts)


def _version() -> str:
    from dtsconf.version import __version__

    return __version__
