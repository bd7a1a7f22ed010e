"""Whatever call fails or is the last before a kill: the machine is wholly old or wholly new, and clean after recovery.

The loops here go over every changing call that a run makes, on the disk in memory; the same with real calls is in
tests/scenarios/test_kill_matrix.py.
"""

from __future__ import annotations

import errno
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.files.signals import POLITE
from dtsconf.machine.key import MachineKey
from dtsconf.machine.layout import Layout
from dtsconf.machine.recovery import recover
from dtsconf.machine.system import Meta, Owner, Refused
from dtsconf.machine.transaction import Transaction, Write
from tests.fakes.memory_system import Died, Fault, Faulty, MemorySystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dtsconf.errors import Notice

LAYOUT = Layout(root="/nowhere")
KEY = MachineKey(bytes(32))
CONFIG, SECRETS, MSMTP = "/etc/dts/email.json", "/etc/dts/email.secrets.json", "/etc/msmtprc"
KEPT = MSMTP + ".before-dtsconf"
ACL = ("system.posix_acl_access", b"ann may read")
STATE_FILES = ("/var", "/var/lib", "/var/lib/dtsconf", LAYOUT.key)
Tree = dict[str, tuple[Owner, bytes | None, tuple[tuple[str, bytes], ...], int | None, int]]


def secrets(*ids: str) -> bytes:
    return " ".join(ids).encode()


def config(name: str) -> bytes:
    return f"config {name}".encode()


@dataclass(frozen=True)
class Job:
    """A run: what stands there before, what is written, what is recorded."""

    standing: Mapping[str, bytes] = field(default_factory=dict)
    writes: tuple[Write, ...] = ()
    records: Mapping[int, bytes] = field(default_factory=dict)
    folders_gone: tuple[str, ...] = ()


APPLIED = {
    CONFIG: config("old"),
    SECRETS: secrets("old"),
    MSMTP: b"old",
    LAYOUT.generation(0): b"#0",
    LAYOUT.generation(1): b"#1",
}

JOBS = {
    "first apply": Job(
        {},
        (
            Write(SECRETS, secrets("new"), mode=0o600, secret=True),
            Write(CONFIG, config("new")),
            Write(MSMTP, b"new", mode=0o600, secret=True),
        ),
        {0: b"#0", 1: b"#1"},
    ),
    "another password": Job(
        APPLIED,
        (
            Write(SECRETS, secrets("old", "new"), mode=0o600, secret=True),
            Write(CONFIG, config("new")),
            Write(MSMTP, b"new", mode=0o600, secret=True),
            Write(SECRETS, secrets("new"), mode=0o600, secret=True),
        ),
        {2: b"#2"},
    ),
    "a new folder and a dropped target": Job(
        APPLIED,
        (Write(CONFIG, config("old")), Write("/srv/a/b/msmtprc", b"new"), Write(MSMTP)),
        {2: b"#2"},
    ),
    "adopt": Job(
        {MSMTP: b"the administrator's"},
        (Write(CONFIG, config("none")), Write(KEPT, source=MSMTP), Write(MSMTP, b"new")),
        {0: b"#0", 1: b"#1"},
    ),
    "adopt a second target, with generation 0 told again": Job(
        {**APPLIED, "/etc/other": b"the administrator's"},
        (Write("/etc/other.before-dtsconf", source="/etc/other"), Write("/etc/other", b"new")),
        {0: b"#0 with other", 2: b"#2"},
    ),
    "rollback to 0": Job(
        {**APPLIED, KEPT: b"the administrator's"},
        (Write(CONFIG), Write(SECRETS), Write(MSMTP, source=KEPT), Write(KEPT)),
        {2: b"#2"},
        folders_gone=("/etc/dts",),
    ),
    "secrets first both, never there before": Job(
        {CONFIG: config("none")},
        (
            Write(SECRETS, secrets("old", "new"), secret=True),
            Write(CONFIG, config("new")),
            Write(SECRETS, secrets("new"), secret=True),
        ),
        {1: b"#1"},
    ),
}
every_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())


def machine(job: Job, *, hard_links: bool = True) -> MemorySystem:
    system = MemorySystem(hard_links=hard_links)
    system.put(LAYOUT.key, bytes(32).hex().encode(), Meta(Owner(0o600, 0, 0)))
    system.put("/etc/passwd", b"")
    for number, (path, content) in enumerate(job.standing.items()):
        system.put(path, content, Meta(Owner(0o640, 0, number), (ACL,), 1000 + number))
    return system


def run(system: Faulty | MemorySystem, job: Job) -> tuple[Notice, ...]:
    staged = Transaction(system, LAYOUT, KEY).stage(job.writes, folders_gone=job.folders_gone)
    return staged.commit(job.records, {})


def attempt(system: Faulty, job: Job) -> tuple[Notice, ...] | DtsconfError:
    try:
        return run(system, job)
    except DtsconfError as error:
        return error


def outcome(job: Job, *, hard_links: bool = True) -> tuple[Tree, Tree]:
    """The machine before and after an undisturbed run."""
    system = machine(job, hard_links=hard_links)
    before = system.tree()
    assert run(system, job) == ()
    return before, system.tree()


def calls(job: Job) -> int:
    counted = Faulty(machine(job))
    run(counted, job)
    return counted.calls


def synced_by(job: Job) -> int:
    """The number of calls after which the journal is on the disk: its rename, and the folder's sync."""
    whole = Faulty(machine(job))
    run(whole, job)
    return next(at for at, what in enumerate(whole.log, 1) if what.endswith(f" {LAYOUT.journal}")) + 1


def said(tree: Tree) -> dict[str, tuple[Owner, bytes | None, tuple[tuple[str, bytes], ...]]]:
    """A tree without times and inodes, which a second run can't repeat."""
    return {path: entry[:3] for path, entry in tree.items()}


def assert_whole(system: MemorySystem, before: Tree, after: Tree, *, inodes: bool = True) -> str:
    """The machine is as before, to the inode, or as after. Says which."""
    now = system.tree()
    if inodes and now == before:
        return "old"
    if not inodes and {p: e[:4] for p, e in now.items()} == {p: e[:4] for p, e in before.items()}:
        return "old"
    assert said(now) == said(after)
    return "new"


def reader(system: MemorySystem) -> Callable[[], None]:
    """Another program: whatever config it finds, the secret that this names is there."""

    def look() -> None:
        found = system.look(CONFIG)
        name = found.content.decode().removeprefix("config ") if found else "none"
        if name != "none":
            there = system.look(SECRETS)
            assert there is not None
            assert name in there.content.decode().split()

    return look


def watched(system: MemorySystem, job: Job, fault: Fault | None) -> Faulty:
    both = any(write.path == SECRETS for write in job.writes) or SECRETS in job.standing
    return Faulty(system, fault, reader(system) if both else lambda: None)


@every_job
def test_run_leaves_the_new_files_and_nothing_else(job: Job) -> None:
    before, after = outcome(job)
    wanted = {write.path for write in job.writes if not write.deletes}
    wanted |= {LAYOUT.generation(number) for number in job.records}
    gone = {write.path for write in job.writes} - wanted
    assert {path for path in after if after[path][1] is not None} == {
        path for path in before if before[path][1] is not None
    } - gone | wanted
    for folder in job.folders_gone:
        assert folder not in after


@every_job
@pytest.mark.parametrize("hard_links", [True, False], ids=["hard links", "no hard links"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_killed_at_every_call_then_recovered(job: Job, hard_links: bool, late: bool) -> None:
    before, after = outcome(job, hard_links=hard_links)
    seen = []
    for at in range(1, calls(job) + 1):
        system = machine(job, hard_links=hard_links)
        with pytest.raises(Died):
            run(watched(system, job, Fault(at, late=late)), job)
        recover(watched(system, job, None), LAYOUT)
        seen.append(assert_whole(system, before, after, inodes=hard_links))
        assert recover(system, LAYOUT) is None
    whole = Faulty(machine(job, hard_links=hard_links))
    run(whole, job)
    before_it = next(at for at, what in enumerate(whole.log) if what.endswith(f" {LAYOUT.journal}")) + (not late)
    assert seen == ["old"] * before_it + ["new"] * (len(seen) - before_it), "the journal's rename is the commit point"


@every_job
def test_killed_and_killed_again_while_recovering(job: Job) -> None:
    before, after = outcome(job)
    for at in range(1, calls(job) + 1):
        again = 0
        died = True
        while died:
            again += 1
            system = machine(job)
            with pytest.raises(Died):
                run(Faulty(system, Fault(at)), job)
            try:
                recover(watched(system, job, Fault(again)), LAYOUT)
                died = False
            except Died:
                recover(watched(system, job, None), LAYOUT)
            assert_whole(system, before, after)


@every_job
@pytest.mark.parametrize("keeps", [(), ("/etc",), ("/etc/dts",), ("/var/lib/dtsconf",), ("/etc", "/etc/dts")])
def test_power_cut_at_every_call(job: Job, keeps: tuple[str, ...]) -> None:
    before, after = outcome(job)
    seen = []
    for at in range(1, calls(job) + 1):
        system = machine(job)
        with pytest.raises(Died):
            run(Faulty(system, Fault(at)), job)
        system.cut_power(lambda path: path in keeps)
        if SECRETS in job.standing:
            reader(system)()
        recover(system, LAYOUT)
        seen.append(assert_whole(system, before, after))
    assert set(seen[synced_by(job) :]) == {"new"}, "once the journal is synced"


@every_job
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_error_at_every_call(job: Job, code: int, late: bool) -> None:
    before, after = outcome(job)
    states = []
    for at in range(1, calls(job) + 1):
        system = machine(job)
        faulty = watched(system, job, Fault(at, code, late))
        told = attempt(faulty, job)
        if isinstance(told, DtsconfError):
            assert told.code == 1
            assert "can't write /" in told.message
            assert told.hint
            assert system.tree() == before, faulty.log[at - 1]
            states.append("old")
        else:
            assert [notice.kind for notice in told] == ["cleanup"], faulty.log[at - 1]
            recover(system, LAYOUT)
            assert said(system.tree()) == said(after)
            states.append("new")
    assert states == sorted(states, reverse=True)
    assert set(states) == {"old", "new"}


@every_job
def test_error_at_every_call_and_all_later_ones(job: Job) -> None:
    before, after = outcome(job)
    for at in range(1, calls(job) + 1):
        system = machine(job)
        attempt(watched(system, job, Fault(at, errno.EIO, persistent=True)), job)
        recover(watched(system, job, None), LAYOUT)
        assert_whole(system, before, after)


@every_job
def test_error_then_killed_while_putting_back(job: Job) -> None:
    before, after = outcome(job)

    for at in range(1, calls(job) + 1):
        for kill in range(at + 1, at + 30, 3):
            system = machine(job)
            faulty = Faulty(system, Fault(at, errno.EIO), then=Fault(kill, late=kill % 2 == 0))
            with suppress(Died):
                attempt(faulty, job)
            recover(watched(system, job, None), LAYOUT)
            assert_whole(system, before, after)


def test_staging_file_removed_by_hand_undoes() -> None:
    job = JOBS["another password"]
    before, _ = outcome(job)
    system = machine(job)
    faulty = Faulty(system)
    run(faulty, job)
    first = next(at for at, what in enumerate(faulty.log, 1) if what.endswith(f" {CONFIG}"))
    system = machine(job)
    with pytest.raises(Died):
        run(Faulty(system, Fault(first)), job)
    for name in system.names("/etc"):
        if name.endswith(".new"):
            system.unlink(f"/etc/{name}")
    notice = recover(system, LAYOUT)
    assert notice is not None
    assert "undone" in notice.message
    assert system.tree() == before


def test_a_fault_of_our_own_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOBS["another password"]
    before, _ = outcome(job)
    system = machine(job)

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("dtsconf.machine.staged.record", broken)
    with pytest.raises(RuntimeError):
        run(system, job)
    assert system.tree() == before


def test_edit_after_the_record_is_not_undone() -> None:
    job = JOBS["another password"]
    faulty = Faulty(machine(job))
    run(faulty, job)
    removal = faulty.log.index(f"unlink {LAYOUT.journal}") + 1
    system = machine(job)
    with pytest.raises(Died):
        run(Faulty(system, Fault(removal)), job)
    system.put(CONFIG, b"edited")
    recover(system, LAYOUT)
    found = system.look(CONFIG)
    assert found is not None
    assert found.content == b"edited"
    assert system.facts(LAYOUT.generation(2)) is not None


@pytest.mark.parametrize("change", ["content", "mode", "gone", "created"])
def test_moved_since_the_plan(change: str) -> None:
    job = JOBS["another password"]
    system = machine(job)
    expected = {path: system.look(path) for path in (CONFIG, MSMTP, SECRETS)}
    staged = Transaction(system, LAYOUT, KEY).stage([*job.writes, Write("/etc/new", b"x")])
    if change == "content":
        system.put(CONFIG, b"other")
    elif change == "mode":
        system.put(CONFIG, config("old"), Meta(Owner(0o600, 0, 0), (ACL,), 1000))
    elif change == "gone":
        system.unlink(CONFIG)
    else:
        system.put("/etc/new", b"theirs")
    now = {p: e for p, e in system.tree().items() if "dtsconf-" not in p and p != LAYOUT.staged}
    with pytest.raises(DtsconfError) as caught:
        staged.commit(job.records, expected)
    assert "changed by somebody else" in caught.value.message
    assert system.tree() == now


def test_plan_older_than_what_is_staged_counts() -> None:
    job = JOBS["another password"]
    system = machine(job)
    expected = {CONFIG: system.look(CONFIG)}
    system.put(CONFIG, b"other")
    staged = Transaction(system, LAYOUT, KEY).stage(job.writes)
    with pytest.raises(DtsconfError, match="changed by somebody else"):
        staged.commit(job.records, expected)


def test_discard_and_leaving_the_block_take_everything_away() -> None:
    job = JOBS["first apply"]
    system = machine(job)
    before = system.tree()
    with Transaction(system, LAYOUT, KEY).stage(job.writes) as staged:
        assert system.tree() != before
        assert staged.folders_made == ("/etc/dts",)
    assert system.tree() == before


def test_facts_are_those_of_the_files_that_go_live() -> None:
    job = JOBS["another password"]
    system = machine(job)
    staged = Transaction(system, LAYOUT, KEY).stage([*job.writes, Write("/etc/passwd")])
    facts = dict(staged.facts)
    staged.commit(job.records, {})
    assert facts == {path: system.facts(path) for path in facts}
    assert facts["/etc/passwd"] is None


def test_refused_target_leaves_nothing() -> None:
    system = machine(Job())
    system.symlink("/etc/msmtprc", "/etc/passwd")
    before = system.tree()
    with pytest.raises(Refused):
        Transaction(system, LAYOUT, KEY).stage([Write(CONFIG, b"x"), Write(MSMTP, b"x")])
    assert system.tree() == before


def test_ctrl_c_while_staging_undoes(monkeypatch: pytest.MonkeyPatch) -> None:
    system = machine(Job())
    before = system.tree()
    create = system.create

    def interrupted(path: str, data: bytes, meta: Meta) -> object:
        if path.startswith("/etc/dts/.email.json"):
            raise KeyboardInterrupt
        return create(path, data, meta)

    monkeypatch.setattr(system, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(system, JOBS["first apply"])
    assert system.tree() == before


@pytest.fixture
def polite() -> Iterator[None]:
    """SIGTERM and SIGHUP raise as Ctrl-C does, like in the program."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in POLITE}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("polite")
@pytest.mark.parametrize("number", POLITE)
def test_nobody_ends_it_from_the_commit_point_on(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    system = machine(Job())
    rename, unlink = system.rename, system.unlink

    def renamed(old: str, new: str) -> None:
        rename(old, new)
        if new == LAYOUT.journal or system.facts(LAYOUT.journal):
            signal.raise_signal(number)

    def unlinked(path: str) -> bool:
        gone = unlink(path)
        if path in (LAYOUT.journal, LAYOUT.staged) and gone:
            signal.raise_signal(number)
        return gone

    monkeypatch.setattr(system, "rename", renamed)
    monkeypatch.setattr(system, "unlink", unlinked)
    assert run(system, JOBS["first apply"]) == ()
    assert signal.getsignal(number) is signal.default_int_handler


def test_nothing_written_down_holds_a_secret_or_its_plain_digest() -> None:
    from hashlib import sha256

    job = JOBS["another password"]
    faulty = Faulty(machine(job))
    run(faulty, job)
    system = machine(job)
    at = faulty.log.index(f"unlink {LAYOUT.journal}") + 1
    with pytest.raises(Died):
        run(Faulty(system, Fault(at)), job)
    journal = system.look(LAYOUT.journal)
    assert journal is not None
    assert journal.facts.mode == 0o644
    assert sha256(config("new")).hexdigest().encode() in journal.content
    for secret in (secrets("new"), secrets("old", "new"), b"new"):
        assert sha256(secret).hexdigest().encode() not in journal.content


def test_garbled_journal_is_an_error_that_says_what_to_do() -> None:
    system = machine(Job())
    system.put(LAYOUT.journal, b"{")
    with pytest.raises(DtsconfError) as caught:
        recover(system, LAYOUT)
    assert LAYOUT.journal in caught.value.message
    assert caught.value.hint
