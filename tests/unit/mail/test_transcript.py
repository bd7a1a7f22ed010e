from __future__ import annotations

import base64

import pytest

from dtsconf.mail.transcript import MOST_LINES, Transcript
from dtsconf.mail.verify import verify
from tests.unit.mail.jobs import job
from tests.unit.mail.scripted import dialogue, server


def told(transcript: Transcript) -> list[str]:
    marks = {"client": "C", "server": "S", "note": "*"}
    return [f"{marks[line.speaker]} {line.text}" for line in transcript.lines()]


def test_who_said_what_in_order() -> None:
    transcript = Transcript()
    transcript.note("connected")
    transcript.received(b"220 mail")
    transcript.received(b".test\r\n")
    transcript.sent(b"EHLO [192.0.2.2]\r\n")
    transcript.received(b"250-mail.test\r\n250 SIZE\r\n")
    assert told(transcript) == ["* connected", "S 220 mail.test", "C EHLO [192.0.2.2]", "S 250-mail.test", "S 250 SIZE"]
    assert [line.at for line in transcript.lines()] == sorted(line.at for line in transcript.lines())


@pytest.mark.parametrize("lines", [[b"AUTH PLAIN AGEAcGVhcg==\r\n"], [b"AUTH XOAUTH2 dXNlcj1h\r\n", b"\r\n"]])
def test_initial_responses_are_stars(lines: list[bytes]) -> None:
    transcript = Transcript()
    for line in lines:
        transcript.sent(line)
    mechanism = lines[0].split()[1].decode()
    assert told(transcript)[0] == f"C AUTH {mechanism} ********"
    assert all("*" in line for line in told(transcript))


def test_challenges_and_answers_are_stars_until_the_verdict() -> None:
    transcript = Transcript()
    transcript.sent(b"AUTH LOGIN\r\n")
    transcript.received(b"334 VXNlcm5hbWU6\r\n")
    transcript.sent(base64.b64encode(b"ann") + b"\r\n")
    transcript.received(b"334 UGFzc3dvcmQ6\r\n")
    transcript.sent(base64.b64encode(b"pear-tree") + b"\r\n")
    transcript.received(b"535 5.7.8 no\r\n")
    transcript.sent(b"QUIT\r\n")
    assert told(transcript) == [
        "C AUTH LOGIN", "S 334 ********", "C ********", "S 334 ********", "C ********", "S 535 5.7.8 no", "C QUIT",
    ]  # fmt: skip


def test_a_cancelled_exchange_is_shown() -> None:
    transcript = Transcript()
    transcript.sent(b"AUTH SCRAM-SHA-256 biws\r\n")
    transcript.received(b"334 cj1h\r\n")
    transcript.sent(b"*\r\n")
    assert told(transcript)[-1] == "C *"


def test_of_the_message_there_is_only_its_size() -> None:
    transcript = Transcript()
    transcript.sent(b"DATA\r\n")
    transcript.received(b"354 go\r\n")
    transcript.sent(b"Subject: secret plan\r\n\r\n")
    transcript.sent(b"DATA\r\n" * 10)
    transcript.sent(b".\r\n")
    transcript.received(b"250 ok\r\n")
    assert told(transcript) == ["C DATA", "S 354 go", "* the message, 84 bytes, not shown", "C .", "S 250 ok"]


def test_a_group_of_commands_and_an_end_in_one_block() -> None:
    transcript = Transcript()
    transcript.sent(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
    transcript.received(b"250 ok\r\n250 ok\r\n354 go\r\n")
    transcript.sent(b"Subject: secret plan\r\n\r\n..\r\n.\r\n")
    transcript.sent(b"QUIT\r\n")
    assert told(transcript) == [
        "C MAIL FROM:<a@b.example>", "C RCPT TO:<c@d.example>", "C DATA", "S 250 ok", "S 250 ok", "S 354 go",
        "* the message, 28 bytes, not shown", "C .", "C QUIT",
    ]  # fmt: skip
    assert transcript.lines()[0].at == 0


def test_a_message_that_broke_off() -> None:
    transcript = Transcript()
    transcript.sent(b"DATA\r\n")
    transcript.received(b"354 go\r\n")
    transcript.sent(b"x" * 7)
    assert told(transcript)[-1] == "* the message, 7 bytes, not shown; its end was not sent"


def test_what_a_server_repeats_is_masked_and_escaped() -> None:
    transcript = Transcript()
    transcript.masker.add_secret("pear-tree")
    transcript.received(b"535 pear-tree is wrong\r\n")
    assert told(transcript) == ["S 535 ******** is wrong"]
    plain = Transcript()
    plain.received(b"220 \x1b[31mred\r\n")
    assert "\x1b" not in told(plain)[0]


def test_what_a_server_repeats_over_the_lines_of_a_reply_is_masked() -> None:
    transcript = Transcript()
    transcript.masker.add_secret("pear-tree")
    transcript.received(b"535-5.7.8 not pear-\r\n535-5.7.8 t\r\n535 5.7.8 ree, usr\r\n250 pear\r\n250 -tree\r\n")
    assert told(transcript) == [
        "S 535-5.7.8 not ********", "S 535-5.7.8 ********", "S 535 5.7.8 ********, usr", "S 250 pear", "S 250 -tree",
    ]  # fmt: skip


def test_notes_give_no_short_password_away() -> None:
    transcript = Transcript()
    transcript.masker.add_secret("closed")
    transcript.note("closed")
    transcript.received(b"221 closed\r\n")
    assert told(transcript) == ["* closed", "S 221 ********"]


def test_a_server_without_end_is_cut() -> None:
    transcript = Transcript()
    transcript.received(b"220-x\r\n" * (MOST_LINES + 5))
    assert len(transcript.lines()) == MOST_LINES + 1
    assert told(transcript)[-1] == "* cut here"


def test_a_whole_conversation() -> None:
    transcript = Transcript()
    with server(dialogue(replies={"RCPT": "550 5.1.1 nobody"})) as running:
        result = verify(job(running.port).written_down(transcript))
    assert not result.ok
    lines = told(transcript)
    assert lines[0].startswith("* connected to 127.0.0.1 port ")
    assert "S 550 5.1.1 nobody" in lines
    assert any(line.startswith("C RCPT TO:<") for line in lines)
    assert lines[-1] == "* closed"
