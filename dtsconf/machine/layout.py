"""Where everything lies: the only module that knows a platform's paths (contract: "Files").

Paths inside dtsconf are logical: absolute on the machine they are meant for, never with the folder of `--root` in
front. Plans, records and journals hold only these, so that a root folder may be moved or copied. `real` turns one into
the path to open. Looks nothing up on the disk.
"""

from __future__ import annotations

import os
import sys
from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Layout:
    """The paths of one machine. `root` is the folder of `--root` or None for the running system; `platform` is a
    value of `sys.platform`. With a root the layout is always the one of Linux."""

    root: str | None = None
    platform: str = sys.platform
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False, compare=False)

    @property
    def running_system(self) -> bool:
        """True without `--root`: what is written here is what this machine uses."""
        return self.root is None

    @property
    def kind(self) -> str:
        """The system whose places these are (linux, darwin, win32): under `--root` Linux's on any."""
        return "linux" if self.root is not None else self.platform

    @property
    def config_folder(self) -> str:
        """Folder of the machine config."""
        match self.kind:
            case "win32":
                return self._program_data("DTS")
            case "darwin":
                return "/Library/Application Support/DTS"
            case _:
                return "/etc/dts"

    @property
    def config(self) -> str:
        """The machine config, 0644."""
        return beside(self.config_folder, "email.json")

    @property
    def secrets(self) -> str:
        """The delivered secrets, 0600 or 0640."""
        return beside(self.config_folder, "email.secrets.json")

    @property
    def msmtp(self) -> str | None:
        """Default place of the msmtp target; None where there is none."""
        return None if self.kind == "win32" else "/etc/msmtprc"

    @property
    def targets(self) -> dict[str, str]:
        """The usual places of the targets that have one, by kind."""
        usual = {"dts": self.config, "msmtp": self.msmtp}
        return {kind: path for kind, path in usual.items() if path is not None}

    @property
    def state(self) -> str:
        """STATE: the machine state's folder, 0755."""
        match self.kind:
            case "win32":
                return self._program_data("dtsconf")
            case "darwin":
                return "/Library/Application Support/dtsconf"
            case _:
                return "/var/lib/dtsconf"

    @property
    def generations(self) -> str:
        """Folder of the generations' records."""
        return beside(self.state, "generations")

    def generation(self, number: int) -> str:
        """Record of one generation, 0644."""
        return beside(self.generations, f"{number}.json")

    @property
    def lock(self) -> str:
        """Lock of apply, 0600: whoever can open it can hold it."""
        return beside(self.state, "lock")

    @property
    def key(self) -> str:
        """The machine's own key, 0600."""
        return beside(self.state, "key")

    @property
    def journal(self) -> str:
        """There from the commit point to the record's end: an interrupted run is to be finished."""
        return beside(self.state, "journal.json")

    @property
    def undo(self) -> str:
        """The journal under its other name: an interrupted run is to be undone."""
        return beside(self.state, "undo.json")

    @property
    def staged(self) -> str:
        """Names of files and folders that a run in progress makes beside the targets."""
        return beside(self.state, "staged.json")

    def user_file(self) -> str:
        """The user's own settings (real path, not under `--root`)."""
        given = self.environ.get("DTSCONF_USER_FILE")
        if given:
            return os.path.abspath(given)
        match self.platform:
            case "win32":
                return beside(self._local_app_data(), "dts\\email.yaml")
            case "darwin":
                return self._home("Library/Application Support/dts/email.yaml")
            case _:
                return self._home(".config/dts/email.yaml")

    def user_state(self) -> str:
        """The calling user's state folder, 0700 (real path)."""
        return self.real(self.user_place())

    def user_place(self) -> str:
        """The logical path of the calling user's state folder."""
        if self.root is not None:
            return f"{self.state}/users/{_user_id()}"
        match self.platform:
            case "win32":
                return beside(self._local_app_data(), "dtsconf")
            case "darwin":
                return self._home("Library/Application Support/dtsconf")
            case _:
                state = self.environ.get("XDG_STATE_HOME", "")
                return beside(state if os.path.isabs(state) else self._home(".local/state"), "dtsconf")

    def user_session(self) -> str | None:
        """The calling user's folder in the memory that ends when they log out (real path); None where the environment
        names none. Each root folder has one of its own."""
        runtime = self.environ.get("XDG_RUNTIME_DIR", "")
        if not os.path.isabs(runtime):
            return None
        if self.root is None:
            return beside(runtime, "dtsconf")
        import hashlib

        return beside(runtime, f"dtsconf-{hashlib.sha256(os.path.abspath(self.root).encode()).hexdigest()[:12]}")

    def spool(self) -> str:
        """The calling user's queued messages, 0700 (real path)."""
        return beside(self.user_state(), "spool")

    def real(self, path: str) -> str:
        """The path to open for a logical one."""
        return path if self.root is None else os.path.join(os.path.abspath(self.root), path.lstrip("/"))

    def _program_data(self, name: str) -> str:
        return beside(self.environ.get("PROGRAMDATA") or "C:\\ProgramData", name)

    def _local_app_data(self) -> str:
        return self.environ.get("LOCALAPPDATA") or self._home("AppData\\Local")

    def _home(self, rest: str) -> str:
        home = self.environ.get("HOME", "")
        if self.platform == "win32":
            return os.path.join(home or os.path.expanduser("~"), rest)
        return os.path.join(home if os.path.isabs(home) else _own_home(), rest)


def parent(path: str) -> str:
    """The folder that holds a logical path."""
    return os.path.dirname(path)


def beside(folder: str, name: str) -> str:
    """`name` inside `folder`, with the separator that the folder itself uses."""
    separator = "\\" if "\\" in folder and not folder.startswith("/") else "/"
    return folder.rstrip(separator) + separator + name


def _own_home() -> str:
    """The home that the system knows for this user, where the environment names none: one that counts from the current
    folder would be another one after each `cd` (XDG Base Directory Specification: such paths are ignored)."""
    if sys.platform != "win32":
        import pwd

        try:
            found = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            found = ""
        if os.path.isabs(found):
            return found
    return "/nonexistent"


def _user_id() -> str:
    if sys.platform == "win32":
        import getpass

        user = getpass.getuser()
    else:
        user = str(os.getuid())
    return user
