"""What else a user does while a run is at their queue, and what others see of it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.smalldisk import SmallDisk
from tests.scenarios.harness import NOBODY, PROGRAM, Gate, Machine, Result, call, in_namespace
from tests.scenarios.test_queue import Servers, messages, queue, spool, to_server

MAIL = ("send", "--queue", "--to", "you@acme.example", "--body", "x")


def open_to_users(machine: Machine) -> Path:
    """Lets every user of the root have a folder of their own."""
    users = machine.state / "users"
    users.mkdir(mode=0o777)
    users.chmod(0o777)
    return users


def as_nobody(machine: Machine, *args: str) -> Result:
    """The program, run by another user."""
    command = in_namespace(":", PROGRAM, "--root", str(machine.root), *args, uid=NOBODY)
    ended = call(command, cwd="/", env=machine.environ(root=False))
    return Result(args, ended.returncode, ended.stdout, ended.stderr)


def fix(text: str) -> str:
    """The command that the first hint in a text names, as root types it."""
    hint = next(line.partition("hint: ")[2] for line in text.splitlines() if "hint: " in line)
    return re.split("as root: |move it away: ", hint)[-1].partition("; ")[0]


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
    users = open_to_users(machine)
    as_nobody(machine, *MAIL).ok()
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
    for note in spool(machine).glob("*.state"):  # as if both had been queued and tried long ago
        held = json.loads(note.read_text())
        note.write_text(json.dumps(held | {"since": 1.0}))
        mail = note.with_suffix(".eml")
        mail.write_bytes(re.sub(rb'"queued": [0-9.]+', b'"queued": 1.0', mail.read_bytes(), count=1))
    fresh = queue(machine)
    both = machine.run("queue", "flush").fails(9).stdout
    assert "2 failed" in both
    command = f"dtsconf queue flush --root {machine.root}"
    assert f"{command} and {command} --failed" in both
    machine.run("queue", "drop", *(one["id"] for one in messages(machine) if one["message_id"] == fresh)).ok()
    assert f"{command} ID tries one again, or --failed all" in machine.run("queue", "run").ok().stdout
    alone = machine.run("queue", "flush", "--failed").fails(9).stdout
    assert alone.rstrip().endswith(f"{command} --failed")
    again = smtpd(port=port)
    assert "2 sent" in machine.run("queue", "flush", "--failed").ok().stdout
    assert len(again.messages) == 2
    assert machine.run("queue", "flush", "--failed").ok().stdout == "nothing failed\n"
    waits = queue(machine)
    assert machine.run("queue", "flush", "--failed", "--json").ok().json["messages"] == []
    assert [one["message_id"] for one in messages(machine)] == [waits]


@pytest.mark.parametrize("what", ["mail", "mails", "spool", "failed", "mode", "file"])
def test_a_queue_that_its_user_can_not_use_names_the_command_that_mends_it(
    machine: Machine, smtpd: Servers, what: str
) -> None:
    """By whatever command meets it, and by the doctor; typed, it does."""
    server = smtpd()
    to_server(machine, server.port)
    theirs = open_to_users(machine) / str(NOBODY) / "spool"
    for _ in range(2 if what == "mails" else 1):
        as_nobody(machine, *MAIL).ok()
    close(theirs, what)
    commands = [("queue", "list"), ("queue", "run"), ("doctor", "--json")]
    mend = ""
    for command in [MAIL, *commands[2:]] if what in ("spool", "mode") else commands:
        told = as_nobody(machine, *command)
        assert "dtsconf doctor" not in told.stderr, told
        assert told.code == (0 if command[1] == "list" and what in ("mail", "mails") else 1), told
        text = told.text
        if command[0] == "doctor":
            (check,) = [each for each in json.loads(told.stdout)["checks"] if each["check"] == "queue"]
            assert check["state"] == "fail"
            text = f"hint: {check['hint']}"
        mend = fix(text)
        assert str(theirs) in mend, told
    assert os.system(mend) == 0
    assert as_nobody(machine, "queue", "run").code == 0
    assert len(server.messages) == {"mails": 2, "file": 0}.get(what, 1)
    as_nobody(machine, *MAIL).ok()


def close(spool: Path, what: str) -> None:
    """Take something of this spool from its user."""
    (spool / "failed").mkdir(mode=0o700, exist_ok=True)
    shutil.chown(spool / "failed", NOBODY, NOBODY)
    if what == "file":
        shutil.rmtree(spool)
        spool.write_text("")
        shutil.chown(spool, NOBODY, NOBODY)
    elif what == "mode":
        spool.chmod(0o500)
    else:
        for path in {"spool": [spool], "failed": [spool / "failed"]}.get(what, list(spool.glob("*.eml"))):
            shutil.chown(path, 0, 0)


def test_what_can_not_be_opened_is_listed_as_that(machine: Machine) -> None:
    to_server(machine, 1)
    theirs = open_to_users(machine) / str(NOBODY) / "spool"
    as_nobody(machine, *MAIL).ok()
    (mail,) = theirs.glob("*.eml")
    shutil.chown(mail, 0, 0)
    listed = as_nobody(machine, "queue", "list").ok().stdout
    assert f"its file can't be opened: Permission denied\n    hint: as root: chown {NOBODY} {mail}\n" in listed
    assert listed.endswith("\n1 that can't be opened\n")
    kept = as_nobody(machine, "queue", "drop", "--all").fails(1).stdout
    assert kept.endswith(f"it can't be taken away: Permission denied; as root: chown {NOBODY} {mail}\n")
    ran = json.loads(as_nobody(machine, "queue", "run", "--json").fails(1).stdout)
    assert (ran["deferred"], ran["failed"], ran["problems"][0]["kind"]) == (1, 0, "stuck")


def test_the_doctor_tells_of_a_disk_that_is_full(machine: Machine, disk: SmallDisk) -> None:
    to_server(machine, 1)
    queue(machine)
    found = {each["check"]: each for each in machine.run("doctor", "--json").json["checks"]}
    assert (found["queue"]["state"], found["room"]["state"]) == ("ok", "ok")
    assert found["queue"]["detail"] == f"{spool(machine)}: 1 waiting, 0 failed"
    shutil.rmtree(spool(machine))
    spool(machine).symlink_to(disk.path)
    disk.path.chmod(0o700)
    disk.fill()
    found = {each["check"]: each for each in machine.run("doctor", "--json").fails(1).json["checks"]}
    assert found["queue"]["state"] == "fail"
    assert found["queue"]["hint"] == f"free some space on its disk: df -h {spool(machine)}"
    assert found["room"]["state"] == "ok"


def test_a_sender_that_only_the_call_knew_is_in_the_mail_and_no_run_asks_for_it(
    machine: Machine, smtpd: Servers
) -> None:
    server = smtpd()
    machine.apply(expecting(machine, server.port, "sender.email")).ok()
    sent = machine.run(*MAIL, env={"DTS_EMAIL_SENDER__EMAIL": "me@acme.example"}).ok()
    assert "`dtsconf queue run --root " in sent.stderr
    assert "DTS_EMAIL" not in sent.stderr
    assert "1 sent" in machine.run("queue", "run").ok().stdout
    assert server.messages[0].sender == "me@acme.example"


def test_a_server_that_only_the_call_knew_is_told_when_the_mail_is_queued_and_where_it_waits(
    machine: Machine, smtpd: Servers
) -> None:
    server = smtpd()
    machine.apply(expecting(machine, server.port, "server.host")).ok()
    known = {"DTS_EMAIL_SERVER__HOST": "127.0.0.1"}
    told = machine.run(*MAIL, env=known).ok().stderr
    assert "` sends it where DTS_EMAIL_SERVER__HOST is set as here (a timer" in told
    assert machine.run(*MAIL, "--json", env=known).ok().json["needs"] == ["DTS_EMAIL_SERVER__HOST"]
    machine.run("queue", "run").fails(3)
    for one in messages(machine):
        assert one["state"] == "queued"
        assert one["detail"].startswith("server.host is not set: the profile expects it from the environment")
    assert "2 sent" in machine.run("queue", "run", env=known).ok().stdout


def expecting(machine: Machine, port: int, key: str) -> str:
    """A profile that leaves this key to each user."""
    group, _, name = key.partition(".")
    settings: dict[str, dict[str, object]] = {
        "server": {"host": "127.0.0.1", "port": port},
        "sender": {"email": "lab@acme.example"},
    }
    settings[group][name] = None
    return machine.profile(settings=settings, expects=[key], verify={"level": "none", "pending": ["user"]})
