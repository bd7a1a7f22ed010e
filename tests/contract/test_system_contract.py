"""What every System promises: this machine's files and the ones in memory, by the same tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dtsconf.machine.local import LocalSystem
from dtsconf.machine.system import Meta, Owner, Refused, System
from tests.fakes.memory_system import MemorySystem

assert sys.platform == "linux", "what is tested here is not there on Windows"

IDS = (os.geteuid(), os.getegid())
LABEL = ("user.note", b"kept")


def meta(mode: int = 0o644, **more: object) -> Meta:
    return Meta(Owner(mode, *IDS), **more)  # type: ignore[arg-type]


@dataclass
class World:
    """A system under test, and how somebody else makes a link or opens a folder there."""

    system: System
    symlink: Callable[[str, str], None]
    open_up: Callable[[str], None]


@pytest.fixture(params=["local", "memory"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "memory":
        memory = MemorySystem()
        if IDS != (0, 0):
            memory.ids = lambda: IDS  # type: ignore[method-assign]
        return World(memory, memory.symlink, lambda path: memory.chown_folder(path, Owner(0o777, 0, 0)))
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    local = LocalSystem(str(root))

    def symlink(path: str, target: str) -> None:
        os.symlink(target, local.shown(path))

    return World(local, symlink, lambda path: os.chmod(local.shown(path), 0o777))


@pytest.fixture
def system(world: World) -> System:
    world.system.mkdir("/d")
    return world.system


def content(system: System, path: str) -> bytes | None:
    found = system.look(path)
    return None if found is None else found.content


def test_nothing_there(system: System) -> None:
    assert system.facts("/d/a") is None
    assert system.look("/no/such/a") is None
    assert system.names("/no") == []
    assert not system.folder("/no")
    assert not system.unlink("/d/a")
    assert not system.unlink("/no/a")
    assert not system.rmdir("/no")


def test_created_file_has_what_it_was_given(system: System) -> None:
    facts = system.create("/d/a", b"abc", meta(0o640, labels=(LABEL,), mtime_ns=5_000_000_000))
    assert facts == system.facts("/d/a")
    assert (facts.mode, facts.uid, facts.gid, facts.size, facts.mtime_ns) == (0o640, *IDS, 3, 5_000_000_000)
    found = system.look("/d/a")
    assert found is not None
    assert (found.facts, found.content, found.labels) == (facts, b"abc", (LABEL,))
    assert b"abc" not in repr(found).encode()


@pytest.mark.parametrize("umask", [0, 0o077])
def test_umask_has_no_say(system: System, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert system.create("/d/a", b"", meta(0o666)).mode == 0o666
        assert system.create("/d/b", b"", meta(0o600)).mode == 0o600
        system.mkdir("/d/f")
    finally:
        os.umask(before)
    assert system.folder("/d/f")
    if isinstance(system, LocalSystem):
        assert os.stat(system.shown("/d/f")).st_mode & 0o7777 == 0o755


def test_create_is_exclusive(system: System) -> None:
    system.create("/d/a", b"1", meta())
    with pytest.raises(FileExistsError) as caught:
        system.create("/d/a", b"2", meta())
    assert caught.value.filename == system.shown("/d/a")
    assert content(system, "/d/a") == b"1"
    with pytest.raises(FileExistsError):
        system.mkdir("/d")


def test_create_needs_its_folder(system: System) -> None:
    with pytest.raises(FileNotFoundError):
        system.create("/no/a", b"", meta())


def test_rename_replaces(system: System) -> None:
    system.create("/d/a", b"1", meta())
    facts = system.create("/d/b", b"2", meta())
    system.rename("/d/b", "/d/a")
    assert system.names("/d") == ["a"]
    assert content(system, "/d/a") == b"2"
    assert system.facts("/d/a") == facts
    with pytest.raises(FileNotFoundError):
        system.rename("/d/b", "/d/a")


def test_rename_between_names_of_one_file_does_nothing(system: System) -> None:
    system.create("/d/a", b"1", meta())
    system.link("/d/a", "/d/b")
    system.rename("/d/a", "/d/b")
    assert system.names("/d") == ["a", "b"]


def test_rename_onto_a_folder_fails(system: System) -> None:
    system.create("/d/a", b"1", meta())
    system.mkdir("/d/f")
    with pytest.raises(IsADirectoryError):
        system.rename("/d/a", "/d/f")


def test_link_is_the_same_file(system: System) -> None:
    facts = system.create("/d/a", b"1", meta())
    system.mkdir("/e")
    system.link("/d/a", "/e/b")
    assert system.facts("/e/b") == facts
    assert system.unlink("/d/a")
    assert content(system, "/e/b") == b"1"
    with pytest.raises(FileExistsError):
        system.link("/e/b", "/e/b")
    with pytest.raises(FileNotFoundError):
        system.link("/e/no", "/e/c")


def test_equal_only_while_nothing_changes(system: System) -> None:
    system.create("/d/a", b"1", meta(mtime_ns=1))
    seen = system.look("/d/a")
    system.link("/d/a", "/d/b")
    system.unlink("/d/b")
    assert system.look("/d/a") == seen
    system.unlink("/d/a")
    system.create("/d/other", b"", meta())
    system.create("/d/a", b"1", meta(mtime_ns=2))
    assert system.look("/d/a") != seen


def test_rmdir_only_if_empty(system: System) -> None:
    system.create("/d/a", b"", meta())
    assert not system.rmdir("/d")
    system.unlink("/d/a")
    assert system.rmdir("/d")
    assert not system.folder("/d")


def test_links_are_not_followed(world: World, system: System) -> None:
    system.create("/d/a", b"1", meta())
    world.symlink("/d/link", "a")
    world.symlink("/linked", "d")
    for call in (system.facts, system.look):
        with pytest.raises(Refused):
            call("/d/link")
        with pytest.raises(Refused):
            call("/linked/a")
    for attempt in (
        lambda: system.folder("/linked"),
        lambda: system.create("/linked/b", b"", meta()),
        lambda: system.rename("/d/a", "/linked/b"),
        lambda: system.unlink("/linked/a"),
        lambda: system.mkdir("/linked/f"),
        lambda: system.link("/d/a", "/linked/b"),
    ):
        with pytest.raises(Refused):
            attempt()
    assert content(system, "/d/a") == b"1"
    assert system.names("/d") == ["a", "link"]


def test_link_is_replaced_and_removed_as_itself(world: World, system: System) -> None:
    system.create("/d/a", b"1", meta())
    system.create("/d/b", b"2", meta())
    world.symlink("/d/link", "a")
    system.rename("/d/b", "/d/link")
    assert content(system, "/d/link") == b"2"
    assert content(system, "/d/a") == b"1"


def test_folder_where_a_file_belongs(system: System) -> None:
    system.mkdir("/d/f")
    with pytest.raises(Refused):
        system.facts("/d/f")
    with pytest.raises(Refused):
        system.look("/d/f")


def test_folder_open_to_others_is_not_written_to(world: World, system: System) -> None:
    system.mkdir("/d/e")
    system.create("/d/e/a", b"1", meta())
    world.open_up("/d")
    with pytest.raises(Refused):
        system.create("/d/e/b", b"", meta())
    with pytest.raises(Refused):
        system.folder("/d/e")
    with pytest.raises(Refused):
        system.unlink("/d/e/a")
    assert content(system, "/d/e/a") == b"1", "reading is another matter"


@pytest.mark.parametrize("path", ["d/a", "/d/../a", "/d/../../etc/passwd"])
def test_paths_are_absolute_and_plain(system: System, path: str) -> None:
    with pytest.raises(Refused):
        system.create(path, b"", meta())


def test_nothing_stays_open(system: System) -> None:
    before = len(os.listdir("/proc/self/fd"))
    system.mkdir("/d/e")
    system.create("/d/e/f", b"x", meta())
    system.rename("/d/e/f", "/d/e/g")
    system.link("/d/e/g", "/d/e/h")
    for path in ("/d/e/g", "/d/e/h", "/d/no"):
        system.look(path)
        system.facts(path)
        system.unlink(path)
    system.sync("/d/e")
    system.rmdir("/d/e")
    assert len(os.listdir("/proc/self/fd")) == before


def test_sync(system: System) -> None:
    system.sync("/d")
    system.sync("/")
    with pytest.raises(FileNotFoundError):
        system.sync("/no")
