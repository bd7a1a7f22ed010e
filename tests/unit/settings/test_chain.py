"""Chains of profiles: merging, locks of ancestors, policy adding up, what goes wrong on the way to a parent."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dtsconf.errors import Invalid, Place, Problem
from dtsconf.settings.chain import Chains
from dtsconf.settings.profile import load_profile
from dtsconf.settings.trust import TrustingReader

from .profiles import everything, lines, write

ORG = """\
dtsconf: 1
name: acme
settings:
  server: {host: mail.acme.example, encryption: starttls, ca_file: certs/ca.pem}
  connection: {timeout: 30}
policy:
  lock: [server, verify]
  rules:
    - {key: server.encryption, one_of: [tls, starttls], because: It leaves the site}
  recipients: ["*@acme.example"]
  max_size: 25 MiB
verify: {level: auth, retries: 1}
targets: [dts, msmtp]
expects: [sender.email]
"""
SITE = "dtsconf: 1\nname: perth\nextends: ../org.yaml\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"org.yaml": ORG, "sites/perth.yaml": SITE})
    return tmp_path


def problems_of(path: str) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as caught:
        load_profile(path)
    return caught.value.problems


def site(folder: Path, body: str) -> str:
    write(folder, {"sites/perth.yaml": SITE + body})
    return "sites/perth.yaml"


def test_the_child_wins_key_by_key_and_lists_replace(folder: Path) -> None:
    path = site(
        folder, "settings: {connection: {min_tls: 1.3}}\ntargets: [dts]\nexpects: [login]\nsecrets: {group: mail}\n"
    )
    profile = load_profile(path)
    values = profile.layer.values
    assert profile.name == "perth"
    assert values["server.host"].raw == "mail.acme.example"
    assert str(values["server.host"].where) == "org.yaml:4:18"
    assert values["connection.timeout"].raw == 30
    assert values["connection.min_tls"].raw == "1.3"
    assert str(values["connection.min_tls"].where) == "sites/perth.yaml:4:34"
    assert [target.kind for target in profile.targets] == ["dts"]
    assert profile.expects == ("login",)
    assert (profile.verify.level, profile.verify.retries, profile.secrets.group) == ("auth", 1, "mail")
    assert profile.files == ("sites/perth.yaml", "org.yaml")


def test_a_null_of_the_child_counts(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("lock: [server, verify]", "lock: []")})
    profile = load_profile(site(folder, "settings: {server: {ca_file: null}}\nrecord: null\n"))
    assert profile.layer.values["server.ca_file"].raw is None


def test_policies_add_up(folder: Path) -> None:
    body = 'policy: {lock: [login], recipients: ["*@perth.acme.example"], max_size: 30 MiB, rules: [{key: server.port, min: 25, max: 600}]}\n'
    policy = load_profile(site(folder, body)).policy
    assert [(lock.key, str(lock.where)) for lock in policy.locks] == [
        ("server", "org.yaml:7:10"),
        ("verify", "org.yaml:7:18"),
        ("login", "sites/perth.yaml:4:17"),
    ]
    assert [(rule.key, rule.op, rule.operand, rule.because) for rule in policy.rules] == [
        ("server.encryption", "one_of", ("tls", "starttls"), "It leaves the site"),
        ("server.port", "min", 25, None),
        ("server.port", "max", 600, None),
    ]
    assert [entry.patterns for entry in policy.recipients] == [("*@acme.example",), ("*@perth.acme.example",)]
    assert policy.max_size == 25 * 2**20


def test_a_ca_file_counts_from_the_file_that_names_it(folder: Path) -> None:
    assert load_profile("sites/perth.yaml").layer.values["server.ca_file"].raw == str(folder / "certs/ca.pem")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("settings: {server: {port: 465}}\n", "sites/perth.yaml:4:27: server.port is locked by org.yaml:7:10"),
        ("settings: {server: {host: null}}\n", "sites/perth.yaml:4:27: server.host is locked by org.yaml:7:10"),
        ("verify: {level: none}\n", "sites/perth.yaml:4:17: verify.level is locked by org.yaml:7:18"),
    ],
)
def test_a_child_can_not_set_what_an_ancestor_locked(folder: Path, body: str, told: str) -> None:
    (problem,) = problems_of(site(folder, body))
    assert lines([problem])[0].startswith(told)
    assert problem.code == 4
    assert problem.excerpt is not None
    assert "narrow the lock" in str(problem.hint)


@pytest.mark.parametrize("section", ["secrets", "targets"])
def test_sections_are_locked_too(folder: Path, section: str) -> None:
    write(folder, {"org.yaml": ORG.replace("verify]", "secrets, targets]")})
    body = {"secrets": "secrets: {vault: {timeout: 3}}\n", "targets": "targets: [dts]\n"}[section]
    (problem,) = problems_of(site(folder, body))
    assert problem.code == 4
    assert str(problem.key).startswith(section)


def test_a_file_s_own_lock_does_not_bind_it(folder: Path) -> None:
    body = "settings: {sender: {email: a@acme.example}}\npolicy: {lock: [sender]}\n"
    assert load_profile(site(folder, body)).layer.values["sender.email"].raw == "a@acme.example"


def test_a_grandchild_is_bound_by_all_above(folder: Path) -> None:
    write(
        folder,
        {
            "sites/perth.yaml": SITE + "policy: {lock: [login]}\n",
            "sites/dock.yaml": "dtsconf: 1\nname: dock\nextends: perth.yaml\nsettings: {login: {required: true}, server: {port: 1}}\n",
        },
    )
    found = problems_of("sites/dock.yaml")
    assert [problem.key for problem in found] == ["login.required", "server.port"]
    assert "sites/perth.yaml:4:17" in found[0].message
    assert "org.yaml:7:10" in found[1].message


def test_problems_of_all_files_come_together_and_3_wins(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("timeout: 30", "timeout: 0")})
    with pytest.raises(Invalid) as caught:
        load_profile(site(folder, "settings: {server: {port: 465}}\n"))
    assert [str(p.where) for p in caught.value.problems] == ["org.yaml:5:25", "sites/perth.yaml:4:27"]
    assert caught.value.code == 3


def test_a_cycle_names_its_files(folder: Path) -> None:
    write(folder, {"org.yaml": ORG + "extends: sites/perth.yaml\n"})
    (problem,) = problems_of("sites/perth.yaml")
    assert "perth.yaml -> ../org.yaml -> perth.yaml" in problem.message
    assert (str(problem.where), problem.key) == ("org.yaml:15:10", "extends")


def test_a_file_that_extends_itself_is_a_cycle(folder: Path) -> None:
    write(folder, {"self.yaml": "dtsconf: 1\nname: a\nextends: ./self.yaml\n"})
    assert problems_of("self.yaml")[0].kind == "cycle"


def test_a_folder_that_leads_into_itself_ends(folder: Path) -> None:
    (folder / "loop").symlink_to(".")
    write(folder, {"a.yaml": "dtsconf: 1\nname: a\nextends: loop/a.yaml\n"})
    (problem,) = problems_of("a.yaml")
    assert "longer than 20 files" in problem.message


def test_up_from_a_linked_folder_leads_where_the_system_leads(folder: Path) -> None:
    write(folder, {"real/deep/site.yaml": SITE, "real/org.yaml": ORG.replace("name: acme", "name: other")})
    (folder / "link").symlink_to("real/deep")
    profile = load_profile("link/site.yaml")
    assert profile.files == ("link/site.yaml", "link/../org.yaml")
    assert load_profile("real/deep/site.yaml").files[1] == "real/org.yaml"


def test_a_parent_that_is_not_there_is_told_at_extends(folder: Path) -> None:
    write(folder, {"sites/perth.yaml": SITE.replace("org.yaml", "ogr.yaml")})
    (problem,) = problems_of("sites/perth.yaml")
    assert lines([problem]) == ["sites/perth.yaml:3:10: extends: ogr.yaml is not there"]
    assert problem.hint == "did you mean org.yaml?"
    assert problem.excerpt == "extends: ../ogr.yaml\n         ^^^^^^^^^^^"


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("requires: '>=99.1'\nbogus: 1\n", "this profile needs dtsconf >=99.1, this is ", "update dtsconf on this"),
        ("requires: '<1'\n", "this profile needs dtsconf <1, this is ", "this dtsconf is newer than that: mend"),
        ("requires: '>=0.1,<1'\n", "this profile needs dtsconf >=0.1,<1, this is ", "this dtsconf is newer than"),
    ],
)
def test_too_old_a_dtsconf_is_all_that_is_told(folder: Path, text: str, told: str, hint: str) -> None:
    write(folder, {"new.yaml": "dtsconf: 1\nname: a\n" + text})
    (problem,) = problems_of("new.yaml")
    assert problem.message.startswith(told)
    assert str(problem.where) == "new.yaml:3:11"
    assert (problem.hint or "").startswith(hint)


def test_a_newer_format_is_all_that_is_told(folder: Path) -> None:
    write(folder, {"new.yaml": "dtsconf: 2\nname: a\nbogus: 1\n"})
    (problem,) = problems_of("new.yaml")
    assert problem.kind == "format"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{key: server.port}", "this rule on server.port says nothing"),
        ("{key: server.port, one_of: [a]}", "one_of of the rule on server.port: expects a whole number"),
        ("{key: server.encryption, none_of: [ssl]}", "none_of of the rule on server.encryption: 'ssl' is not one of"),
        ("{key: server.host, min: 5}", "min is about numbers, and server.host is none"),
        ("{key: server.port, one_of: []}", "policy.rules[0].one_of: expects at least one item"),
        ("{key: server.port, present: 1}", "policy.rules[0].present: expects true or false"),
        ("{key: login.password, one_of: [hunter2]}", "one_of of the rule on login.password: this is a secret in clear"),
    ],
)
def test_rules_that_can_not_be(folder: Path, rule: str, told: str) -> None:
    found = problems_of(site(folder, f"policy: {{rules: [{rule}]}}\n"))
    assert told in found[0].message
    assert found[0].hint
    assert "'hunter2'" not in everything(found)


def test_min_and_max_take_tls_versions(folder: Path) -> None:
    profile = load_profile(site(folder, "policy: {rules: [{key: connection.min_tls, min: 1.3}]}\n"))
    assert profile.policy.rules[-1].operand == "1.3"


@pytest.mark.parametrize(
    "targets",
    ["[dts, dts]", "[dts, {kind: dts}]", "[{kind: dts, path: /a}, {kind: msmtp, path: /a}]"],
)
def test_targets_given_twice(folder: Path, targets: str) -> None:
    (problem,) = problems_of(site(folder, f"targets: {targets}\n"))
    assert problem.kind == "duplicate-target"


def test_the_digest_is_that_of_the_bytes(folder: Path) -> None:
    first = load_profile("sites/perth.yaml").digest
    assert load_profile("sites/perth.yaml").digest == first
    assert len(first) == 64
    write(folder, {"org.yaml": ORG + "# a comment\n"})
    assert load_profile("sites/perth.yaml").digest != first


def make_fifo(path: str) -> None:
    if sys.platform != "win32":
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["folder", "fifo", "missing", "unreadable", "big", "nul"])
def test_what_is_no_readable_file_is_told_at_once(folder: Path, kind: str) -> None:
    path = "thing.yaml"
    if kind == "folder":
        (folder / path).mkdir()
    elif kind == "fifo":
        make_fifo(path)
    elif kind == "unreadable":
        (folder / path).symlink_to(path)
    elif kind == "big":
        (folder / path).write_bytes(b"#" * (2**20 + 1))
    elif kind == "nul":
        path = "thing\0.yaml"
    (problem,) = problems_of(path)
    assert problem.where == Place(path, 1, 1)
    assert problem.hint


def test_root_reads_only_what_nobody_else_could_write(folder: Path) -> None:
    (folder / "org.yaml").chmod(0o666)
    with pytest.raises(Invalid) as caught:
        load_profile("org.yaml", read=TrustingReader())
    (problem,) = caught.value.problems
    assert caught.value.code == 4
    assert "chmod" in str(problem.hint) or "chown" in str(problem.hint)
    assert "--trust-profile" in str(problem.hint)
    assert load_profile("org.yaml").name == "acme"


def test_a_reader_s_bytes_are_what_is_parsed() -> None:
    seen: list[str] = []

    def read(path: str) -> bytes:
        seen.append(path)
        return {"a/b.yaml": SITE, "org.yaml": ORG}[path].encode()

    assert load_profile("a/b.yaml", read=read).layer.values["server.host"].raw == "mail.acme.example"
    assert seen == ["a/b.yaml", "org.yaml"]


def test_extends_may_name_no_folder(tmp_path: Path) -> None:
    write(tmp_path, {"a/p.yaml": "dtsconf: 1\nname: x\nextends: ..\n"})
    (problem,) = Chains().load(str(tmp_path / "a/p.yaml")).problems
    assert problem.message == f"extends: {tmp_path} is a folder, not a file"
    assert problem.hint == "name a profile in that folder"


def test_extends_of_a_folder_is_named_where_the_path_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"p/p.yaml": "dtsconf: 1\nname: x\nextends: ..\n"})
    monkeypatch.chdir(tmp_path)
    assert Chains().load("p/p.yaml").problems[0].message == "extends: . is a folder, not a file"
