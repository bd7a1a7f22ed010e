"""Many files at once: folders, parents told once, required values, speed and memory of a shared parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.errors import Place
from dtsconf.settings.trust import plain_reader
from dtsconf.settings.user_file import user_layer
from dtsconf.settings.validation import FileReport, validate_paths

from .profiles import lines, write

ORG = "dtsconf: 1\nname: acme\nsettings: {server: {host: mail.acme.example}}\npolicy: {lock: [server]}\n"
SITE = "dtsconf: 1\nname: site\nextends: org.yaml\nsettings: {sender: {email: a@acme.example}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def by_path(reports: list[FileReport]) -> dict[str, list[str]]:
    return {report.path: lines(report.problems) for report in reports}


def test_a_folder_is_searched_for_profiles(folder: Path) -> None:
    write(
        folder,
        {
            "p/org.yaml": ORG,
            "p/a.yaml": SITE,
            "p/b/c.yml": SITE.replace("org", "../org"),
            "p/n.txt": "x",
            "p/.git/x.yaml": "x",
        },
    )
    assert by_path(validate_paths(["p"])) == {"p/a.yaml": [], "p/org.yaml": [], "p/b/c.yml": []}
    assert list(by_path(validate_paths(["."]))) == ["p/a.yaml", "p/org.yaml", "p/b/c.yml"]


def test_while_a_file_further_up_is_missing_nothing_else_is_judged(folder: Path) -> None:
    write(folder, {"org.yaml": "dtsconf: 1\nname: o\nextends: none.yaml\n", "a.yaml": SITE})
    assert by_path(validate_paths(["a.yaml"])) == {"a.yaml": ["org.yaml:3:10: extends: none.yaml is not there"]}


def test_a_file_named_twice_is_told_once(folder: Path) -> None:
    write(folder, {"org.yaml": ORG, "a.yaml": SITE})
    assert list(by_path(validate_paths(["a.yaml", "./a.yaml", "."]))) == ["a.yaml", "org.yaml"]


def test_a_required_value_may_be_missing_in_what_the_call_extends(folder: Path) -> None:
    write(folder, {"org.yaml": ORG, "a.yaml": SITE})
    assert by_path(validate_paths(["org.yaml", "a.yaml"])) == {"org.yaml": [], "a.yaml": []}
    (problem,) = validate_paths(["org.yaml"])[0].problems
    assert problem.kind == "missing"
    assert problem.key == "sender.email"


def test_under_another_spelling_too(folder: Path) -> None:
    write(folder, {"real/org.yaml": ORG, "real/a.yaml": SITE})
    (folder / "link").symlink_to("real")
    assert by_path(validate_paths(["link/org.yaml", "real/a.yaml"])) == {"link/org.yaml": [], "real/a.yaml": []}


def test_expects_promises_a_required_value(folder: Path) -> None:
    write(folder, {"org.yaml": ORG + "expects: [sender.email]\n"})
    assert by_path(validate_paths(["org.yaml"])) == {"org.yaml": []}


def test_a_parent_s_problems_are_told_once(folder: Path) -> None:
    write(folder, {"org.yaml": ORG + "bogus: 1\n", "a.yaml": SITE, "b.yaml": SITE})
    found = by_path(validate_paths(["a.yaml", "b.yaml"]))
    assert found == {"a.yaml": [], "b.yaml": [], "org.yaml": ["org.yaml:5:1: unknown key bogus"]}


def test_problems_of_the_merged_values_have_excerpts(folder: Path) -> None:
    write(
        folder,
        {
            "a.yaml": "dtsconf: 1\nname: a\nsettings:\n  login: {required: true, username: a, password: 'env://A'}\n  sender: {email: a@b.example}\n  server:\n    host: h\n    encryption: none\n"
        },
    )
    (problem,) = validate_paths(["a.yaml"])[0].problems
    assert problem.key == "server.encryption"
    assert problem.excerpt == "    encryption: none\n                ^^^^"


def test_rules_hold_for_defaults_too(folder: Path) -> None:
    write(
        folder,
        {
            "a.yaml": SITE.replace("extends: org.yaml\n", "").replace("{sender", "{server: {host: h}, sender")
            + "policy: {rules: [{key: server.encryption, one_of: [tls]}]}\n"
        },
    )
    (problem,) = validate_paths(["a.yaml"])[0].problems
    assert problem.code == 4


def test_what_is_odd_is_a_warning_and_with_strict_a_problem(folder: Path) -> None:
    write(
        folder,
        {
            "a.yaml": SITE.replace("extends: org.yaml\n", "").replace(
                "{sender", "{server: {host: h, port: 465, encryption: starttls}, sender"
            )
        },
    )
    (report,) = validate_paths(["a.yaml"])
    assert (report.problems, [notice.kind for notice in report.warnings]) == ((), ["unusual-pair"])
    (report,) = validate_paths(["a.yaml"], strict=True)
    assert [problem.kind for problem in report.problems] == ["unusual-pair"]


def test_what_can_not_be_read_is_a_report_of_its_own(folder: Path) -> None:
    (folder / "empty").mkdir()
    write(folder, {"a.yaml": SITE.replace("extends: org.yaml\n", "")})
    found = by_path(validate_paths(["gone.yaml", "empty", "a.yaml"]))
    assert found["gone.yaml"] == ["gone.yaml:1:1: the file is not there"]
    assert found["empty"] == ["empty:1:1: holds no *.yaml or *.yml file"]
    assert "server.host" in found["a.yaml"][0]


def test_a_link_that_leads_nowhere_is_told_as_that(folder: Path) -> None:
    (folder / "site.yaml").symlink_to("gone.yaml")
    (report,) = validate_paths(["site.yaml"])
    (problem,) = report.problems
    assert problem.message == "it is a link to gone.yaml, which is not there"
    assert problem.hint == "put that file there, or mend the link"


def test_a_shared_parent_is_read_once(folder: Path) -> None:
    write(folder, {"org.yaml": ORG, **{f"s{n}.yaml": SITE for n in range(50)}})
    seen: list[str] = []

    def read(path: str) -> bytes:
        seen.append(path)
        return plain_reader(path)

    assert not any(report.problems for report in validate_paths(["."], read=read))
    assert len(seen) == len(set(seen)) == 51


def test_the_user_s_file_is_a_layer(folder: Path) -> None:
    write(folder, {"u.yaml": "server: {host: h, ca_file: ca.pem}\n", "bad.yaml": "servr: {}\n"})
    layer, problems, notices = user_layer("u.yaml")
    assert (layer.name, problems, notices) == ("user", [], [])
    assert layer.values["server.ca_file"].raw == str(folder / "ca.pem")
    assert user_layer("bad.yaml")[1][0].hint == "did you mean server?"
    assert user_layer("gone.yaml")[0].values == {}
    assert user_layer(None)[0].values == {}
    assert user_layer(str(folder))[1][0].kind == "folder"


def test_the_merged_values_are_judged_beside_other_problems(folder: Path) -> None:
    write(
        folder,
        {
            "a.yaml": "dtsconf: 1\nname: a\nsettings:\n  server: {host: 'smtp://h', port: 465}\n  login: {required: true}\n  colour: {}\n"
        },
    )
    (report,) = validate_paths(["a.yaml"])
    assert [(problem.key, str(problem.where)) for problem in report.problems] == [
        ("sender.email", "a.yaml:3:1"),
        ("server.host", "a.yaml:4:18"),
        ("server.encryption", "a.yaml:5:21"),
        ("login.username", "a.yaml:5:21"),
        ("login.password", "a.yaml:5:21"),
        ("colour", "a.yaml:6:3"),
    ]


def test_what_follows_from_a_told_problem_is_not_told_again(folder: Path) -> None:
    write(
        folder,
        {
            "a.yaml": "dtsconf: 1\nname: a\nsettings:\n  server: {hots: h, encryption: ssl}\n  sender: a@b.example\n"
            "  login: {required: true, username: u, password: 'env://A'}\n"
        },
    )
    (report,) = validate_paths(["a.yaml"])
    assert [problem.key for problem in report.problems] == ["server.hots", "server.encryption", "sender"]


def test_what_is_missing_has_the_place_of_its_group(folder: Path) -> None:
    write(folder, {"a.yaml": "dtsconf: 1\nname: a\nsettings:\n  server: {encryption: tls}\n"})
    (report,) = validate_paths(["a.yaml"])
    assert {problem.key: str(problem.where) for problem in report.problems} == {
        "server.host": "a.yaml:4:24",
        "sender.email": "a.yaml:3:1",
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("login: {required: 'yes', username: u, password: 'env://A'}", ["login.required"]),
        ("login: {requird: true, username: u, password: 'env://A'}", ["login.requird"]),
        ("server: {host: h.example, encryption: SSL, ca_file: /etc/dts/ca.pem}", ["server.encryption"]),
        (
            "login: {required: true, username: u, password: 'env://A'}\n  server: {host: h.example, encryption: SSL}",
            ["server.encryption"],
        ),
        ("mode: micrsoft\n  server: {port: 993}", ["mode"]),
    ],
)
def test_nothing_is_said_about_what_stands_in_for_a_bad_value(folder: Path, body: str, told: list[str]) -> None:
    rest = "" if "server" in body else "  server: {host: h.example}\n"
    sender = "" if "mode" in body else "  sender: {email: a@b.example}\n"
    write(folder, {"a.yaml": f"dtsconf: 1\nname: a\nsettings:\n{rest}{sender}  {body}\n"})
    (report,) = validate_paths(["a.yaml"])
    assert ([problem.key for problem in report.problems], report.warnings) == (told, ())


def test_a_rule_on_the_port_of_an_encryption_that_is_wrong(folder: Path) -> None:
    head = "dtsconf: 1\nname: a\npolicy: {rules: [{key: server.port, one_of: [465, 587]}]}\nsettings:\n  sender: {email: a@b.example}\n"
    write(folder, {"a.yaml": head + "  server: {host: h.example, encryption: SSL}\n"})
    write(folder, {"b.yaml": head + "  server: {host: h.example, encryption: SSL, port: 25}\n"})
    reports = validate_paths(["a.yaml", "b.yaml"])
    assert [[problem.key for problem in report.problems] for report in reports] == [
        ["server.encryption"],
        ["server.encryption", "server.port"],
    ]


@pytest.mark.parametrize(
    ("sender", "verify", "place"),
    [
        ("me@acme.example", "{to: x@else.example}", "a.yaml:6:14"),
        ("me@else.example", "{level: envelope}", "a.yaml:5:19"),
        ("me@else.example", "{to: x@acme.example}", None),
        ("me@else.example", "{level: auth}", None),
        ("me@acme.example", "{}", None),
    ],
)
def test_a_test_mail_that_policy_forbids_is_a_warning(
    folder: Path, sender: str, verify: str, place: str | None
) -> None:
    text = (
        f"dtsconf: 1\nname: a\nsettings:\n  server: {{host: h.example}}\n  sender: {{email: {sender}}}\n"
        f"verify: {verify}\npolicy: {{recipients: ['*@acme.example']}}\n"
    )
    write(folder, {"a.yaml": text})
    (report,) = validate_paths(["a.yaml"])
    assert not report.problems
    assert [str(notice.where) for notice in report.warnings] == ([place] if place else [])
    assert all(notice.message.count("a.yaml:7:22") == 1 for notice in report.warnings)
    (strict,) = validate_paths(["a.yaml"], strict=True)
    assert [(problem.kind, problem.code) for problem in strict.problems] == ([("recipient", 4)] if place else [])


def test_problems_come_in_the_order_of_the_file(folder: Path) -> None:
    body = "settings:\n  login: {required: true}\n  server:\n    host: h.example\n    encryption: starttls\nverify: {retries: 99}\n"
    write(folder, {"a.yaml": "dtsconf: 1\nname: a\n" + body})
    (report,) = validate_paths(["a.yaml"])
    lines = [problem.where.line for problem in report.problems if isinstance(problem.where, Place)]
    assert len(lines) == len(report.problems) > 2
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("missing", "near"),
    [("nope.yaml", None), ("parent.yaml", None), ("perht.yaml", "perth.yaml"), ("site", "site.yml")],
)
def test_a_missing_file_s_neighbour(folder: Path, missing: str, near: str | None) -> None:
    write(folder, {"site.yml": "", "ref.yaml": "", "perth.yaml": "", "nope.txt": ""})
    (report,) = validate_paths([missing])
    hint = report.problems[0].hint or ""
    assert hint == f"did you mean {near}?" if near else "did you mean" not in hint


LOGIN = "  login: {required: true, username: dts, password: 'env://DTS_PW'}\n"
PLAIN = "dtsconf: 1\nname: x\nsettings:\n  sender: {email: a@b.example}\n  server: {host: h, encryption: starttls}\n"
USUAL = {"dts": "/etc/dts/email.json", "msmtp": "/etc/msmtprc"}


def test_a_delivery_that_can_t_be_is_told_before_any_apply(folder: Path) -> None:
    late = "secrets: {deliver: reference}\n"
    texts = {"a.yaml": PLAIN + LOGIN + late, "b.yaml": PLAIN + LOGIN + late + "expects: [login.password]\n"}
    write(folder, {**texts, "c.yaml": PLAIN + LOGIN, "d.yaml": PLAIN + late})
    found = by_path(validate_paths(["."]))
    assert [bool(found[name]) for name in ("a.yaml", "b.yaml", "c.yaml", "d.yaml")] == [True, False, False, False]
    (told,) = found["a.yaml"]
    assert told.startswith("a.yaml:6:52: login.password: an env:// secret can't be delivered as a reference")


def test_but_not_in_a_file_whose_children_may_give_another_secret(folder: Path) -> None:
    child = "dtsconf: 1\nname: y\nextends: a.yaml\nsettings: {login: {password: 'file:///etc/dts/pw'}}\n"
    write(folder, {"a.yaml": PLAIN + LOGIN + "secrets: {deliver: reference}\n", "b.yaml": child})
    assert by_path(validate_paths(["a.yaml", "b.yaml"])) == {"a.yaml": [], "b.yaml": []}


def test_a_bad_address_of_vault_s_is_not_told_as_none(folder: Path) -> None:
    opened = "auth: {method: approle, role_id: r, secret_id: 'file:///etc/dts/id'}"
    profiles = {
        "a.yaml": f"{PLAIN}secrets: {{vault: {{url: 'https://vault.acme.example/v1', {opened}}}}}\n",
        "b.yaml": f"{PLAIN}secrets: {{vault: {{{opened}}}}}\n",
    }
    write(folder, profiles)
    bad, lacking = validate_paths(["a.yaml", "b.yaml"])
    assert "ends in /v1" in lines(bad.problems)[0]
    assert [[one.kind for one in report.warnings] for report in (bad, lacking)] == [[], ["vault-address"]]


def test_two_targets_with_one_place_are_told_before_any_apply(folder: Path) -> None:
    write(folder, {"a.yaml": PLAIN + "targets: [{kind: msmtp, path: /etc/dts/email.json}, dts]\n"})
    (report,) = validate_paths(["a.yaml"], usual=USUAL)
    assert lines(report.problems) == ["a.yaml:6:10: two targets want to write /etc/dts/email.json"]
    assert report.problems[0].excerpt


def test_a_profile_without_the_machine_config_is_warned_of(folder: Path) -> None:
    write(folder, {"a.yaml": PLAIN + "targets: [msmtp]\n", "b.yaml": PLAIN + "targets: [msmtp, dts]\n"})
    one, other = validate_paths(["a.yaml", "b.yaml"], usual=USUAL)
    assert not one.problems
    assert [str(notice.where) for notice in one.warnings] == ["a.yaml:6:10"]
    assert "targets has no dts" in one.warnings[0].message
    assert not other.warnings


@pytest.mark.parametrize("text", ["-----BEGIN CERTIFICATE-----\nMIIB\n", "- dtsconf: 1\n"])
def test_of_a_file_that_is_no_mapping_that_alone_is_told(folder: Path, text: str) -> None:
    write(folder, {"a.yaml": text})
    assert [problem.kind for problem in validate_paths(["a.yaml"])[0].problems] == ["type"]


def test_settings_that_were_never_read_are_not_called_missing(folder: Path) -> None:
    write(folder, {"a.yaml": "dtsconf: 1\nname: x\nmode: smtp\nserver: {host: h}\n"})
    assert [problem.kind for problem in validate_paths(["a.yaml"])[0].problems] == ["unknown-key"]


def test_of_a_misspelt_key_only_what_comes_of_the_one_that_was_meant_is_left_out(folder: Path) -> None:
    rule = "policy: {rules: [{key: server.encryption, one_of: [tls]}]}\n"
    for name, text in {"a": "prot: 1", "b": "encription: tls", "c": "qqq: 1"}.items():
        own = PLAIN.replace("encryption: starttls", text)
        assert text in own
        write(folder, {f"{name}.yaml": own + rule})
    found = {report.path: [each.kind for each in report.problems] for report in validate_paths(["."])}
    assert found == {"a.yaml": ["unknown-key", "rule-broken"], "b.yaml": ["unknown-key"], "c.yaml": ["unknown-key"]}


def test_a_role_id_is_no_reference(folder: Path) -> None:
    login = "secrets: {vault: {url: 'https://v.example', auth: {method: approle, role_id: 'env://RID'}}}\n"
    write(folder, {"a.yaml": PLAIN + login})
    (problem,) = validate_paths(["a.yaml"])[0].problems
    assert (problem.kind, problem.key) == ("reference", "secrets.vault.auth.role_id")
    assert "vault read auth/approle/role/NAME/role-id" in (problem.hint or "")


def test_a_profile_without_a_name_is_still_told_where_to_write_what_is_missing(folder: Path) -> None:
    write(folder, {"a.yaml": "{}\n"})
    hints = {problem.key: problem.hint for problem in validate_paths(["a.yaml"])[0].problems}
    assert hints["server.host"] == "give server.host in the profile's settings, or list it under expects"


def test_the_profiles_of_the_readme_are_valid(folder: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    blocks = [block.split("\n```")[0] for block in readme.split("```yaml\n")[1:]]
    profiles = {}
    for number, block in enumerate(text for text in blocks if "\ndtsconf: 1\n" in f"\n{text}"):
        first = block.partition("\n")[0]
        profiles[first[2:] if first.startswith("# ") else f"{number}/site.yaml"] = block + "\n"
    assert {"org.yaml", "perth/site.yaml"} < set(profiles)
    assert len(profiles) > 2
    write(folder, profiles)
    assert by_path(validate_paths(["."], usual=USUAL)) == {name: [] for name in profiles}
