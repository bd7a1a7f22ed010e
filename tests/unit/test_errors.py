"""The error tree: codes, sentences, problems."""

from __future__ import annotations

import pytest

from dtsconf import errors
from dtsconf.errors import (
    DtsconfError,
    Interrupted,
    Invalid,
    LockHeld,
    Option,
    Place,
    Problem,
    SecretUnavailable,
    UsageProblem,
    Variable,
    VerificationFailed,
)

CODES = [
    (DtsconfError("x"), 1),
    (UsageProblem("x"), 2),
    (Invalid((Problem("value", "x"),)), 3),
    (Invalid((Problem("lock", "x", code=4),)), 4),
    (SecretUnavailable("x"), 5),
    (VerificationFailed("x", None), 6),
    (LockHeld("pid 7", 30), 8),
    (VerificationFailed("x", None, reached=False), 9),
    (Interrupted("x"), 130),
]


@pytest.mark.parametrize(("error", "code"), CODES)
def test_codes(error: DtsconfError, code: int) -> None:
    assert error.code == code
    assert [problem.code for problem in error.all_problems()] == [code]


def test_kind_3_beats_kind_4_wherever_it_stands() -> None:
    three, four = Problem("value", "x"), Problem("lock", "y", code=4)
    assert Invalid((four, three)).code == Invalid((three, four)).code == 3
    assert Invalid((four, four)).code == 4


def test_an_invalid_counts_its_problems() -> None:
    one = Problem("value", "a is wrong", "write b")
    assert str(Invalid((one,))) == "a is wrong"
    assert str(Invalid((one, one, one))) == "a is wrong (and 2 more)"
    assert Invalid((one, one)).hint == "write b"
    assert Invalid((one, one)).all_problems() == (one, one)


def test_an_error_without_problems_is_one() -> None:
    (problem,) = LockHeld("dtsconf apply, pid 7", 29.7).all_problems()
    assert (problem.kind, problem.code) == ("lock-held", 8)
    assert problem.message == "another dtsconf run (dtsconf apply, pid 7) holds the lock; waited 30 s"
    assert "--wait" in (problem.hint or "")


def test_places_in_words() -> None:
    assert str(Place("site.yaml", 7, 11)) == "site.yaml:7:11"
    assert str(Variable("DTS_EMAIL_X")) == "DTS_EMAIL_X"
    assert str(Option("--set server.port")) == "--set server.port"


def test_what_was_known_stays_out_of_the_repr() -> None:
    assert "c4nary" not in repr(DtsconfError("x", known="c4nary"))


def test_errors_are_compared_by_identity_and_can_be_put_into_sets() -> None:
    assert DtsconfError("x") != DtsconfError("x")
    assert len({DtsconfError("x"), DtsconfError("x")}) == 2


def test_the_docstring_draws_every_class() -> None:
    for name, found in vars(errors).items():
        if isinstance(found, type) and issubclass(found, DtsconfError):
            assert name in (errors.__doc__ or "")
