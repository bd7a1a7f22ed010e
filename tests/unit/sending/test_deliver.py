from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import dtsconf
from dtsconf.mail.sent import Recipient, Sent
from dtsconf.sending.deliver import Counted, NotSent, _left, exit_code
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import PROFILE, profile
from tests.unit.queue.spooling import Message
from tests.unit.sending.results import NO, OK, failed, sent


def put_off(code: int, cause: str) -> Recipient:
    return Recipient("d@x.example", False, code, None, "not now", cause)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (sent(OK, OK), 0),
        (sent(OK, NO), 1),
        (sent(NO, NO, stage="rcpt-to", cause="recipient-rejected"), 1),
        (sent(NO, failed("timeout"), stage="rcpt-to", cause="recipient-rejected"), 6),
        (sent(put_off(450, "server-error"), put_off(451, "rate-limited"), stage="rcpt-to", cause="server-error"), 1),
        (sent(put_off(421, "server-error"), stage="rcpt-to", cause="server-error"), 6),
        (sent(put_off(450, "server-error"), stage="accepted", cause="server-error"), 6),
        (sent(OK, failed("dropped"), stage="data", cause="dropped"), 1),
        (sent(failed("greylisted"), stage="mail-from", cause="greylisted"), 6),
        (sent(failed("sender-rejected"), stage="rcpt-to", cause="sender-rejected"), 6),
        (sent(failed("content-rejected"), stage="accepted", cause="content-rejected"), 6),
        (sent(failed("outcome-unknown"), stage="accepted", cause="outcome-unknown"), 6),
        (sent(failed("refused"), stage="connect", cause="refused", reached=False), 9),
    ],
)
def test_exit_codes(result: Sent, code: int) -> None:
    assert exit_code(result) == code


@pytest.mark.parametrize(
    ("result", "rest"),
    [
        (sent(put_off(421, "server-error"), NO, stage="rcpt-to"), ("d@x.example",)),
        (sent(put_off(421, "server-error"), NO, stage="accepted"), ()),
        (sent(put_off(450, "server-error"), NO, stage="rcpt-to"), ()),
        (sent(put_off(421, "server-error"), stage="rcpt-to"), ()),
    ],
)
def test_the_others_get_it_once_more_only_where_nothing_of_it_was_given(result: Sent, rest: tuple[str, ...]) -> None:
    stage = replace(result.stages[-1], code=result.recipients[0].code)
    assert _left(replace(result, stages=(result.stages[0], stage))) == rest


def test_how_much_is_through_is_told_up_to_all_of_it() -> None:
    told: list[tuple[int, int]] = []
    message = Message(b"hello you")
    counted = Counted(message, lambda *now: told.append(now))
    assert b"".join(counted.chunks()) == message.text
    assert told == [(5, 9), (9, 9)]
    assert counted.all_read


def test_as_an_error() -> None:
    error = NotSent(sent(failed("timeout"), stage="data"))
    assert str(error) == "not sent: no answer came in time (data: it said so)"
    assert (error.code, error.hint, error.kind) == (6, "h", "not-sent")


def by_parts(tmp_path: Path, full: str, between: Callable[[Path], object] = Path.exists) -> tuple[Sent, int]:
    """Send a log to two, of whom the server takes one at once and tells the other `full`; what happens to the log
    `between` the two transactions. The result, and how many transactions went through."""
    log = tmp_path / "run.log"
    log.write_text("all is well")
    sink = Smtpd(replies={"RCPT": ["250 2.1.5 ok", full]})
    sink.hooks["MAIL"] = lambda: between(log) if sink.messages else None
    sink.start()
    try:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {sink.port}"))
        to = ("ann@acme.example", "bob@acme.example")
        found = dtsconf.send(to, "log", "x", attach=log, profile=site, root=tmp_path / "root")
    finally:
        sink.stop()
    return found, len(sink.messages)


@pytest.mark.parametrize("full", ["452 4.5.3 too many", "452 no more", "552 5.5.3 too many", "552 Too many recipients"])
def test_whom_the_server_has_no_place_for_gets_it_in_a_transaction_of_their_own(tmp_path: Path, full: str) -> None:
    found, through = by_parts(tmp_path, full)
    assert found.ok
    assert through == 2


def test_a_full_mailbox_is_not_asked_twice(tmp_path: Path) -> None:
    found, through = by_parts(tmp_path, "552 Mailbox full")
    assert [one.ok for one in found.recipients] == [True, False]
    assert through == 1


@pytest.mark.parametrize("between", [Path.unlink, lambda log: log.write_text("and more")])
def test_a_file_that_goes_between_two_transactions_takes_nothing_back(
    tmp_path: Path, between: Callable[[Path], object]
) -> None:
    found, through = by_parts(tmp_path, "452 4.5.3 too many", between)
    assert [one.ok for one in found.recipients] == [True, False], "ann has it, whatever became of the file"
    assert "run.log" in found.recipients[1].detail
    assert through == 1
    assert exit_code(found) == 1


TO_THREE = ("ann@acme.example", "gone@acme.example", "bob@acme.example")


def hung_up(tmp_path: Path, *said: str) -> tuple[Sent, list[tuple[str, ...]], int]:
    """Send to three; the server answers RCPT with what is `said`, one after the other, then takes everybody. The
    result, whom it took a mail for, and how many connections it had."""
    sink = Smtpd(replies={"RCPT": list(said)}).start()
    try:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {sink.port}"))
        try:
            found = dtsconf.send(TO_THREE, "log", "x", profile=site, root=tmp_path / "root")
        except NotSent as error:
            found = error.sent
    finally:
        sink.stop()
    return found, [tuple(message.recipients) for message in sink.messages], len(sink.sessions)


def test_the_rest_is_served_where_the_server_hangs_up_over_others(tmp_path: Path) -> None:
    """Postfix's smtpd_hard_error_limit: the same again to all of them would end the same way for ever."""
    found, taken, _ = hung_up(tmp_path, "250 2.1.5 ok", "550 5.1.1 no such user", "421 4.7.0 too many errors")
    assert [(one.ok, one.code) for one in found.recipients] == [(True, 250), (False, 550), (True, 250)]
    assert taken == [("ann@acme.example", "bob@acme.example")]
    assert exit_code(found) == 1
    assert found.failure is None


def test_a_server_that_hangs_up_over_nobody_is_not_asked_again(tmp_path: Path) -> None:
    found, taken, _ = hung_up(tmp_path, "250 2.1.5 ok", "421 4.7.0 too busy")
    assert {one.code for one in found.recipients} == {421}
    assert taken == []


def test_a_server_that_hangs_up_each_time_is_asked_while_that_leads_on(tmp_path: Path) -> None:
    no, ends = "550 5.1.1 no such user", "421 4.7.0 too many errors"
    found, taken, connections = hung_up(tmp_path, no, ends, ends)
    assert [one.code for one in found.recipients] == [550, 421, 421]
    assert (taken, connections) == ([], 2)
