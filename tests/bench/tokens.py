"""What `test` with a token is measured on: one mail server that takes passwords and tokens, two machines applied for it,
and on one of them somebody who has signed in before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ground import PROGRAM, PYTHON
from tests.bench.measure import Command
from tests.real.identity.browser import browser
from tests.real.identity.host import identity_host
from tests.scenarios.harness import Machine
from tests.scenarios.office import office

_PASSWORD = """\
dtsconf: 1
name: by-password
settings:
  sender: {{email: alice@corp.example}}
  server: {{host: localhost, port: {port}, encryption: starttls, ca_file: {ca_file}}}
  login: {{required: true, username: alice, password: "{password}"}}
verify: {{to: {to}}}
"""


@dataclass(frozen=True)
class Sides:
    """`ours` against the two that it may be the sum of."""

    ours: Command
    by_password: Command
    msal: Command


@contextmanager
def sides(folder: Path) -> Iterator[Sides]:
    """The three commands, with the servers running. The token is held in a file, as Remember Me does without a keyring,
    and is good for an hour."""
    folder.mkdir()
    with identity_host(folder) as host, browser(folder) as chromium:
        signed_in, other = Machine(folder / "token"), Machine(folder / "password")
        with office(signed_in, host, chromium) as here:
            profile = here.profile(endpoint="token-and-password", flow="browser", remember_me=True, token_cache="file")
            signed_in.apply(profile).ok()
            here.at_terminal("sign-in").ok()
            password = other.secret_file(host.mail.users["alice"].password)
            port = host.mail.endpoint("token-and-password").port
            facts = {"port": port, "ca_file": here.ca_file, "password": password, "to": here.to}
            other.apply(str(other.write("site.yaml", _PASSWORD.format(**facts)))).ok()
            yield Sides(
                _test("test with a token", signed_in),
                _test("test with a password", other),
                Command("import msal", [PYTHON, "-c", "import msal"]),
            )


def _test(name: str, machine: Machine) -> Command:
    """`test` on that machine; the variables of its user's session go with it, since all sides share an environment."""
    variables = [f"{key}={value}" for key, value in machine.environ().items() if key not in os.environ]
    home = [f"HOME={machine.home}", f"DTSCONF_ROOT={machine.root}"]
    return Command(name, ["/usr/bin/env", *variables, *home, *PROGRAM, "test"])
