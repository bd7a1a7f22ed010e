"""Slips of whoever writes YAML by hand: each is told as what it is, where it is, with what to type."""

from __future__ import annotations

import pytest

from dtsconf.errors import Problem
from dtsconf.settings.document import read_profile_text

HEAD = "dtsconf: 1\nname: x\n"


def told(text: str) -> list[Problem]:
    return list(read_profile_text("p.yaml", text.encode()).problems)


def only(text: str) -> Problem:
    (problem,) = told(text)
    return problem


@pytest.mark.parametrize("secret", ["12345", "0", "3.14", "true", "2024-01-01"])
def test_a_password_that_yaml_takes_for_no_text_is_a_secret_in_clear(secret: str) -> None:
    problem = only(f"{HEAD}settings:\n  login:\n    password: {secret}\n")
    assert (problem.kind, str(problem.where)) == ("secret-literal", "p.yaml:5:15")
    assert "login.password: this is a secret in clear" in problem.message
    assert secret not in f"{problem.message} {problem.excerpt}"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ('targets: "dts, msmtp"', "write [dts, msmtp]"),
        ("targets: dts msmtp", "write [dts, msmtp]"),
        ('policy: {recipients: "*@a.example; b@c.example"}', 'write ["*@a.example", b@c.example]'),
        ("policy: {lock: server login.password}", "write [server, login.password]"),
        ("policy: {rules: [{key: server.port, one_of: 587}]}", "write [587]"),
        ("policy: {rules: [{key: server.encryption, one_of: 'tls, starttls'}]}", "write [tls, starttls]"),
    ],
)
def test_several_words_in_one_text_are_the_items_of_the_list(written: str, hint: str) -> None:
    assert only(f"{HEAD}{written}\n").hint == hint
    part, _, text = written.partition(": ")
    mended = f"{HEAD}{part}: {hint.removeprefix('write ')}\n" if "{" not in text else None
    assert mended is None or not told(mended)


def test_dashes_without_a_blank_are_told() -> None:
    problem = only(f"{HEAD}targets:\n  -dts\n  -msmtp\n")
    assert problem.message == "targets: a blank is missing after each -"
    assert "'- item'" in str(problem.hint)


def test_an_item_that_swallows_the_next_one_is_told() -> None:
    problem = only(f"{HEAD}targets:\n - dts\n  - msmtp\n")
    assert str(problem.where) == "p.yaml:4:4"
    assert "line 5 is indented more" in problem.message
