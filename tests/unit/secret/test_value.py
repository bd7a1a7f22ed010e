"""A secret shows itself as stars whatever is done to it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dtsconf.secret.value import Secret

WORD = "c4nary-Passw0rd"
TEXTS: list[Callable[[Secret], str]] = [
    repr,
    str,
    ascii,
    lambda s: f"{s}",
    lambda s: f"{s!r:>40}",
    lambda s: f"{s:>40}",
    lambda s: "%s %r" % (s, s),  # noqa: UP031 - this way of formatting is what is tried
    lambda s: "{} {!r} {:^30}".format(s, s, s),  # noqa: UP032 - as above
    lambda s: str([s, {"key": s}, (s,)]),
    lambda s: json.dumps({"s": s}, default=str),
    lambda s: logging.LogRecord("x", 1, "f", 1, "%s", (s,), None).getMessage(),
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_masked(text: Callable[[Secret], str]) -> None:
    shown = text(Secret(WORD))
    assert WORD not in shown
    assert "********" in shown


def test_reveal_gives_it_out() -> None:
    assert Secret(WORD).reveal() == WORD


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_copied_out(take: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        take(Secret(WORD))
    assert WORD not in str(caught.value)


def test_nothing_of_it_lies_open() -> None:
    assert not hasattr(Secret(WORD), "__dict__")
    assert Secret(WORD) != Secret(WORD)
    assert len({Secret(WORD), Secret(WORD)}) == 2


def test_a_dataclass_that_holds_one_is_masked() -> None:
    @dataclass
    class Holder:
        secret: Secret

    assert WORD not in repr(Holder(Secret(WORD)))


def test_no_json_of_it() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"s": Secret(WORD)})
    assert WORD not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("geheim", None),
        ("ge heim", None),
        ("\ufeffgeheim", "begins with a byte order mark"),
        (" geheim", "begins with a blank"),
        ("geheim\u00a0", "ends in a blank"),
        ("geheim\nalt", "has 2 lines"),
        ("geheim\n", "ends in a line break"),
        ('"geheim"', "begins and ends with a quotation mark"),
        ("\u201egeheim\u201c", "begins and ends with a quotation mark"),
        ("'geheim\"", None),
        ("'", None),
        ("password=geheim", "begins with a name and a sign, as a line of a settings file does (password=...)"),
        ("SMTP_PASSWORD: geheim", "begins with a name and a sign, as a line of a settings file does (password=...)"),
        ("ge=heim", None),
        ("-----BEGIN KEY-----\nx\n-----END KEY-----\n", None),
    ],
)
def test_a_slip_at_storing_it(text: str, slip: str | None) -> None:
    assert Secret(text).slip() == slip
