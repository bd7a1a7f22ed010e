"""The outgoing-email settings of DTS, as code.

`load`, `plan`, `apply`, `check` and `send` are the commands `show`, `plan`, `apply`, `test` and `send` as functions
with typed results; the command line is a thin shell over them. They are imported on first use, so that `import dtsconf`
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.version import __version__

if TYPE_CHECKING:
    from dtsconf.api import apply, check, load, plan
    from dtsconf.errors import DtsconfError
    from dtsconf.sending.function import send

__all__ = ["DtsconfError", "__version__", "apply", "check", "load", "plan", "send"]


def __getattr__(name: str) -> Any:
    if name == "DtsconfError":
        from dtsconf.errors import DtsconfError

        return DtsconfError
    if name == "send":
        from dtsconf.sending.function import send

        return send
    if name in {"apply", "check", "load", "plan"}:
        from dtsconf import api

        return getattr(api, name)
    raise AttributeError(f"module 'dtsconf' has no attribute '{name}'")
