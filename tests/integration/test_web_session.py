"""HTTPS as dtsconf speaks it, against a server of the test: whom it believes, by what way, how long, how much."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from dtsconf.net.connect import Address, Race, resolve
from dtsconf.net.limits import THREAD
from dtsconf.proof import CAUSES
from dtsconf.web import line
from dtsconf.web.session import LONGEST, Session
from dtsconf.web.trouble import NoAnswer, NoRoots, Trouble
from dtsconf.web.trust import tls_context
from tests.real.ca import CertificateName, Certificates
from tests.real.graph import GraphServer, graph_server
from tests.real.graph_faults import Fault, Kind
from tests.real.loopback import Connection
from tests.real.proxy import Proxy, proxy

NAME = "mail.corp.example"
"""A name that the server's certificate has and no name server knows."""


@pytest.fixture
def server(certificates: Certificates) -> Iterator[GraphServer]:
    with graph_server(certificates) as running:
        yield running


@pytest.fixture
def way() -> Iterator[Proxy]:
    with proxy() as running:
        yield running


def session(certificates: Certificates, **options: Any) -> Session:
    ca_file, min_tls = options.pop("ca_file", certificates.ca_file), options.pop("min_tls", "1.2")
    return Session(tls_context(ca_file, min_tls), **{"timeout": 5, **options})


def trouble(web: Session, url: str, **options: Any) -> Trouble:
    """Why there is no answer; nothing of a library's error hangs on to it."""
    with pytest.raises(NoAnswer) as caught:
        web.request("GET", url, **options)
    web.close()
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert caught.value.trouble.cause in CAUSES
    return caught.value.trouble


def by_name(server: GraphServer) -> str:
    return server.url.replace("127.0.0.1", NAME)


def test_one_connection_for_all_requests(server: GraphServer, certificates: Certificates) -> None:
    web = session(certificates)
    steps = web.open(server.url)
    assert [step.place for step in steps] == ["resolve", "connect", "tls"]
    assert "TLSv1.3" in steps[-1].detail
    assert web.open(server.url) == ()
    for _ in range(3):
        assert web.request("GET", f"{server.url}/x").status_code == 400
    assert server.connections == 1
    web.close()


def test_a_connection_that_the_server_closed_is_made_anew(server: GraphServer, certificates: Certificates) -> None:
    web = session(certificates)
    server.faults = [Fault("drop")]
    assert trouble(web, server.url).cause == "dropped"
    assert web.request("GET", server.url).status_code == 400
    assert server.connections == 2
    web.close()


FAULTS: dict[Kind, tuple[str, str]] = {
    "drop": ("lost", "dropped"),
    "half": ("lost", "dropped"),
    "greeting": ("strange", "protocol"),
    "redirect": ("redirect", "protocol"),
    "huge": ("size", "protocol"),
    "silent": ("silence", "timeout"),
    "drip": ("silence", "timeout"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_answers_that_are_none(server: GraphServer, certificates: Certificates, kind: Kind) -> None:
    server.faults = [Fault(kind)]
    web = session(certificates, timeout=0.5)
    start = time.monotonic()
    found = trouble(web, server.url)
    assert (found.what, found.cause) == FAULTS[kind]
    assert (found.place, found.sent) == ("request", True)
    assert "hidden" not in found.detail
    assert len(server.asked) == 1, "a redirect is not followed, and nothing asked twice"
    assert time.monotonic() - start < 30


def test_a_drip_ends_with_the_whole_and_frees_its_connection(server: GraphServer, certificates: Certificates) -> None:
    """No thread goes on reading, or writing, once nobody waits any more."""
    server.faults = [Fault("drip")]
    web = session(certificates, timeout=5)
    found = trouble(web, server.url, whole=0.3)
    assert found.cause == "timeout"
    threads = [one for one in threading.enumerate() if one.name == THREAD]
    for one in threads:
        one.join(5)
    assert not any(one.is_alive() for one in threads)


def test_what_nobody_waits_for_is_not_sent_later(
    server: GraphServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers late must not let a mail go out that was said not to be sent."""
    web, late = session(certificates), threading.Event()

    def waiting(host: str, port: int, end: float) -> list[Address]:
        late.wait(5)
        return resolve(host, port, end)

    monkeypatch.setattr(line, "resolve", waiting)
    found = trouble(web, server.url, whole=0.1)
    assert (found.cause, found.place, found.sent) == ("timeout", "resolve", False)
    monkeypatch.undo()
    assert web.request("GET", server.url).status_code == 400
    late.set()
    for one in [one for one in threading.enumerate() if one.name == THREAD]:
        one.join(5)
    assert len(server.asked) == 1
    web.close()


def test_a_server_that_takes_nothing_has_nothing_sent(certificates: Certificates) -> None:
    """What was not handed over whole can have had no effect."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = certificates.server_context()

        def serve() -> None:
            connection, _ = listening.accept()
            with context.wrap_socket(connection, server_side=True):
                over.wait(30)

        over = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        found = trouble(session(certificates, timeout=0.5), url, data=b"x" * 50_000_000)
        over.set()
        thread.join()
    assert found.cause in ("timeout", "dropped")
    assert not found.sent


@pytest.mark.parametrize(
    ("certificate", "cause"),
    {
        "expired": "tls-expired",
        "not-yet-valid": "tls-not-yet-valid",
        "wrong-name": "tls-name",
        "untrusted": "tls-untrusted",
        "self-signed": "tls-untrusted",
        "incomplete-chain": "tls-untrusted",
    }.items(),
)
def test_certificates(certificates: Certificates, certificate: CertificateName, cause: str) -> None:
    with graph_server(certificates, certificate) as server:
        found = trouble(session(certificates), server.url)
        assert (found.what, found.place, found.cause) == ("certificate", "tls", cause)
        assert found.certificate is not None
        assert found.certificate.sha256 == certificates.fingerprint(certificate)
        assert not found.sent
        assert server.asked == []


def test_the_look_at_a_certificate_holds_nobody_up(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes one connection and no second."""
    monkeypatch.setattr(line, "LOOK", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            try:
                certificates.server_context("expired").wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        found = trouble(session(certificates), f"https://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()
    assert found.cause == "tls-expired"
    assert found.certificate is None


def test_a_servers_own_certificate_can_be_what_is_trusted(certificates: Certificates) -> None:
    with graph_server(certificates, "self-signed") as server:
        web = session(certificates, ca_file=certificates.chain_file("self-signed"))
        assert web.request("GET", server.url).status_code == 400
        web.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_variables_have_no_say(
    server: GraphServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, certificates.other_ca_file)
    web = session(certificates)
    assert web.request("GET", server.url).status_code == 400
    web.close()
    monkeypatch.setenv(variable, certificates.ca_file)
    assert trouble(session(certificates, ca_file=certificates.other_ca_file), server.url).cause == "tls-untrusted"


def test_old_tls_is_refused(certificates: Certificates) -> None:
    import ssl

    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with graph_server(certificates) as server:
        server._context = context
        assert trouble(session(certificates, min_tls="1.3"), server.url).cause == "tls-version"
        web = session(certificates)
        assert "TLSv1.2" in web.open(server.url)[-1].detail
        web.close()


def test_a_port_that_speaks_no_tls(certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"220 mail.corp.example ESMTP\r\n")
                connection.recv(1000)

        thread = threading.Thread(target=serve)
        thread.start()
        found = trouble(session(certificates), f"https://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()
    assert (found.what, found.cause, found.place) == ("tls", "protocol", "tls")


def test_a_connection_that_is_reset_as_soon_as_it_stands(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run = Race.run

        def then_reset(race: Race) -> socket.socket | None:
            sock = run(race)
            Connection(listening.accept()[0]).reset()
            return sock

        monkeypatch.setattr(Race, "run", then_reset)
        found = trouble(session(certificates), f"https://127.0.0.1:{listening.getsockname()[1]}/")
    assert (found.what, found.place, found.cause) == ("lost", "connect", "dropped"), "no proxy is blamed"
    assert "reset" in found.detail


@pytest.mark.parametrize(("text", "said"), [(None, "can't be read"), ("no certificate", "holds no certificate")])
def test_roots_that_are_none(tmp_path: Any, text: str | None, said: str) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(NoRoots, match=said):
        tls_context(str(path))


def test_nobody_there_and_no_such_name(certificates: Certificates) -> None:
    with graph_server(certificates) as gone:
        pass
    found = trouble(session(certificates), gone.url)
    assert (found.what, found.place, found.cause) == ("connect", "connect", "refused")
    assert "127.0.0.1" in found.detail
    found = trouble(session(certificates), "https://graph.invalid/")
    assert (found.what, found.place, found.cause) == ("lookup", "resolve", "dns")


def test_cleartext_is_for_sessions_that_were_made_for_it(certificates: Certificates) -> None:
    found = trouble(session(certificates), "http://127.0.0.1:1/")
    assert found.what == "unsendable"
    assert trouble(session(certificates, cleartext=True), "http://127.0.0.1:1/").cause == "refused"


def test_what_can_not_be_sent_is_not_shown(server: GraphServer, certificates: Certificates) -> None:
    found = trouble(session(certificates), server.url, headers={"Authorization": "Bearer canary\r\nX: y"})
    assert found.what == "unsendable"
    assert "canary" not in repr(found)
    assert server.asked == []


def test_by_way_of_a_proxy(server: GraphServer, certificates: Certificates, way: Proxy) -> None:
    web = session(certificates, proxy=way.url)
    steps = web.open(by_name(server))
    assert [step.place for step in steps] == ["resolve", "connect", "tls"]
    assert f"{NAME} port" in steps[1].detail
    assert "by way of the proxy 127.0.0.1" in steps[1].detail
    assert web.request("GET", by_name(server)).status_code == 400
    assert way.asked == [by_name(server).removeprefix("https://")]
    web.close()


def test_the_certificate_is_checked_and_looked_at_through_the_proxy(certificates: Certificates, way: Proxy) -> None:
    """What inspects TLS on the way is told by the issuer that it shows."""
    with graph_server(certificates, "untrusted") as server:
        found = trouble(session(certificates, proxy=way.url), by_name(server))
    assert found.cause == "tls-untrusted"
    assert found.certificate is not None
    assert "Other Root" in found.certificate.issuer


@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses(server: GraphServer, certificates: Certificates, way: Proxy, refusal: str) -> None:
    way.refusal = refusal
    found = trouble(session(certificates, proxy=way.url.replace("//", "//someone:canary@")), by_name(server))
    assert (found.what, found.place, found.cause, found.detail) == ("proxy", "connect", "blocked", refusal)
    assert found.proxy is not None
    assert found.proxy.place == way.url.removeprefix("http://")
    assert found.proxy.login
    assert "canary" not in repr(found)


def test_a_proxy_that_is_not_there(server: GraphServer, certificates: Certificates) -> None:
    found = trouble(session(certificates, proxy="http://127.0.0.1:1"), by_name(server))
    assert (found.what, found.place, found.cause) == ("proxy", "connect", "refused")
    assert found.proxy is not None
    assert (found.proxy.place, found.proxy.named) == ("127.0.0.1:1", "connection.proxy")


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "nonsense://x", "http://"])
def test_a_proxy_that_can_not_be_used(server: GraphServer, certificates: Certificates, address: str) -> None:
    assert trouble(session(certificates, proxy=address), by_name(server)).what == "proxy"


def test_the_systems_proxy_is_not_for_this_machine(
    server: GraphServer, certificates: Certificates, way: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", way.url)
    web = session(certificates)
    assert web.request("GET", server.url).status_code == 400
    assert way.asked == []
    assert web.request("GET", by_name(server)).status_code == 400
    assert len(way.asked) == 1
    web.close()


def test_an_answer_may_be_as_large_as_the_caller_says(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("refuse", message="x" * 5000)]
    assert trouble(session(certificates, limit=4096), server.url).what == "size"
    server.faults = [Fault("refuse", message="x" * 5000)]
    web = session(certificates, limit=8192)
    assert len(web.request("GET", server.url).text) > 5000
    web.close()


def test_an_address_reaches_no_log_of_a_program_that_imports_dtsconf(
    server: GraphServer, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """What it carries may let in whoever has it, and urllib3 writes it down."""
    caplog.set_level("DEBUG")
    server.faults = [Fault("untidy")]
    web = session(certificates)
    assert web.request("GET", f"{server.url}/upload?authtoken=canary").status_code == 200
    web.close()
    assert "canary" not in caplog.text
    urllib3.PoolManager(retries=False, ca_certs=certificates.ca_file).request("GET", f"{server.url}/theirs")
    assert "/theirs" in caplog.text, "another's requests are another's"


def test_what_a_server_says_is_cut_where_nobody_would_read_on(
    server: GraphServer, certificates: Certificates, way: Proxy
) -> None:
    server.faults = [Fault("far redirect")]
    assert len(trouble(session(certificates), server.url).detail) == LONGEST
    way.refusal = "403 " + "no " * 10_000
    assert len(trouble(session(certificates, proxy=way.url), by_name(server)).detail) == LONGEST


def test_nothing_of_a_redirects_body_is_read(server: GraphServer, certificates: Certificates) -> None:
    """It has no end, and what comes of it would be kept in memory."""
    server.faults = [Fault("endless redirect")]
    found = trouble(session(certificates), server.url)
    assert (found.what, found.detail) == ("redirect", "https://elsewhere.example/there")
