"""Several programs of one user at one token cache, and Ctrl-C while somebody is waited for."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.real.terminal import converse
from tests.scenarios.harness import PROGRAM
from tests.scenarios.office import Office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


def test_ten_at_once_renew_a_token_once(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", remember_me=True, token_cache="file")).ok()
    here.at_terminal("sign-in").ok()
    ((path, text),) = [(name, data) for name, data in here.machine.files().items() if name.endswith(".tokens")]
    cache = json.loads(text)
    cache["expires"] = time.time() + 300
    kept = next(Path(here.machine.folder).rglob("*.tokens"))
    kept.write_text(json.dumps(cache))
    before = here.tenant.asked().count("refresh_token")
    command = [PROGRAM, "test", "--level", "auth", "--json"]
    running = [
        subprocess.Popen(command, env=here.machine.environ(), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(10)
    ]
    ended = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * 10
    assert all(json.loads(out)["ok"] for out in ended)
    assert here.tenant.asked().count("refresh_token") == before + 1
    assert path.endswith(kept.name)
    assert json.loads(kept.read_text())["expires"] > time.time() + 600


@pytest.mark.parametrize("flow", ["device-code", "browser"])
def test_ctrl_c_while_somebody_is_waited_for(here: Office, flow: str) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow=flow, remember_me=True, token_cache="file")).ok()
    environ = {**here.machine.environ(), "TERM": "dumb"}
    code, shown = converse([PROGRAM, "sign-in"], environ, {"(Ctrl-C ends it)": "\x03"})
    assert code == 130
    assert "Traceback" not in shown
    assert "interrupted" in shown.splitlines()[-1] + shown.splitlines()[-2]
    assert not here.run("status", "--json").json["sign_in"]["signed_in"]
    assert not list(Path(here.machine.folder).rglob("*.tokens"))
