"""Bytes that are no profile: each is one problem with a place, quickly and without a crash."""

from __future__ import annotations

import gzip
import time

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from dtsconf.settings.yamltext import DEEPEST, WIDEST, Source, compose, decode
from dtsconf.settings.yamlwords import LIMIT, BadYaml

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)

CASES = {
    "NUL": (b"a: b\nc: d\0e\n", "control-character", (2, 5)),
    "escape character": (b"a: \x1b[31m\n", "control-character", (1, 4)),
    "next line": ("a: b\x85c: d\n".encode(), "control-character", (1, 5)),
    "line separator": ("a: b\u2028c: d\n".encode(), "control-character", (1, 5)),
    "second byte order mark": ("\ufeffa: \ufeffb".encode(), "control-character", (1, 4)),
    "Latin-1": ("a: b\nname: Müller\n".encode("latin-1"), "encoding", (2, 8)),
    "UTF-16": ("a: b\n".encode("utf-16"), "encoding", (1, 1)),
    "Word document": (b"PK\x03\x04\x14\x00" + b"\0" * LIMIT, "no-text", (1, 1)),
    "Rich Text": (b"{\\rtf1\\ansi dtsconf: 1}", "no-text", (1, 1)),
    "gzip": (gzip.compress(b"dtsconf: 1\n"), "no-text", (1, 1)),
    "web page": (b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n<html>dtsconf: 1</html>", "no-text", (1, 1)),
    "web page of old": (b"<HTML>\n<HEAD>", "no-text", (1, 1)),
    "over 1 MiB": (b"a" * (LIMIT + 1), "too-big", (1, 1)),
    "a line of 1 MiB": (b"a: b\nc: " + b"d" * (LIMIT - 100), "too-long", (2, 1)),
    "60,000 brackets": (b"[" * 60_000, "nesting", (1, DEEPEST + 1)),
    "10,000 braces": (b"{a: " * 10_000, "nesting", (1, 4 * DEEPEST + 1)),
    "10,000 dashes": (b"- " * 10_000 + b"a", "nesting", (1, 2 * DEEPEST + 1)),
    "10,000 question marks": (b"? " * 10_000, "nesting", (1, 2 * DEEPEST + 1)),
    "1,000 levels of blocks": (
        b"\n".join(b" " * n + b"a:" for n in range(1000)),
        "nesting",
        (DEEPEST + 1, DEEPEST + 1),
    ),
    "alias bomb": (BOMB.encode(), "alias", None),
    "alias within itself": (b"a: &a [*a]\n", "alias", (1, 4)),
    "merge of itself": (b"a: &a\n  <<: *a\n", "alias", (1, 4)),
    "alias of nothing": (b"a: *b\n", "alias", (1, 4)),
    "two documents": (b"a: b\n---\nc: d\n", "more-documents", (2, 1)),
    "tab before a key": (b"a:\n\tb: c\n", "tab", (2, 1)),
    "tab after blanks": (b"a:\n  b: 1\n  \tc: d\n", "tab", (3, 3)),
    "tab within braces": (b"a: {\n\tb: c}\n", "tab", (2, 1)),
    "tag": (b"a: !!python/object:os.system x\n", "tag", (1, 4)),
    "local tag": (b"a: !vault x\n", "tag", (1, 4)),
    "open quotation mark": (b'a: b\nc: "d\ne: f\n', "syntax", (2, 4)),
    "open bracket": (b"a: [b, c\nd: e\n", "syntax", (1, 4)),
    "open brace": (b"a: {b: c\nd: e\n", "syntax", (1, 4)),
    "two colons": (b"a: b: c\n", "syntax", (1, 5)),
    "missing colon": (b"a:\n  port 587\n  b: c\n", "syntax", (2, 3)),
    "missing colon at the end": (b"a: b\nport\n", "syntax", (2, 1)),
    "at sign": (b"a: @b\n", "syntax", (1, 4)),
    "wrong indentation": (b"a:\n    b: c\n  d: e\n", "syntax", (3, 3)),
    "bad escape": (b'a: "\\q"\n', "syntax", None),
    "half a surrogate pair": (b'a: "\\uD800"\n', "syntax", None),
}


def parse(data: bytes) -> yaml.Node | None:
    return compose(decode("f.yaml", data))


def refusal(data: bytes) -> BadYaml | None:
    try:
        parse(data)
    except BadYaml as bad:
        return bad
    return None


@pytest.mark.parametrize("name", CASES)
def test_bad_text_is_told_with_its_place(name: str) -> None:
    data, kind, at = CASES[name]
    started = time.monotonic()
    with pytest.raises(BadYaml) as caught:
        parse(data)
    assert time.monotonic() - started < 5
    assert caught.value.kind == kind
    assert at is None or caught.value.at == at
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf"])
def test_text_without_content_has_no_tree_or_a_null(data: bytes) -> None:
    root = parse(data)
    assert root is None or root.tag.endswith(":null")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa: b\n",
        b"a: b\r\nc: d\r\n",
        b"---\na: b\n...\n",
        b"a:\tb\n",
        b"a: |\n  x\n  \ty\n",
        b"a: 'x\n\ty'\n",
        b"a: {b: c}\t# tab before a comment\n",
        ("a: '" + "x" * (WIDEST - 5) + "'").encode(),
        b"a: " + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1),
    ],
)
def test_unusual_but_good_text_passes(data: bytes) -> None:
    root = parse(data)
    assert isinstance(root, yaml.MappingNode)
    assert root.value[0][0].value == "a"


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_count_characters_from_one(start: str, end: str) -> None:
    source = decode("f.yaml", f"{start}é: x{end}b: [ü, &anchor here]{end}".encode())
    root = compose(source)
    assert isinstance(root, yaml.MappingNode)
    first, last = root.value[1][1].value
    assert str(source.place(root.value[0][1])) == "f.yaml:1:4"
    assert str(source.place(first)) == "f.yaml:2:5"
    assert str(source.place(last)) == "f.yaml:2:16"  # the value, not its anchor


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab:-?[]{}'\"&*!|>#%@,\t\n \\0<~=ü\0\r"), max_size=60))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    bad = refusal(text.encode())
    if bad is not None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= bad.at[0] <= len(lines) + 1
        assert bad.at[1] >= 1
        assert bad.hint


@given(st.binary(max_size=80))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    bad = refusal(data)
    assert bad is None or bad.message


@pytest.mark.parametrize("text", ["*@corp.test", "[*@corp.test]", "*", "\n  - *.corp.test", "&.x"])
def test_a_glob_without_quotes(text: str) -> None:
    source = decode("s.yaml", f"recipients: {text}\n".encode())
    with pytest.raises(BadYaml) as caught:
        compose(source)
    line, column = caught.value.at
    assert source.lines[line - 1][column - 1] in "*&"
    assert "quotes" in str(caught.value.hint)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_place_of_each_character(ending: str) -> None:
    source = Source("p.yaml", ending.join(["a: 1", "", "bc: 2", ""]))
    for index, char in enumerate(source.text):
        if char not in "\r\n":
            place = source.place_at(index)
            assert source.lines[place.line - 1][place.column - 1] == char
    assert source.place_at(len(source.text)).line == 4
