from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.reply import NotAReply, Reply, parse_line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"250 ok", (250, True, "ok")),
        (b"250-more to come", (250, False, "more to come")),
        (b"250", (250, True, "")),
        (b"250 ", (250, True, "")),
        ("220 bücher".encode(), (220, True, "bücher")),
        (b"220 \xff", (220, True, "\\xff")),
    ],
)
def test_a_line_is_code_mark_and_text(line: bytes, expected: tuple[int, bool, str]) -> None:
    assert parse_line(line) == expected


@pytest.mark.parametrize(
    "line", [b"", b"SSH-2.0-OpenSSH", b"25 ok", b"2500 ok", b"190 ok", b"600 ok", b"250+ok", b"+OK"]
)
def test_other_lines_are_no_reply(line: bytes) -> None:
    with pytest.raises(NotAReply) as caught:
        parse_line(line)
    assert caught.value.line == line


@given(st.binary(max_size=60))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    try:
        code, _, _ = parse_line(line)
    except NotAReply:
        return
    assert 200 <= code < 600


def test_the_enhanced_code_has_to_fit_the_class() -> None:
    assert Reply(550, ("5.7.1 no",)).enhanced == "5.7.1"
    assert Reply(250, ("5.7.1 no",)).enhanced is None
    assert Reply(550, ("no 5.7.1",)).enhanced is None
    assert Reply(421, ("4.7.500",)).enhanced == "4.7.500"


@pytest.mark.parametrize(
    "lines",
    [
        ("#5.1.0 Address rejected.",),
        ("gateway.acme.example says:", "5.1.0 Address rejected."),
        ("sorry, no mailbox here by that name. (#5.1.0)",),
    ],
)
def test_gateways_put_the_enhanced_code_in_other_places(lines: tuple[str, ...]) -> None:
    reply = Reply(550, lines)
    assert reply.enhanced == "5.1.0"
    assert Reply(450, lines).enhanced is None
    assert "5.1.0" in reply.text


def test_several_lines_are_told_in_one() -> None:
    reply = Reply(535, ("5.7.8 Username and Password not accepted.", "5.7.8 See the help"))
    assert reply.text == "535 5.7.8 Username and Password not accepted. See the help"
