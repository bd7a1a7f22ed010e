"""Small profiles for the tests of this folder, and problems as a compiler would print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dtsconf.errors import Problem
from dtsconf.settings.document import Document, read_profile_text

HEAD = "dtsconf: 1\nname: x\nsettings:\n"


def read(body: str, *, head: str = HEAD) -> Document:
    """A document of `head` (three lines) and `body`, called s.yaml."""
    return read_profile_text("s.yaml", (head + body).encode())


def lines(problems: Iterable[Problem]) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in problems]


def everything(problems: Iterable[Problem]) -> str:
    """All that a user could get to see of the problems."""
    return "\n".join(f"{p.where} {p.kind} {p.message} {p.hint} {p.key} {p.excerpt}" for p in problems)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
