"""The outgoing-email settings of DTS, as code.

`load`, `plan`, `apply`, `check` and `send` are the commands `show`, `plan`, `apply`, `test` and `send` as functions
with typed results; the command line is a thin shell over them. What they raise is a `DtsconfError`, of the kinds that
are named here too. All are imported on first use, so that `import dtsconf` costs nothing.
"""

from __future__ import annotations

from dtsconf.version import __version__

TYPE_CHECKING = False  # typing itself comes with the program, once Ctrl-C is heard
if TYPE_CHECKING:
    from typing import Any

    from dtsconf.api import apply, check, load, plan
    from dtsconf.errors import DtsconfError, Invalid, SecretUnavailable, SignInFailed, UsageProblem
    from dtsconf.sending.deliver import NotSent
    from dtsconf.sending.function import send

__all__ = [
    "DtsconfError",
    "Invalid",
    "NotSent",
    "SecretUnavailable",
    "SignInFailed",
    "UsageProblem",
    "__version__",
    "apply",
    "check",
    "load",
    "plan",
    "send",
]

_PLACES = {
    "api": ("apply", "check", "load", "plan"),
    "errors": ("DtsconfError", "Invalid", "SecretUnavailable", "SignInFailed", "UsageProblem"),
    "sending.deliver": ("NotSent",),
    "sending.function": ("send",),
}


def __getattr__(name: str) -> Any:
    for module, names in _PLACES.items():
        if name in names:
            from importlib import import_module

            found = getattr(import_module(f"dtsconf.{module}"), name)
            globals()[name] = found  # so that this is asked once
            return found
    raise AttributeError(f"module 'dtsconf' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
