"""The README's part on Microsoft sign-in, typed word for word by somebody new: on a machine where Microsoft's names lead
to the tests' provider and mail server, whose certificates it trusts. What can't be run here: `az` is a stand-in that
takes what is typed and gives an id, and the PowerShell lines are held against those that `migrate microsoft` prints."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.real.identity.parts import MICROSOFT
from tests.real.identity.tenant import Client
from tests.real.proxy import forwarder
from tests.scenarios.newcomer import Block, Newcomer, blocks

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]

PART = "Microsoft sign-in"
BLOCKS = {
    "az people": "--is-fallback-public-client",
    "mailbox": "Set-CASMailbox -Identity ann@acme.example",
    "people": "remember_me: true",
    "people typed": "dtsconf sign-in",
    "key": "openssl req",
    "az application": "--cert @dts-mail.crt",
    "principal": "New-ServicePrincipal",
    "scope": "New-ManagementScope",
    "application": "flow: application",
    "application typed": "night.yaml",
    "migrate": "dtsconf migrate microsoft",
}
"""Each block of the part, and a text that only it has."""

CLIENT_ID = "11111111-2222-4333-8444-555555555555"
ANN, MAILBOX = "ann@acme.example", "reports@acme.example"
AZ = f"""#!/bin/sh
printf '%s\\n' "$@" | paste -sd '\\t' >> ~/az.log
[ "$2" != app ] && [ "$3" != create ] || echo {CLIENT_ID}
"""
DESKTOP = "gnome-keyring-daemon --unlock --components=secrets < ~/keyring >/dev/null"


def block(name: str) -> Block:
    (found,) = [one for one in blocks(PART) if BLOCKS[name] in one.text]
    return found


def test_each_block_is_tried() -> None:
    for one in blocks(PART):
        assert any(text in one.text for text in BLOCKS.values()), f"no recipe of this test: {one.text}"
    for name in BLOCKS:
        assert block(name).text


@dataclass
class Place:
    """Ann's machine, the tenant acme.example, and the browser on her desk."""

    machine: Newcomer
    identity: IdentityHost
    browser: Browser

    def types(self, script: str) -> str:
        """At ann's desk: her keyring is unlocked, and the browser is hers."""
        folder = Path(tempfile.mkdtemp(prefix="desk-")) / "person"
        folder.parent.chmod(0o755)
        self.machine.writes("keyring", "unlock")
        self.machine.writes("inside", f"set -e\n{DESKTOP}\n{script}")
        try:
            with self.browser.person(folder, ANN) as somebody:
                return self.machine.types("dbus-run-session -- sh ~/inside", environ={"BROWSER": somebody.program})
        finally:
            shutil.rmtree(folder.parent)

    def az(self) -> list[list[str]]:
        """What was typed at the Azure CLI."""
        log = self.machine.home / "az.log"
        lines = log.read_text().splitlines()
        log.unlink()
        return [line.split("\t") for line in lines]

    def tenant(self, *, public: Client | None = None, by_certificate: Client | None = None) -> None:
        """acme.example, with these app registrations."""
        made = self.identity.tenant(name="acme.example")
        made = dataclasses.replace(
            made, public=public or made.public, by_certificate=by_certificate or made.by_certificate
        )
        made.register(lifetime=3600, refresh_lifetime=86400, code_lifetime=60, format="jwt", discovery={})


@contextmanager
def newcomers_desk(identity: IdentityHost, browser: Browser) -> Iterator[Place]:
    address = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
    hosts = dict.fromkeys(MICROSOFT, address)
    folder = Path(tempfile.mkdtemp(prefix="newcomer-"))
    folder.chmod(0o755)
    machine = Newcomer(folder / "machine", hosts)
    roots = (machine.etc / "ssl/certs/ca-certificates.crt").resolve()
    with roots.open("a") as file:
        file.write(Path(identity.ca_file).read_text("ascii"))
    az = machine.folder / "bin/az"
    az.write_text(AZ)
    az.chmod(0o755)
    provider = int(identity.origin.rpartition(":")[2])
    try:
        with forwarder(address, 443, provider), forwarder(address, 587, identity.mail.endpoint("token").port):
            yield Place(machine, identity, dataclasses.replace(browser, hosts=hosts))
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def place(identity: IdentityHost, browser: Browser) -> Iterator[Place]:
    with newcomers_desk(identity, browser) as made:
        yield made


def test_for_people(place: Place) -> None:
    place.machine.types(block("az people").script)
    create, update, principal = place.az()
    assert create[:2] == ["ad", "app"]
    assert f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_ID}" in update
    assert principal == ["ad", "sp", "create", "--id", CLIENT_ID]

    place.tenant(public=Client(CLIENT_ID))
    place.machine.writes("site.yaml", block("people").text)
    told = place.types(block("people typed").script)
    assert "the proof is still owed: sign-in" in told
    assert f"signed in as {ANN}" in told
    assert "kept encrypted, its key in Secret Service" in told
    assert told.count("proven for dtsconf") == 2
    assert re.search(r"proof: send, .* for dtsconf \S+ as ann\b", told), told
    assert f"sign-in: {ANN} (tenant acme.example), kept encrypted" in told
    assert f"signed out: {ANN}" in told


def test_for_an_application(place: Place) -> None:
    place.machine.types(block("key").script)
    assert not (place.machine.home / "dts-mail.key").exists()
    place.machine.types(block("az application").script)
    assert [call[:3] for call in place.az()] == [
        ["ad", "app", "create"],
        ["ad", "sp", "create"],
        ["ad", "app", "credential"],
    ]

    certificate = x509.load_pem_x509_certificate((place.machine.home / "dts-mail.crt").read_bytes())
    place.tenant(by_certificate=Uploaded(CLIENT_ID, mailbox=MAILBOX, certificate=certificate))
    place.machine.writes("night.yaml", block("application").text)
    told = place.machine.types(block("application typed").script)
    assert "proven for dtsconf" in told


@dataclass(frozen=True)
class Uploaded(Client):
    """A registration that has the certificate which the reader made."""

    certificate: x509.Certificate | None = None

    def registered(self) -> dict[str, Any]:
        assert self.certificate is not None
        key = self.certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return {**super().registered(), "jwk": {**RSAAlgorithm.to_jwk(key, as_dict=True), "use": "sig"}}


def test_moving_from_a_password(place: Place) -> None:
    place.tenant(public=Client(CLIENT_ID))
    old = (
        "dtsconf: 1\nname: site\nsettings:\n  sender: {email: ann@acme.example}\n  server: {host: smtp.office365.com, "
        "encryption: starttls}\n  login: {required: true, username: ann@acme.example, password: env://P}\n"
    )
    place.machine.writes("site.yaml", old)
    first, second = block("migrate").script.splitlines()
    told = place.types(f"set +e\n{first}\ntest $? -eq 3 || exit 1\nset -e\n{second}\n")
    assert "FAIL client-id" in told
    assert "Proven by a mail. site.yaml is the new profile; the old one is kept as site.yaml.before-microsoft." in told
    assert (place.machine.home / "site.yaml.before-microsoft").read_text() == old


def test_the_powershell_lines_are_those_that_migrate_prints(place: Place) -> None:
    old = (
        block("application")
        .text.replace("  mode: microsoft\n", "")
        .replace("    certificate:", "    client_assertion:")
    )
    login = "  server: {host: smtp.office365.com, encryption: starttls}\n  login: {required: true, username: u, password: env://P}\n"
    place.machine.writes("old.yaml", old.replace("policy:\n", f"{login}policy:\n"))
    told = place.machine.types(
        "dtsconf migrate microsoft --json --profile old.yaml --set microsoft.authority=https://localhost:1 --set microsoft.smtp.port=1 > told.json || test $? -ne 3; cat told.json"
    )
    steps = json.loads(told[told.index("{") :])["steps"]
    printed = {
        plain(command["text"]) for step in steps for command in step["commands"] if command["shell"] == "PowerShell"
    }
    shown = [plain(line) for name in ("principal", "scope") for line in block(name).text.splitlines()]
    other = f"Test-ServicePrincipalAuthorization -Identity {CLIENT_ID} -Resource ann@acme.example"
    assert [line for line in shown if line not in printed] == [other]


def plain(line: str) -> str:
    """A line without its comment, with one kind of quotes for plain words, and with the ids filled in."""
    bare = re.sub(r"\s+#.*", "", line).replace("CLIENT_ID", CLIENT_ID).replace("-ObjectId OBJECT_ID", "-ObjectId $id")
    return re.sub(r"(?<=[ ])'([\w.@-]+)'(?= |$)", r"\1", bare)
