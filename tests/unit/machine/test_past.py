"""What a machine's last generation knows of a host and port."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dtsconf.machine.generations import settled_at
from dtsconf.machine.past import known_password, past_of
from dtsconf.machine.record import Generation, Proof, SettledRecord
from dtsconf.proof import Past
from dtsconf.settings.resolve import resolve
from tests.unit.settings.layers import LOGIN, environment, organisation

CONFIG = '{"settings": {"server": {"host": "mail.example", "port": %s, "encryption": "starttls"}}}'
PROVEN = Generation(
    3, "2026-11-25T10:00:00Z", proof=Proof("verified", "send", "2026-11-25T10:00:03Z"), config=CONFIG % "null"
)


def test_a_place_that_was_proven() -> None:
    assert past_of(PROVEN, "mail.example", 587).proven == "2026-11-25 10:00 UTC"
    assert past_of(replace(PROVEN, config=CONFIG % 2525), "mail.example", 2525).proven == "2026-11-25 10:00 UTC"


@pytest.mark.parametrize(
    ("login", "level", "name"),
    [
        ('{"required": true, "username": "lab"}', "send", "lab"),
        ('{"required": true, "username": "lab"}', "connect", None),
        ('{"required": false, "username": "lab"}', "send", None),
        ("{}", "send", None),
        ("1", "send", None),
    ],
)
def test_a_user_name_that_was_proven(login: str, level: str, name: str | None) -> None:
    config = (CONFIG % "null").replace("}}}", "}") + f', "login": {login}}}}}'
    proof = replace(PROVEN.proof, level=level)
    assert past_of(replace(PROVEN, config=config, proof=proof), "mail.example", 587).login == name


def test_a_name_that_was_proven_with_another_password() -> None:
    login = ', "login": {"required": true, "username": "lab", "password": "file:///etc/pw"}}}'
    generation = replace(PROVEN, config=(CONFIG % "null").replace("}}}", "}") + login)
    same = past_of(generation, "mail.example", 587, "file:///etc/pw")
    assert (same.login, same.renewed) == ("lab", False)
    other = past_of(generation, "mail.example", 587, "file:///home/ann/pw")
    assert (other.login, other.renewed) == ("lab", True)


def test_a_variables_password_is_known_by_nothing() -> None:
    layers = [environment(login__password="env://DTS_EMAIL_LOGIN__PASSWORD")]
    assert known_password(resolve(organisation(LOGIN), layers)) == ""
    assert known_password(resolve(organisation(LOGIN))) == LOGIN["login.password"]


@pytest.mark.parametrize(("host", "port"), [("mail.example", 25), ("other.example", 587)])
def test_another_place(host: str, port: int) -> None:
    assert past_of(PROVEN, host, port) == Past()


@pytest.mark.parametrize(
    "generation",
    [
        None,
        replace(PROVEN, proof=Proof("pending", "connect", "x", "offline")),
        replace(PROVEN, config=None),
        replace(PROVEN, config="{"),
        replace(PROVEN, config='{"settings": 1}'),
    ],
)
def test_no_proof(generation: Generation | None) -> None:
    assert past_of(generation, "mail.example", 587) == Past()


def test_another_spelling_of_the_name_is_the_same_place() -> None:
    """Else a new capital letter in the profile would let `auto` go back to plain."""
    settled = {settled_at("Mail.Example", 587): SettledRecord("starttls", "x")}
    assert past_of(replace(PROVEN, settled=settled), "MAIL.example", 587) == Past(True, "2026-11-25 10:00 UTC")


def test_tls_that_was_there() -> None:
    had = {settled_at("mail.example", 587): SettledRecord("starttls", "x")}
    generation = replace(PROVEN, settled=had)
    assert past_of(generation, "mail.example", 587).tls
    assert not past_of(generation, "mail.example", 587, forget_tls=True).tls
    assert not past_of(generation, "mail.example", 25).tls
