"""Which host of a domain is proposed, by what its ports come to."""

from __future__ import annotations

import pytest

from dtsconf.mail.evidence import domain
from dtsconf.mail.evidence.domain import Candidate, Served
from dtsconf.mail.evidence.ways import Kind, Way
from tests.unit.mail.jobs import job


def candidate(*ways: Way) -> Candidate:
    return domain._candidate(job(25).link.smtp, [ways])


def works(port: int, encryption: Kind = "none") -> Way:
    return Way(port, encryption, True, "", 1.0)


DEAD = Way(25, "none", False, "", 1.0, "refused", "connect", heard=False)
BAD = Way(587, "starttls", False, "", 1.0, "tls-expired", "tls", hint="have it renewed")


@pytest.mark.parametrize(
    ("one", "rank", "said"),
    [
        (candidate(works(25), works(587, "starttls")), 0, "a mail server answers on port 25, without encryption"),
        (candidate(DEAD, works(587, "starttls")), 1, "a mail server answers on port 587, with STARTTLS"),
        (candidate(DEAD, BAD), 2, "STARTTLS is there on port 587, but the server's certificate has expired"),
        (candidate(DEAD), 5, "no mail server answers there"),
        (candidate(), 5, "not tried, for lack of time"),
    ],
)
def test_the_way_in_use_is_best_where_it_works(one: Candidate, rank: int, said: str) -> None:
    assert one.rank == rank
    assert said in str(one)
    assert one.answers == (rank < 5)


def test_port_and_encryption_go_along_where_others_work() -> None:
    assert candidate(works(25)).proposal("server.host") == f"--set server.host={job(25).link.smtp.host}"
    named = candidate(DEAD, works(587, "starttls")).proposal("server.host")
    assert named.endswith(" --set server.port=587 --set server.encryption=starttls")


def test_what_was_not_tried_is_not_said_to_be_dead() -> None:
    (row,) = domain.rows([candidate(), candidate()])
    assert row.means == "nobody knows whether they take mail"
    (row,) = domain.rows([candidate(DEAD), candidate()])
    assert row.means == "none of them is a mail server for this machine"


def test_where_mail_is_handed_in_comes_before_where_it_goes() -> None:
    found = Served("192.0.2.53", "acme.example", ("mx.acme.example",), ("out.acme.example",), ("smtp.acme.example",))
    assert found.hosts == ("out.acme.example", "smtp.acme.example", "mx.acme.example")
    assert len(found.rows) == 2
