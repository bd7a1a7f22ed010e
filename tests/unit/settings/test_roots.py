"""The ca_file in use, looked at before anybody is asked."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtsconf.errors import Invalid, Place
from dtsconf.settings.effective import Effective
from dtsconf.settings.resolve import resolve
from dtsconf.settings.roots import left_behind, require_roots
from tests.real.ca import write_certificates
from tests.unit.posix import make_fifo
from tests.unit.settings.layers import WORKING, layer, organisation, place


def trusting(path: Path | str, **more: Any) -> Effective:
    extra = {key.replace("__", "."): value for key, value in more.items()}
    return resolve(organisation({**WORKING, "server.ca_file": str(path), **extra}))


def test_roots_that_are_there(tmp_path: Path) -> None:
    require_roots(trusting(write_certificates(tmp_path).ca_file))
    require_roots(resolve(organisation()))


def test_a_file_beside_the_profile_is_left_behind_by_an_image() -> None:
    def told(path: str, *there: str) -> list[str]:
        found = resolve(organisation({**WORKING, "server.ca_file": path}))
        place = replace(found.origin["server.ca_file"], where=Place("/srv/checkout/site.yaml", 5, 3))
        found = replace(found, origin={**found.origin, "server.ca_file": place})
        return [
            each.message for each in left_behind(found, lambda path: "/dev/null" if path in there else f"/nope{path}")
        ]

    (said,) = told("/srv/checkout/ca/roots.pem")
    assert said.startswith("server.ca_file '/srv/checkout/ca/roots.pem' lies beside the profile: an image")
    assert told("/srv/checkout/ca/roots.pem", "/srv/checkout/ca/roots.pem") == []
    assert told("/etc/dts/roots.pem") == []
    assert told("/srv/checkout-2/roots.pem") == []
    assert left_behind(resolve(organisation()), str) == []
    given = layer("environment", {"server.ca_file": "/srv/checkout/ca/roots.pem"})
    assert left_behind(resolve(organisation(), (given,)), lambda path: f"/nope{path}") == []


def test_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    good = write_certificates(tmp_path).ca_file
    (tmp_path / "empty.pem").touch()
    (tmp_path / "text.pem").write_text("no certificate\n")
    (tmp_path / "roots.der").write_bytes(ssl.PEM_cert_to_DER_cert(Path(good).read_text()))
    (tmp_path / "server.key").write_text("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n")
    (tmp_path / "roots.p7b").write_text("-----BEGIN PKCS7-----\nMIIE\n-----END PKCS7-----\n")
    make_fifo(tmp_path / "fifo.pem")
    wanted = {
        "nope.pem": "is not there",
        "empty.pem": "holds no PEM certificate",
        "text.pem": "holds no PEM certificate",
        "roots.der": "openssl x509 -inform der",
        "server.key": "it holds a private key, which is the server's own and nobody else's: name a PEM file",
        "roots.p7b": "openssl pkcs7 -print_certs -in",
        "fifo.pem": "regular file",
        "": "folder",
    }
    for name, words in wanted.items():
        with pytest.raises(Invalid) as caught:
            require_roots(trusting(tmp_path / name))
        (problem,) = caught.value.problems
        assert (problem.kind, problem.code, problem.key) == ("ca-file", 3, "server.ca_file")
        assert problem.where == place(4)
        assert str(tmp_path / name)[:50] in problem.message
        assert words in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize("more", [{"server__encryption": "none"}, {"server__fingerprint": "ab" * 32}])
def test_a_file_that_nobody_will_read_is_not_looked_at(tmp_path: Path, more: dict[str, str]) -> None:
    require_roots(trusting(tmp_path / "nope.pem", **more))
