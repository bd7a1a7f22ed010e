"""The demo's temporary folder: a profile, a password, a user's own file and a folder that stands for the machine.

    FOLDER/site.yaml       the organisation's profile
    FOLDER/password        what its reference names
    FOLDER/email.yaml      a user's own settings
    FOLDER/machine/        given to every command with --root

Knows no step of the story.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping

from dtsconf.files.staging import atomic_write
from dtsconf.frozen import frozen

USER = "lab"
CHECK_ADDRESS = "mailcheck@demo.example"
MACHINE = "machine"
_SLOWEST = 60.0
"""Seconds that one command may take."""

_PROFILE = """\
dtsconf: 1
name: demo-lab

settings:
  sender:
    name: Demo Lab
    email: lab@demo.example
  server:
    host: {host}
    port: {port}
    encryption: starttls
  login:
    required: true
    username: {user}
    password: {password}

policy:
  lock: [mode, server, login]
  recipients: ["*@demo.example"]

secrets:
  deliver: file

verify:
  level: send
  to: {to}
"""


@frozen
class Ran:
    """A command's exit code and what it printed, stdout before stderr."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams as a terminal would hold them."""
        return self.stdout + self.stderr


@frozen
class Place:
    """The folder, and the PEM file whose authority the commands trust."""

    folder: str
    authority: str

    def path(self, name: str) -> str:
        """The real path of a name in the folder."""
        return os.path.join(self.folder, name)

    def write(self, name: str, text: str) -> None:
        """A private file with this text. Raises: OSError."""
        atomic_write(self.path(name), text.encode())

    def write_profile(self, host: str, port: int) -> str:
        """Write the profile and return its text. The password's reference uses forward slashes on any system."""
        reference = "file:///" + self.path("password").replace("\\", "/").lstrip("/")
        text = _PROFILE.format(host=host, port=port, user=USER, password=f'"{reference}"', to=CHECK_ADDRESS)
        self.write("site.yaml", text)
        return text

    def run(self, args: list[str]) -> Ran:
        """Run `dtsconf ARGS` in the folder, as a process of its own that sees only this machine's plain environment.

        Raises:
            subprocess.TimeoutExpired: it took over a minute.
        """
        done = subprocess.run(
            [*program(), *args],
            cwd=self.folder,
            env=self._environ(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SLOWEST,
            check=False,
        )
        return Ran(done.returncode, _text(done.stdout), _text(done.stderr))

    def _environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The plain environment; the module path is handed on, however dtsconf was started."""
        from dtsconf.files.children import plain_environ

        return plain_environ(
            environ,
            DTSCONF_USER_FILE=self.path("email.yaml"),
            SSL_CERT_FILE=self.authority,
            PYTHONPATH=os.pathsep.join(filter(None, sys.path)),
            PYTHONIOENCODING="utf-8",
            NO_COLOR="1",
        )

    def digest(self) -> str:
        """SHA-256 in hex over everything that is in the machine's folder: names, modes and bytes."""
        total = hashlib.sha256()
        for base, folders, names in os.walk(self.path(MACHINE)):
            folders.sort()
            for name in sorted((*folders, *names)):
                path = os.path.join(base, name)
                total.update(f"{os.path.relpath(path, self.folder)}\0{os.lstat(path).st_mode:o}\0".encode())
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        total.update(hashlib.sha256(file.read()).digest())
        return total.hexdigest()

    def files(self) -> list[str]:
        """What stands on the machine, dtsconf's own state left out, as paths of that machine."""
        top = self.path(MACHINE)
        found = [os.path.join(base, name) for base, _, names in os.walk(top) for name in names]
        logical = ["/" + os.path.relpath(path, top).replace("\\", "/") for path in found]
        return sorted(path for path in logical if not path.startswith("/var/lib/dtsconf/"))


def program() -> list[str]:
    """How to start dtsconf once more: a frozen program is itself, else the same interpreter with this package."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "dtsconf"]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")
