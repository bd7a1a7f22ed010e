"""An identity provider that lies, over real HTTPS: each way ends in one clear error, bounded in time and in what is
read, and no secret goes anywhere but to the address that was named."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from dtsconf.auth.request import Wanted
from dtsconf.auth.sources import ApplicationTokens
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from dtsconf.web.session import LIMIT, Session
from dtsconf.web.trust import tls_context
from tests.real.ca import CertificateName, Certificates
from tests.real.liar import WAYS, Liar, liar

CANARY = "kAnarY-S3cret-5f4dcc3b5aa765d61d8327deb882cf99"
CLIENT = "00000000-0000-0000-0000-000000000001"
WAIT = 0.5
"""Seconds for one wait of a request; a request as a whole takes four of them at most."""

TOLD = {
    "endless-body": "larger than",
    "endless-json": "larger than",
    "endless-header": "gives no proper answer",
    "drip": "no whole answer in time",
    "silence": "no whole answer in time",
    "hang-up": "closed the connection",
    "half": "closed the connection",
    "html": "no answer of an identity provider (HTTP 200, text/html",
    "nothing": "(HTTP 404",
    "empty": "no answer of an identity provider",
    "list": "no answer of an identity provider",
    "deep": "no answer of an identity provider",
    "bomb": "larger than",
    "redirect-loop": "dtsconf follows no redirect",
    "redirect-away": "dtsconf follows no redirect",
    "busy": "is busy or has a fault of its own (HTTP 503)",
    "no-http": "gives no proper answer",
    "binary": "no answer of an identity provider",
}


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Liar]:
    with liar(certificates) as made:
        yield made


def refused(server: Liar, ca_file: str, way: str) -> SignInFailed:
    wanted = Wanted(server.origin, way, CLIENT, "application", sender="app@acme.example")
    secret = ("microsoft.client_secret", Secret(CANARY))
    tokens = ApplicationTokens(
        wanted, lambda: Session(tls_context(ca_file), timeout=WAIT, proxy="none"), lambda: secret
    )
    with pytest.raises(SignInFailed) as caught:
        tokens.get()
    return caught.value


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that any library would write down, with all of it turned on."""
    caplog.set_level(logging.DEBUG)
    for name in ("msal", "msal.oauth2cli.oauth2", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def test_every_way_has_its_sentence() -> None:
    assert TOLD.keys() == set(WAYS)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("place", ["discovery", "token"])
@pytest.mark.parametrize("way", WAYS)
def test_a_lie_is_one_clear_error(
    server: Liar, certificates: Certificates, way: str, place: str, logged: pytest.LogCaptureFixture
) -> None:
    before, elsewhere, posted = server.sent, server.elsewhere, len(server.posted)
    error = refused(server, certificates.ca_file, way if place == "discovery" else f"token-{way}")
    assert TOLD[way] in error.message
    assert error.hint
    assert error.code == 6
    assert len(error.message) < 1000
    assert server.sent - before < 8 * LIMIT
    assert server.elsewhere == elsewhere
    assert len(server.posted) - posted == (0 if place == "discovery" else 1)
    assert CANARY not in f"{error.message}{error.hint}{logged.text}"


@pytest.mark.parametrize(
    ("name", "told"),
    [("untrusted", "can't be trusted"), ("wrong-name", "can't be trusted"), ("expired", "can't be trusted")],
)
def test_a_certificate_that_is_off_ends_it_before_a_word(
    certificates: Certificates, name: CertificateName, told: str
) -> None:
    with liar(certificates, name) as server:
        error = refused(server, certificates.ca_file, "good")
        assert told in error.message
        assert error.hint
        assert server.posted == []


def test_nobody_there_is_exit_9(certificates: Certificates) -> None:
    with liar(certificates) as server:
        pass
    error = refused(server, certificates.ca_file, "good")
    assert error.code == 9
    assert error.unreached == ("connect", "refused")


def test_roots_that_are_none_are_told(server: Liar, tmp_path: object) -> None:
    error = refused(server, "/etc/hostname", "good")
    assert "server.ca_file /etc/hostname holds no certificate in PEM form" in error.message
