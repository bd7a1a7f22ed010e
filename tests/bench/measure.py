"""Runs commands in turn and measures each: wall time, processor time, peak memory.

Imports little: a child's peak (`ru_maxrss`) starts at what its parent held when it was forked, so the bench itself has
to stay below every limit that it measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Sample(NamedTuple):
    """One run: seconds by the clock, seconds of processor, peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Command:
    """What to run. `codes` are the exit codes that mean it did its work; `before` makes ready for a run, unmeasured.
    `timed`: it prints the seconds that its work took, its start left out, and these count as wall time."""

    name: str
    args: Sequence[str]
    codes: tuple[int, ...] = (0,)
    before: Callable[[], object] | None = None
    timed: bool = False


@dataclass(frozen=True)
class Side:
    """All runs of one command."""

    name: str
    samples: Sequence[Sample]

    @property
    def wall(self) -> float:
        """Median wall time in seconds."""
        return median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """Median processor time in seconds."""
        return median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> float:
        """The highest peak, in MiB."""
        return max(sample.peak for sample in self.samples)


def in_turn(commands: Sequence[Command], environ: Mapping[str, str], cwd: str, rounds: int) -> dict[str, Side]:
    """Each command once to warm up, then all of them in turn, `rounds` times: A B C A B C ..., so that whatever else
    the machine does meets all sides alike. Sides by name."""
    for command in commands:
        run(command, environ, cwd)
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            samples[command.name].append(run(command, environ, cwd))
    return {name: Side(name, taken) for name, taken in samples.items()}


def run(command: Command, environ: Mapping[str, str], cwd: str) -> Sample:
    """Run it once. Raises SystemExit when it doesn't do its work: a bench of a failure measures nothing."""
    if command.before is not None:
        command.before()
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(
            command.args, env=dict(environ), cwd=cwd, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        code, cpu, peak = _wait(child)
        wall = time.perf_counter() - start
        if code not in command.codes:
            said.seek(0)
            raise SystemExit(f"bench: {command.name} ended with {code}:\n{said.read(4000).decode('utf-8', 'replace')}")
        if command.timed:
            said.seek(0)
            wall = float(said.read())
    return Sample(wall, cpu, peak)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float, float]:
    """Exit code, seconds of processor and peak memory in MiB of a child (ru_maxrss is in KiB on Linux)."""
    if sys.platform != "win32":
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    raise SystemExit("bench: it measures with wait4, which Windows doesn't have")
