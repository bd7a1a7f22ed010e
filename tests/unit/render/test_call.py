from __future__ import annotations

from importlib import import_module

import click
import pytest

from dtsconf.machine.failure import ELSEWHERE
from dtsconf.render.call import TAKES, Call

SITE = Call("my site.yaml", "/r")
BOTH = "--profile 'my site.yaml' --root /r"


@pytest.mark.parametrize(
    ("hint", "completed"),
    [
        ("dtsconf secret check shows it", f"dtsconf secret check {BOTH} shows it"),
        ("wait, then dtsconf test again", f"wait, then dtsconf test {BOTH} again"),
        ("dtsconf test --to ADDRESS", f"dtsconf test {BOTH} --to ADDRESS"),
        ("queued: dtsconf queue run sends it", f"queued: dtsconf queue run {BOTH} sends it"),
        ("it is the machine's (sudo dtsconf purge)", "it is the machine's (sudo dtsconf purge --root /r)"),
        ("`dtsconf status` tells", "`dtsconf status --root /r` tells"),
        ("dtsconf apply --profile FILE (`dtsconf status`)", f"dtsconf apply {BOTH} (`dtsconf status --root /r`)"),
        ("dtsconf plan --profile a.yaml --out FILE", "dtsconf plan --root /r --profile a.yaml --out FILE"),
        ("`dtsconf test --root /r`; dtsconf doctor", f"`dtsconf test --root /r`; dtsconf doctor {BOTH}"),
        ("dtsconf test without --profile, as a user", "dtsconf test --root /r without --profile, as a user"),
        ("`dtsconf apply` (without --profile)", "`dtsconf apply --root /r` (without --profile)"),
        ("sudo dtsconf apply --plan p.json; or", "sudo dtsconf apply --root /r --plan p.json; or"),
        ("dtsconf migrate microsoft --profile FILE tells", "dtsconf migrate microsoft --profile 'my site.yaml' tells"),
        ("see dtsconf apply --help", "see dtsconf apply --help"),
        ("dtsconf secret set keyring://dts/x", "dtsconf secret set keyring://dts/x"),
        (f"run it as root (sudo){ELSEWHERE}", "run it as root (sudo)"),
    ],
)
def test_a_command_in_a_hint_works_as_typed(hint: str, completed: str) -> None:
    assert SITE.completed(hint) == completed


def test_where_a_user_s_own_settings_lie_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSCONF_USER_FILE", "/home/ann/mail.yaml")
    told = SITE.completed("set X, write sender.email into your own settings file, or use --set")
    assert told == "set X, write sender.email into your own settings file (/home/ann/mail.yaml), or use --set"
    assert SITE.completed(told) == told


def test_a_call_without_options_leaves_hints_alone() -> None:
    hint = f"dtsconf apply --profile FILE{ELSEWHERE}"
    assert Call().completed(hint) == hint


def test_a_profile_to_be_named_stays_one_where_none_was_given() -> None:
    assert Call(None, "/r").completed("dtsconf apply --profile FILE") == "dtsconf apply --profile FILE --root /r"


@pytest.mark.parametrize("name", TAKES)
def test_every_option_that_is_added_does_something_there(name: str) -> None:
    first, *rest = name.split()
    command: click.Command = import_module(f"dtsconf.cli.{first.replace('-', '_')}").command
    if rest:
        assert isinstance(command, click.Group)
        command = command.commands[rest[0]]
    listed = [p.opts[0] for p in command.params if isinstance(p, click.Option) and not p.hidden]
    assert set(TAKES[name]) <= set(listed)
