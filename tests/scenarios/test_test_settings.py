"""test: the staged report, for the machine's settings or a profile."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.scenarios.harness import Machine, failed_stage, login, mode
from tests.scenarios.smtpd import Smtpd
from tests.scenarios.test_apply import Servers, proven


def verification(machine: Machine, *args: str, code: int = 0, **options: Any) -> dict[str, Any]:
    """The report of `test --json`: the keys stand in `verification` or at the top."""
    result = machine.run("test", "--json", *args, **options)
    assert result.code == code, result
    body = result.json
    return dict(body["verification"] if body.get("verification") else body)


def test_the_machines_settings(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.apply(machine.profile(**proven(server, verify={"level": "none"}))).ok()
    report = verification(machine)
    assert report["ok"] is True
    assert report["level"] == "send"
    assert report["message_id"]
    assert report["program"]
    assert report["user"]
    assert [stage["stage"] for stage in report["stages"]] == [
        "resolve", "connect", "banner", "ehlo", "mail-from", "rcpt-to", "data", "accepted",
    ]  # fmt: skip
    assert all(stage["ms"] >= 0 for stage in report["stages"])
    assert server.messages[0].message["Message-ID"].strip() == report["message_id"]


def test_keys_of_the_report_stand_at_the_top(machine: Machine, smtpd: Servers) -> None:
    """`test` and `verification` have the same keys: in `test` they are the object's own."""
    machine.apply(machine.profile(**proven(smtpd(), verify={"level": "none"}))).ok()
    body = machine.run("test", "--json", "--level", "connect").ok().json
    assert body["level"] == "connect"
    assert body["ok"] is True
    assert body["pending"] is None
    assert [stage["stage"] for stage in body["stages"]] == ["resolve", "connect", "banner", "ehlo"]


def test_a_profile_without_touching_the_machine(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server))
    report = verification(machine, "--profile", profile)
    assert report["ok"]
    assert not list(machine.root.rglob("*.json"))


def test_level_and_to(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server))
    verification(machine, "--profile", profile, "--level", "connect")
    assert "MAIL" not in server.verbs[-1]
    report = verification(machine, "--profile", profile, "--level", "envelope", "--to", "ops@elsewhere.example")
    assert "RSET" in server.verbs[-1]
    assert "DATA" not in server.verbs[-1]
    assert report["message_id"] is None
    verification(machine, "--profile", profile, "--to", "ops@elsewhere.example")
    assert server.messages[-1].recipients == ["ops@elsewhere.example"]


@pytest.mark.parametrize(
    "to", ["nobody", "a@b@c", "", "a@b.example\r\nRCPT TO:<x@y.example>", "a@b.example,c@d.example"]
)
def test_to_must_be_one_address(machine: Machine, smtpd: Servers, to: str) -> None:
    server = smtpd()
    result = machine.run("test", "--profile", machine.profile(**proven(server)), "--to", to)
    assert result.code in {2, 3}, result
    assert server.messages == []


def test_to_is_bound_by_the_policy(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    profile = machine.profile(**proven(server, policy={"recipients": ["*@acme.example"]}))
    machine.run("test", "--profile", profile, "--to", "x@elsewhere.example").fails(4)
    machine.run("test", "--profile", profile, "--to", "X@ACME.example").ok()


def test_the_users_file_lies_on_top(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.apply(machine.profile(**proven(server, verify={"level": "none"}))).ok()
    user = machine.write("user.yaml", "sender: {name: Jane, email: jane@acme.example}\n")
    verification(machine, env={"DTSCONF_USER_FILE": str(user)})
    assert server.messages[-1].sender == "jane@acme.example"


def test_a_failure_has_the_servers_words_and_a_hint(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 <x>: no such\x1b[31m user\x07"})
    profile = machine.profile(**proven(server))
    failure = failed_stage(verification(machine, "--profile", profile, code=6))
    assert (failure["cause"], failure["code"], failure["enhanced_code"]) == ("recipient-rejected", 550, "5.1.1")
    text = machine.run("test", "--profile", profile).fails(6).text
    assert "no such" in text
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "hint" in text


def test_nothing_to_test(machine: Machine) -> None:
    result = machine.run("test")
    assert result.code in {3, 7}, result
    assert "--profile" in result.text


def test_expects_that_are_missing(machine: Machine, smtpd: Servers) -> None:
    parts = proven(smtpd(), expects=["sender.email"])
    parts["settings"]["sender"] = {"email": None}
    profile = machine.profile(**parts)
    result = machine.run("test", "--profile", profile).fails(3)
    assert "DTS_EMAIL_SENDER__EMAIL" in result.text
    machine.run("test", "--profile", profile, "--set", "sender.email=a@b.example").ok()


def test_transcript(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    if not machine.offers("test", "--transcript"):
        machine.run("test", "--transcript", "t.txt").fails(2)
        return
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    machine.run("test", "--profile", machine.profile(**proven(server, settings=settings)), "--transcript", "t.txt").ok()
    text = (machine.work / "t.txt").read_text()
    for word in ("EHLO", "STARTTLS", "AUTH", "MAIL FROM", "RCPT TO", "220 mail.test", "250"):
        assert word in text, word
    assert "pear-tree-9" not in text


def test_explain_shows_evidence(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    if not machine.offers("test", "--explain"):
        machine.run("test", "--explain").fails(2)
        return
    server = smtpd(tls=certificates.server_context())
    settings = {"server": {"encryption": "starttls", "ca_file": certificates.ca_file}}
    profile = machine.profile(**proven(server, settings=settings))
    text = machine.run("test", "--explain", "--profile", profile).ok().text
    assert "TLSv1.3" in text
    assert "Corp Example Root" in text
    assert len(text) > len(machine.run("test", "--profile", profile).ok().text)


def test_tls_stage_has_version_cipher_subject_issuer_and_expiry(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context())
    settings = {"server": {"encryption": "starttls", "ca_file": certificates.ca_file}}
    report = verification(machine, "--profile", machine.profile(**proven(server, settings=settings)))
    (tls,) = [stage for stage in report["stages"] if stage["stage"] == "tls"]
    for word in ("TLSv1.3", "TLS_", "localhost", "Corp Example Root", "20"):
        assert word in tls["detail"], word


CERTIFICATES = {
    "expired": "tls-expired",
    "not-yet-valid": "tls-not-yet-valid",
    "wrong-name": "tls-name",
    "untrusted": "tls-untrusted",
    "self-signed": "tls-untrusted",
}


@pytest.mark.parametrize("implicit", [True, False], ids=["tls", "starttls"])
@pytest.mark.parametrize("name", CERTIFICATES)
def test_bad_certificates(
    machine: Machine, smtpd: Servers, certificates: Certificates, name: Any, implicit: bool
) -> None:
    server = smtpd(tls=certificates.server_context(name), implicit=implicit)
    settings = {"server": {"encryption": "tls" if implicit else "starttls", "ca_file": certificates.ca_file}}
    failure = failed_stage(
        verification(machine, "--profile", machine.profile(**proven(server, settings=settings)), code=6)
    )
    assert (failure["stage"], failure["cause"]) == ("tls", CERTIFICATES[name])
    assert failure["hint"]


def test_tls_to_a_plain_port_and_plain_to_a_tls_port(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    plain, implicit = smtpd(), smtpd(tls=certificates.server_context(), implicit=True)
    tls = {"server": {"encryption": "tls", "ca_file": certificates.ca_file}}
    failure = failed_stage(verification(machine, "--profile", machine.profile(**proven(plain, settings=tls)), code=6))
    assert failure["stage"] == "tls"
    none = {"connection": {"timeout": 2}}
    result = machine.run("test", "--json", "--profile", machine.profile(**proven(implicit, settings=none)))
    assert result.code in {6, 9}, result


def test_a_server_that_requires_tls(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"MAIL": "530 5.7.0 Must issue a STARTTLS command first"})
    failure = failed_stage(verification(machine, "--profile", machine.profile(**proven(server)), code=6))
    assert failure["cause"] == "tls-required"


def test_probe_tries_others_without_credentials(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    if not machine.offers("test", "--probe"):
        machine.run("test", "--probe").fails(2)
        return
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    settings = login(machine.secret_file("pear-tree-9"), encryption="tls", ca_file=certificates.ca_file)
    result = machine.run("test", "--probe", "--profile", machine.profile(**proven(server, settings=settings)))
    assert result.code in {0, 6, 9}, result
    assert "starttls" in result.text.lower()
    assert server.logins == []
    assert server.messages == []


def test_starttls_forgets_what_was_said_before(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    """Bytes after the 220 in the same packet are an attacker's: they must not be taken for the server's answer."""
    server = smtpd(tls=certificates.server_context(), replies={"STARTTLS": "220 go ahead\n250 injected"})
    settings = {"server": {"encryption": "starttls", "ca_file": certificates.ca_file}}
    result = machine.run("test", "--json", "--profile", machine.profile(**proven(server, settings=settings)))
    assert result.code in {0, 6}, result
    if result.code == 0:
        assert server.verbs[-1][:3] == ["EHLO", "STARTTLS", "EHLO"]


def test_login_mechanisms(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    context = certificates.server_context()
    for offered, chosen in ((("LOGIN",), "LOGIN"), (("PLAIN", "LOGIN"), "PLAIN"), (("CRAM-MD5", "LOGIN"), "LOGIN")):
        server = smtpd(tls=context, users={"lab": "pear-tree-9"}, mechanisms=offered)
        settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
        machine.run("test", "--profile", machine.profile(**proven(server, settings=settings))).ok()
        assert any(line == f"AUTH {chosen}" for line in server.sessions[0]), server.sessions
    server = smtpd(tls=context, users={"lab": "pear-tree-9"}, mechanisms=("CRAM-MD5", "NTLM"))
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    failure = failed_stage(
        verification(machine, "--profile", machine.profile(**proven(server, settings=settings)), code=6)
    )
    assert (failure["stage"], failure["cause"]) == ("auth", "auth-mechanism")


def test_hostile_replies_do_not_hurt(machine: Machine) -> None:
    replies = [
        b"220 " + b"x" * 100_000 + b"\r\n",
        b"220-a\r\n" * 100_000,
        b"\r\n" * 1000,
        b"\0\0\0\r\n",
        b"999 what\r\n",
        b"22\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"220-a\r\n550 b\r\n",
    ]
    for number, reply in enumerate(replies):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            settings = {
                "server": {"host": "127.0.0.1", "port": listener.getsockname()[1]},
                "connection": {"timeout": 1},
            }
            profile = machine.profile(settings=settings, verify={"level": "connect", "retries": 0})
            process = machine.start("test", "--json", "--profile", profile)
            listener.settimeout(30)
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(reply)
                    connection.settimeout(30)
                    while connection.recv(65536):
                        pass
                except OSError:
                    pass
            result = machine.finish(process, "test", "--json")
        assert result.code in {6, 9}, (number, result)
        assert len(result.stdout) < 20_000, number


def test_addresses_in_utf8_need_smtputf8(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    settings = {"sender": {"email": "jürgen@bücher.example"}}
    machine.run("test", "--profile", machine.profile(**proven(server, settings=settings))).ok()
    (mail,) = [line for line in server.sessions[0] if line.startswith("MAIL")]
    assert "SMTPUTF8" in mail
    poor = smtpd(extensions=("SIZE 1000000",))
    result = machine.run("test", "--json", "--profile", machine.profile(**proven(poor, settings=settings)))
    assert result.code in {3, 6}, result


def test_a_size_limit_is_respected(machine: Machine, smtpd: Servers) -> None:
    """The client says how large the message is (RFC 1870), or sees for itself that it is too large."""
    server = smtpd(extensions=("SIZE 10",))
    result = machine.run("test", "--json", "--profile", machine.profile(**proven(server)))
    said = [line for line in server.sessions[0] if "SIZE=" in line]
    assert said or failed_stage(result.json)["cause"] == "too-large", result


def test_server_without_ehlo(machine: Machine, smtpd: Servers) -> None:
    server: Smtpd = smtpd(replies={"EHLO": "502 5.5.1 not implemented"})
    result = machine.run("test", "--json", "--profile", machine.profile(**proven(server)))
    assert result.code in {0, 6}, result


def test_ipv6(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(address="::1")
    verification(machine, "--profile", machine.profile(**proven(server)))
    assert len(server.messages) == 1


def test_it_is_said_for_whom_it_is_proven(machine: Machine, smtpd: Servers) -> None:
    text = machine.run("test", "--profile", machine.profile(**proven(smtpd()))).ok().text
    assert "email is set up" not in text.lower()
    assert "dtsconf" in text


def test_rows_name_stages(machine: Machine, smtpd: Servers) -> None:
    text = machine.run("test", "--profile", machine.profile(**proven(smtpd()))).ok().stdout
    places = [
        text.index(stage)
        for stage in ("resolve", "connect", "banner", "ehlo", "mail-from", "rcpt-to", "data", "accepted")
    ]
    assert places == sorted(places)
    assert json.dumps(text)


def test_a_transcript_is_private_and_written_when_the_test_fails(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"}, replies={"RCPT": "550 5.1.1 who?"})
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings))
    (machine.work / "t.txt").write_text("what stood there before")
    machine.run("test", "--profile", profile, "--transcript", "t.txt").fails(6)
    path = machine.work / "t.txt"
    assert mode(path) == 0o600
    text = path.read_text("utf-8")
    assert "stood there" not in text
    assert "pear-tree-9" not in text
    for words in (
        "C: EHLO",
        "S: 220 ",
        "AUTH PLAIN ********",
        "S: 550 5.1.1 who?",
        "* from here on encrypted",
        "hint: ",
    ):
        assert words in text, words
    assert [each.name for each in machine.work.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize("place", ["nowhere/t.txt", ".", "/proc/t.txt", "", "/dev/null"])
def test_a_transcript_that_cannot_be_written_stops_the_test(machine: Machine, smtpd: Servers, place: str) -> None:
    server = smtpd()
    result = machine.run("test", "--profile", machine.profile(**proven(server)), "--transcript", place).fails(1)
    assert "nothing was sent" in result.text
    assert "hint: " in result.text
    assert "dmesg" not in result.text or place == "/proc/t.txt"
    assert ".dtsconf-" not in result.text
    assert server.sessions == []


def test_evidence_in_json(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(replies={"RCPT": "550 5.1.1 <x>: no such user"})
    report = verification(machine, "--profile", machine.profile(**proven(server)), code=6)
    assert report["evidence"]
    assert all(set(each) == {"what", "seen", "means"} and all(each.values()) for each in report["evidence"])
    assert any("5.1.1" in each["seen"] and "RFC 3463" in each["means"] for each in report["evidence"])
    good = verification(machine, "--profile", machine.profile(**proven(smtpd())))
    assert good["evidence"] == []


def test_a_test_that_goes_well_looks_no_further(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    machine.run("test", "--profile", machine.profile(**proven(server))).ok()
    assert len(server.sessions) == 1


def test_probe_takes_no_words_of_a_test(machine: Machine) -> None:
    for words in (["--to", "a@b.example"], ["--level", "auth"], ["--transcript", "t.txt"]):
        machine.run("test", "--probe", *words, "--profile", machine.profile()).fails(2)
