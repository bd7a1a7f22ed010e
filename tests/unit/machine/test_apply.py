"""apply: what it writes, when it refuses, and that a failure leaves the machine as it was."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtsconf.errors import DtsconfError, Interrupted, Invalid, SecretUnavailable, SignInFailed, VerificationFailed
from dtsconf.machine import delivered, engine, run
from dtsconf.machine.lock import machine_lock
from dtsconf.machine.request import Applied, Options, Settled
from dtsconf.proof import Level, Past
from dtsconf.render import failure
from dtsconf.settings.effective import Effective
from dtsconf.settings.profile import load_profile
from dtsconf.settings.resolve import resolve
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from tests.unit.machine.world import CANARY, LOGIN, REJECTED, UNREACHED, WORKING, World, effective
from tests.unit.posix import group_id

CONFIG = "/etc/dts/email.json"
SECRETS = "/etc/dts/email.secrets.json"
MSMTP = "/etc/msmtprc"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def test_the_first_apply_writes_and_records(world: World) -> None:
    applied = world.apply()
    assert applied.changed
    assert [(c.action, c.path, c.reason) for c in applied.changes] == [("create", CONFIG, "profile")]
    assert applied.generation is not None
    assert applied.generation.number == 1
    assert applied.before is None
    assert json.loads(world.read(CONFIG))["settings"]["server"]["host"] == "mail.acme.example"
    assert applied.generation.proof.state == "verified"
    assert applied.generation.profile is not None
    assert applied.generation.profile.name == "acme"
    assert (applied.generation.user, applied.generation.sudo_user) == ("root", "alice")
    assert sorted(os.listdir(world.real("/var/lib/dtsconf/generations"))) == ["0.json", "1.json"]


def test_after_apply_status_is_in_sync_and_nothing_is_left_to_do(world: World) -> None:
    world.apply(effective(LOGIN, targets=(Target(kind="dts"), Target(kind="msmtp"))))
    assert world.status().state == "in-sync"
    assert world.plan().plan.empty
    assert world.plan(secrets=True).plan.empty
    again = world.apply()
    assert not again.changed
    assert again.generation is not None
    assert again.generation.number == 1


def test_a_delivered_secret_is_in_its_file_alone(world: World) -> None:
    world.apply(effective(LOGIN))
    stored = json.loads(world.read(SECRETS))["secrets"]
    assert list(stored.values()) == [CANARY]
    config = json.loads(world.read(CONFIG))
    assert config["secrets"]["delivered"] == {"login.password": next(iter(stored))}
    assert os.stat(world.real(SECRETS)).st_mode & 0o777 == 0o600
    holding = [path for path, (_mode, content) in world.tree().items() if content and CANARY.encode() in content]
    assert holding == [SECRETS.lstrip("/")]


def test_a_rotated_secret_shows_only_when_secrets_are_read(world: World) -> None:
    world.apply(effective(LOGIN))
    world.secrets["file:///etc/secret"] = "another"
    assert world.plan().plan.empty
    changes = world.plan(secrets=True).plan.changes
    assert {(c.path, c.reason) for c in changes} == {(CONFIG, "secret"), (SECRETS, "secret")}
    applied = world.apply()
    assert applied.changed
    assert list(json.loads(world.read(SECRETS))["secrets"].values()) == ["another"]
    assert world.status().state == "in-sync"


def test_the_plan_masks_and_knows_ids_only_after_apply(world: World) -> None:
    first = world.plan(effective(LOGIN)).plan
    text = "".join(change.diff for change in first.changes)
    assert "(known at apply)" in text
    assert "********" in text
    assert CANARY not in text
    assert world.fetched == []
    assert not world.exists("/var/lib/dtsconf")


@pytest.mark.parametrize("login", [WORKING, LOGIN])
def test_a_failed_verification_leaves_not_a_trace(world: World, login: dict[str, object]) -> None:
    before = world.tree()
    world.verification = REJECTED
    with pytest.raises(VerificationFailed) as caught:
        world.apply(effective(login))
    assert caught.value.code == 6
    assert world.tree() == before
    known = caught.value.known
    assert isinstance(known, Applied)
    assert known.verification is not None
    assert known.verification.failure is not None
    assert known.verification.failure.cause == "auth-rejected"
    assert next(c.path for c in known.changes) == CONFIG


def test_a_failed_update_leaves_the_old_generation(world: World) -> None:
    world.apply()
    before = world.tree()
    world.verification = UNREACHED
    with pytest.raises(VerificationFailed) as caught:
        world.apply(effective({**WORKING, "server.port": 2525}))
    assert caught.value.code == 9
    assert world.tree() == before
    assert caught.value.known.before.number == 1


def test_verification_sees_the_staged_settings_and_nothing_is_live_yet(world: World) -> None:
    seen: list[bool] = []
    world.during_verify = lambda: seen.append(world.exists(CONFIG))
    world.apply(effective(LOGIN))
    assert seen == [False]
    check = world.checks[0]
    assert (check.level, check.generation, check.past) == ("send", 1, Past())
    assert {key: secret.reveal() for key, secret in check.secrets.items()} == {"login.password": CANARY}


def test_a_secret_that_cant_be_had_is_exit_5_and_leaves_nothing(world: World) -> None:
    before = world.tree()
    world.secrets.clear()
    with pytest.raises(SecretUnavailable):
        world.apply(effective(LOGIN))
    assert world.tree() == before


def test_no_secret_is_fetched_when_no_login_is_required(world: World) -> None:
    world.apply(effective({**LOGIN, "login.required": False}))
    assert world.fetched == []
    assert not world.exists(SECRETS)


def test_answering_no_changes_nothing(world: World) -> None:
    before = world.tree()
    world.answer = False
    with pytest.raises(DtsconfError) as caught:
        world.apply()
    assert caught.value.code == 1
    assert world.tree() == before
    assert len(world.asked) == 1


def test_a_rotated_secret_is_asked_about_under_the_lock(world: World) -> None:
    world.apply(effective(LOGIN))
    world.asked.clear()
    world.secrets["file:///etc/secret"] = "another"
    world.apply()
    assert len(world.asked) == 1
    assert {c.reason for c in world.asked[0].changes} == {"secret"}


def test_one_question_even_when_auto_is_settled_in_between(world: World) -> None:
    world.apply(effective({**WORKING, "server.encryption": "auto"}))
    assert len(world.asked) == 1


def test_a_foreign_file_is_refused_without_adopt(world: World) -> None:
    world.write(MSMTP, "password hunter2\n", 0o640)
    before = world.tree()
    want = effective(targets=(Target(kind="dts"), Target(kind="msmtp")))
    plan = world.plan(want).plan
    assert plan.needs_adopt == (MSMTP,)
    assert "hunter2" not in "".join(c.diff for c in plan.changes)
    with pytest.raises(DtsconfError) as caught:
        world.apply(want)
    assert caught.value.code == 1
    assert "--adopt" in (caught.value.hint or "")
    assert world.tree() == before


def test_whichever_config_a_reader_has_its_secret_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(effective(LOGIN))
    world.secrets["file:///etc/secret"] = "another"
    rename, seen = world.system.rename, list[str]()

    def watched(old: str, new: str) -> None:
        rename(old, new)
        config, held = world.read(CONFIG), delivered.from_bytes(world.read(SECRETS).encode())
        seen.append(" ".join(value for name, value in held.items() if name in config))

    monkeypatch.setattr(world.system, "rename", watched)
    assert world.apply().changed
    assert set(seen) == {CANARY, "another"}, "never none"


def test_whoever_waits_is_told_which_secret_is_fetched(world: World) -> None:
    told: list[str] = []
    services = replace(world.services, progress=told.append)
    engine.apply(lambda: effective(LOGIN), world.machine, services, Options())
    assert told.count("fetching login.password") == 1


def test_no_config_names_a_secret_that_is_not_there_yet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply()
    rename, seen = world.system.rename, list[tuple[str, str]]()

    def watched(old: str, new: str) -> None:
        rename(old, new)
        seen.append((world.read(CONFIG), world.read(SECRETS) if world.exists(SECRETS) else ""))

    monkeypatch.setattr(world.system, "rename", watched)
    world.apply(effective(LOGIN))
    (name,) = delivered.from_bytes(world.read(SECRETS).encode())
    assert {name in held for config, held in seen if name in config} == {True}


def test_what_stood_in_a_secrets_file_of_somebody_elses_is_not_taken_along(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.apply()
    world.write(SECRETS, delivered.to_bytes({"0123456789abcdef": "theirs"}).decode(), 0o600)
    rename, seen = world.system.rename, list[str]()

    def watched(old: str, new: str) -> None:
        rename(old, new)
        seen.append(world.read(SECRETS))

    monkeypatch.setattr(world.system, "rename", watched)
    assert world.apply(effective(LOGIN), adopt=True).changed
    assert CANARY in seen[-1]
    assert not any(CANARY in held and "theirs" in held for held in seen)


def test_every_foreign_file_is_named(world: World) -> None:
    world.write(CONFIG, "{}\n")
    with pytest.raises(DtsconfError) as caught:
        world.apply()
    assert caught.value.message == f"{world.real(CONFIG)} stands there already, not written by dtsconf"
    world.write(MSMTP, "account old\n")
    with pytest.raises(DtsconfError) as caught:
        world.apply(effective(targets=(Target(kind="dts"), Target(kind="msmtp"))))
    both = f"{world.real(CONFIG)}, {world.real(MSMTP)}"
    assert caught.value.message == f"{both} stand there already, not written by dtsconf"


def test_adopt_keeps_the_file_beside_with_mode(world: World) -> None:
    world.write(MSMTP, "account old\n", 0o640)
    applied = world.apply(effective(targets=(Target(kind="msmtp"),)), adopt=True)
    assert applied.changed
    kept = world.real(MSMTP + ".before-dtsconf")
    assert Path(kept).read_text() == "account old\n"
    assert os.stat(kept).st_mode & 0o777 == 0o640
    assert "mail.acme.example" in world.read(MSMTP)
    assert world.status().state == "in-sync"


def test_adopt_refuses_when_a_kept_file_is_there_already(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.write(MSMTP + ".before-dtsconf", "older\n")
    with pytest.raises(DtsconfError) as caught:
        world.apply(effective(targets=(Target(kind="msmtp"),)), adopt=True)
    assert "before-dtsconf" in caught.value.message


def test_drift_is_replaced_and_named(world: World) -> None:
    world.apply()
    world.write(CONFIG, "{}\n")
    plan = world.plan().plan
    assert [(c.action, c.reason) for c in plan.changes] == [("update", "machine")]
    world.apply()
    assert world.status().state == "in-sync"
    assert json.loads(world.read(CONFIG))["profile"] == "acme"


def test_who_moved_what_is_told_apart(world: World) -> None:
    world.apply()
    changed = effective({**WORKING, "server.port": 2525})
    assert [c.reason for c in world.plan(changed).plan.changes] == ["profile"]
    world.write(CONFIG, "{}\n")
    assert [c.reason for c in world.plan(changed).plan.changes] == ["both"]
    os.unlink(world.real(CONFIG))
    gone = world.plan(effective()).plan.changes
    assert [(c.action, c.reason) for c in gone] == [("create", "machine")]


def test_a_dropped_target_is_deleted(world: World) -> None:
    world.apply(effective(targets=(Target(kind="dts"), Target(kind="msmtp"))))
    applied = world.apply(effective())
    assert [(c.action, c.path) for c in applied.changes] == [("update", CONFIG), ("delete", MSMTP)]
    assert not world.exists(MSMTP)
    assert world.status().state == "in-sync"


def test_a_dropped_target_that_somebody_changed_stays_and_is_told(world: World) -> None:
    world.apply(effective(targets=(Target(kind="dts"), Target(kind="msmtp"))))
    world.write(MSMTP, "mine now\n")
    applied = world.apply(effective())
    assert world.read(MSMTP) == "mine now\n"
    assert any(n.kind == "left" and MSMTP in n.message for n in applied.warnings)
    assert world.status().state == "in-sync"


def test_a_mode_of_ours_survives_a_replacement(world: World) -> None:
    world.apply()
    os.chmod(world.real(CONFIG), 0o640)
    assert world.plan().plan.empty
    world.apply(effective({**WORKING, "server.port": 2525}))
    assert os.stat(world.real(CONFIG)).st_mode & 0o777 == 0o640
    world.apply(effective({**WORKING, "server.port": 2526}))
    assert os.stat(world.real(CONFIG)).st_mode & 0o777 == 0o640


def test_a_secret_that_was_opened_to_others_is_drift_and_closed_again(world: World) -> None:
    world.apply(effective(LOGIN))
    os.chmod(world.real(SECRETS), 0o644)
    assert world.status().state == "drifted"
    applied = world.apply()
    assert [(c.path, c.reason) for c in applied.changes] == [(SECRETS, "machine")]
    assert os.stat(world.real(SECRETS)).st_mode & 0o777 == 0o600
    assert world.status().state == "in-sync"


def test_unattended_runs_splay_before_the_lock(world: World) -> None:
    want = effective(verify=Verify(splay=60))
    world.apply(want, attended=True)
    assert world.clock.slept == []
    world.apply(want, attended=False)
    assert world.clock.slept == []
    world.apply(effective({**WORKING, "server.port": 26}, verify=Verify(splay=60)), attended=False)
    assert world.clock.slept == [30]


def test_no_verify_is_recorded(world: World) -> None:
    applied = world.apply(verify=False)
    assert applied.verification is None
    assert applied.generation is not None
    assert (applied.generation.proof.state, applied.generation.proof.note) == ("none", "no-verify")
    assert world.checks == []


def test_no_verify_against_a_lock_is_exit_4(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.apply(effective(locks=("verify",)), verify=False)
    assert caught.value.code == 4
    assert not world.exists("/var/lib/dtsconf")


def test_level_none_asks_nobody(world: World) -> None:
    applied = world.apply(effective(verify=Verify(level="none")))
    assert world.checks == []
    assert applied.generation is not None
    assert applied.generation.proof.state == "none"


def test_verify_on_an_empty_plan_renews_the_proof(world: World) -> None:
    world.apply(verify=False)
    applied = world.apply(verify=True)
    assert not applied.changed
    assert len(world.checks) == 1
    proof = world.status().proof
    assert proof is not None
    assert (proof.state, proof.level, proof.host) == ("verified", "send", "host1")
    assert world.status().generation is not None
    assert applied.generation == world.status().generation


def test_verify_that_fails_on_an_empty_plan_changes_nothing(world: World) -> None:
    world.apply()
    before = world.tree()
    world.verification = REJECTED
    with pytest.raises(VerificationFailed):
        world.apply(verify=True)
    assert world.tree() == before


def test_offline_goes_live_with_the_proof_owed(world: World) -> None:
    world.verification = UNREACHED
    applied = world.apply(effective(verify=Verify(pending=("offline",))))
    assert applied.changed
    assert applied.generation is not None
    assert applied.generation.proof.state == "pending"
    assert applied.verification is not None
    assert applied.verification.pending == "offline"
    assert any(n.kind == "proof-pending" for n in applied.warnings)


def test_offline_does_not_excuse_a_rejection(world: World) -> None:
    world.verification = REJECTED
    with pytest.raises(VerificationFailed):
        world.apply(effective(verify=Verify(pending=("offline",))))


def test_a_missing_expected_value_needs_user_in_pending(world: World) -> None:
    values = {key: value for key, value in WORKING.items() if key != "sender.email"}
    with pytest.raises(Invalid) as caught:
        world.apply(effective(values, expects=("sender.email",)))
    assert caught.value.code == 3
    assert "DTS_EMAIL_SENDER__EMAIL" in (caught.value.hint or "")
    applied = world.apply(effective(values, expects=("sender.email",), verify=Verify(pending=("user",))))
    assert world.checks[0].level == "connect"
    assert applied.generation is not None
    assert (applied.generation.proof.state, applied.generation.proof.pending) == ("pending", "user")


MICROSOFT = {"mode": "microsoft", "microsoft.client_id": "00000000-0000-0000-0000-000000000001"}


def test_a_flow_that_needs_a_person_goes_live_with_its_proof_owed(world: World) -> None:
    applied = world.apply(effective(MICROSOFT))
    assert world.checks[0].level == "connect"
    assert applied.generation is not None
    assert (applied.generation.proof.state, applied.generation.proof.pending) == ("pending", "sign-in")
    assert [(w.kind, w.hint) for w in applied.warnings] == [
        ("proof-pending", "to prove them: dtsconf sign-in without --profile, as each user who sends")
    ]


@pytest.mark.parametrize("level", ["connect", "send"])
def test_a_proof_that_may_not_be_owed_keeps_such_a_flow_out(world: World, level: Level) -> None:
    before = world.tree()
    with pytest.raises(SignInFailed, match="needs a person") as caught:
        world.apply(effective(MICROSOFT, verify=Verify(level=level, pending=())))
    assert caught.value.code == 6
    assert world.tree() == before


def test_an_application_proves_the_whole_send_and_its_secret_is_delivered(world: World) -> None:
    values = {
        **MICROSOFT,
        "microsoft.flow": "application",
        "microsoft.tenant": "acme.example",
        "microsoft.client_secret": "env://PW",
        "sender.email": "app@acme.example",
    }
    applied = world.apply(effective(values))
    check = world.checks[0]
    assert check.level == "send"
    assert {key: secret.reveal() for key, secret in check.secrets.items()} == {"microsoft.client_secret": CANARY}
    assert list(json.loads(world.read(CONFIG))["secrets"]["delivered"]) == ["microsoft.client_secret"]
    assert CANARY in world.read(SECRETS)
    assert applied.generation is not None
    assert applied.generation.proof.state == "verified"


def test_reference_delivery_stores_no_secret(world: World) -> None:
    world.apply(effective(LOGIN, secrets=SecretsOptions(deliver="reference")))
    assert not world.exists(SECRETS)
    assert list(world.checks[0].secrets) == ["login.password"]
    assert json.loads(world.read(CONFIG))["secrets"]["delivered"] == {}


def test_reference_delivery_gives_msmtp_a_command(world: World) -> None:
    world.apply(effective(LOGIN, secrets=SecretsOptions(deliver="reference"), targets=(Target(kind="msmtp"),)))
    assert 'passwordeval "cat /etc/secret"' in world.read(MSMTP)
    assert os.stat(world.real(MSMTP)).st_mode & 0o777 == 0o644


def test_moving_from_file_to_reference_deletes_the_secrets(world: World) -> None:
    world.apply(effective(LOGIN))
    world.apply(effective(LOGIN, secrets=SecretsOptions(deliver="reference")))
    assert not world.exists(SECRETS)
    assert world.status().state == "in-sync"


def test_a_target_that_moves_during_verification_stops_the_apply(world: World) -> None:
    world.apply()
    world.during_verify = lambda: world.write(CONFIG, "somebody\n")
    with pytest.raises(DtsconfError) as caught:
        world.apply(effective({**WORKING, "server.port": 2525}))
    assert caught.value.code == 1
    assert world.read(CONFIG) == "somebody\n"


@pytest.mark.parametrize("what", ["apply", "plan"])
def test_another_apply_that_goes_live_while_it_is_looked_is_no_stranger(world: World, what: str) -> None:
    """Without the lock a record may be read before, and a file after it."""
    other = World(world.root)

    def load() -> Effective:
        if not other.checks:  # the record was read
            other.apply()
        return world.want

    if what == "plan":
        assert engine.plan(load, world.machine).plan.empty
    else:
        applied = engine.apply(load, world.machine, world.services, Options())
        assert not applied.changed
        assert applied.generation
        assert applied.generation.number == 1


def test_a_run_that_goes_live_just_now_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files may be there, and its record not yet."""
    world.apply()
    world.write(world.layout.journal, "at it")
    record = Path(world.real(world.layout.generation(1)))
    content = record.read_bytes()
    record.unlink()

    def later(_seconds: float) -> None:
        record.write_bytes(content)
        os.unlink(world.real(world.layout.journal))

    monkeypatch.setattr(time, "sleep", later)
    assert not world.apply().changed


def test_a_stranger_is_told_by_the_look_under_the_lock_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long another run takes to go live: what it has written is ours once the lock comes free."""
    World(world.root).apply(effective({**WORKING, "server.port": 2525}))
    record, first = (Path(world.real(world.layout.generation(number))) for number in (1, 0))
    contents = record.read_bytes(), first.read_bytes()
    record.unlink()
    first.unlink()

    @contextmanager
    def freed(*words: Any, **more: Any) -> Iterator[None]:
        record.write_bytes(contents[0])
        first.write_bytes(contents[1])
        with machine_lock(*words, **more):
            yield

    monkeypatch.setattr(run, "machine_lock", freed)
    applied = world.apply()
    assert [(each.action, each.adopts) for each in applied.changes] == [("update", False)]
    assert [plan.needs_adopt for plan in world.asked] == [()]


def test_a_disk_that_takes_nothing_back_is_no_machine_as_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply()
    rename = world.system.rename

    def failing(old: str, new: str) -> None:
        if world.exists(world.layout.journal):
            raise OSError(errno.EIO, os.strerror(errno.EIO), new)
        rename(old, new)

    monkeypatch.setattr(world.system, "rename", failing)
    with pytest.raises(DtsconfError, match="not all put back") as caught:
        world.apply(effective({**WORKING, "server.port": 2525}))
    known = caught.value.known
    assert isinstance(known, Applied)
    assert known.half
    told = failure.text(caught.value)
    assert told.startswith("NEITHER DONE NOR PUT BACK. host1 ")
    assert "Nothing was written" not in told


def test_ctrl_c_before_the_commit_undoes_everything(world: World) -> None:
    before = world.tree()

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.during_verify = interrupt
    with pytest.raises(Interrupted) as caught:
        world.apply(effective(LOGIN))
    assert caught.value.code == 130
    assert world.tree() == before


def test_each_apply_is_one_line_in_the_log(world: World) -> None:
    world.apply(reason="first\nrollout")
    world.apply()
    assert len(world.lines) == 1
    assert "generation 1" in world.lines[0]
    assert "acme" in world.lines[0]
    assert "alice" in world.lines[0]
    assert "\n" not in world.lines[0]


def test_only_0_and_the_last_20_generations_stay(world: World) -> None:
    for port in range(1, 24):
        world.apply(effective({**WORKING, "server.port": port}, verify=Verify(level="none")))
    names = os.listdir(world.real("/var/lib/dtsconf/generations"))
    assert sorted(int(name.removesuffix(".json")) for name in names) == [0, *range(4, 24)]


def test_values_from_the_environment_are_in_plan_and_record(world: World) -> None:
    want = effective(environment={"server.port": 2525})
    assert world.plan(want).plan.from_environment == ("server.port",)
    applied = world.apply()
    assert applied.generation is not None
    assert applied.generation.from_environment == ("server.port",)


def test_without_a_group_it_warns_that_only_the_owner_can_send(world: World) -> None:
    applied = world.apply(effective(LOGIN))
    assert any(n.key == "secrets.group" for n in applied.warnings)


def test_a_group_may_read_the_secret(world: World) -> None:
    world.write("/etc/group", f"mailers:x:{group_id()}:\n")
    applied = world.apply(effective(LOGIN, secrets=SecretsOptions(deliver="file", group="mailers")))
    assert os.stat(world.real(SECRETS)).st_mode & 0o777 == 0o640
    assert not any(n.key == "secrets.group" for n in applied.warnings)
    assert world.plan().plan.empty
    world.apply(effective(LOGIN))
    assert os.stat(world.real(SECRETS)).st_mode & 0o777 == 0o600


def test_a_group_that_was_made_anew_gets_its_file_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is the same; its id isn't, and the old one may be somebody else's by now."""
    want = effective(LOGIN, secrets=SecretsOptions(deliver="file", group="mailers"))
    world.write("/etc/group", f"mailers:x:{group_id()}:\n")
    world.apply(want)
    world.write("/etc/group", f"mailers:x:{group_id() + 1}:\n")
    (change,) = world.plan().plan.changes
    assert (change.path, change.reason) == (SECRETS, "machine")
    assert f"# group mailers has id {group_id() + 1} now" in change.diff
    given: list[int] = []
    monkeypatch.setattr(os, "fchown", lambda _file, _uid, gid: given.append(gid))
    assert world.apply().changed
    assert given == [group_id() + 1]
    assert world.plan().plan.empty


def test_an_unknown_group_is_exit_3_at_plan(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.plan(effective(LOGIN, secrets=SecretsOptions(deliver="file", group="no-such-group")))
    assert caught.value.code == 3


def test_an_unknown_group_is_told_with_its_place(world: World, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = "dtsconf: 1\nname: acme\nsettings:\n  server: {host: h.example, allow_cleartext_login: true}\n"
    text += "  sender: {email: a@h.example}\n  login: {required: true, username: a, password: env://PW}\n"
    path.write_text(f"{text}secrets: {{deliver: file, group: no-such-group}}\n")
    with pytest.raises(Invalid) as caught:
        world.plan(resolve(load_profile(str(path)), ()))
    (problem,) = caught.value.problems
    assert str(problem.where) == f"{path}:7:33"
    assert "no-such-group" in str(problem.excerpt)


def test_nothing_written_under_the_root_names_it(world: World) -> None:
    world.settled = Settled("tls", 465)
    world.apply(effective({**LOGIN, "server.encryption": "auto", "server.port": 465}, targets=(Target(kind="msmtp"),)))
    assert [p for p, (_m, content) in world.tree().items() if content and world.root.encode() in content] == []


def test_a_port_may_move_without_touching_the_secret(world: World) -> None:
    world.apply(effective(LOGIN))
    applied = world.apply(effective({**LOGIN, "server.port": 2525}))
    assert [c.path for c in applied.changes] == [CONFIG]
