from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.compose.bodies import base64_lines, base64_size, decode, encode


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("", "7bit"),
        ("hello\nworld", "7bit"),
        ("\ttab\n\n", "7bit"),
        ("a" * 78, "7bit"),
        ("a" * 79, "quoted-printable"),
        ("blank \n", "quoted-printable"),
        (".\n", "quoted-printable"),
        ("..\n", "7bit"),
        ("From here\n", "quoted-printable"),
        ("--=_m_abc123\n", "quoted-printable"),
        ("größe und ein paar Wörter mehr\n", "quoted-printable"),
        ("日本語\n", "base64"),
        ("nul\0 in a longer text\n", "quoted-printable"),
    ],
)
def test_the_encoding(text: str, encoding: str) -> None:
    assert encode(text).encoding == encoding


def test_no_line_begins_with_from_or_is_a_dot() -> None:
    text = "From one\n.\n" + "x" * 75 + "From two\n" + "y" * 70 + " From three From four\n"
    data = encode(text).data
    assert not any(line.startswith(b"From ") or line == b"." for line in data.split(b"\r\n"))
    assert max(map(len, data.split(b"\r\n"))) <= 76


@given(st.binary(max_size=1000))
def test_the_size_is_known_before(data: bytes) -> None:
    lines = base64_lines(data)
    assert base64_size(len(data)) == len(lines)
    assert base64.b64decode(lines) == data
    assert all(len(line) == 76 for line in lines.split(b"\r\n")[:-2])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("größe".encode(), "größe"),
        ("\ufeffmarked".encode(), "marked"),
        ("from PowerShell".encode("utf-16"), "from PowerShell"),
        (b"\xfe\xff\x00h\x00i", "hi"),
        (b"", ""),
    ],
)
def test_files_as_text(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_the_systems_encoding_is_the_last_try() -> None:
    assert decode(b"gr\xf6\xdfe", "cp1252") == "größe"


@pytest.mark.parametrize("fallback", [None, "ascii", "no-such-encoding"])
def test_what_is_no_text_tells_where(fallback: str | None) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        decode(b"line\ngr\xf6\xdfe", fallback)
    assert caught.value.start == 7


def test_half_a_utf_16_text_is_told() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff\xfeh")
