"""send: a mail of the user's with the machine's settings, each recipient told, nothing sent twice."""

from __future__ import annotations

import io
import os
import random
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.scenarios.harness import BIN, PROGRAM, Gate, Machine, call, login, make_fifo, open_terminal
from tests.scenarios.sink import Sink
from tests.scenarios.smtpd import DROP, Smtpd
from tests.scenarios.test_apply import Servers, proven

LETTER = ("send", "--to", "ann@acme.example", "--subject", "Run 12", "--body", "done")


@pytest.fixture
def applied(machine: Machine, smtpd: Servers) -> Callable[..., Smtpd]:
    """Applies a profile for a scripted server with these options, and forgets what it got by then."""

    def make(*, profile: dict[str, Any] | None = None, **options: Any) -> Smtpd:
        server = smtpd(**options)
        machine.apply(machine.profile(**proven(server, verify={"level": "none"}, **(profile or {})))).ok()
        return server

    return make


@pytest.fixture
def served(machine: Machine, smtpd: Servers) -> Callable[..., Smtpd]:
    """A scripted server with these options, named by a profile that DTSCONF_PROFILE names: as `applied`, but quicker."""

    def make(**options: Any) -> Smtpd:
        server = smtpd(**options)
        machine.environment["DTSCONF_PROFILE"] = machine.profile(**proven(server))
        return server

    return make


def only(server: Smtpd) -> EmailMessage:
    """The one message that arrived."""
    (mail,) = server.messages
    return mail.message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_mail_with_the_machines_settings(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    server = applied()
    result = machine.run(*LETTER).ok()
    message = only(server)
    assert result.stdout == f"{message['Message-ID']}\n"
    assert message["From"] == "Perth Lab <lab@acme.example>"
    assert message["Subject"] == "Run 12"
    assert text_of(message) == "done\n"
    assert server.messages[0].sender == "lab@acme.example"
    assert "sent to 1 recipient" in result.stderr


def test_a_zip_of_nothing_is_told(machine: Machine, served: Callable[..., Smtpd]) -> None:
    """A macro that lost its --attach on the way: the mail goes, as the text that it is."""
    server = served()
    result = machine.run(*LETTER, "--zip").ok()
    assert "warning: --zip packs nothing: no --attach names a file" in result.stderr
    assert not list(only(server).iter_attachments())


def test_quiet_prints_the_message_id_alone(machine: Machine, served: Callable[..., Smtpd]) -> None:
    served()
    result = machine.run(*LETTER, "--quiet").ok()
    assert result.stdout.startswith("<")
    assert not result.stderr


def test_json(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    body = machine.run(*LETTER, "--cc", "bob@acme.example", "--json").ok().json
    assert body["command"] == "send"
    assert body["message_id"] == only(server)["Message-ID"]
    assert body["recipients"] == [
        {"address": address, "ok": True, "code": 250, "enhanced_code": "2.1.5", "detail": "250 2.1.5 ok"}
        for address in ("ann@acme.example", "bob@acme.example")
    ]


def test_many_recipients_and_lists(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    to = 'Ann <ann@acme.example>, "Doe, Bob" <bob@acme.example>'
    machine.run("send", "--to", to, "--to", "carol@acme.example", "--cc", "dave@x.example; eve@x.example").ok()
    message = only(server)
    assert [str(a) for a in message["To"].addresses] == [
        "Ann <ann@acme.example>",
        '"Doe, Bob" <bob@acme.example>',
        "carol@acme.example",
    ]
    assert server.messages[0].recipients == [
        "ann@acme.example", "bob@acme.example", "carol@acme.example", "dave@x.example", "eve@x.example",
    ]  # fmt: skip


def test_bcc_gets_it_and_nobody_sees_it(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.run(*LETTER, "--bcc", "Boss <boss@acme.example>").ok()
    assert server.messages[0].recipients == ["ann@acme.example", "boss@acme.example"]
    assert b"oss" not in server.messages[0].data


def test_reply_to(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.run(*LETTER, "--reply-to", "Desk <desk@acme.example>").ok()
    assert only(server)["Reply-To"] == "Desk <desk@acme.example>"


def test_some_are_refused_and_the_others_get_it(machine: Machine, served: Callable[..., Smtpd]) -> None:
    replies = ["250 2.1.5 ok", "550 5.1.1 no such user", "250 2.1.5 ok"]
    server = served(replies={"RCPT": replies * 2})
    cc = ("--cc", "gone@acme.example,carol@acme.example")
    result = machine.run(*LETTER, *cc).fails(1)
    assert result.stdout == f"{only(server)['Message-ID']}\n"
    assert "SENT TO 2 OF 3" in result.stderr
    assert "gone@acme.example" in result.stderr
    assert "550 5.1.1 no such user" in result.stderr
    assert "dtsconf test" not in result.stderr
    assert "or try another: --cc ADDRESS" in result.stderr
    assert "Send it again to those alone who are named here" in result.stderr
    body = machine.run(*LETTER, *cc, "--json").fails(1).json
    assert [(one["address"], one["ok"], one["code"], one["enhanced_code"]) for one in body["recipients"]] == [
        ("ann@acme.example", True, 250, "2.1.5"),
        ("gone@acme.example", False, 550, "5.1.1"),
        ("carol@acme.example", True, 250, "2.1.5"),
    ]
    (problem,) = body["problems"]
    assert problem["kind"] == "recipient-rejected"


MANY = [f"r{number}@acme.example" for number in range(7)]


def test_more_recipients_than_the_server_takes_at_once(machine: Machine, served: Callable[..., Smtpd]) -> None:
    """RFC 5321 4.5.3.1.10: the rest is served in further transactions, with the same message. In each the server says no
    once: it may count more of them as errors."""
    taken, full = ["250 2.1.5 ok"] * 3, "452 4.5.3 too many recipients"
    server = served(replies={"RCPT": [*taken, full, *taken, full, "250 2.1.5 ok"]})
    body = machine.run("send", "--to", ",".join(MANY), "--json").ok().json
    assert [mail.recipients[:3] for mail in server.messages] == [MANY[:3], MANY[3:6], MANY[6:]]
    assert {str(mail.message["Message-ID"]) for mail in server.messages} == {body["message_id"]}
    assert [one["address"] for one in body["recipients"]] == MANY
    assert len(server.sessions) == 1


def test_a_later_transaction_whose_outcome_is_unknown(machine: Machine, served: Callable[..., Smtpd]) -> None:
    replies: dict[str, list[str]] = {
        "RCPT": ["250 2.1.5 ok", "452 4.5.3 too many recipients"],
        ".": ["250 2.0.0 queued", DROP],
    }
    served(replies=replies)
    result = machine.run("send", "--to", ",".join(MANY[:2])).fails(1)
    assert result.stdout.startswith("<")
    assert "SENT TO 1 OF 2" in result.stderr
    assert f"hint: ask {MANY[1]} whether it arrived" in result.stderr


def test_a_server_that_never_takes_more_is_not_asked_for_ever(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served(replies={"RCPT": ["250 2.1.5 ok", *["452 4.5.3 too many recipients"] * 50]})
    body = machine.run("send", "--to", ",".join(MANY), "--json").fails(1).json
    assert [one["ok"] for one in body["recipients"]] == [True, *[False] * 6]
    assert len(server.messages) == 1


def test_all_are_refused(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served(replies={"RCPT": "550 5.1.1 no such user"})
    result = machine.run(*LETTER, "--cc", "bob@acme.example").fails(1)
    assert result.stdout == ""
    assert "NOT SENT" in result.stderr
    assert result.stderr.count("no such user") == 2
    assert not server.messages


@pytest.mark.parametrize(
    ("replies", "code", "cause"),
    [
        ({"BANNER": "554 5.7.1 go away"}, 6, "blocked"),
        ({"MAIL": "550 5.7.60 not as this sender"}, 6, "sender-rejected"),
        ({"RCPT": "421 4.7.0 closing"}, 6, None),
        ({"DATA": "554 5.7.1 no"}, 6, None),
        ({".": "554 5.7.1 content refused"}, 6, "content-rejected"),
        ({".": DROP}, 6, "outcome-unknown"),
        ({"DATA": DROP}, 6, "dropped"),
    ],
)
def test_a_conversation_that_fails(
    machine: Machine, served: Callable[..., Smtpd], replies: dict[str, str], code: int, cause: str | None
) -> None:
    server = served(replies=replies)
    body = machine.run(*LETTER, "--json").fails(code).json
    assert [one["ok"] for one in body["recipients"]] == [False]
    assert body["message_id"]
    assert cause in {None, body["problems"][0]["kind"]}
    assert not server.messages
    assert len(server.sessions) == 1, "nothing is tried again"


@pytest.mark.parametrize("more", [(), ("--json",), ("--queue",)])
def test_a_full_disk_below_stdout_makes_no_failure_of_a_mail_that_went(
    machine: Machine, served: Callable[..., Smtpd], more: tuple[str, ...]
) -> None:
    """A script that is told of one sends it again."""
    server = served()
    words = ["sh", "-c", '"$@" >/dev/full', "-", str(BIN / "dtsconf"), *LETTER, *more]
    done = subprocess.run(words, cwd=machine.work, env=machine.environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning: this can't be written to stdout: No space left on device" in done.stderr
    assert "@acme.example>" in done.stderr, "the Message-ID"
    assert len(server.messages) == (0 if more == ("--queue",) else 1)


def test_a_server_that_is_not_there(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    applied().stop()
    result = machine.run(*LETTER).fails(9)
    assert "NOT SENT" in result.stderr
    assert result.stdout == ""


def test_an_unknown_outcome_is_told_with_the_message_id(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served(replies={".": DROP})
    result = machine.run(*LETTER).fails(6)
    assert "NOT KNOWN WHETHER SENT" in result.stderr
    assert "hint: ask ann@acme.example whether it arrived (<" in result.stderr
    assert "@acme.example>" in result.stderr
    assert "dtsconf test" not in result.stderr
    assert len(server.sessions) == 1


GREY = {"RCPT": "450 4.2.0 <ann@acme.example>: Recipient address rejected: Greylisted, see http://acme.example"}
VIRUS = {".": "554 5.7.1 attachment type application/octet-stream not allowed (ClamAV)"}


def test_a_greylisted_mail_is_to_be_sent_again(machine: Machine, served: Callable[..., Smtpd]) -> None:
    served(replies=GREY)
    stderr = machine.run(*LETTER).fails(1).stderr
    assert "NOT SENT (<" in stderr
    assert "the same send again in ten minutes, or with --queue added: then dtsconf queue run" in stderr
    assert "dtsconf test" not in stderr


def test_who_has_it_is_not_named_in_what_is_to_be_sent_again(machine: Machine, served: Callable[..., Smtpd]) -> None:
    served(replies={"RCPT": ["250 2.1.5 ok", "450 4.7.1 Greylisted"]})
    body = machine.run(*LETTER, "--cc", "slow@acme.example", "--json").fails(1).json
    assert "the same send with --cc slow@acme.example alone in ten minutes" in body["problems"][0]["hint"]


def test_a_filter_at_the_server_is_asked_about_this_mail(machine: Machine, served: Callable[..., Smtpd]) -> None:
    """The test mail may well go through, so that its dialogue would show nothing."""
    served(replies=VIRUS)
    machine.write("tool.bin", bytes(2000))
    stderr = machine.run(*LETTER, "--attach", "tool.bin").fails(6).stderr
    (message_id,) = re.findall(r"NOT SENT \((<.*?>)\)", stderr)
    assert "not allowed (ClamAV)" in stderr
    assert f"UTC) and the Message-ID ({message_id})" in stderr
    assert "to see whether it is that: the same send without the attachment" in stderr
    assert "dtsconf test" not in stderr


def test_a_mail_domain_as_the_server_is_for_a_test_to_look_into(machine: Machine, smtpd: Servers) -> None:
    profile = machine.profile(**proven(smtpd(), settings={"server": {"host": "nothing.invalid"}}))
    stderr = machine.run(*LETTER, "--profile", profile).fails(9).stderr
    assert "resolve: " in stderr
    assert (
        f"hint: dtsconf test --profile {profile} --root {machine.root} finds out why, and what works instead" in stderr
    )


def test_html_with_a_text_alternative(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.run("send", "--to", "ann@acme.example", "--html", "<p>All <b>well</b>, größer</p>").ok()
    message = only(server)
    assert message.get_content_type() == "multipart/alternative"
    assert text_of(message) == "All well, größer\n"
    assert text_of(message, "html") == "<p>All <b>well</b>, größer</p>\n"


def test_html_from_a_file_and_the_body_as_html(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.write("report.html", "<h1>Report</h1>")
    machine.run("send", "--to", "ann@acme.example", "--html", "report.html", "--body", "see the HTML").ok()
    machine.run("send", "--to", "ann@acme.example", "--html", "--body-file", "report.html").ok()
    machine.run("send", "--to", "ann@acme.example", "--html", "-", stdin="<h1>Report</h1>").ok()
    first, second, third = (mail.message for mail in server.messages)
    assert text_of(first) == "see the HTML\n"
    assert text_of(second) == text_of(third) == "Report\n"
    assert text_of(first, "html") == text_of(second, "html") == text_of(third, "html") == "<h1>Report</h1>\n"


@pytest.mark.parametrize("text", ["one\ntwo\n", ".\n..\n.\r\nQUIT\n", "From me\n", "größe €\n", "", "x" * 5000])
def test_a_body_from_stdin(machine: Machine, served: Callable[..., Smtpd], text: str) -> None:
    server = served()
    machine.run("send", "--to", "ann@acme.example", "--body-file", "-", stdin=text).ok()
    wanted = text.replace("\r\n", "\n")
    assert text_of(only(server)) == (wanted if wanted.endswith("\n") or not wanted else wanted + "\n")


def test_a_bare_dash_is_stdin_for_the_text_too(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.run("send", "--to", "ann@acme.example", "--body", "-", stdin="all well\n").ok()
    machine.run("send", "--to", "ann@acme.example", "--body", "- one").ok()
    assert [text_of(mail.message) for mail in server.messages] == ["all well\n", "- one\n"]


def test_a_body_as_powershell_writes_files(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.write("out.txt", "größe\r\n".encode("utf-16"))
    machine.run("send", "--to", "ann@acme.example", "--body-file", "out.txt").ok()
    assert text_of(only(server)) == "größe\n"


def test_a_body_that_is_no_text_is_told_with_its_place(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.write("out.txt", b"one\ngr\xf6\xdfe\n")
    result = machine.run("send", "--to", "ann@acme.example", "--body-file", "out.txt").fails(1)
    assert "out.txt:2:3" in result.stderr
    assert "--attach" in result.stderr
    assert not server.sessions


ODD = {
    "plain.txt": b"text\n.\nFrom me\r\nQUIT\n",
    "größe 日本語.log": bytes(range(256)) * 3,
    'the "best"; it\'s 100%.csv': b"a;b\r\n",
    "=?utf-8?q?x?=.bin": b"",
    "x" * 200: b"\0",
    "trailing..": b"1" * 57,
    "-dash": b"2" * 58,
}


def test_attachments_come_back_byte_for_byte(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    for name, data in ODD.items():
        machine.write(name, data)
    machine.run(*LETTER, *(word for name in ODD for word in ("--attach", f"./{name}"))).ok()
    parts = list(only(server).iter_attachments())
    assert {part.get_filename(): part.get_payload(decode=True) for part in parts} == ODD


def test_a_name_with_control_characters_stays_a_name(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.write("a\r\nBcc: x@y.example\n\nbody.txt", b"x")
    machine.run(*LETTER, "--attach", "*.txt").ok()
    (part,) = only(server).iter_attachments()
    assert part.get_filename() == "a__Bcc: x@y.example__body.txt"
    assert server.messages[0].recipients == ["ann@acme.example"]


def test_a_glob_is_expanded_and_sorted(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    for name in ("logs/b.log", "logs/a.log", "logs/c.txt", "logs/deep/d.log", "odd[1].log"):
        machine.write(name, name)
    (machine.work / "logs/folder.log").mkdir()
    machine.run(*LETTER, "--attach", "logs/*.log", "--attach", "logs/a.log", "--attach", "odd[1].log").ok()
    machine.run(*LETTER, "--attach", "logs/**/*.log").ok()
    first, second = ([p.get_filename() for p in mail.message.iter_attachments()] for mail in server.messages)
    assert first == ["a.log", "b.log", "odd[1].log"]
    assert second == ["a.log", "b.log", "d.log"]


def test_a_pattern_that_the_shell_expanded(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    for name in ("a.log", "b.log", "c.log"):
        machine.write(name, name)
    result = machine.run(*LETTER, "--attach", "a.log", "b.log", "c.log").fails(2)
    assert "b.log c.log" in result.stderr
    assert "quote a pattern" in result.stderr
    assert not server.sessions


def test_files_that_can_not_be_attached_are_told_at_once(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    (machine.work / "folder").mkdir()
    make_fifo(machine.work / "pipe")
    wrong = ("missing.log", "none/*.log", "folder", "pipe", "/dev/null")
    result = machine.run(*LETTER, *(word for name in wrong for word in ("--attach", name)), "--json").fails(1)
    assert [(p["where"]["option"], p["message"].split(":")[0]) for p in result.problems] == [
        ("--attach", name) for name in wrong
    ]
    assert all(problem["hint"] for problem in result.problems)
    assert not server.sessions


def test_the_zip_is_the_same_for_the_same_files(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served()
    machine.write("logs/b.log", "b" * 5000)
    machine.write("logs/größe.log", "a")
    machine.write("other/b.log", "other")
    words = (*LETTER, "--zip", "--attach", "logs/*.log", "--attach", "other/b.log")
    machine.run(*words).ok()
    for path in machine.work.rglob("*.log"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    machine.run(*words, env={"TZ": "Australia/Perth"}).ok()
    first, second = (list(mail.message.iter_attachments()) for mail in server.messages)
    assert [part.get_filename() for part in first] == ["attachments.zip"]
    data = first[0].get_payload(decode=True)
    assert isinstance(data, bytes)
    assert data == second[0].get_payload(decode=True)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.namelist() == ["b-2.log", "b.log", "größe.log"]
        assert packed.read("b-2.log") == b"other"
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_too_large_for_the_server_is_known_before_the_upload(machine: Machine, served: Callable[..., Smtpd]) -> None:
    server = served(extensions=("SIZE 50000",))
    machine.write("run.log", b"x" * 60_000)
    result = machine.run(*LETTER, "--attach", "run.log").fails(6)
    assert "too-large" in result.stderr
    assert "--zip" in result.stderr
    assert "DATA" not in server.verbs[0]
    machine.run(*LETTER, "--attach", "run.log", "--zip").ok()
    assert only(server)


def test_too_large_for_the_organisation_contacts_nobody(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    server = applied(profile={"policy": {"max_size": "1 MiB"}})
    machine.write("run.log", b"x" * 2_000_000)
    result = machine.run(*LETTER, "--attach", "run.log", "--json").fails(4)
    (problem,) = result.problems
    assert problem["kind"] == "too-large"
    assert "1 MiB" in problem["message"]
    assert "--zip" in problem["hint"]
    assert not server.sessions
    machine.run(*LETTER, "--attach", "run.log", "--zip").ok()


def test_recipients_outside_the_list_contact_nobody(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    server = applied(profile={"policy": {"recipients": ["*@acme.example"]}})
    words = ("--cc", "x@elsewhere.example", "--bcc", "y@elsewhere.example,boss@acme.example")
    result = machine.run(*LETTER, *words, "--json").fails(4)
    assert [problem["where"]["option"] for problem in result.problems] == ["--cc", "--bcc"]
    assert all("site.yaml:" in problem["message"] for problem in result.problems)
    assert not server.sessions
    machine.run(*LETTER, "--reply-to", "z@elsewhere.example").ok()


def test_locks_hold(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    server = applied(profile={"policy": {"lock": ["server", "sender.email"]}})
    aside = {"DTS_EMAIL_SENDER__EMAIL": "boss@acme.example"}
    result = machine.run(*LETTER, "--json", env=aside).ok()
    assert [one["key"] for one in result.json["set_aside"]] == ["sender.email"]
    assert server.messages[0].sender == "lab@acme.example"
    machine.run(*LETTER, "--set", "server.port=1").fails(4)
    machine.run(*LETTER, "--strict", env=aside).fails(4)
    assert len(server.sessions) == 1


def test_the_users_own_values_lie_on_top(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    server = applied()
    own = machine.write("own.yaml", "sender: {name: Ann, email: ann@acme.example}\n")
    machine.run(*LETTER, env={"DTSCONF_USER_FILE": str(own)}).ok()
    assert only(server)["From"] == "Ann <ann@acme.example>"


def test_the_password_is_seen_nowhere(machine: Machine, applied: Callable[..., Smtpd], certificates: Any) -> None:
    password = "canary-Quie7ohX"
    server = applied(
        profile={
            "settings": {
                **login(machine.secret_file(password), ca_file=certificates.ca_file, encryption="starttls"),
                "sender": {"email": "lab@acme.example"},
            }
        },
        users={"lab": password},
        tls=certificates.server_context("good"),
    )
    machine.write("run.log", b"x")
    words = (*LETTER, "--attach", "run.log", "-v")
    machine.run(*words).ok()
    server.users = {"lab": "other"}
    machine.run(*words, "--json").fails(6)
    assert server.logins == [("lab", password)] * 2
    assert password.encode() not in server.messages[0].data


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nobody to send to"),
        (("--to", ""), "it is empty"),
        (("--to", "ann"), "'ann' is no mail address"),
        (("--to", "a@x.example", "--subject", "a\r\nBcc: b@x.example"), "line break"),
        (("--to", "a@x.example", "--to", "b@x.example\nBcc: c@x.example"), "control character"),
        (("--to", "a@x.example", "--body", "x", "--body-file", "y"), "two texts"),
        (("--to", "a@x.example", "--body-file", "-", "--html", "-"), "both want stdin"),
        (("--to", "a@x.example", "--html"), "without any HTML"),
        (("--to", "a@x.example", "--reply-to", "jürgen@x.example"), "RFC 6531"),
        (("site.yaml", "--to", "a@x.example"), "unexpected extra argument"),
        (("--to", "a@x.example", "--subject", "Run", "12", "done"), 'in quotation marks: --subject "Run 12 done"'),
        (("--to", "12", "--subject", "Run", "12", "--body", "x"), 'in quotation marks: --subject "Run 12"'),
        (("--to", "a@x.example", "b@x.example"), "an option of its own: --to a@x.example --to b@x.example"),
        (("--to", "a@x.example", "--from", "b@x.example"), "that is a setting: --set sender.email=ADDRESS"),
        (("--to", "a@x.example", "--server=mail.x.example"), "that is a setting: --set server.host=HOST"),
        (("--to", "a@x.example", "--set", "server.port", "465"), "write --set server.port=465"),
        (("--to", "a@x.example", "--set", "server.port:", "465"), "write --set server.port=465"),
        (("--to", "Ann", "a@x.example"), 'in quotation marks: --to "Ann <a@x.example>"'),
        (("--to", "M\u00fcller a@x.example"), "angle brackets: 'M\u00fcller <a@x.example>'"),
        (("--to", "a@x.example", "--attach", "my", "log.txt"), 'in quotation marks: --attach "my log.txt"'),
        (("--to", "a@x.example", "--attach", "a.log", "b.log"), "--attach a.log --attach b.log"),
        (("--to", "a@x.example", "--message", "x"), "there is no option --message\nhint: that is --body here"),
        (("--to", "a@x.example", "--timeout", "60"), "that is a setting: --set connection.timeout=SECONDS"),
        (("--to", "a@x.example", "--password", "x"), "a password is in no option, where others could read it"),
        (("--to", "a@x.example", "--attach"), "requires an argument.\nhint: see dtsconf send --help"),
        (("a@x.example", "b@x.example", "--body", "x"), "did you mean --to a@x.example --to b@x.example?"),
        (("--to", "mailto:a@x.example?subject=x"), "is a link to a mail address\nhint: write a@x.example"),
        (("--to", "mailto:"), "is a link to a mail address\n"),
        (("-to", "a@x.example"), "an option has two hyphens: --to"),
        (("/to", "a@x.example"), "an option has two hyphens: --to"),
        (("-s", "Run", "--to", "a@x.example"), "that is --subject here"),
        (("\u2013-to", "a@x.example"), "type --to, with two plain hyphens"),
        (("\u2014to", "a@x.example"), "type --to, with two plain hyphens"),
        (("--to", "\u201ca@x.example\u201d"), "take the curly quotes for plain ones"),
        (("--to", "a@x.example", "--subject", "\u201cRun", "12\u201d"), "take the curly quotes for plain ones"),
    ],
)
def test_words_that_are_off(machine: Machine, served: Callable[..., Smtpd], words: tuple[str, ...], told: str) -> None:
    server = served()
    assert told in machine.run("send", *words).fails(2).stderr
    assert not server.sessions


def test_all_that_is_off_is_told_at_once(machine: Machine, served: Callable[..., Smtpd]) -> None:
    served()
    result = machine.run("send", "--to", "ann", "--cc", "bob", "--subject", "a\nb", "--json").fails(2)
    assert [problem["where"]["option"] for problem in result.problems] == ["--to", "--cc", "--subject"]


def test_bytes_that_are_no_text_in_the_arguments(machine: Machine, served: Callable[..., Smtpd]) -> None:
    served()
    assert "UTF-8" in machine.run("send", "--to", "a@x.example", "--body", "gr\udcf6").fails(2).stderr


def test_without_settings_it_says_what_is_missing(machine: Machine) -> None:
    result = machine.run(*LETTER).fails(3)
    assert "server.host" in result.text


def test_a_profile_can_be_named(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.run(*LETTER, "--profile", machine.profile(**proven(server))).ok()
    assert only(server)["Subject"] == "Run 12"
    assert not machine.config.exists()


def test_a_file_that_grows_while_it_is_sent_is_an_error(machine: Machine, served: Callable[..., Smtpd]) -> None:
    path = machine.write("run.log", b"x" * 300_000)

    def grow() -> None:
        with path.open("ab") as log:
            log.write(b"y")

    server = served(hooks={"DATA": grow})
    result = machine.run(*LETTER, "--attach", "run.log").fails(1)
    assert "run.log changed" in result.stderr
    assert "--zip" in result.stderr
    assert not server.messages
    assert "." not in server.verbs[0]
    machine.run(*LETTER, "--attach", "run.log", "--zip").ok()
    assert only(server)


def test_without_an_environment(machine: Machine, applied: Callable[..., Smtpd]) -> None:
    """A macro's world: no variables, not even HOME and a locale."""
    server = applied()
    machine.write("größe.log", b"x")
    command = ["env", "-i", PROGRAM, *LETTER, "--root", str(machine.root), "--attach", "größe.log", "--quiet"]
    done = call(command, cwd=machine.work)
    assert (done.returncode, done.stderr) == (0, "")
    (part,) = only(server).iter_attachments()
    assert part.get_filename() == "größe.log"


def test_ctrl_c_tells_whether_the_mail_was_sent(machine: Machine, served: Callable[..., Smtpd]) -> None:
    for stage, told in (("DATA", "the mail was not sent"), (".", "it may have arrived")):
        gate = Gate()
        served(hooks={stage: gate})
        process = machine.start(*LETTER)
        gate.wait()
        process.send_signal(signal.SIGINT)
        result = machine.finish(process, *LETTER)
        gate.open()
        assert told in result.fails(130).stderr


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    started: list[Sink] = []

    def start(**options: Any) -> Sink:
        started.append(Sink(**options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def sinking(machine: Machine, server: Sink) -> str:
    """A profile for a sink."""
    return machine.profile(settings={"server": {"host": server.address, "port": server.port}})


def test_a_bar_on_a_terminal_and_nowhere_else(machine: Machine, sink: Callable[..., Sink]) -> None:
    machine.write("big.bin", bytes(8 << 20))
    for on_terminal in (True, False):
        gate = Gate()
        words = (*LETTER, "--attach", "big.bin", "--profile", sinking(machine, sink(halfway=gate)))
        ours, theirs = open_terminal()
        stderr = theirs if on_terminal else subprocess.PIPE
        process = machine.start(*words, stderr=stderr)
        os.close(theirs)
        gate.wait()
        seen = b""
        while on_terminal and b"sending [" not in seen:
            seen += os.read(ours, 1000)
        gate.open()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert out.startswith(b"<")
        assert on_terminal or b"[" not in err
        os.close(ours)


SIZE = 200 << 20
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.mark.parametrize("zipped", [False, True])
def test_a_large_attachment_takes_no_room(machine: Machine, sink: Callable[..., Sink], zipped: bool) -> None:
    server = sink()
    with (machine.work / "big.bin").open("wb") as big:
        for number in range(SIZE >> 20):
            big.write(random.Random(number).randbytes(1 << 16) * 16)
    words = [*LETTER, "--profile", sinking(machine, server), "--attach", "big.bin", *(["--zip"] if zipped else [])]
    done = call([sys.executable, "-c", MEASURED, PROGRAM, *words], cwd=machine.work, env=machine.environ(), timeout=250)
    assert done.returncode == 0, done.stderr
    assert zipped or server.received > SIZE * 4 // 3
    assert int(done.stdout.split()[-1]) < 90 * 1024
