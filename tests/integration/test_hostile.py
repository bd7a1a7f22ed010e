"""Every server of the register of hostile ones, met by the library itself: where it ends, and what is said of it.

Here, too, is the list that closes the circle: each cause of the contract is shown by a case, or by a real obstacle.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from dtsconf.mail.evidence import looked_into
from dtsconf.mail.job import Job
from dtsconf.mail.route import Link, PasswordLogin, Smtp, TokenLogin
from dtsconf.mail.verify import verify
from dtsconf.names import escape_controls
from dtsconf.proof import CAUSES, Verification
from dtsconf.secret.value import Secret
from dtsconf.token import Token
from tests.real.ca import Certificates
from tests.real.hostile import CASES, MODULES, shown
from tests.real.hostile_case import CANARY, CANARY_64, CANARY_PLAIN, TOKEN, UNREACHED, USER, Case
from tests.unit.mail.jobs import LETTER, failed
from tests.unit.mail.test_causes import TYPED

pytestmark = pytest.mark.timeout(90)
FORMS = (CANARY, CANARY.upper(), CANARY_64[:12], CANARY_PLAIN[8:20], CANARY.encode().hex())


class Tokens:
    """An account whose token is CANARY."""

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        return Token(Secret(CANARY), f"{USER}@acme.example", 4_000_000_000)

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        return otherwise or "sign in again: dtsconf sign-in"

    def note(self, token: Token) -> str | None:
        return None

    def ahead(self) -> float | None:
        return None


def login(case: Case) -> PasswordLogin | TokenLogin | None:
    if case.mechanism is None:
        return None
    return TokenLogin(Tokens()) if case.mechanism == TOKEN else PasswordLogin(USER, Secret(CANARY), case.mechanism)


def meet(case: Case, certificates: Certificates, look: Callable[[Job, Verification], Verification]) -> Verification:
    with case.serve(certificates) as running:
        route = Smtp("127.0.0.1", running.port, case.encryption, ca_file=certificates.ca_file, login=login(case))
        job = Job(Link(route, case.seconds), "send", LETTER, "dts@acme.example", "DTS")
        return look(job, verify(job))


def test_every_cause_of_the_contract_is_shown() -> None:
    assert set(shown()) == set(CAUSES)


def test_the_register_holds_each_name_once() -> None:
    assert sum(len(module.CASES) for module in MODULES) == len(CASES) >= 200
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_hostile_server(certificates: Certificates, case: Case) -> None:
    result = meet(case, certificates, lambda _job, found: found)
    if result.ok:
        assert case.outcome is None, result
    else:
        row = failed(result)
        assert (row.stage, row.cause) in case.outcomes, result
        assert re.search(case.says, row.detail), result
        assert TYPED.search(row.hint or ""), row.hint
        assert result.reached is (case.code != UNREACHED), result
    for stage in result.stages:
        for text in (stage.detail, stage.hint or ""):
            assert text == escape_controls(text)
            assert not any(form in text for form in FORMS), result
            assert re.sub(r"\W", "", CANARY) not in re.sub(r"\\0|\W", "", text), result


LOOKED_INTO = [
    case for number, case in enumerate(CASES.values()) if os.environ.get("DTSCONF_TEST_ALL") or not number % 7
]


@pytest.mark.parametrize(
    "case", [*LOOKED_INTO, CASES["nul-in-the-name"], CASES["odd-names"]], ids=lambda case: case.name
)
def test_looking_into_a_hostile_server_does_no_harm(certificates: Certificates, case: Case) -> None:
    """What is found on the side is bounded in length, shows no control character and no secret, and keeps the cause."""
    result = meet(case, certificates, looked_into)
    if result.ok:
        return
    assert (failed(result).stage, failed(result).cause) in case.outcomes
    for each in result.evidence:
        for text in (each.what, each.seen, each.means):
            assert text == escape_controls(text)
            assert 0 < len(text) < 2000
            assert not any(form in text for form in FORMS), text
