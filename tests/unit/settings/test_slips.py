"""Slips of whoever writes YAML by hand: each is told as what it is, where it is, with what to type."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from dtsconf.errors import Problem
from dtsconf.settings.document import read_profile_text, read_settings_text
from dtsconf.settings.part import read_part
from dtsconf.settings.validation import validate_paths

HEAD = "dtsconf: 1\nname: x\n"


def told(text: str) -> list[Problem]:
    return list(read_profile_text("p.yaml", text.encode()).problems)


def only(text: str) -> Problem:
    (problem,) = told(text)
    return problem


@pytest.mark.parametrize("secret", ["12345", "0", "3.14", "true", "2024-01-01"])
def test_a_password_that_yaml_takes_for_no_text_is_a_secret_in_clear(secret: str) -> None:
    problem = only(f"{HEAD}settings:\n  login:\n    password: {secret}\n")
    assert (problem.kind, str(problem.where)) == ("secret-literal", "p.yaml:5:15")
    assert "login.password: this is a secret in clear" in problem.message
    assert secret not in f"{problem.message} {problem.excerpt}"


BLOCK = [
    "password: abc #C4NARY",
    "password: #C4NARY",
    "password C4NARY",
    "password=C4NARY",
    "password: &C4NARY",
    "password: *C4NARY",
    "password: %C4NARY",
    "password: 'a'C4NARY",
    "pasword: # C4NARY",
    "? password: C4NARY",
]
"""A password behind its key in a line, in a mapping of lines."""
FLOW = [
    "password: a,C4NARY",
    "password: a, C4NARY, C4NARY",
    "password, C4NARY",
    "password C4NARY",
    "password=C4NARY",
    "pasword C4NARY",
    "pasword: a,C4NARY",
    "'password' C4NARY",
    "password: &C4NARY, mechanism: x",
    "password: C4NARY #x",
    "mechanism {password: C4NARY, a: b",
    '"pass\\u0077ord C4NARY": x',
]
"""The same in braces."""


@pytest.mark.parametrize(
    "login",
    [f"\n    {line}\n    mechanism: 7" for line in BLOCK] + [f" {{required: true, {pairs}}}" for pairs in FLOW],
    ids=repr,
)
def test_no_slip_shows_a_part_of_a_password(login: str) -> None:
    found = told(f"{HEAD}settings:\n  login:{login}\n")
    for problem in found:
        assert "C4NARY" not in f"{problem.message} {problem.hint} {problem.key} {problem.excerpt}"


def test_a_secret_s_key_without_its_colon_is_told_as_that() -> None:
    problem = only(f"{HEAD}settings: {{login: {{password C4NARY}}}}\n")
    assert problem.message == "login.password: a colon is missing after this key"
    assert problem.key == "login.password"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ('targets: "dts, msmtp"', "write [dts, msmtp]"),
        ("targets: dts msmtp", "write [dts, msmtp]"),
        ('policy: {recipients: "*@a.example; b@c.example"}', 'write ["*@a.example", b@c.example]'),
        ("policy: {lock: server login.password}", "write [server, login.password]"),
        ("policy: {rules: [{key: server.port, one_of: 587}]}", "write [587]"),
        ("policy: {rules: [{key: server.encryption, one_of: 'tls, starttls'}]}", "write [tls, starttls]"),
    ],
)
def test_several_words_in_one_text_are_the_items_of_the_list(written: str, hint: str) -> None:
    assert only(f"{HEAD}{written}\n").hint == hint
    part, _, text = written.partition(": ")
    mended = f"{HEAD}{part}: {hint.removeprefix('write ')}\n" if "{" not in text else None
    assert mended is None or not told(mended)


def test_dashes_without_a_blank_are_told() -> None:
    problem = only(f"{HEAD}targets:\n  -dts\n  -msmtp\n")
    assert problem.message == "targets: a blank is missing after each -"
    assert "'- item'" in str(problem.hint)


def test_an_item_that_swallows_the_next_one_is_told() -> None:
    problem = only(f"{HEAD}targets:\n - dts\n  - msmtp\n")
    assert str(problem.where) == "p.yaml:4:4"
    assert "line 5 is indented more" in problem.message


GOOD = """dtsconf: 1
name: nc
settings:
  sender:
    name: Acme Lab
    email: dts@acme.example
  server:
    host: mail.acme.example
policy:
  recipients: ["*@acme.example"]
"""


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.parametrize(
    ("text", "at"), [("nc", "2:7"), ("Acme Lab", "5:11"), ("dts@acme.example", "6:12"), ("mail.acme.example", "8:11")]
)
def test_an_open_quotation_mark_is_told_where_it_opens(text: str, at: str, mark: str) -> None:
    problem = only(GOOD.replace(f": {text}\n", f": {mark}{text}\n"))
    assert (problem.message, str(problem.where)) == (
        f"the quotation mark opened at {at} is not closed",
        f"p.yaml:{at}",
    )


def test_an_open_quotation_mark_before_closed_ones_is_told_and_not_those() -> None:
    text = GOOD.replace("Acme Lab", '"Acme Lab').replace("dts@acme.example\n", '"dts@acme.example"\n')
    assert only(text).message == "the quotation mark opened at 5:11 is not closed"


def test_the_text_after_an_open_quotation_mark_of_a_secret_is_not_shown() -> None:
    problem = only(f'{HEAD}settings:\n  login:\n    password: "hunter2\n    username: "a"\n')
    assert problem.message == "the quotation mark opened at 5:15 is not closed"
    assert "hunter2" not in f"{problem.message} {problem.hint} {problem.excerpt}"


@pytest.mark.parametrize("name", ["nc", '"nc"'])
def test_a_settings_line_that_is_gone_is_named(name: str) -> None:
    problem = only(GOOD.replace("settings:\n", "").replace("name: nc", f"name: {name}"))
    assert str(problem.where) == "p.yaml:3:1"
    assert problem.hint == "write settings: in a line of its own above this one"


@pytest.mark.parametrize(
    ("text", "told_at", "hint"),
    [
        (GOOD.replace("    email", "   email"), "6:4: this line doesn't line up with line 5", "by 4 blanks, as line 5"),
        (GOOD.replace("    name", "     name"), "6:5: this line doesn't line up with line 5", "by 5 blanks, as line 5"),
        (f"{HEAD}targets:\n  - dts\n - msmtp\n", "5:2: this line doesn't line up with line 4", "by 2 blanks"),
        (f"{HEAD}- settings:\n    mode: smtp\n", "3:1: a list item can't stand among keys", "take out the '- '"),
    ],
)
def test_a_line_out_of_line_names_the_one_it_was_to_stand_with(text: str, told_at: str, hint: str) -> None:
    problem = only(text)
    assert told_at in f"{problem.where}: {problem.message}"
    assert hint in str(problem.hint)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("~/pw", "a file's path is written file:///ABSOLUTE/PATH, without ~; for a secret itself, store it"),
        ("file://~/pw", "~ means no home in a reference: write the whole path, such as file:///home/NAME/..."),
        ("env:HUNTER2", "a reference of that kind is written env://NAME; for a secret itself, store it"),
        ("keyring:HUNTER2/x", "a reference of that kind is written keyring://SERVICE/USER; for a secret"),
        ("$HUNTER2", "a variable is written env://NAME, without $ or %; for a secret itself, store it"),
        ("'%HUNTER2%'", "a variable is written env://NAME, without $ or %; for a secret itself, store it"),
    ],
)
def test_what_was_meant_for_a_reference_gets_the_form_of_one(written: str, hint: str) -> None:
    problem = only(f"{HEAD}settings:\n  login:\n    password: {written}\n")
    assert str(problem.hint).startswith(hint)
    assert "HUNTER2" not in f"{problem.message} {problem.hint} {problem.excerpt}"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("settings: {server: {ca_file: 'file:///a/ca.pem'}}", "an address, and a path is wanted", ": /a/ca.pem"),
        ("settings: {server: {ca_file: 'file:a/ca.pem'}}", "", ""),
        ("settings: {server: {ca_file: ~/ca.pem}}", "starts with a ~", "whole path, such as /etc/dts/ca.pem"),
        ("secrets: {vault: {ca_file: ~ann/ca.pem}}", "starts with a ~", "whole path"),
        ("extends: https://a.example/org.yaml", "only files of this machine are read", "get it"),
        ("extends: ~/org.yaml", "starts with a ~", "whole path, such as /etc/dts/org.yaml"),
        ("record: nodir/x.jsonl", "no absolute path", "such as /var/log/dtsconf/record.jsonl"),
        ("targets: [{kind: msmtp, path: ~/msmtprc}]", "starts with a ~", "whole path"),
    ],
)
def test_what_is_no_plain_path_is_told(line: str, message: str, hint: str) -> None:
    problems = told(f"{HEAD}{line}\n")
    assert [message in p.message and hint in str(p.hint) for p in problems] == ([True] if message else [])


def test_several_addresses_where_one_is_wanted() -> None:
    problem = only(f"{HEAD}verify: {{to: 'a@x.example, b@x.example'}}\n")
    assert problem.message == "verify.to: 'a@x.example, b@x.example' is more than one address"
    assert problem.hint == "name one address only"


@pytest.mark.parametrize("version", ["1.2", '"1.2"', "1"])
def test_a_bare_version_gets_the_condition_to_write(version: str) -> None:
    problem = read_profile_text("p.yaml", f"{HEAD}requires: {version}\n".encode()).problems[0]
    bare = version.strip('"')
    assert problem.hint == f'write ">={bare}"'
    assert not told(f'{HEAD}requires: ">={bare}"\n')


@pytest.mark.parametrize(
    ("glob", "meant"),
    [
        ("@nx.example", "*@nx.example"),
        ("@*.nx.example", "*@*.nx.example"),
        ("nx.example", "*@nx.example"),
        ("/@nx.example/", "*@nx.example"),
        ("at nx", "*@acme.example"),
    ],
)
def test_a_glob_that_no_address_matches(glob: str, meant: str) -> None:
    text = f"{HEAD}policy:\n  rules:\n    - key: sender.email\n      matches: '{glob}'\n"
    (problem,) = read_part("p.yaml", text.encode()).problems
    assert (str(problem.where), problem.hint) == ("p.yaml:6:16", f"write '{meant}'")
    for fine in (meant, "nx.*", "ann@nx.example"):
        assert not read_part("p.yaml", text.replace(glob, fine).encode()).problems


LOGIN = """dtsconf: 1
name: x
settings:
  sender: {email: a@b.example}
  server: {host: mail.b.example, encryption: starttls}
  login: {required: REQUIRED, username: USERNAME, password: "env://PW"}
"""


def validated(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    (report,) = validate_paths([str(tmp_path / "p.yaml")])
    return [f"{p.message} / {p.hint}" for p in report.problems], [f"{n.message} / {n.hint}" for n in report.warnings]


@pytest.mark.parametrize("username", ['""', '" "'])
def test_a_login_needs_a_user_name(tmp_path: Path, username: str) -> None:
    problems, _ = validated(tmp_path, LOGIN.replace("REQUIRED", "true").replace("USERNAME", username))
    assert problems == [
        (
            f"login.username is empty, and login.required is true (profile, {tmp_path}/p.yaml:6:21) / "
            "give the account's name, or set login.required to false"
        )
    ]
    assert not validated(tmp_path, LOGIN.replace("REQUIRED", "false").replace("USERNAME", username))[0]


@pytest.mark.parametrize(
    ("username", "hint"), [('"dts "', "write it without the blank"), ("\u2018dts\u2019", "curly quotes for plain ones")]
)
def test_what_sticks_to_a_user_name_is_a_warning(tmp_path: Path, username: str, hint: str) -> None:
    problems, notices = validated(tmp_path, LOGIN.replace("REQUIRED", "true").replace("USERNAME", username))
    assert not problems
    assert [hint in notice for notice in notices] == [True]


def test_a_size_that_hardly_a_mail_keeps_is_a_warning(tmp_path: Path) -> None:
    text = LOGIN.replace("REQUIRED", "true").replace("USERNAME", "dts")
    assert validated(tmp_path, text + "policy: {max_size: 1 kB}\n") == ([], [])
    _, notices = validated(tmp_path, text + "policy: {max_size: 100}\n")
    assert notices == [
        (
            "policy.max_size lets hardly a mail out: 100 bytes, and the head alone has some hundreds / "
            "write it with its unit, such as 25 MiB"
        )
    ]


FLAT = """dtsconf: 1
name: x
settings:
  sender:
    email: a@b.example
    server:
      host: mail.b.example
      encryption: starttls
    login:
      required: true
      username: dts
      password: env://PW
"""


def test_groups_indented_into_another_one_are_one_problem(tmp_path: Path) -> None:
    problems, _ = validated(tmp_path, FLAT)
    assert problems == [
        "server and login stand below sender / sender and server, login stand side by side: indent them as sender:"
    ]


def test_one_group_indented_into_another_one_is_one_problem(tmp_path: Path) -> None:
    problems, _ = validated(tmp_path, FLAT.replace("    login:", "  login:"))
    assert problems == ["server stands below sender / sender and server stand side by side: indent it as sender:"]


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        (
            "recipients: [a@b.example]\nmax_size: 5 MiB\nlock: [server]\n",
            "recipients, max_size and lock stand at",
            "them below `policy:`",
        ),
        ("recipients: [a@b.example]\n", "unknown key recipients", "put it below `policy:`"),
        ("level: none\nto: a@b.example\n", "level and to stand at the top", "put them below `verify:`"),
        ("deliver: file\n", "unknown key deliver", "put it below `secrets:`"),
    ],
)
def test_keys_of_a_section_at_the_top_are_sent_below_it(lines: str, message: str, hint: str) -> None:
    problem = only(HEAD + lines)
    assert message in problem.message
    assert hint in str(problem.hint)


@pytest.mark.parametrize("name", ["Settings", "SETTINGS", "setting", "setings"])
def test_settings_misspelt_is_one_problem(tmp_path: Path, name: str) -> None:
    text = LOGIN.replace("REQUIRED", "true").replace("USERNAME", "dts").replace("settings:", f"{name}:")
    assert validated(tmp_path, text)[0] == [f"unknown key {name} / did you mean settings?"]


def test_a_profile_s_own_keys_in_a_user_s_file() -> None:
    problems = read_settings_text("u.yaml", b"dtsconf: 1\nname: x\nsettings:\n  mode: smtp\n").problems
    assert [str(p.hint).partition(" and ")[0] for p in problems] == [
        "leave it out: a user's own file holds settings alone",
        "leave it out: a user's own file holds settings alone",
        "leave settings: out",
    ]
    assert read_settings_text("u.yaml", b"sender: {port: 5}\n").problems[0].hint == "did you mean server.port?"


@pytest.mark.parametrize(
    ("wrong", "where", "right"),
    [
        ("  server:\n    host: h\n  port: 5\n", "below line 5, with 4 blanks before it", "    port: 5"),
        ("  server: {host: h}\n  port: 5\n", "within the braces on line 4", None),
        ("  server:\n    host: h\n  login: {port: 5}\n", "below line 5, with 4 blanks before it", None),
    ],
)
def test_a_key_of_another_group_is_told_where_it_belongs_in_the_file(wrong: str, where: str, right: str | None) -> None:
    problem = only(f"{HEAD}settings:\n{wrong}")
    assert problem.hint == f"did you mean server.port? It belongs {where}"
    assert right is None or not told(f"{HEAD}settings:\n{wrong.replace('  port: 5', right)}")
    (problem,) = read_settings_text("u.yaml", b"server:\n  host: h\nport: 5\n").problems
    assert problem.hint == "did you mean server.port? It belongs below line 2, with 2 blanks before it"


def test_an_item_of_a_harmless_list_is_shown_in_a_file_that_is_no_yaml() -> None:
    shown = only(f"{HEAD}targets:\n  - dts\n - msmtp\n").excerpt
    assert str(shown).startswith(" - msmtp\n")
    hidden = only(f"{HEAD}settings:\n  login:\n    password:\n      - a\n     - hunter2\n").excerpt
    assert "hunter2" not in str(hidden)


DEEP = """dtsconf: 1
name: x
settings:
  sender:
    name: a
  server:
    host: h
policy:
  lock:
    - server
  recipients:
    - "*@acme.example"
"""


@pytest.mark.parametrize(
    ("right", "wrong", "hint"),
    [
        ("  recipients:", "   recipients:", "indent it by 2 blanks, as line 9"),
        ("  server:", "   server:", "indent it by 4 blanks, as line 5, or by 2 blanks, as line 4"),
        ("  server:", " server:", "indent it by 2 blanks, as line 4, or by no blanks, as line 3"),
        ("policy:", " policy:", "indent it by 2 blanks, as line 6, or by no blanks, as line 3"),
    ],
)
def test_an_indent_is_mended_to_the_nearest_block_that_is_open(right: str, wrong: str, hint: str) -> None:
    assert only(DEEP.replace(right, wrong)).hint == hint


BLANK = "\u00a0"


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        ("  login:_\n    required: true\n", "4:9"),
        ("  login:_{required: true}\n", "4:9"),
        ("  login: {required:_true}\n", "4:20"),
        ("  login:\n    required:_true\n", "5:14"),
        ("  login:\n  __required: true\n    username: x\n", "5:3"),
        ("  login:\n____required: true\n", "5:1"),
    ],
)
def test_a_blank_that_is_none_to_yaml_is_told_where_it_stands(lines: str, at: str) -> None:
    problem = only(f"{HEAD}settings:\n{lines.replace('_', BLANK)}")
    assert (str(problem.where), problem.message) == (f"p.yaml:{at}", "the blank here is U+00A0, which is none to YAML")
    assert "by copying" in str(problem.hint)


def test_such_a_blank_within_a_text_is_let_be() -> None:
    assert not told(f"{HEAD}settings:\n  sender: {{name: 'Werk{BLANK}3, Ort:{BLANK}Perth', email: a@b.example}}\n")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("{name: Plant: Perth, email: a@b.example}", "4:23"),
        ("{email: a@b.example, name: Plant: Perth}", "4:43"),
        ("\n    name: Plant: Perth", "5:16"),
    ],
)
def test_a_colon_within_a_text_is_told_where_it_stands(line: str, at: str) -> None:
    problem = only(f"{HEAD}settings:\n  sender: {line}\n")
    assert str(problem.where) == f"p.yaml:{at}"
    assert str(problem.hint).startswith("put a text that holds ': ' in quotes")
    assert str(problem.hint).endswith(", or a comma between two pairs") == ("{" in line)
    assert not told(f"{HEAD}settings:\n  sender: {line.replace('Plant: Perth', repr('Plant: Perth'))}\n")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("{name: Plant #1, email: a@b.example}", "4:24"),
        ("{email: a@b.example, name: Plant #1}\n  server: {host: h}", "4:44"),
        ("{name: 'It #2', # x\n    email: Plant #1}", "5:18"),
    ],
)
def test_a_comment_that_swallows_the_end_of_a_bracket_is_told_where_it_begins(line: str, at: str) -> None:
    problem = only(f"{HEAD}settings:\n  sender: {line}\n")
    assert f"{problem.where}: {problem.message}" == f"p.yaml:{at}: a comment begins at this #, and the }} stands in it"
    assert problem.hint == "put a text that holds ' #' in quotes, or write } before the comment"
    assert not told(f"{HEAD}settings:\n  sender: {{name: 'Plant #1', email: a@b.example}} # {{}}\n")


def test_a_comma_within_a_text_in_braces_is_told() -> None:
    problem = only(f"{HEAD}settings:\n  sender: {{name: Plant, Perth, email: a@b.example}}\n")
    assert (str(problem.where), problem.message) == ("p.yaml:4:25", "unknown key sender.Perth")
    assert problem.hint == "a comma ends a text in braces: put the whole text, comma included, in quotes"
    for pair in ("Perth: x", "Perth:"):
        assert "comma" not in str(only(f"{HEAD}settings:\n  sender: {{name: Plant, {pair}}}\n").hint)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("verify: {pending: true}", "write a list such as [sign-in]; it takes sign-in, offline, user"),
        ("verify: {pending: offline}", "write [offline]"),
        ("targets: outlook", "write a list such as [dts]; it takes dts, msmtp"),
    ],
)
def test_what_a_list_takes_is_told_where_no_item_of_it_stands(written: str, hint: str) -> None:
    assert only(f"{HEAD}{written}\n").hint == hint


_DIGITS = "fb0e0ce2b2120247111be90f10f52a3dc3996169ff5e03558d5ef0642af33d28"
_PAIRS = re.findall("..", _DIGITS.upper())


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("mail.acme.example", '"${MAILHOST}"', "variables and templates aren't filled in"),
        ("mail.acme.example", "'%MAILHOST%'", "variables and templates aren't filled in"),
        ("mail.acme.example", "{{ mailhost }}", "variables and templates aren't filled in"),
        ("  server", "  smtp", "write server: {host: ..., port: ..., encryption: ...} and login: {required: true,"),
        ("  server", "  auth", "write login: {required: true, username: ..., password: ...}"),
        ('["*@acme.example"]', "acme.example", "write a list in brackets; in it, *@acme.example"),
        ('recipients: ["*@acme.example"]', "lock: all", "write a list in brackets; in it, a name such as server.host"),
        ("  server:", "<<<<<<< HEAD\n  server:", "keep one of them, and take out <<<<<<<, ======= and >>>>>>>"),
        ("policy:", "=======\npolicy:\n>>>>>>> other", "keep one of them, and take out <<<<<<<, ======= and >>>>>>>"),
    ],
)
def test_what_other_programs_write_leads_to_what_is_written_here(old: str, new: str, hint: str) -> None:
    assert hint in str(only(GOOD.replace(old, new)).hint)


@pytest.mark.parametrize(("text", "more"), [("verify: to: a@acme.example", True), ("name: Lab: Perth", False)])
def test_a_key_below_another_on_one_line(text: str, more: bool) -> None:
    hint = str(only(f"{HEAD}{text}\n").hint)
    assert hint.startswith("put a text that holds ': ' in quotes")
    assert ("{key: value}" in hint) is more


@pytest.mark.parametrize(
    "text",
    [
        f"sha256 Fingerprint={':'.join(_PAIRS)}",
        f"SHA256:{':'.join(_PAIRS)}",
        " ".join(_PAIRS),
        f"SHA256:{base64.b64encode(bytes.fromhex(_DIGITS)).decode()}",
    ],
)
def test_a_fingerprint_as_other_programs_print_it_gets_its_digits(text: str) -> None:
    """As `openssl x509 -fingerprint` prints it above all, which the hint names."""
    settings = f'settings:\n  server: {{host: mail.acme.example, fingerprint: "{text}"}}\n'
    problem = only(f"{HEAD}{settings}")
    assert problem.hint == f"write {_DIGITS}"
    assert not told(f"{HEAD}{settings.replace(text, _DIGITS)}")
