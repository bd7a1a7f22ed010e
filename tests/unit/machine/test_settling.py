"""`auto`: asked of the server, remembered, and no way back to plain unnoticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dtsconf.errors import Invalid, VerificationFailed
from dtsconf.machine.request import Settled
from dtsconf.settings.policy import Rule
from dtsconf.settings.sections import Target, Verify
from tests.unit.machine.world import LOGIN, REJECTED, UNREACHED, WORKING, World, effective, place

CONFIG = "/etc/dts/email.json"
AUTO = {**WORKING, "server.encryption": "auto"}
PLAIN = Settled("none", 587, "the server offers no STARTTLS")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def server(world: World) -> tuple[str, int | None]:
    settings = json.loads(world.read(CONFIG))["settings"]["server"]
    return settings["encryption"], settings["port"]


def test_what_was_found_is_what_is_written_and_proven(world: World) -> None:
    applied = world.apply(effective(AUTO))
    assert server(world) == ("starttls", 587)
    assert world.checks[0].effective.settings.server.encryption == "starttls"
    assert applied.generation is not None
    assert applied.generation.settled["mail.acme.example 587"].encryption == "starttls"


def test_plan_takes_what_was_settled_before(world: World) -> None:
    assert '"encryption": "auto"' in world.plan(effective(AUTO)).plan.changes[0].diff
    world.apply()
    assert world.plan().plan.empty
    assert [each.tls for each in world.past] == [False]
    assert not world.apply().changed
    assert [each.tls for each in world.past] == [False, True]


def test_what_auto_comes_to_is_remembered_also_where_it_is_there_already(world: World) -> None:
    world.apply(effective({**AUTO, "server.encryption": "starttls", "server.port": 587}))
    wanted = effective({**AUTO, "server.port": 587})
    assert not world.apply(wanted).changed
    assert world.plan(wanted).plan.empty
    record = world.layout.real(world.layout.generation(1))
    before = Path(record).stat().st_mtime_ns
    assert not world.apply(wanted).changed
    assert Path(record).stat().st_mtime_ns == before


def test_plain_after_tls_is_refused_as_stripped(world: World) -> None:
    world.apply(effective(AUTO))
    before = world.tree()
    world.settled = PLAIN
    with pytest.raises(VerificationFailed) as caught:
        world.apply()
    assert caught.value.code == 6
    assert caught.value.known.verification.failure.cause == "tls-stripped"
    assert "--allow-downgrade" in (caught.value.hint or "")
    assert world.tree() == before


def test_the_memory_outlives_other_generations_and_rollback_0(world: World) -> None:
    world.apply(effective(AUTO))
    world.apply(effective({**WORKING, "server.host": "other.example"}))
    world.rollback(0)
    world.settled = PLAIN
    with pytest.raises(VerificationFailed) as caught:
        world.apply(effective(AUTO))
    assert caught.value.known.verification.failure.cause == "tls-stripped"


def test_a_downgrade_that_is_allowed_is_remembered(world: World) -> None:
    world.apply(effective(AUTO))
    world.settled = PLAIN
    world.apply(allow_downgrade=True)
    assert server(world) == ("none", 587)
    assert not world.past[-1].tls
    assert not world.apply().changed


def test_another_port_is_another_memory(world: World) -> None:
    world.apply(effective(AUTO))
    world.settled = Settled("none", 2525)
    world.apply(effective({**AUTO, "server.port": 2525}))
    assert server(world) == ("none", 2525)


def test_a_login_over_plain_is_refused(world: World) -> None:
    world.settled = PLAIN
    with pytest.raises(VerificationFailed) as caught:
        world.apply(effective({**LOGIN, "server.encryption": "auto"}), verify=False)
    assert caught.value.known.verification.failure.cause == "cleartext-refused"
    world.apply(effective({**LOGIN, "server.encryption": "auto", "server.allow_cleartext_login": True}))
    assert server(world) == ("none", 587)


def test_rules_are_checked_on_what_was_settled(world: World) -> None:
    world.settled = PLAIN
    rule = Rule("server.encryption", "none_of", ("none",), "Mail leaves the site", place(9))
    with pytest.raises(Invalid) as caught:
        world.apply(effective(AUTO, rules=(rule,)))
    assert caught.value.code == 4
    assert not world.exists("/var/lib/dtsconf")


def test_a_server_out_of_reach_is_exit_9(world: World) -> None:
    world.settled = UNREACHED
    with pytest.raises(VerificationFailed) as caught:
        world.apply(effective(AUTO))
    assert caught.value.code == 9
    assert caught.value.known.verification is UNREACHED


def test_offline_leaves_auto_in_the_config_and_tries_once(world: World) -> None:
    world.settled = UNREACHED
    applied = world.apply(effective(AUTO, verify=Verify(pending=("offline",))))
    assert server(world) == ("auto", None)
    assert world.checks == []
    assert applied.verification is not None
    assert applied.verification.pending == "offline"
    assert any(n.kind == "auto-not-settled" for n in applied.warnings)


def test_offline_later_keeps_what_was_settled_before(world: World) -> None:
    world.apply(effective(AUTO, verify=Verify(pending=("offline",))))
    world.settled = UNREACHED
    world.apply(effective({**AUTO, "sender.name": "DTS"}, verify=Verify(pending=("offline",))))
    assert server(world) == ("starttls", 587)


def test_no_verify_passes_an_unreachable_server_but_not_broken_tls(world: World) -> None:
    world.settled = replace(REJECTED, reached=True)
    with pytest.raises(VerificationFailed):
        world.apply(effective(AUTO), verify=False)
    world.settled = UNREACHED
    assert world.apply(verify=False).changed
    assert server(world) == ("auto", None)


def test_msmtp_cant_hold_an_auto_that_was_not_settled(world: World) -> None:
    world.settled = UNREACHED
    want = effective(AUTO, targets=(Target(kind="msmtp"),), verify=Verify(pending=("offline",)))
    assert "tls (known at apply)" in world.plan(want).plan.changes[0].diff
    with pytest.raises(Invalid) as caught:
        world.apply()
    assert caught.value.code == 3
    assert "msmtp" in caught.value.message
    assert "server.encryption" in caught.value.message
    assert not world.exists("/etc/msmtprc")


def test_implicit_tls_keeps_its_port(world: World) -> None:
    world.settled = Settled("tls", 465)
    world.apply(effective({**AUTO, "server.port": 465}))
    assert server(world) == ("tls", 465)
