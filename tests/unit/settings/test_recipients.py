"""To whom mail may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dtsconf.errors import Invalid, Place
from dtsconf.settings.effective import Effective
from dtsconf.settings.policy import Policy, Recipients
from dtsconf.settings.recipients import require_allowed
from dtsconf.settings.resolve import resolve
from tests.unit.settings.layers import organisation

ORG, SITE = Place("org.yaml", 9, 3), Place("site.yaml", 4, 3)


def lists(*entries: Recipients) -> Effective:
    return resolve(replace(organisation(), policy=Policy(recipients=entries)), ())


ACME = Recipients(("*@acme.example", "it@partner.example"), ORG)
PERTH = Recipients(("perth-*@acme.example", "*@partner.example"), SITE)


@pytest.mark.parametrize("to", ["anyone@any.example", None])
def test_without_a_list_anyone(to: str | None) -> None:
    require_allowed(lists(), to)


@pytest.mark.parametrize("to", ["perth-lab@acme.example", "it@partner.example", "PERTH-lab@ACME.example"])
def test_an_address_that_every_list_holds(to: str) -> None:
    require_allowed(lists(ACME, PERTH), to)


@pytest.mark.parametrize(
    ("to", "places"),
    [
        ("lab@acme.example", [SITE]),
        ("x@partner.example", [ORG]),
        ("x@else.example", [ORG, SITE]),
        ("", []),
        ("perth-lab@acme.example.evil.example", [ORG, SITE]),
    ],
)
def test_each_list_that_lacks_it_is_told(to: str, places: list[Place]) -> None:
    effective = lists(ACME, PERTH)
    if not places:  # an empty --to is none: the sender's own address, which the site's list lacks
        places = [SITE]
    with pytest.raises(Invalid) as caught:
        require_allowed(effective, to)
    assert caught.value.code == 4
    assert [problem.where for problem in caught.value.problems] == places
    assert all(problem.hint and str(problem.where) in problem.message for problem in caught.value.problems)


def test_the_senders_own_address_counts_like_any() -> None:
    require_allowed(lists(ACME), None)
    with pytest.raises(Invalid):
        require_allowed(lists(Recipients(("*@else.example",), ORG)), None)


def test_an_empty_list_allows_nobody() -> None:
    with pytest.raises(Invalid) as caught:
        require_allowed(lists(Recipients((), ORG)), "x@acme.example")
    assert "nobody" in str(caught.value)
