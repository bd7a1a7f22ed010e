"""Fetching: each reference once a run, errors with key and place, warnings and --strict, schemes that aren't built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dtsconf.errors import Invalid, Place, SecretUnavailable
from dtsconf.secret import resolver
from dtsconf.secret.ref import parse
from dtsconf.secret.resolver import Resolver
from dtsconf.secret.storing import storing

WHERE = Place("site.yaml", 9, 5)
WORD = "c4nary-Passw0rd"


class Counting(Mapping[str, str]):
    """An environment that counts how often it is asked."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_, self.asked = values, list[str]()

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


def test_each_reference_is_read_once_a_run() -> None:
    environ = Counting({"PW": WORD, "OTHER": "x"})
    fetcher = Resolver(environ)
    first = fetcher.fetch("env://PW", key="login.password", where=WHERE)
    assert fetcher.fetch("env://PW", key="microsoft.client_secret") is first
    assert fetcher.fetch("env://OTHER", key="x").reveal() == "x"
    assert environ.asked == ["PW", "OTHER"]


def test_nothing_is_read_before_it_is_asked_for() -> None:
    environ = Counting({"PW": WORD})
    Resolver(environ)
    assert environ.asked == []


def test_a_missing_one_says_key_place_and_hint() -> None:
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch("env://PW", key="login.password", where=WHERE)
    (problem,) = caught.value.problems
    assert (problem.where, problem.key, problem.code, problem.kind) == (WHERE, "login.password", 5, "secret")
    assert problem.message == "login.password: the environment variable PW is not set"
    assert problem.hint == "set PW for this run"


@pytest.mark.parametrize("text", ["vault://kv/relay#password", "keyring://dtsconf/lab", "systemd://smtp"])
def test_a_backend_that_is_not_built_is_exit_5(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "BACKENDS", {"env": resolver.BACKENDS["env"]})
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch(text, key="login.password", where=WHERE)
    assert caught.value.code == 5
    assert caught.value.hint
    assert text.partition(":")[0] in str(caught.value)
    assert caught.value.problems[0].where == WHERE


def test_what_is_no_reference_is_refused_unseen() -> None:
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch(WORD, key="login.password", where=WHERE)
    assert WORD not in f"{caught.value!r}{caught.value}{caught.value.problems}"


def secret(folder: Path, mode: int, content: bytes = WORD.encode()) -> str:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return f"file://{path}"


def test_what_was_found_odd_before_an_error_is_told_with_it(tmp_path: Path) -> None:
    fetcher = Resolver({})
    fetcher.fetch(secret(tmp_path, 0o644), key="login.password", where=WHERE)
    with pytest.raises(SecretUnavailable) as caught, fetcher:
        fetcher.fetch("env://PW", key="microsoft.client_secret")
    assert [one.kind for one in caught.value.warnings] == ["secret-readable"]


def test_one_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    fetcher = Resolver({})
    assert fetcher.fetch(secret(tmp_path, 0o644), key="login.password", where=WHERE).reveal() == WORD
    (warning,) = fetcher.warnings
    assert (warning.kind, warning.key, warning.where, warning.strict) == ("secret-readable", "login.password", WHERE, 3)
    assert warning.hint == f"chmod 600 {tmp_path / 'secret'}"


@pytest.mark.parametrize(
    ("text", "where"), [("s3cret ", "ends in"), ("s3cret\t\n", "ends in"), (" s3cret", "begins with"), ("a b", None)]
)
def test_a_blank_that_nobody_sees_is_a_warning(tmp_path: Path, text: str, where: str | None) -> None:
    fetcher = Resolver({"PW": text})
    fetcher.fetch(secret(tmp_path, 0o600, text.encode()), key="login.password", where=WHERE)
    told = [one for one in fetcher.warnings if one.kind == "blank"]
    assert [(one.key, one.where) for one in told] == ([("login.password", WHERE)] if where else [])
    for one in told:
        assert f" {where} a blank, which is taken as part of it" in one.message
        assert "stty -echo" in str(one.hint)
        assert "s3cret" not in one.message.replace(str(tmp_path), "")
    if not text.endswith("\n"):
        fetcher.fetch("env://PW", key="k")
        assert any("env://PW" in one.message for one in fetcher.warnings) is bool(where)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s3cret\n", True),
        ("s3cret\r\n", True),
        ("s3cret", False),
        ("Bag Attributes\n-----BEGIN KEY-----\nAA\n-----END KEY-----\n", False),
    ],
)
def test_a_line_break_at_the_end_is_a_warning_whatever_store_it_comes_from(
    tmp_path: Path, text: str, told: bool
) -> None:
    (tmp_path / "pw").write_bytes(text.encode())
    (tmp_path / "pw").chmod(0o600)
    fetcher = Resolver({"PW": text, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    for reference in ("env://PW", "systemd://pw"):
        assert fetcher.fetch(reference, key="login.password", where=WHERE).reveal() == text
    found = [(one.kind, one.message.partition(" ends in")[0]) for one in fetcher.warnings]
    expected = [("line-break", f"the secret of {one}") for one in ("env://PW", "systemd://pw")]
    assert found == (expected if told else [])


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ("vault://kv/mail/relay#password", 'printf %s "$s" | vault kv patch kv/mail/relay password=-)'),
        ("vault://kv/a?version=2#b", 'printf %s "$s" | vault kv patch kv/a b=-)'),
        ("keyring://mail relay/lab", "store it anew: dtsconf secret set 'keyring://mail relay/lab'"),
        ("systemd://smtp", "store it anew at systemd://smtp"),
    ],
)
def test_the_line_that_stores_a_secret_anew(reference: str, line: str) -> None:
    assert line in storing(parse(reference))


def test_under_strict_it_is_exit_3(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        Resolver({}, strict=True).fetch(secret(tmp_path, 0o604), key="login.password", where=WHERE)
    assert caught.value.code == 3
    (problem,) = caught.value.problems
    assert (problem.kind, problem.key, problem.where) == ("secret-readable", "login.password", WHERE)
    assert WORD not in f"{problem}"


def test_what_is_odd_about_one_secret_is_no_fault_of_another(tmp_path: Path) -> None:
    fetcher = Resolver({"PW": "x"}, strict=True)
    open_to_all = secret(tmp_path, 0o604)
    for _ in range(2):
        with pytest.raises(Invalid):
            fetcher.fetch(open_to_all, key="login.password", where=WHERE)
    assert fetcher.fetch("env://PW", key="microsoft.client_secret").reveal() == "x"


def test_what_is_odd_about_one_that_can_not_be_had_is_told_of_that_one(tmp_path: Path) -> None:
    fetcher = Resolver({"PW": "x"})
    with pytest.raises(SecretUnavailable):
        fetcher.fetch(secret(tmp_path, 0o644, b""), key="login.password", where=WHERE)
    fetcher.fetch("env://PW", key="microsoft.client_secret")
    assert [(one.kind, one.key, one.where) for one in fetcher.warnings] == [
        ("secret-readable", "login.password", WHERE)
    ]


def test_line_breaks_at_the_end_of_a_file_are_told_once(tmp_path: Path) -> None:
    fetcher = Resolver({})
    assert fetcher.fetch(secret(tmp_path, 0o600, WORD.encode() + b"\n\n"), key="k").reveal() == WORD + "\n"
    assert [w.kind for w in fetcher.warnings] == ["line-break"]


def test_a_line_break_at_the_end_stays_a_notice_under_strict(tmp_path: Path) -> None:
    fetcher = Resolver({}, strict=True)
    assert fetcher.fetch(secret(tmp_path, 0o600, WORD.encode() + b"\n"), key="k").reveal() == WORD
    assert [(w.kind, w.strict) for w in fetcher.warnings] == [("line-break", 0)]


def test_a_warning_keeps_the_key_that_brought_it(tmp_path: Path) -> None:
    fetcher = Resolver({"PW": "x"})
    fetcher.fetch(secret(tmp_path, 0o644), key="first")
    fetcher.fetch("env://PW", key="second")
    assert [w.key for w in fetcher.warnings] == ["first"]


@pytest.mark.parametrize(
    ("text", "lines"), [("s3cret\nof the mail server\n", [2]), ("s3cret\n\n", []), ("-----BEGIN X-----\nAA\n", [])]
)
def test_a_secret_of_several_lines_is_a_warning(tmp_path: Path, text: str, lines: list[int]) -> None:
    fetcher = Resolver({})
    fetcher.fetch(secret(tmp_path, 0o600, text.encode()), key="login.password", where=WHERE)
    told = [one for one in fetcher.warnings if one.kind == "several-lines"]
    assert [f"has {count} lines" in one.message for one, count in zip(told, lines, strict=True)] == [True] * len(lines)
    assert all("s3cret" not in f"{one.message} {one.hint}" for one in told)
