"""What is written down is read back as it was, and what isn't ours is told."""

from __future__ import annotations

import errno
import json

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.machine.journal import (
    Journal,
    Scratch,
    Step,
    put,
    read_journal,
    read_scratch,
    write_journal,
    write_scratch,
)
from dtsconf.machine.layout import Layout
from tests.fakes.memory_system import Fault, Faulty, MemorySystem

LAYOUT = Layout(root="/some/where")
JOURNAL = Journal(
    (Step("/etc/a", "/etc/.a.new", "/etc/.a.old", True, "sha256:00"), Step("/etc/b", None, "/etc/.b.old", False)),
    (Step("/var/lib/dtsconf/generations/1.json", "x.new", "x.old", False, "sha256:01"),),
)
SCRATCH = Scratch(("/etc/.a.new",), ("/etc/dts",))


@pytest.fixture
def system() -> MemorySystem:
    system = MemorySystem()
    system.put("/var/lib/dtsconf/lock", b"")
    return system


def test_round_trip(system: MemorySystem) -> None:
    write_journal(system, LAYOUT, JOURNAL)
    write_scratch(system, LAYOUT, SCRATCH)
    assert read_journal(system, LAYOUT.journal) == JOURNAL
    assert read_scratch(system, LAYOUT) == SCRATCH
    system.cut_power()
    assert read_journal(system, LAYOUT.journal) == JOURNAL


def test_public_and_without_the_folder_of_root(system: MemorySystem) -> None:
    write_journal(system, LAYOUT, JOURNAL)
    write_scratch(system, LAYOUT, SCRATCH)
    for path in (LAYOUT.journal, LAYOUT.staged):
        found = system.look(path)
        assert found is not None
        assert found.facts.mode == 0o644
        assert b"/some" not in found.content


def test_nothing_there(system: MemorySystem) -> None:
    assert read_journal(system, LAYOUT.journal) is None
    assert read_scratch(system, LAYOUT) == Scratch()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 1}', '{"format": 1, "steps": [1], "records": []}', "{"]
)
def test_garbled(system: MemorySystem, text: str) -> None:
    system.put(LAYOUT.journal, text.encode())
    system.put(LAYOUT.staged, text.replace("steps", "files").encode())
    with pytest.raises(DtsconfError) as caught:
        read_journal(system, LAYOUT.journal)
    assert LAYOUT.journal in caught.value.message
    assert "rm " in (caught.value.hint or "")
    with pytest.raises(DtsconfError):
        read_scratch(system, LAYOUT)


@pytest.mark.parametrize("field", ["path", "staging", "backup", "existed", "digest"])
@pytest.mark.parametrize("value", [0, [], {}])
def test_a_step_of_another_shape_is_told_and_never_taken(system: MemorySystem, field: str, value: object) -> None:
    step = {"path": "/etc/a", "staging": "/etc/.a.new", "backup": "/etc/.a.old", "existed": True, "digest": "sha256:0"}
    text = json.dumps({"format": 1, "steps": [step | {field: value}], "records": []})
    system.put(LAYOUT.journal, text.encode())
    with pytest.raises(DtsconfError, match="is not as dtsconf writes it"):
        read_journal(system, LAYOUT.journal)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_put_that_fails_leaves_the_old_file_alone(system: MemorySystem, at: int) -> None:
    put(system, LAYOUT.journal, b"old", 0o644)
    with pytest.raises(OSError, match="Input"):
        put(Faulty(system, Fault(at, errno.EIO)), LAYOUT.journal, b"new", 0o644)
    assert system.names(LAYOUT.state) == ["journal.json", "lock"]
    found = system.look(LAYOUT.journal)
    assert found is not None
    assert found.content == b"old"
