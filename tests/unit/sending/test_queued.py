"""A run of the queue: what whoever waits for it is told meanwhile, and whom a no keeps from getting mail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

import dtsconf
import dtsconf.queue.held as held_module
from dtsconf import wiring
from dtsconf.queue.held import phase_at
from dtsconf.queue.listing import listed
from dtsconf.queue.runner import Which
from dtsconf.queue.spool import Spool
from dtsconf.sending.queued import QueueRun, run_queue
from dtsconf.wiring import Inputs
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import PROFILE, profile
from tests.unit.mail.scripted import Peer, Script, dialogue, server


def hangs_up_within_a_mail(peer: Peer) -> None:
    peer.say("220 mail.test ESMTP")
    for answer in ("250 mail.test", "250 ok", "250 ok", "354 go on"):
        peer.hear()
        peer.say(answer)
    peer.hear()
    peer.reset()


def test_of_a_mail_that_is_cut_off_its_size_and_what_does_that_is_told(tmp_path: Path) -> None:
    found = run_over(tmp_path, hangs_up_within_a_mail, "bob", body="see the log\n" * 1_000_000)
    (one,) = found.messages
    assert one.state == "deferred"
    assert one.hint.startswith("cut within a mail of 12.4 MiB: an antivirus product")
    assert "a later run, when it is due, tries again; if it stays, dtsconf test tells" in one.hint
    assert one.hint.endswith(f"to try at once: dtsconf queue flush {one.id}; or dtsconf queue drop {one.id}")


def test_each_mail_is_told_and_the_stages_of_the_first(tmp_path: Path) -> None:
    sink = Smtpd().start()
    words: list[str] = []
    try:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {sink.port}"))
        root = tmp_path / "root"
        for number in range(3):
            dtsconf.send("bob@acme.example", f"log {number}", "x", queue=True, profile=site, root=root)
        ran = run_queue(Inputs(site, root=str(root)), Which(), progress=words.append)
    finally:
        sink.stop()
    assert [one.state for one in ran.messages] == ["sent"] * 3
    assert [told for told in words if "of the queue" in told] == [f"sending mail {n} of the queue" for n in (1, 2, 3)]
    assert any(told.startswith("connecting") for told in words)
    assert words.count("waiting for the server to take the mail") == 1


def test_a_mail_is_noted_as_sending_before_the_server_can_have_taken_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    phases: list[str | None] = []
    sink = Smtpd()
    sink.hooks["."] = lambda: phases.extend(
        phase_at(slot.path) for slot in Spool(wiring.layout_of(str(root)).spool()).slots()
    )
    sink.start()
    try:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {sink.port}"))
        dtsconf.send("bob@acme.example", "log", "x", queue=True, profile=site, root=root)
        run_queue(Inputs(site, root=str(root)), Which())
    finally:
        sink.stop()
    assert phases == ["sending"], "a kill from here on is an outcome that nobody knows"


def test_an_empty_queue_asks_for_no_server(tmp_path: Path) -> None:
    found = run_queue(Inputs(profile(tmp_path, PROFILE), root=str(tmp_path / "root")), Which())
    assert (found.messages, found.unusable, found.reached) == ((), None, True)


BUSY = {
    "RCPT TO:<busy@acme.example>": "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
    "RCPT TO:<list@acme.example>": "550 5.7.1 Authentication required to send to this list",
}


def ran(tmp_path: Path, replies: dict[str, str], *mails: str) -> QueueRun:
    """A run over mails, each given as its recipients, with the sender in front where that isn't the settings' own:
    `ann,bob`, `eve>ann`."""
    return run_over(tmp_path, dialogue(replies=replies, ehlo="250 mail.test"), *mails)


def run_over(tmp_path: Path, script: Script, *mails: str, body: str = "x") -> QueueRun:
    """As `ran`, with a server that follows the script."""
    with server(script) as running:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {running.port}"))
        for mail in mails:
            sender, _, recipients = mail.rpartition(">")
            dtsconf.send(
                [f"{each}@acme.example" for each in recipients.split(",")],
                "log",
                body,
                queue=True,
                profile=site,
                root=tmp_path / "root",
                overrides=[f"sender.email={sender}@acme.example"] if sender else [],
            )
        return run_queue(Inputs(site, root=str(tmp_path / "root")), Which())


def states(found: QueueRun) -> list[str]:
    return [one.state for one in found.messages]


def attempts(tmp_path: Path) -> list[int]:
    spool = Spool(wiring.layout_of(str(tmp_path / "root")).spool())
    return [one.progress.attempts for one in listed(spool)]


@pytest.mark.parametrize("first", [("busy",), ("list",), ("busy", "busy")])
def test_what_may_be_said_of_one_recipient_keeps_no_other_from_getting_mail(
    tmp_path: Path, first: tuple[str, ...]
) -> None:
    found = ran(tmp_path, BUSY, *first, "bob")
    assert [one.state for one in found.messages] == [*(["deferred"] * len(first)), "sent"]
    assert found.unusable is None


def test_what_is_said_of_many_is_believed_of_all(tmp_path: Path) -> None:
    many = ("ann", "eve", "ian", "kim", "leo", "mia", "bob")
    found = ran(tmp_path, {"RCPT": "554 5.7.1 Client host blocked using zen.spamhaus.org"}, *many)
    assert states(found) == ["deferred"] * 7
    assert found.unusable is not None
    assert attempts(tmp_path) == [1] * 5 + [0] * 2, "the others were put off"


def test_what_is_said_of_the_only_one_is_told_as_of_the_server(tmp_path: Path) -> None:
    found = ran(tmp_path, {"RCPT": "451 4.7.1 Ratelimit exceeded"}, "bob")
    assert states(found) == ["deferred"]
    assert found.unusable is not None
    assert found.unusable.cause == "rate-limited"


def test_what_is_said_of_a_mailbox_by_its_code_is_never_told_as_of_the_server(tmp_path: Path) -> None:
    many = ("ann", "eve", "ian", "kim", "leo", "mia", "bob")
    found = ran(tmp_path, {"RCPT": BUSY["RCPT TO:<busy@acme.example>"]}, *many)
    assert states(found) == ["deferred"] * 7
    assert attempts(tmp_path) == [1] * 7
    assert found.unusable is None
    assert found.messages[0].hint.startswith("this mailbox gets more mail just now than its server takes for it")


@pytest.mark.parametrize("mails", [("bob", "busy"), ("busy", "busy", "bob"), ("busy,bob", "busy")])
def test_what_is_said_of_one_while_others_get_mail_is_not_told_as_of_the_server(
    tmp_path: Path, mails: tuple[str, ...]
) -> None:
    found = ran(tmp_path, BUSY, *mails)
    assert "deferred" in states(found)
    assert found.unusable is None


def test_for_one_who_is_refused_nothing_more_is_tried_in_the_same_run(tmp_path: Path) -> None:
    found = ran(tmp_path, BUSY, "busy", "busy", "bob", "busy", "busy,bob")
    assert states(found) == ["deferred", "deferred", "sent", "deferred", "deferred"]
    assert attempts(tmp_path) == [1, 0, 0, 1]
    spool = Spool(wiring.layout_of(str(tmp_path / "root")).spool())
    first, second, third, _ = [one.progress for one in listed(spool)]
    assert first.next == second.next == third.next
    assert second.detail.startswith("rcpt-to: 450 4.2.1")


@pytest.mark.parametrize(
    "no",
    [
        "451 4.7.1 sender rate limit exceeded",
        "421 4.7.0 too many messages from this sender",
        "452 4.5.3 too many messages",
        "432 4.3.2 concurrent connections limit exceeded",
        "550 5.4.5 Daily sending quota exceeded",
        "550 5.7.1 Client host blocked using zen.spamhaus.org",
    ],
)
def test_what_is_said_of_one_sender_keeps_no_other_s_mail(tmp_path: Path, no: str) -> None:
    found = ran(tmp_path, {"MAIL FROM:<eve@acme.example>": no}, "eve>ann", "eve>bob", "bob", "eve>ann", "ann")
    assert states(found) == ["deferred", "deferred", "sent", "deferred", "sent"]
    assert attempts(tmp_path) == [1, 0, 0]
    assert found.unusable is None
    why = "not tried, since another mail of this run came to that for eve@acme.example"
    assert [str(one.hint).startswith(why) for one in found.messages] == [False, True, False, True, False]


def test_what_failed_for_another_reason_is_not_tried_again_with_what_waits(tmp_path: Path) -> None:
    replies = {
        "RCPT TO:<no@acme.example>": "550 5.1.1 no such user",
        "RCPT": "554 5.7.1 Client host blocked using zen.spamhaus.org",
    }
    found = ran(tmp_path, replies, "no", "ann", "eve", "ian", "kim", "leo", "mia", "bob")
    assert states(found) == ["failed", *["deferred"] * 7]
    assert found.unusable is not None
    assert "dtsconf queue flush" in str(found.unusable.hint)
    assert "--failed" not in str(found.unusable.hint)


def test_what_is_said_of_the_only_sender_is_told_as_of_the_server(tmp_path: Path) -> None:
    found = ran(tmp_path, {"MAIL": "451 4.7.1 rate limit exceeded"}, *["bob"] * 4)
    assert states(found) == ["deferred"] * 4
    assert attempts(tmp_path) == [1, 0, 0, 0]
    assert found.unusable is not None
    assert found.unusable.stage == "mail-from"


@pytest.mark.parametrize(
    "no",
    [
        "550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour",
        "550 5.2.121 The recipient's per hour message receive limit from specific sender exceeded",
        "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
        "550 5.7.1 Authentication required to send to this list",
    ],
)
def test_what_is_said_of_a_mail_after_its_content_keeps_no_other(tmp_path: Path, no: str) -> None:
    found = ran(tmp_path, {".": no}, "busy", "bob")
    assert states(found) == ["deferred"] * 2
    assert attempts(tmp_path) == [1, 1]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_five_mails_for_which_the_connection_is_cut_before_their_content_are_enough(tmp_path: Path, verb: str) -> None:
    found = ran(tmp_path, {verb: ""}, *["bob"] * 7)
    assert attempts(tmp_path) == [1] * 5 + [0] * 2
    assert found.unusable is not None
    assert found.unusable.cause == "dropped"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("no", ["503 5.5.1 Bad sequence of commands", "500 unrecognized command", "502 5.5.1 no"])
def test_a_server_that_takes_no_command_gives_nobody_up(tmp_path: Path, verb: str, no: str) -> None:
    found = ran(tmp_path, {verb: no}, *["bob"] * 6)
    assert states(found) == ["deferred"] * 6
    assert (found.unusable is not None) is (verb != "DATA")


def test_one_mail_for_which_the_connection_is_cut_keeps_no_other(tmp_path: Path) -> None:
    found = ran(tmp_path, {"RCPT TO:<list@acme.example>": ""}, *["list"] * 4, "bob")
    assert states(found) == ["deferred"] * 4 + ["sent"]
    assert found.unusable is None


OFF = {"MAIL FROM:<eve@acme.example>": "550 5.7.1 Your account has been disabled"}


def test_for_an_account_that_is_switched_off_mails_wait_until_it_is_on_again(tmp_path: Path) -> None:
    found = ran(tmp_path, OFF, "eve>bob", "eve>ann", "bob")
    assert states(found) == ["deferred", "deferred", "sent"]
    assert attempts(tmp_path) == [1, 0], "the second is put off"
    assert "the provider has switched this account off" in found.messages[0].hint
    assert f"dtsconf queue flush {found.messages[0].id}" in found.messages[0].hint
    with server(dialogue(ehlo="250 mail.test")) as running:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {running.port}"))
        again = run_queue(Inputs(site, root=str(tmp_path / "root")), Which(everything=True))
    assert states(again) == ["sent"] * 2


def test_two_connections_that_end_with_421_are_enough(tmp_path: Path) -> None:
    mails = ("eve>bob", "ann>bob", "ian>bob", "bob")
    found = ran(tmp_path, {"MAIL": "421 4.7.0 too many messages"}, *mails)
    assert attempts(tmp_path) == [1, 1, 0, 0]
    assert found.unusable is not None


@pytest.mark.parametrize("reply", ["421 4.7.0 too many messages, closing", "421 4.7.28 unusual rate"])
def test_the_end_of_a_connection_is_of_all(tmp_path: Path, reply: str) -> None:
    found = ran(tmp_path, {"RCPT TO:<busy@acme.example>": reply}, "busy", "bob")
    assert [one.state for one in found.messages] == ["deferred"] * 2
    assert found.unusable is not None


def test_whom_a_server_refused_before_it_ended_the_connection_is_not_asked_for_again(tmp_path: Path) -> None:
    """Postfix ends it after 20 whom it doesn't know: a mail to more of them would never get through, nor any other."""
    said = {"RCPT TO:<no@acme.example>": "550 5.1.1 no such user"}
    ended = said | {"RCPT TO:<ann@acme.example>": "421 4.7.0 Error: too many errors"}
    found = ran(tmp_path, ended, "no,ann")
    assert found.unusable is not None
    (waits,) = listed(Spool(str(next((tmp_path / "root").rglob("spool")))))
    assert waits.progress.remaining == ("ann@acme.example",)
    assert [(each.address, each.code) for each in waits.progress.refused] == [("no@acme.example", 550)]


def test_a_server_that_refuses_everybody_at_first_gives_nobody_up(tmp_path: Path) -> None:
    found = ran(tmp_path, dict.fromkeys(("EHLO", "HELO"), "500 5.5.1 what?"), "ann")
    assert [one.state for one in found.messages] == ["deferred"]


def test_a_large_mail_that_the_disk_does_not_give_back_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first octets are at hand, so it was announced when that shows."""
    bad: list[str] = []

    def opened(path: str, *how: Any, **more: Any) -> Any:
        if not bad or path == bad[0]:
            bad[:] = [path]
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, *how, **more)

    monkeypatch.setattr(held_module, "open", opened, raising=False)
    with server(dialogue()) as running:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {running.port}"))
        for body in ("small", "a line of a log\n" * 30_000, "a line of a log\n" * 30_000, "small"):
            dtsconf.send("bob@acme.example", "log", body, queue=True, profile=site, root=tmp_path / "root")
        found = run_queue(Inputs(site, root=str(tmp_path / "root")), Which())
    assert [one.state for one in found.messages] == ["sent", "failed", "sent", "sent"]
    assert found.messages[1].detail == "the queued file is damaged: Input/output error"
    assert found.unusable is None
    assert running.heard.count(".") == 3
