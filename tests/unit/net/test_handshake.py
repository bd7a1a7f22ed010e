"""What a server's half of a TLS handshake shows."""

from __future__ import annotations

import ssl

import pytest

from dtsconf.net.handshake import wants_certificate
from tests.real.ca import Certificates


def _answer(certificates: Certificates, *, wanted: bool) -> bytes:
    """What a server sends to a ClientHello, up to TLS 1.2."""
    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if wanted:
        context.load_verify_locations(certificates.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    for side in (asking.wrap_bio(to_client, to_server), context.wrap_bio(to_server, to_client, server_side=True)):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
    return to_client.read()


@pytest.mark.parametrize("wanted", [True, False])
def test_a_certificate_that_is_asked_for(certificates: Certificates, *, wanted: bool) -> None:
    answer = _answer(certificates, wanted=wanted)
    assert wants_certificate(answer) is wanted
    assert wants_certificate(answer + b"\x15\x03\x03\x00\x02\x02\x28") is wanted, "the alert comes behind it"
    assert not any(wants_certificate(answer[:cut]) for cut in range(60)), "the beginning alone tells nothing"


@pytest.mark.parametrize("answer", [b"", b"220 mail.test ESMTP", b"\x16", b"\x16\x03\x03\xff\xff\x0d", b"\x15\x03\x03"])
def test_what_is_no_such_answer(answer: bytes) -> None:
    assert not wants_certificate(answer)
