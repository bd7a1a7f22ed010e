"""What every test shares: a clean environment, and the real parts of tests/real as fixtures.

Rules: a real part that can't be had fails the test, it never skips it. README.md beside this file lists the fixtures.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from dtsconf.files.signals import POLITE
from tests.real.ca import Certificates, write_certificates
from tests.real.identity.browser import Browser, browser
from tests.real.identity.host import IdentityHost, identity_host
from tests.real.netns import Link, firewalled_link
from tests.real.openbao import Vault, vault_server
from tests.real.secret_service import SecretService, secret_service
from tests.real.servers import MailHost, mail_host
from tests.real.smalldisk import SmallDisk, small_disk

# Tests never assert on time: a busy machine must not fail a property.
hypothesis.settings.register_profile(
    "dtsconf", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("dtsconf")

# A background job is started with Ctrl-C ignored, one by nohup with SIGHUP, and so would be all that the tests start and
# interrupt.
for _number in POLITE:
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL)

_LONGEST_NAME = 200


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long text is no name for a test: some are made at random, and pytest puts the name into the environment."""
    return argname if isinstance(val, (str, bytes)) and len(val) > _LONGEST_NAME else None


_SCRUBBED_PREFIXES = ("DTS_EMAIL_", "DTSCONF_", "VAULT_", "XDG_")
_SCRUBBED = {
    "CREDENTIALS_DIRECTORY",
    "CURL_CA_BUNDLE",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "FORCE_COLOR",
    "NO_COLOR",
    "PYTHON_KEYRING_BACKEND",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SUDO_GID",
    "SUDO_UID",
    "SUDO_USER",
    "WAYLAND_DISPLAY",
}


def _is_scrubbed(name: str) -> bool:
    # The test run's own switch is no setting of the program.
    if name == "DTSCONF_TEST_ALL":
        return False
    return name.startswith(_SCRUBBED_PREFIXES) or name in _SCRUBBED or name.upper().endswith("_PROXY")


@pytest.fixture(autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No setting, proxy or CA file of the caller reaches a test; HOME and XDG_* lie in a fresh folder, which is
    returned."""
    for name in [name for name in os.environ if _is_scrubbed(name)]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for kind, place in (
        ("CONFIG", ".config"),
        ("STATE", ".local/state"),
        ("DATA", ".local/share"),
        ("CACHE", ".cache"),
    ):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / place))
    return home


@pytest.fixture(scope="session")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHost]:
    """Postfix and Dovecot with all endpoints of tests/real/endpoints.py; one for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    with mail_host(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as host:
        yield host


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityHost]:
    """An OpenID provider and the mail server that takes its tokens; one for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    with identity_host(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as host:
        yield host


@pytest.fixture(scope="session", name="browser")
def browser_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless Chromium with somebody at it: tests that use it carry `xdist_group("browser")`."""
    with browser(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """OpenBao with its engines, policies and logins; two seconds to start, and each worker of pytest-xdist has its
    own: tests that use it carry `xdist_group("vault")`, so that one worker has them all."""
    with vault_server(tmp_path_factory.mktemp("vault")) as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate authority and its good and bad certificates, for servers in this process; needs no root."""
    return write_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def firewall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Link]:
    """Two network namespaces with a firewall between: `firewall.client.run(...)` runs a command behind it."""
    with firewalled_link(tmp_path_factory.mktemp("firewall")) as link:
        yield link


@pytest.fixture(scope="session")
def keyring_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """A session whose keyring is there and unlocked; `environ` is what a program of it has."""
    with secret_service(tmp_path_factory.mktemp("keyring")) as service:
        yield service


@pytest.fixture
def keyring_environ(keyring_session: SecretService, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """This process is within that session. Its environment is returned."""
    for name in ("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.setenv(name, keyring_session.environ[name])
    return os.environ


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A file system of 256 KiB at `tmp_path / "disk"`."""
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted
