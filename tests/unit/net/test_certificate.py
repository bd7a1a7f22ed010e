from __future__ import annotations

import socket
import ssl
import threading

import pytest

from dtsconf.net.certificate import Certificate, day, from_der, from_peer
from tests.real.ca import Certificates


def told_by_openssl(certificates: Certificates) -> Certificate:
    """The good certificate as OpenSSL reads it after a handshake that verified."""
    here, there = socket.socketpair()
    with here, there:
        server = threading.Thread(
            target=lambda: certificates.server_context().wrap_socket(there, server_side=True).close()
        )
        server.start()
        with certificates.client_context().wrap_socket(here, server_hostname="localhost") as session:
            told = session.getpeercert()
            server.join(10)
    assert told is not None
    return from_peer(told)


def test_both_readings_agree(certificates: Certificates) -> None:
    read = from_der(certificates.der("good"))
    assert read is not None
    told = told_by_openssl(certificates)
    assert (
        (told.subject, told.issuer)
        == (read.subject, read.issuer)
        == ("CN=localhost,O=Corp Example", "CN=Corp Example Root,O=Corp Example")
    )
    assert told.not_after == read.not_after
    assert told.not_before == read.not_before
    assert told.names[:3] == read.names[:3] == ("localhost", "mail.corp.example", "127.0.0.1")


def test_the_fingerprint_is_of_the_der(certificates: Certificates) -> None:
    read = from_der(certificates.der("expired"))
    assert read is not None
    assert read.sha256 == certificates.fingerprint("expired")


def test_garbage_is_no_certificate(certificates: Certificates) -> None:
    assert from_der(b"") is None
    assert from_der(b"\x30\x82garbage") is None
    assert from_der(certificates.der("good")[:-5]) is None


def test_addresses_among_the_names_fit_nothing() -> None:
    dates = {"notBefore": "Jan  1 00:00:00 2026 GMT", "notAfter": "Jan  1 00:00:00 2027 GMT"}
    entries = (("DNS", "192.0.2.5"), ("DNS", "mail.corp.example"), ("IP Address", "192.0.2.6"))
    told = from_peer({**dates, "subjectAltName": entries})
    assert (told.names, told.misplaced) == (("mail.corp.example", "192.0.2.6"), ("192.0.2.5",))
    assert [told.is_for(host) for host in ("192.0.2.5", "192.0.2.6")] == [False, True]
    assert [told.misplaces(host) for host in ("192.0.2.5", "192.0.2.6")] == [True, False]
    by_common_name = from_peer({**dates, "subject": ((("commonName", "2001:DB8::5"),),)})
    assert (by_common_name.names, by_common_name.misplaces("2001:db8::5")) == ((), True)


def test_many_names_are_told_in_short() -> None:
    many = Certificate("s", "i", tuple(f"n{n}.example" for n in range(100)), 0, 0)
    assert many.fits.endswith("and 94 more")
    assert Certificate("s", "i", (), 0, 0).fits == "no name at all"


@pytest.mark.parametrize(
    ("name", "host", "fits"),
    [
        ("Mail.Example", "mail.example.", True),
        ("*.corp.example", "mail.corp.example", True),
        ("*.corp.example", "a.mail.corp.example", False),
        ("*.corp.example", "corp.example", False),
        ("2001:db8::1", "2001:db8:0::1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("localhost.localdomain", "mail.example", False),
    ],
)
def test_a_certificate_is_for_its_names(name: str, host: str, *, fits: bool) -> None:
    assert Certificate("s", "i", ("other.example", name), 0, 0).is_for(host) is fits


def test_days_are_told_in_utc_and_never_fail() -> None:
    assert day(0) == "1970-01-01 00:00 UTC"
    assert day(1e30) == "a date out of reach"
    assert day(ssl.cert_time_to_seconds("Jan  5 09:34:43 2018 GMT")) == "2018-01-05 09:34 UTC"
