"""Somebody who types what the README says, word for word, on a machine of their own: a mount namespace with its own
/etc, /var/lib and /usr/local/bin, a user `ann` who may use sudo, and hosts by the names that the README uses.

Rules: nothing outside `folder` is written. A recipe is a fenced block of the README, found by a text in it; prompts
are taken off (`$` is ann's, `#` root's), and what a block shows as output is not typed. Knows no recipe.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.openbao import program
from tests.real.terminal import converse
from tests.scenarios.harness import PROGRAM, chown, in_namespace

README = Path(__file__).parents[2] / "README.md"
ANN = 1777
_PLACES = {"etc": "/etc", "lib": "/var/lib", "bin": "/usr/local/bin"}
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Block:
    """A fenced block of the README: its language, and its text without the fences."""

    language: str
    text: str

    @property
    def script(self) -> str:
        """What is typed: of a block with prompts the lines that follow one, and those that belong to them."""
        if self.language != "console":
            return self.text
        typed, going_on = [], False
        for line in self.text.splitlines():
            if re.match(r"[$#] ", line):
                typed.append(line[2:])
                going_on = True
            elif going_on and _is_open("\n".join(typed)):
                typed.append(line)
            else:
                going_on = False
        return "\n".join(typed) + "\n"


def _is_open(script: str) -> bool:
    """Whether the shell would wait for more: an open quote, a line that goes on, or the text of a here-document."""
    here = re.findall(r"<<'(\w+)'", script)
    return script.count("'") % 2 == 1 or script.endswith("\\") or any(f"\n{word}" not in script for word in here)


def blocks(heading: str) -> list[Block]:
    """The blocks of the part of the README under `## heading`."""
    part = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert part is not None, heading
    fences = re.findall(r"^( *)```(\w+)\n(.*?)^\1```$", part[1], re.DOTALL | re.MULTILINE)
    return [Block(language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)) for indent, language, text in fences]


@dataclass
class Newcomer:
    """The machine's `folder`, and the addresses of its hosts by name."""

    folder: Path
    hosts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        chown(self.home, ANN, ANN)
        (self.folder / "root").mkdir(mode=0o700)
        shutil.copytree("/etc", self.etc, symlinks=True, ignore=_unreadable)
        for name in ("lib", "bin", "etc/dts"):
            (self.folder / name).mkdir()
        (self.folder / "bin/vault").symlink_to(program())
        (self.folder / "bin/dtsconf").symlink_to(PROGRAM)
        self._add("passwd", f"ann:x:{ANN}:{ANN}::{self.home}:/bin/bash")
        self._add("group", f"ann:x:{ANN}:")
        self._add("shadow", "ann:*:19000:0:99999:7:::")
        self._add("sudoers", "ann ALL=(ALL) NOPASSWD: ALL")
        self._add("hosts", *(f"{address} {name}" for name, address in self.hosts.items()))

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def home(self) -> Path:
        """Ann's, where she stands when she types."""
        return self.folder / "ann"

    def _add(self, name: str, *lines: str) -> None:
        with (self.etc / name).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def writes(self, name: str, text: str, mode: int = 0o644) -> Path:
        """A file of ann's in her home."""
        path = self.home / name
        path.write_text(text)
        path.chmod(mode)
        chown(path, ANN, ANN)
        return path

    def types(
        self,
        script: str,
        answers: Mapping[str, str] | None = None,
        *,
        root: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """What the terminal shows when ann types the script and answers its questions, or root does, whom ann became by
        `sudo -i`; without its colours. Each line must succeed. There is no session bus: ann came by ssh."""
        home = self.folder / "root" if root else self.home
        user = {"HOME": str(home), "USER": "root" if root else "ann", "PATH": _PATH, "LANG": "C.UTF-8", "TERM": "dumb"}
        sudo = {"SUDO_USER": "ann", "SUDO_UID": str(ANN), "SUDO_GID": str(ANN)} if root else {}
        enter = self.within(uid=None if root else ANN)
        shell = f"cd {shlex.quote(str(self.home))}\nset -eo pipefail\n{script}"
        code, shown = converse(
            ["/usr/bin/env", *enter, "bash", "-c", shell], {**user, **sudo, **(environ or {})}, answers or {}
        )
        assert code == 0, shown
        return re.sub(r"\x1b\[[0-9;]*m", "", shown)

    def within(self, uid: int | None = None) -> list[str]:
        """The command that runs another one on this machine."""
        binds = [f"mount --bind {shlex.quote(str(self.folder / name))} {place}" for name, place in _PLACES.items()]
        return list(in_namespace("\n".join(binds), uid=uid))


def _unreadable(folder: str, names: list[str]) -> list[str]:
    """What is no part of a machine that somebody comes to anew."""
    return [name for name in names if name in {"dts", "msmtprc"}]
