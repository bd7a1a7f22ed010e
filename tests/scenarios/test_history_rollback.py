"""Generations: what is recorded, and going back."""

from __future__ import annotations

import datetime as dt
import subprocess
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.scenarios.harness import Machine, login, mode, tree
from tests.scenarios.test_apply import Servers, proven


def generations(machine: Machine) -> list[dict[str, Any]]:
    return list(machine.run("history", "--json").ok().json["generations"])


def test_history_before_anything(machine: Machine) -> None:
    assert generations(machine) == []
    machine.run("history").ok()


def test_history_has_one_record_an_apply_newest_last(machine: Machine) -> None:
    machine.apply(machine.profile(), "--reason", "first").ok()
    machine.apply(machine.profile(name="second"), "--reason", "next").ok()
    records = [record for record in generations(machine) if record["generation"] > 0]
    assert [record["generation"] for record in records] == [1, 2]
    assert [record["profile"]["name"] for record in records] == ["acme-perth", "second"]
    assert [record["reason"] for record in records] == ["first", "next"]
    assert records[0]["profile"]["digest"] != records[1]["profile"]["digest"]
    assert all(
        set(record) >= {"generation", "time", "user", "reason", "profile", "proof", "rollback_of"} for record in records
    )
    assert records[0]["user"]
    assert records[0]["rollback_of"] is None
    when = dt.datetime.fromisoformat(records[0]["time"])
    assert when.tzinfo is not None
    text = machine.run("history").ok().stdout
    assert text.index("acme-perth") < text.index("second")
    assert "next" in text


def test_sudo_caller_is_recorded(machine: Machine) -> None:
    env = {"SUDO_USER": "jane", "SUDO_UID": "1000", "SUDO_GID": "1000"}
    machine.apply(machine.profile(), env=env).ok()
    assert "jane" in str(generations(machine)[-1])


def test_commit_of_a_git_tree_is_recorded(machine: Machine) -> None:
    profile = machine.profile("repo/site.yaml")
    repo = machine.work / "repo"
    env = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null"}
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t.example", "-C", str(repo)]
    for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *args], check=True, env=env)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, env=env).stdout
    machine.apply(profile).ok()
    records = b"".join(path.read_bytes() for path in machine.state.rglob("*") if path.is_file())
    assert commit.strip().encode() in records


def test_rollback_goes_to_the_newest_that_differs(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(name="second")).ok()
    second = machine.config.read_bytes()
    body = machine.run("rollback", "--yes", "--json").ok().json
    assert machine.config.read_bytes() == first
    assert generations(machine)[-1]["rollback_of"] == 1
    assert generations(machine)[-1]["generation"] == 3
    assert body["ok"] is True
    machine.run("rollback", "--yes").ok()
    assert machine.config.read_bytes() == second


def test_a_change_by_hand_is_taken_back_by_apply_and_passed_over_by_a_rollback(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(name="second")).ok()
    second = machine.config.read_bytes()
    told = " ".join(machine.run("rollback", "--help").ok().stdout.split())
    assert "the newest whose content differs from what was last applied" in told
    assert "changed by hand since, `dtsconf apply` takes back" in told
    for command, found in (("apply", second), ("rollback", first)):
        machine.config.write_bytes(machine.config.read_bytes().replace(b"relay.acme", b"other.acme"))
        machine.run(command, "--yes", "--no-verify").ok()
        assert machine.config.read_bytes() == found


def test_what_was_rolled_back_to_before_dtsconf_is_told_as_that(machine: Machine) -> None:
    assert "dtsconf apply --profile FILE" in machine.run("rollback", "--yes").fails(1).text
    machine.apply(machine.profile()).ok()
    machine.run("rollback", "0", "--yes").ok()
    result = machine.run("send", "--to", "a@acme.example", "--subject", "s", "--body", "b")
    assert "rolled back to before dtsconf" in result.text, result


def test_rollback_to_a_number(machine: Machine) -> None:
    contents = []
    for name in ("one", "two", "three"):
        machine.apply(machine.profile(name=name)).ok()
        contents.append(machine.config.read_bytes())
    machine.run("rollback", "1", "--yes").ok()
    assert machine.config.read_bytes() == contents[0]
    machine.run("rollback", "2", "--yes").ok()
    assert machine.config.read_bytes() == contents[1]
    machine.run("status").ok()


def test_rollback_to_what_stands_changes_nothing(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    before = machine.everything()
    machine.run("rollback", "1", "--yes").ok()
    assert machine.everything() == before


@pytest.mark.parametrize("number", ["7", "-1", "x", "1.5", "99999999999999999999"])
def test_rollback_to_a_number_that_is_not_there(machine: Machine, number: str) -> None:
    machine.apply(machine.profile()).ok()
    assert machine.run("rollback", "--yes", "--", number).code in {1, 2}


def test_rollback_without_a_past(machine: Machine) -> None:
    result = machine.run("rollback", "--yes")
    assert result.code in {1, 7}, result
    assert result.text.strip()


def test_rollback_of_the_only_generation_goes_to_what_stood_before(machine: Machine) -> None:
    """With one generation the newest whose content differs is number 0: nothing stood there."""
    machine.apply(machine.profile()).ok()
    machine.run("rollback", "--yes").ok()
    assert not machine.config.exists()


def test_rollback_0_leaves_what_stood_there_before_dtsconf(machine: Machine) -> None:
    profile = machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])
    machine.root.joinpath("etc").mkdir(mode=0o751)
    before = machine.live()
    machine.apply(profile).ok()
    machine.run("rollback", "0", "--yes").ok()
    assert not machine.config.exists()
    assert not machine.delivered.exists()
    assert not machine.msmtprc.exists()
    left = {name: facts for name, facts in machine.live().items() if name not in before}
    assert set(left) <= {"etc/dts", "var", "var/lib"}
    machine.apply(profile).ok()
    machine.run("status").ok()


def test_rollback_0_brings_adopted_files_back(machine: Machine) -> None:
    machine.config.parent.mkdir(parents=True)
    machine.config.write_text("hand made")
    machine.config.chmod(0o640)
    machine.apply(machine.profile(), "--adopt").ok()
    machine.apply(machine.profile(name="second")).ok()
    machine.run("rollback", "0", "--yes").ok()
    assert machine.config.read_text() == "hand made"
    assert mode(machine.config) == 0o640


def test_rollback_is_verified_like_any_apply(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.apply(machine.profile(**proven(server))).ok()
    machine.apply(machine.profile(**proven(server, name="second"))).ok()
    assert len(server.messages) == 2
    body = machine.run("rollback", "--yes", "--json").ok().json
    assert len(server.messages) == 3
    assert body["verification"]["ok"] is True
    server.replies["RCPT"] = "550 5.1.1 gone"
    before = tree(machine.root)
    machine.run("rollback", "--yes").fails(6)
    after = tree(machine.root)
    assert {name: facts for name, facts in after.items() if not name.endswith("/lock")} == {
        name: facts for name, facts in before.items() if not name.endswith("/lock")
    }


def test_rollback_takes_the_secret_as_it_is_now(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    server.users = {"lab": "plum-tree-9"}
    machine.secret_file("plum-tree-9")
    machine.apply(machine.profile(**proven(server, settings=settings, name="second"))).ok()
    machine.run("rollback", "1", "--yes").ok()
    assert server.logins[-1] == ("lab", "plum-tree-9")
    assert "plum-tree-9" in machine.delivered.read_text()
    assert "pear-tree-9" not in machine.delivered.read_text()


def test_rollback_uses_the_delivered_value_when_its_source_is_gone(machine: Machine) -> None:
    settings = login("env://SMTP_PASSWORD")
    machine.secrets.append("pear-tree-9")
    env = {"SMTP_PASSWORD": "pear-tree-9"}
    machine.apply(machine.profile(settings=settings), env=env).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(settings=settings, name="second"), env=env).ok()
    result = machine.run("rollback", "--yes").ok()
    assert "delivered" in result.text
    assert machine.config.read_bytes() == first
    assert "pear-tree-9" in machine.delivered.read_text()


def test_rollback_to_another_reference_whose_source_is_gone_is_exit_5(machine: Machine) -> None:
    machine.secrets += ["pear-tree-9", "plum-tree-9"]
    machine.apply(machine.profile(settings=login("env://ONE")), env={"ONE": "pear-tree-9"}).ok()
    machine.apply(machine.profile(settings=login("env://TWO")), env={"TWO": "plum-tree-9"}).ok()
    machine.run("rollback", "--yes").fails(5)
    machine.run("status").ok()


def test_rollback_does_not_need_the_profile(machine: Machine) -> None:
    machine.apply(machine.profile(policy={"lock": ["server"]})).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(name="second")).ok()
    (machine.work / "site.yaml").unlink()
    machine.run("rollback", "--yes").ok()
    assert machine.config.read_bytes() == first
    assert machine.run("show", "--json", env={"DTS_EMAIL_SERVER__PORT": "1"}).ok().json["set_aside"]


def test_rollback_over_drift_replaces_it(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(name="second")).ok()
    machine.config.write_text("drifted")
    machine.run("rollback", "1", "--yes").ok()
    assert machine.config.read_bytes() == first


def test_number_0_and_the_last_20_are_kept(machine: Machine) -> None:
    for number in range(1, 24):
        machine.apply(machine.profile(name=f"site-{number}")).ok()
    numbers = [record["generation"] for record in generations(machine)]
    kept = list((machine.state / "generations").iterdir())
    assert numbers[-20:] == list(range(4, 24))
    assert min(number for number in numbers if number > 0) >= 3
    assert len(kept) <= 22
    machine.run("rollback", "0", "--yes").ok()
    assert not machine.config.exists()


def test_a_failed_apply_leaves_no_generation(machine: Machine, smtpd: Servers) -> None:
    machine.apply(machine.profile()).ok()
    server = smtpd(replies={"RCPT": "550 5.1.1 no"})
    machine.apply(machine.profile(**proven(server))).fails(6)
    assert [record["generation"] for record in generations(machine)][-1] == 1
    machine.apply(machine.profile(name="third")).ok()
    assert [record["generation"] for record in generations(machine)][-1] == 2


def test_rollback_asks_on_a_terminal_only(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.apply(machine.profile(name="second")).ok()
    machine.run("rollback", stdin="").ok()


def test_environment_layer_does_not_change_a_rollback(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    first = machine.config.read_bytes()
    machine.apply(machine.profile(name="second")).ok()
    machine.run("rollback", "1", "--yes", env={"DTS_EMAIL_SENDER__NAME": "Other"}).ok()
    assert machine.config.read_bytes() == first


def damaged(machine: Machine, number: int) -> str:
    path = machine.state / f"generations/{number}.json"
    path.write_text("x\n")
    return str(path)


def test_mail_goes_on_with_a_damaged_record_and_apply_gets_over_it(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(
        settings={"server": {"host": "127.0.0.1", "port": server.port}}, verify={"to": "a@b.example"}
    )
    machine.apply(profile).ok()
    machine.apply(
        machine.profile(
            "other.yaml",
            name="other",
            settings={"server": {"host": "127.0.0.1", "port": server.port}},
            verify={"to": "a@b.example"},
        )
    ).ok()
    path = damaged(machine, 2)
    config = machine.config.read_bytes()
    for args in (("test",), ("send", "--to", "you@acme.example", "--subject", "s", "--body", "b"), ("show",)):
        result = machine.run(*args, "--json").ok()
        assert [each["message"] for each in result.warnings if path in each["message"]], result
    found = machine.run("status").fails(7)
    assert f"{path}: damaged" in found.text
    assert "puts it back" not in found.text
    assert "dtsconf apply --profile FILE" in found.text
    assert path in machine.run("plan").ok().text
    machine.run("apply", "--yes").ok()
    assert machine.config.read_bytes() == config
    assert [each["generation"] for each in generations(machine)] == [0, 1, 3]
    assert "#2  damaged" in machine.run("history").ok().stdout
    machine.run("status").ok()
    assert (machine.state / "generations/2.json").read_text() == "x\n"


def test_what_is_not_applied_over_a_damaged_record_says_no_word_of_before_dtsconf(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    damaged(machine, 1)
    failed = machine.apply(machine.profile(name="other")).fails(1)
    assert "--adopt" in failed.text
    assert "before dtsconf." not in failed.text


def test_an_older_damaged_record_is_marked_and_hinders_no_rollback(machine: Machine) -> None:
    for name in ("one", "two", "three"):
        machine.apply(machine.profile(name=name)).ok()
    path = damaged(machine, 2)
    result = machine.run("history").ok()
    assert "#1 " in result.stdout
    assert "#2  damaged" in result.stdout
    assert path in result.stderr
    assert path in machine.run("doctor").text
    failed = machine.run("rollback", "2", "--yes").fails(1)
    assert "dtsconf history" in failed.text
    assert machine.run("rollback", "--yes", "--json").ok().json["rollback_of"] == 1
