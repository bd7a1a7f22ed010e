"""What else a user does while a run is at their queue, and what others see of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.scenarios.harness import NOBODY, PROGRAM, Gate, Machine, Result, call, in_namespace
from tests.scenarios.test_queue import Servers, messages, queue, spool, to_server


@contextmanager
def running(machine: Machine, smtpd: Servers, *replies: str, mails: int = 2) -> Iterator[tuple[list[str], Result]]:
    """A run that has handed the first of these mails over and waits for the server's word, which comes at the block's
    end. Gives the Message-IDs; what the run told is in `done` afterwards."""
    gate, done = Gate(), Result((), 0, "", "")
    server = smtpd(replies={".": list(replies)} if replies else {})
    server.hooks["."] = gate
    to_server(machine, server.port)
    queued = [queue(machine) for _ in range(mails)]
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
