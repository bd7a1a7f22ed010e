"""A canary secret from every kind of source, through every failure, as loud as can be: in no output, file, argument or
child's environment. And values of any length and alphabet: used exactly, or refused in words where they are used.

Vault has its own tests of this kind; a source is added to SOURCES.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.real.secret_service import SecretService
from tests.real.syslog import Syslog
from tests.scenarios.harness import MSMTP, SECRETS, Machine, login
from tests.scenarios.smtpd import Smtpd
from tests.scenarios.test_apply import Servers, proven

CORE = "c4n4ry7Kq"
CANARY = f"{CORE}\"\\'é $x%🔑{CORE}"
FORMS = [CORE, base64.b64encode(CANARY.encode()).decode().rstrip("=")[:24], CORE[::-1], CORE.encode().hex()]
LOUD = "import logging, http.client\nlogging.basicConfig(level=1)\nhttp.client.HTTPConnection.debuglevel = 1\n"
"""As sitecustomize: every library's debug log comes out, and what is sent over HTTP (the way of requests' manual)."""

Put = Callable[[str], tuple[str, Mapping[str, str]]]


def from_env(_machine: Machine, value: str, _session: SecretService) -> tuple[str, Mapping[str, str]]:
    return "env://CANARY", {"CANARY": value}


def from_file(machine: Machine, value: str, _session: SecretService) -> tuple[str, Mapping[str, str]]:
    return f"file://{machine.write('secret', value, 0o600)}", {}


def from_systemd(machine: Machine, value: str, _session: SecretService) -> tuple[str, Mapping[str, str]]:
    path = machine.write("credentials/smtp", value, 0o400)
    return "systemd://smtp", {"CREDENTIALS_DIRECTORY": str(path.parent)}


def from_keyring(machine: Machine, value: str, session: SecretService) -> tuple[str, Mapping[str, str]]:
    environ = {name: text for name, text in session.environ.items() if name != "PATH"}
    given = value + "\n" if value.endswith("\n") else value
    machine.run("secret", "set", "keyring://canary/lab", stdin=given, env=environ).ok()
    return "keyring://canary/lab", environ


SOURCES = {"env": from_env, "file": from_file, "systemd": from_systemd, "keyring": from_keyring}
MEANT = {f"root/{SECRETS}", f"root/{MSMTP}", "work/secret", "work/credentials/smtp"}


@pytest.fixture(params=sorted(SOURCES))
def put(request: pytest.FixtureRequest, machine: Machine, log: Syslog, keyring_session: SecretService) -> Iterator[Put]:
    """Keeps a value in the source under test: its reference, and the environment to read it with. Every output is
    searched by the harness, every file and the system's log at the end."""
    machine.secrets[:] = FORMS
    loud = {"PYTHONPATH": str(machine.write("loud/sitecustomize.py", LOUD).parent)}

    def kept(value: str) -> tuple[str, Mapping[str, str]]:
        reference, environ = SOURCES[request.param](machine, value, keyring_session)
        return reference, {**environ, **loud}

    yield kept
    for path, content in machine.files().items():
        assert path in MEANT or all(form.encode() not in content for form in FORMS), path


FAILURES: dict[str, dict[str, object]] = {
    "none": {"users": {"lab": CANARY}},
    "wrong password": {"users": {"lab": "another"}},
    "said again": {"replies": {"AUTH-RESULT": f"535 5.7.8 wrong password {CANARY} for lab"}},
    "lost": {"replies": {"AUTH-RESULT": ""}},
    "untrusted": {"tls": "untrusted"},
}


@pytest.mark.parametrize("case", FAILURES)
def test_the_canary_is_not_seen(
    machine: Machine, put: Put, smtpd: Servers, certificates: Certificates, case: str
) -> None:
    options: dict[str, Any] = {"users": {"lab": CANARY}, **FAILURES[case]}
    seen: list[str] = []
    hooks = {verb: lambda: seen.extend(_of_processes(FORMS)) for verb in ("AUTH-RESULT", "MAIL")}
    context = certificates.server_context(options.pop("tls", "good"))
    server: Smtpd = smtpd(tls=context, hooks=hooks, **options)
    reference, env = put(CANARY)
    settings = login(reference, ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings, targets=["dts"]))
    machine.run("secret", "check", "--profile", profile, "-vv", env=env).ok()
    machine.run("plan", "--secrets", "--profile", profile, "-vv", env=env).ok()
    for loud in (["-vv"], ["--json", "-vv"]):
        code = machine.run("test", "--profile", profile, *loud, env=env).code
        assert machine.apply(profile, *loud, env=env).code == code == (0 if case == "none" else 6)
    machine.run("doctor", "--profile", profile, "-vv", env=env)
    own = [place for place in seen if "CANARY=" not in place]
    assert own == []


def _of_processes(forms: list[str]) -> Iterator[str]:
    """Where a form stands in the arguments or the environment of a process; in its own variable it is meant to."""
    for process in Path("/proc").iterdir():
        for name in ("cmdline", "environ"):
            try:
                parts = (process / name).read_bytes().split(b"\0")
            except OSError:
                continue
            for part in parts:
                if any(form.encode() in part for form in forms):
                    yield f"{process}/{name}: {part[:7].decode()}"


ODD = {
    "line breaks": "two\r\nlines\nof it",
    "64 KiB": "x" * 65536,
    "emoji": "🔑" * 300,
    "blanks": "  s3cret\t ",
    "looks like a reference": "env://OTHER",
    "null": "null",
}


@pytest.mark.parametrize("case", ODD)
def test_odd_values_are_used_exactly(
    machine: Machine, put: Put, smtpd: Servers, certificates: Certificates, case: str
) -> None:
    value = ODD[case]
    server: Smtpd = smtpd(tls=certificates.server_context(), users={"lab": value})
    reference, env = put(value)
    settings = login(reference, ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings))
    machine.apply(profile, env=env).ok()
    assert [password for _, password in server.logins] == [value]


def test_what_msmtp_would_cut_short_is_refused(machine: Machine, smtpd: Servers, certificates: Certificates) -> None:
    """Fetched by msmtp itself, only the first line of a secret would count; dtsconf's own mail takes it whole."""
    server: Smtpd = smtpd(tls=certificates.server_context(), users={"lab": "two\nlines"})
    settings = login(machine.secret_file("two\nlines"), ca_file=certificates.ca_file)
    parts = proven(server, settings=settings, secrets={"deliver": "reference"})
    result = machine.apply(machine.profile(**{**parts, "targets": ["dts", "msmtp"]})).fails(3)
    assert "msmtp takes only the first line" in result.text
    assert server.logins == []
    machine.apply(machine.profile(**{**parts, "targets": ["dts"]})).ok()


@pytest.mark.parametrize("put", sorted(set(SOURCES) - {"env"}), indirect=True)
def test_a_nul_is_refused_where_it_can_not_be_sent(
    machine: Machine, put: Put, smtpd: Servers, certificates: Certificates
) -> None:
    """No variable can hold one (execve(2)), so env:// is left out."""
    server: Smtpd = smtpd(tls=certificates.server_context(), users={"lab": "x"})
    reference, env = put(f"{CORE}\0{CORE}")
    settings = login(reference, ca_file=certificates.ca_file)
    result = machine.apply(machine.profile(**proven(server, settings=settings)), env=env).fails(6)
    assert "NUL" in result.text
    assert server.logins == []


def test_whoever_holds_a_secret_leaves_no_core_dump(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    """The limit of the program (proc(5), /proc/PID/limits) while it logs in."""
    found: list[list[str]] = []

    def look() -> None:
        for process in Path("/proc").iterdir():
            try:
                mine = str(machine.folder).encode() in (process / "cmdline").read_bytes()
                rows = (process / "limits").read_text().splitlines() if mine else []
            except OSError:
                continue
            found.extend(row.split()[-3:-1] for row in rows if row.startswith("Max core file size"))

    server: Smtpd = smtpd(tls=certificates.server_context(), users={"lab": "pw"}, hooks={"AUTH-RESULT": look})
    settings = login(machine.secret_file("pw"), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    fetched = len(found)
    machine.run("test", "--root", str(machine.root), root=False).ok()
    assert len(found) > fetched > 0, "with the secret from its source, and with the delivered one"
    assert all(limits == ["1", "1"] for limits in found), "0 would still let a program collect them"
