"""`@frozen` behaves as the standard decorator would, as far as dtsconf uses it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, field, fields, replace
from functools import partial
from typing import ClassVar

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


@frozen
class Placed(Point):
    """Fields of its own behind those of its base, one of which it declares anew."""

    kinds: ClassVar[int] = 3
    y: int = 7
    places: list[str] = field(default_factory=list, kw_only=True)

    def __post_init__(self) -> None:
        self.places.append("made")


def test_a_class_below_has_the_fields_of_its_base() -> None:
    assert [each.name for each in fields(Placed)] == ["x", "y", "secret", "cached", "places"]
    assert Placed(1) == Placed(1, 7, places=[])
    assert Placed(1).places == ["made"]
    assert (Placed.kinds, Placed.__slots__) == (3, ("places",))  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Placed()  # type: ignore[call-arg]


@frozen
class Doubled:
    """A value with an `__init__` of its own."""

    x: int

    def __init__(self, x: int) -> None:
        object.__setattr__(self, "x", 2 * x)


def test_an_init_of_its_own_stays() -> None:
    assert [each.name for each in fields(Doubled)] == ["x"]
    assert Doubled(2).x == 4


def test_threads_that_build_the_first_values_at_once_get_whole_ones(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)
    for _ in range(50):

        @frozen
        class Fresh:
            x: int = 0
            many: list[int] = field(default_factory=list)

        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(Fresh, range(8)))
        assert made == [Fresh(number) for number in range(8)]


def test_there_is_no_room_for_other_attributes() -> None:
    with pytest.raises(AttributeError):
        object.__setattr__(Point(1), "z", 1)
