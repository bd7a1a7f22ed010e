"""What a send by Graph is measured on: a provider that an application signs in to, a Graph, a profile with both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.ground import HERE, PROGRAM, PYTHON
from tests.bench.measure import Command
from tests.real.graph import graph_server
from tests.real.identity.host import identity_host
from tests.real.identity.tenant import MAILBOX

_PROFILE = """\
dtsconf: 1
name: acme-graph
settings:
  mode: microsoft
  sender: {{email: {mailbox}}}
  server: {{ca_file: {ca}}}
  microsoft: {{authority: '{authority}', tenant: {tenant}, client_id: {client}, flow: application, via: graph,
    client_secret: 'file://{secret}'}}
verify: {{level: none}}
"""


@contextmanager
def sides(folder: Path) -> Iterator[tuple[Command, Command]]:
    """Ours and the floor, with running servers."""
    folder.mkdir()
    with identity_host(folder) as host, graph_server(host.mail.certificates) as server:
        server.takes = lambda _token: True
        tenant = host.tenant(discovery={"msgraph_host": server.host})
        client, secret, profile = tenant.by_secret, folder / "secret", folder / "graph.yaml"
        secret.write_text(client.secret or "", "utf-8")
        secret.chmod(0o600)
        names = {"tenant": tenant.id, "client": client.client_id, "secret": secret, "mailbox": MAILBOX}
        profile.write_text(_PROFILE.format(authority=tenant.origin, ca=host.ca_file, **names), "utf-8")
        # -P: a module beside the script has the name of a standard one.
        words = ["--to", "ann@acme.example", "--subject", "Run 12", "--body", "done", "--profile", str(profile)]
        script = [PYTHON, "-P", str(HERE / "graph_floor.py"), str(profile), tenant.url, client.client_id, str(secret)]
        yield (
            Command("send by Graph", [*PROGRAM, "send", *words]),
            Command("the same + msal and requests", [*script, host.ca_file, server.url, MAILBOX]),
        )
