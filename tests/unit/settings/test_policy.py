"""Policies: locks, adding up, and the JSON form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import Place, Variable
from dtsconf.settings.policy import Lock, Policy, Recipients, Rule
from tests.unit.settings.layers import place


@pytest.mark.parametrize(
    ("lock", "key", "held"),
    [
        ("server", "server.host", True),
        ("server", "server", True),
        ("microsoft", "microsoft.smtp.port", True),
        ("server.host", "server", False),
        ("server.host", "server.hostname", False),
        ("verify", "verify", True),
        ("verify", "verify.level", True),
    ],
)
def test_a_lock_holds_its_key_and_all_below(lock: str, key: str, held: bool) -> None:
    assert (Policy((Lock(lock, place()),)).lock_on(key) is not None) is held


def test_the_first_file_that_locks_is_named() -> None:
    policy = Policy((Lock("server.port", place(1)), Lock("server", place(2))))
    found = policy.lock_on("server.port")
    assert found is not None
    assert found.where == place(1)


def test_rules_on_a_key() -> None:
    one, other = Rule("server.port", "min", 25, None, place()), Rule("mode", "one_of", ("smtp",), None, place())
    assert Policy(rules=(one, other)).rules_on("server.port") == (one,)


def test_policies_of_a_chain_add_up_and_the_smallest_size_counts() -> None:
    parent = Policy((Lock("mode", place(1)),), (), (Recipients(("*@a.example",), place(2)),), 100)
    child = Policy((Lock("server", place(3)),), (), (Recipients(("x@a.example",), place(4)),), 50)
    total = parent.plus(child).plus(Policy())
    assert [lock.key for lock in total.locks] == ["mode", "server"]
    assert [entry.patterns for entry in total.recipients] == [("*@a.example",), ("x@a.example",)]
    assert total.max_size == 50
    assert parent.plus(Policy(max_size=200)).max_size == 100
    assert Policy().plus(Policy()).max_size is None


def test_the_json_form_names_files_without_folders() -> None:
    policy = Policy(
        (Lock("server", Place("/srv/profiles/org.yaml", 3, 9)), Lock("mode", Place("C:\\profiles\\site.yaml", 1, 2))),
        (Rule("server.port", "one_of", (25, 587), "why", Variable("X")),),
    )
    data = policy.to_json()
    assert data["lock"][0] == {"key": "server", "where": {"file": "org.yaml", "line": 3, "column": 9}}
    assert data["lock"][1]["where"]["file"] == "site.yaml"
    assert data["rules"] == [{"key": "server.port", "one_of": [25, 587], "because": "why", "where": None}]
    assert "srv" not in json.dumps(data)


places = st.one_of(
    st.none(), st.builds(Place, st.sampled_from(["org.yaml", "site.yaml"]), st.integers(1, 99), st.integers(1, 99))
)
scalars = st.one_of(st.text(max_size=5), st.integers(), st.booleans())
operands: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.sampled_from(["one_of", "none_of"]), st.lists(scalars, max_size=3).map(tuple)),
    st.tuples(st.just("matches"), st.text(min_size=1, max_size=5)),
    st.tuples(st.sampled_from(["min", "max"]), st.integers()),
    st.tuples(st.just("present"), st.booleans()),
)
policies = st.builds(
    Policy,
    st.lists(st.builds(Lock, st.sampled_from(["server", "verify", "mode"]), places), max_size=3).map(tuple),
    st.lists(
        st.tuples(operands, st.none() | st.text(min_size=1, max_size=5), places).map(
            lambda parts: Rule("server.port", parts[0][0], parts[0][1], parts[1], parts[2])
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.builds(Recipients, st.lists(st.text(max_size=4), max_size=2).map(tuple), places), max_size=2).map(
        tuple
    ),
    st.none() | st.integers(1, 10**9),
)


@given(policies)
def test_the_json_form_and_back(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
