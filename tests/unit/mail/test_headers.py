from __future__ import annotations

import time
from email import message_from_string
from email.policy import default
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.headers import (
    date,
    encoded_words,
    mailbox,
    mailboxes,
    message_id,
    parameter,
    quoted,
    shown_name,
    text,
)
from dtsconf.names import has_controls

PLAIN = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=400)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).filter(lambda words: not has_controls(words))


def read(field: str, value: str) -> str:
    return str(message_from_string(f"{field}: {value}\r\n\r\n", policy=default)[field])


@given(PLAIN | ANY)
def test_text_comes_back_and_fits_its_lines(words: str) -> None:
    made = text(words, len("Subject: "))
    assert read("Subject", made) == words
    assert made.isascii()
    assert all(len(line) <= 78 for line in f"Subject: {made}".split("\r\n"))
    assert all(line.strip() for line in made.split("\r\n")) or not words


def test_short_ascii_stays_readable() -> None:
    assert text("Run 12: done (ok)") == "Run 12: done (ok)"


def test_long_ascii_is_folded_at_its_blanks() -> None:
    words = "the quick brown fox jumps over the lazy dog again and again, " * 5
    assert text(words.strip()).startswith("the quick brown")
    assert "\r\n the" in text(words.strip()) or "\r\n again" in text(words.strip())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Perth Lab", "Perth Lab <a@x.example>"),
        ("Doe, Ann", '"Doe, Ann" <a@x.example>'),
        ('The "Lab"', '"The \\"Lab\\"" <a@x.example>'),
        ("two  blanks", '"two  blanks" <a@x.example>'),
        ("Jürgen", "=?utf-8?b?SsO8cmdlbg==?= <a@x.example>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@x.example>"),
        ("", "a@x.example"),
        (None, "a@x.example"),
    ],
)
def test_mailboxes(name: str | None, shown: str) -> None:
    assert mailbox(name, "a@x.example") == shown


def test_a_list_has_one_on_a_line() -> None:
    assert mailboxes([(None, "a@x.example"), ("B", "b@x.example")]) == "a@x.example,\r\n B <b@x.example>"


@pytest.mark.parametrize(
    "name", ["Jürgen Müller-Lüdenscheid vom Labor", "A Name of Atoms That Is Quite Long", "x, " * 20]
)
def test_a_name_and_a_long_address_fit_their_lines(name: str) -> None:
    made = mailbox(name, "somebody.with-a-long-name@laboratory.acme.example")
    assert all(len(line) <= 76 for line in f"Reply-To: {made},".split("\r\n"))
    assert made.endswith(" <somebody.with-a-long-name@laboratory.acme.example>")


def test_what_joins_letters_stays_in_a_name() -> None:
    assert shown_name("क्\u200dष") == "क्\u200dष"
    assert shown_name("a\r\nBcc: b\0") == r"a\r\nBcc: b\0"


@pytest.mark.parametrize("address", ["a@b\r\nBcc: x@y", "a>@b", "a<@b", "a\0@b"])
def test_an_address_that_would_break_out_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        mailbox(None, address)


def test_quoted_strings() -> None:
    assert quoted('a "b" \\c') == r'"a \"b\" \\c"'


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("run 12.log", ';\r\n filename="run 12.log"'),
        ("größe.txt", ";\r\n filename*=utf-8''gr%C3%B6%C3%9Fe.txt"),
        ('a"b', ";\r\n filename*=utf-8''a%22b"),
        ("x" * 90, f";\r\n filename*0*=utf-8''{'x' * 50};\r\n filename*1*={'x' * 40}"),
    ],
)
def test_parameters(value: str, made: str) -> None:
    assert parameter("filename", value) == made


@given(ANY.filter(lambda name: name == name.strip() and name != ""))
def test_parameters_come_back_and_fit_their_lines(value: str) -> None:
    made = parameter("filename", value)
    assert made.isascii()
    assert all(len(line) <= 78 for line in made.split("\r\n"))
    parsed = message_from_string(f"Content-Disposition: attachment{made}\r\n\r\n", policy=default)
    assert parsed["Content-Disposition"].params["filename"] == value, "get_filename takes quotes off a second time"


@given(st.text("é漢😀", min_size=30, max_size=90))
def test_no_character_is_cut_where_a_parameter_is(value: str) -> None:
    lines = parameter("f", value).split("\r\n")
    sections = [line.partition("*=")[2].removesuffix(";").removeprefix("utf-8''") for line in lines]
    assert "".join(unquote(section, errors="strict") for section in sections) == value


def test_a_control_character_is_no_parameter() -> None:
    with pytest.raises(ValueError):
        parameter("filename", "a\r\nb")


@given(st.text(st.characters(), max_size=300))
def test_encoded_words_fit_their_lines(words: str) -> None:
    made = encoded_words(words)
    assert made.isascii()
    assert all(len(piece) <= 75 and "\r" not in piece for piece in made.split("\r\n "))


def test_the_date_is_english_and_utc() -> None:
    assert date(time.gmtime(0)) == "Thu, 01 Jan 1970 00:00:00 +0000"


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("a@acme.example", "acme.example"),
        ("a@bücher.example", "xn--bcher-kva.example"),
        ("a@[127.0.0.1]", "127.0.0.1"),
        ("a@[IPv6:::1]", "dtsconf.invalid"),
        ("jürgen@bücher.example", "dtsconf.invalid"),
    ],
)
def test_the_message_id_has_the_senders_domain(sender: str, domain: str) -> None:
    assert message_id("t", sender) == f"<t@{domain}>"
