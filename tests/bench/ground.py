"""What the bench measures on: a machine in a temporary folder with an applied profile, mail servers, 2,000 profiles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PYTHON = sys.executable
PROGRAM = [str(Path(PYTHON).parent / "dtsconf")]
CHECK_JSONSCHEMA = str(Path(PYTHON).parent / "check-jsonschema")
PROFILES = 2000

_SITE = """\
dtsconf: 1
name: acme-perth
settings:
  sender:
    name: Perth Lab
    email: lab@acme.example
  server:
    host: 127.0.0.1
    port: {port}
    encryption: none
policy:
  lock: [mode, server]
verify:
  level: send
  to: mailcheck@acme.example
"""

_LOGIN = """\
dtsconf: 1
name: acme-login
settings:
  sender:
    name: Perth Lab
    email: lab@acme.example
  server:
    host: 127.0.0.1
    port: {port}
    encryption: starttls
    ca_file: {ca_file}
  login:
    required: true
    username: lab
    password: file://{password}
verify:
  level: send
  to: mailcheck@acme.example
"""

_ONE_OF_MANY = """\
dtsconf: 1
name: site-{n:04}
settings:
  sender:
    name: Laboratory {n}
    email: lab-{n}@site{n}.acme.example
  server:
    host: relay-{n}.acme.example
    port: {port}
    encryption: starttls
  login:
    required: true
    username: lab-{n}
    password: vault://secret/mail/site-{n}#password
policy:
  lock: [mode, server, login.required]
  rules:
    - key: server.encryption
      one_of: [tls, starttls]
      because: Mail of site {n} leaves its network
  recipients: ["*@acme.example"]
verify:
  level: send
  to: mailcheck@acme.example
targets: [dts, msmtp]
"""


@dataclass(frozen=True)
class Ground:
    """Paths and ports. `environ` is what every measured command sees."""

    folder: Path
    plain: int
    environ: dict[str, str]

    @property
    def site(self) -> str:
        """A profile for the plain server."""
        return str(self.folder / "site.yaml")

    @property
    def free(self) -> str:
        """A profile that locks nothing."""
        return str(self.folder / "free.yaml")

    @property
    def login(self) -> str:
        """A profile for the server with STARTTLS and login."""
        return str(self.folder / "login.yaml")

    @property
    def many(self) -> Path:
        """The folder of 2,000 profiles."""
        return self.folder / "many"

    @property
    def schema(self) -> str:
        """The profile's JSON Schema, as the program prints it."""
        return str(self.folder / "profile.schema.json")


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Make all of it in `folder`; the servers end with the block. Raises SystemExit when the program fails at it."""
    certificates = folder / "certificates"
    certificates.mkdir()
    with subprocess.Popen(
        [PYTHON, "-m", "tests.bench.server", str(certificates)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as server:
        try:
            assert server.stdout
            facts = json.loads(server.stdout.readline())
            made = Ground(folder, facts["plain"], _environ(folder))
            _write(made, facts)
            _prepare(made)
            yield made
        finally:
            assert server.stdin
            server.stdin.close()


def _environ(folder: Path) -> dict[str, str]:
    for name in ("root", "home"):
        (folder / name).mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "DTSCONF_ROOT": str(folder / "root"),
    }


def _write(made: Ground, facts: dict[str, str]) -> None:
    password = made.folder / "password"
    password.write_text("bench-password\n")
    password.chmod(0o600)
    Path(made.site).write_text(_SITE.format(port=facts["plain"]))
    Path(made.free).write_text(_SITE.format(port=facts["plain"]).replace("  lock: [mode, server]", "  lock: []"))
    Path(made.login).write_text(_LOGIN.format(port=facts["login"], ca_file=facts["ca_file"], password=password))
    made.many.mkdir()
    for n in range(PROFILES):
        (made.many / f"site-{n:04}.yaml").write_text(_ONE_OF_MANY.format(n=n, port=2000 + n))


def _prepare(made: Ground) -> None:
    """The machine holds the plain profile, and the schema is written."""
    for args in (["apply", "--yes", "--profile", made.site], ["status"]):
        done = subprocess.run([*PROGRAM, *args], env=made.environ, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"bench: dtsconf {' '.join(args)} ended with {done.returncode}:\n{done.stderr.decode()}")
    done = subprocess.run([*PROGRAM, "schema", "profile"], env=made.environ, capture_output=True, check=False)
    Path(made.schema).write_bytes(done.stdout)
