"""init, schema, demo, doctor: the ways in."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.scenarios.harness import CONFIG, Machine, login


def schema(machine: Machine, kind: str) -> Any:
    return json.loads(machine.run("schema", kind).ok().stdout)


def fits(value: Any, kind: Any) -> None:
    assert [error.message for error in Draft202012Validator(kind).iter_errors(value)] == []


def test_init_writes_a_commented_profile_that_fits_the_schema(machine: Machine) -> None:
    machine.run("init", "new.yaml").ok()
    text = (machine.work / "new.yaml").read_text()
    assert text.count("#") > 5
    fits(yaml.safe_load(text), schema(machine, "profile"))
    result = machine.run("validate", "new.yaml")
    assert result.code in {0, 3}, result
    filled = text.replace("host: null", "host: relay.acme.example", 1).replace("email: null", "email: a@b.example", 1)
    machine.write("filled.yaml", filled)
    machine.run("validate", "filled.yaml").ok()


def test_init_does_not_overwrite(machine: Machine) -> None:
    machine.write("site.yaml", "mine\n")
    result = machine.run("init", "site.yaml")
    assert result.code in {1, 2}, result
    assert "site.yaml" in result.text
    assert (machine.work / "site.yaml").read_text() == "mine\n"
    machine.run("init", "no/such/folder/site.yaml").fails(1)


def test_init_names_the_next_step_so_that_it_can_be_pasted(machine: Machine) -> None:
    result = machine.run("init", "my site.yaml").ok()
    assert "`dtsconf validate 'my site.yaml'`" in result.stderr
    assert "`dtsconf test --profile 'my site.yaml'" in result.stderr
    assert "--root" in machine.run("init", "--help").ok().stdout
    assert f"--root {machine.root}`" in machine.run("init", "other.yaml").ok().stderr


def test_init_without_a_file(machine: Machine) -> None:
    result = machine.run("init").ok()
    written = list(machine.work.iterdir())
    assert written or "dtsconf: 1" in result.stdout


@pytest.mark.parametrize("kind", ["profile", "machine"])
def test_schemas_are_sound_and_stable(machine: Machine, kind: str) -> None:
    first = schema(machine, kind)
    Draft202012Validator.check_schema(first)
    assert first["$id"]
    assert first["$schema"].startswith("https://json-schema.org/draft/")
    assert schema(machine, kind) == first


def test_machine_config_fits_its_schema(machine: Machine) -> None:
    machine.apply(
        machine.profile(
            settings=login(machine.secret_file("pear-tree-9")),
            policy={
                "lock": ["server", "verify"],
                "rules": [{"key": "server.port", "min": 25, "because": "x"}, {"key": "sender.name", "present": True}],
                "recipients": ["*@acme.example"],
                "max_size": "25 MiB",
            },
            targets=["dts", {"kind": "msmtp", "path": "/srv/rc"}],
        )
    ).ok()
    fits(machine.settings(), schema(machine, "machine"))


def test_schemas_in_the_tree_are_those_of_the_program(machine: Machine) -> None:
    from pathlib import Path

    folder = Path(__file__).parents[2] / "schemas"
    texts = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert schema(machine, "profile") in texts
    assert schema(machine, "machine") in texts


def test_profiles_of_the_tree_are_valid(machine: Machine) -> None:
    from pathlib import Path

    machine.run("validate", str(Path(__file__).parents[2] / "profiles")).ok()


def test_demo_tells_the_whole_story(machine: Machine) -> None:
    result = machine.run("demo", root=False).ok()
    text = result.text
    for word in ("plan", "apply", "rollback 0", "dtsconf init", "NOT APPLIED", "lock"):
        assert word in text, word
    assert list(machine.root.iterdir()) == []
    assert not (machine.home / ".config").exists()


def test_doctor_has_a_line_each(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    result = machine.run("doctor")
    assert result.code in {0, 1, 7}, result
    assert len(result.stdout.splitlines()) > 3


def test_doctor_on_an_untouched_machine(machine: Machine) -> None:
    result = machine.run("doctor")
    assert result.code in {0, 1, 7}, result
    assert not machine.state.exists()


def test_doctor_selftest(machine: Machine) -> None:
    text = machine.run("doctor", "--selftest").ok().stdout
    for word in ("rename", "kill", "lock", "permission"):
        assert word in text.lower(), word
    assert list(machine.root.iterdir()) == []


def test_doctor_bundle_is_a_redacted_zip(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")))).ok()
    machine.run("doctor", "--bundle", "support.zip")
    with zipfile.ZipFile(machine.work / "support.zip") as bundle:
        assert bundle.testzip() is None
        names = bundle.namelist()
        content = b"".join(bundle.read(name) for name in names)
    assert names
    assert b"pear-tree-9" not in content
    assert not any("secrets" in name or name.endswith("key") for name in names)
    assert CONFIG.rsplit("/", 1)[-1] in " ".join(names)


def test_doctor_says_what_is_wrong_with_the_fix(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")))).ok()
    machine.delivered.chmod(0o644)
    result = machine.run("doctor")
    assert "email.secrets.json" in result.stdout
    assert result.code != 0
