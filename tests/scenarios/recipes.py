"""The recipes of the README's part on secrets, and the place where somebody new types them: their machine, a Vault, a CI
and a mail server. What is not typed as it stands: what a reader fills in, and the mail server's address.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.real.ca import Authority
from tests.real.ci import GITHUB, GITLAB, PIPELINES, Ci, ci
from tests.real.openbao import Node, node
from tests.real.processes import wait_until
from tests.real.servers import MailHost
from tests.scenarios.newcomer import Block, Newcomer, blocks

BLOCKS = {
    "policy": 'path "kv/mail/relay"      {',
    "store": "vault secrets enable -path=kv kv-v2",
    "profile": "timeout: 15",
    "token": "vault print token",
    "approle": "vault auth enable approle",
    "approle profile": "method: approle",
    "jwt": "vault auth enable jwt",
    "jwt profile": "method: jwt",
    "gitlab": "id_tokens:",
    "github": "ACTIONS_ID_TOKEN_REQUEST_URL",
    "cert": "vault auth enable cert",
    "cert profile": "method: cert",
    "secret set": "Repeat for confirmation:",
    "headless": "dbus-run-session",
    "systemd": "sudo install -D -m 600 /dev/stdin /etc/dts/secrets/smtp",
    "unit": "[Service]",
    "sealed": "systemd-creds encrypt",
    "check": "$ dtsconf secret check --profile site.yaml\nok ",
    "rotation": "dtsconf plan --secrets",
    "entry point": "[project.entry-points",
    "plugin": "class PassBackend",
}
"""Each block of the part, and a text that only it has."""

VAULT = "vault.corp.example"
TOKEN, APPLY, ALL_CAN = "Token (will be hidden):", "Apply this? [y/N]:", "all can be had"


def block(name: str) -> Block:
    (found,) = [one for one in blocks("Secrets") if BLOCKS[name] in one.text]
    return found


@dataclass
class Place:
    """The newcomer's machine, and the Vault, the CI and the mail server that it talks to."""

    machine: Newcomer
    vault: Node
    authority: Authority
    ci: Ci
    mail: MailHost

    @property
    def password(self) -> str:
        """Of the account `dts` at the mail server."""
        return self.mail.users["dts"].password

    def profile(self, auth: str | None = None, *, password: str | None = None, **parts: Any) -> None:
        """Writes site.yaml: the README's lines, with `auth` as the block of that name has it, and this mail server."""
        whole = yaml.safe_load(block("profile").text)
        del whole["secrets"]["vault"]["auth"]
        if auth is not None:
            whole["secrets"]["vault"] |= yaml.safe_load(block(auth).text)
        if password is not None:
            whole["settings"]["login"]["password"] = password
            del whole["secrets"]["vault"]
        port = self.mail.endpoint("login").port
        whole["settings"]["server"] = {"host": "localhost", "port": port, "encryption": "starttls"}
        whole["settings"]["server"]["ca_file"] = "mail-ca.pem"
        whole["settings"]["sender"] = {"email": f"dts@{self.mail.domain}"}
        whole |= {"dtsconf": 1, "name": "site", "verify": {"to": self.mail.fresh_recipient()}, **parts}
        self.machine.writes("site.yaml", yaml.safe_dump(whole, sort_keys=False))

    def types(self, script: str, answers: dict[str, str] | None = None, **options: Any) -> str:
        """In a shell that has the variables of the recipe `store`."""
        variables = "".join(f"{line}\n" for line in block("store").script.splitlines() if line.startswith("export "))
        return self.machine.types(variables + script, answers, **options)

    def fill_in(self, old: str, new: str) -> None:
        """What the reader of the profile's block puts in."""
        path = self.machine.home / "site.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def own_address() -> str:
    """One of this machine's 16 million loopback addresses, where no other test listens."""
    return ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])


@contextlib.contextmanager
def newcomers_place(mail: MailHost) -> Iterator[Place]:
    """Everything is there, and the recipe `store` has been typed."""
    authority, vault_at, ci_at = Authority("Corp Example Vault Root"), own_address(), own_address()
    folder = Path(tempfile.mkdtemp(prefix="newcomer-"))
    folder.chmod(0o755)
    hosts = {VAULT: vault_at} | dict.fromkeys((GITLAB, GITHUB, PIPELINES), ci_at)
    machine = Newcomer(folder / "machine", hosts)
    machine.writes("vault-ca.pem", authority.pem().decode())
    machine.writes("mail-ca.pem", Path(mail.ca_file).read_text("ascii"))
    (folder / "vault").mkdir()
    trust = {"SSL_CERT_FILE": str(machine.home / "vault-ca.pem")}
    vault = node(folder / "vault/one", authority, address=vault_at, port=8200, environ=trust, within=machine.within())
    try:
        with ci(ci_at, authority) as jobs, vault as server:
            server.initialise()
            server.unseal()
            wait_until(lambda: server.client().sys.read_health_status(method="HEAD").status_code == 200, "OpenBao", 20)
            made = Place(machine, server, authority, jobs, mail)
            machine.types(block("store").script, {TOKEN: server.token, "Password:": made.password})
            yield made
    finally:
        shutil.rmtree(folder)
