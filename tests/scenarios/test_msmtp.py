"""msmtp sends with the msmtprc that apply wrote."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.scenarios.harness import Machine, call, login
from tests.scenarios.smtpd import Smtpd
from tests.scenarios.test_apply import Servers, proven

LETTER = "To: ops@acme.example\nSubject: hello\n\nbody\n"


def send(machine: Machine, recipient: str = "ops@acme.example") -> subprocess.CompletedProcess[str]:
    command = ["msmtp", "-C", str(machine.msmtprc), recipient]
    env = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin"}
    return call(command, input=LETTER, env=env)


def applied(machine: Machine, server: Smtpd, settings: dict[str, Any], **parts: Any) -> None:
    machine.apply(machine.profile(**proven(server, settings=settings, targets=["dts", "msmtp"], **parts))).ok()


def arrives(machine: Machine, server: Smtpd) -> None:
    before = len(server.messages)
    result = send(machine)
    assert result.returncode == 0, (result, machine.msmtprc.read_text())
    assert len(server.messages) == before + 1
    assert server.messages[-1].sender == "lab@acme.example"


def test_plain(machine: Machine, smtpd: Servers) -> None:
    server = smtpd()
    applied(machine, server, {})
    arrives(machine, server)
    assert "STARTTLS" not in server.verbs[-1]


@pytest.mark.parametrize("implicit", [True, False], ids=["tls", "starttls"])
@pytest.mark.parametrize("min_tls", ["1.2", "1.3"])
def test_tls(machine: Machine, smtpd: Servers, certificates: Certificates, implicit: bool, min_tls: str) -> None:
    server = smtpd(tls=certificates.server_context(), implicit=implicit)
    encryption = "tls" if implicit else "starttls"
    settings = {
        "server": {"encryption": encryption, "ca_file": certificates.ca_file},
        "connection": {"min_tls": min_tls},
    }
    applied(machine, server, settings)
    arrives(machine, server)


def test_auto_that_was_settled(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context())
    applied(machine, server, {"server": {"encryption": "auto", "ca_file": certificates.ca_file}})
    arrives(machine, server)
    assert "STARTTLS" in server.verbs[-1]


def test_a_certificate_that_is_not_trusted_is_refused_by_msmtp_too(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context())
    applied(machine, server, {"server": {"encryption": "starttls", "ca_file": certificates.ca_file}})
    server.tls = certificates.server_context("untrusted")
    assert send(machine).returncode != 0
    server.tls = certificates.server_context("wrong-name")
    assert send(machine).returncode != 0
    assert len(server.messages) == 1


def test_fingerprint(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    server = smtpd(tls=certificates.server_context("self-signed"))
    applied(
        machine, server, {"server": {"encryption": "starttls", "fingerprint": certificates.fingerprint("self-signed")}}
    )
    arrives(machine, server)
    server.tls = certificates.server_context("good")
    assert send(machine).returncode != 0


PASSWORDS = [
    "pear-tree-9",
    "with space",
    'quo"te',
    "'single'",
    "back\\slash",
    "# hash",
    '"quoted"',
    "ünïcode",
    " lead",
    "trail ",
    "$x%s",
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("deliver", ["file", "reference"])
def test_login(machine: Machine, smtpd: Servers, certificates: Certificates, password: str, deliver: str) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": password}, mechanisms=("PLAIN",))
    machine.write("secret", password + "\n", 0o600)
    settings = login(f"file://{machine.work}/secret", ca_file=certificates.ca_file)
    applied(machine, server, settings, secrets={"deliver": deliver})
    arrives(machine, server)
    assert server.logins == [("lab", password)] * 2


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_mechanism(machine: Machine, smtpd: Servers, certificates: Certificates, mechanism: str) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab user": "pear-tree-9"})
    settings = login(machine.secret_file("pear-tree-9"), ca_file=certificates.ca_file)
    settings["login"].update(mechanism=mechanism, username="lab user")
    applied(machine, server, settings)
    arrives(machine, server)
    auths = [line for session in server.sessions for line in session if line.startswith("AUTH")]
    assert [line.split()[1].lower() for line in auths] == [mechanism] * 2


def test_cleartext_login_that_is_allowed(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "pear-tree-9"}, auth_without_tls=True, mechanisms=("PLAIN",))
    settings = login(machine.secret_file("pear-tree-9"), encryption="none", allow_cleartext_login=True)
    settings["login"]["mechanism"] = "plain"
    applied(machine, server, settings)
    arrives(machine, server)


def test_a_secret_file_with_a_name_that_a_shell_would_read(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    machine.write("a $(touch hacked) 'b;c", "pear-tree-9\n", 0o600)
    reference = f"file://{machine.work}/a%20$(touch%20hacked)%20'b;c"
    settings = login(reference, ca_file=certificates.ca_file)
    profile = machine.profile(
        **proven(server, settings=settings, targets=["dts", "msmtp"], secrets={"deliver": "reference"})
    )
    if machine.apply(profile).code == 0:
        arrives(machine, server)
    assert not list(machine.folder.rglob("hacked"))


def test_a_value_cannot_bring_a_line_of_its_own(machine: Machine) -> None:
    for key in ("login.username", "sender.name"):
        result = machine.run("plan", "--profile", machine.profile(targets=["msmtp"]), "--set", f"{key}=a\nhost evil")
        assert result.code == 3, result


def test_msmtp_reads_what_it_gets(machine: Machine) -> None:
    """No line of ours that msmtp doesn't know, for unusual but sound settings."""
    variants: list[dict[str, Any]] = [
        {"server": {"host": "2001:db8::1"}},
        {"server": {"host": "bücher.example"}},
        {"sender": {"name": 'A "B" C, D'}},
        {"connection": {"timeout": 0.5}},
    ]
    for number, settings in enumerate(variants):
        machine.apply(machine.profile(settings=settings, name=f"v{number}", targets=["dts", "msmtp"])).ok()
        command = ["msmtp", "-C", str(machine.msmtprc), "--pretend", "ops@acme.example"]
        result = call(command, input=LETTER)
        assert result.returncode == 0, (result, machine.msmtprc.read_text())
