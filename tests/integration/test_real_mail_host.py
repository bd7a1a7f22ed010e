"""The mail host does at each endpoint what the endpoint's name and facts say: encryption, certificates, delivery."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import subprocess

import pytest

from tests.real.client import CLIENT, connected, letter, mechanisms, trusting
from tests.real.endpoints import ANY_USER_SENDER, ENDPOINTS, FLAWED
from tests.real.processes import has_ipv6
from tests.real.servers import Endpoint, MailHost

pytestmark = pytest.mark.servers

NAMES = [facts.name for facts in ENDPOINTS]


@pytest.mark.parametrize("name", [name for name in NAMES if "tls-1.1" not in name])
def test_endpoint_offers_what_its_facts_say(mail: MailHost, name: str) -> None:
    endpoint = mail.endpoint(name)
    with connected(endpoint, trusting()) as client:
        assert mechanisms(client) == set(endpoint.facts.mechanisms)
        announced = client.esmtp_features.get("size")
        assert announced in {None, str(endpoint.facts.size_limit)}
        assert not client.has_extn("starttls")


@pytest.mark.parametrize("name", [facts.name for facts in ENDPOINTS if facts.tls != "wrapper"])
def test_before_tls_an_endpoint_shows_starttls_and_logins_as_its_facts_say(mail: MailHost, name: str) -> None:
    endpoint = mail.endpoint(name)
    with smtplib.SMTP(endpoint.host, endpoint.port, CLIENT, timeout=10) as client:
        client.ehlo()
        assert client.has_extn("starttls") == (endpoint.facts.tls != "none")
        assert mechanisms(client) == (set(endpoint.facts.mechanisms) if endpoint.facts.cleartext_login else set())


@pytest.mark.parametrize("name", ["plain", "starttls-optional", "starttls-required", "wrapper", "bare", "no-smtputf8"])
def test_a_mail_is_delivered_and_read_back(mail: MailHost, name: str) -> None:
    recipient = mail.fresh_recipient()
    with connected(mail.endpoint(name), mail.certificates.client_context()) as client:
        client.send_message(letter(recipient, f"through {name}"))
    delivered = mail.wait_for_mail(recipient, subject=f"through {name}")
    assert delivered["From"] == ANY_USER_SENDER
    assert delivered.get_content() == "hello\n"
    assert f"postfix/{name}/smtpd" in mail.log()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_the_good_certificate_names_every_way_to_the_endpoint(mail: MailHost, host: str) -> None:
    if host == "::1" and not mail.has_ipv6:
        host = "localhost"
    for name in ("starttls-optional", "wrapper"):
        with connected(mail.endpoint(name), mail.certificates.client_context(), host) as client:
            assert client.noop()[0] == 250


def test_optional_starttls_takes_mail_without_it_and_required_does_not(mail: MailHost) -> None:
    for name, code in (("starttls-optional", 250), ("starttls-required", 530), ("login", 530)):
        endpoint = mail.endpoint(name)
        with smtplib.SMTP(endpoint.host, endpoint.port, CLIENT, timeout=10) as client:
            client.ehlo()
            assert client.mail(ANY_USER_SENDER)[0] == code


VERIFY_CODES = {
    "expired": {10},
    "not-yet-valid": {9},
    "wrong-name": {62, 64},
    "untrusted": {20},
    "self-signed": {18},
    "incomplete-chain": {20},
}
"""OpenSSL's X509_V_ERR_... numbers."""


@pytest.mark.parametrize("way", ["starttls", "wrapper"])
@pytest.mark.parametrize("flaw", FLAWED)
def test_a_bad_certificate_fails_for_just_its_flaw(mail: MailHost, way: str, flaw: str) -> None:
    context = mail.certificates.client_context()
    with pytest.raises(ssl.SSLCertVerificationError) as caught, connected(mail.endpoint(f"{way}-{flaw}"), context):
        pass
    assert caught.value.verify_code in VERIFY_CODES[flaw]


def test_the_other_authority_vouches_for_the_untrusted_certificate_alone(mail: MailHost) -> None:
    context = ssl.create_default_context(cafile=mail.certificates.other_ca_file)
    with connected(mail.endpoint("wrapper-untrusted"), context) as client:
        assert client.noop()[0] == 250
    with pytest.raises(ssl.SSLCertVerificationError), connected(mail.endpoint("wrapper"), context):
        pass


@pytest.mark.parametrize("name", ["good", "expired", "self-signed"])
def test_fingerprints_are_those_of_the_certificates_shown(mail: MailHost, name: str) -> None:
    endpoint = mail.endpoint("wrapper" if name == "good" else f"wrapper-{name}")
    assert endpoint.facts.certificate is not None
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"{endpoint.host}:{endpoint.port}"],
        input=b"",
        capture_output=True,
        timeout=20,
        check=False,
    )
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=shown.stdout, capture_output=True, check=True
    )
    value = digest.stdout.decode().strip().partition("=")[2].replace(":", "").lower()
    assert value == mail.certificates.fingerprint(endpoint.facts.certificate)


@pytest.mark.parametrize("way", ["starttls", "wrapper"])
@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3"])
def test_an_endpoint_of_one_tls_version_speaks_that_and_no_other(mail: MailHost, way: str, version: str) -> None:
    endpoint = mail.endpoint(f"{way}-tls-{version}-only")
    spoken = {one for one in ("1.1", "1.2", "1.3") if _handshake(endpoint, one)}
    assert spoken == {version}


def _handshake(endpoint: Endpoint, version: str) -> bool:
    command = [
        "openssl",
        "s_client",
        "-connect",
        f"{endpoint.host}:{endpoint.port}",
        f"-tls{version.replace('.', '_')}",
    ]
    command += ["-cipher", "ALL:@SECLEVEL=0"]
    command += ["-starttls", "smtp"] if endpoint.facts.tls == "optional" else []
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    return done.returncode == 0 and re.search(rb"Cipher is (?!\(NONE\))", done.stdout) is not None


def test_international_addresses_arrive(mail: MailHost) -> None:
    recipient = mail.fresh_recipient("jürgen")
    with connected(mail.endpoint("plain"), trusting()) as client:
        client.send_message(letter(recipient, "Grüße"), mail_options=["SMTPUTF8"])
    delivered = mail.wait_for_mail(recipient, subject="Grüße")
    assert delivered["To"] == recipient
    with connected(mail.endpoint("no-smtputf8"), trusting()) as client, pytest.raises(smtplib.SMTPNotSupportedError):
        client.send_message(letter(recipient))


def test_a_bare_endpoint_announces_nothing(mail: MailHost) -> None:
    with connected(mail.endpoint("bare"), trusting()) as client:
        assert client.esmtp_features == {}


def test_waiting_for_a_mail_that_does_not_come_says_what_was_there(mail: MailHost) -> None:
    recipient = mail.fresh_recipient()
    with connected(mail.endpoint("plain"), trusting()) as client:
        client.send_message(letter(recipient, "this one"))
    message_id = str(mail.wait_for_mail(recipient, subject="this one")["Message-ID"])
    assert mail.wait_for_mail(recipient, message_id=message_id)["Subject"] == "this one"
    with pytest.raises(AssertionError, match="this one"):
        mail.wait_for_mail(recipient, subject="that one", timeout=0.1)
    assert mail.mails(mail.fresh_recipient()) == []


def test_endpoints_listen_on_ipv6_too(mail: MailHost) -> None:
    assert mail.has_ipv6 == has_ipv6()
    for name in ("plain", "bare") if mail.has_ipv6 else ():
        with socket.create_connection(("::1", mail.endpoint(name).port), timeout=10) as sock:
            assert sock.recv(3) == b"220"
