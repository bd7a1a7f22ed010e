"""Hostile around TLS: STARTTLS and what comes in its place, the handshake, certificates, and the session itself.

RFC 3207 (STARTTLS), 8446 and 5246 (alerts, renegotiation); CVE-2011-0411 and its kin (answers that came in clear and
are believed under TLS).
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator

from tests.real import odd
from tests.real.ca import Authority, CertificateName, Certificates, Issued
from tests.real.hostile_case import CANARY, FINE, USER, Address, Case, Serve, implicit, plain, starttls
from tests.real.loopback import Connection, LoopbackServer
from tests.real.polite import SmtpServer
from tests.real.processes import find, free_ports, listens, stop, wait_until
from tests.real.scripted import (
    Action,
    Do,
    Drip,
    Drop,
    Flood,
    HalfClose,
    Hear,
    Pour,
    Raw,
    Say,
    Stall,
    StartTls,
    Wait,
    steps,
)

_GO = Say("220 2.0.0 go ahead")
_RECORD = b"\x16\x03\x03"
_HELLO_TO_COME = _RECORD + b"\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03"
"""The beginning of a ServerHello of 16 KiB."""

_WARNING = b"\x15\x03\x03\x00\x02\x01\x5a"
"""An alert of the level `warning`, user_canceled."""


def _alert(number: int) -> Raw:
    """A fatal alert in clear, as it stands in a handshake's place (RFC 8446 6)."""
    return Raw(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))


def _after_go(*actions: Action) -> Serve:
    """Offers STARTTLS, says 220 to it, and then does this instead of a handshake."""
    return starttls({"STARTTLS": steps(_GO, Do(_hello), *actions)})


def _hello(connection: Connection) -> None:
    """Takes the ClientHello: what is sent from here on can't be taken for a part of the answer to STARTTLS."""
    connection.socket.recv(4096)


def context_of(issued: Issued) -> ssl.SSLContext:
    """A server-side context that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(issued.pem())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _flawed(name: CertificateName) -> Serve:
    return lambda certificates: SmtpServer(tls=certificates.server_context(name), wrapper=True)


def _injecting(certificates: Certificates) -> LoopbackServer:
    """Sends an answer to EHLO in clear along with its 220, as one in the middle would, and then goes on under TLS."""
    context = certificates.server_context()
    said = Raw(b"220 go ahead\r\n250-mail.test\r\n250 AUTH PLAIN\r\n")
    return SmtpServer(tls=context, on={"STARTTLS": steps(said, StartTls(context))})


@functools.cache
def _chain(length: int) -> Issued:
    """A certificate at the end of a chain of `length` authorities, none of them known to anybody."""
    authorities = [Authority("Nobody 0")]
    for number in range(1, length):
        authorities.append(Authority(f"Nobody {number}", authorities[-1]))
    last = authorities[-1].issue()
    return Issued(last.certificate, last.key, tuple(one.certificate for one in reversed(authorities)))


def _chained(length: int) -> Serve:
    return lambda _: SmtpServer(tls=context_of(_chain(length)), wrapper=True)


def old_tls(certificates: Certificates) -> ssl.SSLContext:
    """TLS 1.1 and nothing newer; Python warns of that, and here it is what is wanted."""
    context = certificates.server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _old_tls(certificates: Certificates) -> LoopbackServer:
    return SmtpServer(tls=old_tls(certificates), wrapper=True)


def _wants_a_certificate(certificates: Certificates) -> LoopbackServer:
    context = certificates.server_context()
    context.load_verify_locations(certificates.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return SmtpServer(tls=context, wrapper=True)


def _within(action: Callable[[Connection], None]) -> Serve:
    """TLS from the first byte; then `action` in place of an answer to EHLO."""

    def converse(certificates: Certificates, connection: Connection) -> None:
        connection.start_tls(certificates.server_context())
        connection.write(b"220 mail.test\r\n")
        connection.read_line()
        action(connection)

    return lambda certificates: LoopbackServer(functools.partial(converse, certificates))


def _in_clear(connection: Connection) -> None:
    socket.socket.sendall(connection.socket, b"250-mail.test\r\n250 ok\r\n")
    _until_gone(connection)


def _until_gone(connection: Connection) -> None:
    while socket.socket.recv(connection.socket, 4096):
        pass


def _close_notify(connection: Connection) -> None:
    """Ends the TLS session, and goes on in clear on the same connection."""
    tls = connection.socket
    if isinstance(tls, ssl.SSLSocket):
        tls.settimeout(0.2)
        with contextlib.suppress(OSError):  # the client doesn't answer in kind: nothing to wait for
            tls.unwrap()
    _in_clear(connection)


def _cut_record(connection: Connection) -> None:
    """Announces a record of 16 KiB, and closes after its first bytes."""
    socket.socket.sendall(connection.socket, b"\x17\x03\x03\x40\x00half")


def _forgets_tls(certificates: Certificates) -> LoopbackServer:
    """STARTTLS with an offer that is another under TLS than before."""
    return SmtpServer(
        tls=certificates.server_context(),
        users={USER: CANARY},
        on={"EHLO": Say("250-mail.test\n250-AUTH PLAIN\n250 STARTTLS"), "EHLO within TLS": Say("250 mail.test")},
    )


def _tls_again(certificates: Certificates) -> LoopbackServer:
    """Offers STARTTLS under TLS, too."""
    return SmtpServer(tls=certificates.server_context(), on={"EHLO": Say("250-mail.test\n250 STARTTLS")})


@contextlib.contextmanager
def _renegotiating(certificates: Certificates) -> Iterator[Address]:
    """OpenSSL's own server, TLS 1.2, which asks for a new handshake before it answers EHLO, as Python's can't."""
    port, chain = free_ports(1)[0], certificates.chain_file("good")
    command = [find("openssl") or "openssl", "s_server", "-tls1_2", "-crlf", "-accept", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "-cert", chain, "-key", chain],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    talker = threading.Thread(target=_play_s_server, args=(process,), daemon=True)
    talker.start()
    try:
        wait_until(lambda: listens("127.0.0.1", port), "openssl s_server")
        yield Address(port)
    finally:
        process.terminate()
        talker.join(10)
        stop(process)


def _play_s_server(process: subprocess.Popen[bytes]) -> None:
    """Greets, and at EHLO types the command r (a line of its own), which asks the client to renegotiate."""
    for line in process.stdout or ():
        typed = b"220 mail.test\n" if line.startswith(b"Secure Renegotiation") else b"r\n" if b"EHLO" in line else b""
        if typed and process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.write(typed)
                process.stdin.flush()


STARTTLS = (
    Case("no-starttls", "does not offer STARTTLS", ("tls", "tls-not-offered"), plain(), encryption="starttls", says="no STARTTLS"),
    Case(
        "starttls-in-the-banner", "names STARTTLS in its banner, and not in EHLO", ("tls", "tls-not-offered"),
        plain({"CONNECT": Say("220-mail.test\n220-STARTTLS\n220 ready")}), encryption="starttls",
    ),
    Case(
        "starttls-starred-out", "stands behind a filter that stars out its banner", ("tls", "tls-stripped"),
        plain({"CONNECT": Say("220 ****************************")}), encryption="auto", says="asterisks",
    ),
    Case(
        "starttls-crossed-out", "stands behind a filter that crosses out STARTTLS", ("tls", "tls-stripped"),
        plain({"EHLO": Say("250-mail.test\n250 XXXXXXXA")}), encryption="starttls", says="XXXXXXXA",
    ),
    Case("starttls-refused", "offers STARTTLS, then refuses it", ("tls", "tls-not-offered"), starttls({"STARTTLS": Say("502 5.5.1 not here")}), encryption="starttls", says="^502 "),
    Case("starttls-refused-for-now", "offers STARTTLS, then says 454", ("tls", "server-error"), starttls({"STARTTLS": Say("454 4.7.0 TLS not available")}), encryption="auto", says="^454 "),
    Case("starttls-250", "says 250 to STARTTLS", ("tls", "protocol"), starttls({"STARTTLS": Say("250 ok")}), encryption="starttls", says="^250 "),
    Case("starttls-prose", "answers STARTTLS in prose", ("tls", "protocol"), starttls({"STARTTLS": Say("sure")}), encryption="starttls", says="sure"),
    Case("starttls-unanswered", "does not answer STARTTLS", ("tls", "timeout"), starttls({"STARTTLS": Stall()}), encryption="starttls", waits=True),
    Case("starttls-closed", "closes at STARTTLS", ("tls", "dropped"), starttls({"STARTTLS": Drop()}), encryption="starttls"),
    Case("starttls-reset", "resets at STARTTLS", ("tls", "dropped"), starttls({"STARTTLS": Drop(reset=True)}), encryption="starttls"),
    Case("starttls-flood", "answers STARTTLS without end", ("tls", "protocol"), starttls({"STARTTLS": Flood("220-go")}), encryption="starttls", says="longer than 64 KiB"),
    Case(
        "answers-injected-before-tls", "sends answers in clear along with its 220, to be believed under TLS",
        ("tls", "protocol"), _injecting,
        encryption="starttls", says="before TLS",
    ),
    Case(
        "answers-injected-a-moment-later", "sends an answer in clear after its 220, in a packet of its own",
        ("tls", "protocol"), starttls({"STARTTLS": steps(_GO, Wait(0.1), Raw(b"250 AUTH PLAIN\r\n"), Stall())}), encryption="starttls",
        says="in clear",
    ),
    Case(
        "starttls-answered-beforehand", "answers STARTTLS along with EHLO", ("tls", "protocol"),
        plain({"EHLO": Raw(b"250-mail.test\r\n250 STARTTLS\r\n220 go ahead\r\n")}), encryption="starttls",
        says="spoke before it was asked",
    ),
    Case("plain-text-after-220", "goes on in clear after its 220", ("tls", "protocol"), _after_go(Say("500 5.5.2 what?"), Stall()), encryption="starttls", says="in clear"),
    Case(
        "offer-taken-back-under-tls", "offers a login before TLS and none under it", ("auth", "auth-disabled"),
        _forgets_tls, encryption="starttls", mechanism="auto",
    ),
    Case("starttls-under-tls", "offers STARTTLS under TLS again", FINE, _tls_again, 0, encryption="starttls"),
    Case("second-ehlo-closed", "closes at the EHLO under TLS", ("ehlo", "dropped"), starttls({"EHLO within TLS": Drop()}), encryption="starttls"),
    Case("second-ehlo-refused", "refuses the EHLO under TLS", ("ehlo", "blocked"), starttls({"EHLO within TLS": Say("550 5.7.1 no")}), encryption="starttls", says="^550 "),
    Case("second-ehlo-endless", "answers the EHLO under TLS without end", ("ehlo", "protocol"), starttls({"EHLO within TLS": Flood("250-" + "X" * 500)}), encryption="starttls"),
    Case("second-banner", "greets again under TLS", ("ehlo", "protocol"), starttls({"EHLO within TLS": Raw(b"220 mail.test again\r\n250 mail.test\r\n")}), encryption="starttls", says="^220 "),
)  # fmt: skip

HANDSHAKE = (
    Case("handshake-stalled", "says 220 to STARTTLS, and lets the handshake wait", ("tls", "timeout"), _after_go(Stall()), encryption="starttls", waits=True),
    Case("handshake-stalled-midway", "sends the first bytes of a ServerHello", ("tls", "timeout"), _after_go(Raw(_HELLO_TO_COME), Stall()), encryption="starttls", waits=True),
    Case("handshake-byte-by-byte", "sends its ServerHello so slowly that each read succeeds", ("tls", "timeout"), _after_go(Raw(_HELLO_TO_COME), Drip("x" * 500, 0.2)), encryption="starttls", waits=True),
    Case("handshake-closed", "closes in the handshake", ("tls", "dropped"), _after_go(Drop()), encryption="starttls"),
    Case("handshake-closed-midway", "closes in the middle of its ServerHello", ("tls", "dropped"), _after_go(Raw(_HELLO_TO_COME), Drop()), encryption="starttls"),
    Case("handshake-reset", "resets in the handshake", ("tls", "dropped"), _after_go(Drop(reset=True)), encryption="starttls"),
    Case("handshake-half-closed", "says FIN in the handshake, and listens", ("tls", "dropped"), _after_go(HalfClose()), encryption="starttls"),
    Case("alert-handshake-failure", "ends the handshake with the alert of one that shares no version", ("tls", "tls-version"), _after_go(_alert(40), Stall()), encryption="starttls"),
    Case("alert-protocol-version", "ends the handshake with the alert protocol_version", ("tls", "tls-version"), _after_go(_alert(70), Stall()), encryption="starttls"),
    Case("alert-internal-error", "ends the handshake with the alert internal_error", ("tls", "protocol"), _after_go(_alert(80), Stall()), encryption="starttls", says="internal error"),
    Case("alert-unknown", "ends the handshake with an alert that nobody knows", ("tls", "protocol"), _after_go(_alert(250), Stall()), encryption="starttls"),
    Case("warnings-without-end", "answers the handshake with warnings without end", ("tls", "protocol"), _after_go(Pour(_WARNING * 100, 10000)), encryption="starttls"),
    Case("empty-records-without-end", "answers the handshake with empty records without end", ("tls", "protocol"), _after_go(Pour((_RECORD + b"\0\0") * 100, 10000)), encryption="starttls"),
    Case("handshake-garbage", "answers the handshake with 64 MB of one byte", ("tls", "protocol"), _after_go(Pour(b"\x16" * 65536, 1024)), encryption="starttls"),
    Case("hello-of-16-mb", "announces a ServerHello of 16 MB, and sends it", ("tls", "protocol"), _after_go(Pour(_RECORD + b"\x3f\xf0\x02\xff\xff\xff" + b"\x03" * 16364, 1100)), encryption="starttls"),
    Case("tls-1.1-only", "speaks TLS 1.1 and nothing newer", ("tls", "tls-version"), _old_tls, encryption="tls"),
    Case("wants-a-client-certificate", "wants a client certificate", ("banner", "protocol"), _wants_a_certificate, encryption="tls", also=(("tls", "protocol"),), says="certificate required"),
    Case("no-banner-under-tls", "shakes hands, then says nothing", ("banner", "timeout"), implicit({"CONNECT": Stall()}), encryption="tls", waits=True),
    Case("web-proxy-on-a-tls-port", "is a proxy with an error page where the settings say TLS", ("tls", "not-smtp"), lambda _: odd.eager_http(), encryption="tls", says="web server"),
    Case("ssh-server-on-a-tls-port", "is an SSH server where the settings say TLS", ("tls", "not-smtp"), lambda _: odd.ssh(), encryption="tls", says="SSH server"),
    Case("web-server-under-tls", "is a web server with TLS", ("banner", "not-smtp"), implicit({"CONNECT": steps(Hear(), Raw(odd.HTTP_ANSWER), Drop())}), encryption="tls", waits=True, says="web server"),
    Case("tls-on-a-plain-port", "speaks TLS where the settings say none", ("banner", "protocol"), implicit(), encryption="none", waits=True, says="speaks TLS from the first byte"),
    Case("plain-on-a-tls-port", "greets in clear where the settings say TLS", ("tls", "protocol"), plain(), encryption="tls", says="in clear"),
    Case("silent-on-a-tls-port", "takes the connection for TLS, says nothing", ("tls", "timeout"), plain({"CONNECT": Stall()}), encryption="tls", waits=True),
)  # fmt: skip

CERTIFICATE = (
    Case("nul-in-the-name", "shows a certificate for 'localhost', NUL, '.evil.example'", ("tls", "tls-name"), _flawed("nul-name"), encryption="tls", says=r"localhost\\0\.evil"),
    Case("odd-names", "shows a certificate with shell and terminal commands for names", ("tls", "tls-name"), _flawed("odd-names"), encryption="tls", says=r"\\x1b\]0;owned"),
    Case("many-names", "shows a certificate with 2,000 names, none of them right", ("tls", "tls-name"), _flawed("many-names"), encryption="tls", says="and 1994 more"),
    Case("chain-of-1000", "shows a chain of 1,000 certificates", ("tls", "protocol"), _chained(1000), encryption="tls", memory=24, says="excessive message size"),
    Case("chain-of-180", "shows a chain longer than anyone follows, in a message that isn't too long", ("tls", "tls-untrusted"), _chained(180), encryption="tls", memory=24),
    Case("expired", "shows a certificate that has expired", ("tls", "tls-expired"), _flawed("expired"), encryption="tls"),
    Case("not-yet-valid", "shows a certificate that isn't valid yet", ("tls", "tls-not-yet-valid"), _flawed("not-yet-valid"), encryption="tls"),
    Case("wrong-name", "shows a certificate for another name", ("tls", "tls-name"), _flawed("wrong-name"), encryption="tls"),
    Case("untrusted", "shows a certificate of an unknown authority", ("tls", "tls-untrusted"), _flawed("untrusted"), encryption="tls"),
    Case("self-signed", "vouches for itself", ("tls", "tls-untrusted"), _flawed("self-signed"), encryption="tls"),
)  # fmt: skip

SESSION = (
    Case("clear-text-in-the-session", "goes on in clear in the middle of the session", ("ehlo", "protocol"), _within(_in_clear), encryption="tls", says="TLS: "),
    Case("close-notify-then-clear-text", "ends the session properly, and goes on in clear", ("ehlo", "dropped"), _within(_close_notify), encryption="tls", says="closed the TLS session"),
    Case("record-cut-short", "closes in the middle of a record", ("ehlo", "dropped"), _within(_cut_record), encryption="tls"),
    Case("half-closed-under-tls", "says FIN without a close_notify, and listens", ("ehlo", "dropped"), implicit({"EHLO": HalfClose()}), encryption="tls"),
    Case("renegotiation", "asks for a new handshake in the middle of the session", ("ehlo", "protocol"), _renegotiating, encryption="tls", says="TLS: "),
)  # fmt: skip

CASES = (*STARTTLS, *HANDSHAKE, *CERTIFICATE, *SESSION)
