"""One file: values with their places, and every problem with its words, excerpt and next step."""

from __future__ import annotations

from typing import Any

import pytest

from dtsconf.settings import document
from dtsconf.settings.document import parse_settings_text, read_profile_text, read_settings_text
from dtsconf.settings.wording import BadValue

from .profiles import HEAD, everything, lines, read


def test_an_error_looks_as_a_compiler_prints_it() -> None:
    (problem,) = read("  mode: smtp\n  server:\n    port: 465\n    encryption: ssl\n").problems
    assert lines([problem]) == ["s.yaml:7:17: server.encryption: 'ssl' is not one of none, auto, tls, starttls"]
    assert problem.hint == "for port 465 use tls"
    assert problem.excerpt == "    encryption: ssl\n                ^^^"
    assert (problem.kind, problem.key, problem.code) == ("choice", "server.encryption", 3)


@pytest.mark.parametrize(
    ("body", "told", "hint"),
    [
        ("  sender: {name: no}\n", "4:18: sender.name: YAML reads 'no' as false, and a text", 'in quotes: "no"'),
        ("  sender: {name: on}\n", "4:18: sender.name: YAML reads 'on' as true, and a text", 'in quotes: "on"'),
        ("  sender: {name: 012}\n", "4:18: sender.name: YAML reads '012' as the octal number 10", '"012"'),
        ("  sender: {name: 1:30}\n", "4:18: sender.name: YAML reads '1:30' as the number 90 (base 60)", '"1:30"'),
        ("  sender: {name: 2026-11-01}\n", "4:18: sender.name: YAML reads '2026-11-01' as a date", '"2026-11-01"'),
        ("  sender: {name: 1_000}\n", "4:18: sender.name: YAML reads '1_000' as the number 1000", '"1_000"'),
        ("  sender: {name: 0x1F}\n", "4:18: sender.name: YAML reads '0x1F' as the number 31", '"0x1F"'),
        ("  sender: {name: 12}\n", "4:18: sender.name: YAML reads '12' as a number", '"12"'),
        ("  sender: {name: 1e3}\n", "(1.2) take '1e3' for a number, and a text is wanted", '"1e3"'),
        ("  sender: {name: 0o17}\n", "(1.2) take '0o17' for a number, and a text is wanted", '"0o17"'),
        ("  sender: {name: =}\n", "4:18: sender.name: YAML reads '=' as something else", '"="'),
        ("  mode: yes\n", "4:9: mode: 'yes' is not one of", "write smtp"),
        ("  server: {port: 012}\n", "4:18: server.port: YAML reads '012' as the octal number 10", "write 12"),
        ("  server: {port: 1:30}\n", "4:18: server.port: YAML reads '1:30' as the number 90", "decimal digits"),
        ("  server: {port: 0x19}\n", "4:18: server.port: YAML reads '0x19' as the number 25", "decimal digits"),
        ("  server: {port: 1_0}\n", "4:18: server.port: YAML reads '1_0' as the number 10", "decimal digits"),
        ("  server: {port: 99999999999999999999}\n", "4:18: server.port: the number is far too large", "smaller"),
        (
            "  server: {port: 5.5}\n",
            "4:18: server.port: expects a whole number or null, found the number 5.5",
            "fraction",
        ),
        ("  connection: {timeout: .inf}\n", "4:25: connection.timeout: expects a number, found '.inf'", "digits"),
        (
            "  connection: {timeout: }\n",
            "connection.timeout: is empty (null), and a number is wanted",
            "leave the line out",
        ),
        ("  server: {prot: 25}\n", "4:12: unknown key server.prot", "did you mean server.port?"),
        ("  host: a\n", "4:3: unknown key host", "did you mean server.host?"),
        ("  verify: {level: none}\n", "4:3: unknown key verify", "stands at the top of the file"),
        ("  zzzzzz: 1\n", "4:3: unknown key zzzzzz", "known here: mode, sender"),
        ("  login: secret\n", "4:10: login: expects a mapping, found a single value", "such as required: below it"),
        ("  login:\n", "4:9: login: expects a mapping, found null", "or leave it out"),
        ("  login: [a]\n", "4:10: login: expects a mapping, found a list", "such as required:"),
        ("  mode: {a: b}\n", "4:9: mode: expects a text, found a mapping", "one value after mode:"),
        ("  mode: smtp\n  mode: smtp\n", "5:3: mode is given twice, first in line 4", "leave one"),
        ("  ? [a, b]\n  : c\n", "4:5: a key must be a single word", "colon"),
    ],
)
def test_problems_in_settings(body: str, told: str, hint: str) -> None:
    (problem,) = read(body).problems
    assert told in lines([problem])[0]
    assert hint in str(problem.hint)
    assert problem.excerpt is not None


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("name: x\n", "s.yaml:1:1: dtsconf is missing", "dtsconf: 1"),
        ("dtsconf: 1\n", "s.yaml:1:1: name is missing", "name:"),
        ("dtsconf: 2\nname: x\n", "s.yaml:1:10: dtsconf: 2 is no format", "update dtsconf"),
        (
            "dtsconf: '1'\nname: x\n",
            "s.yaml:1:10: dtsconf: expects a whole number, found the text '1'",
            "write dtsconf: 1",
        ),
        ("dtsconf: 1\nname: ' '\n", "s.yaml:2:7: name: ' ' is empty", "write a text"),
        ("dtsconf: 1\nname: x\ntargets: dts\n", "3:10: targets: expects a list, found the text 'dts'", "write [dts]"),
        ("dtsconf: 1\nname: x\ntargets: []\n", "3:10: targets: expects at least one item", "list one"),
        ("dtsconf: 1\nname: x\ntargets: [dst]\n", "3:11: targets[0]: 'dst' is not one of dts, msmtp", "mean dts?"),
        ("dtsconf: 1\nname: x\ntargets: [{path: /a}]\n", "3:11: targets[0]: kind is missing", "add kind:"),
        ("dtsconf: 1\nname: x\ntargets: [{kind: dts, path: a}]\n", "3:29: targets[0].path: 'a' is no absolute", "root"),
        (
            "dtsconf: 1\nname: x\ntargets: [{kind: dts, path: /a/../b}]\n",
            "3:29: targets[0].path: '/a/../b' is no",
            "..",
        ),
        ("dtsconf: 1\nname: x\nrecord: /var/log/\n", "3:9: record: '/var/log/' is no plain path", "name"),
        ("dtsconf: 1\nname: x\nrecord: log\n", "3:9: record: 'log' is no absolute path", "root"),
        ("dtsconf: 1\nname: x\nrequires: new\n", "3:11: requires: 'new' is no version condition", '">=1.2"'),
        (
            "dtsconf: 1\nname: x\nexpects: [sender.mail]\n",
            "3:11: expects[0]: 'sender.mail' is no setting",
            "sender.email?",
        ),
        ("dtsconf: 1\nname: x\npolicy: {lock: [servr]}\n", "3:17: policy.lock[0]: 'servr' is no setting", "server?"),
        ("dtsconf: 1\nname: x\npolicy: {lock: [verfy]}\n", "3:17: policy.lock[0]: 'verfy' is no setting", "verify?"),
        (
            "dtsconf: 1\nname: x\npolicy: {rules: [{key: server}]}\n",
            "policy.rules[0].key: 'server' is a group",
            "server.host",
        ),
        ("dtsconf: 1\nname: x\npolicy: {max_size: 25 MiBs}\n", "3:20: policy.max_size: '25 MiBs' is no size", "25 MiB"),
        ("dtsconf: 1\nname: x\npolicy: {max_size: 0}\n", "3:20: policy.max_size: 0 is no size", "25 MiB"),
        (
            "dtsconf: 1\nname: x\npolicy: {recipients: [acme.example]}\n",
            "recipients[0]: 'acme.example' matches no",
            "*@acme",
        ),
        (
            "dtsconf: 1\nname: x\nverify: {level: sent}\n",
            "3:17: verify.level: 'sent' is not one of none, connect",
            "send?",
        ),
        ("dtsconf: 1\nname: x\nverify: {retries: 11}\n", "3:19: verify.retries: 11 is not from 0 to 10", "default"),
        (
            "dtsconf: 1\nname: x\nverify: {pending: [user, of]}\n",
            "3:26: verify.pending[1]: 'of' is not one of",
            "sign-in",
        ),
        (
            "dtsconf: 1\nname: x\nsecrets: {vault: {url: 'http://vault.acme.example'}}\n",
            "3:24: secrets.vault.url: 'http://vault.acme.example' would send Vault's tokens in clear",
            "write https://vault.acme.example",
        ),
        (
            "dtsconf: 1\nname: x\nsecrets: {vault: {url: 'https://vault.acme.example/v1/'}}\n",
            "3:24: secrets.vault.url: 'https://vault.acme.example/v1/' ends in /v1",
            "write https://vault.acme.example: dtsconf puts /v1 behind it",
        ),
        (
            "dtsconf: 1\nname: x\nsecrets: {vault: {auth: {token: 'vault://kv/a#b'}}}\n",
            "3:33: secrets.vault.auth.token: can't come from the Vault that it opens",
            "env://",
        ),
        ("", "s.yaml:1:1: the file is empty", "dtsconf init"),
        ("- a\n", "s.yaml:1:1: the file: expects a mapping, found a list", "dtsconf:"),
        ("null\n", "s.yaml:1:1: the file: expects a mapping, found null", "dtsconf:"),
    ],
)
def test_problems_in_the_rest_of_a_profile(text: str, told: str, hint: str) -> None:
    problems = read_profile_text("s.yaml", text.encode()).problems
    assert told in lines(problems)[0]
    assert hint in str(problems[0].hint)


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    problems = read("  mode: x\n  sendr: {}\n  server: {port: 0, host: 'a b'}\nbogus: 1\n").problems
    assert [str(problem.where) for problem in problems] == [
        "s.yaml:4:9",
        "s.yaml:5:3",
        "s.yaml:6:18",
        "s.yaml:6:27",
        "s.yaml:7:1",
    ]


SECRETS = [
    "  login: {password: hunter2, username: no}\n",
    "  login: {username: no, password: 'hunter2'}\n",
    "  login: {required: maybe, passwort: hunter2}\n",
    "  login:\n    password: hunter2\n      hunter2 and more\n",
    "  login:\n    password: |\n      hunter2\n      hunter2\n  mode: x\n",
    "  login: hunter2\n",
    "  login: [hunter2]\n",
    "  login: {password: [hunter2]}\n",
    "  login: {password: {value: hunter2}}\n",
    "  login: {username: {password: hunter2}}\n",
    "  login: {password: &p hunter2}\n  sender: {name: 1}\n",
    "  login: &l {password: hunter2}\n  sender: {<<: *l, name: 1}\n",
    "  login: {password: a, password: hunter2}\n",
    "  token: hunter2\n",
    "  hunter: {deep: [hunter2]}\n",
    "  connection: {proxy: 'http://u:hunter2@p:1', timeout: x}\n",
    "secrets: {vault: {auth: {token: hunter2, secret_id: hunter2}}}\n",
    "secrets: {vault: hunter2}\n",
    '  login: {password: "hunter2}\n',
    "  login:\n    password: hunter2: hunter2\n",
    "  login:\n    password hunter2\n    username: a\n",
    "  login:\n    pasword hunter2\n    username: a\n",
    "  login:\n    certificate: |\n      -----BEGIN\nMIIhunter2: x: y\n",
    "  login:\n    password: hunter2\n\tusername: x\n",
    "  login: {password: hunter2, username: [a}\n",
    "  mode: @x # hunter2\n",
]


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("settings:\n  server:\n    host:{}\n    port: 25\n", "5:5: a blank is missing", "key: value"),
        ("settings:\n  server:\n    host:{}\n    starttls:{}\n    port: 25\n", "5:5: a blank is missing", "key: value"),
        ("settings:\n  server:\n    port: 25\n    host:{}\n    timeout: 4\n", "6:5: a blank is missing", "key: value"),
        ("settings:\n  login:\n    password:{}\n    username: x\n", "5:5: a blank is missing", "key: value"),
        ("settings:\n  login:\n    username: x\n    password:{}\n    a: b\n", "6:5: a blank is missing", "key: value"),
        ("settings:\n  login:\n    password:{}\n", "5:5: a blank is missing", "key: value"),
        ("settings:\n  login: {{password:{}, username: x}}\n", "4:11: login.password: a blank is", "key: value"),
        ("settings:\n  server.port: 25\n", "4:3: unknown key server.port", "write server: {port: ...}"),
        ("settings.server.port: 25\n", "3:1: unknown key settings.s", "write settings: {server: {port: ...}}"),
        ("server.port: 25\n", "3:1: unknown key server.port", "write settings: {server: {port: ...}}"),
        ("verify.level: send\n", "3:1: unknown key verify.level", "write verify: {level: ...}"),
        ("server: {{port: 25}}\n", "3:1: unknown key server", "put it below `settings:`"),
        (
            "settings: {{server: {{port: \u201c25\u201d}}}}\n",
            "3:27: server.port: expects",
            "curly quotes for plain ones",
        ),
        ("settings: {{server: {{host: \u201cm.example\u201d}}}}\n", "is no host name", "curly quotes for plain ones"),
    ],
)
def test_slips_of_yaml_are_told_as_what_they_are(text: str, told: str, hint: str) -> None:
    secret = "hunter2"
    problem = read_profile_text("p.yaml", ("dtsconf: 1\nname: x\n" + text.format(*[secret] * 2)).encode()).problems[0]
    assert told in f"{problem.where}: {problem.message}"
    assert hint in str(problem.hint)
    assert "login" not in text or secret not in f"{problem} {problem.excerpt}"


def test_slips_in_a_user_s_file() -> None:
    dotted, wrapped = (
        read_settings_text("u.yaml", text).problems[0].hint
        for text in (b"server.port: 25\n", b"settings:\n  mode: smtp\n")
    )
    assert dotted == "write server: {port: ...}"
    assert str(wrapped).startswith("leave settings: out")


@pytest.mark.parametrize("body", SECRETS)
def test_no_secret_and_no_unknown_key_s_value_is_shown(body: str) -> None:
    problems = read(body).problems
    assert problems
    assert "hunter2" not in everything(problems)


def test_blots_leave_the_caret_where_it_belongs() -> None:
    problem = next(p for p in read("  login: {password: hunter2, username: no}\n").problems if p.kind == "yaml-trap")
    assert problem.excerpt == "  login: {password: ********, username: no}\n                                        ^^"


def test_controls_are_escaped_and_long_lines_cut() -> None:
    (problem,) = read('  mode: "' + "\\e[31m" + "x" * 3000 + '"\n').problems
    assert "\x1b" not in everything([problem])
    assert "\\x1b[31m" in problem.message
    assert problem.excerpt is not None
    assert max(map(len, problem.excerpt.split("\n"))) < 120


def test_the_caret_stands_under_wide_characters() -> None:
    (problem,) = read("  sender: {name: 日本, emial: x}\n").problems
    assert problem.excerpt == "  sender: {name: 日本, emial: ********}\n                       ^^^^^"


def test_values_have_their_places_down_to_list_items() -> None:
    text = HEAD + (
        "  server: {host: mail.acme.example, port: null}\n"
        "policy:\n  lock: [server, verify]\n  rules:\n    - key: server.port\n      one_of: [25, 587]\n"
        "targets:\n  - dts\n  - {kind: msmtp, path: /etc/msmtprc}\n"
    )
    document = read_profile_text("s.yaml", text.encode())
    assert document.problems == ()
    values = document.values
    assert str(values["settings.server.host"].where) == "s.yaml:4:18"
    assert values["settings.server.port"].raw is None
    assert [(item.raw, str(item.where)) for item in values["policy.lock"].raw] == [
        ("server", "s.yaml:6:10"),
        ("verify", "s.yaml:6:18"),
    ]
    rule = values["policy.rules"].raw[0]
    assert [(item.raw, str(item.where)) for item in rule["one_of"].raw] == [(25, "s.yaml:9:16"), (587, "s.yaml:9:20")]
    assert [item["kind"].raw for item in values["targets"].raw] == ["dts", "msmtp"]


def test_merges_keep_places_and_explicit_keys_win() -> None:
    document = read(
        "  microsoft:\n    smtp: &one {host: one.example, port: 1}\n  server:\n    port: 587\n    <<: *one\n"
    )
    assert document.problems == ()
    assert document.values["settings.server.port"].raw == 587
    assert document.values["settings.server.host"].raw == "one.example"
    assert str(document.values["settings.server.host"].where) == "s.yaml:5:23"


def test_of_several_merges_the_first_wins() -> None:
    document = read("  microsoft: {smtp: &a {port: 1}}\n  server: &b {port: 2, host: b}\n  login: {}\n")
    assert document.problems == ()
    document = read(
        "  microsoft:\n    smtp: &a {port: 1}\n  server:\n    <<: [*a, {port: 2, host: b}]\n",
    )
    assert document.problems == ()
    assert document.values["settings.server.port"].raw == 1
    assert document.values["settings.server.host"].raw == "b"


@pytest.mark.parametrize(
    "body", ["  server: {<<: 5}\n", "  server: {<<: [5]}\n", "  server: {<<: {a: 1}, <<: {b: 1}}\n"]
)
def test_bad_merges_are_told(body: str) -> None:
    assert read(body).problems


def test_an_alias_has_the_place_of_its_anchor() -> None:
    document = read("  sender: {email: &me ann@acme.example}\n  login: {username: *me}\n")
    assert str(document.values["settings.login.username"].where) == "s.yaml:4:23"


def test_a_user_s_file_is_the_bare_tree_and_may_be_empty() -> None:
    assert read_settings_text("u.yaml", b"# nothing yet\n").problems == ()
    assert read_settings_text("u.yaml", b"server: {port: 25}\n").values["server.port"].raw == 25
    (problem,) = read_settings_text("u.yaml", b"settings: {}\n").problems
    assert problem.message == "unknown key settings"


@pytest.mark.parametrize(
    ("kind", "text", "raw"),
    [
        ("text", "no", "no"),
        ("text", "012", "012"),
        ("text", "", ""),
        ("text", "null", None),
        ("choice", "none", "none"),
        ("secret", "null", None),
        ("int", "587", 587),
        ("int", " 587 ", 587),
        ("int", "null", None),
        ("number", "1.5", 1.5),
        ("bool", "true", True),
        ("bool", "no", False),
    ],
)
def test_texts_of_variables_and_set(kind: Any, text: str, raw: Any) -> None:
    value = parse_settings_text(kind, text)
    assert value == raw
    assert type(value) is type(raw)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("int", ""), ("int", "x"), ("int", "012"), ("int", "[1]"), ("int", "1\n---\n2"), ("int", "'5'"), ("bool", "1"),
     ("int", "\0"), ("number", "*a"), ("int", "\udcff")],
)  # fmt: skip
def test_texts_that_are_no_such_scalar(kind: Any, text: str) -> None:
    with pytest.raises(BadValue):
        parse_settings_text(kind, text)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ('"*@corp.test"', 'write ["*@corp.test"]'),
        ("it@corp.test", "write [it@corp.test]"),
        ("'a\"b, c'", 'write ["a\\"b, c"]'),
    ],
)
def test_the_hint_to_write_a_list_is_yaml(written: str, hint: str) -> None:
    document = read(f"policy: {{recipients: {written}}}\n", head="dtsconf: 1\nname: x\n")
    assert [problem.hint for problem in document.problems] == [hint]
    mended = read(f"policy: {{recipients: {hint.removeprefix('write ')}}}\n", head="dtsconf: 1\nname: x\n")
    assert "no YAML" not in " ".join(lines(mended.problems))
    assert "expects a list" not in " ".join(lines(mended.problems))


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("settings: {sender: {name: 'Ann's DTS'}}\n", "3:31: the text ends at this '", "write it twice ('')"),
        ("settings:\n  sender:\n    name: 'Ann's DTS'\n    email: a@b\n", "5:15: the text ends", "double quotes"),
        ('settings:\n  sender:\n    name: "the "big" one"\n', '5:16: the text ends at this "', "single quotes"),
        ("targets: dts, msmtp\n", "3:10: targets: expects a list", "write [dts, msmtp]"),
        ("targets: dts,\n", "3:10: targets: expects a list", "write [dts]"),
        ("verify: {level: full}\n", "verify.level: 'full' is not one of", "write send, or another"),
        ("targets: [{kind: msmtp, path: etc/msmtprc}]\n", "is no absolute path", "/etc/msmtprc"),
        ("server: {host: h}\n", "3:1: unknown key server", "put it below `settings:`"),
        (
            "settings:\n  server:\n    encryption: none\n  host: h\n    port: 25\n",
            "6:3: this line has its value, and line 7 is indented",
            "indent this line and line 7 alike",
        ),
        ("settings:\n  server: {host: h}\n  sender: {name: [\n\n", "5:18: a bracket or brace is opened", "close it"),
        (
            "settings:\n  sender: {email: ${SENDER}}\n",
            "4:19: ${SENDER} is no value: variables aren't filled in",
            "list its key under expects",
        ),
        ("settings: {sender: {email: a@b}  # [1]\n", "a mapping in braces isn't closed", "end it with }"),
    ],
)
def test_slips_of_a_beginner_are_told_where_they_are(text: str, told: str, hint: str) -> None:
    problem = read_profile_text("p.yaml", ("dtsconf: 1\nname: x\n" + text).encode()).problems[0]
    assert told in f"{problem.where}: {problem.message}"
    assert hint in str(problem.hint)


def test_settings_left_out_above_the_settings_is_one_problem() -> None:
    text = b"dtsconf: 1\nname: x\nmode: smtp\nsender: {email: a@b}\nserver: {host: h}\nverify: {level: none}\n"
    (problem,) = read_profile_text("p.yaml", text).problems
    assert (str(problem.where), problem.kind) == ("p.yaml:3:1", "unknown-key")
    assert problem.message == "mode, sender and server stand at the top of the file"
    assert problem.hint == "put them below `settings:`, indented by two blanks more"


@pytest.mark.parametrize("version", ['"1.2"', "1.2", "one"])
def test_a_format_that_is_no_number_gets_the_line_to_write(version: str) -> None:
    (problem,) = read_profile_text("p.yaml", f"dtsconf: {version}\nname: x\n".encode()).problems
    assert problem.hint == "write dtsconf: 1"


def test_a_file_in_another_encoding_gets_a_whole_command() -> None:
    (problem,) = read_profile_text("my site.yaml", b"dtsconf: 1\nname: M\xfcller\n").problems
    assert str(problem.hint).endswith(
        "-t UTF-8 'my site.yaml' > 'my site.yaml.utf-8' && mv 'my site.yaml.utf-8' 'my site.yaml'"
    )


@pytest.mark.parametrize("path", ["/var/lib/dts/pw", "file:/var/lib/pw", "~/dts/pw", "C:\\secrets\\pw"])
def test_a_path_where_a_reference_is_wanted_is_told_how_to_write_it(path: str) -> None:
    text = f"dtsconf: 1\nname: x\nsettings: {{login: {{password: '{path}'}}}}\n"
    (problem,) = read_profile_text("p.yaml", text.encode()).problems
    assert "written file:///ABSOLUTE/PATH" in str(problem.hint)
    assert "; for a secret itself, store it" in str(problem.hint)
    assert path not in everything([problem])


def test_a_secret_that_looks_like_no_path_gets_the_command_alone() -> None:
    text = b"dtsconf: 1\nname: x\nsettings: {login: {password: '/hunter2'}}\n"
    assert str(read_profile_text("p.yaml", text).problems[0].hint).startswith("store it with")


def test_a_user_s_secret_goes_into_a_file_of_their_own() -> None:
    (problem,) = read_settings_text("/home/ann/.config/dts/email.yaml", b"login: {password: abc}\n").problems
    assert "install -D -m 600 /dev/stdin /home/ann/.config/dts/login.password" in str(problem.hint)
    assert "sudo" not in str(problem.hint)
    assert "write password: file:///home/ann/.config/dts/login.password" in str(problem.hint)


def test_the_machine_config_is_no_profile() -> None:
    text = '{"format": 1, "given": [], "profile": "acme", "settings": {"mode": 5}}'
    (problem,) = read_profile_text("email.json", text.encode()).problems
    assert (problem.kind, problem.message) == ("not-a-profile", "this is the machine config, which apply writes")
    assert len(read_profile_text("site.yaml", b"[a]: 1\nformat: 1\nname: x\n").problems) > 1


def test_a_file_full_of_problems_shows_the_lines_of_the_first_ones() -> None:
    """Each excerpt looks through the whole file: thousands of them would take minutes."""
    text = "dtsconf: 1\nname: x\nsettings:\n" + "".join(f"  k{n}: 1\n" for n in range(document.EXCERPTS + 5))
    told = document.read_profile_text("p.yaml", text.encode()).problems
    assert len(told) == document.EXCERPTS + 5
    assert [p.excerpt is None for p in told] == [False] * document.EXCERPTS + [True] * 5
    assert len({str(p.where) for p in told}) == len(told)
