"""Two network namespaces joined by a cable: a client's side, where commands run, and a server's side behind firewalls.

Rules: the namespaces are nameless and live as long as their holding processes, which end with the block and with this
process, however it ends; so nothing can stay behind. The client's side has its own hosts file, resolver and DNS server
(tests/real/nameserver.py). Needs root. Knows no test.
Source of the addresses: RFC 5737, RFC 3849 (documentation).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.real.apart import apart
from tests.real.nameserver import NameServer, name_server
from tests.real.polite import SmtpServer
from tests.real.processes import find, guard, require, wait_until

SERVER, SERVER_6 = "192.0.2.1", "2001:db8::1"
CLIENT, CLIENT_6 = "192.0.2.2", "2001:db8::2"
DROPPED_6 = "2001:db8::dead"
SMTP_PORT = 25
_CLONE_NEWNET = 0x40000000
_T = TypeVar("_T")

TARGETS: dict[str, tuple[str, int]] = {
    "open": (SERVER, SMTP_PORT),
    "refused": (SERVER, 2500),
    "dropped": (SERVER, 2501),
    "reset": (SERVER, 2502),
    "port-unreachable": (SERVER, 2503),
    "admin-prohibited": (SERVER, 2504),
    "host-prohibited": (SERVER, 2505),
    "net-unreachable": (SERVER, 2506),
    "dropped-locally": (SERVER, 2511),
    "rejected-locally": (SERVER, 2512),
    "no-route": ("198.51.100.1", SMTP_PORT),
    "route-prohibited": ("198.51.100.2", SMTP_PORT),
    "no-neighbour": ("192.0.2.99", SMTP_PORT),
}
"""Where to connect to from the client's side, by what happens there: `open` is a polite SMTP server, at `refused`
nothing listens, `...-locally` are rules of the client's own firewall, the others of the server's or of routes."""

NAMES = {"open.corp.example": (SERVER, SERVER_6), "half.corp.example": (DROPPED_6, SERVER)}
"""Host names that the client's side knows: `open` over IPv4 and IPv6; of `half` the IPv6 address drops everything."""

_SERVER_RULES = f"""\
table inet wall {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport 2501 drop
    tcp dport 2502 reject with tcp reset
    tcp dport 2503 reject
    tcp dport 2504 reject with icmpx type admin-prohibited
    tcp dport 2505 ip protocol tcp reject with icmp type host-prohibited
    tcp dport 2506 ip protocol tcp reject with icmp type net-unreachable
    ip6 daddr {DROPPED_6} drop
  }}
}}
"""
_CLIENT_RULES = """\
table inet wall {
  chain output {
    type filter hook output priority 0; policy accept;
    tcp dport 2511 drop
    tcp dport 2512 reject
  }
}
"""


@dataclass(frozen=True)
class Side:
    """One network namespace, held by the process `pid`."""

    pid: int

    def argv(self, *command: str) -> list[str]:
        """The command line that runs `command` here."""
        return [find("nsenter") or "nsenter", "--target", str(self.pid), "--net", "--mount", "--root", "--", *command]

    def run(
        self,
        *command: str,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command here to its end, its output captured as text."""
        return subprocess.run(
            self.argv(*command),
            input=input,
            env=env,
            cwd=cwd,
            timeout=timeout,
            text=True,
            capture_output=True,
            check=False,
        )

    def must(self, *command: str, text: str = "") -> None:
        """Runs a command here that can't fail; `text` is its standard input. Raises OSError with its words."""
        done = self.run(*command, input=text)
        if done.returncode:
            raise OSError(f"{' '.join(command)}: {done.stderr}")

    def call(self, work: Callable[[], _T]) -> _T:
        """Calls `work` in a thread of this process that stands here. A socket made there stays here."""
        results: list[_T] = []
        failures: list[BaseException] = []

        def enter() -> None:
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                with open(f"/proc/{self.pid}/ns/net", "rb") as namespace:
                    if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - carried over to the calling thread
                failures.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]


@dataclass(frozen=True)
class Link:
    """The two sides, the polite SMTP server that listens on the server's side at port 25 of both addresses, and the
    name server that the client's side asks."""

    client: Side
    server: Side
    smtp: SmtpServer
    smtp_6: SmtpServer
    names: NameServer

    def target(self, name: str) -> tuple[str, int]:
        """Host and port of TARGETS. Raises KeyError."""
        return TARGETS[name]

    def listener(self, port: int, address: str = SERVER) -> socket.socket:
        """A listening socket on the server's side, for a server of the test."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return self.server.call(lambda: socket.create_server((address, port), family=family))

    def nft(self, rules: str, *, client: bool = False) -> None:
        """Adds nftables rules to the server's side, or to the client's."""
        (self.client if client else self.server).must(find("nft") or "nft", "-f", "-", text=rules)


@contextlib.contextmanager
def firewalled_link(folder: Path) -> Iterator[Link]:
    """The two namespaces with cable, rules, names and servers up; `folder` takes the client side's files.
    Raises PartMissing, OSError."""
    require("network namespaces", "nsenter", "ip", "nft", "mount")
    with contextlib.ExitStack() as stack:
        server, client = stack.enter_context(_side()), stack.enter_context(_side())
        _plug_in(server, client)
        server.must(find("nft") or "nft", "-f", "-", text=_SERVER_RULES)
        # Without a limit on ICMP each reject is told; with it some look like drops, in a busy test run.
        server.must("/bin/sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")
        client.must(find("nft") or "nft", "-f", "-", text=_CLIENT_RULES)
        _name(client, folder)
        names = stack.enter_context(name_server(SERVER, server.call))
        smtp = stack.enter_context(SmtpServer(listener=_listener(server, SERVER, socket.AF_INET)))
        smtp_6 = stack.enter_context(SmtpServer(listener=_listener(server, SERVER_6, socket.AF_INET6)))
        yield Link(client, server, smtp, smtp_6, names)


@contextlib.contextmanager
def _side() -> Iterator[Side]:
    with guard(":", prefix=apart(net=True)) as holder:
        ours = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")}

        def is_apart() -> bool:
            # The last thing that it does is to become the shell.
            theirs = {kind: os.readlink(f"/proc/{holder.pid}/ns/{kind}") for kind in ours}
            return all(theirs[kind] != ours[kind] for kind in ours) and _program(holder.pid) == "sh"

        wait_until(is_apart, "a network namespace")
        yield Side(holder.pid)


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text("ascii").strip()


def _plug_in(server: Side, client: Side) -> None:
    cable = f"link add cable type veth peer name cable netns {client.pid}\n"
    _ip(server, cable + _interface(SERVER, SERVER_6) + f"address add {DROPPED_6}/64 dev cable nodad\n")
    _ip(client, _interface(CLIENT, CLIENT_6) + f"route add prohibit {TARGETS['route-prohibited'][0]}\n")


def _interface(address: str, address_6: str) -> str:
    return (
        f"link set lo up\nlink set cable up\naddress add {address}/24 dev cable\n"
        f"address add {address_6}/64 dev cable nodad\n"
    )


def _ip(side: Side, commands: str) -> None:
    side.must(find("ip") or "ip", "-batch", "-", text=commands)


def _name(client: Side, folder: Path) -> None:
    """Gives the client's side its own name resolution, by mounts that only it sees."""
    hosts = "".join(f"{address} {name}\n" for name, pair in NAMES.items() for address in pair)
    files = {
        "hosts": f"127.0.0.1 localhost\n::1 localhost\n{hosts}",
        "resolv.conf": f"nameserver {SERVER}\noptions timeout:1 attempts:1\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, "ascii")
        if os.path.exists(f"/etc/{name}"):
            client.must(find("mount") or "mount", "--bind", str(folder / name), f"/etc/{name}")


def _listener(side: Side, host: str, family: socket.AddressFamily) -> socket.socket:
    return side.call(lambda: socket.create_server((host, SMTP_PORT), family=family))
