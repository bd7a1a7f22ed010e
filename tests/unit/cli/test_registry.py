"""What the help lists is what the commands say of themselves, and listing costs no import."""

from __future__ import annotations

from importlib import import_module

import click
import pytest

from dtsconf.cli.common import COMMON
from dtsconf.cli.registry import COMMANDS
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import call, python

NAMES = sorted(COMMANDS)
HEAVY = (
    "pydantic",
    "yaml",
    "ssl",
    "asyncio",
    "smtplib",
    "socket",
    "email",
    "idna",
    "cryptography",
    "aiosmtpd",
    "scramp",
)
BACKENDS = ("dtsconf.secret.env", "dtsconf.secret.file")


def command_of(name: str) -> click.Command:
    found = import_module(f"dtsconf.cli.{COMMANDS[name].module}").command
    assert isinstance(found, click.Command)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_summary_is_the_first_line_of_the_docstring(name: str) -> None:
    assert (command_of(name).help or "").split("\n\n")[0] == COMMANDS[name].summary


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_called_what_the_registry_calls_it(name: str) -> None:
    assert command_of(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_for_its_options(capsys: pytest.CaptureFixture[str], name: str) -> None:
    said = call(capsys, name, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: dtsconf {name}")
    assert "--json" in said.out
    for param in command_of(name).params:
        assert not isinstance(param, click.Option) or param.help, f"{param.name} has no help"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_takes_every_common_option(capsys: pytest.CaptureFixture[str], name: str) -> None:
    for option in [*(["--strict"], ["--no-color"], ["--json"], ["-q"], ["-vv"]), ["--profile", "x"], ["--root", "x"]]:
        assert call(capsys, name, *option, "--help").code == 0


@pytest.mark.parametrize(
    ("args", "listed"),
    [
        ("apply", COMMON),
        ("plan", COMMON),
        ("show", ("profile", "set", "root", "json", "verbose", "strict")),
        ("validate", ("profile", "json", "quiet", "strict")),
        ("history", ("root", "json")),
        ("rollback", ("root", "json", "quiet", "verbose", "no-color")),
        ("init", ("root", "json", "quiet")),
        ("schema", ("json",)),
        ("completion", ("json",)),
        ("secret", ("profile", "set", "root", "json", "quiet", "verbose", "strict", "no-color")),
        ("secret set", ("json", "quiet")),
        ("secret check", ("profile", "set", "root", "json", "verbose", "strict", "no-color")),
    ],
)
def test_the_help_lists_the_common_options_that_do_something(
    capsys: pytest.CaptureFixture[str], args: str, listed: tuple[str, ...]
) -> None:
    said = call(capsys, *args.split(), "--help").out
    assert [one for one in COMMON if f"--{one} " in said or f"--{one}\n" in said] == list(listed)


def test_the_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    words = " ".join(call(capsys, "--help").out.split())
    for entry in COMMANDS.values():
        assert f"{entry.name} {entry.summary}" in words


@pytest.mark.parametrize(
    "args",
    [
        "--version",
        "--help",
        "completion bash",
        "completion zsh",
        "completion fish",
        "status",
        "history",
        "apply --help",
    ],
)
def test_cheap_commands_import_nothing_heavy(args: str, tmp_path: object) -> None:
    found = imported(f"--root {tmp_path} {args}")
    assert not found & {*HEAVY, *BACKENDS}


@pytest.mark.parametrize("args", ["show", "plan", "validate"])
def test_commands_without_network_import_no_mail_library(args: str, tmp_path: object) -> None:
    found = imported(
        f"--root {tmp_path} {args} profiles/relay.yaml" if args == "validate" else f"--root {tmp_path} {args}"
    )
    assert "dtsconf.settings.resolve" in found or args == "validate"
    assert not found & {"smtplib", "aiosmtpd", "cryptography", "scramp", "dtsconf.mail", *BACKENDS}


def test_what_apply_has_checked_needs_no_pydantic(tmp_path: object) -> None:
    """Nor does what sends with it: a macro waits for every start."""
    root = f"--root {tmp_path}"
    mail = "--to a@acme.example --subject x --body y"
    server = Smtpd().start()
    try:
        sets = f"--set server.host=127.0.0.1 --set server.port={server.port} --set server.encryption=none"
        imported(f"{root} apply --yes --no-verify --profile profiles/relay.yaml {sets}")
        for args in ("show", f"send {mail}", f"send --queue {mail}", "queue flush", "test"):
            found = imported(f"{root} {args}")
            assert "dtsconf.settings.machine_config" in found, args
            assert not found & {"pydantic", "pydantic_settings", "pydantic_core"}, args
    finally:
        server.stop()
    assert len(server.messages) == 3


def imported(args: str) -> set[str]:
    """The modules that a run of the program has loaded at its end."""
    said = python(
        "import sys\nfrom dtsconf.cli.app import run\nrun(sys.argv[1:])\nprint('|'.join(sys.modules), file=sys.stderr)",
        args.split(),
    )
    return set(said.err.splitlines()[-1].split("|"))
