"""What connect() shows behind each firewall rule and route, as facts the causes of failures are read from."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.real.netns import NAMES, TARGETS, Link, firewalled_link

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("real-netns")]

CONNECT = """
import json, socket, sys, time
begin = time.monotonic()
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3])) as sock:
        answer = sock.recv(3).decode()
except OSError as error:
    answer = f"{type(error).__name__} {error.errno}"
print(json.dumps([answer, time.monotonic() - begin]))
"""

EXPECTED = {
    "open": "220",
    "refused": "ConnectionRefusedError 111",
    "dropped": "TimeoutError None",
    "reset": "ConnectionRefusedError 111",
    "port-unreachable": "ConnectionRefusedError 111",
    "admin-prohibited": "OSError 113",
    "host-prohibited": "OSError 113",
    "net-unreachable": "OSError 101",
    "dropped-locally": "TimeoutError None",
    "rejected-locally": "ConnectionRefusedError 111",
    "no-route": "OSError 101",
    "route-prohibited": "PermissionError 13",
    "no-neighbour": "OSError 113",
}


def connect(link: Link, host: str, port: int, timeout: float = 0.7) -> str:
    done = link.client.run(sys.executable, "-c", CONNECT, host, str(port), str(timeout))
    assert done.returncode == 0, done.stderr
    answer, _ = json.loads(done.stdout)
    assert isinstance(answer, str)
    return answer


def test_every_target_is_known() -> None:
    assert set(EXPECTED) == set(TARGETS)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_target_fails_as_its_name_says(firewall: Link, name: str) -> None:
    # The kernel gives a neighbour three seconds to answer.
    assert connect(firewall, *firewall.target(name), timeout=6 if name == "no-neighbour" else 0.7) == EXPECTED[name]


def test_a_name_may_have_a_dead_ipv6_and_a_live_ipv4_address(firewall: Link) -> None:
    for host, addresses in NAMES.items():
        answers = [connect(firewall, address, 25) for address in addresses]
        assert answers == (["220", "220"] if host.startswith("open") else ["TimeoutError None", "220"])
        assert connect(firewall, host, 25) == "220"


@pytest.mark.parametrize(("name", "number"), [("nowhere.example", -2), ("servfail.example", -3)])
def test_unresolvable_names_are_told_from_a_broken_resolver(firewall: Link, name: str, number: int) -> None:
    # EAI_NONAME and EAI_AGAIN of getaddrinfo(3).
    assert connect(firewall, name, 25) == f"gaierror {number}"


def test_rules_can_be_added_and_the_outside_is_untouched(firewall: Link) -> None:
    firewall.nft("table inet extra { chain input { type filter hook input priority 0; tcp dport 2520 drop; }; }")
    assert connect(firewall, firewall.target("open")[0], 2520) == "TimeoutError None"
    assert "cable" not in os.listdir("/sys/class/net")
    assert "corp.example" not in Path("/etc/hosts").read_text("utf-8")


def test_nothing_is_left_of_a_link(tmp_path: Path) -> None:
    with firewalled_link(tmp_path) as link:
        pids = (link.client.pid, link.server.pid)
        assert connect(link, *link.target("open")) == "220"
        assert link.smtp.accepted == 1
    begin = time.monotonic()
    while any(os.path.exists(f"/proc/{pid}/ns/net") for pid in pids):
        assert time.monotonic() - begin < 5
        time.sleep(0.01)
