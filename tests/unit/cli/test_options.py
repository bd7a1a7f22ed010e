"""The common options: before the command, after it, as a variable; what a bad value gives."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click
import pytest

from dtsconf.cli.common import Level
from tests.unit.cli.calls import PROFILE, call, profile

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture
def site(tmp_path: Path) -> str:
    return profile(tmp_path)


def test_profile_before_after_and_as_a_variable(capsys: Capture, monkeypatch: Patch, site: str) -> None:
    asked = [call(capsys, "--profile", site, "show"), call(capsys, "show", "--profile", site)]
    monkeypatch.setenv("DTSCONF_PROFILE", site)
    asked.append(call(capsys, "show"))
    assert {said.code for said in asked} == {0}
    assert len({said.out for said in asked}) == 1
    assert "relay.acme.example" in asked[0].out


def test_the_option_beats_the_variable_and_the_later_place_the_earlier(
    capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(PROFILE.replace("relay.", "other."))
    monkeypatch.setenv("DTSCONF_PROFILE", str(tmp_path / "missing.yaml"))
    assert "relay." in call(capsys, "show", "--profile", site).out
    assert "other." in call(capsys, "--profile", site, "show", "--profile", str(other)).out


def test_set_adds_up_over_both_places(capsys: Capture, site: str) -> None:
    said = call(
        capsys, "--set", "server.port=1", "--set", "sender.name=A", "show", "--profile", site, "--json",
        "--set", "server.port=2", "--set", "connection.timeout=3",
    )  # fmt: skip
    values = {key: found["value"] for key, found in said.json["settings"].items()}
    assert (values["server.port"], values["sender.name"], values["connection.timeout"]) == (2, "A", 3)


def test_root_before_after_and_as_a_variable(capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    assert call(capsys, "--root", root, "apply", "--yes", "--profile", site).code == 0
    assert call(capsys, "status", "--root", root).code == 0
    assert call(capsys, "status", "--root", str(tmp_path / "elsewhere")).code == 7
    monkeypatch.setenv("DTSCONF_ROOT", root)
    assert call(capsys, "status").code == 0


@pytest.mark.parametrize("word", ["1", "true", "yes", "on", "TRUE"])
def test_flags_as_variables(capsys: Capture, monkeypatch: Patch, site: str, word: str) -> None:
    monkeypatch.setenv("DTSCONF_JSON", word)
    assert call(capsys, "validate", site).json["ok"] is True


@pytest.mark.parametrize("word", ["0", "false", "no", "off"])
def test_flags_switched_off_as_variables(capsys: Capture, monkeypatch: Patch, site: str, word: str) -> None:
    monkeypatch.setenv("DTSCONF_JSON", word)
    assert call(capsys, "validate", site).out == "1 profile valid\n"


@pytest.mark.parametrize(("word", "level"), [("2", 2), ("true", 1), ("off", 0)])
def test_a_level_as_a_variable_is_a_number_or_a_truth(word: str, level: int) -> None:
    assert Level(0).convert(word, None, None) == level
    with pytest.raises(click.BadParameter, match="not a valid integer"):
        Level(0).convert("maybe", None, None)


def test_strict_everywhere(capsys: Capture, monkeypatch: Patch, site: str) -> None:
    odd = ("--set", "server.port=465", "--set", "server.encryption=starttls")
    assert call(capsys, "show", "--profile", site, *odd).code == 0
    assert call(capsys, "--strict", "show", "--profile", site, *odd).code == 3
    assert call(capsys, "show", "--strict", "--profile", site, *odd).code == 3
    monkeypatch.setenv("DTSCONF_STRICT", "1")
    assert call(capsys, "show", "--profile", site, *odd).code == 3


@pytest.mark.parametrize("name", ["STRICT", "JSON", "QUIET", "VERBOSE", "NO_COLOR"])
def test_a_bad_value_in_a_variable_is_a_usage_error(capsys: Capture, monkeypatch: Patch, site: str, name: str) -> None:
    monkeypatch.setenv(f"DTSCONF_{name}", "maybe")
    said = call(capsys, "validate", site)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: DTSCONF_{name}: ")
    body = call(capsys, "validate", site, "--json")
    assert body.code == 2
    assert body.json["problems"][0]["kind"] == "usage"


def test_an_empty_variable_is_as_none(capsys: Capture, monkeypatch: Patch, site: str) -> None:
    for name in ("PROFILE", "ROOT", "STRICT", "JSON", "QUIET", "VERBOSE", "NO_COLOR"):
        monkeypatch.setenv(f"DTSCONF_{name}", "")
    assert call(capsys, "validate", site).out == "1 profile valid\n"


def test_json_after_two_dashes_is_an_argument(capsys: Capture, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call(capsys, "validate", "--", "--json")
    assert said.code == 3
    assert not said.out.startswith("{")


def test_colours_only_on_a_terminal(capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path) -> None:
    import sys

    from dtsconf.cli.common import Run

    assert "\x1b" not in call(capsys, "plan", "--profile", site, "--root", str(tmp_path)).out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert Run().color()
    assert not Run(no_color=True).color()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Run().color()


def test_a_root_that_is_no_folder(capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path) -> None:
    said = call(capsys, "apply", "--yes", "--profile", site, "--root", site)
    assert (said.code, said.err.splitlines()[0]) == (2, f"error: --root {site} is no folder")
    assert call(capsys, "--root", "", "show", "--profile", site).code == 2
    monkeypatch.setenv("DTSCONF_ROOT", site)
    assert call(capsys, "plan", "--profile", site).code == 2
    assert call(capsys, "plan", "--profile", site, "--root", str(tmp_path / "root")).code == 0


@pytest.mark.parametrize("command", ["test", "plan", "apply", "show", "status", "doctor"])
def test_a_profile_given_as_an_argument(capsys: Capture, site: str, command: str) -> None:
    for word in (site, "missing.yaml"):
        said = call(capsys, command, word)
        assert said.code == 2
        assert f"hint: did you mean --profile {word}?" in said.err


def test_an_address_without_an_option_is_a_recipient(capsys: Capture) -> None:
    assert "hint: did you mean --to a@x.example?" in call(capsys, "test", "a@x.example").err
    assert "--to" not in call(capsys, "test", "a@x.example", "b@x.example").err, "a test mail goes to one"
    assert "--to" not in call(capsys, "show", "a@x.example").err


def test_an_address_is_a_recipient_behind_any_option(capsys: Capture, tmp_path: Path) -> None:
    """As long as nobody is named: not the end of the text, or of a folder's name, before it."""
    for before in (("--root", str(tmp_path)), ("--subject", "s", "--body", "b")):
        told = call(capsys, "send", *before, "a@x.example")
        assert "hint: did you mean --to a@x.example?" in told.err
    named = call(capsys, "send", "--to", "a@x.example", "--body", "b", "c@x.example")
    assert '--body "b c@x.example"' in named.err


def test_a_word_behind_a_root_is_no_part_of_its_name(capsys: Capture, tmp_path: Path) -> None:
    told = call(capsys, "queue", "list", "--root", str(tmp_path), "x")
    assert told.err.endswith("hint: see dtsconf queue list --help\n")
    (tmp_path / "my root").mkdir()
    parted = call(capsys, "queue", "list", "--root", str(tmp_path / "my"), "root")
    assert f'--root "{tmp_path}/my root"' in parted.err


def test_an_argument_too_many(capsys: Capture) -> None:
    said = call(capsys, "show", "server.host")
    assert (said.code, "--profile" in said.err) == (2, False)
    assert "unexpected extra argument: server.host" in said.err
    assert "see dtsconf show --help" in said.err


def test_validate_takes_profile_as_well(capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("")
    assert call(capsys, "validate", "--profile", str(bad)).code == 3
    assert call(capsys, "--profile", str(bad), "validate", site).code == 3
    assert [f["file"] for f in call(capsys, "validate", site, "--profile", site, "--json").json["files"]] == [site]
    assert call(capsys, "validate").code == 2
    monkeypatch.setenv("DTSCONF_PROFILE", str(bad))
    assert call(capsys, "validate").code == 3
    assert call(capsys, "validate", site).code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["rollback", "abc"], "'abc' is not a valid generation number"),
        (["rollback", "--wait", "x"], "'x' is not a valid number of seconds"),
        (["apply", "--wait", "x"], "'x' is not a valid number of seconds"),
        (["purge", "--yes", "--wait", "nan"], "'nan' is not a valid number of seconds"),
    ],
)
def test_what_is_no_number(capsys: Capture, args: list[str], words: str) -> None:
    said = call(capsys, *args)
    assert (said.code, words in said.err, "range" in said.err) == (2, True, False)


def test_a_variable_that_leads_nowhere_is_named(capsys: Capture, monkeypatch: Patch, site: str, tmp_path: Path) -> None:
    gone, empty = str(tmp_path / "gone.yaml"), str(tmp_path / "empty")
    monkeypatch.setenv("DTSCONF_PROFILE", gone)
    said = call(capsys, "test", "--root", empty)
    assert (said.code, f"DTSCONF_PROFILE says {gone}" in said.err) == (3, True)
    assert "unset DTSCONF_PROFILE; for this call: --profile FILE" in said.err
    assert "DTSCONF_PROFILE" not in call(capsys, "test", "--profile", gone + "x").err, "the typed one is what is wrong"
    monkeypatch.setenv("DTSCONF_PROFILE", "")
    monkeypatch.setenv("DTSCONF_ROOT", empty)
    said = call(capsys, "test")
    assert f"nothing was applied on this machine yet, which is {empty} here" in said.err
    assert f"DTSCONF_ROOT says {empty}" in said.err
    assert "DTSCONF_ROOT" not in call(capsys, "test", "--root", empty).err
    assert "DTSCONF_ROOT" not in call(capsys, "plan", "--profile", site).err


def test_a_full_disk_leaves_no_beginning_of_a_profile(capsys: Capture, monkeypatch: Patch, tmp_path: Path) -> None:
    """It would be in the way of the next try, which overwrites nothing."""

    def full(_name: str) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("dtsconf.render.template.profile_template", full)
    told = call(capsys, "init", str(tmp_path / "new.yaml"))
    assert told.code == 1
    assert told.err.endswith("hint: make room on its disk, then the same again\n")
    assert list(tmp_path.iterdir()) == []


def test_a_variable_of_ours_that_is_misspelt_is_a_warning(capsys: Capture, monkeypatch: Patch, tmp_path: Path) -> None:
    """Otherwise an apply would work on the machine itself."""
    monkeypatch.setenv("DTSCONF_ROT", str(tmp_path))
    monkeypatch.setenv("DTSCONF_SOMEBODYS_OWN", "x")
    monkeypatch.setenv("DTSCONF_USER_FILE", str(tmp_path / "email.yaml"))
    said = call(capsys, "status", "--root", str(tmp_path)).err
    assert "DTSCONF_ROT: the variable DTSCONF_ROT has no effect" in said
    assert "hint: did you mean DTSCONF_ROOT?" in said
    assert said.count("has no effect") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("help",), "there is no command 'help'\nhint: that is dtsconf --help here"),
        (("mail", "--to", "a@x.example"), "that is dtsconf send here"),
        (("queue", "retry"), "there is no command 'queue retry'\nhint: that is dtsconf queue flush here"),
        (("secret", "get", "keyring://a/b"), "that is dtsconf secret check here"),
        (("sent",), "did you mean send?"),
        (("apply", "--dry-run"), "dtsconf plan shows what would change"),
        (("test", "--debug"), "that is --explain here"),
        (("status", "--debug"), "No such option '--debug'"),
        (("test", "--password", "c4nary"), "a password is in no option"),
        (("test", "--ssl"), "that is a setting: --set server.encryption=tls"),
        (("test", "--to"), "requires an argument.\nhint: see dtsconf test --help"),
    ],
)
def test_words_of_other_programs_lead_to_those_here(capsys: Capture, words: tuple[str, ...], told: str) -> None:
    said = call(capsys, *words)
    assert said.code == 2
    assert told in said.err
    assert "c4nary" not in said.err


def test_a_root_that_is_not_there_is_told_as_that(capsys: Capture, tmp_path: Path) -> None:
    said = call(capsys, "send", "--to", "a@x.example", "--root", str(tmp_path / "slip"))
    assert said.code == 3
    assert f"which is {tmp_path / 'slip'} here: there is no such folder" in said.err
    assert "no such folder" not in call(capsys, "send", "--to", "a@x.example", "--root", str(tmp_path)).err
