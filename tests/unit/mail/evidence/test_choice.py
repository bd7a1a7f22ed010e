"""What is proposed once other ways were tried: never what was just seen to fail, and never doubt of what works."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.mail.evidence import encryption
from dtsconf.mail.evidence.case import Case
from dtsconf.mail.evidence.choice import chosen, in_use, nowhere, refuted
from dtsconf.mail.evidence.introduction import Refusal
from dtsconf.mail.evidence.ways import Kind, Way, late
from dtsconf.proof import Stage, Verification
from tests.unit.mail.jobs import job

ROOTS = (
    "ask for the root certificate: --set server.ca_file=/PATH/TO/ROOTS.pem. Or confirm it: --set server.fingerprint=ab"
)
RENEW = "have the certificate of mail.example renewed, then dtsconf test again"


def plain(port: int = 25387, *, offers_tls: bool = True, login: bool = False) -> Way:
    return Way(port, "none", True, "", 1.0, login=login, offers_tls=offers_tls)


def failed(cause: str, encryption: Kind = "starttls", port: int = 25387, hint: str | None = None) -> Way:
    return Way(port, encryption, False, "", 1.0, cause, "tls", hint=hint)


DEAD = [Way(port, "starttls", False, "", 1.0, "refused", "connect", heard=False) for port in (25, 587)]


@pytest.mark.parametrize("password", [None, "x"])
def test_a_certificate_in_the_way_is_what_is_to_be_mended(password: str | None) -> None:
    tried = [plain(), failed("tls-untrusted", hint=ROOTS), failed("protocol", "tls"), *DEAD]
    found = chosen(tried, job(25387, password=password).link.smtp)
    assert found.kind == "certificate"
    assert "STARTTLS is there on port 25387, but the server's certificate comes from nobody" in found.found
    options = "--set server.port=25387 --set server.encryption=starttls"
    assert f"{options} --set server.ca_file=/PATH/TO/ROOTS.pem" in found.hint
    assert f"{options} --set server.fingerprint=ab" in found.hint
    assert "login.required" not in found.hint


def test_microsofts_own_server_has_no_other_port_to_ask_for() -> None:
    """Neither with a password nor with a token: what it lacks was taken out on the way."""
    route = replace(job(587, password="x").link.smtp, host="smtp.office365.com", port=587)
    seen = [Way(587, "starttls", True, "", 1.0, login=False), failed("refused", "tls", 465)]
    found = chosen(seen, route)
    assert found.kind == "no-login"
    assert "let port 587 of smtp.office365.com through as it is" in found.hint
    assert "--set" not in found.hint
    assert "for the port that has them" in chosen(seen, replace(route, host="mail.example")).hint


@pytest.mark.parametrize(("port", "encryption"), [(587, "starttls"), (465, "tls")])
def test_silence_in_the_time_of_a_look_is_no_answer(port: int, encryption: Kind) -> None:
    """The server may greet late: what is open and said nothing is proposed with time to wait, and refutes no hint."""
    silent = [Way(port, kind, False, "", 1.0, "timeout", "banner") for kind in ("none", "starttls")]
    assert late(silent) == (port,)
    dead = [way for way in DEAD if way.port != port]
    found = chosen([*silent, *dead], job(25387, password="x").link.smtp)
    assert found.kind == "late"
    options = f"--set server.port={port} --set server.encryption={encryption} --set connection.timeout=60"
    assert found.hint.endswith(options)
    assert chosen([*silent, *dead], job(port, password="x").link.smtp).kind == "nothing", "it is the one in use"
    hint = f"--set server.port={port} --set server.encryption={encryption}"
    assert not refuted(hint, silent, job(port).link.smtp)
    assert refuted(hint, [failed("protocol", encryption, port)], job(port).link.smtp)


def test_a_port_that_said_something_is_not_late() -> None:
    told = [Way(465, "none", False, "", 1.0, "timeout", "banner"), failed("tls-untrusted", "tls", 465, ROOTS)]
    assert late(told) == ()
    assert late(DEAD) == ()
    assert late([Way(587, "none", False, "", 1.0, "timeout", "connect")]) == ()


def test_the_way_in_use_keeps_the_hint_of_its_own_failure() -> None:
    route = job(25387, encryption="starttls", password="x").link.smtp
    assert chosen([plain(), failed("tls-untrusted", hint=ROOTS)], route).hint == ROOTS


def test_an_expired_certificate_elsewhere_is_named_with_its_port() -> None:
    found = chosen([failed("tls-expired", "tls", 25328, RENEW)], job(25328, password="x").link.smtp)
    assert found.hint == f"{RENEW}, with encryption tls on port 25328"


def test_a_server_that_takes_no_login_is_not_said_to_be_down() -> None:
    found = chosen([plain(25325, offers_tls=False), *DEAD], job(25325, encryption="starttls", password="x").link.smtp)
    assert (found.kind, found.fit) == ("no-login", ())
    assert "a mail server answers on port 25325, in clear only; it offers no login" in found.found
    assert "--set server.port=25325 --set server.encryption=none --set login.required=false" in found.hint
    assert "submission port" in found.hint


def test_a_port_for_logins_is_not_said_to_be_none() -> None:
    usual = chosen([Way(587, "starttls", True, "", 1.0)], job(587, encryption="starttls", password="x").link.smtp)
    assert "offers no login on port 587, a usual one for it: ask the administrator of" in usual.hint
    assert "--set login.required=false" in usual.hint
    assert "not for logins" not in usual.hint


def test_a_login_in_clear_alone_is_for_the_administrator_or_the_organisation_to_decide() -> None:
    tried = [plain(25325, offers_tls=False, login=True), *DEAD]
    found = chosen(tried, job(25325, encryption="starttls", password="x").link.smtp)
    assert found.kind == "no-login"
    assert "switch STARTTLS on" in found.hint
    options = "--set server.port=25325 --set server.encryption=none --set server.allow_cleartext_login=true"
    assert found.hint.endswith(options)
    assert "not for logins" not in found.hint
    route = job(25, password="x").link.smtp
    decided = chosen(tried, replace(route, cleartext_login=True))
    assert (decided.kind, decided.fit) == ("fit", (tried[0],))
    in_clear = chosen([plain(25325, offers_tls=False, login=True)], job(25325, password="x").link.smtp)
    assert "dtsconf logs in over TLS alone" in in_clear.found


@pytest.mark.parametrize("key", ["server.encryption", "server.allow_cleartext_login"])
def test_a_login_in_clear_that_rules_forbid_is_not_proposed(key: str) -> None:
    tried = [plain(25325, offers_tls=False, login=True), *DEAD]
    route = job(25325, encryption="starttls", password="x", permits=lambda name, _value: name != key).link.smtp
    found = chosen(tried, route)
    assert "--set" not in found.hint
    assert "switch STARTTLS on" in found.hint
    assert "dtsconf explain" in found.hint


@pytest.mark.parametrize(("port", "unlogged"), [(587, False), (25, True)])
def test_where_ehlo_is_refused_it_is_ehlo_that_is_to_be_mended(port: int, unlogged: bool) -> None:
    """What a port of submission would offer is not known, and to send without a login is not what it is for."""
    refusal = Refusal("[192.0.2.2]", "502 5.5.1 Command not implemented --set server.host=evil", "502")
    found = chosen([replace(plain(port, offers_tls=False), refusal=refusal)], job(port, password="x").link.smtp)
    assert (found.kind, found.fit) == ("no-login", ())
    assert "by HELO alone: it refuses EHLO" in found.found
    assert "answers EHLO with 502" in found.hint
    assert "to let EHLO through" in found.hint
    assert "not for logins" not in found.hint
    assert "evil" not in found.hint
    assert ("login.required=false" in found.hint) == unlogged


@pytest.mark.parametrize("encryption", ["none", "auto"])
def test_the_way_in_use_needs_no_options_to_be_chosen(encryption: str) -> None:
    found = chosen([plain(25325, offers_tls=False)], job(25325, encryption=encryption, password="x").link.smtp)
    assert "without a login: --set login.required=false" in found.hint


def test_starttls_that_does_not_come_about_is_no_matter_of_logins() -> None:
    found = chosen([plain(), failed("protocol")], job(25387).link.smtp)
    assert "offers STARTTLS, and that doesn't come about" in found.found
    assert "login" not in found.hint
    assert "--set" not in found.hint


def test_what_answers_there_is_not_said_to_be_down() -> None:
    web = Way(25399, "none", False, "a web server answers on port 25399", 1.0, "not-smtp", "banner")
    found = chosen([web, *DEAD], job(25399).link.smtp)
    assert found.kind == "nothing"
    assert "is the server up" not in found.hint
    assert "--set server.host=HOST --set server.port=PORT" in found.hint
    assert "is the server up" in chosen(DEAD, job(25).link.smtp).hint


@pytest.mark.parametrize(
    ("cause", "hint", "words"),
    [
        ("tls-required", "--set server.encryption=starttls", "--set server.ca_file"),
        ("tls-stripped", "--set server.encryption=tls --set server.port=465", None),
        ("tls-stripped", "--set server.encryption=starttls", "it takes the encryption out"),
    ],
)
def test_plain_is_no_answer_where_encryption_is_wanted(cause: str, hint: str, words: str | None) -> None:
    failure = Stage("mail-from", False, 1.0, "", cause=cause, hint=hint)
    case = Case(job(25387), Verification("send", False, (failure,)), failure)
    tried = [plain(), failed("tls-untrusted", hint=ROOTS)]
    told = encryption._hint(chosen(encryption._usable(tried, case), case.route), tried, case)
    assert told is None if words is None else words in (told or "")


def only(*kinds: str) -> dict[str, Any]:
    """A route for which the organisation's rules let nothing but these encryptions be used."""
    return {"permits": lambda key, value: key != "server.encryption" or value in kinds}


def test_a_way_that_rules_forbid_is_not_chosen() -> None:
    tried = [Way(587, "starttls", True, "", 1.0), Way(465, "tls", True, "", 1.0), plain(587)]
    route = job(587, encryption="tls", **only("tls")).link.smtp
    found = chosen(tried, route)
    assert [way.port for way in found.fit] == [465]
    assert found.hint == "use the way that works: --set server.port=465 --set server.encryption=tls"


def test_where_rules_leave_nothing_it_is_for_others_to_act() -> None:
    in_clear = [plain(25, offers_tls=False)]
    found = chosen(in_clear, job(25, encryption="starttls", **only("starttls", "tls")).link.smtp)
    assert (found.kind, found.fit) == ("forbidden", ())
    assert "the organisation forbids mail in clear, and this server offers no encryption there" in found.hint
    assert "switch STARTTLS on" in found.hint
    other = chosen([Way(587, "starttls", True, "", 1.0)], job(587, encryption="tls", **only("tls")).link.smtp)
    assert "starttls works on port 587, which the organisation's rules forbid" in other.found
    assert "dtsconf explain server.encryption" in other.hint
    assert "--set" not in found.hint + other.hint


def test_to_see_what_works_at_another_host_that_host_is_named() -> None:
    told = nowhere("mail.acme.example", "server.host")
    assert told.endswith("--set server.host=HOST; with that, a test with --probe shows what works there")
    assert "dtsconf test" not in told, "it would be this call again, with the host of this call"


def test_a_port_that_nobody_knows_yet_is_none_that_failed() -> None:
    hint = "ask its administrator for host and port that do, --set server.host=HOST --set server.port=PORT"
    assert not refuted(hint, [failed("protocol")], job(587).link.smtp)


@pytest.mark.parametrize(
    ("port", "encryption", "way", "used"),
    [
        (587, "auto", "starttls", True),
        (587, "auto", "none", True),
        (587, "auto", "tls", False),
        (465, "auto", "tls", True),
        (465, "auto", "starttls", False),
        (587, "starttls", "starttls", True),
        (587, "starttls", "none", False),
    ],
)
def test_what_auto_takes_is_in_use(port: int, encryption: Any, way: Kind, *, used: bool) -> None:
    route = replace(job(587).link.smtp, port=port, encryption=encryption)
    assert in_use(Way(port, way, True, "", 1.0), route) is used
