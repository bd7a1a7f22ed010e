"""A canary secret is looked for in all output and every file, for every command, well and badly, as loud as can be."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ca import Certificates
from tests.real.processes import wait_until
from tests.real.syslog import Syslog
from tests.scenarios.harness import BIN, MSMTP, PROGRAM, SECRETS, Machine, call, login, mode
from tests.scenarios.smtpd import Smtpd
from tests.scenarios.test_apply import Servers, proven

CORE = "c4n4ry7Zq"
CANARY = f"{CORE}\"\\'é $x%{CORE}"
FORMS = [
    CORE,
    base64.b64encode(CANARY.encode()).decode().rstrip("=")[:24],
    base64.b64encode(f"\0lab\0{CANARY}".encode()).decode().rstrip("=")[:24],
    CORE[::-1],
    CORE.encode().hex(),
]
MEANT = {f"root/{SECRETS}", f"root/{MSMTP}", "work/secret"}


@pytest.fixture
def canary(machine: Machine, log: Syslog) -> Iterator[Machine]:
    """A machine whose every output and file is searched, and its system's log."""
    machine.secret_file(CANARY)
    machine.secrets[:] = FORMS
    yield machine
    for name, content in machine.files().items():
        if name not in MEANT:
            for form in FORMS:
                assert form.encode() not in content, f"{form} in {name}"
    for path in (machine.delivered, machine.msmtprc):
        assert not path.exists() or mode(path) == 0o600


def reference(machine: Machine) -> str:
    return f"file://{machine.work}/secret"


@pytest.mark.parametrize("loud", [["-vv"], ["--json"], ["--json", "-vv"]], ids=" ".join)
def test_every_command_well(
    canary: Machine, log: Syslog, smtpd: Servers, certificates: Certificates, loud: list[str]
) -> None:
    server = smtpd(tls=certificates.server_context(), users={"lab": CANARY})
    settings = login(reference(canary), ca_file=certificates.ca_file)
    profile = canary.profile(**proven(server, settings=settings, targets=["dts", "msmtp"]))
    more = canary.offers("test", "--explain", "--transcript")
    more += ["transcript.txt"] if more[-1:] == ["--transcript"] else []
    for args in (
        ["validate", profile],
        ["show", "--origin", "--profile", profile],
        ["explain", "login.password", "--profile", profile],
        ["plan", "--secrets", "--out", "plan.json", "--profile", profile],
        ["apply", "--yes", "--plan", "plan.json", "--record", "record.jsonl"],
        ["show", "--screen"],
        ["explain", "login.password"],
        ["test", "--record", "record.jsonl", *more],
        ["send", "--to", "ann@acme.example", "--body", "x", "--attach", "site.yaml", "--zip"],
        ["status", "--record", "record.jsonl"],
        ["history"],
        ["apply", "--yes", "--verify", "--profile", profile],
        ["doctor", "--bundle", "bundle.zip"],
        ["rollback", "0", "--yes"],
    ):
        result = canary.run(*args, *loud)
        assert result.code == 0 or args[0] == "doctor", result
    assert len(server.logins) >= 3
    wait_until(lambda: any(b"rollback: generation" in message for message in log.messages), "the line in the log")
    assert any(b"]: apply: generation 1" in message for message in log.messages)
    with zipfile.ZipFile(canary.work / "bundle.zip") as bundle:
        for name in bundle.namelist():
            assert CORE.encode() not in bundle.read(name), name
            assert CORE not in name


FAILURES: dict[str, dict[str, object]] = {
    "wrong password": {"users": {"lab": "another"}},
    "a server that says it again": {"replies": {"AUTH-RESULT": f"535 5.7.8 wrong password {CANARY} for lab"}},
    "the same in base64": {
        "replies": {"AUTH-RESULT": "535 5.7.8 bad " + base64.b64encode(f"\0lab\0{CANARY}".encode()).decode()}
    },
    "said later, at RCPT": {"replies": {"RCPT": f"550 5.1.1 {CANARY}"}},
    "lost in AUTH": {"replies": {"AUTH-RESULT": ""}},
    "nonsense in AUTH": {"replies": {"AUTH-RESULT": "hello"}},
    "lost after the message": {"replies": {".": ""}},
    "untrusted": {"tls": "untrusted"},
}


@pytest.mark.parametrize("case", FAILURES)
def test_apply_and_test_that_fail(canary: Machine, smtpd: Servers, certificates: Certificates, case: str) -> None:
    options = {"users": {"lab": CANARY}, **FAILURES[case]}
    name = options.pop("tls", "good")
    server: Smtpd = smtpd(tls=certificates.server_context(name), **options)  # type: ignore[arg-type]
    settings = login(reference(canary), ca_file=certificates.ca_file)
    profile = canary.profile(**proven(server, settings=settings))
    for loud in (["-vv"], ["--json", "-vv"]):
        canary.apply(profile, *loud).fails(6)
        canary.run("send", "--to", "ann@acme.example", "--profile", profile, *loud).fails(1 if "RCPT" in case else 6)
    canary.run("test", "--profile", profile, "-vv", *canary.offers("test", "--explain")).fails(6)


def test_other_failures(canary: Machine) -> None:
    """Unknown keys, broken YAML, stale plans, adoption, locks: with a literal secret where none belongs."""
    canary.write("literal.yaml", f"dtsconf: 1\nname: x\nsettings: {{login: {{password: {CORE}}}}}\n")
    canary.write("unknown.yaml", f"dtsconf: 1\nname: x\nsettings: {{login: {{pasword: {CORE}}}}}\n")
    canary.write("user.yaml", f"login: {{password: {CORE}}}\n")
    profile = canary.profile(settings=login(reference(canary)))
    env = {"DTS_EMAIL_LOGIN__PASWORD": CORE, "DTS_EMAIL_LOGIN__PASSWORD": CANARY}
    for loud in ([], ["--json", "-vv"]):
        for path in ("literal.yaml", "unknown.yaml"):
            for command in (["validate"], ["show", "--profile"], ["apply", "--yes", "--profile"]):
                canary.run(*command, path, *loud).fails(3)
        canary.run("show", "--profile", profile, *loud, env={"DTSCONF_USER_FILE": "user.yaml"}).fails(3)
        canary.run("show", "--profile", profile, "--set", f"login.password={CORE}", *loud)
        canary.run("show", "--profile", profile, "--set", f"login.pasword={CORE}", *loud)
        canary.run("show", "--profile", profile, "--set", CORE, *loud)
        canary.run("show", "--origin", "--profile", profile, *loud, env=env).ok()
        canary.run("explain", "login.password", "--profile", profile, *loud, env=env).ok()
        canary.run("apply", "--yes", "--strict", "--profile", profile, *loud, env=env).fails(3)
        canary.run("apply", "--yes", "--profile", profile, *loud, env={**env, "DTS_EMAIL_SERVER__PORT": "x"}).fails(3)
        locked = canary.profile("locked.yaml", settings=login(reference(canary)), policy={"lock": ["login"]})
        canary.run("show", "--strict", "--profile", locked, *loud, env={"DTS_EMAIL_LOGIN__PASSWORD": CANARY}).fails(4)
        canary.run("show", "--profile", locked, *loud, env={"DTS_EMAIL_LOGIN__PASSWORD": CANARY}).ok()
    for path in ("literal.yaml", "unknown.yaml", "user.yaml"):
        (canary.work / path).unlink()


@pytest.mark.parametrize("content", [f"{CORE}\0x", f"{CORE}\nsecond line", f"{CORE}\r\n{CORE}", "x" * 70_000 + CORE])
def test_a_secret_that_cannot_be_used(canary: Machine, content: str) -> None:
    canary.write("secret", content, 0o600)
    profile = canary.profile(settings=login(reference(canary)), targets=["dts", "msmtp"])
    result = canary.apply(profile, "-vv")
    assert result.code in {0, 3, 5}, result
    canary.run("plan", "--secrets", "--json", "--profile", profile)


def test_neither_arguments_nor_environments_of_any_process_hold_it(
    machine: Machine, smtpd: Servers, certificates: Certificates
) -> None:
    """A secret that no other test of a parallel run has, looked for in all processes while the server answers."""
    secret, seen = f"one-of-{uuid.uuid4().hex}", list[str]()

    def look() -> None:
        for process in Path("/proc").iterdir():
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    if secret.encode() in (process / name).read_bytes():
                        seen.append(f"{process}/{name}")

    server = smtpd(tls=certificates.server_context(), users={"lab": secret}, hooks={"MAIL": look, "AUTH-RESULT": look})
    settings = login(machine.secret_file(secret), ca_file=certificates.ca_file)
    machine.apply(machine.profile(**proven(server, settings=settings))).ok()
    assert server.messages
    assert seen == []


@pytest.mark.parametrize(
    "command", ["apply --yes", "plan --secrets", "test", "secret check", "doctor", "doctor --selftest"]
)
def test_no_program_that_it_starts_is_told_it(
    machine: Machine, smtpd: Servers, certificates: Certificates, command: str
) -> None:
    """Each execve(2) with all its arguments and variables, as strace sees it; most commands start nothing at all."""
    trace = machine.work / "execs"
    watch = ["strace", "-f", "-qq", "-v", "-s", "1000000", "-e", "trace=execve", "-e", "signal=none", "-o", str(trace)]
    server = smtpd(tls=certificates.server_context(), users={"lab": CORE})
    settings = login("env://CANARY", ca_file=certificates.ca_file)
    profile = machine.profile(**proven(server, settings=settings))
    machine.secrets.append(CORE)
    env = {"CANARY": CORE, "VAULT_TOKEN": CORE, "DTS_EMAIL_MICROSOFT__CLIENT_SECRET": CORE}
    machine.within = watch
    result = machine.run(*command.split(), "--profile", profile, env=env)
    assert result.code == 0 or command.startswith("doctor"), result
    own, *started = trace.read_text("utf-8", "replace").splitlines()  # one of two lines where another came between
    assert CORE in own, "strace shows variables"
    assert bool(started) == command.endswith("--selftest"), started
    for line in started:
        assert CORE not in line
    trace.unlink()


CRASHES = {
    "in the conversation": "import base64, binascii\nbase64.b64encode = binascii.b2a_base64 = lambda *a, **k: 1 / 0\n",
    "while staging": "import os\nreal = os.fsync\ndef bad(fd):\n    raise RuntimeError('boom')\nos.fsync = bad\n",
    "when renaming": "import os\ndef bad(*a, **k):\n    raise RuntimeError('boom')\nos.rename = os.replace = bad\n",
}


@pytest.mark.parametrize("case", CRASHES)
@pytest.mark.parametrize("loud", [[], ["--json"]], ids=["text", "json"])
def test_a_crash_of_its_own(
    canary: Machine, smtpd: Servers, certificates: Certificates, case: str, loud: list[str]
) -> None:
    """A fault planted in Python's library stands for one of dtsconf's own."""
    canary.write("planted/sitecustomize.py", CRASHES[case])
    server = smtpd(tls=certificates.server_context(), users={"lab": CANARY})
    settings = login(reference(canary), host="localhost", ca_file=certificates.ca_file)
    profile = canary.profile(**proven(server, settings=settings))
    before = canary.live()
    env = canary.environ({"PYTHONPATH": str(canary.work / "planted")})
    command = [PROGRAM, "apply", "--yes", *loud, "--profile", profile]
    result = call(command, env=env, cwd=canary.work)
    assert result.returncode == 70, result
    assert "Traceback" not in result.stdout + result.stderr
    for form in FORMS:
        assert form not in result.stdout + result.stderr
    crashes = [path for path in canary.folder.rglob("crashes/*") if path.is_file()]
    assert crashes, "the traceback is kept"
    assert all(mode(path) == 0o600 for path in crashes)
    assert b"sitecustomize.py" in crashes[0].read_bytes()
    assert crashes[0].name in result.stdout + result.stderr
    if not loud:
        assert len(result.stderr.strip().splitlines()) <= 2
    shutil.rmtree(canary.work / "planted")
    assert canary.live() == before
    canary.run("status")
    assert os.path.exists(BIN)
