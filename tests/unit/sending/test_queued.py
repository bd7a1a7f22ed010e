"""What whoever waits for a run of the queue is told meanwhile."""

from __future__ import annotations

from pathlib import Path

import dtsconf
from dtsconf.queue.runner import Which
from dtsconf.sending.queued import run_queue
from dtsconf.wiring import Inputs
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import PROFILE, profile


def test_each_mail_is_told_and_the_stages_of_the_first(tmp_path: Path) -> None:
    server = Smtpd().start()
    words: list[str] = []
    try:
        site = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {server.port}"))
        root = tmp_path / "root"
        for number in range(3):
            dtsconf.send("bob@acme.example", f"log {number}", "x", queue=True, profile=site, root=root)
        ran = run_queue(Inputs(site, root=str(root)), Which(), progress=words.append)
    finally:
        server.stop()
    assert [one.state for one in ran.messages] == ["sent"] * 3
    assert [told for told in words if "of the queue" in told] == [f"sending mail {n} of the queue" for n in (1, 2, 3)]
    assert any(told.startswith("connecting") for told in words)
    assert words.count("waiting for the server to take the mail") == 1
