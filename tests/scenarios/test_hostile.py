"""The installed program against every server of the register of hostile ones: where it ends, what it shows and costs.

Whatever the server does: the stage, cause and exit code are the register's; no control character of the server's and
no form of the password reaches the terminal or the JSON; the program's peak of memory stays near what a friendly server
costs; and when apply fails, the machine is as it was, to the byte.

Normally one case for each way to end; DTSCONF_TEST_ALL=1: all. (tests/integration meets all of them at any time.)
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.real.ca import Certificates
from tests.real.hostile import CASES, OF_PASSWORDS
from tests.real.hostile_case import CANARY, CANARY_64, CANARY_PLAIN, USER, Case, plain
from tests.scenarios.harness import PROGRAM, Machine, Result, failed_stage

pytestmark = pytest.mark.timeout(120)

FRIENDLY = Case("friendly", "does all it should", None, plain(), 0)
DIALOGUE = "dialogue.txt"
FORMS = (CANARY, CANARY.upper(), CANARY_64, CANARY_PLAIN, CANARY.encode().hex())
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]")
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a program and writes its peak of memory (KiB): a child's own figure would begin with that of its parent's, and
pytest is large."""


def profile(machine: Machine, case: Case, port: int, certificates: Certificates) -> str:
    """A profile that meets the case's server."""
    server = {"host": "127.0.0.1", "port": port, "encryption": case.encryption, "ca_file": certificates.ca_file}
    settings: dict[str, Any] = {"server": server, "connection": {"timeout": case.seconds}}
    if case.mechanism:
        password = machine.secret_file(CANARY)
        login = {"required": True, "username": USER, "password": password, "mechanism": case.mechanism}
        settings["login"] = login
    machine.secrets[:] = FORMS
    return machine.profile(settings=settings, verify={"level": "send", "retries": 0})


def start(machine: Machine, peak: Path, *args: str) -> subprocess.Popen[bytes]:
    """The program, its peak of memory written to `peak` at the end."""
    command = [sys.executable, "-I", "-S", "-c", MEASURE, str(peak), PROGRAM, *args]
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=machine.environ(), cwd=machine.work, **pipes)


def met(machine: Machine, case: Case, certificates: Certificates) -> tuple[Result, Result, float]:
    """`test --json` and `test` side by side against one such server; and the higher peak of memory, in MB."""
    with case.serve(certificates) as running:
        path = profile(machine, case, running.port, certificates)
        shown = ("test", "--profile", path, "--explain", "--transcript", str(machine.work / DIALOGUE))
        ways = [("test", "--json", "--profile", path), shown]
        peaks = [machine.folder / f"peak-{number}" for number in range(2)]
        started = [start(machine, peak, *args) for peak, args in zip(peaks, ways, strict=True)]
        results = [machine.finish(process, *args) for process, args in zip(started, ways, strict=True)]
    return results[0], results[1], max(int(peak.read_text("ascii")) for peak in peaks) / 1024


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> float:
    """The peak of memory with a friendly server, in MB."""
    machine = Machine(tmp_path_factory.mktemp("friendly"))
    report, _, peak = met(machine, FRIENDLY, certificates)
    report.ok()
    return peak


def texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield from (key, *texts(each))
        case list():
            for each in value:
                yield from texts(each)
        case _:
            return


def check_transcript(machine: Machine) -> None:
    """Of a conversation that came about at all: no form of the password, nothing that rules a terminal."""
    path = machine.work / DIALOGUE
    text = path.read_text("utf-8") if path.exists() else ""
    assert not UNSHOWABLE.search(text), repr(text)
    assert not any(form in text for form in FORMS), text


def check_hint(failure: Mapping[str, Any]) -> None:
    """There is one, it can be pasted, and never is plain proposed where TLS may be to be had: whoever breaks TLS on the
    way would have what he wants."""
    assert failure["hint"], failure
    for value in re.findall(r"--set server\.host=(\S*)", failure["hint"]):
        assert re.fullmatch(r"[\w.:-]+[;,]?", value), failure
    seen_without = failure["cause"] == "tls-not-offered" or "none works on port" in failure["detail"]
    if not seen_without:
        assert "encryption=none" not in failure["hint"], failure


def sample() -> dict[str, Case]:
    """A case for each way to end; with DTSCONF_TEST_ALL=1 all of them."""
    if os.environ.get("DTSCONF_TEST_ALL") == "1":
        return OF_PASSWORDS
    ends: dict[Any, str] = {}
    for name, case in OF_PASSWORDS.items():
        ends.setdefault(case.outcome, name)
    return {name: CASES[name] for name in ends.values()}


@pytest.mark.parametrize("case", sample().values(), ids=sample())
def test_a_hostile_server(machine: Machine, certificates: Certificates, usual: float, case: Case) -> None:
    report, shown, peak = met(machine, case, certificates)
    assert (report.code, shown.code) == (case.code, case.code), report
    for text in (*texts(report.json), shown.stdout, shown.stderr):
        assert not UNSHOWABLE.search(text), repr(text)
    assert re.sub(r"\W", "", CANARY) not in re.sub(r"\\0|\W", "", shown.text)
    check_transcript(machine)
    if case.outcome is None:
        assert report.json["ok"]
    else:
        failure = failed_stage(report.json)
        assert (failure["stage"], failure["cause"]) in case.outcomes, report
        check_hint(failure)
        assert re.search(case.says, failure["detail"]), report
        assert "hint: " in shown.text
    assert peak <= usual + case.memory


APPLIED = [
    "no-banner", "line-of-1-gb", "endless-ehlo", "starttls-refused", "answers-injected-before-tls", "handshake-stalled",
    "nul-in-the-name", "chain-of-1000", "endless-challenges-scram", "password-said-back", "closed-after-mail",
    "reset-in-mid-data", "dot-closed", "dot-late", "each-stage-in-time",
]  # fmt: skip


@pytest.mark.parametrize("name", APPLIED)
def test_apply_leaves_the_machine_as_it_was(machine: Machine, certificates: Certificates, name: str) -> None:
    machine.apply(machine.profile()).ok()
    case, before = CASES[name], machine.everything()
    with case.serve(certificates) as running:
        path = profile(machine, case, running.port, certificates)
        result = machine.apply(path, "--json").fails(case.code)
    failure = failed_stage(result.json["verification"])
    assert (failure["stage"], failure["cause"]) in case.outcomes
    assert machine.everything() == before
    assert json.loads(machine.config.read_text("utf-8"))["settings"]["server"]["host"] == "relay.acme.example"
