"""The queue as a user has it: durable, private, delivered later, and none lost whatever is killed."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dtsconf.files.lock import FileLock
from tests.real.ca import Certificates
from tests.real.cutter import Cutter, cutter
from tests.real.servers import MailHost
from tests.real.smalldisk import SmallDisk
from tests.scenarios.harness import NOBODY, PROGRAM, Gate, Machine, call, in_namespace, login, mode
from tests.scenarios.smtpd import Smtpd
from tests.scenarios.test_apply import proven

Servers = Callable[..., Smtpd]
ALL = bool(os.environ.get("DTSCONF_TEST_ALL"))


def to_server(machine: Machine, port: int, **parts: Any) -> str:
    """The machine sends through a relay on this port. Returns the profile."""
    settings = {"server": {"host": "127.0.0.1", "port": port}, "connection": {"timeout": 5}}
    profile = machine.profile(settings=settings, verify={"level": "none"}, **parts)
    machine.apply(profile).ok()
    return profile


def queue(machine: Machine, *more: str, to: str = "you@acme.example", subject: str = "log") -> str:
    """Queue a mail; its Message-ID."""
    args = ("send", "--queue", "--to", to, "--subject", subject, "--body", "see the log", *more)
    return machine.run(*args).ok().stdout.strip()


def messages(machine: Machine) -> list[dict[str, Any]]:
    return list(machine.run("queue", "list", "--json").ok().json["messages"])


def spool(machine: Machine) -> Path:
    (folder,) = (machine.state / "users").iterdir()
    return folder / "spool"


def test_a_queued_mail_is_private_and_is_sent_later(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    to_server(machine, server.port)
    message_id = queue(machine)
    (found,) = messages(machine)
    assert set(found) >= {"id", "message_id", "state", "attempts", "next", "to", "subject", "size"}
    assert (found["message_id"], found["state"], found["attempts"]) == (message_id, "queued", 0)
    assert (found["to"], found["subject"]) == (["you@acme.example"], "log")
    assert mode(spool(machine)) == 0o700
    assert {mode(path) for path in spool(machine).glob("*.eml")} == {0o600}
    assert server.messages == []
    assert "1 sent" in machine.run("queue", "run").ok().stdout
    assert len(server.messages) == 1
    assert messages(machine) == []
    empty = "nothing is queued for root (each user has a queue of their own)\n"
    assert machine.run("queue", "list").ok().stdout == empty
    assert machine.run("queue", "run").ok().stdout == f"nothing is due: {empty}"


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["", "json"])
def test_a_run_that_is_interrupted_tells_what_went_out(machine: Machine, smtpd: Servers, json: tuple[str, ...]) -> None:
    gate = Gate()
    server = smtpd()
    server.hooks["."] = lambda: gate() if server.messages else None
    to_server(machine, server.port)
    first, _ = (queue(machine) for _ in range(2))
    process = machine.start("queue", "run", *json)
    gate.wait()
    process.terminate()
    result = machine.finish(process, "queue", "run", *json).fails(130)
    gate.open()
    if json:
        (sent,) = result.json["messages"]
        assert (sent["message_id"], sent["state"], result.json["sent"]) == (first, "sent", 1)
        assert "sent before that: 1" in result.json["problems"][0]["message"]
        return
    assert "interrupted; sent before that: 1" in result.stderr
    assert "nothing was changed" not in result.stderr
    assert "the next run sends it once more, under the same Message-ID" in result.stderr
    (one,) = messages(machine)
    assert (one["state"], one["attempts"], one["unknown"], one["next"] is None) == ("deferred", 1, 1, False)
    assert one["detail"].startswith("it was being sent when its run ended, and may have arrived")


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"max_size": "1 KiB"}, "the organisation allows 1 KiB"),
        ({"lock": ["sender.email"]}, "locked sender.email to lab@acme.example"),
        ({"rules": [{"key": "sender.email", "matches": "l*", "because": "ours"}]}, "must match 'l*'"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)
def test_what_was_queued_under_another_profile_is_held_to_the_policy_in_force(
    machine: Machine, smtpd: Servers, policy: dict[str, Any], told: str
) -> None:
    server = smtpd()
    to_server(machine, server.port, policy=policy)
    other = machine.profile("mine.yaml", settings={"sender": {"email": "boss@acme.example"}})
    queue(machine, "--profile", other, "--attach", str(machine.write("large.bin", "x" * 2000)))
    result = machine.run("queue", "run").fails(1)
    assert told in result.stdout
    assert ("smaller or in parts" in result.stdout) == ("max_size" in policy)
    assert server.messages == []
    assert [one["state"] for one in messages(machine)] == ["failed"]


def test_what_cannot_be_taken_away_keeps_no_other(machine: Machine, smtpd: Servers) -> None:
    to_server(machine, smtpd().port)
    for _ in range(3):
        queue(machine)
    first = min(spool(machine).glob("*.eml"))
    closed = f"mount --bind {first} {first}; mount -o remount,bind,ro {first}"
    drop = (PROGRAM, "queue", "drop", "--all", "--json", "--root", str(machine.root))
    done = call(in_namespace(closed, *drop))
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert (len(found["dropped"]), found["kept"]) == (2, [first.name.rpartition("-")[0]])
    assert "can't be taken away" in found["problems"][0]["message"]
    assert [one["state"] for one in messages(machine)] == ["queued"]


def test_attachments_are_copied_when_the_mail_is_queued(machine: Machine, mail: MailHost) -> None:
    to_server(machine, mail.endpoint("plain").port)
    recipient = mail.fresh_recipient()
    log = machine.write("macro.log", "step 1 ok\n")
    queue(machine, "--attach", str(log), to=recipient)
    log.unlink()
    machine.run("queue", "flush").ok()
    (attached,) = mail.wait_for_mail(recipient).iter_attachments()
    assert attached.get_filename() == "macro.log"
    assert attached.get_content() == "step 1 ok\n"


def test_a_server_that_is_down_costs_an_attempt_and_nothing_else(machine: Machine, smtpd: Servers) -> None:
    to_server(machine, 1)
    queue(machine, subject="first")
    queue(machine, subject="second")
    ran = machine.run("queue", "run", "--json").ok().json
    assert (ran["deferred"], ran["sent"], ran["failed"]) == (2, 0, 0)
    assert ran["problems"][0]["kind"] == "refused"
    assert [one["state"] for one in messages(machine)] == ["deferred"] * 2
    idle = machine.run("queue", "run").ok().stdout
    assert idle.startswith("nothing is due: 2 wait, and the next try is at 20")
    assert "`dtsconf queue flush --root " in idle
    told = machine.run("queue", "flush").fails(9).stdout
    assert "could not be used" in told
    assert "finds out why, and what works instead; then dtsconf queue flush" in told
    server = smtpd()
    to_server(machine, server.port)
    assert "2 sent" in machine.run("queue", "flush").ok().stdout
    assert [one.message["Subject"] for one in server.messages] == ["first", "second"]


def test_who_is_to_come_back_later_is_not_given_up_for_what_was_said_of_another(
    machine: Machine, smtpd: Servers
) -> None:
    server = smtpd(replies={"RCPT": ["550 5.1.1 no such user", "451 4.7.1 greylisted, come back"]})
    to_server(machine, server.port)
    queue(machine, "--to", "she@acme.example")
    machine.run("queue", "run").ok()
    (found,) = messages(machine)
    assert (found["state"], found["remaining"]) == ("deferred", ["she@acme.example"])
    assert [(each["address"], each["code"]) for each in found["refused"]] == [("you@acme.example", 550)]
    machine.run("queue", "flush").fails(1)
    assert [mail.recipients for mail in server.messages] == [["she@acme.example"]]


def test_what_failed_for_good_is_kept_and_can_be_tried_again(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 no such user"})
    to_server(machine, server.port)
    queue(machine)
    failed = machine.run("queue", "run").fails(1)
    words = "the server doesn't take mail for this recipient (550 5.1.1 no such user)"
    assert words in failed.stdout
    told = machine.run("queue", "list").ok().stdout
    assert words in told
    assert f"dtsconf queue flush --root {machine.root} ID tries one again" in told
    (found,) = messages(machine)
    assert found["state"] == "failed"
    assert found["refused"] == [{"address": "you@acme.example", "code": 550, "detail": "550 5.1.1 no such user"}]
    assert machine.run("queue", "flush").ok().stdout.startswith("nothing is due: 1 failed")
    server.stop()
    to_server(machine, smtpd().port)
    assert "1 sent" in machine.run("queue", "flush", found["id"]).ok().stdout


def hinted(text: str) -> str:
    """The first line of `hint:`, without that word."""
    return next(line.strip().removeprefix("hint: ") for line in text.splitlines() if line.strip().startswith("hint:"))


def typed(text: str, command: str) -> list[str]:
    """The words after `dtsconf` of a command that a hint names."""
    return shlex.split(re.split("[;,]| finds", text[text.index(f"dtsconf {command}") :])[0])[1:]


def test_of_several_recipients_the_one_that_waits_is_told_and_later_the_one_that_was_refused(
    machine: Machine, smtpd: Servers
) -> None:
    unknown = "550 5.1.1 no such user"
    server = smtpd(replies={"RCPT": ["250 2.1.5 ok", unknown, "450 4.2.0 try later"]})
    machine.apply(machine.profile(**proven(server, verify={"level": "none"}))).ok()
    people = [word for name in ("ann", "bob", "cid") for word in ("--to", f"{name}@acme.example")]
    machine.run("send", "--queue", *people, "--body", "x").ok()
    first = machine.run("queue", "run").ok().stdout
    assert "cid@acme.example: " in first
    assert "(450 4.2.0 try later); given up for bob@acme.example" in first
    assert unknown not in first
    shown = machine.run("queue", "list").stdout
    assert "450 4.2.0 try later" in shown
    assert f"refused bob@acme.example: {unknown}" in shown
    (name,) = [one["id"] for one in machine.run("queue", "list", "--json").json["messages"]]
    then = machine.run("queue", "flush").fails(1).stdout
    assert f"bob@acme.example: {unknown}" in then
    machine.run("queue", "flush", name).ok()
    assert [mail.recipients for mail in server.messages] == [
        ["ann@acme.example", "bob@acme.example", "cid@acme.example"],
        ["cid@acme.example"],
        ["bob@acme.example"],
    ]


def test_what_failed_says_what_to_type(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.7.1 Recipient refused"})
    profile = machine.profile(**proven(server))
    machine.run("send", "--queue", "--to", "ann@acme.example", "--body", "x", "--profile", profile).ok()
    ran = machine.run("queue", "run", "--profile", profile).fails(1)
    server.replies.clear()
    machine.run(*typed(hinted(ran.stdout), "queue flush")).ok()
    assert len(server.messages) == 1


def test_a_mail_that_waits_for_wrong_settings_says_what_to_type(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "Pw-canary-7"}, auth_without_tls=True)
    server.replies["MAIL"] = ["530 5.7.0 Authentication required"] * 2
    profile = machine.profile(**proven(server))
    machine.run("send", "--queue", "--to", "ann@acme.example", "--body", "x", "--profile", profile).ok()
    ran = machine.run("queue", "run", "--profile", profile).ok()
    hint = hinted(ran.stdout)
    tested = machine.run(*typed(hint, "test")).fails(6)
    assert "allow_cleartext_login: true" in tested.stdout, "what the server takes, seen by the test"
    machine.run(*typed(hint, "queue flush")).ok()
    assert len(server.messages) == 1


def test_drop(machine: Machine) -> None:
    to_server(machine, 1)
    for subject in ("a", "b", "c"):
        queue(machine, subject=subject)
    first = messages(machine)[0]["id"]
    machine.run("queue", "drop").fails(2)
    machine.run("queue", "drop", "20990101T000000000000-00000000").fails(2)
    assert machine.run("queue", "drop", first).ok().stdout == f"dropped  {first}\n"
    assert [one["subject"] for one in messages(machine)] == ["b", "c"]
    assert machine.run("queue", "drop", "--failed").ok().stdout == "nothing to drop\n"
    machine.run("queue", "drop", "--all").ok()
    assert messages(machine) == []
    assert list(spool(machine).glob("*.*")) == []


def test_what_a_killed_run_has_sent_is_neither_dropped_nor_tried_again(machine: Machine) -> None:
    to_server(machine, 1)
    sent, held = (queue(machine, subject=subject) and messages(machine)[-1]["id"] for subject in ("a", "b"))
    first, second = sorted(spool(machine).glob("*.eml"))
    first.write_bytes(b"D" + first.read_bytes()[1:])
    for command in ("drop", "flush"):
        assert f"no message {sent} is queued" in machine.run("queue", command, sent).fails(2).stderr
    busy = FileLock(str(second), create=False)
    assert busy.acquire()
    told = machine.run("queue", "flush", held).ok().stdout
    assert told == f"not tried  {held}: another run has it in hand at this moment\n"
    other = queue(machine, subject="c") and messages(machine)[-1]["id"]
    told = machine.run("queue", "flush", held, other).fails(9).stdout
    assert told.startswith(
        f"not tried  {held}: another run has it in hand at this moment\ndeferred  {other}  connect: "
    )
    busy.release()
    assert machine.run("queue", "drop", "--all").ok().stdout == f"dropped  {held}\ndropped  {other}\n"
    assert list(spool(machine).glob("*.*")) == []


def test_a_failed_one_stays_one_where_the_server_is_not_reached(machine: Machine, smtpd: Servers) -> None:
    to_server(machine, smtpd(replies={"RCPT": "550 5.1.1 no such user"}).port)
    queue(machine)
    machine.run("queue", "run").fails(1)
    (failed,) = messages(machine)
    machine.run("queue", "flush", failed["id"], "--set", "server.port=1").fails(9)
    assert [one["state"] for one in messages(machine)] == ["failed"]


def test_purge_tells_of_mails_that_wait(machine: Machine) -> None:
    to_server(machine, 1)
    queue(machine)
    waiting = spool(machine)
    purged = machine.run("purge", "--yes", "--json").ok().json
    assert any("a mail that waits" in item["what"] for item in purged["items"])
    assert not waiting.exists()


def test_policy_holds_when_it_is_queued_and_when_it_is_sent(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    to_server(machine, server.port, policy={"recipients": ["*@acme.example"]})
    refused = machine.run("send", "--queue", "--to", "you@elsewhere.example", "--body", "x", "--json").fails(4)
    assert refused.problems[0]["kind"] == "recipient"
    queue(machine, to="you@acme.example, she@acme.example")
    to_server(machine, server.port, policy={"recipients": ["she@acme.example"]})
    assert "allows she@acme.example" in machine.run("queue", "run").fails(1).stdout
    assert [one.recipients for one in server.messages] == [["she@acme.example"]]


def test_a_damaged_message_is_set_aside_and_blocks_no_other(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    to_server(machine, server.port)
    queue(machine, subject="damaged")
    path = next(spool(machine).glob("*.eml"))
    path.write_bytes(path.read_bytes()[:-3])
    queue(machine, subject="whole")
    assert "damaged" in machine.run("queue", "run").fails(1).stdout
    assert len(server.messages) == 1
    assert [one["state"] for one in messages(machine)] == ["damaged"]
    told = machine.run("queue", "list").stdout
    assert "1 damaged (to be sent anew; dtsconf queue drop" in told
    assert "flush" not in told, "which leads nowhere"


def test_a_full_disk_refuses_and_leaves_nothing(machine: Machine, disk: SmallDisk) -> None:
    to_server(machine, 1)
    queue(machine)
    machine.run("queue", "drop", "--all").ok()
    spool(machine).rmdir()
    spool(machine).symlink_to(disk.path)
    refused = machine.run("send", "--queue", "--to", "you@acme.example", "--body", "x").fails(1)
    assert "no room in the spool" in refused.text
    assert list(spool(machine).glob("*.eml")) == []


def test_on_a_full_disk_nobody_gets_a_mail_of_which_it_could_not_be_written_down(
    machine: Machine, smtpd: Servers, disk: SmallDisk
) -> None:
    """Else who was served would get it at every run."""
    server = smtpd()
    server.replies["RCPT"] = ["250 ok", "250 ok", "450 4.2.2 mailbox full"]  # ann's, and the run after that
    to_server(machine, server.port)
    queue(machine, to="you@acme.example, slow@acme.example")
    queue(machine, to="ann@acme.example")
    for path in spool(machine).glob("*.eml"):
        shutil.copy(path, disk.path)
    shutil.rmtree(spool(machine))
    disk.path.chmod(0o700)
    spool(machine).symlink_to(disk.path)
    filler = disk.fill()
    told = machine.run("queue", "run").fails(1).stdout
    assert "not tried; who has got it couldn't be written down: No space left on device" in told
    assert [mail.recipients for mail in server.messages] == [["ann@acme.example"]]
    filler.unlink()
    machine.run("queue", "run").ok()
    assert len(server.messages) == 2
    (waits,) = messages(machine)
    assert (waits["remaining"], waits["attempts"]) == (["slow@acme.example"], 1)


# --- kills


def deliveries(mail: MailHost, recipient: str) -> Counter[str]:
    """How often each Message-ID arrived."""
    return Counter(str(one["Message-ID"]) for one in mail.mails(recipient))


def troubled_runs(machine: Machine, line: Cutter, kills: int, chance: random.Random) -> Iterator[None]:
    """Runs of `queue flush`: of each two, one is killed and one has its connection cut, after a random while."""
    for number in range(2 * kills):
        process = subprocess.Popen(
            [PROGRAM, "queue", "flush", "--quiet"],
            env=machine.environ(),
            cwd=machine.work,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.4 + chance.random() * 0.6)
        if number % 2:
            process.kill()
        else:
            line.cut()
        process.wait(120)
        yield


@pytest.mark.kill
@pytest.mark.servers
@pytest.mark.timeout(1800)
def test_kills_and_cuts_lose_nothing_and_double_only_what_nobody_could_know(machine: Machine, mail: MailHost) -> None:
    count, kills = (2000, 50) if ALL else (300, 6)
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    recipient = mail.fresh_recipient()
    unknown: Counter[str] = Counter()
    with cutter(mail.endpoint("plain").port) as line:
        to_server(machine, line.port)
        queued = fill(machine, recipient, count)
        assert len(set(queued)) == count
        for _ in troubled_runs(machine, line, kills, random.Random(seed)):
            for one in messages(machine):
                uncertain = one["unknown"] + (one["state"] == "sending")
                unknown[one["message_id"]] = max(unknown[one["message_id"]], uncertain)
        machine.run("queue", "flush").ok()
    assert messages(machine) == []
    found = wait_for_all(mail, recipient, count)
    assert set(found) == set(queued)
    assert all(times <= 1 + unknown[message_id] for message_id, times in found.items()), (found, unknown)


def wait_for_all(mail: MailHost, recipient: str, count: int) -> Counter[str]:
    """What arrived, once so many different mails have."""
    deadline = time.monotonic() + 240
    while len(found := deliveries(mail, recipient)) < count and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def fill(machine: Machine, recipient: str, count: int) -> list[str]:
    """Queue so many mails from Python; their Message-IDs."""
    script = machine.write("fill.py", FILL)
    run = subprocess.run(
        [str(Path(PROGRAM).parent / "python"), str(script), recipient, str(count)],
        env=machine.environ(),
        cwd=machine.work,
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout.split()


FILL = """
import os
import sys
import dtsconf

root = os.environ["DTSCONF_ROOT"]
settings = dtsconf.load(root=root)
for number in range(int(sys.argv[2])):
    kept = dtsconf.send(sys.argv[1], f"log {number}", "see the log", queue=True, settings=settings, root=root)
    print(kept.message_id)
"""


def test_two_runs_at_once_send_nothing_twice(machine: Machine, mail: MailHost) -> None:
    to_server(machine, mail.endpoint("plain").port)
    recipient = mail.fresh_recipient()
    queued = [queue(machine, to=recipient, subject=str(number)) for number in range(12)]
    runs = [machine.start("queue", "flush", "--json") for _ in range(3)]
    results = [machine.finish(run, "queue", "flush", "--json").ok() for run in runs]
    assert sum(json.loads(one.stdout)["sent"] for one in results) == len(queued)
    mail.wait_for_mail(recipient, message_id=queued[-1])
    assert deliveries(mail, recipient) == Counter(queued)


@pytest.mark.parametrize("name", ["in-turn", "bare"])
def test_a_server_that_insists_on_the_order_gets_each_mail_once(machine: Machine, mail: MailHost, name: str) -> None:
    to_server(machine, mail.endpoint(name).port)
    recipient = mail.fresh_recipient()
    queued = [queue(machine, to=recipient, subject=str(number)) for number in range(12)]
    assert machine.run("queue", "flush", "--json").ok().json["sent"] == len(queued)
    mail.wait_for_mail(recipient, message_id=queued[-1])
    assert deliveries(mail, recipient) == Counter(queued)


def test_mails_of_all_kinds_share_a_connection_under_tls_with_a_login(
    machine: Machine, mail: MailHost, tmp_path: Path
) -> None:
    """Small and large ones, one for more recipients than go in a group, one for an address that isn't ASCII, one that
    the server refuses."""
    endpoint, user = mail.endpoint("login"), next(iter(mail.users.values()))
    server = {"host": endpoint.host, "port": endpoint.port}
    settings = login(machine.secret_file(user.password), ca_file=mail.ca_file)
    settings["server"] |= server
    settings["login"]["username"] = user.name
    profile = machine.profile(settings=settings, verify={"level": "none"})
    machine.apply(profile).ok()
    recipient = mail.fresh_recipient()
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(600_000))
    many = [argument for number in range(150) for argument in ("--bcc", f"r{number}@elsewhere.example")]
    kinds = [(), ("--attach", str(large)), many, ("--cc", "jürgen@elsewhere.example"), (), ("--attach", str(large)), ()]
    queued = [queue(machine, *more, to=recipient, subject=f"{number}") for number, more in enumerate(kinds)]
    refused = queue(machine, to=f"nobody-at-all@{mail.domain}")
    queued.append(queue(machine, to=recipient, subject="last"))
    run = machine.run("queue", "flush", "--json").fails(1)
    states = {one["message_id"]: one["state"] for one in run.json["messages"]}
    assert states.pop(refused) == "failed"
    assert states == dict.fromkeys(queued, "sent")
    mail.wait_for_mail(recipient, message_id=queued[-1])
    assert deliveries(mail, recipient) == Counter(queued)
    attached = [part.get_content() for one in mail.mails(recipient) for part in one.iter_attachments()]
    assert attached == [large.read_bytes()] * 2


def test_a_user_behind_a_closed_folder_is_told_what_opens_it(machine: Machine) -> None:
    """The queue of whoever came first shuts nobody out; where it does all the same, the fix that is told is one."""
    to_server(machine, 1)
    queue(machine)
    users = machine.state / "users"
    assert mode(users) == 0o755
    users.chmod(0o700)
    nobody = in_namespace(":", PROGRAM, "--root", str(machine.root), "queue", "list", uid=NOBODY)
    listed = call(nobody, cwd="/", env=machine.environ(root=False))
    assert "hint: dtsconf doctor" in listed.stderr, listed
    doctor = in_namespace(":", PROGRAM, "--root", str(machine.root), "doctor", "--json", uid=NOBODY)
    checks = json.loads(call(doctor, cwd="/", env=machine.environ(root=False)).stdout)["checks"]
    (fix,) = [each["hint"] for each in checks if each["check"] == "user-state"]
    assert os.system(fix.removeprefix("once, as root: ")) == 0
    assert call(nobody, cwd="/", env=machine.environ(root=False)).returncode == 0


def test_a_queue_on_a_read_only_disk(machine: Machine) -> None:
    """The hint and the doctor say what it is."""
    to_server(machine, 1)
    queue(machine)
    users = machine.state / "users"
    script = f"mount --bind {users} {users}; mount -o remount,bind,ro {users}"
    command = in_namespace(script, PROGRAM, "queue", "run")
    ran = call(command, cwd=machine.work, env=machine.environ())
    assert "Read-only file system" in ran.stderr, ran
    assert "hint: its file system is read-only: remount it writable" in ran.stderr, ran
    command = in_namespace(script, PROGRAM, "doctor", "--json")
    checks = json.loads(call(command, cwd=machine.work, env=machine.environ()).stdout)["checks"]
    (found,) = [each for each in checks if each["check"] == "user-state"]
    assert (found["state"], found["hint"]) == ("fail", "remount it writable")
    assert "read-only: no mail can be queued there" in found["detail"]


def test_after_a_queue_run_that_found_no_server_the_hint_is_to_flush(machine: Machine) -> None:
    to_server(machine, 1)
    queue(machine)
    assert "dtsconf queue flush" in machine.run("queue", "run").text


def test_a_password_that_changed_at_the_server_is_stored_anew_and_applied(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    kept = machine.secret_file("plum-tree-9")
    parts = proven(server, settings=login(kept, ca_file=certificates.ca_file), verify={"level": "none"})
    machine.apply(machine.profile(**parts)).ok()
    queue(machine)
    told = machine.run("queue", "flush").fails(6).stdout
    assert f"/dev/stdin {kept.removeprefix('file://')}" in told
    assert "; then dtsconf apply --profile FILE --root " in told
