"""What else a user does while a run is at their queue, and what others see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.scenarios.harness import NOBODY, PROGRAM, Gate, Machine, Result, call, in_namespace
from tests.scenarios.test_queue import Servers, messages, queue, spool, to_server


@contextmanager
def running(machine: Machine, smtpd: Servers, *replies: str) -> Iterator[tuple[list[str], Result]]:
    """A run that has handed the first of two mails over and waits for the server's word, which comes at the block's
    end. Gives the Message-IDs; what the run told is in `done` afterwards."""
    gate, done = Gate(), Result((), 0, "", "")
    extensions = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")  # by the first a run takes the next mail at once
    server = smtpd(extensions=extensions, replies={".": list(replies)} if replies else {})
    server.hooks["."] = gate
    to_server(machine, server.port)
    queued = [queue(machine) for _ in range(2)]
    process = machine.start("queue", "run")
    gate.wait()
    try:
        yield queued, done
    finally:
        gate.open()
        ended = machine.finish(process, "queue", "run")
        vars(done).update(vars(ended))


def test_purge_takes_nothing_from_under_a_run(machine: Machine, smtpd: Servers) -> None:
    with running(machine, smtpd, "451 4.3.0 try later", "451 4.3.0 try later") as (_, ran):
        before = machine.everything()
        refused = machine.run("purge", "--yes", "--wait", "0.2").fails(8)
        assert "another dtsconf run (of your queue, with mail " in refused.stderr
        assert "--wait SECONDS" in refused.stderr
        assert machine.everything() == before
    assert "2 deferred" in ran.stdout
    assert [one["state"] for one in messages(machine)] == ["deferred", "deferred"]
    assert "2 mails that wait" in machine.run("purge", "--yes").ok().text
    assert not machine.state.exists()


def test_purge_waits_for_a_run_to_end(machine: Machine, smtpd: Servers) -> None:
    with running(machine, smtpd) as (_, ran):
        process = machine.start("purge", "--yes", "--wait", "30")
    assert machine.finish(process, "purge").code == 0
    assert "2 sent" in ran.stdout
    assert not machine.state.exists()


def test_purge_under_a_root_tells_of_what_others_keep(machine: Machine) -> None:
    to_server(machine, 1)
    users = machine.state / "users"
    users.mkdir(mode=0o777)
    users.chmod(0o777)
    words = ("send", "--queue", "--to", "you@acme.example", "--body", "x")
    theirs = in_namespace(":", PROGRAM, "--root", str(machine.root), *words, uid=NOBODY)
    assert call(theirs, cwd="/", env=machine.environ(root=False)).returncode == 0
    queue(machine)
    purged = machine.run("purge", "--yes").ok()
    assert f"their queues too, in {users} (user {NOBODY})" in purged.stdout
    assert [each.name for each in users.iterdir()] == [str(NOBODY)]
    assert spool(machine).is_dir()
    assert [each.name for each in machine.state.iterdir()] == ["users"]
    again = machine.run("purge", "--yes").ok()
    assert "nothing was taken away" in again.stdout


def test_what_a_run_has_in_hand_is_told_as_that(machine: Machine, smtpd: Servers) -> None:
    """The one that goes out is being sent, the others are its run's; and whoever runs the queue too is told why nothing
    happens."""
    with running(machine, smtpd):
        listed = messages(machine)
        assert [one["state"] for one in listed] == ["sending", "queued"]
        for command in ("run", "flush"):
            told = machine.run("queue", command).ok().stdout
            assert told == "nothing was sent: another run has 2 in hand at this moment\n"
        dropped = machine.run("queue", "drop", "--all").fails(1).text
        first, second = (one["id"] for one in listed)
        assert f"kept     {first}: it is being sent at this moment" in dropped
        assert f"kept     {second}: a run that is on has it in hand: drop it once that is over" in dropped
    assert messages(machine) == []


def test_a_killed_run_sends_nothing_any_more(machine: Machine, smtpd: Servers) -> None:
    gate = Gate()
    server = smtpd(hooks={".": gate})
    to_server(machine, server.port)
    queue(machine)
    process = machine.start("queue", "run")
    gate.wait()
    process.kill()
    process.communicate()
    gate.open()
    (one,) = messages(machine)
    assert (one["state"], one["attempts"], one["unknown"]) == ("deferred", 1, 1)
    assert "the next run sends it again" in machine.run("queue", "list").stdout
    server.hooks.clear()
    assert "1 sent" in machine.run("queue", "run").ok().stdout


def test_what_was_given_up_is_flushed_as_the_hint_says(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    port = server.port
    server.stop()
    to_server(machine, port)
    for _ in range(2):
        queue(machine)
    machine.run("queue", "run").ok()
    for note in spool(machine).glob("*.state"):
        held = json.loads(note.read_text())
        note.write_text(json.dumps(held | {"since": 1.0}))
    fresh = queue(machine)
    both = machine.run("queue", "flush").fails(9).stdout
    assert "2 failed" in both
    command = f"dtsconf queue flush --root {machine.root}"
    assert f"{command} and {command} --failed" in both
    machine.run("queue", "drop", *(one["id"] for one in messages(machine) if one["message_id"] == fresh)).ok()
    assert f"{command} --failed all" in machine.run("queue", "run").ok().stdout
    alone = machine.run("queue", "flush", "--failed").fails(9).stdout
    assert alone.rstrip().endswith(f"{command} --failed")
    again = smtpd(port=port)
    assert "2 sent" in machine.run("queue", "flush", "--failed").ok().stdout
    assert len(again.messages) == 2
    assert machine.run("queue", "flush", "--failed").ok().stdout == "nothing failed\n"
    waits = queue(machine)
    assert machine.run("queue", "flush", "--failed", "--json").ok().json["messages"] == []
    assert [one["message_id"] for one in messages(machine)] == [waits]
