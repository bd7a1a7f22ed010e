"""Line and column of every value in a JSON text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, strategies as st

from dtsconf.settings.jsonplaces import Path, places, spot


def test_places_in_objects_and_arrays() -> None:
    found = places('{\n  "a": [1, {"b": "x,}"}],\n  "c\\"d": null\n}\n')
    assert found.spot(()) == (1, 1)
    assert found.spot(("a",)) == (2, 8)
    assert found.spot(("a", 0)) == (2, 9)
    assert found.spot(("a", 1, "b")) == (2, 18)
    assert found.spot(('c"d',)) == (3, 11)
    assert found.doubles == []


def test_an_unknown_path_gives_the_nearest_value_around_it() -> None:
    found = places('{"a": {"b": 1}}')
    assert found.spot(("a", "x", 3)) == found.spot(("a",)) == (1, 7)


def test_a_key_given_twice_is_noticed() -> None:
    assert places('{"a": {"b": 1, "b": 2}}').doubles == [("a", "b")]
    assert places('{"a": 1, "\\u0061": 2}').doubles == [("a",)]
    assert places('{"a": {}, "b": [[], [{}]], "c": 0}').doubles == []


def test_lines_and_columns_count_from_one_in_characters() -> None:
    assert spot("äö\nü", 3) == (2, 1)
    assert spot("äö\nü", 1) == (1, 2)


trees: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(trees, st.sampled_from([None, 2]))
def test_each_value_stands_where_it_is_said_to(tree: Any, indent: int | None) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=False)
    found = places(text)
    assert found.doubles == []
    assert set(found.offsets) == set(walk(tree))
    for path, offset in found.offsets.items():
        value: Any = tree
        for step in path:
            value = value[step]
        assert json.JSONDecoder().raw_decode(text, offset)[0] == value


def walk(tree: Any, path: Path = ()) -> list[Path]:
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(inner for step, value in parts for inner in walk(value, (*path, step)))]
