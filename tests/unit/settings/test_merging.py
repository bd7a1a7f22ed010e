"""What merging keeps for whatever layers come: associativity, origins, locks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import Invalid, Problem
from dtsconf.settings.keys import GROUPS, KEYS
from dtsconf.settings.resolve import build, merge, resolve, review
from tests.unit.settings.layers import (
    layer,
    organisation,
    trees,
)


def problems_of(*args: Any, **kwargs: Any) -> tuple[Invalid, tuple[Problem, ...]]:
    with pytest.raises(Invalid) as caught:
        resolve(*args, **kwargs)
    return caught.value, caught.value.problems


@given(trees(), trees(), trees(), trees())
def test_merging_is_associative(
    org: dict[str, Any], low: dict[str, Any], middle: dict[str, Any], high: dict[str, Any]
) -> None:
    one = organisation(org)
    apart = [layer("environment", low), layer("user", middle), layer("command line", high)]
    lower_first = [layer("environment", {**low, **middle}), layer("command line", high)]
    upper_first = [layer("environment", low), layer("user", {**middle, **high})]
    values = [
        {key: s.value for key, s in merge(one, layers).origin.items()} for layers in (apart, lower_first, upper_first)
    ]
    assert values[0] == values[1] == values[2]


@given(trees(), trees(), trees(), trees())
def test_the_origins_value_is_the_settings_value(
    org: dict[str, Any], low: dict[str, Any], middle: dict[str, Any], high: dict[str, Any]
) -> None:
    merged = merge(organisation(org), [layer("environment", low), layer("user", middle), layer("command line", high)])
    settings = build(merged.layers)
    for key, setting in merged.origin.items():
        value: Any = settings
        for step in key.split("."):
            value = getattr(value, step)
        assert value == setting.value, key


@given(trees(), trees(), trees(), st.sets(st.sampled_from((*KEYS, *GROUPS)), max_size=5))
def test_a_locked_key_never_takes_a_higher_layers_value(
    org: dict[str, Any], low: dict[str, Any], high: dict[str, Any], locks: set[str]
) -> None:
    layers = [layer("environment", low), layer("command line", high)]
    one = organisation(org, locks=sorted(locks))
    merged, alone = merge(one, layers), merge(one, ())
    for key, setting in merged.origin.items():
        if setting.locked:
            assert setting == alone.origin[key]
    aside = {(item.key, item.layer) for item in merged.set_aside}
    assert aside == {
        (key, one_layer.name) for one_layer in layers for key in one_layer.values if merged.origin[key].locked
    }


@given(trees(), trees())
def test_an_origin_names_the_highest_layer_that_mentions_the_key(low: dict[str, Any], high: dict[str, Any]) -> None:
    merged = merge(organisation({}), [layer("environment", low), layer("user", high)])
    for key, setting in merged.origin.items():
        assert setting.layer == ("user" if key in high else "environment" if key in low else "default")


@given(trees())
def test_review_finds_what_resolve_raises(values: dict[str, Any]) -> None:
    found = review(organisation(values))
    if found.problems:
        assert problems_of(organisation(values))[1] == found.problems
    else:
        assert resolve(organisation(values)).warnings == found.notices
