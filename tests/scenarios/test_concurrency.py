"""Many at once: applies take turns, readers never see a broken pair."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from tests.scenarios.harness import Gate, Machine, login
from tests.scenarios.test_apply import Servers, proven

COUNT = 20


class Reader(threading.Thread):
    """Reads config and secrets over and over: an id that a config names must be there as long as that config is."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine, self.enough = machine, threading.Event()
        self.seen: set[str] = set()
        self.broken: list[str] = []

    def run(self) -> None:
        while not self.enough.is_set():
            self.look()

    def look(self) -> None:
        try:
            config = self.machine.config.read_bytes()
            secrets = self.machine.delivered.read_bytes()
            again = self.machine.config.read_bytes()
        except FileNotFoundError:
            return
        if config != again:
            return
        name = json.loads(config)["profile"] if "profile" in json.loads(config) else json.loads(config)["name"]
        self.seen.add(str(name))
        for one in re.findall(rb'"([0-9a-f]{16})"', config):
            if one not in secrets:
                self.broken.append(f"{name}: {one.decode()} is not delivered")


@pytest.mark.timeout(600)
def test_twenty_applies_at_once_are_serial_and_history_is_whole(machine: Machine, smtpd: Servers) -> None:
    users = {f"lab-{number}": f"pear-tree-{number:02}" for number in range(COUNT)}
    server = smtpd(users=users, auth_without_tls=True, mechanisms=("PLAIN",))
    profiles = []
    for number, (user, password) in enumerate(users.items()):
        settings = login(
            machine.secret_file(password, f"secret-{number}"), encryption="none", allow_cleartext_login=True
        )
        settings["login"]["username"] = user
        parts = proven(server, settings=settings, verify={"level": "auth"}, name=f"site-{number}")
        profiles.append(machine.profile(f"site-{number}.yaml", **parts))
    machine.apply(profiles[0]).ok()
    reader = Reader(machine)
    reader.start()
    try:
        running = [
            machine.start("apply", "--yes", "--wait", "600", "--profile", profile)
            for profile in (*profiles[1:], profiles[0])
        ]
        tries = [machine.finish(machine.start("test", "--level", "auth"), "test") for _ in range(6)]
        results = [machine.finish(process, "apply") for process in running]
    finally:
        reader.enough.set()
        reader.join()
    assert [result for result in results if result.code != 0] == []
    assert [str(one) for one in tries if one.code != 0] == []
    assert all(users.get(user) == password for user, password in server.logins), "a config with another's secret"
    assert reader.broken == []
    records = [record for record in machine.run("history", "--json").ok().json["generations"] if record["generation"]]
    numbers = [record["generation"] for record in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) == COUNT
    names = [record["profile"]["name"] for record in records]
    assert {f"site-{number}" for number in range(1, COUNT)} <= set(names)
    assert machine.run("status", "--json").ok().json["state"] == "in-sync"
    left = sorted(path.name for path in Path(machine.config.parent).iterdir())
    assert left == ["email.json", "email.secrets.json"]


def test_a_reader_never_mixes_two_configs(machine: Machine, smtpd: Servers) -> None:
    """Two configs take turns a thousand times a second, both secrets delivered: a reader sends with one or the other,
    never with the user of one and the password of the other."""
    users = {"one": "pear-tree-one", "two": "plum-tree-two"}
    server = smtpd(users=users, auth_without_tls=True, mechanisms=("PLAIN",))
    configs, delivered = [], {}
    for user, password in users.items():
        settings = login(machine.secret_file(password), encryption="none", allow_cleartext_login=True)
        settings["login"]["username"] = user
        machine.apply(machine.profile(**proven(server, settings=settings, verify={"level": "auth"}, name=user))).ok()
        configs.append(machine.config.read_bytes())
        delivered.update(json.loads(machine.delivered.read_text())["secrets"])
    machine.delivered.write_text(json.dumps({**json.loads(machine.delivered.read_text()), "secrets": delivered}))
    enough = threading.Event()
    swapper = threading.Thread(target=swap, args=(machine.config, configs, enough))
    swapper.start()
    try:
        tries = [machine.finish(machine.start("test"), "test") for _ in range(8)]
    finally:
        enough.set()
        swapper.join()
    assert [pair for pair in server.logins if users[pair[0]] != pair[1]] == []
    assert [str(one) for one in tries if one.code != 0] == []


def swap(path: Path, contents: list[bytes], enough: threading.Event) -> None:
    """Replaces the file by each content in turn, whole each time."""
    while not enough.wait(0.001):
        for content in contents:
            new = path.with_name(".new")
            new.write_bytes(content)
            new.replace(path)


def test_a_purge_waits_for_nobody_it_would_break(machine: Machine, smtpd: Servers) -> None:
    gate = Gate()
    server = smtpd(hooks={"MAIL": gate})
    first = machine.start("apply", "--yes", "--profile", machine.profile(**proven(server)))
    gate.wait()
    purge = machine.start("purge", "--yes")
    gate.open()
    assert machine.finish(first, "apply").code == 0
    assert machine.finish(purge, "purge").code in {0, 8}
    assert machine.run("status").code in {0, 7}
    machine.apply(machine.profile(name="again")).ok()
