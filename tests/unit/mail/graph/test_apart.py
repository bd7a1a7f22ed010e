"""A message taken apart and put together again is the same, in whatever pieces it comes."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from dtsconf.mail.graph import apart, mime
from tests.unit.mail.graph.messages import Whole

LIMIT = 1 << 20


def message(*attachments: tuple[str, bytes], text: str = "See the logs.\n", html: str | None = None) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "dts@acme.example", "ann@acme.example", "Logs"
    made.set_content(text)
    if html is not None:
        made.add_alternative(html, subtype="html")
    for name, data in attachments:
        made.add_attachment(data, "application", "octet-stream", filename=name)
    return made.as_bytes()


def found(content: Whole) -> list[apart.Attached]:
    return apart.attachments(content, mime.header_of(content))


@pytest.mark.parametrize("step", [1, 3, 50, 77, 1 << 16])
def test_attachments_are_found_with_their_sizes(step: int) -> None:
    content = Whole(message(("a.log", b"x" * 100), ("ü b.bin", b"\0" * 58), html="<p>x</p>"), step)
    first, second = found(content)
    assert (first.name, first.type, first.size) == ("a.log", "application/octet-stream", 100)
    assert (second.name, second.size) == ("ü b.bin", 58)


def test_what_is_left_is_a_message() -> None:
    content = Whole(message(("a.log", b"x" * 100), ("b.log", b"y" * 200), ("c.log", b"z")), 13)
    header = mime.header_of(content)
    left = apart.without(content, header, {found(content)[1].part}, LIMIT)
    assert left is not None
    parsed: Any = BytesParser(policy=SMTP).parsebytes(left)
    assert [part.get_filename() for part in parsed.iter_attachments()] == ["a.log", "c.log"]
    assert parsed.get_body().get_content() == "See the logs.\r\n"
    assert parsed.defects == []


@pytest.mark.parametrize("spoiled", [b"=", b"!", b""])
def test_base64_that_is_none_is_no_message(spoiled: bytes) -> None:
    """A bad disk changed a byte of it, or lost one."""
    data = message(("a.log", b"x" * 3000))
    at = data.index(b"eHh4") + 1000
    content = Whole(data[:at] + spoiled + data[at + 1 :], 77)
    header = mime.header_of(content)
    (one,) = found(content)
    with pytest.raises(mime.NotAMessage, match=r"the attachment a\.log is broken"):
        b"".join(apart.decoded(content, header, one))


@pytest.mark.parametrize("odd", [b"\xff", b"\xc3\xa4\xff", b"\xe2\x80\xa8\xff"])
def test_bytes_of_a_header_that_are_no_text_are_no_reason_to_stop(odd: bytes) -> None:
    content = Whole(message(("a.log", b"x")).replace(b"multipart/mixed;", b"multipart/mixed; " + odd + b";"))
    assert len(found(content)) <= 1


def test_nothing_taken_out_leaves_the_same_bytes() -> None:
    data = message(("a.log", b"x" * 100))
    content = Whole(data, 11)
    assert apart.without(content, mime.header_of(content), set(), LIMIT) == data


@pytest.mark.parametrize("parts", [set(), {2}])
def test_what_is_left_may_be_too_large(parts: set[int]) -> None:
    content = Whole(message(("a.log", b"x" * 100), text="word " * 1000))
    assert apart.without(content, mime.header_of(content), parts, 1000) is None


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x\r\n\r\nplain\r\n",
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n',
        b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nno header\r\n--b--\r\n',
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\n7bit\r\n--b--\r\n',
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--',
    ],
)
def test_what_can_not_be_taken_out(data: bytes) -> None:
    assert found(Whole(data)) == []


def test_the_boundary_of_an_inner_part_may_begin_with_ours() -> None:
    data = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary="b2"'
        b"\r\n\r\n--b2\r\n\r\nplain\r\n--b2--\r\n\r\n--b\r\nContent-Disposition: attachment; filename=x\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\neHl6\r\n--b--\r\n"
    )
    for step in (1, 4, 1000):
        content = Whole(data, step)
        (attached,) = found(content)
        assert (attached.part, attached.name, attached.size) == (2, "x", 3)
        assert b"".join(apart.decoded(content, mime.header_of(content), attached)) == b"xyz"


def test_a_part_whose_header_never_ends() -> None:
    data = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + b"x" * (apart.LONGEST_PART_HEADER + 10)
    with pytest.raises(mime.NotAMessage):
        found(Whole(data, 4096))


def test_reading_ends_with_the_attachment_that_is_wanted() -> None:
    content = Whole(message(("a.log", b"x" * 100), ("b.log", b"y" * 100_000)), 64)
    header = mime.header_of(content)
    first = found(content)[0]
    taken = 0
    original = content.chunks

    def counted() -> Any:
        nonlocal taken
        for chunk in original():
            taken += len(chunk)
            yield chunk

    content.chunks = counted  # type: ignore[method-assign] # to see how much is read
    assert b"".join(apart.decoded(content, header, first)) == b"x" * 100
    assert taken < 5000


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=4), st.integers(1, 300))
def test_any_bytes_in_any_pieces(datas: list[bytes], step: int) -> None:
    content = Whole(message(*((f"{number}.bin", data) for number, data in enumerate(datas))), step)
    header = mime.header_of(content)
    parts = found(content)
    assert [part.size for part in parts] == [len(data) for data in datas]
    for part, data in zip(parts, datas, strict=True):
        assert b"".join(apart.decoded(content, header, part)) == data
    left = apart.without(content, header, {part.part for part in parts}, LIMIT)
    assert left is not None
    assert all(base64.b64encode(data)[:20] not in left for data in datas if len(data) > 30)
