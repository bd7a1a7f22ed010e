"""A name that is refused in EHLO, where HELO is taken in its place."""

from __future__ import annotations

import pytest

from dtsconf.mail.evidence import introduction
from dtsconf.mail.evidence.case import Case
from dtsconf.proof import Stage, Verification
from tests.unit.mail.jobs import job

IN_CLEAR = "use the way that works: --set server.port=25 --set server.encryption=none"
BY_TLS = "use the way that works: --set server.port=465 --set server.encryption=tls"


def case(reply: str, cause: str) -> Case:
    greeted = Stage("ehlo", True, 1.0, f"250 mail.test (to HELO; EHLO [192.0.2.2] was refused: {reply})", 250)
    failed = Stage("tls", False, 1.0, "the answer to HELO has no STARTTLS", cause=cause)
    return Case(job(25, encryption="starttls"), Verification("send", False, (greeted, failed)), failed)


@pytest.mark.parametrize("cause", ["tls-not-offered", "tls-stripped", "cleartext-refused", "auth-disabled"])
def test_the_name_comes_first_where_helo_is_what_lacks(cause: str) -> None:
    told = str(introduction.hint(case("501 5.5.4 Invalid domain name", cause), None))
    assert told.startswith("the server refused the name that this machine gave ([192.0.2.2]) in EHLO")
    assert "hostnamectl set-hostname NAME.DOMAIN" in told
    assert introduction.hint(case("501 no", cause), IN_CLEAR) == told, "it may well have TLS for another name"
    assert str(introduction.hint(case("501 no", cause), BY_TLS)).endswith(f"; or {BY_TLS}")


@pytest.mark.parametrize(("reply", "cause"), [("502 what", "tls-not-offered"), ("501 no", "sender-rejected")])
def test_elsewhere_the_name_is_not_to_blame(reply: str, cause: str) -> None:
    assert introduction.hint(case(reply, cause), IN_CLEAR) == IN_CLEAR
    assert introduction.hint(case(reply, cause), None) is None


def test_who_refused_what_is_told() -> None:
    (row,) = introduction.rows(case("501 5.5.4 Invalid (domain) name", "tls-not-offered").stages)
    assert (row.what, row.seen) == ("introduced this machine as [192.0.2.2] (EHLO)", "501 5.5.4 Invalid (domain) name")
    assert row.means.startswith("the server refused the name and took HELO")
    (row,) = introduction.rows(case("500 5.5.1 what", "tls-not-offered").stages)
    assert row.means.startswith("the server knows no EHLO")
    assert introduction.rows((Stage("ehlo", True, 1.0, "250 mail.test"),)) == []
