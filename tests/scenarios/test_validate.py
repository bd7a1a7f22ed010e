"""validate: all problems of all files at once, without network or environment."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.scenarios.harness import Machine

BAD = """dtsconf: 1
name: acme-perth
settings:
  sender: {email: lab@acme.example}
  server:
    host: relay.acme.example
    encryption: ssl
    port: 70000
"""


def test_a_good_profile(machine: Machine) -> None:
    body = machine.run("validate", "--json", machine.profile()).ok().json
    assert body["ok"] is True
    assert not body.get("problems")


def test_errors_look_like_a_compilers(machine: Machine) -> None:
    machine.write("site.yaml", BAD)
    result = machine.run("validate", "site.yaml").fails(3)
    lines = result.text.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("site.yaml:7:17: server.encryption:"))
    assert "'ssl' is not one of none, auto, tls, starttls" in lines[at]
    excerpt = next(line for line in lines[at + 1 :] if "encryption: ssl" in line)
    caret = lines[lines.index(excerpt) + 1]
    assert caret.index("^") == excerpt.index("ssl"), result
    assert any("hint: " in line for line in lines[at:])
    assert any(line.startswith("site.yaml:8:11: server.port:") for line in lines)
    for word in ("pydantic", "Input should", "type=", "validation error"):
        assert word not in result.text


def test_the_machine_config_is_told_as_no_profile(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    told = machine.run("validate", str(machine.config)).fails(3).text
    assert "this is the machine config, which apply writes" in told
    assert "hint: name the YAML file that it was applied from" in told
    assert told.count("hint:") == 1


def test_problems_as_json(machine: Machine) -> None:
    machine.write("site.yaml", BAD)
    body = machine.run("validate", "--json", "site.yaml").fails(3).json
    places = {
        problem["where"].get("key") or problem.get("key"): (problem["where"]["line"], problem["where"]["column"])
        for problem in body["problems"]
    }
    assert places == {"server.encryption": (7, 17), "server.port": (8, 11)}
    assert all("^" not in problem["message"] for problem in body["problems"])


def test_all_problems_of_all_files_at_once(machine: Machine) -> None:
    machine.write("one.yaml", BAD)
    machine.write("two.yaml", BAD.replace("name: acme-perth", "name: 5"))
    machine.write("three.yaml", "{")
    good = machine.profile("good.yaml")
    body = machine.run("validate", "--json", "one.yaml", "two.yaml", "three.yaml", good).fails(3).json
    count: dict[str, int] = {}
    for problem in body["problems"]:
        name = problem["where"]["file"].rsplit("/", 1)[-1]
        count[name] = count.get(name, 0) + 1
    assert count == {"one.yaml": 2, "two.yaml": 3, "three.yaml": 1}


def test_folders_recurse(machine: Machine) -> None:
    machine.write("sites/a/one.yaml", BAD)
    machine.write("sites/b/c/two.yml", BAD)
    machine.profile("sites/good.yaml")
    machine.write("sites/notes.txt", "{{{")
    body = machine.run("validate", "--json", "sites").fails(3).json
    assert {Path(problem["where"]["file"]).name for problem in body["problems"]} == {"one.yaml", "two.yml"}


def test_a_folder_without_profiles_is_told(machine: Machine) -> None:
    (machine.work / "empty").mkdir()
    result = machine.run("validate", "empty")
    assert result.text.strip()
    assert result.code in {0, 2, 3}


def test_a_missing_file_is_exit_3_and_the_rest_is_checked(machine: Machine) -> None:
    machine.write("one.yaml", BAD)
    body = machine.run("validate", "--json", "nope.yaml", "one.yaml").fails(3).json
    assert "nope.yaml" in json.dumps(body["problems"])
    assert "one.yaml" in json.dumps(body["problems"])


def test_no_argument_is_a_usage_error(machine: Machine) -> None:
    machine.run("validate").fails(2)


def test_github_format(machine: Machine) -> None:
    machine.write("site.yaml", BAD.replace("ssl", "'100% a,b:c'"))
    lines = machine.run("validate", "--format", "github", "site.yaml").fails(3).stdout.splitlines()
    annotations = [line for line in lines if line.startswith("::error ")]
    assert len(annotations) == 2
    assert "file=site.yaml" in annotations[0]
    assert "line=7" in annotations[0]
    assert "col=17" in annotations[0]
    assert "100%25 a,b:c" in annotations[0], "GitHub's escapes"


def test_junit_format(machine: Machine) -> None:
    machine.write("site.yaml", BAD.replace("ssl", "'<&\"'"))
    good = machine.profile("good.yaml")
    root = ET.fromstring(machine.run("validate", "--format", "junit", "site.yaml", good).fails(3).stdout)
    cases = list(root.iter("testcase"))
    failures = list(root.iter("failure"))
    assert len(cases) >= 2
    assert failures
    assert "'<&\"'" in "".join(failure.get("message", "") + (failure.text or "") for failure in failures)
    suite = root if root.tag == "testsuite" else next(root.iter("testsuite"))
    assert int(suite.get("failures", "0")) == sum(1 for case in cases if case.find("failure") is not None)
    ET.fromstring(machine.run("validate", "--format", "junit", good).ok().stdout)


def test_an_unknown_format_is_a_usage_error(machine: Machine) -> None:
    machine.run("validate", "--format", "html", machine.profile()).fails(2)


def test_the_environment_and_the_user_file_do_not_matter(machine: Machine) -> None:
    machine.write("site.yaml", "dtsconf: 1\nname: x\nsettings: {sender: {email: a@b.example}}\n")
    user = machine.write("user.yaml", "{{{")
    env = {"DTS_EMAIL_SERVER__HOST": "h.example", "DTSCONF_USER_FILE": str(user), "DTS_EMAIL_SERVER__PORT": "x"}
    result = machine.run("validate", "--json", "site.yaml", env=env).fails(3)
    assert [problem.get("key") or problem["where"].get("key") for problem in result.problems] == ["server.host"]


def test_set_is_refused_since_it_would_change_nothing(machine: Machine) -> None:
    machine.secrets.append("hunter2-hunter2")
    result = machine.run("validate", machine.profile(), "--set", "login.password=hunter2-hunter2").fails(2)
    assert f" --set KEY=VALUE --profile {machine.profile()}" in result.stderr
    body = machine.run("validate", machine.profile(), "--set", "server.port=nonsense", "--json").fails(2).json
    assert [problem["kind"] for problem in body["problems"]] == ["usage"]


def test_a_missing_required_value_is_fine_in_a_parent_and_in_expects(machine: Machine) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\nsettings: {server: {host: h.example}}\n")
    machine.write("child.yaml", "dtsconf: 1\nname: c\nextends: org.yaml\nsettings: {sender: {email: a@b.example}}\n")
    machine.run("validate", "org.yaml").fails(3)
    machine.run("validate", "child.yaml").ok()
    machine.run("validate", "org.yaml", "child.yaml").ok()
    machine.run("validate", "child.yaml", "org.yaml").ok()
    machine.run("validate", ".").ok()
    machine.write("alone.yaml", "dtsconf: 1\nname: a\nexpects: [server.host, sender.email]\n")
    machine.run("validate", "alone.yaml").ok()


def test_microsoft_mode_needs_its_client_id_but_no_server(machine: Machine) -> None:
    machine.write("site.yaml", "dtsconf: 1\nname: x\nsettings: {mode: microsoft}\n")
    result = machine.run("validate", "--json", "site.yaml").fails(3)
    assert "microsoft.client_id" in json.dumps(result.problems)
    assert "server.host" not in json.dumps(result.problems)
    machine.write(
        "site.yaml",
        "dtsconf: 1\nname: x\nsettings: {mode: microsoft, microsoft: {client_id: 11111111-2222-3333-4444-555555555555}}\n",
    )
    machine.run("validate", "site.yaml").ok()


@pytest.mark.parametrize("bad", ["server.hots", 5])
def test_expects_names_known_keys(machine: Machine, bad: str | int) -> None:
    machine.run("validate", machine.profile(expects=[bad])).fails(3)


def test_a_cycle_is_an_error_naming_the_files(machine: Machine) -> None:
    machine.profile("a.yaml", extends="b.yaml")
    machine.profile("b.yaml", extends="a.yaml")
    machine.profile("self.yaml", extends="self.yaml")
    result = machine.run("validate", "a.yaml").fails(3)
    assert "b.yaml" in result.text
    machine.run("validate", "self.yaml").fails(3)


def test_a_parent_that_is_missing_is_told_where_it_is_named(machine: Machine) -> None:
    machine.write("site.yaml", "dtsconf: 1\nname: x\nextends: ../nope/org.yaml\n")
    result = machine.run("validate", "site.yaml").fails(3)
    assert "site.yaml:3:10" in result.text
    assert "nope/org.yaml" in result.text


@pytest.mark.parametrize("parent", [["org.yaml"], 5, {}, True])
def test_a_parent_that_is_badly_named_hides_what_it_may_have_set(machine: Machine, parent: object) -> None:
    machine.write("site.yaml", f"dtsconf: 1\nname: a\nextends: {json.dumps(parent)}\n")
    body = machine.run("validate", "site.yaml", "--json").fails(3).json
    assert [problem["where"]["line"] for problem in body["problems"]] == [3], body


def test_a_problem_of_the_parent_is_told_at_the_parent(machine: Machine) -> None:
    machine.write("org.yaml", BAD)
    machine.profile("child.yaml", extends="org.yaml")
    result = machine.run("validate", "child.yaml").fails(3)
    assert "org.yaml:7:17" in result.text
    assert result.text.count("org.yaml:7:17") >= 1


def test_a_newer_dtsconf_is_said_and_nothing_else(machine: Machine) -> None:
    machine.write("site.yaml", 'dtsconf: 1\nname: x\nrequires: ">=99.1"\nfuture_key: {a: 1}\nsettings: {servr: 1}\n')
    result = machine.run("validate", "--json", "site.yaml").fails(3)
    (problem,) = result.problems
    assert "99.1" in problem["message"] + str(problem["hint"])
    machine.run("validate", machine.profile(requires=">=1.0")).ok()


@pytest.mark.parametrize("text", ["newer", "1.2", 1.2, "=>1"])
def test_requires_is_a_version_condition(machine: Machine, text: str | float) -> None:
    result = machine.run("validate", machine.profile(requires=text))
    assert result.code == 3 or text == "1.2", result


@pytest.mark.parametrize("head", ["", "dtsconf: 2\n", "dtsconf: '1'\n", "dtsconf: null\n", "dtsconf: true\n"])
def test_the_format_version_is_required(machine: Machine, head: str) -> None:
    machine.write("site.yaml", f"{head}name: x\nexpects: [server.host, sender.email]\n")
    result = machine.run("validate", "site.yaml").fails(3)
    assert "dtsconf" in result.text


@pytest.mark.parametrize("name", [None, 5, [], {}, ""])
def test_the_name_is_required(machine: Machine, name: object) -> None:
    machine.write("site.yaml", f"dtsconf: 1\nname: {json.dumps(name)}\nexpects: [server.host, sender.email]\n")
    machine.run("validate", "site.yaml").fails(3)


IMPOSSIBLE = {
    "login without username": "login: {required: true, password: 'env://A'}",
    "plain login": "login: {required: true, username: u, password: 'env://A'}",
    "scheme in the host": "server: {host: 'smtp://h.example'}",
    "port in the host": "server: {host: 'h.example:25'}",
    "brackets with port": "server: {host: '[::1]:25'}",
    "space in the host": "server: {host: 'h example'}",
    "empty host": "server: {host: ''}",
    "host with a path": "server: {host: 'h.example/mail'}",
    "login at a host": "server: {host: 'user@h.example'}",
    "label too long": f"server: {{host: '{'a' * 64}.example'}}",
    "bad IPv4": "server: {host: '300.1.1.1'}",
    "port 0": "server: {port: 0}",
    "port as text": "server: {port: '25'}",
    "port as a float": "server: {port: 25.5}",
    "port as a bool": "server: {port: true}",
    "octal port": "server: {port: 0025}",
    "sexagesimal port": "server: {port: 1:30}",
    "hex port": "server: {port: 0x19}",
    "port with underscore": "server: {port: 2_525}",
    "text for a bool": "login: {required: 'true'}",
    "number for a bool": "login: {required: 1}",
    "address without domain": "sender: {email: lab}",
    "address with a name": "sender: {email: 'Lab <lab@acme.example>'}",
    "two addresses": "sender: {email: 'a@b.example, c@d.example'}",
    "address with a line break": 'sender: {email: "a@b.example\\r\\nX: y"}',
    "name with a line break": 'sender: {name: "a\\nBcc: x"}',
    "name with NUL": 'sender: {name: "a\\0b"}',
    "name that YAML reads as a bool": "sender: {name: no}",
    "name that YAML reads as a number": "sender: {name: 012}",
    "name that YAML reads as a time": "sender: {name: 1:30}",
    "name that YAML reads as a date": "sender: {name: 2026-01-01}",
    "username that YAML reads as a bool": "login: {username: on}",
    "fingerprint too short": "server: {fingerprint: 'ab:cd'}",
    "fingerprint not hex": f"server: {{fingerprint: '{'zz' * 32}'}}",
    "client id not a UUID": "microsoft: {client_id: abc}",
    "authority without https": "microsoft: {authority: 'http://login.example'}",
    "tls version": "connection: {min_tls: 1.1}",
    "tls version as text": "connection: {min_tls: tls1.2}",
    "timeout zero": "connection: {timeout: 0}",
    "timeout negative": "connection: {timeout: -1}",
    "timeout infinite": "connection: {timeout: .inf}",
    "timeout not a number": "connection: {timeout: .nan}",
    "proxy": "connection: {proxy: sometimes}",
    "a list": "server: {host: [h.example]}",
    "mode": "mode: imap",
    "mechanism": "login: {mechanism: cram-md5}",
    "a mapping for a value": "server: {port: {is: 25}}",
}


def test_what_cannot_work_is_an_error_at_its_line(machine: Machine) -> None:
    """All cases in one call: each file must have its own problem, at the line that says it."""
    for number, text in enumerate(IMPOSSIBLE.values()):
        group = text.split(":")[0]
        defaults = {"sender": "sender: {email: a@b.example}", "server": "server: {host: h.example}"}
        others = "".join(f"  {line}\n" for name, line in defaults.items() if name != group)
        machine.write(
            f"bad/{number:02}.yaml",
            f"dtsconf: 1\nname: x\nexpects: [sender.email, server.host]\nsettings:\n  {text}\n{others}",
        )
    problems = machine.run("validate", "--json", "bad").fails(3).problems
    found = {Path(problem["where"]["file"]).stem: problem for problem in problems}
    missing = [case for number, case in enumerate(IMPOSSIBLE) if f"{number:02}" not in found]
    assert missing == []
    wrong = [case for number, case in enumerate(IMPOSSIBLE) if found[f"{number:02}"]["where"]["line"] != 5]
    assert set(wrong) <= {"plain login"}, wrong
    without_hint = [case for number, case in enumerate(IMPOSSIBLE) if not found[f"{number:02}"]["hint"]]
    assert without_hint == []


FINE = {
    "IPv4": "server: {host: 192.0.2.1}",
    "IPv6": "server: {host: '2001:db8::1'}",
    "IPv6 in brackets": "server: {host: '[2001:db8::1]'}",
    "IPv6 with a zone": "server: {host: 'fe80::1%eth0'}",
    "international host": "server: {host: bücher.example}",
    "trailing dot": "server: {host: relay.example.}",
    "one label": "server: {host: mailhost}",
    "international address": "sender: {email: jürgen@bücher.example}",
    "plus address": "sender: {email: lab+x@acme.example}",
    "name in UTF-8": "sender: {name: 東京 Prüfstand}",
    "quoted no": "sender: {name: 'no'}",
    "fingerprint with colons": f"server: {{fingerprint: '{':'.join(['AB'] * 32)}', encryption: tls}}",
    "min_tls as a number": "connection: {min_tls: 1.3}",
    "min_tls quoted": "connection: {min_tls: '1.3'}",
    "timeout as a float": "connection: {timeout: 0.5}",
    "proxy url": "connection: {proxy: 'http://proxy.example:3128'}",
    "application": "microsoft: {flow: application, client_secret: 'vault://kv/app#secret'}",
    "cleartext login that is allowed": (
        "{login: {required: true, username: u, password: 'env://A'}, server: {host: h.example, allow_cleartext_login: true}}"
    ),
}


def test_what_can_work_is_taken(machine: Machine) -> None:
    for number, text in enumerate(FINE.values()):
        line = f"settings: {text}\n" if text.startswith("{") else f"settings:\n  {text}\n"
        machine.write(f"good/{number:02}.yaml", f"dtsconf: 1\nname: x\nexpects: [sender.email, server.host]\n{line}")
    result = machine.run("validate", "--json", "good")
    names = {f"{number:02}": case for number, case in enumerate(FINE)}
    refused = {names[Path(problem["where"]["file"]).stem]: problem for problem in result.json.get("problems", [])}
    assert refused == {}
    result.ok()


def test_an_unusual_pair_is_a_warning_and_strict_an_error(machine: Machine) -> None:
    profile = machine.profile(settings={"server": {"port": 465, "encryption": "starttls"}})
    result = machine.run("validate", "--json", profile).ok()
    assert "465" in json.dumps(result.warnings)
    machine.run("validate", "--strict", profile).fails(3)


def test_every_impossible_thing_of_one_file_is_told(machine: Machine) -> None:
    profile = machine.profile(
        settings={"server": {"host": "smtp://h"}, "login": {"required": True}, "connection": {"min_tls": "1.1"}}
    )
    problems = machine.run("validate", "--json", profile).fails(3).problems
    text = json.dumps(problems)
    for key in ("server.host", "login.username", "connection.min_tls"):
        assert key in text


def test_password_login_at_exchange_is_a_warning(machine: Machine) -> None:
    settings = {
        "server": {"host": "smtp.office365.com", "port": 587, "encryption": "starttls"},
        "login": {"required": True, "username": "u", "password": "env://A"},
    }
    result = machine.run("validate", "--json", machine.profile(settings=settings)).ok()
    assert "Microsoft" in json.dumps(result.warnings) or "microsoft" in json.dumps(result.warnings)


@pytest.mark.parametrize(
    "verify",
    [
        {"level": "all"},
        {"retries": -1},
        {"retries": "3"},
        {"splay": "5m"},
        {"to": "x"},
        {"pending": ["x"]},
        {"pending": "user"},
        {"lvl": 1},
        [],
        None,
    ],
)
def test_verify_is_checked(machine: Machine, verify: object) -> None:
    machine.write(
        "site.yaml",
        f"dtsconf: 1\nname: x\nexpects: [server.host, sender.email]\nverify: {json.dumps(verify)}\n",
    )
    machine.run("validate", "site.yaml").fails(3)


@pytest.mark.parametrize(
    "targets", ["dts", ["sendmail"], [{"kind": "dts", "path": "relative"}], [{"path": "/x"}], [5], ["dts", "dts"]]
)
def test_targets_are_checked(machine: Machine, targets: object) -> None:
    machine.run("validate", machine.profile(targets=targets)).fails(3)


def test_nothing_is_written_or_contacted(machine: Machine) -> None:
    before = machine.files().keys() | {"work/site.yaml"}
    machine.run("validate", machine.profile(settings={"server": {"host": "no-such-host.invalid"}})).ok()
    assert machine.files().keys() == before
