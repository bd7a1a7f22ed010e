"""`sign-in`, `sign-out` and what `status` and `purge` tell of them; the provider is a fake, no mail is sent."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtsconf.auth.request import UserCode
from dtsconf.cli import person as at_terminal
from dtsconf.cli.person import TerminalPerson
from dtsconf.cli.progress import Progress
from dtsconf.wiring import identity
from tests.fakes.provider import CANARY, DEVICE, FakeProvider, Reply, tokens
from tests.unit.auth.pairs import pem
from tests.unit.cli.calls import Called, call, profile, python

CLIENT = "00000000-0000-0000-0000-000000000001"
PROFILE = """\
dtsconf: 1
name: acme-perth
settings:
  mode: microsoft
  microsoft:
    client_id: {client}
    authority: https://id.acme.example
    tenant: acme.example
    flow: device-code
    remember_me: {remember}
    token_cache: file
verify: {{level: none}}
{more}
"""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    made = FakeProvider({"device_authorization": [DEVICE], "device_code": [tokens()]})
    monkeypatch.setattr(identity, "session_maker", lambda _effective: lambda: made)
    monkeypatch.setattr(at_terminal, "attended", lambda: True)
    return made


Dtsconf = Callable[..., Called]


@pytest.fixture
def dtsconf(capsys: pytest.CaptureFixture[str], tmp_path: Path, provider: FakeProvider) -> Dtsconf:
    def run(*args: str, code: int = 0) -> Called:
        done = call(capsys, "--root", str(tmp_path / "root"), *args)
        assert CANARY not in done.out + done.err
        assert done.code == code, done.err
        return done

    return run


def site(folder: Path, *, remember: bool = True, more: str = "") -> str:
    return profile(folder, PROFILE.format(client=CLIENT, remember=str(remember).lower(), more=more))


def test_sign_in_tells_account_and_cache_and_shows_the_code(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider
) -> None:
    provider.answers["device_code"].insert(0, {"error": "authorization_pending"})
    path = site(tmp_path)
    done = dtsconf("sign-in", "--profile", path)
    assert done.out == (
        "signed in as ann@acme.example; kept in a file that only you can read, not encrypted\n"
        "nothing was verified: the profile's verify.level is none; a mail proves it: dtsconf test "
        f"--profile {path} --root {tmp_path / 'root'}\n"
    )
    assert "Open https://id.acme.example/device on any device and enter this code there:\n\n  ABCD-EFGH\n" in done.err
    assert "left (Ctrl-C ends it)" in done.err
    assert done.err.endswith("\r\x1b[K")


def test_sign_in_as_json(dtsconf: Dtsconf, tmp_path: Path) -> None:
    found = dtsconf("sign-in", "--profile", site(tmp_path), "--json").json
    assert found["ok"]
    assert {key: found[key] for key in ("account", "tenant", "cache", "encrypted", "verification", "recorded")} == {
        "account": "ann@acme.example",
        "tenant": "acme",
        "cache": "file",
        "encrypted": False,
        "verification": None,
        "recorded": False,
    }
    assert found["expires"].endswith("Z")


def test_without_a_terminal_nobody_is_asked(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_terminal, "attended", lambda: False)
    for command in ("sign-in", "test"):
        found = dtsconf(command, "--profile", site(tmp_path), "--json", code=6).json
        assert [problem["kind"] for problem in found["problems"]] == ["sign-in"]
        assert "dtsconf sign-in" in found["problems"][0]["hint"]
    assert provider.urls == []


def test_a_rule_on_the_sender_keeps_an_account_out_and_nothing_is_kept(dtsconf: Dtsconf, tmp_path: Path) -> None:
    rule = 'policy: {rules: [{key: sender.email, matches: "*@perth.example", because: ours only}]}'
    done = dtsconf("sign-in", "--profile", site(tmp_path, more=rule), code=4)
    assert "the account that signed in is 'ann@acme.example'" in done.err
    assert "ours only" in done.err
    assert dtsconf("sign-out").out == "nobody was signed in; no token is kept\n"


def test_smtp_mode_has_nothing_to_sign_in_to(dtsconf: Dtsconf, tmp_path: Path) -> None:
    assert (
        "there is nothing to sign in to: mode is smtp" in dtsconf("sign-in", "--profile", profile(tmp_path), code=3).err
    )


def test_status_tells_the_sign_in_of_the_machine_s_settings(dtsconf: Dtsconf, tmp_path: Path) -> None:
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    before = dtsconf("status", "--json").json["sign_in"]
    assert (before["signed_in"], before["flow"], before["account"], before["proof"]) == (
        False,
        "device-code",
        None,
        None,
    )
    assert "sign-in: nobody is signed in as this user" in dtsconf("status").out
    dtsconf("sign-in")
    after = dtsconf("status", "--json").json["sign_in"]
    assert (after["signed_in"], after["account"], after["encrypted"]) == (True, "ann@acme.example", False)
    assert after["renewable"]
    assert "sign-in: ann@acme.example (tenant acme), kept in a file" in dtsconf("status").out
    assert dtsconf("sign-out").out == "signed out: ann@acme.example; no token is kept any more\n"
    assert dtsconf("sign-out", "--json").json["accounts"] == []
    assert not dtsconf("status", "--json").json["sign_in"]["signed_in"]


def test_status_of_smtp_mode_has_no_sign_in(dtsconf: Dtsconf, tmp_path: Path) -> None:
    dtsconf("apply", "--yes", "--profile", profile(tmp_path))
    assert "sign_in" not in dtsconf("status", "--json").json


def checks(found: Called) -> dict[str, tuple[str, str]]:
    return {check["check"]: (check["state"], check["detail"]) for check in found.json["checks"]}


def test_doctor_tells_of_provider_and_sign_in(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: FakeProvider
) -> None:
    from dtsconf.doctor import network

    monkeypatch.setattr(network, "server", lambda _subject, _progress: iter(()))
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    found = checks(dtsconf("doctor", "--json"))
    assert found["provider"] == ("ok", "https://id.acme.example/acme.example answers as an identity provider does")
    assert found["sign-in"][0] == "warn"
    dtsconf("sign-in")
    assert checks(dtsconf("doctor", "--json"))["sign-in"][0] == "ok"
    provider.discovery = Reply(404, "")
    state, detail = checks(dtsconf("doctor", "--json", code=1))["provider"]
    assert (state, "is no identity provider's (HTTP 404)" in detail) == ("fail", True)


def test_what_only_tries_other_settings_keeps_the_sign_in(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    dtsconf("sign-in")
    monkeypatch.setattr(at_terminal, "attended", lambda: False)
    for tried in ("microsoft.token_cache=encrypted", "microsoft.remember_me=false"):
        dtsconf("test", "--set", tried, code=6)
        assert dtsconf("status", "--json").json["sign_in"]["signed_in"], tried


def test_where_tokens_are_kept_is_tried_by_a_sign_in(dtsconf: Dtsconf, tmp_path: Path) -> None:
    text = Path(site(tmp_path))
    text.write_text(text.read_text().replace("token_cache: file", "token_cache: encrypted"))
    dtsconf("apply", "--yes", "--profile", str(text))
    told = dtsconf("test", "--level", "auth", code=6).err
    root = str(tmp_path / "root")
    assert f"try:  dtsconf sign-in --root {root} --set microsoft.token_cache=file\n" in told


def test_a_failed_test_s_next_one_goes_as_far_as_it_did(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider
) -> None:
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    answer = '{"error": "x", "error_description": "AADSTS90002: no tenant"}'
    provider.answers |= {"device_code": [tokens(lasts=30)], "refresh_token": [Reply(400, answer)]}
    dtsconf("sign-in")
    told = dtsconf("test", "--level", "auth", "--set", "sender.email=ann@other.example", code=6).err
    root = str(tmp_path / "root")
    sets = "--set sender.email=ann@other.example --set microsoft.tenant=other.example"
    assert f"try:  dtsconf test --level auth --root {root} {sets}\n" in told


def test_tokens_that_are_gone_are_no_sign_in_and_an_end_is_told(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dtsconf.doctor import network

    monkeypatch.setattr(network, "server", lambda _subject, _progress: iter(()))
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    answer = '{"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}'
    provider.answers |= {"device_code": [tokens(lasts=1)], "refresh_token": [Reply(400, answer)]}
    dtsconf("sign-in")
    assert "renewed without asking" in dtsconf("status").out
    dtsconf("test", code=6)
    time.sleep(1)
    root = str(tmp_path / "root")
    assert dtsconf("status").out.rstrip().endswith(f"; `dtsconf sign-in --root {root}`")
    found = {each["check"]: each for each in dtsconf("doctor", "--json").json["checks"]}["sign-in"]
    assert (found["state"], "; expired " in found["detail"]) == ("warn", True)
    assert "dtsconf" not in found["detail"]
    assert found["hint"] == f"dtsconf sign-in --root {root}"
    (kept,) = tmp_path.rglob("*.tokens")
    kept.unlink()
    assert f"nobody is signed in as this user; `dtsconf sign-in --root {root}`" in dtsconf("status").out
    found = {each["check"]: each for each in dtsconf("doctor", "--json").json["checks"]}["sign-in"]
    assert found["detail"] == "nobody is signed in as this user"


def test_doctor_names_the_place_of_what_is_locked(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dtsconf.doctor import network

    monkeypatch.setattr(network, "server", lambda _subject, _progress: iter(()))
    text = site(tmp_path, more="policy: {lock: [microsoft]}")
    answer = {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant 'acme.example' not found."}
    provider.discovery = Reply(400, json.dumps(answer))
    found = {each["check"]: each for each in dtsconf("doctor", "--json", "--profile", text, code=1).json["checks"]}
    hint = found["provider"]["hint"]
    assert "--set microsoft" not in hint
    assert f"edit {text}:8:13 to tenant: TENANT (locked, so --set can't)" in hint


def test_doctor_wants_the_keyring_where_a_sign_in_keeps_its_key_there(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dtsconf.doctor import network

    monkeypatch.setattr(network, "server", lambda _subject, _progress: iter(()))
    text = Path(site(tmp_path))
    text.write_text(text.read_text().replace("token_cache: file", "token_cache: encrypted"))
    dtsconf("apply", "--yes", "--profile", str(text))
    state, detail = checks(dtsconf("doctor", "--json", code=1))["keyring"]
    assert state == "fail"
    assert detail.startswith("microsoft.remember_me: there is no session bus")


def test_purge_forgets_the_sign_in_too(dtsconf: Dtsconf, tmp_path: Path) -> None:
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    dtsconf("sign-in")
    found = dtsconf("purge", "--yes", "--json").json
    assert {"path": "your sign-in", "fate": "delete"}.items() <= found["items"][-1].items()
    kept = [path for path in (tmp_path / "root").rglob("*") if path.is_file()]
    assert [path for path in kept if CANARY in path.read_text("utf-8", "replace")] == []
    assert dtsconf("sign-out").out == "nobody was signed in; no token is kept\n"


def test_the_proof_of_a_sign_in_counts_for_what_stands_there_alone(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dtsconf.doctor import network
    from dtsconf.proof import Verification
    from dtsconf.wiring import hands

    monkeypatch.setattr(network, "server", lambda _subject, _progress: iter(()))
    passed = Verification("send", True, (), None, "<1@acme.example>", "dtsconf 1", "ann")
    monkeypatch.setattr(hands, "verify_of", lambda *_args: passed)
    text = site(tmp_path).replace("{level: none}", "{level: send}")
    Path(text).write_text(
        Path(text).read_text().replace("{level: none}", "{level: connect, pending: [sign-in, offline]}")
    )
    dtsconf("apply", "--yes", "--no-verify", "--profile", text)
    _owe_the_proof(tmp_path / "root")
    assert dtsconf("status", "--json").json["proof"]["state"] == "pending"
    assert checks(dtsconf("doctor", "--json"))["proof"][0] == "warn"
    assert dtsconf("sign-in", "--json").json["recorded"]
    assert checks(dtsconf("doctor", "--json"))["proof"] == (
        "ok",
        "generation #1 is proven by the sign-in of ann@acme.example",
    )
    proof = dtsconf("status", "--json").json["proof"]
    assert (proof["state"], proof["level"], proof["user"]) == ("verified", "send", "ann")
    dtsconf("apply", "--yes", "--no-verify", "--set", "sender.name=Lab", "--profile", text)
    _owe_the_proof(tmp_path / "root")
    assert dtsconf("status", "--json").json["proof"]["state"] == "pending"


def _owe_the_proof(root: Path) -> None:
    """As apply records it where a server answers."""
    folder = root / "var/lib/dtsconf/generations"
    newest = max(folder.iterdir(), key=lambda path: int(path.stem))
    record = json.loads(newest.read_text())
    record["proof"] |= {"state": "pending", "pending": "sign-in", "level": "connect"}
    newest.write_text(json.dumps(record))


class Screen(io.StringIO):
    encoding = "utf-8"


@pytest.mark.parametrize(("columns", "lines", "drawn"), [(80, 24, True), (20, 50, False), (100, 12, False)])
def test_a_qr_code_is_drawn_where_it_fits(
    columns: int, lines: int, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, lines)))
    TerminalPerson(Progress(quiet=True)).enter(UserCode("AB", "https://microsoft.com/devicelogin", None, 60))
    assert ("█" in screen.getvalue()) is drawn
    assert "https://microsoft.com/devicelogin" in screen.getvalue()
    assert screen.getvalue().count("\n") < lines


def test_no_qr_code_where_it_can_t_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(io.StringIO):
        encoding = "ascii"

    screen = Plain()
    monkeypatch.setattr("sys.stderr", screen)
    TerminalPerson(Progress(quiet=True)).enter(UserCode("AB", "https://id.acme.example/device", None, 60))
    assert screen.getvalue().isascii()


def test_words_of_a_provider_reach_the_terminal_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    person = TerminalPerson(Progress(quiet=True))
    person.visit("https://id.acme.example/\x1b[2J")
    person.tell("a\nb")
    assert "\x1b[2J" not in screen.getvalue()
    assert "a\\nb\n" in screen.getvalue()


@pytest.mark.parametrize(
    "words",
    [["status"], ["show"], ["plan", "--profile", "site.yaml"], ["validate", "site.yaml"], ["sign-out"], ["--help"]],
)
def test_without_microsoft_mode_msal_is_not_imported(words: list[str], tmp_path: Path) -> None:
    profile(tmp_path)
    script = (
        "import sys\n"
        "from dtsconf.cli.app import run\n"
        "run(sys.argv[1:])\n"
        "print([name for name in ('msal', 'segno', 'jwt') if name in sys.modules], file=sys.stderr)\n"
    )
    done = python(script, ["--root", str(tmp_path / "root"), *words], cwd=tmp_path)
    assert done.err.splitlines()[-1] == "[]"


def test_status_in_microsoft_mode_is_cheap(dtsconf: Dtsconf, tmp_path: Path) -> None:
    dtsconf("apply", "--yes", "--profile", site(tmp_path))
    dtsconf("sign-in")
    script = (
        "import sys\n"
        "from dtsconf.cli.app import run\n"
        "run(sys.argv[1:])\n"
        "dear = ('msal', 'pydantic', 'yaml', 'cryptography', 'keyring', 'requests')\n"
        "print([name for name in dear if name in sys.modules], file=sys.stderr)\n"
    )
    done = python(script, ["--root", str(tmp_path / "root"), "status", "--json"])
    assert json.loads(done.out)["sign_in"]["account"] == "ann@acme.example"
    assert done.err.splitlines()[-1] == "[]"


def test_what_is_kept_till_log_out(dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dtsconf.auth import places

    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    monkeypatch.setattr(places, "_in_memory", lambda _folder: True)
    text = site(tmp_path, remember=False)
    dtsconf("apply", "--yes", "--profile", text)
    assert "kept in memory until you log out" in dtsconf("sign-in").out
    assert dtsconf("status", "--json").json["sign_in"]["cache"] == "session"
    assert any(path.name.endswith(".tokens") for path in run.rglob("*"))
    state: Any = tmp_path / "root/var/lib/dtsconf/users"
    assert not [path for path in state.rglob("*") if path.is_file()]
    dtsconf("sign-out")
    assert not any(path.name.endswith((".tokens", ".json")) for path in run.rglob("*"))


def test_where_no_memory_ends_with_the_session_that_is_said(dtsconf: Dtsconf, tmp_path: Path) -> None:
    assert (
        "kept by this command alone, so the next one asks again"
        in dtsconf("sign-in", "--profile", site(tmp_path, remember=False)).out
    )


APPLICATION = """\
dtsconf: 1
name: acme-app
settings:
  mode: microsoft
  sender: {{email: app@acme.example}}
  microsoft:
    client_id: {client}
    authority: https://id.acme.example
    tenant: acme.example
    flow: application
    client_secret: env://APP_SECRET
verify: {{level: send, pending: [{pending}], retries: 0}}
"""


@pytest.mark.parametrize(("pending", "code"), [("offline", 0), ("sign-in", 9)])
def test_a_provider_out_of_reach_counts_as_a_server_out_of_reach(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pending: str, code: int
) -> None:
    from dtsconf.web.trouble import NoAnswer, Trouble

    class Away:
        def request(self, *_args: Any, **_options: Any) -> Any:
            no = Trouble("connect", "refused", "connection refused", "system", "connect", host="127.0.0.1", port=9)
            raise NoAnswer(no)

        def close(self) -> None: ...

    monkeypatch.setattr(identity, "session_maker", lambda _effective: Away)
    monkeypatch.setenv("APP_SECRET", "an application's")
    text = profile(tmp_path, APPLICATION.format(client=CLIENT, pending=pending))
    found = dtsconf("apply", "--yes", "--profile", text, "--json", code=code).json
    stage = found["verification"]["stages"][-1]
    assert (stage["stage"], stage["cause"]) == ("connect", "refused")
    assert "id.acme.example can't be reached" in stage["detail"]
    assert found["changed"] is (code == 0)
    assert found["verification"]["pending"] == ("offline" if code == 0 else None)
    assert "id.acme.example can't be reached" in dtsconf("test", "--profile", text, code=9).out


def test_an_application_s_secret_is_delivered_and_used_without_the_profile(
    dtsconf: Dtsconf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: FakeProvider
) -> None:
    provider.answers["client_credentials"] = [Reply(401, '{"error": "invalid_client"}')]
    monkeypatch.setenv("APP_SECRET", "an application's")
    text = profile(tmp_path, APPLICATION.format(client=CLIENT, pending="sign-in"))
    dtsconf("apply", "--yes", "--no-verify", "--profile", text)
    monkeypatch.delenv("APP_SECRET")
    assert "invalid_client" in dtsconf("test", code=6).err
    assert provider.asked[-1]["client_secret"] == "an application's"


def test_a_certificate_that_ends_soon_is_told_where_the_sign_in_fails_as_well(
    dtsconf: Dtsconf, tmp_path: Path, provider: FakeProvider
) -> None:
    file = tmp_path / "mail.pem"
    file.write_text(pem(end=20))
    file.chmod(0o600)
    provider.answers["client_credentials"] = [Reply(401, '{"error": "invalid_client"}')]
    text = site(tmp_path, more="policy: {lock: [mode]}")
    application = (
        Path(text).read_text().replace("flow: device-code", f"flow: application\n    certificate: file://{file}")
    )
    Path(text).write_text(application.replace("settings:\n", "settings:\n  sender: {email: dts@acme.example}\n"))
    told = dtsconf("test", "--profile", text, code=6).err
    assert "invalid_client" in told
    assert told.count("the certificate expires on ") == 1
