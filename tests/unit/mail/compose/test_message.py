from __future__ import annotations

import io
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import DtsconfError
from dtsconf.mail.compose.draft import ContentChanged, Draft, Mailbox
from dtsconf.mail.compose.message import BLOCK, compose
from dtsconf.names import has_controls
from tests.unit.mail.compose.parts import ANN, NOW, SENDER, Held, held, made, written

LINES = st.sampled_from([
    ".", "..", ". dot", "From me", ">From me", "", " ", "blank at the end ", "\ttab", "=3D=", "--=_m_abc123", "QUIT",
    "x" * 1200, "ü" * 700, "a\u2028b", "\x00", "\x1b[31m", "\ufeff", "👩\u200d💻", "=?utf-8?q?x?=",
])  # fmt: skip
BODIES = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.lists(LINES, max_size=12).map("\n".join)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).filter(lambda text: not has_controls(text))
NAMES = WORDS.map(str.strip).filter(bool) | st.sampled_from([
    'the "best" log.txt', "back\\slash", "a;b=c.log", "it's 100%.txt", "x*y'z", "=?utf-8?q?x?=.txt", "two  blanks", "ü" * 200,
    "日本語の記録.log", "a" * 250,
])  # fmt: skip
OCTETS = st.binary(max_size=400) | st.integers(0, 3 * 57 + 2).map(bytes)


def as_lines(text: str) -> str:
    """What a message can hold of a text: one kind of line end, and one at the end."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.endswith("\n") or not plain else plain + "\n"


def check_the_wire(data: bytes) -> None:
    assert data.endswith(b"\r\n")
    lines = data.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert data.isascii()


def test_a_plain_message() -> None:
    message, data, parsed = made(Draft((ANN,), subject="Run 12", text="done\n"))
    assert data.decode("ascii").split("\r\n") == [
        "Date: Wed, 18 Nov 2026 11:06:40 +0000",
        "From: Perth Lab <lab@acme.example>",
        "To: ann@acme.example",
        "Subject: Run 12",
        "Message-ID: <abc123@acme.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "done",
        "",
    ]
    assert message.message_id == parsed["Message-ID"]
    assert not message.eight_bit
    assert message.size == len(data)


def test_bcc_is_in_the_envelope_alone() -> None:
    boss = Mailbox("The Boss", "boss@acme.example")
    message, data, parsed = made(Draft((ANN,), bcc=(boss,)))
    assert message.draft.recipients == ("ann@acme.example", "boss@acme.example")
    assert b"oss" not in data
    assert "Bcc" not in parsed


def test_a_message_to_bcc_alone_still_has_a_destination() -> None:
    assert str(made(Draft(bcc=(ANN,)))[2]["To"]) == "undisclosed-recipients:;"


def test_everybody_gets_it_once() -> None:
    draft = Draft((ANN, ANN), (Mailbox("Ann again", ANN.address),), (Mailbox(None, "bob@acme.example"),))
    assert draft.recipients == ("ann@acme.example", "bob@acme.example")


def test_international_domains_go_in_a_labels() -> None:
    draft = Draft((Mailbox(None, "ann@bücher.example"),))
    message, _, parsed = made(draft)
    assert draft.recipients == ("ann@xn--bcher-kva.example",)
    assert str(parsed["To"]) == "ann@xn--bcher-kva.example"
    assert not message.eight_bit


def test_an_address_outside_ascii_makes_it_an_internationalised_message() -> None:
    message, data, _ = made(Draft((Mailbox(None, "jürgen@acme.example"),)))
    assert message.eight_bit
    assert "To: jürgen@acme.example\r\n" in data.decode()


def test_html_goes_with_a_text_alternative() -> None:
    _, _, parsed = made(Draft((ANN,), html="<p>All <b>went</b> well</p>"))
    assert parsed.get_content_type() == "multipart/alternative"
    plain, html = parsed.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (plain.get_content_type(), written(plain)) == ("text/plain", "All went well\n")
    assert (html.get_content_type(), written(html)) == ("text/html", "<p>All <b>went</b> well</p>\n")


def test_the_text_given_is_the_alternative() -> None:
    _, _, parsed = made(Draft((ANN,), text="see the HTML\n", html="<p>hi</p>"))
    body = parsed.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert written(body) == "see the HTML\n"


def test_the_type_and_the_name_of_an_attachment() -> None:
    parsed = made(Draft((ANN,), text="x", attachments=(held("a.pdf", b"%PDF", "application/pdf"),)))[2]
    assert parsed.get_content_type() == "multipart/mixed"
    (part,) = parsed.iter_attachments()
    assert part.get_content_type() == "application/pdf"
    assert part.get_content_disposition() == "attachment"
    assert part.get_filename() == part.get_param("name") == "a.pdf"


@given(BODIES, st.none() | BODIES)
def test_bodies_come_back_as_they_went_in(text: str, html: str | None) -> None:
    message, data, parsed = made(Draft((ANN,), text=text, html=html))
    check_the_wire(data)
    assert message.size == len(data)
    for kind, sent in (("plain", text), ("html", html)):
        if sent is not None:
            body = parsed.get_body((kind,))
            assert isinstance(body, EmailMessage)
            assert written(body) == as_lines(sent)


def display_names(data: bytes, field: str) -> list[str]:
    """By the older of Python's parsers: the newer one of 3.11 puts blanks between encoded words of a name."""
    found = getaddresses([str(message_from_bytes(data)[field]).replace("\r\n", "")])
    return [str(make_header(decode_header(name))) for name, _ in found]


@given(WORDS, WORDS.map(str.strip), WORDS.map(str.strip))
def test_subjects_and_names_come_back_as_they_went_in(subject: str, sender: str, name: str) -> None:
    draft = Draft((Mailbox(name, "ann@acme.example"), ANN), subject=subject)
    _, data, parsed = made(draft, Mailbox(sender, "lab@acme.example"))
    check_the_wire(data)
    assert parsed.keys()[:4] == ["Date", "From", "To", *(["Subject"] if subject else ["Message-ID"])]
    assert str(parsed["Subject"] or "") == subject
    assert display_names(data, "To") == [name, ""]
    assert display_names(data, "From") == [sender]
    assert [a.addr_spec for a in parsed["To"].addresses] == [ANN.address] * 2
    assert not parsed.defects


@given(st.lists(st.tuples(NAMES, OCTETS), max_size=4), BODIES)
def test_attachments_come_back_byte_for_byte(files: list[tuple[str, bytes]], text: str) -> None:
    attachments = tuple(held(name, data) for name, data in files)
    message, data, parsed = made(Draft((ANN,), text=text, attachments=attachments))
    check_the_wire(data)
    assert message.size == len(data)
    # get_filename takes quotes off a second time, those of the name itself
    names = [part["Content-Disposition"].params["filename"] for part in parsed.iter_attachments()]
    assert list(zip(names, (part.get_content() for part in parsed.iter_attachments()), strict=True)) == files


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b", "a\x85b", "\u2028"])
@pytest.mark.parametrize("where", ["subject", "name", "file"])
def test_nothing_breaks_out_of_a_header(bad: str, where: str) -> None:
    draft = {
        "subject": Draft((ANN,), subject=bad),
        "name": Draft((Mailbox(bad, ANN.address),)),
        "file": Draft((ANN,), attachments=(held(bad, b""),)),
    }[where]
    with pytest.raises(ValueError, match="control character"):
        compose(draft, SENDER, "abc123", NOW)


def test_it_can_be_read_again() -> None:
    message = made(Draft((ANN,), text="x", attachments=(held("a", bytes(3 * BLOCK + 5)),)))[0]
    assert b"".join(message.chunks()) == b"".join(message.chunks())
    assert max(map(len, message.chunks())) < 2 * BLOCK


@pytest.mark.parametrize(
    "attachment",
    [Held("a", b"12345", 4), Held("a", b"123", 4), Held("a", b"", 4), Held("a", b"1234", 4, touched=True)],
    ids=["grew", "shrank", "emptied", "overwritten"],
)
def test_what_changes_meanwhile_is_an_error(attachment: Held) -> None:
    message = compose(Draft((ANN,), attachments=(attachment,)), SENDER, "abc123", NOW)
    with pytest.raises(ContentChanged) as caught:
        list(message.chunks())
    assert "--zip" in str(caught.value.hint)


class Locked(io.BytesIO):
    """A file that another program locks while it is read."""

    def read(self, size: int | None = -1) -> bytes:
        raise PermissionError(13, "Permission denied")


def test_what_can_not_be_read_any_more_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Held, "open", lambda _held: Locked())
    message = compose(Draft((ANN,), attachments=(held("run.log", b"1234"),)), SENDER, "abc123", NOW)
    with pytest.raises(DtsconfError, match=r"run\.log can't be read: Permission denied; the mail was not sent"):
        list(message.chunks())
