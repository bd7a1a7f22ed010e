"""Every server of the register of hostile ones, met by the library itself: where it ends, and what is said of it."""

from __future__ import annotations

import base64
import re

import pytest

from dtsconf.mail.verify import verify
from dtsconf.names import escape_controls
from tests.real.ca import Certificates
from tests.real.hostile import CASES
from tests.real.hostile_case import CANARY, CANARY_64, CANARY_PLAIN, UNREACHED, USER, Case
from tests.unit.mail.jobs import failed, job

pytestmark = pytest.mark.timeout(90)
SECRET_FORMS = (CANARY, CANARY.upper(), CANARY_64, CANARY_PLAIN, CANARY.encode().hex())


def test_the_register_holds_each_name_once() -> None:
    assert len(CASES) >= 40
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_hostile_server(certificates: Certificates, case: Case) -> None:
    password = CANARY if case.mechanism else None
    with case.serve(certificates) as running:
        result = verify(
            job(
                running.port,
                encryption=case.encryption,
                password=password,
                username=USER,
                mechanism=case.mechanism or "auto",
                server={"ca_file": certificates.ca_file},
                timeout=case.seconds,
            )
        )
    told = repr(result.as_record())
    if result.ok:
        assert case.outcome is None, told
    else:
        row = failed(result)
        assert (row.stage, row.cause) in case.outcomes, told
        assert re.search(case.says, row.detail), told
        assert row.hint, told
        assert result.reached is (case.code != UNREACHED), told
    for stage in result.stages:
        for text in (stage.detail, stage.hint or ""):
            assert text == escape_controls(text)
            assert not any(form in text for form in SECRET_FORMS), told
            bare = re.sub(r"\\0|\W", "", text)
            assert re.sub(r"\W", "", CANARY) not in bare, told
            assert base64.b64encode(CANARY.encode()).decode().rstrip("=")[:12] not in text
