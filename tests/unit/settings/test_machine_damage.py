"""Machine configs that are damaged, cut, edited, huge or some other program's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import Invalid, Place, Problem
from dtsconf.settings.machine_config import LIMIT, from_bytes
from tests.unit.settings.test_machine_config import ID, PATH, edited, written


def refusal(data: bytes) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as caught:
        from_bytes(data, PATH)
    assert caught.value.code == 3
    for problem in caught.value.problems:
        assert isinstance(problem.where, Place)
        assert problem.where.file == PATH
        assert "dtsconf" in str(problem.hint)
        assert "\n" not in problem.message
    return caught.value.problems


@pytest.mark.parametrize(
    ("data", "said", "at"),
    [
        (b"", "no whole JSON", (1, 1)),
        (b"\xff\xfe", "not UTF-8", (1, 1)),
        (b'{\n "a": "\xff"}', "not UTF-8", (2, 8)),
        (b"{" + b" " * LIMIT, "larger than 1 MiB", (1, 1)),
        (b"[" * 100_000, "nested too deeply", (1, 1)),
        (b"{}", "some other program's", (1, 1)),
        (b"[]", "some other program's", (1, 1)),
        (b"null", "some other program's", (1, 1)),
        (b'{"format": "x"}', "some other program's", (1, 1)),
        (b'{"a": NaN}', "number that JSON doesn't know", (1, 1)),
        (b'{"a": ' + b"1" * 10_000 + b"}", "number that JSON doesn't know", (1, 1)),
        (b"\xef\xbb\xbf{}", "no whole JSON", (1, 1)),
        (b'{"a": 1,\n "a": 2}', "a stands there twice", (2, 7)),
    ],
)
def test_a_file_that_is_no_machine_config(data: bytes, said: str, at: tuple[int, int]) -> None:
    (problem,) = refusal(data)
    assert said in problem.message
    assert PATH in problem.message
    assert isinstance(problem.where, Place)
    assert (problem.where.line, problem.where.column) == at
    if "some other" not in said:
        back = "write it anew: `dtsconf apply` puts back what was applied (without --profile), or name a profile: "
        assert problem.hint == f"{back}dtsconf apply --profile FILE (`dtsconf status` tells what moved)"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"encryption": "starttls"', '"encryption": "ssl"', "server.encryption: 'ssl' is not one of"),
        ('"host": "mail.acme.example"', '"host": 25', "server.host"),
        ('"port": null', '"port": 99999', "server.port: 99999 is not from 1 to 65535"),
        ('"timeout": 15\n    }', '"timeout": true\n    }', "connection.timeout"),
        ('"host": "mail.acme.example"', '"hots": "x"', "server.hots is no setting"),
        ('"policy": {', '"polizei": {', "policy is missing"),
        ('"level": "auth"', '"level": "all"', "verify.level"),
        ('"max": 600', '"max": 600, "min": 3', "policy.rules[1] wants exactly one of"),
        ('"max": 600', '"maximum": 600', "policy.rules[1]"),
        ('"line": 200', '"line": "x"', "policy.rules[0].where.line"),
        ('"key": "login"', '"key": "logn"', "policy.lock[0].key"),
        (f'"{ID}"', '"nonsense"', "secrets.delivered"),
        ('"login.password": "', '"server.host": "', "secrets.delivered"),
        ('"kind": "dts"', '"kind": "exim"', "targets[0].kind"),
        ('"profile": "acme"', '"profile": "\\ud800"', "surrogate"),
        ('"name": null', '"name": "a\\u0000b"', "sender.name"),
    ],
)
def test_a_file_edited_badly_is_told_with_key_and_place(old: str, new: str, said: str) -> None:
    assert any(said in problem.message for problem in refusal(edited(old, new)))


def test_a_group_that_is_no_mapping() -> None:
    data = json.loads(written())
    data["settings"]["server"] = None
    assert "server is no mapping" in refusal(json.dumps(data).encode())[0].message


def test_all_that_is_wrong_is_told_at_once() -> None:
    data = json.loads(written())
    data["settings"]["server"].update(port="x", encryption="y")
    assert {problem.key for problem in refusal(json.dumps(data).encode())} == {"server.port", "server.encryption"}


def test_the_place_is_that_of_the_value() -> None:
    data = edited('"encryption": "starttls"', '"encryption": "ssl"')
    (problem,) = refusal(data)
    assert isinstance(problem.where, Place)
    line = data.decode().splitlines()[problem.where.line - 1]
    assert line[problem.where.column - 1 :].startswith('"ssl"')


def test_a_newer_format_says_to_update() -> None:
    (problem,) = refusal(edited('"format": 1', '"format": 2'))
    assert "newer dtsconf (format 2)" in problem.message
    assert problem.hint == "update dtsconf on this machine"


@pytest.mark.parametrize("odd", ['"2"', "2.5", "null", "[2]"])
def test_a_format_that_is_no_number_is_no_newer_one(odd: str) -> None:
    problems = refusal(edited('"format": 1', f'"format": {odd}'))
    assert problems
    assert not any("newer" in problem.message for problem in problems)


def test_a_secret_written_into_it_is_refused_without_showing_it() -> None:
    (problem,) = refusal(edited("file:///etc/secret", "c4nary-Pa55word"))
    assert "c4nary" not in repr(problem)


def code_of(data: bytes) -> int | None:
    """The exit code that reading gives, None when it reads."""
    try:
        from_bytes(data, PATH)
    except Invalid as error:
        return error.code
    return None


@given(st.integers(0, 4000), st.binary(max_size=3))
def test_no_damage_is_a_traceback(at: int, junk: bytes) -> None:
    data = written()
    for damaged in (data[:at], data[:at] + junk + data[at:], data[:at] + junk + data[at + len(junk) :]):
        assert code_of(damaged) in (None, 3)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_json_is_a_traceback(tree: Any) -> None:
    for key in ("settings", "policy", "verify", "secrets", "targets", "given"):
        data = {**json.loads(written()), key: tree}
        assert code_of(json.dumps(data).encode()) in (None, 3)
