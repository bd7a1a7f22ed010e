"""The installed program run behind a firewall, as somebody whose mail doesn't go out: what it says, and its own advice
taken.

`Behind` stands on the client's side of tests/real/netns.py; servers are started by the tests on the other side.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.real.netns import SERVER, Link
from tests.scenarios.harness import PROGRAM

SENDER, RECIPIENT = "lab@acme.example", "mailcheck@corp.example"


@dataclass(frozen=True)
class Told:
    """What a run said: exit code, the JSON object, and the failed stage (empty when all went well)."""

    code: int
    body: Mapping[str, Any]
    text: str

    @property
    def failed(self) -> Mapping[str, Any]:
        return next((stage for stage in self.body.get("stages", []) if not stage["ok"]), {})

    @property
    def cause(self) -> str:
        return str(self.failed.get("cause"))

    @property
    def detail(self) -> str:
        return str(self.failed.get("detail"))

    @property
    def hint(self) -> str:
        return str(self.failed.get("hint"))

    @property
    def evidence(self) -> str:
        """All of it in one text."""
        return " | ".join(" ; ".join(each.values()) for each in self.body["evidence"])

    def edit(self, **blanks: str) -> None:
        """Changes the profile as the hint says, its blanks (`NAME`) filled in."""
        changed = re.findall(r"edit (\S+?):(\d+):(\d+) to (\w+: \S+)", self.hint)
        beside = re.findall(r"write (\w+: \w+) as a new line below line (\d+) of (\S+)", self.hint)
        below = re.findall(r"write (\w+: \{.*?\}) into the profile", self.hint)
        path = Path((changed[0] if changed else beside[0][::-1])[0])
        lines = path.read_text().splitlines()
        for _, number, _, words in changed:
            old = lines[int(number) - 1]
            lines[int(number) - 1] = old[: len(old) - len(old.lstrip())] + words.removesuffix(",")
        for words, number, _ in beside:
            old = lines[int(number) - 1]
            lines[int(number) - 1] = f"{old}\n{old[: len(old) - len(old.lstrip())]}{words}"
        for words in below:
            for blank, value in blanks.items():
                words = words.replace(blank, value)  # noqa: PLW2901 - one blank after the other
            lines[lines.index("settings:")] = f"settings:\n  {words}"
        path.write_text("\n".join(lines) + "\n")

    @property
    def advised(self) -> list[str]:
        """The options that the hint says to type."""
        return [word for found in re.findall(r"--set [\w.]+=[^\s,;)]+", self.hint) for word in found.split()]


@dataclass(frozen=True)
class Behind:
    """The client's side, with a folder of its own."""

    link: Link
    folder: Path

    def profile(self, **settings: Any) -> str:
        """A profile for a server on the other side; groups of settings as given, and a `policy`."""
        policy = settings.pop("policy", {})
        server = {"host": SERVER, **settings.pop("server", {})}
        tree = {"sender": {"email": SENDER}, "connection": {"timeout": 2}, **settings, "server": server}
        body = {
            "dtsconf": 1,
            "name": "behind",
            "settings": tree,
            "verify": {"to": RECIPIENT, "retries": 0},
            "policy": policy,
        }
        path = self.folder / "site.yaml"
        path.write_text(yaml.safe_dump(body), "utf-8")
        return str(path)

    def login(self, password: str) -> dict[str, Any]:
        """The settings of a login as `lab`, with the password in a file."""
        secret = self.folder / "secret"
        secret.write_text(f"{password}\n")
        secret.chmod(0o600)
        return {"required": True, "username": "lab", "password": f"file://{secret}"}

    def run(self, *words: str, env: Mapping[str, str] | None = None, under: Sequence[str] = ()) -> tuple[int, str, str]:
        """Any words to the program, on the client's side; `env` is added to its environment, `under` is a command that
        starts it."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DTSCONF_ROOT": str(self.folder / "root")}
        environ |= env or {}
        (self.folder / "root").mkdir(exist_ok=True)
        done = self.link.client.run(*under, PROGRAM, *words, env=environ, cwd=self.folder)
        assert "Traceback" not in done.stdout + done.stderr, done
        return done.returncode, done.stdout, done.stderr

    def test(self, profile: str, *words: str, env: Mapping[str, str] | None = None, under: Sequence[str] = ()) -> Told:
        """`dtsconf test --json` of a profile."""
        code, out, _ = self.run("test", "--json", "--profile", profile, *words, env=env, under=under)
        return Told(code, json.loads(out), out)

    def mended(self, profile: str, told: Told) -> Told:
        """The same after the hint was taken at its word."""
        assert told.advised, told.hint
        return self.test(profile, *told.advised)
