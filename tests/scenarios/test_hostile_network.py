"""The installed program behind real firewalls and routes: the cause it tells, as far as the system lets it know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.real.hostile_network import OBSTACLES, Obstacle, obstructed, place
from tests.real.netns import Link
from tests.scenarios.harness import PROGRAM, Machine, Result, failed_stage

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def network(firewall: Link) -> Iterator[Link]:
    with obstructed(firewall) as link:
        yield link


def there(network: Link, machine: Machine, host: str, port: int, seconds: float, *args: str) -> Result:
    """`test` on the client's side of the network."""
    settings = {"server": {"host": host, "port": port}, "connection": {"timeout": seconds}}
    profile = machine.profile(settings=settings, verify={"level": "send", "retries": 0})
    command = ("test", "--profile", profile, *args)
    done = network.client.run(PROGRAM, *command, env=machine.environ(), cwd=machine.work)
    result = Result(command, done.returncode, done.stdout, done.stderr)
    machine.check(result)
    return result


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_an_obstacle(network: Link, machine: Machine, obstacle: Obstacle) -> None:
    where = place(obstacle.name)
    failure = failed_stage(there(network, machine, *where, obstacle.seconds, "--json").fails(obstacle.code).json)
    assert failure["stage"] in obstacle.stages
    assert failure["cause"] == obstacle.cause
    assert re.search(obstacle.says, failure["detail"], re.IGNORECASE), failure
    shown = there(network, machine, *where, obstacle.seconds).fails(obstacle.code)
    assert f"({obstacle.cause} at stage " in shown.text
    assert "hint: " in shown.text


def test_the_way_is_open_otherwise(network: Link, machine: Machine) -> None:
    there(network, machine, *network.target("open"), 8).ok()
    report = there(network, machine, "half.corp.example", 25, 8, "--json").ok().json
    assert "2001:db8::dead: no answer" in json.dumps(report)
