"""The real parts come up fast, are shared, and leave nothing behind, however their user ends."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.real import processes
from tests.real.identity.host import IdentityHost, identity_host
from tests.real.processes import PartMissing, listens, require, wait_until
from tests.real.servers import mail_host
from tests.real.smalldisk import SmallDisk, small_disk

SIGKILL = 9  # the signal module has no such name on Windows, where this is type-checked only
REPOSITORY = Path(__file__).parents[2]

USE_MAIL_HOST = """
import sys, time
from pathlib import Path
from tests.real.servers import mail_host
with mail_host(Path(sys.argv[1])) as mail:
    print(mail.certificates.folder.parent, mail.endpoint("plain").port, flush=True)
    time.sleep(60)
"""

USE_SMALL_DISK = """
import sys, time
from pathlib import Path
from tests.real.smalldisk import small_disk
with small_disk(Path(sys.argv[1])):
    print("mounted", flush=True)
    time.sleep(60)
"""


def user_of(script: str, argument: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(argument)], cwd=REPOSITORY, text=True, stdout=subprocess.PIPE
    )


def first_words(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


@pytest.mark.servers
def test_the_mail_host_comes_up_within_three_seconds_and_goes(tmp_path: Path) -> None:
    begin = time.monotonic()
    with mail_host(tmp_path) as mail:
        assert time.monotonic() - begin < 3
        folder, port = mail.certificates.folder.parent, mail.endpoint("plain").port
        assert listens("127.0.0.1", port)
    assert not listens("127.0.0.1", port)
    assert not folder.exists()


@pytest.mark.servers
def test_the_mail_host_is_shared_and_lasts_until_its_last_user_is_gone(tmp_path: Path) -> None:
    with mail_host(tmp_path) as first:
        with mail_host(tmp_path) as second:
            assert second == first
        assert listens("127.0.0.1", first.endpoint("plain").port)
    assert not first.postfix.exists()


@pytest.mark.servers
@pytest.mark.parametrize("how", [SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_mail_host_does_not_outlive_a_killed_user(tmp_path: Path, how: int) -> None:
    with user_of(USE_MAIL_HOST, tmp_path) as process:
        folder, port = first_words(process)
        process.send_signal(how)
    wait_until(lambda: not Path(folder).exists(), "the end of the mail host")
    assert not listens("127.0.0.1", int(port))


@pytest.mark.servers
def test_postfix_and_dovecot_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    with mail_host(tmp_path) as mail:
        folder, port = mail.certificates.folder.parent, mail.endpoint("plain").port
        os.kill(int((tmp_path / "mailhost.json").read_text().partition('"pid": ')[2].partition(",")[0]), SIGKILL)
        wait_until(lambda: not listens("127.0.0.1", port), "the end of Postfix")
        # Its folder stays in this one case: nobody is left to take it away.
        assert folder.exists()
        subprocess.run(["rm", "-r", str(folder)], check=True)


@pytest.mark.servers
def test_the_identity_host_goes_with_its_last_user_and_with_its_supervisor(tmp_path: Path) -> None:
    with identity_host(tmp_path) as first, identity_host(tmp_path) as second:
        assert second == first
        folder, ports = first.mail.certificates.folder.parent, _ports(first)
        assert all(listens("127.0.0.1", port) for port in ports)
    assert not any(listens("127.0.0.1", port) for port in ports)
    assert not folder.exists()
    with identity_host(tmp_path) as host:
        folder, ports = host.mail.certificates.folder.parent, _ports(host)
        os.kill(int(json.loads((tmp_path / "identity.json").read_text())["pid"]), SIGKILL)
        wait_until(lambda: not any(listens("127.0.0.1", port) for port in ports), "the end of provider and Postfix")
        subprocess.run(["rm", "-r", str(folder)], check=True)


def _ports(host: IdentityHost) -> tuple[int, int]:
    return int(host.origin.rpartition(":")[2]), host.mail.endpoint("token").port


USE_BROWSER = """
import sys, time
from pathlib import Path
from tests.real.identity.browser import browser
with browser(Path(sys.argv[1])) as made, made._session():
    print(made.url, flush=True)
    time.sleep(300)
"""


@pytest.mark.servers
@pytest.mark.parametrize("how", [SIGKILL, signal.SIGTERM])
def test_the_browser_does_not_outlive_a_killed_user(how: int) -> None:
    # Chromium keeps a socket in there, whose path may have 107 bytes: a test's own folder is too deep.
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:

        def runs() -> bool:
            return f"--user-data-dir={folder}" in subprocess.check_output(["ps", "-wweo", "args"], text=True)

        with user_of(USE_BROWSER, Path(folder)) as process:
            (url,) = first_words(process)
            ran = runs()
            process.send_signal(how)
        assert ran
        wait_until(lambda: not listens("127.0.0.1", int(url.rpartition(":")[2])), "the end of ChromeDriver")
        wait_until(lambda: not runs(), "the end of Chromium")


def test_a_small_disk_fills_up_and_is_gone_afterwards(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        assert 0 < disk.free() <= 256 * 1024
        filler = disk.fill(leave=8192)
        assert disk.free() == 8192
        (disk.path / "fits").write_bytes(b"x" * 8192)
        with pytest.raises(OSError, match="No space left") as caught:
            (disk.path / "does-not-fit").write_bytes(b"x")
        assert caught.value.errno == errno.ENOSPC
        filler.unlink()
        (disk.path / "fits-now").write_bytes(b"x")
    assert not os.path.ismount(tmp_path / "disk")
    assert os.listdir(tmp_path / "disk") == []


def test_a_small_disk_is_a_fixture_too(disk: SmallDisk) -> None:
    assert os.path.ismount(disk.path)


def test_a_small_disk_does_not_outlive_a_killed_user(tmp_path: Path) -> None:
    with user_of(USE_SMALL_DISK, tmp_path / "disk") as process:
        assert first_words(process) == ["mounted"]
        assert os.path.ismount(tmp_path / "disk")
        process.kill()
    wait_until(lambda: not os.path.ismount(tmp_path / "disk"), "the unmounting")


def test_a_part_that_can_not_be_had_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PartMissing, match="no-such-program: `make packages`"):
        require("a part", "no-such-program")
    monkeypatch.setattr(processes, "is_root", lambda: False)
    with pytest.raises(PartMissing, match="a part needs root: run the tests as root"):
        require("a part", "sh")


def test_the_environment_is_clean(clean_environment: Path) -> None:
    assert os.environ["HOME"] == str(clean_environment)
    left = [
        name for name in os.environ if name.startswith(("DTS_EMAIL_", "DTSCONF_")) or name.upper().endswith("_PROXY")
    ]
    assert [name for name in left if name != "DTSCONF_TEST_ALL"] == []
