from __future__ import annotations

import pytest

from dtsconf.mail.content import Envelope
from dtsconf.mail.graph import mime
from tests.unit.mail.graph.messages import Whole

HEADER = (
    b'From: DTS <dts@acme.example>\r\nTo: "Doe, Ann" <Ann@acme.example>,\r\n bob@acme.example\r\n'
    b"Cc: =?utf-8?b?w5Y=?= <o@xn--mnchen-3ya.example>\r\nSubject: To: eve@acme.example\r\n\r\n"
)
EVERYBODY = ("ann@acme.example", "bob@acme.example", "o@xn--mnchen-3ya.example")


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_the_header_is_found_in_pieces_of_any_size(step: int) -> None:
    assert mime.header_of(Whole(HEADER + b"body\r\n\r\nmore\r\n", step)) == HEADER


def test_the_header_of_a_mail_to_very_many() -> None:
    many = b",\r\n ".join(b"recipient-number-%d@department.acme.example" % number for number in range(10_000))
    header = b"To: " + many + b"\r\n\r\n"
    assert mime.header_of(Whole(header + b"body\r\n", 65536)) == header


@pytest.mark.parametrize("data", [b"", b"Subject: x\r\n", b"x" * (mime.LONGEST_HEADER + 2)])
def test_a_message_without_the_end_of_its_header(data: bytes) -> None:
    with pytest.raises(mime.NotAMessage):
        mime.header_of(Whole(data, 65536))


def test_who_is_named_and_who_is_not() -> None:
    fields = mime.parsed(HEADER)
    everybody = Envelope("dts@acme.example", EVERYBODY)
    assert mime.hidden(fields, everybody) == []
    assert mime.strangers(fields, everybody) == []
    some = Envelope("dts@acme.example", ("bob@acme.example", "eve@acme.example"))
    assert mime.hidden(fields, some) == ["eve@acme.example"]
    assert mime.strangers(fields, some) == ["Ann@acme.example", "o@xn--mnchen-3ya.example"]


def test_nobody_is_named_by_an_empty_group() -> None:
    fields = mime.parsed(b"To: undisclosed-recipients:;\r\n\r\n")
    assert list(mime.named(fields)) == []


def test_addresses_outside_ascii() -> None:
    fields = mime.parsed("To: jörg@acme.example\r\n\r\n".encode())
    assert mime.strangers(fields, Envelope("x@acme.example", ("jörg@acme.example",))) == []


def test_the_field_for_the_hidden_ones() -> None:
    assert mime.bcc([]) == b""
    many = [f"someone{number}@acme.example" for number in range(40)]
    field = mime.bcc(many)
    assert field.endswith(b"\r\n")
    assert max(map(len, field.split(b"\r\n"))) < 80
    assert list(mime.named(mime.parsed(field + b"\r\n"))) == many


def test_nothing_breaks_out_of_the_field() -> None:
    with pytest.raises(ValueError, match="control character"):
        mime.bcc(["eve@acme.example\r\nTo: everybody@acme.example"])
