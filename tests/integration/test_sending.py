"""dtsconf.send into Postfix, read back from the Maildir, by Python's parser and by Perl's."""

from __future__ import annotations

import hashlib
import json
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

import dtsconf
from dtsconf.mail.sent import Sent
from dtsconf.sending.deliver import NotSent
from tests.real.endpoints import ANY_USER_SENDER
from tests.real.processes import find
from tests.real.servers import Endpoint, MailHost

pytestmark = pytest.mark.servers

PERL = Path(__file__).parents[1] / "real" / "email_mime.pl"
FILES = {
    "run 12.log": b"From the start\n.\n..\r\nlone\rCR\0\n" * 500,
    "größe 日本語の記録.csv": bytes(range(256)) * 40,
    'the "best"; it\'s 100%.txt': b"",
    "n" * 180 + ".bin": b"\xff" * 57,
}


def send(endpoint: Endpoint, *to: str, environ: dict[str, str] | None = None, root: Path, **words: Any) -> Sent:
    """By the settings of this endpoint alone."""
    sender = {"sender.email": ANY_USER_SENDER, "sender.name": "Größe & Söhne, Perth"}
    place = {"server.host": endpoint.host, "server.port": endpoint.port, **sender}
    settings = {**place, **words.pop("settings", {})}
    return dtsconf.send(to, overrides=settings, environ=environ or {}, root=root, **words)


def by_perl(message: bytes) -> Any:
    """What Perl's Email::MIME makes of it."""
    return json.loads(subprocess.run(["perl", str(PERL)], input=message, capture_output=True, check=True).stdout)


def attached(message: EmailMessage) -> dict[str | None, object]:
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}


def test_everything_at_once_arrives_as_it_was(mail: MailHost, tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    to, cc, bcc = (mail.fresh_recipient() for _ in range(3))
    text = "größe\n.\n..\nFrom me\n" + "x" * 3000 + "\n\n"
    subject = "Lauf 12: größer als 日本語 " * 6 + "!"
    sent = send(
        mail.endpoint("plain"), f'"Lab, Perth" <{to}>', subject=subject, body=text, html="<p>größe<br>and so on</p>",
        cc=cc, bcc=bcc, attach=tmp_path / "*", root=tmp_path / "none",
    )  # fmt: skip
    assert sent.ok
    assert [one.address for one in sent.recipients] == [to, cc, bcc]
    for recipient in (to, cc, bcc):
        found = mail.wait_for_mail(recipient, message_id=sent.message_id)
        assert found["Subject"] == subject
        assert found["From"].addresses[0].display_name == "Größe & Söhne, Perth"
        assert found["To"].addresses[0].display_name == "Lab, Perth"
        assert attached(found) == FILES
        body = found.get_body(("plain",))
        assert isinstance(body, EmailMessage)
        assert body.get_content() == text
        assert not found.defects
        written = {k: str(v) for k, v in found.items() if k not in {"Delivered-To", "X-Original-To", "Received"}}
        assert bcc not in str(written)
        second = by_perl(found.as_bytes())
        assert (second["subject"], second["to"]) == (subject, f'"Lab, Perth" <{to}>')
        leaves = {part["name"]: part["digest"] for part in second["parts"]}
        assert leaves.items() >= {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}.items()
        assert [part["type"] for part in second["parts"][:2]] == ["text/plain", "text/html"]


def test_one_is_refused_and_the_others_get_it(mail: MailHost, tmp_path: Path) -> None:
    first, last = mail.fresh_recipient(), mail.fresh_recipient()
    unknown = f"nobody-at-all@{mail.domain}"
    sent = send(mail.endpoint("plain"), first, unknown, last, root=tmp_path)
    assert [(one.address, one.ok, one.code, one.enhanced_code) for one in sent.recipients] == [
        (first, True, 250, "2.1.5"), (unknown, False, 550, "5.1.1"), (last, True, 250, "2.1.5"),
    ]  # fmt: skip
    assert mail.wait_for_mail(first, message_id=sent.message_id)
    assert mail.wait_for_mail(last, message_id=sent.message_id)


def test_a_login_over_starttls(mail: MailHost, tmp_path: Path) -> None:
    user, to = mail.users["alice"], mail.fresh_recipient()
    settings = {"server.encryption": "starttls", "server.ca_file": mail.ca_file}
    login = {"login.required": True, "login.username": user.name}
    environ = {"DTS_EMAIL_LOGIN__PASSWORD": user.password}
    sent = send(mail.endpoint("login"), to, settings=settings | login, environ=environ, root=tmp_path)
    assert mail.wait_for_mail(to, message_id=sent.message_id)
    environ = {"DTS_EMAIL_LOGIN__PASSWORD": "wrong-Quie7ohX"}
    with pytest.raises(NotSent) as caught:
        send(mail.endpoint("login"), to, settings=settings | login, environ=environ, root=tmp_path)
    assert caught.value.code == 6
    assert (caught.value.sent.failure or caught.value.sent.stages[0]).cause == "auth-rejected"
    assert "wrong-Quie7ohX" not in f"{caught.value}{caught.value.sent!r}"


def test_addresses_outside_ascii(mail: MailHost, tmp_path: Path) -> None:
    to = mail.fresh_recipient("jürgen")
    sent = send(mail.endpoint("plain"), f"Jürgen <{to}>", subject="größe", root=tmp_path)
    assert sent.ok
    assert mail.wait_for_mail(to)["To"] == f"Jürgen <{to}>"
    with pytest.raises(NotSent) as caught:
        send(mail.endpoint("no-smtputf8"), to, root=tmp_path)
    assert caught.value.code == 1
    assert "SMTPUTF8" in str(caught.value)


@pytest.mark.parametrize(("endpoint", "stage"), [("small", "mail-from"), ("small-silent", "accepted")])
def test_too_large_for_the_server(mail: MailHost, tmp_path: Path, endpoint: str, stage: str) -> None:
    (tmp_path / "run.log").write_bytes(b"x" * 100_000)
    to = mail.fresh_recipient()
    with pytest.raises(NotSent) as caught:
        send(mail.endpoint(endpoint), to, attach=tmp_path / "run.log", root=tmp_path / "none")
    failure = caught.value.sent.failure
    assert failure is not None
    assert (failure.stage, failure.cause) == (stage, "too-large")
    assert "--zip" in str(failure.hint)
    assert send(mail.endpoint(endpoint), to, attach=tmp_path / "run.log", zip=True, root=tmp_path / "none").ok
    assert attached(mail.wait_for_mail(to)).keys() == {"run.log.zip"}


@pytest.mark.parametrize(
    ("endpoint", "code", "stage", "cause"),
    [
        ("recipient-rejected", 1, "rcpt-to", "recipient-rejected"),
        ("relay-denied", 1, "rcpt-to", "recipient-rejected"),
        ("mailbox-full", 1, "rcpt-to", "mailbox-full"),
        ("greylisted", 1, "rcpt-to", "greylisted"),
        ("sender-rejected", 6, "mail-from", "sender-rejected"),
        ("sender-rejected-late", 6, "rcpt-to", "sender-rejected"),
        ("milter-dead", 6, "mail-from", "server-error"),
    ],
)
def test_refusals(mail: MailHost, tmp_path: Path, endpoint: str, code: int, stage: str, cause: str) -> None:
    with pytest.raises(NotSent) as caught:
        send(mail.endpoint(endpoint), mail.fresh_recipient(), mail.fresh_recipient(), root=tmp_path)
    failure = caught.value.sent.failure
    assert failure is not None
    assert (failure.stage, failure.cause, caught.value.code) == (stage, cause, code)


def test_swaks_hands_over_the_same(mail: MailHost, tmp_path: Path) -> None:
    """The message that Postfix got from us, handed to it once more by swaks, comes out alike: dots, line ends, all."""
    text = ".\n..\n. dot\n.hidden\n" + "\n" * 5 + "last\n"
    (tmp_path / "a.log").write_bytes(b"\n.\n" * 1000)
    ours, theirs = mail.fresh_recipient(), mail.fresh_recipient()
    send(mail.endpoint("plain"), ours, body=text, attach=tmp_path / "a.log", root=tmp_path / "none")
    first = mail.wait_for_mail(ours)
    endpoint = mail.endpoint("plain")
    command = [find("swaks") or "swaks", "--server", endpoint.host, "--port", str(endpoint.port), "--to", theirs]
    command += ["--from", ANY_USER_SENDER, "--data", "-"]
    subprocess.run(command, input=first.as_bytes(), check=True, capture_output=True, timeout=30)
    second = mail.wait_for_mail(theirs)
    assert [part.get_payload() for part in first.walk() if not part.is_multipart()] == [
        part.get_payload() for part in second.walk() if not part.is_multipart()
    ]
