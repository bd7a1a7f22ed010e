"""`make bench`: every limit on speed and memory, as a ratio of medians taken in turn in one run.

    python -m tests.bench [--rounds N] [--only WORD]

Exit 1 when a limit is passed. On a busy machine give it more rounds; `cpu` is the same ratio in processor time, which
others on the machine disturb less: a wall ratio far from it says that the machine was not quiet.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import CHECK_JSONSCHEMA, HERE, PROGRAM, PYTHON, REPOSITORY, Ground, ground
from tests.bench.measure import Command, Side, in_turn

CLICK = Command('python -c "import click"', [PYTHON, "-c", "import click"])


@dataclass(frozen=True)
class Row:
    """One limit: what was measured, its unit (`x` a ratio, `MiB`), and how it came about."""

    what: str
    measured: float
    limit: float
    unit: str
    how: str

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        return self.measured <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "OVER"
        numbers = f"{self.measured:8.2f} {self.unit:3} {self.limit:8.2f} {self.unit:3}"
        return f"{self.what:36} {numbers}  {verdict:4}  {self.how}"


def _ratio(ours: Side, floor: Side, limit: float) -> Row:
    how = f"{ours.wall * 1000:.0f} ms / {floor.wall * 1000:.0f} ms {floor.name} (cpu {ours.cpu / floor.cpu:.2f})"
    return Row(ours.name, ours.wall / floor.wall, limit, "x", how)


def _start(made: Ground, rounds: int) -> Iterator[Row]:
    commands = [CLICK, *(_dtsconf(name, name) for name in ("--version", "--help", "status"))]
    sides = in_turn(commands, made.environ, str(made.folder), rounds)
    for name, limit in (("--version", 1.3), ("--help", 1.3), ("status", 2.0)):
        yield _ratio(sides[name], sides[CLICK.name], limit)


def _settings(made: Ground, rounds: int) -> Iterator[Row]:
    floor = Command("smallest pydantic-settings program", [PYTHON, str(HERE / "smallest.py"), made.site])
    commands = [
        floor,
        _dtsconf("show", "show"),
        _dtsconf("show --profile", "show", "--profile", made.site),
        _dtsconf("plan", "plan", "--profile", made.site),
    ]
    sides = in_turn(commands, made.environ, str(made.folder), rounds)
    for command in commands[1:]:
        yield _ratio(sides[command.name], sides[floor.name], 1.3)


def _test(made: Ground, rounds: int) -> Iterator[Row]:
    floor = Command("the same + a bare smtplib script", [PYTHON, str(HERE / "both.py"), made.site, str(made.plain)])
    commands = [floor, _dtsconf("test", "test"), _dtsconf("test --profile", "test", "--profile", made.site)]
    sides = in_turn(commands, made.environ, str(made.folder), rounds)
    for command in commands[1:]:
        yield _ratio(sides[command.name], sides[floor.name], 1.2)


def _validate(made: Ground, rounds: int) -> Iterator[Row]:
    files = sorted(str(path) for path in made.many.iterdir())
    schema = Command("check-jsonschema", [CHECK_JSONSCHEMA, "--schemafile", made.schema, *files])
    compose = Command("PyYAML's C compose", [PYTHON, str(HERE / "compose.py"), str(made.many)])
    ours = _dtsconf("validate of 2,000", "validate", str(made.many))
    sides = in_turn([ours, compose, schema], made.environ, str(made.folder), max(3, rounds // 5))
    yield _ratio(sides[ours.name], sides[schema.name], 1 / 6)
    yield _ratio(sides[ours.name], sides[compose.name], 5)
    yield Row("validate of 2,000, peak memory", sides[ours.name].peak, 120, "MiB", "ru_maxrss by wait4")


def _apply(made: Ground, rounds: int) -> Iterator[Row]:
    """Each apply changes the machine: from the profile with login to the plain one and back."""
    login = _dtsconf("apply, peak memory", "apply", "--yes", "--profile", made.login)
    plain = _dtsconf("apply back", "apply", "--yes", "--profile", made.site)
    sides = in_turn([login, plain], made.environ, str(made.folder), max(3, rounds // 5))
    how = f"ru_maxrss by wait4; STARTTLS, login, delivered secret, mail sent; {sides[login.name].wall * 1000:.0f} ms"
    yield Row(login.name, sides[login.name].peak, 60, "MiB", how)


def _vault(made: Ground, rounds: int) -> Iterator[Row]:
    """One reference to Vault may cost what a bare script costs that signs in and reads, and a quarter of the whole."""
    from tests.bench.vault import sides as vault_sides

    with vault_sides(made.folder / "with-vault") as commands:
        environ = {**made.environ, "BENCH_PASSWORD": "s3cret-0123456789"}
        order = [commands.ours, commands.by_env, commands.bare]
        ours, by_env, bare = in_turn(order, environ, str(made.folder), rounds).values()
    how = (
        f"{ours.wall * 1000:.0f} ms / {by_env.wall * 1000:.0f} ms {by_env.name} + {bare.wall * 1000:.0f} ms {bare.name}"
    )
    yield Row(ours.name, ours.wall / (by_env.wall + bare.wall), 1.25, "x", how)


def _tokens(made: Ground, rounds: int) -> Iterator[Row]:
    """A token that is held may cost what msal costs to import, and a quarter of the whole."""
    from tests.bench.tokens import sides as token_sides

    with token_sides(made.folder / "with-tokens") as commands:
        order = [commands.ours, commands.by_password, commands.msal]
        ours, by_password, msal = in_turn(order, made.environ, str(made.folder), rounds).values()
    how = (
        f"{ours.wall * 1000:.0f} ms / {by_password.wall * 1000:.0f} ms {by_password.name} + {msal.wall * 1000:.0f} ms "
        f"{msal.name} (cpu {ours.cpu / (by_password.cpu + msal.cpu):.2f})"
    )
    yield Row(ours.name, ours.wall / (by_password.wall + msal.wall), 1.25, "x", how)


def _send(made: Ground, rounds: int) -> Iterator[Row]:
    """An attachment of 100 MB to a server that takes it and keeps nothing."""
    from tests.scenarios.sink import Sink

    big = made.folder / "big.bin"
    with big.open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(1_000_000))
    server = Sink()
    try:
        words = ("--to", "mailcheck@acme.example", "--attach", str(big), "--set", f"server.port={server.port}")
        ours = _dtsconf("send of 100 MB", "send", *words, "--profile", made.free)
        floor = Command("smtplib", [PYTHON, str(HERE / "attachment.py"), str(server.port), str(big)])
        sides = in_turn([ours, floor], made.environ, str(made.folder), max(3, rounds // 5))
    finally:
        server.stop()
    yield _ratio(sides[ours.name], sides[floor.name], 1.0)
    yield Row("send of 100 MB, peak memory", sides[ours.name].peak, 90, "MiB", "ru_maxrss by wait4")


def _queue(made: Ground, rounds: int) -> Iterator[Row]:
    """Against Postfix, on a disk that nothing else uses, so both sides wait for the same."""
    from tests.bench.disk import own_disk
    from tests.bench.spool import sides as queue_sides

    few = max(3, rounds // 3)
    with own_disk(made.folder / "disk") as disk, queue_sides(disk / "with-queue") as commands:
        for ours, floor, limit in ((commands.inserts, commands.bare, 1.3), (commands.flush, commands.smtplib, 1.0)):
            sides = in_turn([ours, floor], commands.environ, str(REPOSITORY), few)
            yield _ratio(sides[ours.name], sides[floor.name], limit)


def _graph(made: Ground, rounds: int) -> Iterator[Row]:
    """An application signs in and sends a small mail by Graph."""
    from tests.bench.graph import sides as graph_sides

    with graph_sides(made.folder / "with-graph") as (ours, floor):
        sides = in_turn([ours, floor], made.environ, str(made.folder), rounds)
    yield _ratio(sides[ours.name], sides[floor.name], 1.5)


PARTS = {
    "start": _start,
    "settings": _settings,
    "test": _test,
    "validate": _validate,
    "apply": _apply,
    "vault": _vault,
    "tokens": _tokens,
    "send": _send,
    "queue": _queue,
    "graph": _graph,
}


def _dtsconf(name: str, *args: str) -> Command:
    return Command(name, [*PROGRAM, *args])


def main() -> int:
    """Measure, print the table, and say whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed and memory against the limits.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each side runs (default 15)")
    parser.add_argument("--only", choices=PARTS, help="one part of the table")
    options = parser.parse_args()
    over = 0
    with tempfile.TemporaryDirectory(prefix="dtsconf-bench-") as folder, ground(Path(folder)) as made:
        print(f"{'what':36} {'measured':>12} {'at most':>12}  verdict", flush=True)
        for name, part in PARTS.items():
            if options.only in (None, name):
                for row in part(made, options.rounds):
                    over += not row.ok
                    print(row, flush=True)
    print(f"{over} over the limit" if over else "all limits kept")
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
