"""The queue against its floors: sending 500 mails over one connection to Postfix, and keeping 1,000 of them.

`python spool.py insert N ROOT` queues N mails with the program's own API, `smtplib PORT FOLDER` sends every file of a
folder, the same mails, `bare N FOLDER` writes N files as durably with nothing around it. Both print the seconds of
their N: what a start costs is measured elsewhere. They write into new folders, since ext4 is slow to give out the
inodes of files that were just deleted, and come first for the same reason.
"""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Command

MAILS, INSERTS = 500, 1000
SENDER, RECIPIENT = "lab@corp.example", "mailcheck+bench@corp.example"
BODY = "see the log\n" * 20


@dataclass(frozen=True)
class Sides:
    """What is run, and the environment of dtsconf's commands."""

    flush: Command
    smtplib: Command
    inserts: Command
    bare: Command
    environ: dict[str, str]


@contextmanager
def sides(folder: Path) -> Iterator[Sides]:
    """A machine of its own that sends to a Postfix of its own."""
    from dtsconf.machine.layout import Layout
    from tests.bench.ground import PROGRAM, PYTHON, REPOSITORY
    from tests.real.servers import mail_host

    folder.mkdir()
    root = folder / "root"
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "DTSCONF_ROOT": str(root)}
    me = [PYTHON, "-m", "tests.bench.spool"]
    with mail_host(folder) as host:
        port = host.endpoint("plain").port
        _prepare(folder, port, environ, PROGRAM)
        spool = Path(Layout(str(root)).spool())

        def call(*args: str) -> None:
            subprocess.run([*me, *args], env=environ, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)

        call("insert", f"{MAILS}", str(root))
        _copy(spool, folder / "mails")

        def aside(place: Path) -> Callable[[], object]:
            return lambda: place.exists() and place.rename(folder / f"{time.time_ns()}")

        yield Sides(
            Command(
                f"queue flush of {MAILS}",
                [*PROGRAM, "queue", "flush"],
                before=lambda: call("insert", f"{MAILS}", str(root)),
            ),
            Command("smtplib", [*me, "smtplib", f"{port}", str(folder / "mails")]),
            Command(
                f"{INSERTS} inserts",
                [*me, "insert", f"{INSERTS}", str(root)],
                before=aside(spool),
                timed=True,
            ),
            Command("bare writes", [*me, "bare", f"{INSERTS}", str(folder)], before=aside(folder / "bare"), timed=True),
            environ,
        )


def _prepare(folder: Path, port: int, environ: dict[str, str], program: list[str]) -> None:
    profile = folder / "site.yaml"
    settings = f"{{sender: {{email: {SENDER}}}, server: {{host: 127.0.0.1, port: {port}}}}}"
    profile.write_text(f"dtsconf: 1\nname: bench\nsettings: {settings}\nverify: {{level: none}}\n")
    subprocess.run(
        [*program, "apply", "--yes", "--profile", str(profile)], env=environ, check=True, capture_output=True
    )


def _copy(spool: Path, mails: Path) -> None:
    """What waits in a spool, as mails, then away with it."""
    mails.mkdir()
    for queued in sorted(spool.glob("*.eml")):
        (mails / queued.name).write_bytes(queued.read_bytes().partition(b"\n")[2])
    spool.rename(mails.with_name("copied"))


def insert(count: int, root: str) -> float:
    """Ours."""
    import dtsconf

    settings = dtsconf.load(root=root)
    dtsconf.send(RECIPIENT, "the first", BODY, queue=True, settings=settings, root=root)
    start = time.perf_counter()
    for number in range(1, count):
        dtsconf.send(RECIPIENT, f"log {number}", BODY, queue=True, settings=settings, root=root)
    return time.perf_counter() - start


def send(port: int, folder: str) -> None:
    """The floor of a flush."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for name in sorted(os.listdir(folder)):
            server.sendmail(SENDER, [RECIPIENT], Path(folder, name).read_bytes())


def bare(count: int, folder: str) -> float:
    """The floor of the inserts: write, fsync, rename, folder sync."""
    place = os.path.join(folder, "bare")
    os.makedirs(place, exist_ok=True)
    data = (f"To: {RECIPIENT}\n" * 10 + BODY).encode()
    start = time.perf_counter()
    for number in range(count):
        path = os.path.join(place, f"{number}.eml")
        descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(path + ".new", path)
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return time.perf_counter() - start


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["insert", number, folder]:
            print(insert(int(number), folder))
        case ["smtplib", number, folder]:
            send(int(number), folder)
        case ["bare", number, folder]:
            print(bare(int(number), folder))
        case _:
            raise SystemExit(__doc__)
