"""The spool and its runner: what is kept, who gets what, and what a kill in between leaves."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import DtsconfError, SecretUnavailable, UsageProblem
from dtsconf.files import staging
from dtsconf.files.folder import Folder
from dtsconf.files.staging import Staging, sweep
from dtsconf.queue import spool as spool_module
from dtsconf.queue.attempt import Item, Outcome
from dtsconf.queue.entry import LONGEST_DETAIL, Damaged, Entry, Progress, Refused, as_kept, read_entry, read_progress
from dtsconf.queue.held import Held, read_beside, read_head
from dtsconf.queue.ledger import ROOM
from dtsconf.queue.runner import Which
from dtsconf.queue.schedule import LIFETIME, LONGEST_WAIT, next_attempt
from dtsconf.queue.spool import Slot, Spool
from tests.unit.queue.spooling import (
    ALL,
    DUE,
    TWO,
    Clock,
    Message,
    Server,
    add,
    dies_once_taken,
    files,
    progress_of,
    run,
)


def test_a_queued_message_is_private_and_whole(spool: Spool) -> None:
    entry = add(spool, b"Subject: x\r\n\r\nhello\r\n")
    (slot,) = spool.slots()
    assert (slot.id, slot.size, slot.failed) == (entry.id, entry.size, False)
    assert read_head(slot.path)[0] == entry
    assert os.stat(slot.path).st_mode & 0o777 == 0o600
    assert os.stat(spool.folder).st_mode & 0o777 == 0o700
    assert re.fullmatch(r"\d{8}T\d{12}-[0-9a-f]{8}", entry.id)


def test_what_everybody_got_leaves_nothing_behind(spool: Spool) -> None:
    add(spool, b"Subject: x\r\n\r\nhello\r\n")
    server = Server()
    assert [ran.state for ran in run(spool, server)] == ["sent"]
    assert server.got == [("<1@acme.example>", TWO, b"Subject: x\r\n\r\nhello\r\n")]
    assert files(spool) == []


def test_messages_go_in_the_order_of_queueing(spool: Spool) -> None:
    for number in range(5):
        add(spool, message_id=f"<{number}@acme.example>")
    server = Server()
    run(spool, server)
    assert [message_id for message_id, _, _ in server.got] == [f"<{n}@acme.example>" for n in range(5)]


def test_who_has_got_it_is_not_served_again(spool: Spool) -> None:
    add(spool)
    server = Server(Outcome(later=TWO[1:], detail="450 busy"))
    assert [(ran.state, ran.detail) for ran in run(spool, server)] == [("deferred", "450 busy")]
    assert [ran.state for ran in run(spool, server)] == ["sent"]
    assert [recipients for _, recipients, _ in server.got] == [TWO, TWO[1:]]


def test_who_has_got_it_is_not_served_after_an_attempt_that_served_nobody(spool: Spool) -> None:
    add(spool)
    server = Server(*(Outcome(later=TWO[1:], detail="450 busy") for _ in range(3)))
    for _ in range(4):
        run(spool, server)
    assert [recipients for _, recipients, _ in server.got] == [TWO, *[TWO[1:]] * 3]


def test_a_refusal_for_good_is_kept_with_its_reason(spool: Spool) -> None:
    entry = add(spool)
    server = Server(Outcome(refused=(Refused(TWO[0], 550, "550 no such user"),), detail="550 no such user"))
    assert [ran.state for ran in run(spool, server)] == ["failed"]
    (slot,) = spool.slots()
    assert (slot.failed, slot.id) == (True, entry.id)
    assert progress_of(slot).refused == (Refused(TWO[0], 550, "550 no such user"),)
    assert [ran.state for ran in run(spool, Server())] == []
    again = Server()
    assert [ran.state for ran in run(spool, again, Which(ids=(entry.id,)))] == ["sent"]
    assert again.got[0][1] == TWO[:1]
    assert files(spool) == []


def test_waits_grow_and_only_what_is_due_is_taken(spool: Spool) -> None:
    add(spool)
    clock = Clock()
    busy = Server(*[Outcome(later=TWO, detail="451 later")] * 3)
    waits = []
    for _ in range(3):
        assert len(run(spool, busy, DUE, clock)) == 1
        assert run(spool, busy, DUE, clock) == []
        due = progress_of(spool.slots()[0]).next
        waits.append(due - clock.time)
        clock.time = due
    assert waits == pytest.approx([60, 120, 240])


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_no_wait_is_longer_than_some_hours(attempts: int, chance: float) -> None:
    wait = next_attempt(0, attempts, chance)
    assert 45 <= wait <= 1.25 * LONGEST_WAIT


def test_after_five_days_it_is_given_up(spool: Spool) -> None:
    entry = add(spool)
    clock = Clock()
    later = Outcome(later=TWO, detail="451 later", hint="a later run tries again")
    for passed in (0, LIFETIME - 1):
        clock.time += passed
        assert run(spool, Server(later), ALL, clock)[0].state == "deferred"
    clock.time += 1
    (ran,) = run(spool, Server(later), ALL, clock)
    assert ran.state == "failed"
    assert "5 days" in ran.detail
    assert "451 later" in ran.detail
    (again,) = run(spool, Server(later), Which(ids=(entry.id,)), clock)
    for one in (ran, again):
        assert (one.state, one.hint.partition(";")[0]) == ("failed", "no run tries it by itself any more")
        assert f"dtsconf queue flush {entry.id}" in one.hint


@pytest.mark.parametrize("ahead", [LIFETIME * 2, -LIFETIME * 2])
def test_a_machine_that_was_off_or_whose_clock_was_wrong_has_five_days_left(spool: Spool, ahead: float) -> None:
    for _ in range(2):
        add(spool)
    clock = Clock()
    clock.time += ahead
    down = Outcome(later=TWO, unusable=True, detail="connection refused")
    for passed in (0, LIFETIME - 1):
        clock.time += passed
        assert [one.state for one in run(spool, Server(down), ALL, clock)] == ["deferred"] * 2
    clock.time += 1
    assert [one.state for one in run(spool, Server(down), ALL, clock)] == ["failed"] * 2


def test_a_first_try_under_a_clock_far_behind_takes_none_of_the_five_days(spool: Spool) -> None:
    add(spool)
    clock, right = Clock(), Clock().time
    later = Outcome(later=TWO, detail="451 later")
    for now in (86400.0, right, right + LIFETIME - 1):
        clock.time = now
        assert [one.state for one in run(spool, Server(later), ALL, clock)] == ["deferred"]
    clock.time = right + LIFETIME
    assert [one.state for one in run(spool, Server(later), ALL, clock)] == ["failed"]


def test_a_server_that_is_down_is_asked_once_for_all(spool: Spool) -> None:
    for number in range(4):
        add(spool, message_id=f"<{number}@acme.example>")
    clock = Clock()
    server = Server(Outcome(later=TWO, unusable=True, detail="connection refused"))
    rans = run(spool, server, DUE, clock)
    assert [ran.state for ran in rans] == ["deferred"] * 4
    assert len(server.got) == 1
    assert run(spool, server, DUE, clock) == []
    assert {progress_of(slot).detail for slot in spool.slots()} == {"connection refused"}
    assert [progress_of(slot).attempts for slot in spool.slots()] == [1, 0, 0, 0]


def test_a_poisoned_message_blocks_no_other(spool: Spool) -> None:
    bad, good = add(spool, message_id="<bad@acme.example>"), add(spool, message_id="<good@acme.example>")
    (slot,) = spool.named([bad.id])
    os.truncate(slot.path, 40)
    server = Server()
    assert [(ran.id, ran.state) for ran in run(spool, server)] == [(bad.id, "failed"), (good.id, "sent")]
    assert [message_id for message_id, _, _ in server.got] == ["<good@acme.example>"]


def test_a_held_message_is_nobody_elses(spool: Spool) -> None:
    add(spool)
    held, server = spool.take(spool.slots()[0]), Server()
    assert held is not None
    with held:
        assert run(spool, server) == []
    assert server.got == []
    assert [ran.state for ran in run(spool, server)] == ["sent"]


def test_a_run_that_died_over_a_message_leaves_its_outcome_unknown(spool: Spool) -> None:
    entry = add(spool)

    def dies(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            item.begin()
            raise KeyboardInterrupt
        yield Outcome()

    with pytest.raises(KeyboardInterrupt):
        run(spool, dies)
    assert read_head(spool.slots()[0].path)[1] == "sending"
    server = Server(Outcome(later=TWO, detail="451 later"))
    run(spool, server, DUE)
    progress = progress_of(spool.slots()[0])
    assert (progress.unknown, progress.attempts) == (1, 2)
    assert read_head(spool.slots()[0].path)[1] == "waiting"
    assert server.got[0][0] == entry.message_id


def test_an_unknown_outcome_is_counted_and_tried_again(spool: Spool) -> None:
    add(spool)
    server = Server(Outcome(later=TWO, unknown=True, detail="cut at the end"))
    assert run(spool, server)[0].state == "deferred"
    assert progress_of(spool.slots()[0]).unknown == 1
    assert run(spool, server)[0].state == "sent"


def test_a_secret_that_is_missing_costs_no_attempt(spool: Spool) -> None:
    add(spool)

    def locked(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for _ in items:
            raise SecretUnavailable("the keyring is locked", "unlock it")
        yield Outcome()

    with pytest.raises(SecretUnavailable):
        run(spool, locked)
    assert read_beside(spool.slots()[0].path) is None
    assert read_head(spool.slots()[0].path)[1] == "waiting"


def test_what_was_delivered_but_not_taken_away_is_not_sent_again(spool: Spool) -> None:
    add(spool)
    held = spool.take(spool.slots()[0])
    assert held is not None
    with held:
        held.enter("sent")
    server = Server()
    assert run(spool, server) == []
    assert server.got == []
    assert files(spool) == []


def test_who_delivers_may_hold_the_next_ones_before_it_tells_of_one(spool: Spool) -> None:
    for number in range(3):
        add(spool, message_id=f"<{number}@acme.example>")
    first, second, third = spool.slots()
    seen: list[list[bool]] = []

    def is_held(slot: Slot) -> bool:
        held = spool.take(slot)
        if held is not None:
            held.release()
        return held is None

    def look() -> None:
        seen.append([is_held(first), is_held(second), is_held(third)])

    def server(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        source = iter(items)
        ahead = [next(source), next(source)]
        ahead[0].begin()
        ahead[0].taken()
        look()
        yield Outcome()
        ahead.append(next(source))
        look()
        yield from (Outcome(), Outcome())

    assert [ran.state for ran in run(spool, server)] == ["sent"] * 3
    assert seen == [[True, True, False], [False, True, True]]
    assert files(spool) == []


def test_what_was_sent_is_taken_away_once_a_second_and_never_sent_again_meanwhile(spool: Spool) -> None:
    for number in range(4):
        add(spool, message_id=f"<{number}@acme.example>")
    clock, other = Clock(), Server()
    left: list[int] = []

    def server(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            item.begin()
            left.append(sum(name.endswith(".eml") for name in files(spool)))
            yield Outcome()
            if len(left) == 2:
                clock.time += 1.5
            if len(left) == 4:
                assert run(spool, other) == []

    assert [ran.state for ran in run(spool, server, clock=clock)] == ["sent"] * 4
    assert left == [4, 4, 4, 1]
    assert other.got == []
    assert files(spool) == []


def test_one_that_failed_and_was_sent_by_a_run_that_was_killed_goes(spool: Spool) -> None:
    add(spool)
    run(spool, Server(Outcome(refused=(Refused(TWO[0], 550, "550 no"), Refused(TWO[1], 550, "550 no")))))
    held = spool.take(spool.slots()[0])
    assert held is not None
    with held:
        held.enter("sent")
    assert run(spool, Server(), DUE) == []
    assert files(spool) == []


def test_what_was_taken_away_survives_a_power_cut(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    seen: list[list[str]] = []
    monkeypatch.setattr("dtsconf.queue.spool.sync_folder", lambda folder: seen.append(os.listdir(folder)))
    run(spool, Server())
    assert seen == [[]]


@pytest.mark.parametrize(
    ("outcome", "durable"),
    [
        (Outcome(later=TWO, detail="450 busy"), False),
        (Outcome(later=TWO[1:], detail="450 busy"), True),
        (Outcome(later=TWO, unknown=True, detail="cut"), True),
    ],
)
def test_who_has_got_it_or_may_have_is_noted_for_good(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, durable: bool
) -> None:
    add(spool)
    seen: list[bool] = []
    commit = Staging.commit

    def watched(staging: Staging, *, durable: bool = True) -> None:
        seen.append(durable)
        commit(staging, durable=durable)

    monkeypatch.setattr(Staging, "commit", watched)
    run(spool, Server(outcome))
    assert seen == [durable]


def test_a_note_has_its_room_before_anything_is_sent(spool: Spool) -> None:
    add(spool)
    held = spool.take(*spool.slots())
    assert held is not None
    with held:
        held.reserve(100_000)
        (room,) = (each for each in Path(spool.folder).iterdir() if each.name.startswith(".dtsconf-"))
        assert room.stat().st_size == 100_000
    assert not room.exists()


def test_one_that_fails_once_more_is_noted_for_good(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = add(spool)
    refused = Outcome(refused=tuple(Refused(address, 550, "550 no") for address in TWO), detail="550 no")
    run(spool, Server(refused))
    seen: list[bool] = []
    commit = Staging.commit

    def watched(staging: Staging, *, durable: bool = True) -> None:
        seen.append(durable)
        commit(staging, durable=durable)

    monkeypatch.setattr(Staging, "commit", watched)
    run(spool, Server(refused), Which(ids=[entry.id]))
    assert seen[-1]


def test_a_name_that_is_taken_takes_no_mail_s_place(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr("os.urandom", bytes)
    first = add(spool)
    with pytest.raises(FileExistsError):
        add(spool, message_id="<2@acme.example>")
    (slot,) = spool.slots()
    assert read_head(slot.path)[0] == first


def test_what_could_not_be_made_durable_is_not_in_the_queue(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told so queues it again."""
    monkeypatch.setattr(Folder, "sync", lambda folder: os.fsync(2**30))
    with pytest.raises(OSError):
        add(spool)
    assert files(spool) == []


def test_one_that_was_taken_is_not_sent_again_by_a_run_after_one_that_died(spool: Spool) -> None:
    add(spool)

    with pytest.raises(KeyboardInterrupt):
        run(spool, dies_once_taken)
    server = Server()
    assert run(spool, server) == []
    assert server.got == []
    assert files(spool) == []


def test_who_names_a_mail_means_whoever_was_refused_as_well(spool: Spool) -> None:
    """One was refused and another waits; that one's mailbox is mended meanwhile."""
    entry = add(spool)
    refused = (Refused(TWO[0], 550, "550 no such user"),)
    run(spool, Server(Outcome(later=TWO[1:], refused=refused, detail="450 busy")))
    server = Server()
    assert [ran.state for ran in run(spool, server, Which(ids=(entry.id,)))] == ["sent"]
    assert sorted(server.got[0][1]) == sorted(TWO)
    assert spool.slots() == []


def test_who_was_refused_is_not_forgotten_by_a_run_that_died_once_the_others_had_it(spool: Spool) -> None:
    add(spool)
    refused = (Refused(TWO[0], 550, "550 no such user"),)
    run(spool, Server(Outcome(later=TWO[1:], refused=refused, detail="450 busy")))

    with pytest.raises(KeyboardInterrupt):
        run(spool, dies_once_taken)
    (ran,) = run(spool, Server())
    assert ran.state == "failed"
    assert progress_of(spool.slots()[0]).refused == refused


def test_a_run_that_breaks_off_lets_go_of_all_that_it_held(spool: Spool) -> None:
    for number in range(3):
        add(spool, message_id=f"<{number}@acme.example>")

    def server(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        source = iter(items)
        next(source)
        yield Outcome()
        next(source)
        next(source)
        raise SecretUnavailable("locked", "unlock it")

    with pytest.raises(SecretUnavailable):
        run(spool, server)
    left = spool.slots()
    assert [read_head(slot.path)[1] for slot in left] == ["waiting", "waiting"]
    assert len(files(spool)) == 2
    for slot in left:
        held = spool.take(slot)
        assert held is not None
        held.release()


def test_a_file_that_can_not_be_taken_away_holds_up_no_other(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        add(spool, message_id=f"<{number}@acme.example>")
    first, _ = spool.slots()
    unlink = os.unlink

    def failing(path: str) -> None:
        if path == first.path:
            raise PermissionError(13, "Permission denied")
        unlink(path)

    server = Server()
    with monkeypatch.context() as during:
        during.setattr(os, "unlink", failing)
        assert [ran.state for ran in run(spool, server)] == ["sent", "sent"]
    assert [read_head(slot.path)[1] for slot in spool.slots()] == ["sent"]
    assert run(spool, server) == []
    assert len(server.got) == 2
    assert files(spool) == []


def test_results_come_in_the_order_of_the_queue(spool: Spool) -> None:
    entries = [add(spool, message_id=f"<{number}@acme.example>") for number in range(3)]
    os.truncate(spool.slots()[1].path, 40)

    def server(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        yield from [Outcome() for _ in list(items)]

    rans = run(spool, server)
    assert [ran.id for ran in rans] == [entry.id for entry in entries]
    assert [ran.state for ran in rans] == ["sent", "failed", "sent"]


def test_trouble_with_the_next_one_waits_until_this_one_is_settled(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        add(spool, message_id=f"<{number}@acme.example>")
    first, second = spool.slots()
    take = spool.take

    def failing(slot: Slot) -> Held | None:
        if slot.path == second.path:
            raise OSError(5, "Input/output error")
        return take(slot)

    monkeypatch.setattr(spool, "take", failing)
    server = Server()
    ran = run(spool, server)
    told = "its file can't be opened: Input/output error"
    assert [(one.state, one.stuck, one.detail) for one in ran[1:]] == [("deferred", True, told)]
    assert "dtsconf doctor" in ran[1].hint
    assert [message_id for message_id, _, _ in server.got] == ["<0@acme.example>"]
    assert not os.path.exists(first.path)


def test_a_large_message_is_read_in_pieces(spool: Spool) -> None:
    text = b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 60_000
    add(spool, text)
    server = Server()
    assert [ran.state for ran in run(spool, server)] == ["sent"]
    assert server.got[0][2] == text


def test_a_message_that_changes_while_it_is_queued_is_not_queued(spool: Spool) -> None:
    class Growing(Message):
        @property
        def size(self) -> int:
            return len(self.text) + 1

    with pytest.raises(DtsconfError, match="changed"):
        spool.add(Growing(), "dts@acme.example", TWO, "x")
    assert files(spool) == []


def test_what_a_killed_writer_left_is_swept_but_not_a_living_ones(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_shows_descriptors", lambda: False)  # as where no file can do without a name
    add(spool)
    dead = Path(spool.folder) / ".dtsconf-dead.eml.0123"
    dead.write_bytes(b"half")
    seen: list[list[str]] = []

    class Looking(Message):
        def chunks(self) -> Iterator[bytes]:
            spool.tidy()
            seen.append([name for name in os.listdir(spool.folder) if name.startswith(".dtsconf-")])
            yield self.text

    spool.add(Looking(), "dts@acme.example", TWO, "x")
    assert len(seen[0]) == 1
    assert not dead.exists()
    assert len(spool.slots()) == 2


def test_what_a_kill_left_in_failed_is_swept_and_what_can_not_be_swept_stops_no_run(spool: Spool) -> None:
    add(spool)
    run(spool, Server(Outcome(refused=tuple(Refused(each, 550, "no") for each in TWO), detail="no")))
    (Path(spool.failed_folder) / ".dtsconf-dead.state.0123").write_bytes(b"half")
    (Path(spool.folder) / ".dtsconf-odd").mkdir()
    add(spool)
    assert [ran.state for ran in run(spool, Server())] == ["sent"]
    assert [name for name in os.listdir(spool.failed_folder) if name.startswith(".")] == []


def test_a_note_is_kept_whose_message_came_while_the_names_were_read(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(spool)
    run(spool, Server(Outcome(later=TWO[1:], detail="450 busy")))
    kept = files(spool)

    def before_it_came(folder: str) -> list[str]:
        return [name for name in sweep(folder) if not name.endswith(".eml")]

    monkeypatch.setattr(spool_module, "sweep", before_it_came)
    spool.tidy()
    assert files(spool) == kept


def test_a_note_of_a_message_that_is_gone_goes_with_the_next_run(spool: Spool) -> None:
    add(spool)
    run(spool, Server(Outcome(later=TWO, detail="450 busy")))
    os.unlink(spool.slots()[0].path)
    add(spool)
    run(spool, Server(Outcome(later=TWO, detail="450 busy")))
    (message, note) = files(spool)
    assert message.removesuffix(".eml") == note.removesuffix(".state")


def test_a_full_spool_refuses_and_says_what_to_do(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    monkeypatch.setattr(spool_module, "LARGEST", 30)
    with pytest.raises(DtsconfError, match="spool is full") as caught:
        add(spool)
    assert caught.value.hint == "send what waits (dtsconf queue flush)"
    run(spool, Server(Outcome(refused=tuple(Refused(each, 550, "no") for each in TWO), detail="no")))
    with pytest.raises(DtsconfError, match="spool is full") as caught:
        add(spool)
    assert caught.value.hint == "take away what failed (dtsconf queue list shows it): dtsconf queue drop --failed"
    monkeypatch.setattr(spool_module, "LARGEST", 1 << 40)
    monkeypatch.setattr(spool_module, "SPARE", 1 << 60)
    with pytest.raises(DtsconfError, match="no room"):
        add(spool)
    assert len(spool.slots()) == 1


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"format":2}', b'{"format":1,"id":"x"}', b"null", b"[" * 100_000]
)
def test_damaged_files_are_told_as_that(data: bytes) -> None:
    for line in (data, b"W" + data, b"Q" + data):
        with pytest.raises(Damaged):
            read_entry(line)
    if data != b"{}":
        with pytest.raises(Damaged):
            read_progress(data)


ADDRESSES = st.lists(st.sampled_from([*TWO, "ü@bücher.example", '"a b"@[::1]']), min_size=1).map(tuple)


@given(st.text(), ADDRESSES, st.integers(0), st.floats(0, 1e10), st.booleans())
def test_values_come_back_as_they_were(
    text: str, addresses: tuple[str, ...], size: int, when: float, eight_bit: bool
) -> None:
    entry = Entry(text, text, addresses[0], addresses, text, size, eight_bit, when)
    assert read_entry(entry.line()) == (entry, "waiting")
    assert entry.line() == f"W{json.dumps(asdict(entry) | {'format': 1}, sort_keys=True)}\n".encode()
    progress = Progress(1, 2, when, addresses, (Refused(addresses[0], None, text),), text, when)
    assert read_progress(progress.text()) == progress


def test_an_id_that_is_not_there_is_told(spool: Spool) -> None:
    with pytest.raises(UsageProblem, match="no message 20991231") as caught:
        spool.named([add(spool).id, "20991231"])
    assert caught.value.hint == "dtsconf queue list shows the ids"


@pytest.mark.parametrize("char", ["x", "\u00e9", "\u6f22", "\U0001f600", "\0", '"', "\\", "\ud800"])
def test_what_is_kept_of_a_servers_words_fits_into_the_room_that_was_taken(char: str) -> None:
    kept = as_kept(char * 70_000)
    assert LONGEST_DETAIL - 12 <= len(json.dumps(kept)) <= LONGEST_DETAIL
    assert as_kept("550 no such user") == "550 no such user"
    domain = ".".join(["d" * 60] * 3)
    refused = tuple(Refused(f"{number:064}@{domain}", 550, kept) for number in range(50))
    before, after = (
        Progress(),
        Progress(9, 9, 2e9, (), refused, f"given up after 5 days; the last attempt: {kept}", 2e9),
    )
    assert len(after.text()) <= len(before.text()) + ROOM * (len(refused) + 1)
