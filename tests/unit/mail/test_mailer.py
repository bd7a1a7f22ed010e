"""One connection, many messages: who gets what, and what a connection survives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from threading import Event

import pytest

from dtsconf.content import Content
from dtsconf.mail.content import BLOCK, Envelope
from dtsconf.mail.mailer import SmtpMailer
from dtsconf.mail.message import Mail
from dtsconf.mail.route import Link
from dtsconf.mail.sent import Sent
from tests.unit.mail.jobs import route
from tests.unit.mail.scripted import EHLO, Peer, Script, dialogue, server

MAIL = Mail("<1@acme.example>", b"Subject: x\r\n\r\n.dot\r\n", eight_bit=False)
TO_TWO = Envelope("dts@acme.example", ("you@acme.example", "she@acme.example"))


def mailer(port: int) -> SmtpMailer:
    return SmtpMailer(Link(route(port), timeout=5))


def commands(heard: list[str]) -> list[str]:
    return [
        line.partition(":")[0].split()[0]
        for line in heard
        if line[:4] in ("EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT")
    ]


def test_two_messages_share_a_connection() -> None:
    with server(dialogue()) as running, mailer(running.port) as sending:
        first, second = sending.send(TO_TWO, MAIL), sending.send(TO_TWO, MAIL)
    assert first.ok
    assert second.ok
    assert commands(running.heard) == ["EHLO", *["MAIL", "RCPT", "RCPT", "DATA"] * 2, "QUIT"]
    assert [stage.stage for stage in first.stages][:4] == ["resolve", "connect", "banner", "ehlo"]
    assert [stage.stage for stage in second.stages] == ["mail-from", "rcpt-to", "data", "accepted"]
    assert "..dot" in running.heard


def test_whoever_sends_many_may_be_told_of_trouble_alone() -> None:
    words: list[str] = []
    replies = {"RCPT TO:<she@acme.example>": "450 4.2.1 later"}
    to_her, to_you = (
        Envelope("dts@acme.example", ("she@acme.example",)),
        Envelope("dts@acme.example", ("you@acme.example",)),
    )
    with server(dialogue(replies=replies)) as running:
        link = Link(route(running.port), timeout=5, progress=words.append)
        with SmtpMailer(link, terse=True) as sending:
            first, second, third = (sending.send(to, MAIL) for to in (to_you, to_you, to_her))
    assert first.ok
    assert first.stages[-1].stage == "accepted"
    assert (second.ok, second.stages) == (True, ())
    assert [(stage.stage, stage.code) for stage in third.stages] == [("rcpt-to", 450)]
    assert words.count("waiting for the server to take the mail") == 1


def test_who_is_refused_is_told_and_the_others_get_it() -> None:
    replies = {"RCPT TO:<you@acme.example>": "550 5.1.1 no such user"}
    with server(dialogue(replies=replies)) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert not sent.ok
    assert sent.failure is None
    assert [(r.address, r.ok, r.code, r.enhanced_code, r.cause) for r in sent.recipients] == [
        ("you@acme.example", False, 550, "5.1.1", "recipient-rejected"),
        ("she@acme.example", True, 250, "2.1.5", None),
    ]
    assert sent.stages[-2].stage == "data"
    assert "1 of 2" in sent.stages[-3].detail


@pytest.mark.parametrize("extension", ["8BITMIME", "PIPELINING"])
def test_where_all_are_refused_each_has_the_answer_that_was_its_own(extension: str) -> None:
    replies = {
        "RCPT TO:<you@acme.example>": "550 5.1.1 no such user",
        "RCPT TO:<she@acme.example>": "450 4.2.1 greylisted, come back",
    }
    ehlo = f"250-mail.test\r\n250 {extension}"
    with server(dialogue(replies=replies, ehlo=ehlo)) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert sent.failure is not None
    assert [(r.address, r.ok, r.code, r.cause) for r in sent.recipients] == [
        ("you@acme.example", False, 550, "recipient-rejected"),
        ("she@acme.example", False, 450, "greylisted"),
    ]


@pytest.mark.parametrize(("extension", "asked"), [("8BITMIME", 3), ("PIPELINING", 99)])
def test_a_server_that_takes_no_more_at_once_is_not_asked_on(extension: str, asked: int) -> None:
    """Postfix ends a session for what it counts as errors. What stands in one group is asked for all the same."""
    many = tuple(f"r{number}@acme.example" for number in range(250))
    full = {f"RCPT TO:<{address}>": "452 4.5.3 too many recipients" for address in many[2:]}
    ehlo = f"250-mail.test\r\n250 {extension}"
    with server(dialogue(replies=full, ehlo=ehlo)) as running, mailer(running.port) as sending:
        sent = sending.send(Envelope("dts@acme.example", many), MAIL)
    assert commands(running.heard).count("RCPT") == asked
    assert [one.address for one in sent.recipients] == list(many)
    assert sent.crowded_out == many[2:]
    assert "2 of 250" in sent.stages[-3].detail


def test_a_server_that_ends_it_within_the_recipients_is_told_by_its_own_words() -> None:
    ends = {"RCPT TO:<she@acme.example>": "421 4.7.0 too many errors"}
    with server(dialogue(replies=ends)) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.code, sent.failure.cause) == ("rcpt-to", 421, "rate-limited")
    assert [one.detail for one in sent.recipients] == ["421 4.7.0 too many errors"] * 2


@pytest.mark.parametrize(
    ("replies", "cause"),
    [
        ({"MAIL": "550 5.1.8 no", "RCPT": ""}, "sender-rejected"),
        ({"MAIL": "550 5.1.8 no", "RCPT": "421 4.7.0 too many errors"}, "sender-rejected"),
        ({"RCPT": "550 5.1.1 no", "DATA": ""}, "recipient-rejected"),
    ],
)
def test_a_no_counts_where_the_server_hangs_up_on_what_came_with_it(replies: dict[str, str], cause: str) -> None:
    piped = dialogue(replies=replies, ehlo="250-mail.test\r\n250 PIPELINING")
    with server(piped) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert sent.failure is not None
    assert (sent.failure.code, sent.failure.cause) == (550, cause)
    assert [(one.code, one.cause) for one in sent.recipients] == [(550, cause)] * 2


def test_what_a_server_holds_against_a_sender_is_told_of_that_one() -> None:
    """Mails of a queue keep the sender that each was queued with."""
    replies = {f"MAIL FROM:<lab@acme.example> SIZE={MAIL.size}": "550 5.7.60 not as this sender"}
    with server(dialogue(replies=replies)) as running, mailer(running.port) as sending:
        first, second = (sending.send(replace(TO_TWO, sender=who), MAIL) for who in (TO_TWO.sender, "lab@acme.example"))
    assert first.ok
    assert second.failure is not None
    assert "may not send as lab@acme.example" in str(second.failure.hint)


def test_a_message_that_is_refused_costs_only_itself() -> None:
    with server(dialogue(replies={"DATA": "554 5.7.1 no"})) as running, mailer(running.port) as sending:
        first, second = sending.send(TO_TWO, MAIL), sending.send(TO_TWO, MAIL)
    for sent in (first, second):
        assert sent.failure is not None
        assert sent.failure.cause == "content-rejected"
        assert [(r.ok, r.code, r.cause) for r in sent.recipients] == [(False, 554, "content-rejected")] * 2
    assert commands(running.heard).count("EHLO") == 1
    assert commands(running.heard).count("RSET") == 2


def test_what_is_larger_than_the_server_takes_is_not_even_announced() -> None:
    small = EHLO.replace("SIZE 1000000", "SIZE 10")
    with server(dialogue(ehlo=small)) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("mail-from", "too-large")
    assert "MAIL" not in commands(running.heard)


def test_a_connection_that_was_closed_in_between_is_made_anew() -> None:
    def once(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        for reply in (EHLO, "250 ok", "250 ok", "250 ok", "354 go"):
            peer.hear()
            peer.say(reply)
        peer.hear_data()
        peer.say("250 taken")

    with server(once) as running, mailer(running.port) as sending:
        first, second = sending.send(TO_TWO, MAIL), sending.send(TO_TWO, MAIL)
    assert first.ok
    assert second.ok
    assert commands(running.heard).count("EHLO") == 2


def test_an_outcome_that_is_not_known_is_told_and_nothing_is_sent_again() -> None:
    def gone_at_the_dot(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        for reply in (EHLO, "250 ok", "250 ok", "250 ok", "354 go"):
            peer.hear()
            peer.say(reply)
        peer.hear_data()

    with server(gone_at_the_dot) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert sent.unknown
    assert not sent.ok
    assert {r.cause for r in sent.recipients} == {"outcome-unknown"}
    assert commands(running.heard).count("DATA") == 1


def test_nobody_there() -> None:
    with mailer(1) as sending:
        sent = sending.send(TO_TWO, MAIL)
    assert not sent.reached
    assert {(r.ok, r.cause) for r in sent.recipients} == {(False, "refused")}


class Broken:
    """Content that can't be read to its end."""

    message_id = "<2@acme.example>"
    size = 100
    eight_bit = False

    def chunks(self) -> Iterator[bytes]:
        yield b"Subject: half\r\n\r\nhalf of"
        raise OSError("the file changed")


def test_half_a_message_is_never_ended() -> None:
    with server(dialogue()) as running, mailer(running.port) as sending:
        with pytest.raises(OSError, match="changed"):
            sending.send(TO_TWO, Broken())
        assert sending.send(TO_TWO, MAIL).ok
    assert commands(running.heard).count("EHLO") == 2
    assert running.heard.count(".") == 1


PIPELINING = EHLO.replace("250 ENH", "250-PIPELINING\r\n250 ENH")


def test_envelope_and_data_go_in_one_write_where_the_server_takes_that() -> None:
    seen: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(PIPELINING)
        while b"".join(seen).count(b"\r\n") < 4:
            seen.append(peer.connection.socket.recv(65536))
        for answer in ("250 ok", "550 5.1.1 no such user", "250 ok", "354 go"):
            peer.say(answer)
        peer.hear_data()
        peer.say("250 taken")
        peer.hear()

    with server(script) as running, mailer(running.port) as sending:
        sent = sending.send(TO_TWO, MAIL)
    whom = "RCPT TO:<you@acme.example>\r\nRCPT TO:<she@acme.example>\r\n"
    assert b"".join(seen).decode() == f"MAIL FROM:<dts@acme.example> SIZE={MAIL.size}\r\n{whom}DATA\r\n"
    assert [(one.ok, one.code) for one in sent.recipients] == [(False, 550), (True, 250)]


def test_a_sender_refused_in_a_group_costs_only_this_message() -> None:
    replies = {"MAIL": "550 5.7.1 not you", "RCPT": "503 5.5.1 no sender", "DATA": "503 5.5.1 no sender"}
    with server(dialogue(replies=replies, ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        first, second = sending.send(TO_TWO, MAIL), sending.send(TO_TWO, MAIL)
    for sent in (first, second):
        assert sent.failure is not None
        assert (sent.failure.stage, sent.failure.cause, sent.failure.code) == ("mail-from", "sender-rejected", 550)
    assert commands(running.heard).count("EHLO") == 1


@pytest.mark.parametrize("replies", [{"MAIL": "550 5.7.1 not you"}, {"RCPT": "550 5.1.1 no such user"}])
def test_a_server_that_wants_a_message_for_nobody_gets_none(replies: dict[str, str]) -> None:
    with server(dialogue(replies=replies, ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        first, second = sending.send(TO_TWO, MAIL), sending.send(TO_TWO, MAIL)
    for sent in (first, second):
        assert sent.failure is not None
        assert sent.failure.code == 550
    assert commands(running.heard) == ["EHLO", "MAIL", "RCPT", "RCPT", "DATA"] * 2


def test_many_recipients_are_asked_for_in_groups() -> None:
    many = tuple(f"r{number}@acme.example" for number in range(250))
    replies = {"RCPT TO:<r123@acme.example>": "550 5.1.1 no such user"}
    with server(dialogue(replies=replies, ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        sent = sending.send(Envelope("dts@acme.example", many), MAIL)
    assert [one.address for one in sent.recipients if not one.ok] == ["r123@acme.example"]
    assert sent.failure is None


def test_a_header_outside_ascii_goes_to_nobody_without_smtputf8() -> None:
    shown = Mail("<3@acme.example>", "To: jürgen@acme.example\r\n\r\nx\r\n".encode(), eight_bit=True)
    mixed = Envelope("dts@acme.example", ("you@acme.example", "jürgen@acme.example"))
    with server(dialogue()) as running, mailer(running.port) as sending:
        sent, hidden = sending.send(mixed, shown), sending.send(mixed, MAIL)
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("mail-from", "recipient-rejected")
    assert "jürgen@acme.example" in sent.failure.detail
    assert [one.ok for one in hidden.recipients] == [True, False]


@pytest.mark.parametrize("offered", [True, False])
def test_a_header_outside_ascii_needs_smtputf8_whoever_is_left_to_get_it(offered: bool) -> None:
    """As when the others have it already: the envelope is ASCII then, and the header isn't."""
    shown = Mail("<3@acme.example>", "To: jürgen@acme.example\r\n\r\nx\r\n".encode(), eight_bit=True)
    ehlo = EHLO.replace("250 ENH", "250-SMTPUTF8\r\n250 ENH") if offered else EHLO
    with server(dialogue(ehlo=ehlo)) as running, mailer(running.port) as sending:
        sent = sending.send(Envelope("dts@acme.example", ("you@acme.example",)), shown)
    mail_from = [line for line in running.heard if line.startswith("MAIL")]
    assert [line.endswith(" SMTPUTF8") for line in mail_from] == ([True] if offered else [])
    assert sent.ok == offered
    assert offered or "its header shows it" in sent.recipients[0].detail


class Told:
    """A message whose owner keeps what it is told, in `said`, which others write to as well."""

    def __init__(self, number: int, said: list[str], content: Content | None = None) -> None:
        self.envelope = Envelope("dts@acme.example", (f"m{number}@acme.example",))
        self.said, self.name = said, f"m{number}"
        self.content = content or Mail(f"<{number}@acme.example>", f"Subject: m{number}\r\n\r\nx\r\n".encode(), False)

    def begin(self) -> None:
        self.said.append(f"begin {self.name}")

    def taken(self) -> None:
        self.said.append(f"taken {self.name}")


def results(sending: SmtpMailer, messages: Sequence[Told]) -> list[Sent]:
    """Send them all; each result is noted among what the owners are told."""
    found = []
    for message, sent in zip(messages, sending.send_all(messages), strict=True):
        message.said.append(f"result {message.name}")
        found.append(sent)
    return found


def three() -> list[Told]:
    said: list[str] = []
    return [Told(number, said) for number in (1, 2, 3)]


def recorded(writes: list[bytes], answers: Sequence[str]) -> Script:
    """A server that pipelines, and keeps what it read until it was still: one entry before each answer."""

    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(PIPELINING)
        for answer in answers:
            data = peer.connection.socket.recv(65536)
            if not data:
                return
            writes.append(data)
            peer.say(answer)

    return script


GO = "250 ok\r\n250 ok\r\n354 go"


def test_the_next_envelope_goes_out_with_the_end_of_a_message() -> None:
    writes: list[bytes] = []
    script = recorded(writes, [GO, f"250 took 1\r\n{GO}", f"250 took 2\r\n{GO}", "250 took 3", "221 bye"])
    messages = three()
    with server(script) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    ends = [data.partition(b"\r\n.\r\n")[2].split(b"\r\n") for data in writes[1:4]]
    assert [[line[:4] for line in end] for end in ends] == [[b"MAIL", b"RCPT", b"DATA", b""]] * 2 + [[b""]]
    assert writes[4] == b"QUIT\r\n"


def prompt() -> Script:
    """A server whose answers to the next envelope come along with the one to the end of a message."""
    return recorded([], [GO, f"250 took 1\r\n{GO}", f"250 took 2\r\n{GO}", "250 took 3", "221 bye"])


def test_a_yes_is_told_and_given_while_the_server_is_at_work_on_the_next_one() -> None:
    messages = three()
    with server(prompt()) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    assert messages[0].said == [
        "begin m1",
        *("begin m2", "taken m1", "result m1"),
        *("begin m3", "taken m2", "result m2"),
        *("taken m3", "result m3"),
    ]


@pytest.mark.parametrize("ehlo", [PIPELINING, "250 mail.test"])
def test_a_yes_is_told_before_anything_that_may_take_its_time(ehlo: str) -> None:
    said: list[str] = []
    large = Mail("<2@acme.example>", b"Subject: m2\r\n\r\n" + b"x" * 70 + b"\r\n" * BLOCK, False)
    with server(dialogue(ehlo=ehlo)) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, [Told(1, said), Told(2, said, large)]))
    assert said == ["begin m1", "taken m1", "result m1", "begin m2", "taken m2", "result m2"]


def test_a_yes_is_told_before_the_server_takes_its_time_over_the_next_envelope() -> None:
    first, second, _ = three()
    noted = Event()
    first.taken = noted.set  # type: ignore[method-assign]

    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(PIPELINING)
        peer.connection.socket.recv(65536)
        peer.say(GO)
        peer.connection.socket.recv(65536)
        peer.say("250 took 1\r\n250 ok")
        peer.say("250 ok\r\n354 go" if noted.wait(5) else "421 nobody knew")
        peer.connection.socket.recv(65536)
        peer.say("250 took 2")

    with server(script) as running, mailer(running.port) as sending:
        assert [sent.ok for sent in sending.send_all([first, second])] == [True, True]


def test_a_yes_is_told_when_the_next_one_breaks_it_off() -> None:
    class Stopped(Told):
        def begin(self) -> None:
            raise KeyboardInterrupt

    said: list[str] = []
    with server(dialogue(ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        with pytest.raises(KeyboardInterrupt):
            results(sending, [Told(1, said), Stopped(2, said)])
        assert said == ["begin m1", "taken m1"]
    assert running.heard.count(".") == 1


def test_the_end_of_one_refused_takes_nothing_from_the_next_one() -> None:
    messages = three()
    with server(dialogue(replies={".": "554 5.7.1 no"}, ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        found = results(sending, messages)
    assert [sent.failure and sent.failure.cause for sent in found] == ["content-rejected"] * 3
    assert commands(running.heard)[:4] == ["EHLO", "MAIL", "RCPT", "DATA"]
    assert commands(running.heard).count("EHLO") == 1
    assert "taken m1" not in messages[0].said
    assert messages[0].said[:3] == ["begin m1", "result m1", "begin m2"]


def test_without_pipelining_nothing_goes_ahead() -> None:
    messages = three()
    with server(dialogue()) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    assert commands(running.heard) == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT"]


def test_what_does_not_fit_is_not_announced_and_told_in_its_turn() -> None:
    said: list[str] = []
    large = Mail("<2@acme.example>", b"Subject: x\r\n\r\n" + b"x" * 80, False)
    messages = [Told(1, said), Told(2, said, large), Told(3, said)]
    small = PIPELINING.replace("SIZE 1000000", "SIZE 60")
    with server(dialogue(ehlo=small)) as running, mailer(running.port) as sending:
        first, second, third = results(sending, messages)
    assert first.ok
    assert second.failure is not None
    assert second.failure.cause == "too-large"
    assert third.ok
    assert commands(running.heard).count("MAIL") == 2
    assert "begin m2" not in said


def test_one_that_can_not_be_addressed_leaves_the_others_in_step() -> None:
    said: list[str] = []
    messages = [Told(number, said) for number in (1, 2, 3)]
    messages[1].envelope = Envelope("dts@acme.example", ("jürgen@acme.example",))
    messages.append(Told(4, said))
    with server(dialogue(ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        found = results(sending, messages)
    assert [sent.ok for sent in found] == [True, False, True, True]
    assert found[1].recipients[0].cause == "recipient-rejected"
    heard = running.heard
    assert heard.index("MAIL FROM:<dts@acme.example> SIZE=18", heard.index("Subject: m3")) > 0
    assert commands(heard).count("MAIL") == 4


def test_a_server_that_takes_one_message_a_connection_gets_them_all() -> None:
    def one(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        for reply in (PIPELINING, "250 ok", "250 ok", "354 go"):
            peer.hear()
            peer.say(reply)
        peer.hear_data()
        peer.say("250 taken")  # and away: what came with the end was not read

    messages = three()
    with server(one) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    assert [line for line in running.heard if line.startswith("Subject")] == [f"Subject: m{n}" for n in (1, 2, 3)]


def keeping_order(*, strict: bool) -> Script:
    """A server that says it pipelines and yet can't take what comes with the end of a message: throws it away, or with
    `strict` takes it for an attack."""

    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(PIPELINING)
        while peer.hear():
            peer.hear()
            peer.hear()
            peer.say(GO)
            whole = b""
            while b"\r\n.\r\n" not in whole:
                got = peer.connection.socket.recv(65536)
                if not got:
                    return
                whole += got
            if strict and not whole.endswith(b"\r\n.\r\n"):
                peer.say("554 SMTP synchronization error")
                return
            peer.took(whole)
            peer.say("250 taken")

    return script


@pytest.mark.parametrize("strict", [False, True])
def test_a_server_that_can_not_follow_gets_each_message_once_and_no_more_ahead(strict: bool) -> None:
    messages = three()
    with server(keeping_order(strict=strict)) as running, SmtpMailer(Link(route(running.port), timeout=1)) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    assert [line for line in running.heard if line.startswith("Subject")] == [f"Subject: m{n}" for n in (1, 2, 3)]
    assert commands(running.heard).count("EHLO") == 2


def test_one_refused_as_out_of_order_is_not_taken_for_the_one_announced_behind_it() -> None:
    ends = 0

    def script(peer: Peer) -> None:
        nonlocal ends
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(PIPELINING)
        while peer.hear() not in ("", "QUIT"):
            peer.hear()
            peer.hear()
            peer.say(GO)
            peer.hear_data()
            ends += 1
            peer.say("503 5.5.1 out of order" if ends == 1 else "250 taken")

    messages = three()
    with server(script) as running, mailer(running.port) as sending:
        assert all(sent.ok for sent in results(sending, messages))
    of_whom = [line for line in running.heard if line.startswith(("RCPT", "Subject"))]
    pairs = [(line[9:11], after[-2:]) for line, after in pairwise(of_whom) if after.startswith("Subject")]
    assert pairs == [("m1", "m1"), ("m1", "m1"), ("m2", "m2"), ("m3", "m3")]


def test_a_cut_at_the_end_is_told_and_the_next_ones_go_step_by_step() -> None:
    connections = 0

    def script(peer: Peer) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            return dialogue(ehlo=PIPELINING)(peer)
        peer.say("220 mail.test ESMTP")
        for reply in (PIPELINING, "250 ok", "250 ok", "354 go"):
            peer.hear()
            peer.say(reply)
        peer.hear_data()
        for _ in range(3):
            peer.hear()
        return None

    messages = three()
    with server(script) as running, mailer(running.port) as sending:
        first, second, third = results(sending, messages)
    assert first.unknown
    assert second.ok
    assert third.ok
    later = running.heard[running.heard.index("Subject: m2") :]
    assert later.index("Subject: m3") > later.index(".") + 3
    assert messages[0].said.count("begin m1") == 1


def test_who_stops_listening_leaves_no_text_behind() -> None:
    messages = three()
    with server(dialogue(ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        going = sending.send_all(messages)
        next(going)  # the first one's; the second is in full, the third announced
        going.close()
    assert running.heard.count(".") == 2
    assert "QUIT" not in running.heard


def test_what_came_of_one_is_told_before_trouble_with_the_next() -> None:
    said: list[str] = []
    messages = [Told(1, said), Told(2, said, Broken())]
    with server(dialogue(ehlo=PIPELINING)) as running, mailer(running.port) as sending:
        with pytest.raises(OSError, match="changed"):
            results(sending, messages)
        assert said == ["begin m1", "taken m1", "result m1", "begin m2"]
    assert running.heard.count(".") == 1


def test_trouble_of_the_source_waits_for_what_came_before_it() -> None:
    first, second, _ = three()

    def source() -> Iterator[Told]:
        yield first
        yield second
        raise OSError("no more")

    with server(prompt()) as running, mailer(running.port) as sending, pytest.raises(OSError, match="no more"):
        list(sending.send_all(source()))
    assert first.said == ["begin m1", "begin m2", "taken m1", "taken m2"]
