from __future__ import annotations

import socket
import ssl
import time
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from dtsconf.mail.verify import may_pass, verify, verify_with_retries
from dtsconf.proof import Past, Stage
from tests.real.ca import Authority, CertificateName, Certificates
from tests.unit.mail.jobs import failed, job, names, without_password
from tests.unit.mail.scripted import EHLO, Peer, Script, dialogue, server

PASSWORD = "S3cr3t, Pass-word"
CLEAR = {"cleartext_login": True}
STARTTLS_EHLO = EHLO.replace("250 ENH", "250-STARTTLS\r\n250 ENH")
AUTH_EHLO = EHLO.replace("250 ENH", "250-AUTH PLAIN LOGIN\r\n250 ENH")


def test_the_whole_way_row_by_row() -> None:
    with server(dialogue()) as running:
        result = verify(job(running.port))
    assert result.ok
    assert result.reached
    assert names(result) == "resolve connect banner ehlo mail-from rcpt-to data accepted"
    assert (result.program, result.user) == ("dtsconf 1.2.0", "macro")
    assert all(stage.ms >= 0 and stage.detail for stage in result.stages)
    last = result.stages[-1]
    assert (last.code, last.enhanced_code, last.detail, last.said_by) == (250, "2.0.0", "250 2.0.0 queued", "server")
    assert f"Message-ID: {result.message_id}" in running.heard
    assert [line.split(":")[0] for line in running.heard if ":" in line][:2] == ["MAIL FROM", "RCPT TO"]
    assert running.heard[-1] == "QUIT"
    assert running.accepted == 1


@pytest.mark.parametrize(
    ("level", "stages", "verbs"),
    [
        ("connect", "resolve connect banner ehlo", ["EHLO", "QUIT"]),
        ("auth", "resolve connect banner ehlo", ["EHLO", "QUIT"]),
        ("envelope", "resolve connect banner ehlo mail-from rcpt-to", ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]),
    ],
)
def test_levels_end_where_they_say(level: Any, stages: str, verbs: list[str]) -> None:
    with server(dialogue()) as running:
        result = verify(job(running.port, level))
    assert result.ok
    assert names(result) == stages
    assert [line.split()[0] for line in running.heard] == verbs
    assert result.message_id is None


def test_level_none_touches_nothing() -> None:
    assert verify(job(1, "none")).stages == ()


def test_the_recipient_is_the_sender_unless_told() -> None:
    with server(dialogue()) as running:
        verify(job(running.port, "envelope"))
        verify(job(running.port, "envelope", to="other@acme.example"))
    assert [line for line in running.heard if line.startswith("RCPT")] == [
        "RCPT TO:<dts@acme.example>",
        "RCPT TO:<other@acme.example>",
    ]


@pytest.mark.parametrize(
    ("replies", "stage", "cause"),
    [
        ({"MAIL": "550 5.7.1 no"}, "mail-from", "sender-rejected"),
        ({"RCPT": "550 5.1.1 no"}, "rcpt-to", "recipient-rejected"),
        ({"DATA": "554 5.7.1 no"}, "data", "content-rejected"),
        ({"DATA": "250 ok?"}, "data", "protocol"),
        ({".": "554 5.7.1 spam"}, "accepted", "content-rejected"),
        ({"MAIL": ""}, "mail-from", "dropped"),
        ({"DATA": ""}, "data", "dropped"),
        ({".": ""}, "accepted", "outcome-unknown"),
        ({"MAIL": "nonsense"}, "mail-from", "protocol"),
        ({"EHLO": "550 5.7.1 you are not welcome"}, "ehlo", "blocked"),
        ({"RCPT": "421 4.7.0 too many connections"}, "rcpt-to", "rate-limited"),
    ],
)
def test_a_no_at_each_stage(replies: dict[str, str], stage: str, cause: str) -> None:
    with server(dialogue(replies=replies)) as running:
        row = failed(verify(job(running.port)))
    assert (row.stage, row.cause) == (stage, cause)
    assert row.hint
    assert row.said_by == "server"


@pytest.mark.parametrize(
    ("banner", "cause", "reached"),
    [
        ("554 5.7.1 no service", "blocked", True),
        ("421 4.3.2 shutting down", "server-error", True),
        ("421 too many connections", "rate-limited", True),
        ("SSH-2.0-OpenSSH_9.2p1", "not-smtp", True),
        ("* OK IMAP4rev1 ready", "not-smtp", True),
        ("250 hello", "protocol", True),
    ],
)
def test_banners(banner: str, cause: str, reached: bool) -> None:
    with server(lambda peer: peer.say(banner)) as running:
        result = verify(job(running.port))
    assert failed(result).cause == cause
    assert failed(result).stage == "banner"
    assert result.reached is reached


@pytest.mark.parametrize(("verb", "begun"), [("DATA", False), (".", True)])
def test_whether_the_mail_itself_had_begun_is_told(verb: str, begun: bool) -> None:
    with server(dialogue(replies={verb: ""})) as running:
        assert verify(job(running.port)).content is begun


def test_after_the_last_word_of_a_server_nothing_is_said() -> None:
    """RFC 5321 3.8: it is about to close; one that waits for more gets none."""

    def last_word(peer: Peer) -> None:
        peer.say("220 mail.test")
        peer.hear()
        peer.say("421 4.3.2 shutting down")
        peer.hear()

    with server(last_word) as running:
        assert failed(verify(job(running.port))).code == 421
    assert [line.split()[0] for line in running.heard] == ["EHLO"]


def test_an_ftp_server_greets_with_220_too() -> None:
    with server(dialogue(banner="220 FTP server ready", replies={"EHLO": "500 unknown command"})) as running:
        assert failed(verify(job(running.port))).cause == "not-smtp"


def test_helo_where_ehlo_is_unknown() -> None:
    with server(dialogue(replies={"EHLO": "502 5.5.1 unimplemented"})) as running:
        assert verify(job(running.port)).ok
    assert any(line.startswith("HELO ") for line in running.heard)
    assert not any("SIZE=" in line for line in running.heard)


def test_a_no_to_ehlo_is_not_covered_by_a_helo_that_is_unknown() -> None:
    no = {"EHLO": "501 5.5.2 Invalid domain name", "HELO": "502 5.5.2 what"}
    with server(dialogue(replies=no)) as running:
        row = failed(verify(job(running.port)))
    assert (row.stage, row.code, row.detail) == ("ehlo", 501, "501 5.5.2 Invalid domain name")
    assert "dislikes the name that this machine gives" in str(row.hint)


def test_not_a_byte_read_means_not_reached() -> None:
    with server(lambda _: None) as running:
        result = verify(job(running.port))
    assert failed(result).cause == "dropped"
    assert not result.reached
    result = verify(job(1))
    assert (failed(result).stage, failed(result).cause, result.reached) == ("connect", "refused", False)
    result = verify(job(25, host="no-such-host.invalid"))
    assert (failed(result).stage, failed(result).cause, result.reached) == ("resolve", "dns", False)


def test_a_silent_server_is_a_time_out_and_not_reached() -> None:
    with server(lambda peer: time.sleep(1.5)) as running:
        result = verify(job(running.port, timeout=0.3))
    assert (failed(result).stage, failed(result).cause) == ("banner", "timeout")
    assert not result.reached


def test_half_a_banner_is_read_and_so_reached() -> None:
    def half(peer: Peer) -> None:
        peer.raw(b"220 mail")
        time.sleep(1)

    with server(half) as running:
        result = verify(job(running.port, timeout=0.3))
    assert result.reached
    assert failed(result).stage == "banner"


def test_a_web_server_that_waits_is_named() -> None:
    def web(peer: Peer) -> None:
        peer.hear()
        peer.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>")

    with server(web) as running:
        result = verify(job(running.port, timeout=0.3))
    assert failed(result).cause == "not-smtp"
    assert "web server" in failed(result).detail
    assert result.reached


def test_plain_talk_to_a_tls_port_names_the_encryption(certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.tls(certificates.server_context())
        dialogue()(peer)

    with server(script) as running:
        row = failed(verify(job(running.port, timeout=0.3)))
    assert (row.stage, row.cause) == ("banner", "protocol")
    assert row.hint == "--set server.encryption=tls"
    assert "220 mail.test ESMTP" in row.detail


def test_tls_to_a_plain_port_names_the_encryption() -> None:
    with server(dialogue()) as running:
        row = failed(verify(job(running.port, encryption="tls")))
    assert (row.stage, row.cause, row.said_by) == ("tls", "protocol", "server")
    assert "starttls" in str(row.hint)
    assert "220 mail.test ESMTP" in row.detail


def test_the_deadline_of_the_whole_ends_a_slow_conversation() -> None:
    def slow(peer: Peer) -> None:
        peer.say("220 mail.test")
        while peer.hear():
            time.sleep(0.3)
            peer.say("250 ok")

    with server(slow) as running:
        start = time.monotonic()
        row = failed(verify(job(running.port, timeout=5, deadline=0.7)))
    assert time.monotonic() - start < 2
    assert row.cause == "timeout"
    assert "0.7 s" in row.detail


def test_last_words_before_a_hang_up_count() -> None:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test")
        peer.hear()
        peer.say("250 mail.test")
        peer.hear()
        peer.say("250 ok")
        peer.hear()
        peer.say("250 ok")
        peer.hear()
        peer.say("354 go")
        peer.say("552 5.3.4 too big for me")
        peer.connection.socket.shutdown(socket.SHUT_RDWR)

    with server(script) as running:
        row = failed(verify(job(running.port)))
    assert row.cause in {"too-large", "outcome-unknown", "dropped"}


def test_control_characters_of_a_server_are_escaped() -> None:
    with server(dialogue(replies={"MAIL": "550 \x1b[2J\x07 bad \x00 \u202e"})) as running:
        row = failed(verify(job(running.port)))
    assert "\\x1b[2J\\x07 bad \\0 \\u202e" in row.detail


# --- TLS


def offering_tls(certificates: Certificates, after: Script | None = None, name: Any = "good") -> Script:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(STARTTLS_EHLO)
        peer.hear()
        peer.say("220 go ahead")
        peer.tls(certificates.server_context(name))
        (after or inside(AUTH_EHLO))(peer)

    return script


def inside(ehlo: str, **replies: str) -> Script:
    """What follows in the session, without a greeting."""

    def script(peer: Peer) -> None:
        quiet = dialogue(ehlo=ehlo, replies=replies)
        told = peer.say
        first = [True]

        def say(text: str) -> None:
            if first.pop() if first else False:
                return
            told(text)

        peer.say = say  # type: ignore[method-assign]
        quiet(peer)

    return script


def test_starttls_rows_and_facts(certificates: Certificates) -> None:
    with server(offering_tls(certificates)) as running:
        result = verify(job(running.port, encryption="starttls", server={"ca_file": certificates.ca_file}))
    assert result.ok, result.failure
    assert names(result) == "resolve connect banner ehlo tls mail-from rcpt-to data accepted"
    row = result.stages[4]
    for fact in (
        "TLSv1.3",
        "TLS_AES",
        "CN=localhost",
        "issued by CN=Corp Example Root",
        "until 20",
        "AUTH PLAIN LOGIN",
    ):
        assert fact in row.detail
    assert row.said_by == "tls"
    assert [line.split()[0] for line in running.heard[:3]] == ["EHLO", "STARTTLS", "EHLO"]


def test_what_was_learnt_before_tls_is_forgotten(certificates: Certificates) -> None:
    with server(offering_tls(certificates, inside("250 mail.test"))) as running:
        trusted = {"ca_file": certificates.ca_file}
        row = failed(verify(job(running.port, encryption="starttls", server=trusted, password=PASSWORD)))
    assert (row.stage, row.cause) == ("auth", "auth-disabled")
    assert not any(line.startswith("AUTH") for line in running.heard)


def test_an_ehlo_that_fails_after_tls_has_its_own_row(certificates: Certificates) -> None:
    with server(offering_tls(certificates, inside("550 5.7.1 no"))) as running:
        result = verify(job(running.port, encryption="starttls", server={"ca_file": certificates.ca_file}))
    assert names(result).endswith("ehlo tls ehlo")
    assert result.stages[-2].ok
    assert failed(result).cause == "blocked"


def test_bytes_injected_before_tls_are_refused(certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test")
        peer.hear()
        peer.say(STARTTLS_EHLO)
        peer.hear()
        peer.raw(b"220 go ahead\r\n250-mail.test\r\n250 AUTH PLAIN\r\n")
        peer.hear()

    with server(script) as running:
        row = failed(verify(job(running.port, encryption="starttls", server={"ca_file": certificates.ca_file})))
    assert (row.stage, row.cause) == ("tls", "protocol")
    assert "250-mail.test" in row.detail
    assert running.heard[1:] == ["STARTTLS"]


def test_starttls_that_is_not_offered() -> None:
    with server(dialogue()) as running:
        row = failed(verify(job(running.port, encryption="starttls")))
    assert (row.stage, row.cause) == ("tls", "tls-not-offered")
    assert "server.encryption" in str(row.hint)


@pytest.mark.parametrize("encryption", ["starttls", "auto"])
@pytest.mark.parametrize("mark", ["XXXXXXXA", "history"])
def test_starttls_that_was_taken_away(encryption: str, mark: str) -> None:
    ehlo = EHLO if mark == "history" else EHLO.replace("250 ENH", f"250-{mark}\r\n250 ENH")
    with server(dialogue(ehlo=ehlo)) as running:
        wanted = job(running.port, encryption=encryption, past=Past(tls=mark == "history"))
        row = failed(verify(wanted))
        assert (row.stage, row.cause) == ("tls", "tls-stripped")
        assert ("before" if mark == "history" else mark) in row.detail
        if encryption == "auto":
            assert verify(replace(wanted, link=replace(wanted.link, allow_downgrade=True))).ok


@pytest.mark.parametrize(
    ("ehlo", "password", "proposed"),
    [(EHLO, None, True), (EHLO.replace("250 ENH", "250-XXXXXXXA\r\n250 ENH"), None, False), (EHLO, PASSWORD, False)],
)
def test_the_way_back_to_plain_is_proposed_where_apply_takes_it(
    ehlo: str, password: str | None, *, proposed: bool
) -> None:
    """It doesn't where a filter left its mark, and where a login would go over plain."""
    with server(dialogue(ehlo=ehlo)) as running:
        row = failed(verify(job(running.port, encryption="starttls", past=Past(tls=True), password=password)))
    assert row.cause == "tls-stripped"
    assert ("dtsconf apply --profile FILE --allow-downgrade" in str(row.hint)) is proposed


def test_starttls_that_fails_is_a_failure_under_auto_too() -> None:
    with server(dialogue(ehlo=STARTTLS_EHLO, replies={"STARTTLS": "454 4.7.0 TLS not available"})) as running:
        row = failed(verify(job(running.port, encryption="auto")))
    assert (row.stage, row.cause, row.code) == ("tls", "server-error", 454)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("self-signed", "ask the server's administrator for the certificate CN=localhost,O=Corp Example itself, since"),
        ("untrusted", "ask the server's administrator for the root certificate of CN="),
        ("not-yet-valid", "set this machine's clock"),
        ("expired", "have the certificate of localhost renewed, or set this machine's clock"),
    ],
)
def test_what_to_do_first_about_a_certificate(certificates: Certificates, name: str, first: str) -> None:
    with server(offering_tls(certificates, name=name)) as running:
        wanted = job(running.port, host="localhost", encryption="starttls", server={"ca_file": certificates.ca_file})
        assert str(failed(verify(wanted)).hint).startswith(first)


class OldAppliance(Certificates):
    """A server that takes its own short key, as no library does any more."""

    def server_context(self, name: CertificateName = "good") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.chain_file(name))
        return context


def test_a_key_that_is_too_short_is_no_matter_of_roots(tmp_path: Path) -> None:
    root, old = Authority("Old Root"), OldAppliance(tmp_path)
    short = rsa.generate_private_key(65537, 1024)
    (tmp_path / "good.pem").write_bytes(root.issue(key=short).pem())
    (tmp_path / "ca.pem").write_bytes(root.pem())
    trusted = {"ca_file": old.ca_file}
    with server(offering_tls(old)) as running:
        row = failed(verify(job(running.port, host="localhost", encryption="starttls", server=trusted)))
    assert row.cause == "tls-untrusted"
    hint = str(row.hint)
    assert hint.startswith("the key of the server's certificate is too short, so that no root makes it trusted")
    assert hint.endswith(f"--set server.fingerprint={old.fingerprint('good')}")
    assert "ca_file" not in hint
    by_print = {"fingerprint": old.fingerprint("good")}
    with server(offering_tls(old)) as running:
        assert verify(job(running.port, host="localhost", encryption="starttls", server=by_print)).ok


def test_an_issuer_that_may_not_issue_is_no_matter_of_roots(tmp_path: Path) -> None:
    """The root is there and trusted: to ask for it once more leads nowhere."""
    root, own = Authority("Own Root"), Certificates(tmp_path)
    between = Authority("between.corp.example", parent=root)
    between.certificate = root.issue(("between.corp.example",), (), key=between.key).certificate
    (tmp_path / "good.pem").write_bytes(between.issue().pem())
    (tmp_path / "ca.pem").write_bytes(root.pem())
    with server(offering_tls(own)) as running:
        row = failed(
            verify(job(running.port, host="localhost", encryption="starttls", server={"ca_file": own.ca_file}))
        )
    assert row.cause == "tls-untrusted"
    hint = str(row.hint)
    assert hint.startswith("a certificate above the server's is not one of an authority, or may sign no other, so that")
    assert hint.endswith(f"--set server.fingerprint={own.fingerprint('good')}")
    assert "ca_file" not in hint


@pytest.mark.parametrize("own", [True, False])
def test_a_certificate_that_neither_is_trusted_nor_fits(
    certificates: Certificates, tmp_path: Path, *, own: bool
) -> None:
    """To trust its issuer would be the same failure again, for the name."""
    names = ("localhost.localdomain",) if own else ("other.example",)
    (tmp_path / "good.pem").write_bytes(Authority("Unknown Root").issue(names, ()).pem())
    with server(offering_tls(Certificates(tmp_path))) as running:
        row = failed(verify(job(running.port, host="localhost", encryption="starttls")))
    assert row.cause == "tls-untrusted"
    digits = Certificates(tmp_path).fingerprint("good")
    hint = str(row.hint)
    assert hint.startswith("the certificate is not for localhost, so that to trust its issuer alone would not do")
    assert f"--set server.fingerprint={digits}" in hint
    assert "--set server.ca_file" not in hint
    assert ("--set server.host=NAME with a name that the certificate is for (other.example)" in hint) is not own


def test_an_address_that_a_certificate_has_as_a_name_fits_nothing(tmp_path: Path) -> None:
    """What people make by hand: it is told apart from a wrong name, and not proposed as the one that fits."""
    root = Authority("Own Root")
    (tmp_path / "good.pem").write_bytes(root.issue(("127.0.0.1",), ()).pem())
    (tmp_path / "ca.pem").write_bytes(root.pem())
    own = Certificates(tmp_path)
    for host in ("127.0.0.1", "localhost"):
        with server(offering_tls(own)) as running:
            row = failed(verify(job(running.port, host=host, encryption="starttls", server={"ca_file": own.ca_file})))
        assert row.cause == "tls-name"
        assert "for 127.0.0.1 (as a name, which fits no address), valid" in row.detail
        assert "server.host=" not in str(row.hint)
        assert ("issued that has it as its IP address (subjectAltName IP:127.0.0.1)" in str(row.hint)) is (
            host != "localhost"
        )
        assert f"--set server.fingerprint={own.fingerprint('good')}" in str(row.hint)


CHAIN = "the server sends its certificate without the one above it: have its administrator install the full chain"


@pytest.mark.parametrize(("name", "alone"), [("incomplete-chain", True), ("untrusted", True), ("self-signed", False)])
def test_a_chain_that_the_server_does_not_send(certificates: Certificates, name: str, *, alone: bool) -> None:
    with server(offering_tls(certificates, name=name)) as running:
        row = failed(verify(job(running.port, host="localhost", encryption="starttls")))
    assert row.cause == "tls-untrusted"
    assert (
        str(row.hint).startswith(f"{CHAIN}; or, where it is an organisation's own authority: ask the server") is alone
    )
    assert (CHAIN in str(row.hint)) is alone


def test_a_product_that_looks_into_the_session_is_named_without_a_look_again(tmp_path: Path) -> None:
    """`send` goes by the conversation alone: to trust that certificate on the server's word would be wrong."""
    (tmp_path / "good.pem").write_bytes(Authority("FortiGate CA").issue().pem())
    with server(offering_tls(Certificates(tmp_path))) as running:
        row = failed(verify(job(running.port, host="localhost", encryption="starttls")))
    assert row.cause == "tls-untrusted"
    assert str(row.hint).startswith("have mail to this server excepted from the inspection of Fortinet FortiGate")
    assert "fingerprint" not in str(row.hint)


def test_a_whole_chain_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "good.pem").write_bytes(Authority("Issuing", Authority("Unknown Root")).issue().pem())
    with server(offering_tls(Certificates(tmp_path))) as running:
        row = failed(verify(job(running.port, host="localhost", encryption="starttls")))
    assert row.cause == "tls-untrusted"
    assert str(row.hint).startswith("ask the server's administrator for the root certificate of CN=Issuing")
    assert CHAIN not in str(row.hint)


def test_a_missing_chain_comes_last_where_roots_are_named(certificates: Certificates) -> None:
    with server(offering_tls(certificates, name="incomplete-chain")) as running:
        wanted = job(running.port, host="localhost", encryption="starttls", server={"ca_file": certificates.ca_file})
        hint = str(failed(verify(wanted)).hint)
    assert hint.startswith("ask the server's administrator for the root certificate of")
    assert hint.endswith(f". Or {CHAIN}")


def test_a_certificate_that_fails_is_described(certificates: Certificates) -> None:
    with server(offering_tls(certificates, name="expired")) as running:
        row = failed(verify(job(running.port, encryption="starttls", server={"ca_file": certificates.ca_file})))
    assert (row.stage, row.cause, row.said_by) == ("tls", "tls-expired", "tls")
    assert "CN=localhost" in row.detail
    assert certificates.fingerprint("expired") in row.detail
    assert "EHLO" not in running.heard[2:][1:]


def test_a_ca_file_that_is_not_there_names_it(tmp_path: Any) -> None:
    with server(dialogue(ehlo=STARTTLS_EHLO)) as running:
        row = failed(verify(job(running.port, encryption="starttls", server={"ca_file": str(tmp_path / "no.pem")})))
        assert (row.cause, row.said_by) == ("tls-untrusted", "system")
        assert "no.pem" in row.detail
        (tmp_path / "bad.pem").write_text("no certificate")
        row = failed(verify(job(running.port, encryption="starttls", server={"ca_file": str(tmp_path / "bad.pem")})))
        assert "holds no certificate" in row.detail
    assert "STARTTLS" not in running.heard


def test_a_machine_without_roots_is_told_apart(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with server(offering_tls(certificates)) as running:
        row = failed(verify(job(running.port, encryption="starttls")))
    assert row.cause == "tls-untrusted"
    assert "ca-certificates" in str(row.hint)
    assert str(row.hint).startswith("unset SSL_CERT_FILE, then dtsconf test again")


# --- login


def log_in_server(*, echo: bool = False, yes: bool = False, ehlo: str = AUTH_EHLO) -> Script:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test")
        while line := peer.hear():
            if line.startswith("EHLO"):
                peer.say(ehlo)
            elif line.startswith("AUTH LOGIN"):
                peer.say("334 VXNlcm5hbWU6")
                peer.hear()
                peer.say("334 UGFzc3dvcmQ6")
                line = peer.hear()
                peer.say("235 2.7.0 ok" if yes else f"535 5.7.8 no: {line if echo else ''}")
            elif line.startswith("AUTH"):
                known = b64decode(line.split()[-1]) if echo else b""
                shown = f"{line} {line[5:30]} {known.decode()}" if echo else ""
                peer.say("235 2.7.0 ok" if yes else f"535 5.7.8 no: {shown}")
            else:
                peer.say("221 bye")

    return script


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_a_login_that_is_accepted(mechanism: str) -> None:
    with server(log_in_server(yes=True)) as running:
        result = verify(job(running.port, "auth", password=PASSWORD, mechanism=mechanism, server=CLEAR))
    assert result.ok
    assert names(result) == "resolve connect banner ehlo auth"
    assert result.stages[-1].detail == f"{mechanism.upper()}: 235 2.7.0 ok"


@pytest.mark.parametrize("mechanism", ["auto", "plain"])
def test_a_password_that_plain_cannot_carry_is_not_proposed_by_plain(mechanism: str) -> None:
    with server(dialogue(ehlo=AUTH_EHLO.replace("PLAIN LOGIN", "PLAIN"))) as running:
        row = failed(verify(job(running.port, "auth", password="a\0b", mechanism=mechanism, server=CLEAR)))
    assert (row.stage, row.cause) == ("auth", "auth-mechanism")
    assert str(row.hint).startswith("the account needs another password: dtsconf secret check")


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_an_echoed_password_is_masked_everywhere(mechanism: str) -> None:
    with server(log_in_server(echo=True)) as running:
        result = verify(job(running.port, "auth", password=PASSWORD, mechanism=mechanism, server=CLEAR))
    row = failed(result)
    assert row.cause == "auth-rejected"
    assert "********" in row.detail
    text = repr(result.as_record())
    encoded = b64encode(b"\0user@acme.example\0" + PASSWORD.encode()).decode()
    for secret in (PASSWORD, encoded, b64encode(PASSWORD.encode()).decode(), encoded[:16], encoded[-16:]):
        assert secret not in text


@pytest.mark.parametrize("encryption", ["auto", "none"])
def test_a_login_never_goes_over_plain(encryption: str) -> None:
    with server(log_in_server(yes=True)) as running:
        row = failed(verify(job(running.port, password=PASSWORD, encryption=encryption)))
    assert (row.stage, row.cause, row.said_by) == ("auth", "cleartext-refused", "dtsconf")
    assert not any(line.startswith("AUTH") for line in running.heard)


def test_auto_with_a_login_and_no_tls_is_refused_whatever_is_offered() -> None:
    with server(dialogue()) as running:
        assert (
            failed(verify(job(running.port, "connect", password=PASSWORD, encryption="auto"))).cause
            == "cleartext-refused"
        )


@pytest.mark.parametrize(
    ("ehlo", "mechanism", "cause"),
    [
        (EHLO, "auto", "auth-disabled"),
        (AUTH_EHLO.replace("PLAIN LOGIN", "GSSAPI"), "auto", "auth-mechanism"),
        (AUTH_EHLO, "scram-sha-256", "auth-mechanism"),
        (STARTTLS_EHLO, "auto", "tls-required"),
    ],
)
def test_no_mechanism_in_common(ehlo: str, mechanism: str, cause: str) -> None:
    with server(log_in_server(ehlo=ehlo)) as running:
        row = failed(verify(job(running.port, password=PASSWORD, mechanism=mechanism, server=CLEAR)))
    assert (row.stage, row.cause) == ("auth", cause)
    assert row.hint


@pytest.mark.parametrize("mechanism", ["auto", "plain"])
def test_a_server_of_sign_ins_alone_is_told_as_such(mechanism: str) -> None:
    """No other PLAIN or AUTH setting mends it: the server knows no passwords."""
    with server(log_in_server(ehlo=AUTH_EHLO.replace("PLAIN LOGIN", "XOAUTH2"))) as running:
        row = failed(verify(job(running.port, password=PASSWORD, mechanism=mechanism, server=CLEAR)))
    assert (row.stage, row.cause) == ("auth", "auth-mechanism")
    assert "takes no passwords" in str(row.hint)
    assert "dtsconf migrate microsoft --profile FILE" in str(row.hint)
    assert "--set" not in str(row.hint)


def test_a_server_that_never_stops_asking_is_left() -> None:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test")
        peer.hear()
        peer.say(AUTH_EHLO)
        while peer.hear():
            peer.say("334 bW9yZQ==")

    with server(script) as running:
        row = failed(verify(job(running.port, password=PASSWORD, mechanism="login", server=CLEAR)))
    assert (row.stage, row.cause) == ("auth", "protocol")
    assert "*" in running.heard


def test_a_yes_that_scram_did_not_earn_is_not_believed() -> None:
    def script(peer: Peer) -> None:
        peer.say("220 mail.test")
        peer.hear()
        peer.say(AUTH_EHLO.replace("PLAIN LOGIN", "SCRAM-SHA-256"))
        peer.hear()
        peer.say("235 2.7.0 come in")
        peer.hear()

    with server(script) as running:
        row = failed(verify(job(running.port, password=PASSWORD, server=CLEAR)))
    assert (row.cause, row.said_by) == ("protocol", "dtsconf")


# --- addresses and sizes


def test_smtputf8_is_asked_for_where_an_address_needs_it() -> None:
    utf8 = EHLO.replace("250 ENH", "250-SMTPUTF8\r\n250 ENH")
    with server(dialogue(ehlo=utf8)) as running:
        assert verify(job(running.port, sender="jürgen@acme.example")).ok
    assert any(
        line.startswith("MAIL FROM:<jürgen@acme.example>") and line.endswith("SMTPUTF8") for line in running.heard
    )


def test_smtputf8_that_is_not_offered_is_told_by_us() -> None:
    with server(dialogue()) as running:
        row = failed(verify(job(running.port, sender="jürgen@acme.example")))
        assert (row.stage, row.cause, row.said_by) == ("mail-from", "sender-rejected", "dtsconf")
        row = failed(verify(job(running.port, to="jürgen@acme.example")))
        assert (row.stage, row.cause, row.said_by) == ("rcpt-to", "recipient-rejected", "dtsconf")
    assert "SMTPUTF8" in row.detail


def test_an_international_domain_goes_as_a_labels() -> None:
    with server(dialogue()) as running:
        assert verify(job(running.port, "envelope", sender="dts@bücher.example")).ok
    assert any("<dts@xn--bcher-kva.example>" in line for line in running.heard)


def test_size_and_8bitmime_are_declared() -> None:
    with server(dialogue()) as running:
        assert verify(job(running.port, name="Jürgen")).ok
    mail_from = next(line for line in running.heard if line.startswith("MAIL"))
    size = int(mail_from.split("SIZE=")[1].split()[0])
    at = running.heard.index("DATA")
    message = running.heard[at + 1 : running.heard.index(".")]
    assert size == sum(len(line) + 2 for line in message)


# --- retries


class Waits:
    """A clock that only notes how long it was asked to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def random(self) -> float:
        return 0.5


def failing(times: int, reply: str) -> Script:
    left = [times]

    def script(peer: Peer) -> None:
        left[0] -= 1
        dialogue(replies={"RCPT": reply} if left[0] >= 0 else {})(peer)

    return script


def test_a_failure_that_may_pass_is_tried_again_after_1_2_4_seconds() -> None:
    waits = Waits()
    with server(failing(3, "450 4.3.0 not now")) as running:
        result = verify_with_retries(job(running.port), 3, waits)
    assert result.ok
    assert waits.slept == [1, 2, 4]
    assert running.accepted == 4


def test_retries_run_out_and_are_counted() -> None:
    waits = Waits()
    with server(failing(9, "421 4.3.2 not now")) as running:
        row = failed(verify_with_retries(job(running.port), 2, waits))
    assert waits.slept == [1, 2]
    assert "attempt 3" in row.detail
    assert row.cause == "server-error"


@pytest.mark.parametrize("reply", ["550 5.1.1 no", "554 no", ""])
def test_a_failure_that_stays_is_tried_once(reply: str) -> None:
    waits = Waits()
    with server(failing(9, reply)) as running:
        failed(verify_with_retries(job(running.port), 3, waits))
    assert waits.slept == []


def test_an_unknown_outcome_is_never_tried_again() -> None:
    assert not may_pass(Stage("accepted", ok=False, ms=1, cause="outcome-unknown"))
    assert not may_pass(Stage("banner", ok=False, ms=1, cause="timeout"))
    assert not may_pass(Stage("connect", ok=False, ms=1, cause="refused"))
    assert may_pass(Stage("connect", ok=False, ms=1, cause="timeout"))


def test_jitter_stays_near_the_wait() -> None:
    waits = Waits()
    waits.random = lambda: 0.999  # type: ignore[method-assign]
    with server(failing(1, "451 not now")) as running:
        verify_with_retries(job(running.port), 1, waits)
    assert 1 < waits.slept[0] < 1.5


def test_progress_is_told_and_holds_no_secret() -> None:
    told: list[str] = []
    with server(log_in_server(yes=True)) as running:
        verify(job(running.port, "auth", password=PASSWORD, server=CLEAR, progress=told.append))
    assert len(told) == 5
    assert all(PASSWORD not in text for text in told)


def test_an_incomplete_job_is_refused() -> None:
    with server(dialogue()) as running, pytest.raises(ValueError, match="password"):
        verify(without_password(job(running.port, encryption="none", server=CLEAR)))
    with pytest.raises(ValueError, match="sender"):
        verify(job(1, sender=""))
