"""What else can stand in a spool, or go wrong with it: nothing is lost or sent twice for that, and others go on."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.queue import held as held_module
from dtsconf.queue.attempt import Item, Outcome
from dtsconf.queue.entry import Refused
from dtsconf.queue.held import read_head
from dtsconf.queue.listing import listed
from dtsconf.queue.spool import Spool
from tests.unit.posix import make_fifo, own
from tests.unit.queue.spooling import DUE, TWO, Clock, Message, Server, add, files, progress_of, run

ODD_ENTRIES: tuple[dict[str, Any], ...] = (
    {"recipients": 5},
    {"recipients": "abc"},
    {"recipients": [1]},
    {"recipients": []},
    {"recipients": None},
    {"recipients": ["you@acme.example\r\nRSET"]},
    {"sender": 5},
    {"sender": "nobody"},
    {"subject": None},
    {"queued": "now"},
    {"queued": float("nan")},
    {"queued": 1e300},
    {"size": True},
    {"eight_bit": "yes"},
    {"format": 0},
    {"format": "1"},
)


@pytest.mark.parametrize("odd", ODD_ENTRIES, ids=str)
def test_an_entry_of_another_shape_is_damaged_and_blocks_no_other(spool: Spool, odd: dict[str, Any]) -> None:
    bad, good = add(spool), add(spool, message_id="<good@acme.example>")
    (slot,) = spool.named([bad.id])
    line, _, rest = Path(slot.path).read_bytes().partition(b"\n")
    Path(slot.path).write_bytes(b"W" + json.dumps(json.loads(line[1:]) | odd).encode() + b"\n" + rest)
    assert [each.state for each in listed(spool)] == ["damaged", "queued"]
    assert [(ran.id, ran.state) for ran in run(spool, Server())] == [(bad.id, "failed"), (good.id, "sent")]


@pytest.mark.parametrize("later", [{"format": 2}, {"format": 2, "recipients": 5}, {"priority": 3}], ids=str)
def test_what_a_later_version_queued_waits_for_that_and_is_not_given_up(spool: Spool, later: dict[str, Any]) -> None:
    new, good = add(spool), add(spool, message_id="<good@acme.example>")
    (slot,) = spool.named([new.id])
    line, _, rest = Path(slot.path).read_bytes().partition(b"\n")
    Path(slot.path).write_bytes(b"W" + json.dumps(json.loads(line[1:]) | later).encode() + b"\n" + rest)
    whole = Path(slot.path).read_bytes()
    shown, _ = listed(spool)
    assert (shown.state, shown.hint.partition(" (")[0]) == ("damaged", "update dtsconf")
    ran, sent = run(spool, Server())
    assert (ran.state, ran.stuck, ran.hint.partition(" (")[0]) == ("deferred", True, "update dtsconf")
    assert (sent.id, sent.state) == (good.id, "sent")
    assert Path(slot.path).read_bytes() == whole


def test_whoever_a_later_version_noted_as_served_is_not_served_again(spool: Spool) -> None:
    add(spool)
    run(spool, Server(Outcome(later=TWO[1:], detail="450")))
    beside = Path(spool.slots()[0].path.removesuffix(".eml") + ".state")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"priority": 3}))
    server = Server()
    assert [ran.state for ran in run(spool, server)] == ["sent"]
    assert [recipients for _, recipients, _ in server.got] == [TWO[1:]]


ODD_PROGRESS: tuple[str, ...] = (
    "",
    '{"attempts": "x"}',
    '{"attempts": null}',
    '{"next": "x"}',
    '{"next": NaN}',
    '{"next": 1e400}',
    '{"next": 99999999999999}',
    '{"remaining": 5}',
    '{"remaining": "abc"}',
    '{"remaining": [1]}',
    '{"remaining": ["x\\r\\nRSET"]}',
    '{"refused": null}',
    '{"refused": [5]}',
    '{"refused": [{"address": 1, "code": "x", "detail": null}]}',
    '{"detail": 5}',
    "[" * 100_000,
)


@pytest.mark.parametrize("odd", ODD_PROGRESS, ids=lambda text: text[:40])
def test_a_progress_that_cannot_be_read_is_an_unknown_outcome_and_goes_with_the_mail(spool: Spool, odd: str) -> None:
    add(spool)
    (slot,) = spool.slots()
    Path(slot.path.removesuffix(".eml") + ".state").write_text(odd)
    assert [(each.state, each.progress.unknown) for each in listed(spool)] == [("deferred", 1)]
    assert [ran.state for ran in run(spool, Server(), DUE)] == ["sent"]
    assert files(spool) == []


def test_what_was_no_mail_of_ours_is_left_alone(spool: Spool, tmp_path: Path) -> None:
    add(spool)
    os.mkdir(os.path.join(spool.folder, "0-folder-5.eml"))
    make_fifo(Path(spool.folder) / "0-pipe-5.eml")
    os.symlink(tmp_path, os.path.join(spool.folder, "0-link-5.eml"))
    assert [ran.state for ran in run(spool, Server())] == ["sent"]


def test_a_strange_file_can_be_named_and_dropped(spool: Spool) -> None:
    add(spool)
    Path(spool.folder, "notes.eml").write_text("no mail")
    assert {ran.id: ran.state for ran in run(spool, Server())}["notes"] == "failed"
    held = spool.take(*spool.named(["notes"]))
    assert held is not None
    with held:
        held.drop()
    assert files(spool) == []


def test_a_strange_file_takes_no_room(spool: Spool) -> None:
    add(spool)
    Path(spool.folder, "notes.eml").write_text("no mail")
    add(spool, message_id="<2@acme.example>")
    assert [slot.size > 0 for slot in spool.slots()] == [True, True, False]


def test_a_folder_that_others_may_write_to_is_no_queue(spool: Spool) -> None:
    """What they put in there would be sent in this user's name."""
    add(spool)
    os.chmod(spool.folder, 0o777)
    for use in (lambda: add(spool), lambda: run(spool, Server())):
        with pytest.raises(DtsconfError, match="is writable by everybody") as caught:
            use()
        assert caught.value.hint == f"chmod go-w {spool.folder}"
    own(Path(spool.folder), -1, 12345)
    os.chmod(spool.folder, 0o770)
    with pytest.raises(DtsconfError, match="is writable by group 12345"):
        add(spool)
    os.chmod(spool.folder, 0o700)
    assert [ran.state for ran in run(spool, Server())] == ["sent"]


def test_somebody_elses_folder_is_no_queue(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    monkeypatch.setattr("os.geteuid", lambda: 4_000_000)
    with pytest.raises(DtsconfError, match="belongs to") as caught:
        spool.slots()
    assert str(caught.value.hint).startswith("run it as that user")


def test_a_file_that_was_renamed_is_known_by_its_name(spool: Spool) -> None:
    add(spool)
    (slot,) = spool.slots()
    os.rename(slot.path, os.path.join(spool.folder, f"0-restored-{slot.size}.eml"))
    add(spool)
    first, _ = run(spool, Server())
    assert (first.id, first.state) == ("0-restored", "sent")
    assert files(spool) == []


def test_a_progress_that_cannot_be_got_at_is_an_attempt_that_nobody_knows_of(spool: Spool) -> None:
    """As where the disk has an error: who has got it may have stood there."""
    add(spool)
    beside = spool.slots()[0].path.removesuffix(".eml") + ".state"
    os.symlink(beside, beside)
    assert progress_of(spool.slots()[0]).unknown == 1


@pytest.mark.parametrize(("while_held", "phase"), [(True, "waiting"), (False, "sent")])
def test_what_can_not_be_dropped_waits_on(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, *, while_held: bool, phase: str
) -> None:
    """Where the lock has to go first, nobody may send it in between: there it counts as dropped."""
    add(spool)
    (slot,) = spool.slots()

    def closed(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    for module in ("files.lock", "queue.held"):
        monkeypatch.setattr(f"dtsconf.{module}.REMOVES_HELD", while_held)
    monkeypatch.setattr(os, "unlink", closed)
    held = spool.take(slot)
    assert held is not None
    with suppress(PermissionError):
        held.drop()
    assert read_head(slot.path)[1] == phase


def test_dropping_takes_the_progress_along(spool: Spool) -> None:
    add(spool)
    run(spool, Server(Outcome(later=TWO, detail="450 busy")))
    held = spool.take(spool.slots()[0])
    assert held is not None
    with held:
        held.drop()
    assert files(spool) == []


def test_a_time_further_off_than_any_wait_was_noted_by_a_clock_that_ran_ahead(spool: Spool) -> None:
    add(spool)
    clock = Clock()
    clock.time += 86400
    run(spool, Server(Outcome(later=TWO, detail="450 busy")), DUE, clock)
    assert [ran.state for ran in run(spool, Server(), DUE)] == ["sent"]


def test_what_the_server_takes_in_further_transactions_goes_in_the_same_run(spool: Spool) -> None:
    add(spool)
    server = Server(Outcome(later=TWO[1:], more=True), Outcome(later=TWO[1:], detail="450 busy"))
    assert [ran.state for ran in run(spool, server)] == ["deferred"]
    assert [recipients for _, recipients, _ in server.got] == [TWO, TWO[1:]]
    assert progress_of(spool.slots()[0]).attempts == 1


def test_further_transactions_wait_when_the_server_cannot_be_used_any_more(spool: Spool) -> None:
    add(spool)
    add(spool, message_id="<2@acme.example>")
    gone = Outcome(later=TWO, unusable=True, detail="connect: refused")
    server = Server(Outcome(later=TWO[1:], more=True, detail="452 too many"), gone)
    assert [(ran.state, ran.detail) for ran in run(spool, server)] == [("deferred", "connect: refused")] * 2
    assert [recipients for _, recipients, _ in server.got] == [TWO, TWO]
    first, second = map(progress_of, spool.slots())
    assert (first.attempts, first.remaining, first.next) == (1, TWO[1:], second.next)
    assert (second.attempts, second.remaining) == (1, None)
    assert [ran.state for ran in run(spool, Server())] == ["sent", "sent"]


def test_without_room_for_a_note_nobody_gets_it_in_a_further_transaction(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(spool)
    reserve, sizes = held_module.Held.reserve, list[int]()

    def full_by_now(held: held_module.Held, size: int) -> None:
        sizes.append(size)
        if len(sizes) > 1:
            raise OSError(28, "No space left on device")
        reserve(held, size)

    monkeypatch.setattr(held_module.Held, "reserve", full_by_now)
    three = Refused(TWO[0], 550, "550 no such user")
    server = Server(Outcome(refused=(three,), later=TWO[1:], more=True))
    (ran,) = run(spool, server)
    assert (ran.state, ran.stuck) == ("deferred", True)
    assert "who has got it couldn't be written down: No space left" in ran.detail
    assert [recipients for _, recipients, _ in server.got] == [TWO]
    assert progress_of(spool.slots()[0]).remaining == TWO[1:]


def test_who_got_it_in_a_first_transaction_is_known_after_a_kill_in_the_second(spool: Spool) -> None:
    add(spool)
    first = Server(Outcome(later=TWO[1:], more=True))

    def dies(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for outcome in first(items):
            if len(first.got) == 2:
                raise KeyboardInterrupt
            yield outcome

    with pytest.raises(KeyboardInterrupt):
        run(spool, dies)
    server = Server()
    run(spool, server)
    assert [recipients for _, recipients, _ in server.got] == [TWO[1:]]


REFUSED = Outcome(refused=(Refused(TWO[0], 550, "550 no such user"),), detail="550 no such user")


def test_a_kill_before_the_move_to_failed_serves_nobody_twice(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)

    replace = os.replace

    def dies(source: str, place: str) -> None:
        if place.startswith(spool.failed_folder) and place.endswith(".eml"):
            raise KeyboardInterrupt
        replace(source, place)

    with monkeypatch.context() as during:
        during.setattr(os, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            run(spool, Server(REFUSED))
    server = Server()
    (ran,) = run(spool, server)
    assert (ran.state, ran.detail) == ("failed", "550 no such user")
    assert f"dtsconf queue flush {ran.id}; or take it away: dtsconf queue drop {ran.id}" in ran.hint
    assert server.got == []


def test_where_failed_takes_nothing_the_others_go_on(spool: Spool) -> None:
    add(spool)
    add(spool, message_id="<good@acme.example>")
    os.symlink("/nowhere/at/all", spool.failed_folder)
    server = Server(REFUSED)
    ran = run(spool, server)
    assert [(one.state, one.stuck) for one in ran] == [("deferred", True), ("sent", False)]
    assert "can't be moved to failed/" in ran[0].detail
    assert f"move it away: mv {spool.failed_folder} {spool.failed_folder}.old; a later run" in ran[0].hint
    assert [one.state for one in run(spool, server)] == ["deferred"]
    assert len(server.got) == 2
    os.unlink(spool.failed_folder)
    assert [one.state for one in run(spool, server)] == ["failed"]


@pytest.mark.parametrize("while_held", [True, False])
def test_one_that_can_not_be_moved_to_failed_keeps_who_has_got_it(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, *, while_held: bool
) -> None:
    """As on Windows, where a scanner may have its file open."""
    add(spool)
    no = Refused(TWO[0], 550, "no such user")

    def in_use(_old: str, new: str) -> None:
        raise PermissionError(errno.EACCES, "it is in use", new)

    with monkeypatch.context() as patched:
        patched.setattr("dtsconf.files.lock.REMOVES_HELD", while_held)
        patched.setattr("dtsconf.files.lock.replace", in_use)
        (ran,) = run(spool, Server(Outcome(refused=(no,), detail="550")))
        assert (ran.state, ran.stuck) == ("deferred", True)
        assert "it can't be moved to failed/: it is in use" in ran.detail
    server = Server()
    assert [ran.state for ran in run(spool, server)] == ["failed"]
    assert not server.got
    assert progress_of(spool.slots()[0]).refused == (no,)


def test_a_note_that_somebody_reads_keeps_nothing_from_failed(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where `queue list` has it open for a blink."""
    add(spool)
    run(spool, Server(Outcome(later=TWO, detail="450 busy")))
    unlink = os.unlink

    def in_use(path: str) -> None:
        if path.endswith(".state"):
            raise PermissionError(errno.EACCES, "it is in use", path)
        unlink(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", in_use)
        (ran,) = run(spool, Server(REFUSED))
    assert (ran.state, ran.detail) == ("failed", REFUSED.detail)
    spool.tidy()
    assert [os.path.dirname(each) for each in files(spool)] == ["failed", "failed"]


def test_what_cannot_be_written_down_is_sent_once_more_at_most(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    add(spool, message_id="<good@acme.example>")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(held_module, "atomic_write", full)
    server = Server(REFUSED)
    ran = run(spool, server)
    assert [(one.state, one.stuck) for one in ran] == [("deferred", True), ("sent", False)]
    assert "No space left" in ran[0].detail
    assert f"df -h {spool.folder}; a later run goes on with it" in ran[0].hint
    assert [one.state for one in run(spool, server)] == ["deferred"]
    assert len(server.got) == 2


def test_a_mail_that_could_not_be_read_back_is_not_queued(spool: Spool) -> None:
    many = tuple(f"{number:050}@acme.example" for number in range(80_000))
    with pytest.raises(DtsconfError, match="80000 recipients are too many") as caught:
        spool.add(Message(), "dts@acme.example", many, "x")
    assert caught.value.hint == "queue it in parts"
    assert files(spool) == []


def test_what_the_server_said_of_many_recipients_can_be_read_back(spool: Spool) -> None:
    many = tuple(f"{number}@acme.example" for number in range(2_000))
    spool.add(Message(), "dts@acme.example", many, "x")
    refused = tuple(Refused(address, 550, "ü" * 1_000) for address in many[2:])
    run(spool, Server(Outcome(later=many[1:2], refused=refused)))
    assert progress_of(spool.slots()[0]).remaining == many[1:2]


def test_a_message_that_can_not_be_read_to_its_end_is_given_up_and_keeps_no_other(spool: Spool) -> None:
    bad, good = add(spool, message_id="<bad@acme.example>"), add(spool, message_id="<good@acme.example>")
    found = run(spool, Server(Outcome(later=TWO, unread="Input/output error")))
    assert [(one.id, one.state) for one in found] == [(bad.id, "failed"), (good.id, "sent")]
    assert found[0].hint == f"send the mail anew, then dtsconf queue drop {bad.id}"
    (kept,) = spool.slots()
    assert kept.failed
    assert progress_of(kept).detail == "the queued file is damaged: Input/output error"
    held = spool.take(kept)
    assert held is not None
    held.release()
