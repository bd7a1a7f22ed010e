"""The demo's parts: its server against the standard library's client, its digest, and a story that goes wrong."""

from __future__ import annotations

import re
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtsconf.demo import story
from dtsconf.demo.certificate import Certificates, make_certificates
from dtsconf.demo.place import Place, Ran
from dtsconf.demo.server import ADDRESS, MailServer
from dtsconf.demo.text import as_data, as_text

PASSWORD = "right-password"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(str(tmp_path), ADDRESS)


@pytest.fixture
def server(certificates: Certificates) -> Iterator[MailServer]:
    with MailServer(certificates.server, "lab", PASSWORD) as running:
        yield running


def connect(server: MailServer, certificates: Certificates) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=certificates.authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    client = smtplib.SMTP(ADDRESS, server.port, timeout=10)
    client.starttls(context=context)
    return client


def test_certificate_stands_up_to_a_strict_check_and_its_key_is_private(
    server: MailServer, certificates: Certificates
) -> None:
    with connect(server, certificates) as client:
        assert client.noop()[0] == 250
    if sys.platform != "win32":
        assert Path(certificates.server).stat().st_mode & 0o077 == 0


def test_server_takes_mail_after_tls_and_login(server: MailServer, certificates: Certificates) -> None:
    with connect(server, certificates) as client:
        client.login("lab", PASSWORD)
        client.sendmail("lab@demo.example", ["mailcheck@demo.example"], b"Subject: one\r\n\r\ntext\r\n")
    (mail,) = server.arrived
    assert (mail.login, mail.encrypted, mail.recipients) == ("lab", True, ("mailcheck@demo.example",))
    assert mail.content == b"Subject: one\r\n\r\ntext\r\n"


def test_server_refuses_a_wrong_password_and_counts_it(server: MailServer, certificates: Certificates) -> None:
    with connect(server, certificates) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login("lab", "wrong")
        assert refused.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@demo.example", ["b@demo.example"], b"\r\n")
    assert server.refused_logins >= 1
    assert server.arrived == []


def test_server_wants_tls_before_anything(server: MailServer) -> None:
    with smtplib.SMTP(ADDRESS, server.port, timeout=10) as client:
        assert client.mail("a@demo.example")[0] == 530


def test_server_is_gone_after_its_block(certificates: Certificates) -> None:
    with MailServer(certificates.server, "lab", PASSWORD) as running:
        port = running.port
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(ADDRESS, port, timeout=10)


def test_password_is_in_no_repr_of_the_server(certificates: Certificates) -> None:
    assert PASSWORD not in repr(MailServer(certificates.server, "lab", PASSWORD))


@pytest.mark.parametrize("change", ["content", "name", "folder"])
def test_digest_sees_every_change(tmp_path: Path, change: str) -> None:
    place = Place(str(tmp_path), "authority.pem")
    folder = tmp_path / "machine" / "etc"
    folder.mkdir(parents=True)
    (folder / "file").write_text("one")
    before = place.digest()
    assert place.digest() == before
    if change == "content":
        (folder / "file").write_text("two")
    elif change == "name":
        (folder / "file").rename(folder / "other")
    else:
        (folder / "empty").mkdir()
    assert place.digest() != before


def test_digest_sees_a_mode(tmp_path: Path) -> None:
    place = Place(str(tmp_path), "authority.pem")
    (tmp_path / "machine").mkdir()
    (tmp_path / "machine" / "file").touch(0o600)
    before = place.digest()
    (tmp_path / "machine" / "file").chmod(0o640)
    assert place.digest() != before


def test_commands_get_none_of_the_callers_own_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DTSCONF_PROFILE", "DTSCONF_STRICT", "DTS_EMAIL_SERVER__HOST", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "/nowhere")
    seen: list[dict[str, str]] = []

    def run(*args: object, env: dict[str, str], **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.append(env)
        return subprocess.CompletedProcess([], 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    Place(str(tmp_path), "authority.pem").run(["plan"])
    ours = {name for name in seen[0] if name.startswith(("DTSCONF_", "DTS_EMAIL_", "SSL_CERT_"))}
    assert ours == {"DTSCONF_USER_FILE", "SSL_CERT_FILE"}
    assert seen[0]["SSL_CERT_FILE"] == "authority.pem"


@pytest.mark.parametrize("code", [0, 3, 70])
def test_story_ends_at_the_first_step_that_goes_wrong(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    calls: list[list[str]] = []

    def run(self: Place, args: list[str]) -> Ran:
        calls.append(args)
        return Ran(code, "said on stdout\n", "said on stderr\n")

    monkeypatch.setattr(Place, "run", run)
    told = story.tell()
    assert not told.ok
    assert [args[0] for args in calls] == ["plan"]
    assert not Path(told.folder).exists()
    text = as_text(told)
    assert "said on stdout" in text
    assert "said on stderr" in text
    assert "Step 1 did not go as it should" in text
    assert told.next not in text


def test_long_output_is_shortened_in_text_and_whole_in_data() -> None:
    output = "".join(f"line {n}\n" for n in range(100))
    step = story.Step(1, "title", "", "dtsconf plan", 0, output, "", (story.Claim("exit code 0", True),))
    told = story.Told("/folder", "127.0.0.1:1", "dtsconf: 1\n", (step,), 1.0)
    shown = re.findall(r"line \d+", as_text(told))
    assert len(shown) < 30
    assert shown[-1] == "line 99"
    assert as_data(told)["steps"][0]["output"] == output


def test_a_story_with_a_step_missing_is_not_ok() -> None:
    step = story.Step(1, "title", "", "dtsconf plan", 0, "", "", (story.Claim("exit code 0", True),))
    assert not story.Told("/folder", "127.0.0.1:1", "", (step,), 1.0).ok
