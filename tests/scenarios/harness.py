"""A machine in a temporary folder, and the installed program run on it as a user would.

Rules that hold for every run, whatever the test is about (`Machine.run` checks them): no traceback and no exit code 70;
none of `Machine.secrets` in any output; with --json one object of the promised shape; with an exit code that says
failure, everything live on the machine stays as it was, to the byte, mode and time. Knows no module of dtsconf.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.real.apart import apart
from tests.real.posix import NotPosix

BIN = Path(sys.executable).parent
PROGRAM = str(BIN / "dtsconf")
CONFIG, SECRETS, MSMTP, STATE = "etc/dts/email.json", "etc/dts/email.secrets.json", "etc/msmtprc", "var/lib/dtsconf"
NOBODY = 65534
KNOWN_CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130}
LEAVES_ALL_AS_IT_WAS = {1, 2, 3, 4, 5, 6, 8, 9, 130}
WHERE_KEYS = ({"file", "line", "column"}, {"variable"}, {"option"})

Tree = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Result:
    """What a run of the program gave."""

    args: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def problems(self) -> list[dict[str, Any]]:
        return list(self.json["problems"])

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return list(self.json["warnings"])

    def ok(self) -> Result:
        assert self.code == 0, self
        return self

    def fails(self, code: int) -> Result:
        assert self.code == code, self
        assert self.text.strip(), "a failure says why"
        return self

    def __str__(self) -> str:
        return f"dtsconf {shlex.join(self.args)} -> {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


@dataclass
class Machine:
    """`folder/root` is the machine, `folder/home` its user's home, `folder/work` where the user stands. `within` is a
    command that the program is run by, such as one that enters a namespace or watches it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in (self.root, self.home, self.work):
            one.mkdir(parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def config(self) -> Path:
        return self.root / CONFIG

    @property
    def delivered(self) -> Path:
        return self.root / SECRETS

    @property
    def msmtprc(self) -> Path:
        return self.root / MSMTP

    @property
    def state(self) -> Path:
        return self.root / STATE

    def settings(self) -> Any:
        """What stands in the machine config."""
        return json.loads(self.config.read_text("utf-8"))

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        """A file in the user's folder."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def profile(self, name: str = "site.yaml", /, **parts: Any) -> str:
        """A profile for a relay that trusts the network, nothing verified, unless `parts` say otherwise; its path."""
        return str(self.write(name, yaml.safe_dump(site(**parts), sort_keys=False)))

    def secret_file(self, secret: str, name: str = "secret") -> str:
        """A 0600 file with this secret, which from then on must not be seen in any output; its reference."""
        self.secrets.append(secret)
        return f"file://{self.write(name, secret + chr(10), 0o600)}"

    def environ(self, extra: Mapping[str, str] | None = None, *, root: bool = True) -> dict[str, str]:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **self.environment}
        if root:
            environ["DTSCONF_ROOT"] = str(self.root)
        return {**environ, **(extra or {})}

    def start(
        self, *args: str, env: Mapping[str, str] | None = None, root: bool = True, **options: Any
    ) -> subprocess.Popen[bytes]:
        """The program, started; the caller waits for it."""
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.work,
            **options,
        }
        return subprocess.Popen([*self.within, PROGRAM, *args], env=self.environ(env, root=root), **settings)

    def finish(self, process: subprocess.Popen[bytes], *args: str, stdin: bytes | None = None) -> Result:
        """Waits for a process of `start` and checks what holds for every run."""
        try:
            stdout, stderr = process.communicate(stdin, timeout=240)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        result = Result(args, process.returncode, stdout.decode("utf-8"), stderr.decode("utf-8"))
        self.check(result)
        return result

    def run(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        root: bool = True,
        **options: Any,
    ) -> Result:
        """Runs the program; `root=False` leaves DTSCONF_ROOT away. Further options go to Popen."""
        before = self.live()
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*args, env=env, root=root, **options)
        result = self.finish(process, *args, stdin=None if stdin is None else stdin.encode())
        if result.code in LEAVES_ALL_AS_IT_WAS:
            assert self.live() == before, f"a failure changed the machine: {result}"
        return result

    def apply(self, profile: str, *args: str, **options: Any) -> Result:
        return self.run("apply", "--yes", "--profile", profile, *args, **options)

    def offers(self, command: str, *options: str) -> list[str]:
        """Those of the options that the command's help lists: what an issue to come brings is not asked for yet."""
        text = self.run(command, "--help").stdout
        return [option for option in options if option in text]

    def check(self, result: Result) -> None:
        assert "Traceback (most recent call last)" not in result.text, result
        assert result.code in KNOWN_CODES, result
        for secret in self.secrets:
            assert secret not in result.text, f"secret {secret!r} shown: {result}"
        if "--json" in result.args and "--help" not in result.args:
            check_json(result)

    def live(self) -> Tree:
        """Everything under the root but dtsconf's own state and the folders to it: the state has tests of its own."""
        found = tree(self.root).items()
        return {name: facts for name, facts in found if not (name.startswith(STATE) or name in {"var", "var/lib"})}

    def everything(self) -> Tree:
        """Everything under the root."""
        return tree(self.root)

    def files(self) -> dict[str, bytes]:
        """Content of every file of the machine, its user's home and folder, by path."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def check_json(result: Result) -> dict[str, Any]:
    """Checks the promises that hold for every object that --json prints."""
    try:
        body = json.loads(result.stdout)
    except ValueError as fault:
        raise AssertionError(f"stdout is not one JSON object ({fault}): {result}") from fault
    assert isinstance(body, dict), result
    assert body["format"] == 1, result
    assert isinstance(body["command"], str), result
    assert body["exit_code"] == result.code, result
    assert isinstance(body["ok"], bool), result
    assert body["ok"] or result.code != 0, result
    assert not body["ok"] or result.code in {0, 7}, result
    for warning in body["warnings"]:
        check_notice(warning, result)
    for aside in body["set_aside"]:
        assert set(aside) >= {"key", "layer", "where", "locked_at"}, result
        check_where(aside["where"], result)
        check_where(aside["locked_at"], result)
    if result.code:
        assert body["problems"], result
    for problem in body.get("problems", []):
        check_notice(problem, result)
    for verification in filter(None, [body.get("verification")]):
        check_verification(verification)
    return body


def check_notice(notice: Mapping[str, Any], result: Result) -> None:
    assert set(notice) >= {"kind", "message", "hint", "where"}, result
    assert isinstance(notice["kind"], str), result
    assert isinstance(notice["message"], str), result
    assert notice["message"], result
    assert notice["hint"] is None or isinstance(notice["hint"], str), result
    check_where(notice["where"], result)


def check_where(where: Mapping[str, Any] | None, result: Result) -> None:
    if where is None:
        return
    assert set(where) - {"key"} in WHERE_KEYS, result
    if "line" in where:
        assert isinstance(where["line"], int), result
        assert isinstance(where["column"], int), result


_GRAPH = ["token", "request"]
STAGES = ["resolve", "connect", "banner", "ehlo", "tls", "auth", "mail-from", "rcpt-to", "data", "accepted", *_GRAPH]
CAUSES = {
    "dns", "no-route", "refused", "timeout", "blocked", "not-smtp", "protocol", "tls-required", "tls-not-offered",
    "tls-version", "tls-untrusted", "tls-name", "tls-expired", "tls-not-yet-valid", "tls-stripped", "auth-mechanism",
    "auth-rejected", "auth-disabled", "cleartext-refused", "sender-rejected", "recipient-rejected", "content-rejected",
    "mailbox-full", "too-large", "rate-limited", "greylisted", "server-error", "dropped", "outcome-unknown", "token",
}  # fmt: skip


def check_verification(verification: Mapping[str, Any]) -> None:
    """Checks the shape of a test's report."""
    keys = {"level", "ok", "pending", "message_id", "program", "user", "stages"}
    assert set(verification) >= keys, verification
    for stage in verification["stages"]:
        assert set(stage) >= {"stage", "ok", "ms", "detail", "code", "enhanced_code", "cause", "hint"}, stage
        assert stage["stage"] in STAGES, stage
        assert stage["cause"] is None or stage["cause"] in CAUSES, stage
        assert stage["ok"] or stage["cause"], stage


def failed_stage(verification: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one stage that failed."""
    (stage,) = [one for one in verification["stages"] if not one["ok"]]
    return dict(stage)


def site(**parts: Any) -> dict[str, Any]:
    """A profile as a mapping. `settings` is merged into a relay's; other parts stand as given, None takes one out."""
    settings: dict[str, Any] = {
        "sender": {"name": "Perth Lab", "email": "lab@acme.example"},
        "server": {"host": "relay.acme.example", "port": 2525},
    }
    for group, values in parts.pop("settings", {}).items():
        settings[group] = {**settings.get(group, {}), **values} if isinstance(values, dict) else values
    whole = {"dtsconf": 1, "name": "acme-perth", "settings": settings, "verify": {"level": "none"}, **parts}
    return {key: value for key, value in whole.items() if value is not None}


def login(password: str, **more: Any) -> dict[str, Any]:
    """Settings for a login over STARTTLS with this reference."""
    return {
        "server": {"encryption": "starttls", **more},
        "login": {"required": True, "username": "lab", "password": password},
    }


def tree(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Every entry below `folder`: kind, mode, owner, group, and for a file its time and content's digest."""
    found: dict[str, tuple[Any, ...]] = {}
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = os.path.join(base, name)
            found[os.path.relpath(path, folder)] = _facts(path)
    return found


def _facts(path: str) -> tuple[Any, ...]:
    facts = os.lstat(path)
    common = (stat.filemode(facts.st_mode), facts.st_uid, facts.st_gid)
    if stat.S_ISLNK(facts.st_mode):
        return (*common, os.readlink(path))
    if not stat.S_ISREG(facts.st_mode):
        return common
    with open(path, "rb") as file:
        return (*common, facts.st_mtime_ns, hashlib.sha256(file.read()).hexdigest())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def chown(path: Path | str, uid: int, gid: int) -> None:
    """Gives the file to another user."""
    if sys.platform != "win32":
        os.chown(path, uid, gid)
        return
    raise NotPosix


def make_fifo(path: Path) -> None:
    """A named pipe, 0600, that nobody ever writes to."""
    if sys.platform != "win32":
        os.mkfifo(path, 0o600)
        return
    raise NotPosix


def group_name(gid: int) -> str:
    """The name of a group of this system."""
    if sys.platform != "win32":
        import grp

        return grp.getgrgid(gid).gr_name
    raise NotPosix


def open_terminal() -> tuple[int, int]:
    """Both sides of a pseudo-terminal, ours first."""
    if sys.platform != "win32":
        return os.openpty()
    raise NotPosix


def call(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Any program, run to its end; bytes that are no UTF-8 show as escapes."""
    settings: dict[str, Any] = {"timeout": 120, "errors": "backslashreplace", **options}
    return subprocess.run(command, check=False, capture_output=True, text=True, **settings)


class Gate:
    """A hook for a scripted server: the conversation stops here until the test opens it."""

    def __init__(self) -> None:
        self._arrived, self._open = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._arrived.set()
        self._open.wait(60)

    def wait(self) -> None:
        assert self._arrived.wait(60), "the program never came to this stage"

    def open(self) -> None:
        self._open.set()


def in_namespace(script: str, *args: str, uid: int | None = None) -> Sequence[str]:
    """A command that runs `args` after the shell text `script` in a mount namespace of its own, as `uid` if given.

    A program that lies in a folder closed to others is shown again at its place for such a user.
    """
    steps = ["set -e", script]
    if uid is not None:
        steps.append(_open_program())
    drop = f"setpriv --reuid {uid} --regid {uid} --clear-groups " if uid is not None else ""
    steps.append(f'exec {drop}"$@"')
    return apart("sh", "-c", "\n".join(steps), "sh", *args)


def _open_program() -> str:
    """Shows the interpreter, the virtual environment and the package again where a folder above is closed to others
    (root's home, a checkout in a private folder): an empty open folder in its place, with just these inside."""
    needed = [Path(sys.base_prefix), BIN.parent, Path(__file__).parents[2] / "dtsconf"]
    closed = {path: top for path in needed if (top := _closed_above(path)) is not None}
    if not closed:
        return ":"
    steps = ["mount -t tmpfs none /mnt"]
    for number, path in enumerate(closed):
        steps += [f"mkdir /mnt/{number}", f"mount --bind {shlex.quote(str(path))} /mnt/{number}"]
    steps += [f"mount -t tmpfs -o mode=0755 none {shlex.quote(str(top))}" for top in sorted(set(closed.values()))]
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        steps += [f"mkdir -p {place}", f"mount --bind /mnt/{number} {place}"]
    return "\n".join(["cd /", "umask 022", *steps, 'cd "$OLDPWD"'])


def _closed_above(path: Path) -> Path | None:
    """The topmost folder above `path` that others may not enter."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & stat.S_IXOTH), None)
