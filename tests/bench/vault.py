"""What `apply` with one Vault reference is measured on: OpenBao, two profiles that differ in where the password lies."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import HERE, PROGRAM, PYTHON
from tests.bench.measure import Command
from tests.real.openbao import vault_server

_PROFILE = """\
dtsconf: 1
name: acme-vault
settings:
  sender: {{email: lab@acme.example}}
  server: {{host: relay.acme.example, port: 587, encryption: starttls}}
  login: {{required: true, username: lab, password: "{password}"}}
secrets: {{deliver: file{vault}}}
verify: {{level: none}}
"""
_VAULT = (
    ", vault: {{url: '{url}', ca_file: '{ca}', auth: {{method: approle, role_id: {role}, secret_id: 'file://{file}'}}}}"
)


@dataclass(frozen=True)
class Sides:
    """`ours` against the two that it is the sum of."""

    ours: Command
    by_env: Command
    bare: Command


@contextmanager
def sides(folder: Path) -> Iterator[Sides]:
    """The three commands, with a running server. Each apply is the first on a machine that was just emptied."""
    with vault_server(folder / "vault") as server:
        server.put("mail/bench", {"password": "s3cret-0123456789"})
        file = folder / "secret-id"
        file.write_text(server.secret_id(), "utf-8")
        file.chmod(0o600)
        there = _VAULT.format(url=server.url, ca=server.ca_file, role=server.role_id, file=file)
        ours = _apply(folder, "vault", _PROFILE.format(password="vault://kv/mail/bench#password", vault=there))
        by_env = _apply(folder, "env", _PROFILE.format(password="env://BENCH_PASSWORD", vault=""))
        script = [PYTHON, str(HERE / "vault_floor.py"), server.url, server.ca_file, server.role_id, str(file)]
        yield Sides(ours, by_env, Command("a bare hvac script", script))


def _apply(folder: Path, name: str, profile: str) -> Command:
    path, root = folder / f"{name}.yaml", folder / f"{name}-root"
    path.write_text(profile, "utf-8")
    program = shlex.join([*PROGRAM, "apply", "--yes", "--root", str(root), "--profile", str(path)])
    fresh = f"rm -rf {shlex.quote(str(root))}; mkdir {shlex.quote(str(root))}; exec {program}"
    return Command(f"apply with {name}://", ["/bin/sh", "-c", fresh])
