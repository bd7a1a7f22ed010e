"""To whom mail may go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dtsconf.errors import Invalid, Option, Place, Where
from dtsconf.settings.effective import Effective
from dtsconf.settings.policy import Policy, Recipients
from dtsconf.settings.profile import load_profile
from dtsconf.settings.recipients import recipient_notices, require_allowed
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
    where: Where = Option("--to")
    if not places:  # an empty --to is none: the sender's own address, which the site's list lacks
        places, where = [SITE], effective.origin["sender.email"].where or where
    with pytest.raises(Invalid) as caught:
        require_allowed(effective, to)
    assert caught.value.code == 4
    problems = caught.value.problems
    assert [problem.where for problem in problems] == [where] * len(places)
    assert [problem.message.count(str(place)) for problem, place in zip(problems, places, strict=True)] == [1] * len(
        places
    )
    assert all(problem.hint for problem in problems)


@pytest.mark.parametrize("to", ["mailcheck@else.example", None])
def test_what_gives_the_address_is_the_place_to_mend(tmp_path: Path, to: str | None) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "dtsconf: 1\nname: x\nsettings:\n  server: {host: h.acme.example}\n  sender: {email: me@else.example}\n"
        f"verify: {{to: {to or 'null'}}}\npolicy:\n  recipients: ['*@acme.example']\n"
    )
    effective = resolve(load_profile(str(site)), ())
    with pytest.raises(Invalid) as caught:
        require_allowed(effective, effective.org.verify.to)
    (problem,) = caught.value.problems
    assert (problem.key, str(problem.where)) == (
        ("verify.to", f"{site}:6:14") if to else ("sender.email", f"{site}:5:19")
    )
    assert problem.message.count(f"{site}:8:15") == 1
    assert "else.example" in str(problem.excerpt)
    assert problem.hint == f"give {problem.key} an address that the list holds, or the list this one"


def test_the_senders_own_address_counts_like_any() -> None:
    require_allowed(lists(ACME), None)
    with pytest.raises(Invalid):
        require_allowed(lists(Recipients(("*@else.example",), ORG)), None)


@pytest.mark.parametrize(("expects", "told"), [((), ["sender.email"]), (("sender.email",), [])])
def test_a_sender_that_others_give_is_not_judged_by_the_profile(expects: tuple[str, ...], told: list[str]) -> None:
    org = replace(organisation(expects=expects), policy=Policy(recipients=(Recipients(("*@else.example",), ORG),)))
    assert [notice.key for notice in recipient_notices(resolve(org, ()).origin, org)] == told


def test_an_empty_list_allows_nobody() -> None:
    with pytest.raises(Invalid) as caught:
        require_allowed(lists(Recipients((), ORG)), "x@acme.example")
    assert "nobody" in str(caught.value)
