"""`@frozen` behaves as the standard decorator would, as far as dtsconf uses it."""

from __future__ import annotations

from dataclasses import asdict, field, replace

import pytest

from dtsconf.frozen import frozen


@frozen
class Point:
    x: int
    y: int = 0
    secret: str = field(default="", repr=False)
    cached: int = field(default=0, compare=False)


@frozen
class Named:
    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_equality_and_hash_go_by_the_compared_fields() -> None:
    assert Point(1, 2, cached=3) == Point(1, 2, cached=4)
    assert hash(Point(1, 2, cached=3)) == hash(Point(1, 2, cached=4))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2, "a") != Point(1, 2, "b")


def test_another_class_is_never_equal() -> None:
    others: list[object] = [Named("1"), 1, None]
    assert Point(1) not in others


def test_a_field_without_repr_never_shows() -> None:
    assert "hunter2" not in repr(Point(1, secret="hunter2"))
    assert repr(Point(1)) == "Point(x=1, y=0, cached=0)"


def test_own_methods_stay() -> None:
    assert repr(Named("a")) == "<a>"


def test_replace_asdict_and_patterns_work() -> None:
    assert asdict(replace(Point(1), y=5)) == {"x": 1, "y": 5, "secret": "", "cached": 0}
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_there_is_no_room_for_other_attributes() -> None:
    with pytest.raises(AttributeError):
        object.__setattr__(Point(1), "z", 1)
