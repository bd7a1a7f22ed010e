"""The boundary: whatever happens becomes words on the right stream and the right exit code."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from dtsconf.cli import boundary
from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import (
    DtsconfError,
    Invalid,
    LockHeld,
    Notice,
    Place,
    Problem,
    SecretUnavailable,
    VerificationFailed,
)
from dtsconf.files.signals import POLITE
from dtsconf.settings.effective import Sighted
from tests.unit.cli.calls import Called, call, command, handlers_kept, profile, python, spawn

CANARY = "c4nary-Passw0rd"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    with handlers_kept():
        yield


@pytest.fixture
def root(tmp_path: Path) -> str:
    folder = tmp_path / "root"
    folder.mkdir(mode=0o755)
    return str(folder)


def raising(capsys: Capture, error: BaseException, *args: str) -> Called:
    """What the boundary makes of an error, with `--json` in `args` or without."""

    def fail(run: Run) -> int:
        run.command = "apply"
        run.root = args[args.index("--root") + 1] if "--root" in args else None
        raise error

    code = boundary.guarded(fail, args, {})
    caught = capsys.readouterr()
    return Called(code, caught.out, caught.err)


KNOWN: list[tuple[BaseException, int, str]] = [
    (DtsconfError("it broke", "mend it"), 1, "failed"),
    (click.UsageError("no such thing"), 2, "usage"),
    (Invalid((Problem("value", "is wrong", "write another"),)), 3, "value"),
    (Invalid((Problem("locked", "is locked", code=4),)), 4, "locked"),
    (SecretUnavailable("not there", "put it there"), 5, "secret"),
    (VerificationFailed("no", "x"), 6, "verification"),
    (LockHeld("dtsconf apply, pid 7", 30.0), 8, "lock-held"),
    (VerificationFailed("no", "x", reached=False), 9, "verification"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (click.Abort(), 130, "interrupted"),
    (OSError(28, "No space left on device", "/x/y"), 1, "failed"),
]


@pytest.mark.parametrize(("error", "code", "kind"), KNOWN)
def test_an_error_is_told_with_its_code(capsys: Capture, error: BaseException, code: int, kind: str) -> None:
    said = raising(capsys, error)
    assert said.code == code
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


@pytest.mark.parametrize(("error", "code", "kind"), KNOWN)
def test_an_error_is_one_json_object(capsys: Capture, error: BaseException, code: int, kind: str) -> None:
    said = raising(capsys, error, "--json")
    assert said.code == code
    assert said.err == ""
    body = said.json
    assert (body["format"], body["command"], body["ok"], body["exit_code"]) == (1, "apply", False, code)
    assert body["warnings"] == body["set_aside"] == []
    assert [problem["kind"] for problem in body["problems"]] == [kind]
    assert {"kind", "message", "hint", "where"} <= set(body["problems"][0])


def test_what_the_system_refuses_names_the_path(capsys: Capture) -> None:
    said = raising(capsys, OSError(28, "No space left on device", "/srv/full"))
    assert said.err.splitlines()[0] == "error: /srv/full: No space left on device"


def test_no_temporary_folder_is_no_lost_current_one(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", None)
        patched.setattr(tempfile, "_candidate_tempdir_list", list)
        with pytest.raises(FileNotFoundError) as nowhere:
            tempfile.gettempdir()
    said = raising(capsys, nowhere.value)
    assert (said.err.count("temporary"), said.err.count("TMPDIR"), said.err.count("current folder")) == (1, 1, 0)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError) as lost:
        os.getcwd()
    assert "the current folder is not there any more" in raising(capsys, lost.value).err


def test_all_problems_are_printed(capsys: Capture) -> None:
    problems = (
        Problem("value", "a is wrong", "write b", Place("site.yaml", 7, 11), "server.port", "  port: x\n        ^"),
        Problem("value", "c is wrong", None, Place("site.yaml", 9, 1)),
    )
    assert raising(capsys, Invalid(problems)).err == (
        "site.yaml:7:11: a is wrong\n  port: x\n        ^\nhint: write b\nsite.yaml:9:1: c is wrong\n"
    )


class HostileLibraryError(Exception):
    """An error whose text holds a secret."""


def crash(capsys: Capture, root: str, *args: str) -> tuple[Called, Path]:
    try:
        try:
            raise ValueError(f"password={CANARY}")
        except ValueError as inner:
            raise HostileLibraryError(CANARY) from inner
    except HostileLibraryError as caught:
        said = raising(capsys, caught, *args, "--root", root)
    (file,) = Path(root).rglob("crashes/*")
    return said, file


def test_a_bug_leaves_a_private_traceback_without_texts(capsys: Capture, root: str) -> None:
    said, file = crash(capsys, root)
    assert said.code == 70
    assert str(file) in said.err
    assert said.err.count("\n") == 2
    assert CANARY not in said.out + said.err
    text = file.read_text("utf-8")
    assert CANARY not in text
    assert "ValueError" in text
    assert "HostileLibraryError" in text
    assert "test_boundary.py" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700


def test_a_bug_is_json_too(capsys: Capture, root: str) -> None:
    said, file = crash(capsys, root, "--json")
    (problem,) = said.json["problems"]
    assert problem["kind"] == "crash"
    assert str(file) in problem["message"]
    assert CANARY not in said.out + said.err


def test_a_bug_on_a_machine_that_takes_no_file_is_still_a_line(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    said = raising(capsys, ValueError(CANARY), "--root", str(tmp_path))
    assert said.code == 70
    assert "traceback is in" not in said.err
    assert CANARY not in said.err


def test_warnings_from_around_the_outcome_are_told(capsys: Capture) -> None:
    notice = Notice("recovered", "a killed apply was finished", "nothing to do")

    def ok(run: Run) -> int:
        run.told.append(notice)
        return boundary.finish(run, Outcome({"x": 1}, "done\n"))

    assert boundary.guarded(ok, ["--json"], {}) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["warnings"][0]["kind"] == "recovered"
    assert body["x"] == 1
    assert boundary.guarded(ok, [], {}) == 0
    caught = capsys.readouterr()
    assert (caught.out, caught.err) == ("done\n", "warning: a killed apply was finished\nhint: nothing to do\n")


def test_quiet_leaves_notes_out_but_not_warnings(capsys: Capture) -> None:
    outcome = Outcome({}, "data\n", warnings=[Notice("x", "odd")], notes="by the way\n")
    boundary.finish(Run(quiet=True), outcome)
    assert capsys.readouterr().err == "warning: odd\n"
    boundary.finish(Run(), outcome)
    assert capsys.readouterr().err == "warning: odd\nby the way\n"


def test_quiet_prints_what_a_command_left_of_its_text(capsys: Capture) -> None:
    boundary.finish(Run(quiet=True), Outcome({}, "all went well\n", short=""))
    boundary.finish(Run(quiet=True), Outcome({}, "data\n"))
    boundary.finish(Run(), Outcome({}, "all went well\n", short=""))
    assert capsys.readouterr().out == "data\nall went well\n"


def test_what_runs_by_the_clock_is_silent_when_all_is_well(capsys: Capture, tmp_path: Path) -> None:
    path, root = profile(tmp_path), str(tmp_path / "root")
    assert call(capsys, "apply", "--yes", "--quiet", "--profile", path, "--root", root).out != ""
    for args in (
        ("apply", "--yes", "--profile", path),
        ("validate", path),
        ("queue", "run"),
        ("queue", "list"),
        ("queue", "drop", "--all"),
        ("sign-out",),
    ):
        said = call(capsys, *args, "--root", root, "--quiet")
        assert (said.code, said.out, said.err) == (0, "", ""), args


@pytest.mark.parametrize("args", [["nonsense"], ["stauts"], ["apply", "--nope"], ["schema"], ["rollback", "x"]])
def test_usage_errors(capsys: Capture, args: list[str]) -> None:
    said = call(capsys, *args)
    assert said.code == 2
    assert said.err.count("\n") == 2
    assert said.err.startswith("error: ")
    assert "--help" in said.err.splitlines()[1]
    for order in ([*args, "--json"], ["--json", *args]):
        assert call(capsys, *order).json["exit_code"] == 2


def test_a_misspelt_command_names_the_nearest(capsys: Capture) -> None:
    assert "did you mean status?" in call(capsys, "stauts").err


def test_no_word_at_all_shows_the_help(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    said = call(capsys)
    assert said.code == 2
    assert said.err.startswith("Usage: dtsconf")
    monkeypatch.setenv("DTSCONF_JSON", "1")
    (problem,) = call(capsys).json["problems"]
    assert len(problem["message"]) < 80


# The rest needs real streams and signals.


def test_a_reader_that_went_away_changes_no_code(tmp_path: Path) -> None:
    script = '"$@" | true; echo "${PIPESTATUS[0]}"'
    for args, code in ((["schema", "profile"], 0), (["show", "--profile", "nope.yaml"], 3), (["--help"], None)):
        done = subprocess.run(
            ["bash", "-c", script, "bash", *command(*args)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        if code is not None:
            assert done.stdout.strip() == str(code)


def test_a_closed_stderr_pipe_is_no_traceback(tmp_path: Path) -> None:
    script = '{ "$@"; echo "$?" >&3; } 2>&1 >/dev/null | true'
    done = subprocess.run(
        ["bash", "-c", f"exec 3>&1; {script}", "bash", *command("show", "--profile", "nope.yaml")],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize("args", [["schema", "profile"], ["--help"], ["--version"], ["schema", "profile", "--json"]])
def test_output_that_cannot_be_kept_is_exit_1(args: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command(*args), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_what_stdout_does_not_take_is_told_on_stderr() -> None:
    """Else nobody would know what was done: which mail was sent, say."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command("schema", "profile"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.stderr.startswith("{")
    assert "this can't be written to stdout: No space left" in done.stderr


def test_a_full_stderr_changes_no_exit_code(tmp_path: Path) -> None:
    line = command("validate", profile(tmp_path))
    with open("/dev/full", "wb") as full:
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=full, timeout=60, check=False)
        lost = subprocess.run(command("show", "--profile", "nope.yaml"), stderr=full, timeout=60, check=False)
    assert (done.returncode, lost.returncode) == (0, 3)


def test_a_reader_that_went_away_takes_no_problem_along(tmp_path: Path) -> None:
    path = profile(tmp_path)
    script = '{ sleep 0.5; "$@"; echo "$?" >&3; } 2>&4 | true'
    done = subprocess.run(
        ["bash", "-c", f"exec 3>&1 4>&2; {script}", "bash", *command("show", "--profile", path, "--set", "x=1")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), "x" in done.stderr) == ("3", True)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path: Path, closed: str) -> None:
    for args, code in ((["show", "--profile", profile(tmp_path)], 0), (["show", "--profile", "nope.yaml"], 3)):
        done = subprocess.run(
            ["sh", "-c", f'"$@" {closed}', "sh", *command(*args)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_apply_with_stdin_closed_goes_on_and_says_so(tmp_path: Path, root: str) -> None:
    args = ["apply", "--profile", profile(tmp_path), "--root", root]
    done = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command(*args)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no terminal" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_no_text_fails_on_the_encoding(tmp_path: Path, encoding: str) -> None:
    path = profile(tmp_path)
    env = {"PYTHONIOENCODING": encoding}
    said = spawn("show", "--profile", path, "--set", "sender.name=東京", env=env)
    assert (said.code, "\\u6771\\u4eac" in said.out) == (0, True)
    said = spawn("show", "--json", "--profile", path, "--set", "sender.name=東京", env=env)
    assert said.json["settings"]["sender.name"]["value"] == "東京"


def test_a_file_name_of_raw_bytes_is_told(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\x1b[31m\xc2\x9b.yaml")
    said = spawn("show", "--profile", name, cwd=tmp_path)
    assert said.code == 3
    assert "\\udcff\\x1b[31m\\x9b.yaml" in said.err
    body = spawn("show", "--json", "--profile", name, cwd=tmp_path)
    assert body.json["problems"][0]["where"]["file"] == name
    assert "\x9b" not in body.out


@pytest.mark.parametrize(("folder", "code"), [("", 0), ("./", 3)])
def test_a_current_folder_that_is_gone(tmp_path: Path, folder: str, code: int) -> None:
    """Absolute paths don't need it; a relative one can't be found, which is said."""
    gone = tmp_path / "gone"
    gone.mkdir()
    path = profile(tmp_path)
    script = f'cd {gone} && rmdir {gone} && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command("show", "--profile", folder + path.lstrip("/") if folder else path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", POLITE)
def test_a_signal_ends_it_politely(number: signal.Signals) -> None:
    said = python(
        "import os, sys\n"
        "from dtsconf.cli.boundary import guarded\n"
        f"sys.exit(guarded(lambda run: os.kill(os.getpid(), {int(number)}) or __import__('time').sleep(9), [], {{}}))"
    )
    assert said.code == 130
    assert said.err == "error: interrupted\n"


@pytest.mark.parametrize("number", POLITE)
def test_a_second_signal_cuts_no_answer_short(number: signal.Signals) -> None:
    """As timeout(1) sends it, to the process and to its group."""
    said = python(
        "import os, sys\n"
        "from dtsconf.cli import boundary\n"
        "write = boundary._write\n"
        f"def ask(*_):\n    os.kill(os.getpid(), {int(number)})\n"
        "def asked(stream, text):\n    ask()\n    write(stream, text)\n"
        "boundary._write = asked\n"
        "sys.exit(boundary.guarded(lambda run: ask() or __import__('time').sleep(9), ['--json'], {}))"
    )
    assert (said.code, json.loads(said.out)["exit_code"]) == (130, 130)


def test_an_end_asked_for_while_a_class_is_made_is_no_bug(capsys: Capture) -> None:
    """Python 3.11 makes a RuntimeError of whatever __set_name__ raises."""
    wrapped = RuntimeError("Error calling __set_name__ on 'x' instance")
    wrapped.__cause__ = KeyboardInterrupt()
    assert raising(capsys, wrapped) == Called(130, "", "error: interrupted\n")


@pytest.mark.parametrize("number", POLITE)
def test_a_signal_on_the_way_out_changes_no_exit_code(number: signal.Signals) -> None:
    said = python(
        "import atexit, os, sys\n"
        f"atexit.register(os.kill, os.getpid(), {int(number)})\n"
        "sys.argv[1:] = ['--version']\n"
        "from dtsconf.__main__ import main\n"
        "main()"
    )
    assert (said.code, said.err) == (0, "")


def test_what_whoever_started_it_has_ignored_stays_so() -> None:
    """As nohup does."""
    said = python(
        "import os, signal, sys\n"
        "from dtsconf.cli.boundary import guarded\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "sys.exit(guarded(lambda run: os.kill(os.getpid(), signal.SIGHUP) or 0, [], {}))"
    )
    assert (said.code, said.err) == (0, "")


def test_interrupted_while_it_is_loaded() -> None:
    said = python(
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from dtsconf.__main__ import main\n"
        "main()"
    )
    assert (said.code, said.err) == (130, "error: interrupted\n")


def test_little_is_loaded_before_an_interruption_is_heard() -> None:
    """Python's own answer to Ctrl-C is a traceback."""
    said = python("import sys\nfound = set(sys.modules)\nimport dtsconf.__main__\nprint(*set(sys.modules) - found)")
    assert set(said.out.split()) <= {"__future__", "gc", "dtsconf", "dtsconf.__main__", "dtsconf.version"}


def test_interrupted_while_it_is_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done was done: no second JSON object, and no word of nothing having changed."""
    write = boundary._write

    def pressed(stream: Any, text: str) -> None:
        write(stream, text)
        if stream is sys.stdout:
            raise KeyboardInterrupt

    monkeypatch.setattr(boundary, "_write", pressed)
    run = Run(command="apply", json=True)
    assert boundary.guarded(lambda _run: boundary.finish(run, Outcome({"changed": True}, "applied")), [], {}) == 130
    told = capsys.readouterr()
    assert json.loads(told.out)["changed"] is True
    assert told.err == "error: interrupted\n"


def test_interrupted_twice_is_no_traceback(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(boundary, "_failed", pressed)
    assert boundary.guarded(pressed, [], {}) == 130
    assert capsys.readouterr().err == ""


STANDING = Notice("ca-file-place", "it lies in a home", standing=True)


@pytest.mark.parametrize(
    ("run", "code", "told"),
    [
        (Run(command="test"), 0, ["odd"]),
        (Run(command="test", profile="site.yaml"), 0, ["it lies in a home", "odd"]),
        (Run(command="show"), 0, ["it lies in a home", "odd"]),
        (Run(command="test", verbose=1), 0, ["it lies in a home", "odd"]),
        (Run(command="test"), 6, ["it lies in a home", "odd"]),
        (Run(command="validate"), 0, ["it lies in a home", "odd"]),
        (Run(command="plan"), 0, ["it lies in a home", "odd"]),
        (Run(command="apply"), 0, ["it lies in a home", "odd"]),
    ],
)
def test_standing_warnings_are_told_where_somebody_acts_on_them(
    capsys: Capture, run: Run, code: int, told: list[str]
) -> None:
    boundary.finish(run, Outcome({}, "", code, [STANDING, Notice("x", "odd")]))
    assert capsys.readouterr().err.splitlines() == [f"warning: {each}" for each in told]
    run.json = True
    boundary.finish(run, Outcome({}, "", code, [STANDING, Notice("x", "odd")]))
    assert len(json.loads(capsys.readouterr().out)["warnings"]) == 2


def test_a_warning_told_before_the_question_is_not_told_again(capsys: Capture) -> None:
    error = Invalid((Problem("adopt", "it stands there", key="targets"),), Sighted((), (STANDING, Notice("x", "odd"))))

    def fail(run: Run) -> int:
        run.seen.append(STANDING)
        raise error

    boundary.guarded(fail, [], {})
    assert capsys.readouterr().err == "it stands there\nwarning: odd\n"
    boundary.guarded(fail, ["--json"], {})
    assert len(json.loads(capsys.readouterr().out)["warnings"]) == 2


def test_what_is_an_error_is_no_warning_beside_it(capsys: Capture) -> None:
    same = Sighted((), (Notice("adopt", "it stands in the way", key="targets"),))
    told = raising(capsys, Invalid((Problem("adopt", "it stands there", key="targets"),), same)).err
    assert told == "it stands there\n"
