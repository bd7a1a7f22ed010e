"""`import dtsconf`: the same results as the commands, as typed objects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import dtsconf
from dtsconf.sending.deliver import NotSent
from tests.scenarios.harness import BIN, Machine, login
from tests.scenarios.test_apply import Servers, proven


def test_the_promised_names() -> None:
    for name in ("load", "plan", "apply", "check", "send"):
        assert callable(getattr(dtsconf, name))
        assert getattr(dtsconf, name).__doc__
    assert (Path(dtsconf.__file__).parent / "py.typed").exists()


def test_import_is_cheap() -> None:
    code = (
        "import sys, dtsconf; print([m for m in ('pydantic', 'yaml', 'click', 'ssl', 'smtplib') if m in sys.modules])"
    )
    result = subprocess.run([str(BIN / "python"), "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_load_gives_settings_with_origins(machine: Machine) -> None:
    effective = dtsconf.load(machine.profile(), environ={"DTS_EMAIL_SENDER__NAME": "Env"})
    assert effective.settings.server.host == "relay.acme.example"
    assert effective.settings.sender.name == "Env"
    assert effective.origin["sender.name"].layer == "environment"
    assert effective.origin["server.host"].layer == "profile"


def test_plan_apply_and_again(machine: Machine) -> None:
    profile = machine.profile()
    planned = dtsconf.plan(profile, root=machine.root, environ={})
    assert [change.action for change in planned.changes] == ["create"]
    assert not machine.config.exists()
    applied = dtsconf.apply(profile, root=machine.root, environ={})
    assert applied.changed
    assert applied.generation is not None
    assert applied.generation.number == 1
    assert machine.config.exists()
    assert not dtsconf.apply(profile, root=machine.root, environ={}).changed
    assert dtsconf.plan(profile, root=machine.root, environ={}).changes == ()
    body = machine.run("plan", "--json", "--profile", profile).ok().json
    assert body["changes"] == []


def test_the_same_digest_as_the_command(machine: Machine) -> None:
    profile = machine.profile()
    digest = machine.run("plan", "--json", "--profile", profile).ok().json["digest"]
    assert dtsconf.plan(profile, root=machine.root, environ={}).digest == digest


def test_check_reports_a_refusal_instead_of_raising(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 no such user"})
    report = dtsconf.check(machine.profile(**proven(server)), root=machine.root, environ={}).verification
    assert not report.ok
    assert report.failure is not None
    assert report.failure.cause == "recipient-rejected"
    del server.replies["RCPT"]
    assert dtsconf.check(machine.profile(**proven(server)), root=machine.root, environ={}).verification.ok


def test_errors_carry_code_and_problems(machine: Machine, smtpd: Servers) -> None:
    bad = str(machine.write("bad.yaml", "dtsconf: 1\nname: x\nsettings: {server: {hots: h, port: x}}\n"))
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.load(bad, environ={})
    assert caught.value.code == 3
    assert len(caught.value.all_problems()) >= 2
    rules = machine.profile(policy={"rules": [{"key": "server.port", "max": 1}]})
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.plan(rules, root=machine.root, environ={})
    assert caught.value.code == 4
    missing = machine.profile(settings=login("env://NOT_THERE"))
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.apply(missing, root=machine.root, environ={})
    assert caught.value.code == 5
    server = smtpd(replies={"RCPT": "550 5.1.1 no such user"})
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.apply(machine.profile(**proven(server)), root=machine.root, environ={})
    assert caught.value.code == 6
    assert not machine.config.exists()


def test_no_object_shows_a_secret(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "pear-tree-9"}, auth_without_tls=True, mechanisms=("PLAIN",))
    settings = login(machine.secret_file("pear-tree-9"), encryption="none", allow_cleartext_login=True)
    profile = machine.profile(**proven(server, settings=settings))
    results = [
        dtsconf.load(profile, environ={"DTS_EMAIL_LOGIN__PASSWORD": "pear-tree-9"}),
        dtsconf.plan(profile, root=machine.root, environ={}, secrets=True),
        dtsconf.apply(profile, root=machine.root, environ={}),
        dtsconf.check(root=machine.root, environ={"HOME": str(machine.home)}),
    ]
    for result in results:
        assert "pear-tree-9" not in repr(result) + str(result)
    server.users = {"lab": "other"}
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.apply(profile, root=machine.root, environ={}, verify=True)
    fault: BaseException | None = caught.value
    while fault is not None:
        assert "pear-tree-9" not in repr(fault) + str(fault)
        fault = fault.__cause__ or fault.__context__


def test_overrides_are_the_strongest_layer(machine: Machine) -> None:
    effective = dtsconf.load(
        machine.profile(), overrides={"server.port": 26, "sender.name": None}, environ={"DTS_EMAIL_SERVER__PORT": "27"}
    )
    assert effective.settings.server.port == 26
    assert effective.settings.sender.name is None
    assert effective.origin["server.port"].layer == "command line"


def test_send(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": ["250 ok", "250 ok", "550 5.1.1 no", "550 5.1.1 no"]})
    profile = machine.profile(**proven(server))
    run = machine.write("run.log", b"x" * 100)
    sent = dtsconf.send(
        "Ann <ann@acme.example>",
        "Run 12",
        "done",
        bcc=["boss@acme.example"],
        attach=run,
        zip=True,
        profile=profile,
        environ={},
    )
    (mail,) = server.messages
    assert sent.ok
    assert sent.message_id == mail.message["Message-ID"]
    assert [one.address for one in sent.recipients] == ["ann@acme.example", "boss@acme.example"]
    assert [part.get_filename() for part in mail.message.iter_attachments()] == ["run.log.zip"]
    with pytest.raises(dtsconf.DtsconfError) as caught:
        dtsconf.send(["a@acme.example", "b@acme.example"], profile=profile, environ={})
    assert isinstance(caught.value, NotSent)
    assert caught.value.code == 1
    assert not caught.value.sent.unknown


def test_send_to_some_is_a_result(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": ["250 ok", "550 5.1.1 no such user"]})
    sent = dtsconf.send(
        ["a@acme.example", "b@acme.example"], profile=machine.profile(**proven(server)), environ={}, html="<p>hi"
    )
    assert not sent.ok
    assert [one.ok for one in sent.recipients] == [True, False]


def test_send_that_can_not_be(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server, policy={"recipients": ["*@acme.example"]}))
    for words, code in (({"to": "a@elsewhere.example"}, 4), ({"to": "nobody"}, 2), ({"to": ()}, 2)):
        with pytest.raises(dtsconf.DtsconfError) as caught:
            dtsconf.send(**words, profile=profile, environ={})
        assert caught.value.code == code
    assert not server.sessions
