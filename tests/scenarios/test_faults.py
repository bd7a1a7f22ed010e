"""Faults around the program: streams that are closed, folders and disks that can't be written, odd environments."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence

import pytest

from tests.scenarios.harness import NOBODY, PROGRAM, Machine, call, in_namespace, mode, tree
from tests.scenarios.test_apply import Servers, proven


def shell(
    machine: Machine, text: str, *args: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the shell text, in which "$@" is the program's call."""
    result = call(["bash", "-c", text, "sh", PROGRAM, *args], cwd=machine.work, env=machine.environ(env))
    assert "Traceback" not in result.stdout + result.stderr, result
    assert "Exception ignored" not in result.stdout + result.stderr, result
    return result


CALLS: list[Sequence[str]] = [
    ("--help",),
    ("--version",),
    ("validate", "site.yaml"),
    ("show", "--profile", "site.yaml"),
    ("plan", "--profile", "site.yaml"),
    ("apply", "--yes", "--profile", "site.yaml"),
    ("status",),
    ("history", "--json"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_a_closed_pipe_as_stdout(machine: Machine, call: Sequence[str]) -> None:
    machine.profile()
    read, write = os.pipe()
    os.close(read)
    process = machine.start(*call, stdout=write)
    os.close(write)
    _, stderr = process.communicate(timeout=60)
    assert b"Traceback" not in stderr
    assert b"Exception ignored" not in stderr
    assert b"BrokenPipe" not in stderr
    assert process.returncode != 70
    if call[0] == "apply":
        machine.run("status").ok()
        assert machine.config.exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("call", CALLS[3:7], ids=lambda call: call[0])
def test_closed_streams(machine: Machine, closed: str, call: Sequence[str]) -> None:
    machine.profile()
    result = shell(machine, f'"$@" {closed}; exit $?', *call)
    expected = {7} if call[0] == "status" else {0} if closed == "<&-" else {0, 1}
    assert result.returncode in expected, result
    if call[0] == "apply" and result.returncode == 0:
        assert machine.config.read_text().startswith("{"), "no stray output in our files"
        machine.run("status").ok()


@pytest.mark.parametrize("call", CALLS[3:7], ids=lambda call: call[0])
def test_a_full_device_as_stdout(machine: Machine, call: Sequence[str]) -> None:
    machine.profile()
    result = shell(machine, '"$@" >/dev/full', *call)
    assert result.returncode != 70, result
    if call[0] == "show":
        assert result.returncode == 1, result


def test_a_read_only_file_system(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.profile("new.yaml", name="new")
    before = tree(machine.root)
    root = shlex.quote(str(machine.root))
    script = f"mount --bind {root} {root}; mount -o remount,bind,ro {root}"
    for args, codes in (
        (["apply", "--yes", "--profile", "new.yaml"], {1}),
        (["apply", "--yes", "--json", "--profile", "new.yaml"], {1}),
        (["rollback", "0", "--yes"], {1}),
        (["purge", "--yes"], {0, 1}),
        (["status"], {0}),
        (["show"], {0}),
        (["plan", "--profile", "new.yaml"], {0}),
        (["history"], {0}),
    ):
        command = in_namespace(script, PROGRAM, *args)
        result = call(command, cwd=machine.work, env=machine.environ())
        assert result.returncode in codes, result
        assert "Traceback" not in result.stderr, result
        if 1 in codes:
            assert "read-only" in (result.stdout + result.stderr).lower(), result
            assert "/" in result.stdout + result.stderr
    assert tree(machine.root) == before


def test_a_read_only_folder_of_the_config_leaves_nothing_behind(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.profile("new.yaml", name="new")
    before = tree(machine.root)
    etc = shlex.quote(str(machine.root / "etc"))
    script = f"mount --bind {etc} {etc}; mount -o remount,bind,ro {etc}"
    command = in_namespace(script, PROGRAM, "apply", "--yes", "--profile", "new.yaml")
    result = call(command, cwd=machine.work, env=machine.environ())
    assert result.returncode == 1, result
    assert "read-only" in result.stderr
    assert "left there" not in result.stderr, result
    assert tree(machine.root) == before


def test_a_full_disk_keeps_the_old_state(machine: Machine) -> None:
    """A small tmpfs, filled but for 0, 1, 2... pages; each apply either does all of its work or none."""
    machine.profile("one.yaml", name="one", targets=["dts", "msmtp"])
    rules = [{"key": "sender.name", "present": True, "because": "x" * 200}] * 20
    machine.profile("two.yaml", name="two", targets=["dts", "msmtp"], policy={"rules": rules})
    driver = """
root=$1; program=$2
"$program" apply --yes >/dev/null --profile one.yaml || exit 90
cp -a "$root/etc" old
for pages in 0 1 2 3 4 5 6 8 10 14; do
    rm -f "$root/fill"; dd if=/dev/zero of="$root/fill" bs=4096 status=none 2>/dev/null
    dd if=/dev/null of="$root/fill" bs=1 seek=$(( $(stat -c %s "$root/fill") - pages * 4096 )) status=none
    "$program" apply --yes --profile two.yaml >out 2>&1; code=$?
    rm -f "$root/fill"
    left=$(find "$root/etc" -name '.*' | wc -l)
    if [ $code = 1 ]; then
        diff -r old "$root/etc" >/dev/null && same=same || same=differs
        grep -qi 'space' out && said=said || said=unsaid
        "$program" status >/dev/null; echo "$pages 1 $same $said left=$left status=$?"
    else
        "$program" status >/dev/null; echo "$pages $code new - left=$left status=$?"
        "$program" apply --yes >/dev/null --profile one.yaml || exit 91
        rm -rf old; cp -a "$root/etc" old
    fi
    grep -l Traceback out
done
"""
    script = f"mount -t tmpfs -o size=300k,mode=0755 none {shlex.quote(str(machine.root))}"
    command = in_namespace(script, "sh", "-c", driver, "sh", str(machine.root), PROGRAM)
    result = call(command, cwd=machine.work, env=machine.environ(), timeout=280)
    assert result.returncode in {0, 1}, result
    lines = result.stdout.splitlines()
    assert len(lines) == 10, result
    for line in lines:
        words = line.split()
        assert words[1:] in (["1", "same", "said", "left=0", "status=0"], ["0", "new", "-", "left=0", "status=0"]), (
            result
        )
    assert any(line.split()[1] == "1" for line in lines), result
    assert any(line.split()[1] == "0" for line in lines), result


def test_missing_folders_are_made_with_the_right_modes(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    for path in ("etc", "etc/dts", "var", "var/lib", "var/lib/dtsconf"):
        assert mode(machine.root / path) == 0o755, path


def test_folders_that_are_there_keep_their_modes(machine: Machine) -> None:
    (machine.root / "etc").mkdir()
    (machine.root / "etc").chmod(0o711)
    (machine.root / "etc/dts").mkdir()
    (machine.root / "etc/dts").chmod(0o700)
    machine.apply(machine.profile()).ok()
    assert (mode(machine.root / "etc"), mode(machine.root / "etc/dts")) == (0o711, 0o700)


def test_a_file_where_a_folder_should_be(machine: Machine) -> None:
    (machine.root / "etc").mkdir()
    (machine.root / "etc/dts").write_text("not a folder")
    result = machine.apply(machine.profile()).fails(1)
    assert "etc/dts" in result.text
    other = Machine(machine.folder / "other")
    (other.root / "var/lib").mkdir(parents=True)
    (other.root / "var/lib/dtsconf").write_text("not a folder")
    result = other.apply(other.profile())
    assert result.code == 1, result
    other.run("status")


def test_a_root_that_is_no_folder(machine: Machine) -> None:
    (machine.folder / "file").write_text("x")
    result = machine.run("apply", "--yes", "--profile", machine.profile(), "--root", str(machine.folder / "file"))
    assert result.code in {1, 2}, result
    assert "file" in result.text


def test_a_machine_of_another_user(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.profile("new.yaml", name="new")
    for args in (["apply", "--yes", "--profile", "new.yaml"], ["rollback", "0", "--yes"], ["purge", "--yes"]):
        command = in_namespace(":", PROGRAM, *args, uid=NOBODY)
        env = {**machine.environ(), "HOME": "/nonexistent"}
        result = call(command, cwd=machine.work, env=env)
        assert result.returncode == 1 or (args[0] == "purge" and result.returncode == 0), result
        assert "Traceback" not in result.stderr
        assert re.search("root|owner|sudo", result.stdout + result.stderr), result
    machine.run("status").ok()


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "C locale": {"LANG": "C", "LC_ALL": "C"},
    "POSIX, no UTF-8 mode": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii:strict"},
    "odd terminal": {"TERM": "dumb", "COLUMNS": "1", "LINES": "1"},
    "columns nonsense": {"COLUMNS": "x", "TERM": "x" * 100},
    "no home": {"HOME": ""},
    "home is a file": {"HOME": "/etc/passwd"},
    "TMPDIR nonsense": {"TMPDIR": "/nonexistent"},
    "TZ nonsense": {"TZ": "Nowhere/Land"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "warnings": {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"},
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_odd_environments(machine: Machine, case: str) -> None:
    profile = machine.profile(settings={"sender": {"name": "東京 Prüf"}})
    for args in (["show", "--profile", profile], ["apply", "--yes", "--profile", profile], ["status"], ["history"]):
        machine.run(*args, env=ENVIRONMENTS[case]).ok()
    assert machine.settings()["settings"]["sender"]["name"] == "東京 Prüf"
    machine.write("bad.yaml", "dtsconf: 1\nname: 東京\nsettings: {mode: 東京}\n")
    machine.run("validate", "bad.yaml", env=ENVIRONMENTS[case]).fails(3)


def test_no_home_variable_at_all(machine: Machine) -> None:
    result = shell(machine, 'unset HOME; "$@"', "show", "--profile", machine.profile())
    assert result.returncode == 0, result


def test_variables_that_are_no_utf8(machine: Machine) -> None:
    profile = machine.profile()
    result = shell(machine, 'DTS_EMAIL_SENDER__NAME=$(printf "\\377") "$@"', "show", "--profile", profile)
    assert result.returncode == 3, result
    assert "DTS_EMAIL_SENDER__NAME" in result.stderr
    shell(machine, '"$@" --profile "$(printf "\\377.yaml")"', "show")
    shell(machine, '"$@" --set "sender.name=$(printf "\\377")"', "show", "--profile", profile)
    shell(machine, 'export "DTS_EMAIL_$(printf "\\377")=x"; "$@"', "show", "--profile", profile)


def test_a_working_folder_that_is_gone(machine: Machine) -> None:
    profile = machine.profile()
    result = shell(machine, 'mkdir gone; cd gone; rmdir ../gone; "$@"', "apply", "--yes", "--profile", profile)
    assert result.returncode == 0, result
    assert shell(machine, 'mkdir gone; cd gone; rmdir ../gone; "$@"', "show", "--profile", "x.yaml").returncode == 3
    secret = {"required": True, "username": "lab", "password": machine.secret_file("pear-tree-gone")}
    server = {"host": "relay.acme.example", "encryption": "starttls"}
    profile = machine.profile(settings={"login": secret, "server": server})
    result = shell(machine, 'mkdir gone; cd gone; rmdir ../gone; "$@"', "apply", "--yes", "--profile", profile)
    assert result.returncode == 0, result


def test_ctrl_c_at_the_question(machine: Machine) -> None:
    from tests.scenarios.test_apply import on_terminal

    code, shown = on_terminal(machine, "\x03", "apply", "--profile", machine.profile())
    assert code == 130, shown
    assert not machine.config.exists()
    assert "Traceback" not in shown


def test_end_of_input_at_the_question(machine: Machine) -> None:
    from tests.scenarios.test_apply import on_terminal

    code, shown = on_terminal(machine, "\x04", "apply", "--profile", machine.profile())
    assert code != 0, shown
    assert not machine.config.exists()
    assert "Traceback" not in shown


def test_many_open_files_are_not_needed(machine: Machine, smtpd: Servers) -> None:
    machine.profile(**proven(smtpd()))
    assert shell(machine, 'ulimit -n 32; "$@"', "apply", "--yes", "--profile", "site.yaml").returncode == 0


@pytest.mark.parametrize(
    "variable", ["DTSCONF_ROOT", "DTSCONF_PROFILE", "DTSCONF_STRICT", "DTSCONF_QUIET", "DTSCONF_JSON"]
)
def test_empty_variables_count_as_not_set(machine: Machine, variable: str) -> None:
    env = {variable: ""}
    if variable == "DTSCONF_ROOT":
        machine.run("show", "--profile", machine.profile(), env=env).ok()
        return
    result = machine.apply(machine.profile(), env=env).ok()
    assert variable != "DTSCONF_JSON" or not result.stdout.startswith("{")
