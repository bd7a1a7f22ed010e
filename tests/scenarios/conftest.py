"""What the scenario tests share: a machine in a temporary folder, scripted mail servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.graph import GraphServer, for_graph, graph_server
from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.servers import MailHost
from tests.real.syslog import Syslog, syslog
from tests.scenarios.harness import Machine, in_namespace
from tests.scenarios.office import Office, office
from tests.scenarios.recipes import Place, newcomers_place
from tests.scenarios.smtpd import Smtpd


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may enter, too (pytest's own is closed to them)."""
    path = Path(tempfile.mkdtemp(prefix="scenario-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def machine(folder: Path) -> Machine:
    return Machine(folder)


@pytest.fixture
def log(machine: Machine) -> Iterator[Syslog]:
    """What the program writes to the system's log; at the end it is searched for the machine's secrets."""
    folder = machine.folder / "log"
    folder.mkdir()
    with syslog(folder) as made:
        machine.within = list(in_namespace(made.mounts))
        yield made
    shutil.rmtree(folder)
    for message in made.messages:
        assert not any(secret.encode() in message for secret in machine.secrets), message


@pytest.fixture
def machines(folder: Path) -> Callable[[str], Machine]:
    """Makes further machines by name."""
    return lambda name: Machine(folder / name)


@pytest.fixture
def smtpd() -> Iterator[Callable[..., Smtpd]]:
    """Starts scripted mail servers and stops them after the test."""
    started: list[Smtpd] = []

    def start(**options: Any) -> Smtpd:
        started.append(Smtpd(**options).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def graph(identity: IdentityHost) -> Iterator[GraphServer]:
    """A Graph that takes the tokens of the identity host; `identity.tenant(discovery={"msgraph_host": graph.host})`."""
    with graph_server(identity.mail.certificates) as server:
        server.takes = for_graph
        yield server
        assert server.complaints == []


@pytest.fixture(scope="session")
def place(mail: MailHost) -> Iterator[Place]:
    """Where the README's recipes are typed; tests that use it carry `xdist_group("newcomer")`."""
    with newcomers_place(mail) as made:
        yield made


@pytest.fixture
def here(machine: Machine, identity: IdentityHost, browser: Browser) -> Iterator[Office]:
    """The machine as an office with a tenant of its own, and somebody who signs in; at the end all files are searched
    for what the provider gave out. Tests that use it carry `xdist_group("browser")`."""
    with office(machine, identity, browser) as made:
        yield made
        made.searched(allowed=(".tokens", "email.secrets.json"))
