"""Nothing that a user, a file name, a profile or an environment holds can speak to the server in dtsconf's name.

A recording server keeps every byte. Whatever is given, it is refused before a connection is made, or what goes over the
wire is the commands of one mail and that mail: CRLF at every line end and nowhere else a CR or LF ("SMTP smuggling"),
one end of data, no header that nobody meant.
"""

from __future__ import annotations

import email
import email.policy
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import dtsconf
from dtsconf.errors import DtsconfError
from dtsconf.mail.content import Envelope
from dtsconf.mail.hello import ehlo_name
from dtsconf.mail.job import Letter
from dtsconf.mail.mailer import SmtpMailer
from dtsconf.mail.route import Link
from dtsconf.mail.verify import verify
from dtsconf.names import host_problem, normalise_host
from dtsconf.sending.deliver import NotSent
from tests.real.ca import Certificates
from tests.real.polite import SmtpServer
from tests.real.scripted import Session
from tests.unit.mail.jobs import job, route
from tests.unit.mail.test_content import Given

BREAKS = ["\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x85", "\u2028"]
SPEECH = [
    "\r\nX-Injected: 1", "\nBcc: evil@x.example", "\rX-Injected: 1", "\r\n\r\n", "\r\nRCPT TO:<evil@x.example>", "\r\n.\r\n", "\n.\n",
    "\r.\r", "\r\n..", "> SIZE=1", "=?utf-8?b?DQpYLUluamVjdGVkOiAx?=",
]  # fmt: skip
REST = [
    "\x1b[2J", "\x7f", "\u202e", ".", "<", ">", '"', "\\", ",", ";", ":", " ", "\t", "%0d%0a", "\u00e9", "\u6f22", "\U0001f4e7", "\udc80",
    "a", "Ann", "ann@acme.example",
]  # fmt: skip
ONE = st.tuples(
    st.sampled_from(["", "a", "Ann "]),
    st.sampled_from(BREAKS) | st.sampled_from(SPEECH) | st.sampled_from(REST),
    st.sampled_from(["", "b", "."]),
).map("".join)
MANY = st.lists(st.sampled_from(BREAKS + SPEECH + REST) | st.text(max_size=3), max_size=8).map("".join)
NASTY = ONE | ONE | MANY
"""One thing between harmless ones, as an attacker would put it, or a heap of them."""

ADDRESSES = st.one_of(
    st.tuples(NASTY, st.just("ann@acme.example")).map("".join),
    st.tuples(st.just("ann@acme.example"), NASTY).map("".join),
    st.tuples(NASTY, st.just("@acme.example")).map("".join),
    st.tuples(NASTY, NASTY).map(lambda pair: f"{pair[0]} <{pair[1]}@acme.example>"),
    st.just("ann@acme.example"),
)
HEADERS = {
    "date", "from", "to", "cc", "reply-to", "subject", "message-id", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding",
}  # fmt: skip
FEW = settings(max_examples=150)


@contextmanager
def one_connection(server: SmtpServer) -> Iterator[list[Session]]:
    """The sessions that began within the block: one, or none when what was given is refused before."""
    before = len(server.sessions)
    found: list[Session] = []
    yield found
    found += server.sessions[before:]
    assert len(found) <= 1


def heard(session: Session) -> tuple[list[str], EmailMessage | None]:
    """The commands, and the mail if one was sent; checks every rule of the wire on the way."""
    raw = bytes(session.raw)
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", raw) is None, raw
    assert raw.endswith(b"\r\n"), raw
    before, data, after = _parts(raw)
    commands = [line.decode() for line in (before + after).decode().encode().split(b"\r\n")[:-1]]
    assert not any(ord(char) < 32 or ord(char) == 127 for line in commands for char in line), commands
    verbs = " ".join(line.partition(" ")[0] for line in commands)
    assert re.fullmatch(r"EHLO( MAIL( RCPT)*( DATA)?)?( QUIT)?", verbs), commands
    return commands, None if data is None else email.message_from_bytes(data, policy=email.policy.default)


def _parts(raw: bytes) -> tuple[bytes, bytes | None, bytes]:
    """What stands before the mail, the mail with its dots, and what follows its end."""
    before, mark, rest = raw.partition(b"\r\nDATA\r\n")
    if not mark:
        return raw, None, b""
    data, end, after = (b"\r\n" + rest).partition(b"\r\n.\r\n")
    assert end, raw
    assert all(len(line) <= 998 + 1 for line in data.split(b"\r\n")), "RFC 5322 2.1.1, and a dot"
    return before + mark, data.removeprefix(b"\r\n"), after


def check_mail(mail: EmailMessage | None) -> None:
    assert mail is not None
    assert not mail.defects, mail.defects
    names = [name.lower() for name in mail]
    assert set(names) <= HEADERS, names
    assert len(names) == len(set(names)), names
    for part in mail.walk():
        assert not {"x-injected", "bcc"} & {name.lower() for name in part}


@pytest.fixture(scope="module")
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture(scope="module")
def site(server: SmtpServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A profile that sends to the recording server."""
    path = tmp_path_factory.mktemp("site") / "site.yaml"
    path.write_text(
        "dtsconf: 1\nname: acme\nsettings:\n  sender: {name: DTS, email: dts@acme.example}\n"
        f"  server: {{host: 127.0.0.1, port: {server.port}}}\n  connection: {{timeout: 20}}\n",
        "utf-8",
    )
    return str(path)


def send(server: SmtpServer, site: str, **given: Any) -> tuple[list[str], EmailMessage | None] | None:
    """Sends; None when it is refused, and then without a connection."""
    refused = False
    with one_connection(server) as sessions:
        try:
            dtsconf.send(profile=site, environ={}, **{"to": "ann@acme.example", **given})
        except DtsconfError as error:
            refused = not isinstance(error, NotSent)  # which is the server's word
    assert refused is not bool(sessions), "what is refused is refused before the server is asked"
    return heard(sessions[0]) if sessions else None


@FEW
@given(subject=NASTY, body=NASTY, html=NASTY | st.none())
def test_texts(server: SmtpServer, site: str, subject: str, body: str, html: str | None) -> None:
    found = send(server, site, subject=subject, body=body, html=html)
    if found is not None:
        check_mail(found[1])
        arrived = str(found[1]["Subject"] or "") if found[1] else ""
        assert arrived.split() == subject.split()


@FEW
@given(to=ADDRESSES, cc=ADDRESSES, bcc=ADDRESSES, reply_to=ADDRESSES)
def test_addresses(server: SmtpServer, site: str, to: str, cc: str, bcc: str, reply_to: str) -> None:
    found = send(server, site, to=to, cc=cc, bcc=bcc, reply_to=reply_to)
    if found is not None:
        check_mail(found[1])


@FEW
@given(name=NASTY, address=ADDRESSES)
def test_the_sender(server: SmtpServer, site: str, name: str, address: str) -> None:
    found = send(server, site, overrides={"sender.name": name, "sender.email": address})
    if found is not None:
        check_mail(found[1])


@FEW
@given(
    name=NASTY.map(lambda text: re.sub("[/\0]", "", text).encode("utf-8", "surrogateescape")[:200]),
    packed=st.booleans(),
)
def test_file_names(server: SmtpServer, site: str, name: bytes, packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("f" + name.decode("utf-8", "surrogateescape") + ".log")
        path.write_bytes(b".\r\n.\r\n\r.\n.\0")
        found = send(server, site, attach=[path], zip=packed)
    assert found is not None
    mail = found[1]
    assert mail is not None
    check_mail(mail)
    (attached,) = mail.iter_attachments()
    names = [str(attached.get_filename())]
    if packed:
        names += zipfile.ZipFile(io.BytesIO(attached.get_payload(decode=True))).namelist()  # type: ignore[arg-type] # bytes, of a part that is none of many
    assert not any(ord(char) < 32 for each in names for char in each)


@FEW
@given(
    st.lists(
        st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"x", b"\0", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"QUIT"])
        | st.binary(max_size=5)
    )
)
def test_a_message_of_any_bytes(server: SmtpServer, pieces: list[bytes]) -> None:
    envelope = Envelope("dts@acme.example", ("ann@acme.example",))
    with one_connection(server) as sessions, SmtpMailer(Link(route(server.port), 20)) as mailer:
        assert mailer.send(envelope, Given(pieces)).ok
    assert heard(sessions[0])[0][-1] == "QUIT"
    lines = b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    (message,) = sessions[0].messages
    assert message.data == b"".join(line + b"\r\n" for line in lines if pieces and b"".join(pieces))


@FEW
@given(machine=NASTY, profile=NASTY, user=NASTY, name=NASTY)
def test_what_the_test_mail_tells(server: SmtpServer, machine: str, profile: str, user: str, name: str) -> None:
    with one_connection(server) as sessions:
        letter = Letter(machine, profile, 3, "dtsconf 1", user)
        assert verify(job(server.port, letter=letter, name=name, timeout=20)).ok
    check_mail(heard(sessions[0])[1])


@FEW
@given(username=NASTY, password=NASTY, mechanism=st.sampled_from(["auto", "plain", "login", "scram-sha-256"]))
def test_a_login(login_server: tuple[SmtpServer, str], username: str, password: str, mechanism: str) -> None:
    server, ca_file = login_server
    with one_connection(server) as sessions:
        verify(
            job(
                server.port,
                encryption="tls",
                username=username,
                password=password,
                mechanism=mechanism,
                ca_file=ca_file,
                timeout=20,
            )
        )
    raw = bytes(sessions[0].raw)
    assert re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw) is None
    lines = raw.split(b"\r\n")
    assert all(
        re.fullmatch(rb"EHLO \S+|QUIT|AUTH [A-Z0-9-]+( [A-Za-z0-9+/=]+)?|[A-Za-z0-9+/=]*|\*", line) for line in lines
    ), lines


@pytest.fixture(scope="module")
def login_server(certificates: Certificates) -> Iterator[tuple[SmtpServer, str]]:
    """TLS and a login that nobody gets past, and the root to trust."""
    with SmtpServer(tls=certificates.server_context(), wrapper=True, users={"": ""}) as running:
        yield running, certificates.ca_file


@given(NASTY | st.text())
def test_what_is_taken_for_a_host_is_one_word(host: str) -> None:
    if host_problem(host) is None:
        assert re.fullmatch(r"[A-Za-z0-9._:%-]+", normalise_host(host))


@given(NASTY | st.text())
def test_what_this_machine_calls_itself_is_one_word(hostname: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.-]+|\[127\.0\.0\.1\]", ehlo_name(hostname, "127.0.0.1"))
