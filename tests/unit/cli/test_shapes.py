"""The JSON of every command has the fields that the contract promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.calls import PROFILE, call, profile

COMMON = {"format", "command", "ok", "exit_code", "warnings", "set_aside"}
STAGE = {"stage", "ok", "ms", "detail", "code", "enhanced_code", "cause", "hint"}
VERIFICATION = {"level", "ok", "pending", "message_id", "program", "user", "stages"}
CHANGE = {"target", "action", "path", "diff"}
LOGIN = PROFILE.replace("verify:", "  login: {required: true, username: u, password: env://PW}\nverify:").replace(
    "port: 2525", "port: 2525, encryption: starttls"
)


class Site:
    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys, self.root = capsys, str(folder / "root")
        self.path = profile(folder)

    def __call__(self, *args: str, code: int = 0) -> dict[str, Any]:
        body = call(self.capsys, *args, "--root", self.root, "--json").json
        assert body["exit_code"] == code, body
        assert set(body) >= COMMON
        assert (body["format"], body["command"], body["ok"]) == (1, args[0], code == 0)
        return body


@pytest.fixture
def site(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Site:
    return Site(capsys, tmp_path)


def test_plan_and_apply(site: Site) -> None:
    plan = site("plan", "--profile", site.path)
    (change,) = plan["changes"]
    assert set(change) >= CHANGE
    assert (change["target"], change["action"], change["path"]) == ("dts", "create", "/etc/dts/email.json")
    applied = site("apply", "--yes", "--profile", site.path)
    assert (applied["changed"], applied["generation"], applied["verification"]) == (True, 1, None)
    assert applied["digest"] == plan["digest"]
    again = site("apply", "--yes", "--profile", site.path)
    assert (again["changed"], again["generation"], again["changes"]) == (False, 1, [])
    assert site("plan", "--profile", site.path, "--detailed-exitcode")["changes"] == []
    assert site("plan", "--profile", site.path, "--set", "server.port=26", "--detailed-exitcode", code=7)["changes"]


def test_a_test_that_fails_has_its_report_and_a_problem(site: Site) -> None:
    body = site("test", "--profile", site.path, "--set", "server.host=127.0.0.1", "--set", "server.port=1", code=9)
    assert set(body) >= VERIFICATION
    assert body["level"] == "send"
    assert all(set(stage) >= STAGE for stage in body["stages"])
    (problem,) = body["problems"]
    assert problem["kind"] == body["stages"][-1]["cause"] == "refused"
    assert problem["hint"] == body["stages"][-1]["hint"]


def test_an_apply_that_fails_has_its_verification(site: Site) -> None:
    words = ("--set", "server.host=127.0.0.1", "--set", "server.port=1", "--verify")
    body = site("apply", "--yes", "--profile", site.path, *words, code=9)
    assert set(body["verification"]) >= VERIFICATION
    assert body["verification"]["ok"] is False
    assert (body["changed"], body["generation"]) == (False, None)
    assert body["changes"]
    assert body["problems"][0]["kind"] == "verification"


def test_what_was_known_before_a_failure(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = profile(tmp_path, LOGIN + "policy: {lock: [server.host]}\n")
    monkeypatch.setenv("DTS_EMAIL_SERVER__HOST", "other.example")
    monkeypatch.setenv("DTS_EMAIL_SERVR", "x")
    body = site("apply", "--yes", "--profile", path, code=5)
    (aside,) = body["set_aside"]
    assert set(aside) == {"key", "layer", "where", "locked_at"}
    assert (aside["key"], aside["layer"]) == ("server.host", "environment")
    assert aside["where"] == {"variable": "DTS_EMAIL_SERVER__HOST"}
    assert set(aside["locked_at"]) == {"file", "line", "column"}
    assert [w["where"] for w in body["warnings"] if w["where"] and "variable" in w["where"]]
    assert body["changes"]


def test_show_and_explain(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DTS_EMAIL_LOGIN__PASSWORD", "c4nary-Passw0rd")
    path = profile(tmp_path, LOGIN)
    body = site("show", "--profile", path)
    assert all(set(found) == {"value", "layer", "where", "locked"} for found in body["settings"].values())
    assert body["settings"]["login.password"]["value"] == "(hidden)"
    assert body["settings"]["server.host"]["where"]["line"] == 5
    body = site("explain", "login.password", "--profile", path)
    assert {"key", "value", "layers", "locked_at", "rules"} <= set(body)
    assert all(set(layer) == {"layer", "value", "where", "state"} for layer in body["layers"])
    assert body["value"] == "(hidden)"
    assert {layer["layer"]: layer["value"] for layer in body["layers"]}["profile"] == "env://PW"


def test_status_and_history(site: Site) -> None:
    body = site("status", code=7)
    assert (body["state"], body["drift"], body["generation"]) == ("never-applied", [], None)
    assert {key: body["proof"][key] for key in ("state", "level", "time")} == {
        "state": "none",
        "level": None,
        "time": None,
    }
    site("apply", "--yes", "--profile", site.path, "--reason", "first")
    config = Path(site.root, "etc/dts/email.json")
    assert site("status")["state"] == "in-sync"
    config.write_text("{}")
    body = site("status", code=7)
    assert body["state"] == "drifted"
    assert set(body["drift"][0]) == {"path", "what", "since"}
    generations = site("history")["generations"]
    assert [g["generation"] for g in generations] == [0, 1]
    wanted = {"generation", "time", "user", "reason", "profile", "proof", "rollback_of"}
    assert all(set(g) >= wanted for g in generations)
    assert generations[1]["reason"] == "first"
    assert set(generations[1]["profile"]) >= {"name", "digest"}
    body = site("rollback", "0", "--yes")
    assert (body["changed"], body["rollback_of"]) == (True, 0)


def test_validate(site: Site, tmp_path: Path) -> None:
    assert site("validate", site.path)["problems"] == []
    path = profile(tmp_path, PROFILE.replace("2525", "x"))
    (problem,) = site("validate", path, code=3)["problems"]
    assert set(problem) >= {"kind", "message", "hint", "where"}
    assert problem["where"] == {"file": path, "line": 5, "column": 44, "key": "server.port"}


@pytest.mark.parametrize(
    "args", [["schema", "profile"], ["completion", "fish"], ["init", "-"], ["purge", "--yes"], ["doctor"]]
)
def test_the_rest_is_one_object_too(site: Site, args: list[str]) -> None:
    body = call(site.capsys, *args, "--root", site.root, "--json").json
    assert set(body) >= COMMON
    assert body["command"] == args[0]


def test_a_refused_value_in_explain(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTS_EMAIL_SERVER__HOST", "evil.acme.example")
    path = profile(tmp_path, LOGIN)
    layers = {layer["layer"]: layer for layer in site("explain", "server.host", "--profile", path)["layers"]}
    assert layers["environment"]["state"] == "refused"
    assert "login.password" in layers["environment"]["why"]
    assert [set(layer) for name, layer in layers.items() if name != "environment"] == [
        {"layer", "value", "where", "state"}
    ] * 4
    assert (
        "wins, but refused: server.host is changed"
        in call(site.capsys, "explain", "server.host", "--profile", path).out
    )


@pytest.mark.parametrize("command", [["test"], ["apply", "--yes"]])
def test_a_ca_file_that_is_not_there_is_found_before_anybody_is_asked(
    site: Site, tmp_path: Path, command: list[str]
) -> None:
    text = PROFILE.replace("port: 2525", "port: 2525, encryption: starttls, ca_file: roots.pem").replace(
        "none", "connect"
    )
    path = profile(tmp_path, text)
    assert site("validate", path)["ok"]
    (problem,) = site(*command, "--profile", path, code=3)["problems"]
    assert (problem["kind"], problem["where"]["line"]) == ("ca-file", 5)
    assert str(tmp_path / "roots.pem")[:50] in problem["message"]


def test_init_names_what_a_site_needs(site: Site, tmp_path: Path) -> None:
    text = call(site.capsys, "init", "-").out
    for words in (
        "dtsconf test --profile",
        "ca_file: null",
        "targets: [dts]",
        "msmtp",
        "none, connect, auth, envelope or send",
    ):
        assert words in text
    path = tmp_path / "new.yaml"
    path.write_text(text)
    assert {p["kind"] for p in site("validate", str(path), code=3)["problems"]} == {"missing"}
