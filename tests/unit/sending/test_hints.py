"""What a hint of `send` is about: this mail, and what to type again; a test only where it finds out more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dtsconf.mail.causes import of_reply
from dtsconf.mail.facts import Facts
from dtsconf.mail.reply import Reply, parse_line
from dtsconf.mail.sent import Recipient, Sent
from dtsconf.proof import Stage
from dtsconf.sending.hint_words import LOOKED_INTO
from dtsconf.sending.hints import Mail, hinted
from dtsconf.sending.queue_hints import of_queue, of_queued

FACTS = Facts("mail.test", 25, "none", False, "", "dts@x.example", "b@x.example")
MAIL = Mail("<t@x.example>", 281_000, "2026-11-26 01:12 UTC", attached=True, smtp=True, smaller="pack it")
PLAIN = Mail("<t@x.example>", 900, "2026-11-26 01:12 UTC", attached=False, smtp=True, smaller="send less")
GRAPH = Mail("<t@x.example>", 900, "2026-11-26 01:12 UTC", attached=False, smtp=False, smaller="send less")


def said(stage: str, text: str) -> Stage:
    code, _, words = parse_line(text.encode())
    reply = Reply(code, (words,))
    found = of_reply(stage, reply, FACTS)
    return Stage(stage, False, 1.0, text, code, reply.enhanced, found.cause, found.hint, "server")


def stopped(failed: Stage) -> Sent:
    """A mail to two people that ended for both of them."""
    people = tuple(
        Recipient(name, False, failed.code, failed.enhanced_code, failed.detail, failed.cause, failed.hint)
        for name in ("a@x.example", "b@x.example")
    )
    return Sent("<t@x.example>", people, (Stage("connect", True, 1.0), failed))


def hint(failed: Stage, mail: Mail = PLAIN) -> str:
    """The hint of the stage, which everybody's is too, unless it names them."""
    told = hinted(stopped(failed), mail)
    first, *_ = [one.hint or "" for one in told.recipients]
    assert told.failure is not None
    assert told.failure.hint == first
    return first


def test_after_greylisting_the_same_is_typed_again() -> None:
    told = hint(
        said("rcpt-to", "450 4.2.0 <b@x.example>: Recipient address rejected: Greylisted, see http://x.example")
    )
    assert "the same send again in ten minutes, or with --queue added" in told
    assert "dtsconf test" not in told


def test_a_mail_that_is_cut_off_is_this_one() -> None:
    """A small test mail may go through: how large this one was, and whom to ask."""
    told = hint(Stage("data", False, 1.0, "Connection reset by peer", cause="dropped", hint="h"), MAIL)
    assert "cut within a mail of 274.4 KiB" in told
    assert "the same send without the attachment" in told
    assert "2026-11-26 01:12 UTC) and the Message-ID (<t@x.example>)" in told
    assert "without the attachment" not in hint(Stage("data", False, 1.0, "gone", cause="dropped"), PLAIN)


@pytest.mark.parametrize(("mail", "tried"), [(MAIL, True), (PLAIN, False)])
def test_a_refused_content_is_looked_up_by_its_message_id(mail: Mail, *, tried: bool) -> None:
    told = hint(said("accepted", "554 5.7.1 attachment type application/octet-stream not allowed (ClamAV)"), mail)
    assert "the server's answer, the time (2026-11-26 01:12 UTC) and the Message-ID (<t@x.example>)" in told
    assert ("without the attachment" in told) is tried
    assert "--transcript" not in told


def test_what_goes_along_ends_where_the_next_sentence_begins() -> None:
    told = hint(said("rcpt-to", "550 5.7.1 Access denied"))
    assert "the Message-ID (<t@x.example>); whether another recipient gets it: --to ADDRESS" in told
    assert "--transcript" not in told


def test_who_sends_too_much_waits_or_queues() -> None:
    told = hint(said("mail-from", "451 4.7.500 Server busy. Please try again later from [192.0.2.5]. (S77719)"))
    assert "wait some minutes, or as long as its answer says, then the same send again" in told
    assert told.endswith("or with --queue added: then dtsconf queue run tries by itself until it is through")
    day = hint(said("accepted", "550 5.1.90 Your message can't be sent because you've reached your daily limit"))
    assert "the same send again tomorrow" in day
    assert "--queue" not in day, "5yz: the queue would not try again"


@pytest.mark.parametrize("stage", LOOKED_INTO)
def test_only_a_test_looks_further_on_the_way_to_the_server(stage: str) -> None:
    cause = next(iter(LOOKED_INTO[stage]), "timeout")
    failed = Stage(stage, False, 1.0, "no", cause=cause, hint="check it: --set server.host=NAME")
    told = "dtsconf test finds out why, and what works instead; then "
    assert hint(failed) == f"{told}the same send again"
    assert of_queue(failed, smtp=True).hint == f"{told}dtsconf queue flush"
    assert hint(failed, GRAPH) == failed.hint, "no test looks further there"
    assert of_queue(failed, smtp=False).hint == failed.hint


def test_a_login_is_mended_by_a_test() -> None:
    failed = said("auth", "535 5.7.8 Password expired")
    assert hint(failed) == failed.hint
    assert of_queue(failed, smtp=True).hint == str(failed.hint).replace("dtsconf test again", "dtsconf queue flush")


def test_after_a_login_that_was_cut_off_the_mail_is_sent_again() -> None:
    cut = Stage("auth", False, 1.0, "closed", cause="dropped", hint="dtsconf test again; if it stays, ask")
    assert hint(cut) == "the same send again; if it stays, ask"


def test_a_login_that_is_wanted_is_for_a_test_to_find() -> None:
    """The table knows only which port is usual."""
    failed = said("mail-from", "530 5.7.0 Authentication required")
    wanted = "the server wants a login: --set server.port=587 --set login.required=true --set login.username=NAME"
    told = of_queue(replace(failed, hint=wanted), smtp=True).hint
    assert told == "dtsconf test finds out why, and what works instead; then dtsconf queue flush"
    elsewhere = replace(failed, hint="send by another: --set server.host=HOST --set login.required=true")
    assert of_queue(elsewhere, smtp=True).hint == elsewhere.hint


def test_a_way_to_log_in_that_nobody_has_seen_is_left_to_a_test() -> None:
    """Over TLS the port is right already, and only the login lacks."""
    wanted = said("mail-from", "530 5.7.0 Authentication required")
    assert hint(wanted) == "the server wants a login: as dtsconf test --to a@x.example tells"
    there = "the server wants a login: --set login.required=true --set login.username=NAME"
    assert hint(replace(wanted, hint=there)) == there
    assert of_queue(replace(wanted, hint=there), smtp=True).hint == there


@pytest.mark.parametrize(
    ("stage", "text", "for_good", "words"),
    [
        (
            "rcpt-to",
            "550 5.1.1 no such user",
            True,
            "a new send --to ADDRESS; once that is mended: dtsconf queue flush 7;",
        ),
        ("rcpt-to", "550 5.7.1 Unable to relay", True, "log in, as dtsconf test --to b@x.example tells, or have"),
        ("mail-from", "553 5.7.1 sender rejected", True, "keeps the sender that it was queued with: send it anew then"),
        ("mail-from", "552 5.3.4 too large", True, "send less at a time"),
        ("accepted", "554 5.7.1 spam message rejected", True, "send along the server's answer; once that is mended"),
        ("rcpt-to", "450 4.7.1 Greylisted, try again", False, "nothing is wrong with the settings: a later run"),
        (
            "rcpt-to",
            "451 4.3.0 try later",
            False,
            "a later run, when it is due, tries again; to try at once: dtsconf queue",
        ),
        ("rcpt-to", "450 4.2.2 mailbox full", False, "once that is mended: dtsconf queue flush 7; or take it away"),
    ],
)
def test_a_queued_mail_that_did_not_go_says_what_to_type(stage: str, text: str, for_good: bool, words: str) -> None:
    no = said(stage, text)
    one = Recipient("b@x.example", False, no.code, no.enhanced_code, no.detail, no.cause, no.hint)
    told = of_queued(one, "7", for_good=for_good)
    assert words in told
    assert "dtsconf test again" not in told
    assert ("dtsconf queue drop 7" in told) or not for_good


def test_too_large_is_told_with_who_can_raise_the_limit() -> None:
    told = hint(said("mail-from", "552 5.3.4 too large"), MAIL)
    assert told.startswith("pack it, or ask the administrator of mail.test")
    assert "the server's answer, the time (2026-11-26 01:12 UTC)" in told
    raised = "send less, or raise the limit: Set-Mailbox a@x.example -MaxSendSize 150MB"
    no = Stage("accepted", False, 1.0, "413", cause="too-large", hint=raised)
    assert hint(no, replace(GRAPH, smaller="pack it")) == raised.replace("send less", "pack it")
    one = Recipient("b@x.example", False, 413, None, "", "too-large", raised)
    assert "Set-Mailbox a@x.example" in of_queued(one, "7", for_good=True)


def test_after_a_silence_of_graphs_the_mailbox_that_sends_tells() -> None:
    failed = Stage("accepted", False, 1.0, "closed", cause="outcome-unknown", hint="look into Sent Items")
    assert hint(failed, GRAPH) == "look into Sent Items (<t@x.example>)"


def test_a_sender_whose_mailbox_is_full_may_go_on_with_the_mail() -> None:
    no = said("mail-from", "552 5.2.2 mailbox full")
    one = Recipient("b@x.example", False, no.code, no.enhanced_code, no.detail, no.cause, no.hint)
    told = of_queued(one, "7", for_good=True)
    assert told.endswith("then dtsconf queue flush 7; or dtsconf queue drop 7")
    assert "send it anew" not in told


def test_everybody_is_asked_themselves_whether_it_arrived() -> None:
    failed = Stage("accepted", False, 1.0, "closed", cause="outcome-unknown", hint="h")
    told = hinted(stopped(failed), PLAIN)
    assert [str(one.hint).split(" whether")[0] for one in told.recipients] == ["ask a@x.example", "ask b@x.example"]
    assert "antivirus product or mail filter" in str(told.recipients[0].hint)
    assert str(told.stages[-1].hint).startswith(
        "ask a@x.example and b@x.example whether it arrived (<t@x.example>) before you send it again, "
        "naming those alone who haven't got it; if none"
    )


def test_of_many_who_may_have_it_the_last_are_counted() -> None:
    cut = Stage("accepted", False, 1.0, "closed", cause="outcome-unknown", hint="h")
    people = tuple(Recipient(f"p{n}@x.example", False, detail="", cause="outcome-unknown") for n in range(10))
    told = str(hinted(Sent("<t@x.example>", people, (cut,)), PLAIN).stages[0].hint)
    assert "p7@x.example and the 2 others that it went to whether it arrived" in told


def test_a_no_to_one_of_them_is_told_as_theirs() -> None:
    no = said("rcpt-to", "550 5.1.1 no such user")
    fine = Recipient("a@x.example", True, 250)
    one = Recipient("b@x.example", False, no.code, no.enhanced_code, no.detail, no.cause, no.hint)
    told = hinted(Sent("<t@x.example>", (fine, one), (Stage("rcpt-to", True, 1.0),)), PLAIN)
    assert told.recipients[0] is fine
    assert "or try another: --to ADDRESS; in any further send name nobody who has it" in str(told.recipients[1].hint)


def not_now(address: str, text: str = "450 4.7.1 Greylisted") -> Recipient:
    no = said("rcpt-to", text)
    return Recipient(address, False, no.code, no.enhanced_code, no.detail, no.cause, no.hint)


def test_once_somebody_has_it_the_same_is_typed_for_the_rest_alone() -> None:
    people = (
        Recipient("a@x.example", True, 250),
        not_now("b@x.example"),
        not_now("c@x.example"),
        not_now("d'e@x.example", "451 4.3.0 try later"),
    )
    mail = replace(PLAIN, options={"c@x.example": "--bcc"})
    told = [str(one.hint) for one in hinted(Sent("<t@x.example>", people, ()), mail).recipients]
    assert "the same send with --to b@x.example --bcc c@x.example alone in ten minutes, or with --to" in told[1]
    assert "or with --to b@x.example --bcc c@x.example alone and --queue added: then dtsconf queue run" in told[1]
    assert told[1] == told[2]
    assert """then the same send with --to 'd'"'"'e@x.example' alone; if it stays""" in told[3]
    assert not any("the same send again" in each for each in told)


def test_many_who_are_put_off_are_not_named_in_each_others_hints() -> None:
    people = (Recipient("a@x.example", True, 250), *(not_now(f"p{n}@x.example") for n in range(9)))
    told = hinted(Sent("<t@x.example>", people, ()), PLAIN)
    assert "the same send with --to p3@x.example alone in" in str(told.recipients[4].hint)


def test_of_an_unknown_outcome_nobody_is_served_twice() -> None:
    cut = Stage("accepted", False, 1.0, "closed", cause="outcome-unknown", hint="h")
    people = (not_now("b@x.example"), Recipient("a@x.example", False, detail="closed", cause="outcome-unknown"))
    told = hinted(Sent("<t@x.example>", people, (cut,)), PLAIN)
    assert "the same send with --to b@x.example alone in ten minutes" in str(told.recipients[0].hint)
    assert told.failure is not None
    assert str(told.failure.hint).startswith("ask a@x.example whether it arrived")
    assert "before you send it again, with --to a@x.example alone;" in str(told.failure.hint)
    together = hinted(stopped(cut), PLAIN)
    assert "before you send it again, with --to b@x.example alone;" in str(together.recipients[1].hint)


def test_a_second_transaction_that_finds_no_server_is_not_for_those_of_the_first() -> None:
    down = Stage("connect", False, 1.0, "refused", cause="refused", hint="h")
    rest = Recipient("b@x.example", False, detail="refused", cause="refused", hint="h")
    told = hinted(Sent("<t@x.example>", (Recipient("a@x.example", True, 250), rest), (down,)), PLAIN)
    assert told.recipients[1].hint == told.stages[0].hint
    assert str(told.stages[0].hint).endswith("then the same send with --to b@x.example alone")


def test_what_is_too_large_is_made_smaller() -> None:
    assert hint(said("accepted", "552 5.3.4 Message size exceeds fixed limit"), MAIL).startswith("pack it, or ask")


def test_a_server_that_was_proven_is_not_looked_for_elsewhere() -> None:
    down = Stage(
        "connect", False, 1.0, "refused", cause="refused", hint="it was proven: see to it, then dtsconf test again"
    )
    assert hint(down, replace(PLAIN, proven=True)) == "it was proven: see to it, then the same send again"
    assert of_queue(down, smtp=True, proven=True).hint == "it was proven: see to it, then dtsconf queue flush"
    assert "finds out why" in hint(down)


def test_another_address_is_named_by_the_option_of_the_one_refused() -> None:
    refused = said("rcpt-to", "550 5.1.1 no such user")
    copy = Mail("<t@x.example>", 900, "now", False, True, "", options={"a@x.example": "--cc"})
    assert "or try another: --cc ADDRESS" in hint(refused, copy)
    assert "or try another: --to ADDRESS" in hint(refused)


def test_each_of_several_is_told_of_by_name_and_not_by_what_another_shows_to_be_untrue() -> None:
    def refused(address: str) -> Recipient:
        reply = Reply(550, ("5.1.1 no such user",))
        found = of_reply("rcpt-to", reply, FACTS._replace(recipient=address))
        return Recipient(address, False, 550, "5.1.1", reply.text, found.cause, found.hint)

    first, second = refused("b@far.example"), refused("c@far.example")
    failed = Stage("rcpt-to", False, 1.0, first.detail, 550, "5.1.1", first.cause, first.hint, "server")
    nobody = hinted(Sent("<t@x.example>", (first, second), (failed,)), PLAIN)
    assert ["the address b@far.example" in (one.hint or "") for one in nobody.recipients] == [True, False]
    assert ["the address c@far.example" in (one.hint or "") for one in nobody.recipients] == [False, True]
    assert all("to other domains, such as far.example" in (one.hint or "") for one in nobody.recipients)
    some = hinted(Sent("<t@x.example>", (first, Recipient("d@far.example", True)), ()), PLAIN)
    assert "other domains" not in (some.recipients[0].hint or "")


def test_what_is_no_answer_to_the_content_command_is_no_cut() -> None:
    odd = Stage(
        "data", False, 1.0, "'%%$' is no reply", cause="protocol", hint="is it a mail server? dtsconf test again"
    )
    assert hint(odd, MAIL) == "is it a mail server? the same send again"


def test_a_no_to_the_content_command_is_no_cut() -> None:
    """Nobody cut anything: the server answered, and its answer stands in the line above."""
    told = hint(said("data", "503 5.5.1 Error: need RCPT command"))
    assert "cut within" not in told
    assert "the Message-ID (<t@x.example>)" in told


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        ("banner", "421 4.7.0 Too many connections from your IP"),
        ("banner", "421 4.3.2 Service not available"),
        ("auth", "454 4.7.0 Temporary authentication failure"),
        ("tls", "421 4.3.2 going down"),
    ],
)
def test_a_server_that_has_no_time_for_anybody_gets_this_mail_later(stage: str, text: str) -> None:
    told = hint(said(stage, text))
    assert "then the same send again" in told
    assert told.endswith("or with --queue added: then dtsconf queue run tries by itself until it is through")
    assert "dtsconf test again" not in told


def test_after_too_many_logins_the_queue_would_only_go_on_trying() -> None:
    told = hint(said("auth", "421 4.7.0 Too many login attempts"))
    assert "--queue" not in told


def test_a_queued_mail_keeps_the_address_that_stops_it() -> None:
    one = Recipient(
        "b@x.example", False, cause="recipient-rejected", hint="leave that address out, or use one in ASCII"
    )
    told = of_queued(one, "20261126T1", for_good=True)
    assert told.endswith("so send it anew then, and dtsconf queue drop 20261126T1")
    assert "queue flush" not in told
