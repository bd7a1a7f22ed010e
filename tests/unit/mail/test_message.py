from __future__ import annotations

import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.content import Envelope
from dtsconf.mail.job import Letter
from dtsconf.mail.message import Mail, build

NOW = time.gmtime(1_795_000_000)
LETTER = Letter("pc-7", "acme-perth", 12, "dtsconf 1.2.0", "macro")
ENVELOPE = Envelope("dts@acme.example", ("you@acme.example",))
HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
]


def made(
    letter: Letter = LETTER, envelope: Envelope = ENVELOPE, *, name: str | None = "DTS Perth"
) -> tuple[Mail, EmailMessage]:
    mail = build(letter, envelope, name, "mail.test port 587", "abc123", NOW)
    return mail, message_from_bytes(mail.data, policy=default)


def test_it_is_a_proper_message() -> None:
    mail, parsed = made()
    assert parsed.keys() == HEADERS
    assert parsed["Message-ID"] == mail.message_id == "<abc123@acme.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Date"].datetime.timestamp() == 1_795_000_000
    assert parsed["From"].addresses[0].display_name == "DTS Perth"
    assert parsed["From"].addresses[0].addr_spec == "dts@acme.example"
    assert parsed["To"].addresses[0].addr_spec == "you@acme.example"
    assert not parsed.defects


def test_it_says_what_it_proves_and_for_whom() -> None:
    text = made()[1].get_content().replace("\r\n", "\n")
    for fact in ("pc-7", "acme-perth", "generation 12", "dtsconf 1.2.0", "macro", "mail.test port 587"):
        assert fact in text
    assert "proven\nfor dtsconf 1.2.0 as macro" in text
    assert "set up" not in text


def test_a_test_that_was_not_applied_says_so() -> None:
    text = made(Letter("pc-7", None, None, "dtsconf 1.2.0", "macro"))[1].get_content()
    assert "not applied yet" in text


def test_names_outside_ascii_come_through() -> None:
    letter = Letter("büro-rechner", "münchen", 1, "dtsconf 1.2.0", "jürgen")
    mail, parsed = made(letter, name="Jürgen €uro")
    assert parsed["From"].addresses[0].display_name == "Jürgen €uro"
    assert "büro-rechner" in parsed["Subject"]
    assert "jürgen" in parsed.get_content()
    assert not mail.eight_bit
    assert mail.data.isascii()
    assert parsed["Content-Transfer-Encoding"] == "base64"


def test_an_address_outside_ascii_is_all_that_goes_as_it_is() -> None:
    mail, parsed = made(envelope=Envelope("jürgen@acme.example", ("you@acme.example",)))
    assert mail.eight_bit
    assert mail.data.partition(b"\r\n\r\n")[2].isascii()
    assert "jürgen@acme.example" in parsed.get_content()


@pytest.mark.parametrize(
    "name", ['A "quoted" name', "Last, First", "back\\slash", "a@b", "  blanks  ", "=?utf-8?q?x?=", "dot. name"]
)
def test_display_names_with_specials(name: str) -> None:
    assert made(name=name)[1]["From"].addresses[0].display_name == name


def test_an_address_that_would_break_out_is_refused() -> None:
    for bad in ("a@b\r\nBcc: x@y", "a>@b", "a\0@b"):
        with pytest.raises(ValueError):
            made(envelope=Envelope(bad, ("you@acme.example",)))


TEXTS = st.text(st.characters(), max_size=1200) | st.sampled_from(
    ["a\r\nBcc: x@y", "x\n\n.\n", "\r\n.\r\nQUIT", "\u2028", "\x85"]
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_nothing_breaks_out_of_the_message(machine: str, profile: str, user: str, name: str) -> None:
    letter = Letter(machine, profile, 1, "dtsconf 1.2.0", user)
    mail, parsed = made(letter, name=name)
    assert parsed.keys() == HEADERS
    assert [a.addr_spec for a in parsed["From"].addresses] == ["dts@acme.example"]
    lines = mail.data.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert mail.data.isascii()
