"""purge: dtsconf's traces go, everything else stays."""

from __future__ import annotations

from tests.scenarios.harness import Machine, login, mode, tree


def test_purge_takes_away_everything_that_was_written(machine: Machine) -> None:
    (machine.root / "etc").mkdir(mode=0o755)
    (machine.root / "etc/hostname").write_text("box\n")
    before = tree(machine.root)
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])).ok()
    machine.apply(machine.profile(name="second", targets=[{"kind": "dts", "path": "/opt/dts/m.json"}])).ok()
    result = machine.run("purge", "--yes").ok()
    assert "email.json" in result.text or "m.json" in result.text
    left = {name: facts for name, facts in tree(machine.root).items() if name not in before}
    assert [name for name, facts in left.items() if facts[0].startswith("-")] == []
    assert {name: facts for name, facts in tree(machine.root).items() if name in before} == before
    assert not machine.state.exists()
    machine.run("status").fails(7)


def test_purge_needs_a_yes_without_a_terminal(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    before = machine.everything()
    result = machine.run("purge", stdin="")
    assert result.code in {1, 2}, result
    assert "--yes" in result.text
    assert machine.everything() == before


def test_purge_puts_adopted_files_back(machine: Machine) -> None:
    machine.config.parent.mkdir(parents=True)
    machine.config.write_text("hand made")
    machine.config.chmod(0o640)
    machine.apply(machine.profile(), "--adopt").ok()
    machine.run("purge", "--yes").ok()
    assert machine.config.read_text() == "hand made"
    assert mode(machine.config) == 0o640
    assert not machine.config.with_name("email.json.before-dtsconf").exists()


def test_purge_of_nothing_is_done(machine: Machine) -> None:
    machine.run("purge", "--yes").ok()
    assert list(machine.root.iterdir()) == []


def test_purge_json(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.run("purge", "--yes", "--json").ok()


def test_purge_leaves_a_target_that_somebody_changed_or_says_so(machine: Machine) -> None:
    machine.apply(machine.profile(targets=["dts", "msmtp"])).ok()
    machine.msmtprc.write_text("# mine\n")
    result = machine.run("purge", "--yes")
    assert result.code in {0, 1}, result
    assert "msmtprc" in result.text


def test_purge_then_apply_starts_anew(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.run("purge", "--yes").ok()
    assert machine.apply(machine.profile(), "--json").ok().json["generation"] == 1
