"""The real Secret Service of gnome-keyring on a session bus of its own, and how it can fail.

Rules: the bus, the daemon, HOME and XDG_RUNTIME_DIR are a temporary folder's; the keyring of whoever runs the tests is
never touched. The daemon is started by us, so that it is ours to stop, to freeze (SIGSTOP) and to leave out; D-Bus is
kept from starting another one by a configuration that knows no service. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.real import posix
from tests.real.processes import find, guard, require, stop, wait_until

PASSWORD = b"the keyring's own password"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass
class SecretService:
    """A session with a bus and, unless left out, a keyring daemon. `environ` is what a program of that session has."""

    folder: Path
    environ: Mapping[str, str]
    daemon: subprocess.Popen[bytes] | None = None
    _frozen: bool = field(default=False, repr=False)

    def freeze(self) -> None:
        """The daemon stops answering."""
        assert self.daemon is not None
        posix.freeze(self.daemon.pid)
        self._frozen = True

    def thaw(self) -> None:
        """It goes on."""
        if self._frozen and self.daemon is not None:
            posix.thaw(self.daemon.pid)
            self._frozen = False


@contextlib.contextmanager
def session_bus(folder: Path, home: Path | None = None) -> Iterator[SecretService]:
    """A session bus on which no keyring answers. `home` is where keyrings lie; by default a new folder."""
    require("the Secret Service", "dbus-daemon", "dbus-send", "gnome-keyring-daemon")
    home, runtime, socket = home or folder / "home", folder / "run", folder / "bus"
    for one in (home, runtime):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "bus.conf"
    config.write_text(_BUS.format(socket=socket))
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={socket}",
    }
    bus = subprocess.Popen(
        [str(find("dbus-daemon")), f"--config-file={config}", "--nofork", "--nopidfile"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(socket.exists, "the session bus")
        with guard('kill "$1"', str(bus.pid)):
            yield SecretService(folder, environ)
    finally:
        stop(bus)


@contextlib.contextmanager
def secret_service(
    folder: Path, password: bytes | None = PASSWORD, home: Path | None = None
) -> Iterator[SecretService]:
    """A session whose keyring was unlocked with `password` (which makes it, the first time); with None it is started
    without one: locked if `home` holds one from before, else without any collection."""
    with session_bus(folder, home) as service:
        words = ["--foreground", "--components=secrets"] + (["--unlock"] if password is not None else [])
        service.daemon = subprocess.Popen(
            [str(find("gnome-keyring-daemon")), *words],
            env=dict(service.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert service.daemon.stdin is not None
            service.daemon.stdin.write(password or b"")
            service.daemon.stdin.close()
            wait_until(lambda: answers(service), "gnome-keyring")
            with guard('kill -CONT "$1"; kill "$1"', str(service.daemon.pid)):
                yield service
        finally:
            service.thaw()
            stop(service.daemon)


def answers(service: SecretService) -> bool:
    """Whether the daemon has taken its name on the bus."""
    asked = subprocess.run(
        [
            str(find("dbus-send")), "--session", "--print-reply", "--reply-timeout=1000", "--dest=org.freedesktop.DBus",
            "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets",
        ],
        env=dict(service.environ),
        capture_output=True,
        check=False,
    )  # fmt: skip
    return b"boolean true" in asked.stdout
