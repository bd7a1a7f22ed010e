"""Options to built objects, and finishing what a killed apply left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dtsconf import api, wiring
from dtsconf.errors import Invalid
from dtsconf.proof import Verification
from dtsconf.version import __version__
from dtsconf.wiring import Inputs, interrupted, own_test
from tests.unit.cli.calls import PROFILE, profile
from tests.unit.posix import caller_name, make_fifo

SETTINGS = PROFILE.partition("verify:")[0].replace("port: 2525", "port: 587, encryption: starttls")
LOGIN = "  login: {required: true, username: dts}\n"


def test_without_profile_and_machine_config_nothing_is_set(tmp_path: Path) -> None:
    org = wiring.organisation(Inputs(root=str(tmp_path)))
    assert (org.name, dict(org.layer.values), org.policy.locks) == ("", {}, ())
    assert [target.kind for target in org.targets] == ["dts"]


def test_all_layers_and_files_are_told_at_once(tmp_path: Path) -> None:
    path = profile(tmp_path, PROFILE.replace("2525", "x"))
    environ = {"DTS_EMAIL_SERVER__ENCRYPTION": "ssl"}
    with pytest.raises(Invalid) as caught:
        wiring.effective(Inputs(path, ("connection.timeout=x", "server.hots=y"), environ=environ), user=False)
    text = " ".join(f"{p.where} {p.key} {p.message}" for p in caught.value.problems)
    for word in ("server.port", "server.encryption", "connection.timeout", "server.hots"):
        assert word in text


@pytest.mark.parametrize(
    ("environ", "besides"),
    [
        ({}, {"sender.email": "missing", "server.host": "missing", "connection.timeout": "rule-broken"}),
        ({"DTS_EMAIL_SERVER__HOST": "mail.acme.example"}, {"sender.email": "missing", "connection.timeout": "rule-broken"}),
        ({"DTS_EMAIL_SERVER__HOST": "a b", "DTS_EMAIL_SENDER__EMAIL": "a@b.example", "DTS_EMAIL_CONNECTION__TIMEOUT": "2"},
         {"server.host": "host"}),
    ],
)  # fmt: skip
def test_a_broken_lock_hides_nothing(tmp_path: Path, environ: dict[str, str], besides: dict[str, str]) -> None:
    """It alone is code 4, and what else the settings lack is of kind 3."""
    rule = "{key: connection.timeout, max: 5}"
    (tmp_path / "org.yaml").write_text(
        "dtsconf: 1\nname: org\nsettings: {server: {encryption: tls}}\n"
        f"policy: {{lock: [server.encryption], rules: [{rule}]}}\n"
    )
    body = "dtsconf: 1\nname: site\nextends: org.yaml\nsettings: {server: {encryption: none}}\n"
    with pytest.raises(Invalid) as caught:
        wiring.effective(Inputs(profile(tmp_path, body), environ=environ), user=False)
    found = {problem.key: problem.kind for problem in caught.value.problems}
    assert (caught.value.code, found) == (3, {"server.encryption": "locked", **besides})


def test_the_user_file_counts_only_where_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = tmp_path / "user.yaml"
    user.write_text("sender: {name: Ann}\n")
    monkeypatch.setenv("DTSCONF_USER_FILE", str(user))
    given = Inputs(profile(tmp_path))
    assert wiring.effective(given, user=True).settings.sender.name == "Ann"
    assert wiring.effective(given, user=False).settings.sender.name is None


@pytest.fixture
def applied(tmp_path: Path) -> Path:
    """The root of a machine on which a profile was applied."""
    root = tmp_path / "root"
    api.apply(profile(tmp_path, SETTINGS), root=root, verify=False, environ={})
    return root


def test_what_apply_wrote_is_taken_as_it_stands(applied: Path) -> None:
    assert wiring.organisation(Inputs(root=str(applied))).sound
    assert wiring.organisation(Inputs(root=str(applied)), recorded=True).sound


def test_a_machine_config_that_somebody_has_edited_is_checked(applied: Path) -> None:
    config = applied / "etc/dts/email.json"
    config.write_text(config.read_text().replace('"port": 587', '"port": 588'))
    found = wiring.effective(Inputs(root=str(applied)), user=False)
    assert not found.org.sound
    assert found.settings.server.port == 588
    config.write_text(config.read_text().replace('"port": 588', '"port": "x"'))
    with pytest.raises(Invalid):
        wiring.effective(Inputs(root=str(applied)), user=False)


def test_what_another_version_wrote_is_checked(applied: Path) -> None:
    record = applied / "var/lib/dtsconf/generations/1.json"
    record.write_text(record.read_text().replace(f'"version": "{__version__}"', '"version": "0.9"'))
    assert not wiring.organisation(Inputs(root=str(applied))).sound
    record.write_text("{")
    assert not wiring.organisation(Inputs(root=str(applied))).sound


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"format": 99}'])
def test_a_damaged_machine_config_is_exit_3_naming_it(tmp_path: Path, content: bytes) -> None:
    config = tmp_path / "etc/dts/email.json"
    config.parent.mkdir(parents=True)
    config.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        wiring.organisation(Inputs(root=str(tmp_path)))
    assert caught.value.code == 3
    assert any("/etc/dts/email.json" in f"{p.where} {p.message}" for p in caught.value.problems)


def test_a_machine_config_that_is_a_folder_or_fifo(tmp_path: Path) -> None:
    config = tmp_path / "etc/dts/email.json"
    config.mkdir(parents=True)
    with pytest.raises(Invalid):
        wiring.organisation(Inputs(root=str(tmp_path)))
    config.rmdir()
    make_fifo(config)
    with pytest.raises(Invalid):
        wiring.organisation(Inputs(root=str(tmp_path)))


def test_nothing_to_finish_makes_nothing(tmp_path: Path) -> None:
    assert interrupted.finish(str(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_the_user_is_told_by_id_not_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.setenv("LOGNAME", "somebody")
    assert wiring.user_name() == caller_name()
    monkeypatch.setattr(os, "geteuid", lambda: 4711, raising=True)
    assert wiring.user_name() == "4711"


def test_the_environment_stays_out_of_the_repr() -> None:
    assert "c4nary" not in repr(Inputs(environ={"PW": "c4nary"}))


def test_a_machine_without_a_target_dts_is_told_so(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = profile(tmp_path, PROFILE + "targets: [msmtp]\n")
    api.apply(path, root=root)
    hints = {}
    for folder in (root, tmp_path):
        with pytest.raises(Invalid) as caught:
            wiring.effective(Inputs(root=str(folder)), user=False)
        hints[folder] = caught.value.hint
    assert "the machine config is not among the targets that were applied: add dts" in str(hints[root])
    assert "nothing was applied on this machine yet" in str(hints[tmp_path])


def test_what_is_missing_in_a_profile_is_told_with_a_place(tmp_path: Path) -> None:
    path = profile(tmp_path, SETTINGS + LOGIN)
    with pytest.raises(Invalid) as caught:
        wiring.effective(Inputs(path), user=False)
    (problem,) = caught.value.problems
    assert (problem.key, str(problem.where).startswith(f"{path}:")) == ("login.password", True)
    assert "login: {required: true" in str(problem.excerpt)


def test_a_plan_says_that_apply_will_refuse_what_is_missing(tmp_path: Path) -> None:
    text = SETTINGS + LOGIN + "expects: [login.password]\n"
    path = profile(tmp_path, text)
    (notice,) = [each for each in api.plan(path, root=tmp_path).warnings if each.kind == "missing"]
    assert notice.message.startswith("apply will refuse this: login.password is not set")
    assert "DTS_EMAIL_LOGIN__PASSWORD" in str(notice.hint)
    later = profile(tmp_path, text + "verify: {pending: [user]}\n")
    assert "missing" not in {each.kind for each in api.plan(later, root=tmp_path).warnings}


@pytest.mark.parametrize(("level", "who"), [("send", "apply"), ("none", "each send")])
def test_a_plan_says_who_will_refuse_a_ca_file_that_is_not_there(tmp_path: Path, level: str, who: str) -> None:
    text = SETTINGS.replace("host:", "ca_file: /nope.pem, host:")
    path = profile(tmp_path, f"{text}verify: {{level: {level}}}\n")
    (notice,) = [each for each in api.plan(path, root=tmp_path / "root").warnings if each.kind == "ca-file"]
    assert notice.message == f"{who} will refuse this: server.ca_file '/nope.pem' is not there"
    assert notice.hint == "put the root certificates there, or mend the path"


@pytest.mark.parametrize(
    ("deliver", "level", "who"),
    [("file", "none", "apply"), ("reference", "send", "apply"), ("reference", "none", "each send")],
)
def test_a_plan_says_who_will_miss_vault_s_roots(tmp_path: Path, deliver: str, level: str, who: str) -> None:
    vault = "vault: {url: 'https://vault.example', ca_file: /nope.pem, auth: {method: token, token: 'file:///t'}}"
    login = LOGIN.replace("dts}", "dts, password: 'vault://kv/mail#password'}")
    text = f"{SETTINGS}{login}secrets: {{deliver: {deliver}, {vault}}}\nverify: {{level: {level}}}\n"
    plan = api.plan(profile(tmp_path, text), root=tmp_path / "root")
    (notice,) = [each for each in plan.warnings if each.kind == "ca-file"]
    assert notice.message == f"{who} will refuse this: secrets.vault.ca_file '/nope.pem' is not there"
    plain = text.replace("vault://kv/mail#password", "file:///etc/pw")
    warnings = api.plan(profile(tmp_path, plain), root=tmp_path / "root").warnings
    assert "ca-file" not in {each.kind for each in warnings}


def test_a_plan_says_what_a_machine_without_a_config_lacks(tmp_path: Path) -> None:
    path = profile(tmp_path, f"{SETTINGS}verify: {{level: none}}\ntargets: [msmtp]\n")
    for found in (api.plan(path, root=tmp_path / "root"), api.apply(path, root=tmp_path / "root")):
        (notice,) = [each for each in found.warnings if each.kind == "target"]
        assert "targets has no dts" in notice.message


def test_a_proof_that_can_t_be_kept_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = profile(tmp_path, SETTINGS + LOGIN + "expects: [login.password]\nverify: {level: none, pending: [user]}\n")
    api.apply(path, root=root)
    users = root / "var/lib/dtsconf/users"
    users.write_text("in the way")
    passed = Verification("send", True, ())
    given = Inputs(root=str(root))
    (notice,) = own_test.record(given, wiring.effective(given, user=False), passed)
    assert notice.kind == "proof"
    assert f"could not be kept in {users}" in notice.message
    users.unlink()
    assert own_test.record(given, wiring.effective(given, user=False), passed) == ()
