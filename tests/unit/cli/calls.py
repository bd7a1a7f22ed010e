"""The program called in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtsconf.cli.app import run
from dtsconf.files.signals import POLITE

if TYPE_CHECKING:
    import pytest

PROFILE = """\
dtsconf: 1
name: acme-perth
settings:
  sender: {email: lab@acme.example}
  server: {host: relay.acme.example, port: 2525}
verify: {level: none}
"""


@dataclass(frozen=True)
class Called:
    """What a call gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@contextmanager
def handlers_kept() -> Iterator[None]:
    """What is done on signals is as before afterwards: the program hears them its own way."""
    before = {number: signal.getsignal(number) for number in POLITE}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def call(capsys: pytest.CaptureFixture[str], *args: str) -> Called:
    """`dtsconf ARGS` in this process."""
    with handlers_kept():
        code = run(args)
    caught = capsys.readouterr()
    return Called(code, caught.out, caught.err)


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "dtsconf", *args]


def spawn(*args: str, env: Mapping[str, str] | None = None, **options: Any) -> Called:
    """`dtsconf ARGS` as a process."""
    done = subprocess.run(
        command(*args), capture_output=True, env={**os.environ, **(env or {})}, timeout=60, check=False, **options
    )
    return Called(done.returncode, done.stdout.decode(), done.stderr.decode())


def python(code: str, args: Sequence[str] = (), **options: Any) -> Called:
    """A piece of Python as a process."""
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, timeout=60, check=False, **options)
    return Called(done.returncode, done.stdout.decode(), done.stderr.decode())


def profile(folder: Path, text: str = PROFILE) -> str:
    path = folder / "site.yaml"
    path.write_text(text, "utf-8")
    return str(path)
