"""What is there to sign in with: a broker, a browser, or only a terminal. Which flow `auto` takes, and why.

Microsoft's order: a broker proves the device as well, which policies may ask for; a browser comes next; policies for
compliant devices block the device code, which is for machines that have nothing else.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from typing import Literal

from dtsconf.auth import clouds
from dtsconf.auth.request import Wanted
from dtsconf.errors import SignInFailed
from dtsconf.frozen import frozen

PATIENCE = 3.0
"""Seconds after which a browser that still runs has started."""
_SCREEN = frozenset(
    {
        "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP",
        "XDG_DATA_DIRS", "XDG_CONFIG_DIRS", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION",
    }
)  # fmt: skip
"""What a browser needs to find the screen and itself (XDG Base Directory Specification, X(7))."""
_STARTED: list[object] = []
"""Browsers that run on: a process that nobody holds any more would be complained about."""

Asking = Literal["broker", "browser", "device-code"]


@frozen
class Choice:
    """The flow to use and the reason, which ends a sentence that begins with the flow's name."""

    flow: Asking
    why: str


def choose(wanted: Wanted, environ: Mapping[str, str]) -> Choice:
    """The flow for a person.

    Raises:
        SignInFailed: the broker is asked for, and there is none.
    """
    missing = broker_missing(wanted)
    if wanted.flow == "broker":
        if missing is not None:
            hint = "let dtsconf take what there is: --set microsoft.flow=auto"
            raise SignInFailed(f"there is no broker to sign in with: {missing}", hint)
        return Choice("broker", "microsoft.flow says so")
    if wanted.flow in {"browser", "device-code"}:
        return Choice(wanted.flow, "microsoft.flow says so")
    if missing is None:
        return Choice("broker", "it is there, and it proves this device as well")
    screen = screen_missing(environ)
    if screen is None:
        return Choice("browser", f"there is a screen, and no broker ({missing})")
    return Choice("device-code", f"there is no broker ({missing}) and no browser ({screen})")


def ways(wanted: Wanted, environ: Mapping[str, str]) -> tuple[Asking, ...]:
    """The flows that a person could take here, in the order of what they prove."""
    broker: tuple[Asking, ...] = ("broker",) if broker_missing(wanted) is None else ()
    browser: tuple[Asking, ...] = ("browser",) if screen_missing(environ) is None else ()
    return (*broker, *browser, "device-code")


def broker_missing(wanted: Wanted) -> str | None:
    """Why there is no broker; None when there is one."""
    system = platform.system()
    if not clouds.is_microsoft(wanted.authority):
        return "it signs in to Microsoft only"
    if system not in ("Windows", "Darwin"):
        return "there are brokers on Windows and macOS only"
    if system == "Darwin" and platform.machine() != "arm64":
        return "on macOS it needs Apple silicon"
    from importlib.util import find_spec

    return None if find_spec("pymsalruntime") else "its package isn't installed: pip install 'dtsconf[broker]'"


def screen_missing(environ: Mapping[str, str]) -> str | None:
    """Why no browser can be opened here; None when one can."""
    if environ.get("BROWSER"):
        return None
    if platform.system() == "Linux":
        named = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
        return None if named else "neither DISPLAY nor WAYLAND_DISPLAY is set"
    return "this is a remote session" if environ.get("SSH_CONNECTION") else None


def open_browser(address: str, environ: Mapping[str, str]) -> bool:
    """Open an https address in the user's browser: $BROWSER, or what the system takes for it. False where there is
    none, or it didn't start. The browser sees no more of the environment than it needs, and nothing of the terminal."""
    if screen_missing(environ) is not None or not address.startswith("https://") or not address.isprintable():
        return False
    if sys.platform == "win32":
        import os

        try:
            os.startfile(address)  # noqa: S606 - an https address, looked at above; Windows starts what belongs to it
        except OSError:
            return False
        return True
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        opener = environ.get("BROWSER") or ("open" if platform.system() == "Darwin" else "xdg-open")
        return _started([opener.partition(":")[0], address], environ)


def _started(words: list[str], environ: Mapping[str, str]) -> bool:
    """Start a program that is left to itself; whether it could be started, and did not fail at once."""
    import subprocess

    from dtsconf.files.children import plain_environ

    seen = plain_environ(environ, **{name: value for name, value in environ.items() if name in _SCREEN})
    null = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            words, stdin=null, stdout=null, stderr=null, env=seen, start_new_session=True, close_fds=True
        )
    except OSError:
        return False
    _STARTED.append(process)
    try:
        return process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        return True
