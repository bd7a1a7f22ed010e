"""Effective settings after `encryption: auto` was settled by asking the server."""

from __future__ import annotations

from typing import Any

import pytest

from dtsconf.errors import Invalid
from dtsconf.settings.resolve import recheck, resolve, with_settled
from tests.unit.settings.layers import (
    WORKING,
    organisation,
    place,
    rule,
)


def settled(encryption: str, port: int, *rules: Any) -> Any:
    effective = resolve(organisation({**WORKING, "server.encryption": "auto"}, rules=rules))
    return recheck(effective, with_settled(effective.settings, encryption, port))


def test_settling_auto_keeps_the_origin_and_changes_the_value() -> None:
    effective = settled("starttls", 587)
    assert effective.settings.server.encryption == effective.origin["server.encryption"].value == "starttls"
    assert effective.settings.server.port == effective.origin["server.port"].value == 587
    assert (effective.origin["server.encryption"].layer, effective.origin["server.encryption"].where) == (
        "profile",
        place(2),
    )


def test_rules_are_checked_again_on_what_auto_came_to() -> None:
    with pytest.raises(Invalid) as caught:
        settled("none", 25, rule("server.encryption", "none_of", ("none",), "Mail leaves the site"))
    assert caught.value.code == 4
    assert "Mail leaves the site" in caught.value.problems[0].message
