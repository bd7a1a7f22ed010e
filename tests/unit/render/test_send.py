from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.mail.sent import Recipient, Sent
from dtsconf.queue.entry import Entry
from dtsconf.render import send as render
from dtsconf.render.call import Call
from tests.unit.sending.results import NO, OK, failed, sent


@pytest.mark.parametrize(
    ("result", "kinds"),
    [
        (sent(OK), []),
        (sent(OK, NO, NO), ["recipient-rejected"] * 2),
        (sent(failed("timeout"), stage="data"), ["timeout"]),
        (sent(NO, NO, stage="rcpt-to", cause="recipient-rejected"), ["recipient-rejected"] * 2),
    ],
)
def test_json(result: Sent, kinds: list[str]) -> None:
    found = render.data(result, 12)
    assert (found["message_id"], found["size"]) == ("<t@x.example>", 12)
    assert [set(one) for one in found["recipients"]] == [{"address", "ok", "code", "enhanced_code", "detail"}] * len(
        result.recipients
    )
    assert [one["kind"] for one in found.get("problems", [])] == kinds


def test_some_refused() -> None:
    result = sent(OK, NO)
    assert render.text(result) == "<t@x.example>\n"
    assert render.failure(result) == (
        "SENT TO 1 OF 2. Send it again to those alone who are named here.\n"
        "b@x.example: the server doesn't take mail for this recipient: 550 5.1.1 no such user\n"
        "hint: ask for the address\n"
    )


def test_nobody() -> None:
    result = sent(failed("timeout"), stage="data")
    assert render.text(result) == render.note(result, "1 MiB") == ""
    assert (
        render.failure(result)
        == "NOT SENT (<t@x.example>).\ndata: no answer came in time (timeout); dtsconf: it said so\nhint: h\n"
    )


def test_unknown() -> None:
    result = sent(failed("outcome-unknown"), stage="accepted", cause="outcome-unknown")
    assert render.failure(result).startswith("NOT KNOWN WHETHER SENT, and not sent again (<t@x.example>).\n")


def test_some_have_it_and_of_some_nobody_knows() -> None:
    told = render.failure(sent(OK, failed("outcome-unknown"), stage="accepted", cause="outcome-unknown"))
    assert told.startswith("SENT TO 1 OF 2. ")
    assert "Send it again" not in told
    assert "c@x.example: " in told
    told = render.failure(sent(OK, NO, failed("outcome-unknown"), stage="accepted", cause="outcome-unknown"))
    assert told.startswith("SENT TO 1 OF 3. Whoever may have got it all the same is named as that; send it again to")


def test_whoever_was_refused_before_nobody_knows_of_the_others_is_named_as_well() -> None:
    found = render.data(sent(failed("outcome-unknown"), NO, stage="accepted", cause="outcome-unknown"), 12)
    assert [one["kind"] for one in found["problems"]] == ["outcome-unknown", "recipient-rejected"]
    assert found["problems"][1]["message"].startswith("b@x.example: ")


def test_what_no_server_said_is_told_as_no_refusal() -> None:
    kept = Recipient("b@x.example", False, detail="run.log changed", hint="send it again")
    assert render.failure(sent(OK, kept)).endswith("\nb@x.example: run.log changed\nhint: send it again\n")


def test_control_characters_of_a_server_are_escaped() -> None:
    odd = Recipient("b@x.example", False, 550, None, "\x1b[2J", "recipient-rejected", "\x1b")
    assert "\x1b" not in render.failure(sent(OK, odd))


def test_the_note() -> None:
    assert render.note(sent(OK), "2 MiB") == "sent to 1 recipient, 2 MiB\n"
    assert render.note(sent(OK, OK), "2 MiB") == "sent to 2 recipients, 2 MiB\n"


def test_a_queued_mail_is_sent_with_the_options_of_its_call() -> None:
    entry = Entry("7", "<t@x.example>", "a@x.example", ("b@x.example",), "s", 12, False, 0.0)
    assert render.queued_note(entry, (), Call()).startswith("queued as 7: `dtsconf queue run` sends it")
    typed = "`dtsconf queue run --profile '/etc/dts/my site.yaml' --root /r --set 'sender.name=DTS 2'`"
    assert typed in render.queued_note(entry, (), Call("/etc/dts/my site.yaml", "/r", ("sender.name=DTS 2",)))


def test_who_runs_the_queue_may_do_so_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entry = Entry("7", "<t@x.example>", "a@x.example", ("b@x.example",), "s", 12, False, 0.0)
    typed = f"`dtsconf queue run --profile {tmp_path.parent}/site.yaml --root {tmp_path}/r`"
    assert typed in render.queued_note(entry, (), Call("../site.yaml", "r"))


def test_a_hint_that_several_in_a_row_have_is_told_once() -> None:
    """It may name all of them: told with each it would grow with the square of their number."""
    later = [
        Recipient(f"{name}@x.example", False, 450, None, "450 later", "greylisted", "with --to a@x.example,c@x.example")
        for name in "ac"
    ]
    told = render.failure(sent(OK, *later))
    assert told.count("hint: ") == 1
    assert told.endswith(
        "c@x.example: the server wants to see the same mail again later: 450 later\nhint: with --to a@x.example,c@x.example\n"
    )
    assert [one["hint"] for one in render.data(sent(OK, *later), 1)["problems"]] == [later[0].hint] * 2
    assert render.failure(sent(OK, later[0], NO)).count("hint: ") == 2
