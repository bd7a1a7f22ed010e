"""Changes in a YAML text: what isn't changed keeps every byte, what is changed reads back as meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from dtsconf.settings.rewriting import CantRewrite, append, drop_item, put, take_out

BLOCKS = """\
# top
settings:
  # who
  sender: {name: DTS, email: a@b.c}   # trailing
  server:
    host: h   # Exchange
    # deep
    port: 587
    # last of server

  # about login
  login:
    username: u

    password: |
      x
policy:
  lock:
  - server
  - verify  # why
targets: [dts, msmtp]
"""


def test_a_new_key_goes_to_the_end_of_its_mapping_with_the_indentation_that_is_there() -> None:
    changed = put(BLOCKS, ("settings", "microsoft"), {"client_id": "c", "smtp": {"host": "m"}})
    assert "      x\n  microsoft:\n    client_id: c\n    smtp:\n      host: m\npolicy:\n" in changed
    assert changed.replace("  microsoft:\n    client_id: c\n    smtp:\n      host: m\n", "") == BLOCKS


def test_a_new_key_first_stands_right_below_its_parent() -> None:
    assert put(BLOCKS, ("settings", "mode"), "microsoft", first=True) == BLOCKS.replace(
        "settings:\n", "settings:\n  mode: microsoft\n"
    )


def test_a_key_below_what_is_not_there_brings_its_parents() -> None:
    assert put("a: 1\n", ("b", "c", "d"), [1, "x y"]) == "a: 1\nb:\n  c:\n    d: [1, x y]\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1 # c\n", "a: new # c\n"),
        ('a: "1"', "a: new"),
        ("a:\nb: 1\n", "a: new\nb: 1\n"),
        ("a: # why\nb: 1\n", "a: new # why\nb: 1\n"),
        ("a: null\n", "a: new\n"),
        ("{a: 1, b: 2}", "{a: new, b: 2}"),
        ("a: [1,\n  2] # c\n", "a: new # c\n"),
    ],
)
def test_a_value_is_replaced_where_it_stands(text: str, wanted: str) -> None:
    assert put(text, ("a",), "new") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: {}\n", "a: {x: 1}\n"),
        ("a: {b: 2}\n", "a: {b: 2, x: 1}\n"),
        ("a: { b: 2 }\n", "a: { b: 2, x: 1 }\n"),
        ("a: {b: [1, 2],\n    c: 3} # e\n", "a: {b: [1, 2],\n    c: 3, x: 1} # e\n"),
        ("a:\n", "a:\n  x: 1\n"),
        ("a:", "a:\n  x: 1\n"),
        ("a:\n   b: 1", "a:\n   b: 1\n   x: 1\n"),
        ("a:\r\n  b: 1\r\nc: 2\r\n", "a:\r\n  b: 1\r\n  x: 1\r\nc: 2\r\n"),
    ],
)
def test_a_key_in_every_kind_of_mapping(text: str, wanted: str) -> None:
    assert put(text, ("a", "x"), 1) == wanted


def test_what_is_taken_out_from_between_lines_becomes_comments_with_its_own() -> None:
    changed = take_out(BLOCKS, ("settings", "server"))
    assert (
        "  # server:\n  #   host: h   # Exchange\n  #   # deep\n  #   port: 587\n  #   # last of server\n\n" in changed
    )
    assert "  # about login\n  login:\n" in changed
    assert "server" not in yaml.safe_load(changed)["settings"]


def test_what_is_taken_out_may_hold_blank_lines_and_texts_of_many_lines() -> None:
    changed = take_out(BLOCKS, ("settings", "login"))
    assert "  # login:\n  #   username: u\n\n  #   password: |\n  #     x\npolicy:\n" in changed


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{a: 1, b: 2, c: 3}", "{a: 1, c: 3}"),
        ("{b: 2, c: 3}", "{c: 3}"),
        ("{a: 1, b: {x: 1}}", "{a: 1}"),
        ("{a: 1,\n b: 2}", "{a: 1}"),
        ("{b: 2}", "{}"),
    ],
)
def test_within_brackets_it_is_cut(text: str, wanted: str) -> None:
    assert take_out(text, ("b",)) == wanted


def test_what_is_not_there_is_not_taken_out() -> None:
    assert take_out(BLOCKS, ("settings", "microsoft")) == BLOCKS


def test_items_are_added_and_dropped_in_both_kinds_of_list() -> None:
    assert append(BLOCKS, ("policy", "lock"), ["mode"]) == BLOCKS.replace("# why\n", "# why\n  - mode\n")
    assert append("a: [1] # c\n", ("a",), [2, 3]) == "a: [1, 2, 3] # c\n"
    assert append("b: 1\n", ("a",), [2]) == "b: 1\na: [2]\n"
    assert drop_item(BLOCKS, ("targets",), 1) == BLOCKS.replace("[dts, msmtp]", "[dts]")
    assert drop_item(BLOCKS, ("policy", "lock"), 0) == BLOCKS.replace("  - server\n", "  # - server\n")


@pytest.mark.parametrize(
    "text",
    [
        "x: &x {b: 1}\na: *x\n",
        "x: &x {b: {c: 1}}\na:\n  <<: *x\n",
        "a:\n  b:\n  - 1\n",
        "- a\n",
    ],
)
def test_what_stands_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(CantRewrite) as caught:
        put(text, ("a", "b"), 2)
    assert caught.value.place.line >= 1


_KEYS = st.sampled_from(["alpha", "beta", "gamma", "delta"])
_SCALARS = st.one_of(st.integers(-9, 99), st.booleans(), st.none(), st.text("abc :#'\"-é{}[],&*!|>%@`\\", max_size=8))
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(
    tree=st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4),
    style=st.sampled_from([True, False, None]),
    indent=st.sampled_from([2, 4]),
    key=_KEYS,
    value=_SCALARS,
)
def test_any_tree_reads_back_as_meant(
    tree: dict[str, Any], style: bool | None, indent: int, key: str, value: Any
) -> None:
    text = yaml.safe_dump(tree, default_flow_style=style, indent=indent, allow_unicode=True, sort_keys=False)
    try:
        changed = put(text, ("new", key), value)
        assert yaml.safe_load(changed) == {**tree, "new": {key: value}}
        assert yaml.safe_load(take_out(changed, ("new",))) == tree
        if len(tree) > 1 and key in tree:
            rest = {name: one for name, one in tree.items() if name != key}
            assert yaml.safe_load(take_out(text, (key,))) == rest
        replaced = put(text, (key,), value)
        assert yaml.safe_load(replaced) == {**tree, key: value}
    except CantRewrite:
        assert isinstance(tree.get(key), dict | list)
