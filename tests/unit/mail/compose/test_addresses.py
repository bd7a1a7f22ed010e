from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.compose.addresses import parse
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.mail.headers import mailboxes
from dtsconf.names import has_controls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@x.example", [(None, "ann@x.example")]),
        ("<ann@x.example>", [(None, "ann@x.example")]),
        ("Ann <ann@x.example>", [("Ann", "ann@x.example")]),
        ("Ann<ann@x.example>", [("Ann", "ann@x.example")]),
        ('"Doe, Ann" <ann@x.example>', [("Doe, Ann", "ann@x.example")]),
        (r'"Ann \"the\" \\ Doe" <ann@x.example>', [('Ann "the" \\ Doe', "ann@x.example")]),
        ("Jürgen Größe <j@x.example>", [("Jürgen Größe", "j@x.example")]),
        ('"" <ann@x.example>', [(None, "ann@x.example")]),
        ("a@x.example,b@x.example", [(None, "a@x.example"), (None, "b@x.example")]),
        ("a@x.example; Bob <b@x.example>", [(None, "a@x.example"), ("Bob", "b@x.example")]),
        (" , a@x.example , ,", [(None, "a@x.example")]),
        ('"a b"@x.example', [(None, '"a b"@x.example')]),
        ('"a,b"@x.example, c@x.example', [(None, '"a,b"@x.example'), (None, "c@x.example")]),
        ("Ann (lab) <ann@x.example>", [("Ann (lab)", "ann@x.example")]),
        ("ann@x.example <Ann@X.example>", [("ann@x.example", "Ann@X.example")]),
        ('"for b@x.example" <ann@x.example>', [("for b@x.example", "ann@x.example")]),
        ("team: <a@x.example>, b@x.example;", [("team:", "a@x.example"), (None, "b@x.example")]),
    ],
)
def test_lists(text: str, found: list[tuple[str | None, str]]) -> None:
    assert parse(text) == tuple(Mailbox(*one) for one in found)


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("", "it is empty", "mail@acme.example"),
        (" , ; ", "it is empty", "mail@acme.example"),
        ("ann", "'ann' is no mail address", "name@domain"),
        ("Doe, Ann <ann@x.example>", "'Doe' is no mail address", '"Doe, ..."'),
        ("ann@x.example\r\nBcc: b@y.example", "control character", "one line"),
        ("Ann\0 <ann@x.example>", "control character", "one line"),
        ("Ann <ann@x.example", "'Ann <ann@x.example' is no mail address", ""),
        ("Ann ann@x.example>", "no mail address", ""),
        ("<ann@x.example> Ann", "no mail address", ""),
        ("<>", "is empty", "mail@acme.example"),
        ("a@x.example b@x.example", "is more than one address", "by commas: a@x.example, b@x.example"),
        ("<a@x.example> <b@x.example>", "is more than one address", "by commas: <a@x.example>, <b@x.example>"),
        ("a@x.example Bob <b@x.example>", "is more than one address", "parted by commas"),
        ("Ann <a@x.example> Bob <b@x.example>", "is more than one address", "parted by commas"),
        ("a@x.example Bob", "has no good domain", "before the address: 'Bob <a@x.example>'"),
        ("team: a@x.example, b@x.example;", "no mail address", "members are written alone, without 'team:'"),
        ("ann@@x.example", "no mail address", ""),
        ("ann@x_y!.example", "no good domain", ""),
    ],
)
def test_what_is_none(text: str, sentence: str, hint: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert sentence in caught.value.args[0]
    assert hint in (caught.value.args[1] or "")


NAMES = st.text(st.characters(codec="ascii"), min_size=1).filter(lambda t: not has_controls(t) and t == t.strip())


@given(st.lists(st.tuples(NAMES, st.sampled_from(["a@x.example", "b@y.example"])), min_size=1, max_size=5))
def test_what_a_header_says_is_understood_again(pairs: list[tuple[str, str]]) -> None:
    pairs = [(name, address) for name, address in pairs if "=?" not in name and len(name) < 60]
    if pairs:
        assert parse(mailboxes(pairs).replace("\r\n", "")) == tuple(Mailbox(*pair) for pair in pairs)


@given(st.text(max_size=200))
def test_anything_is_a_list_or_told(text: str) -> None:
    try:
        found = parse(text)
    except ValueError as wrong:
        _sentence, _hint = wrong.args
        return
    assert found
    assert not any(has_controls(box.address + (box.name or "")) for box in found)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_that_no_shell_took_away(quote: str) -> None:
    """As cmd.exe leaves single ones, and a macro's own within another's."""
    with pytest.raises(ValueError, match="the quotes are part of it here") as caught:
        parse(f"{quote}ann@x.example{quote}")
    assert caught.value.args[1] == "leave them out: ann@x.example"
