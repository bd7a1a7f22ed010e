"""A machine whose users sign in with Microsoft, as far as that can be had here: the installed program at a terminal,
somebody at the browser, a tenant, and the mail server that takes its tokens.

Rules: everything that the provider gave out (tokens, codes) is looked for in all that the program says, and by
`searched` in all files that it wrote. Knows no module of dtsconf.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.real.identity.browser import Browser, Person
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX, Client, Tenant
from tests.real.terminal import converse
from tests.scenarios.harness import PROGRAM, Machine, Result

ALICE, BOB = "alice@corp.example", "bob@corp.example"


@dataclass
class Office:
    """`machine.environment` is the users' session: `runtime` is its XDG_RUNTIME_DIR, in memory as a real one. Without
    `browser` nobody can sign in: an office of applications."""

    machine: Machine
    identity: IdentityHost
    browser: Browser | None
    tenant: Tenant
    runtime: Path
    to: str = ""
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machine.environment["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.to = self.identity.mail.fresh_recipient()
        roots = Path(self.identity.ca_file).read_text("ascii")
        self.ca_file = str(self.machine.write("roots.pem", roots))

    def settings(self, *, client: Client | None = None, endpoint: str = "token", **microsoft: Any) -> dict[str, Any]:
        """The settings tree in microsoft mode: this tenant, its mail server, the tests' roots."""
        client_id = (client or self.tenant.public).client_id
        place = {"host": "localhost", "port": self.identity.mail.endpoint(endpoint).port}
        base = {"client_id": client_id, "tenant": self.tenant.id, "authority": self.tenant.origin, "smtp": place}
        return {"mode": "microsoft", "server": {"ca_file": self.ca_file}, "microsoft": {**base, **microsoft}}

    def profile(self, name: str = "site.yaml", *, sender: Mapping[str, str] | None = None, **more: Any) -> str:
        """A profile of microsoft mode, its path. `policy` and `verify` are parts of it; all else is as of `settings`."""
        parts: dict[str, Any] = {part: more.pop(part) for part in ("policy", "verify") if part in more}
        settings = self.settings(**more)
        if sender:
            settings["sender"] = dict(sender)
        whole: dict[str, Any] = {
            "dtsconf": 1,
            "name": "acme-perth",
            "settings": settings,
            "verify": {"to": self.to},
            **parts,
        }
        return str(self.machine.write(name, yaml.safe_dump(whole, sort_keys=False)))

    def application(self, proof: str, reference: str, **more: Any) -> str:
        """A profile of an application; `proof` is client_secret, certificate or client_assertion."""
        tenant = self.tenant
        clients = {
            "client_secret": tenant.by_secret,
            "certificate": tenant.by_certificate,
            "client_assertion": tenant.by_assertion,
        }
        values = {"flow": "application", proof: reference, **more}
        return self.profile(client=clients[proof], sender={"email": MAILBOX}, **values)

    def at_terminal(
        self, *args: str, user: str = ALICE, agrees: bool = True, env: Mapping[str, str] | None = None
    ) -> Result:
        """Runs the program at a terminal, with somebody there who signs in as `user` wherever it asks to: in the
        browser that it opens, or by the code that it shows. What they do is what the program leads them to."""
        with self._person(user, agrees=agrees) as person:
            environ = {"BROWSER": person.program, "TERM": "dumb", **self.machine.environ(env)}
            code, shown = converse([PROGRAM, *args], environ, {})
        self.opened += person.opened
        return self.seen(Result(args, code, shown, ""))

    def run(self, *args: str, env: Mapping[str, str] | None = None, **options: Any) -> Result:
        """Runs the program without a terminal."""
        return self.seen(self.machine.run(*args, env=env, **options))

    def seen(self, result: Result) -> Result:
        """The result, in which nothing that the provider gave out may be seen."""
        self._learn()
        self.machine.check(result)
        return result

    def _learn(self) -> None:
        """What the provider gave out is secret from now on, also as a login has it: in base64, at any offset."""
        for secret in self.tenant.secrets():
            if secret not in self.machine.secrets:
                self.machine.secrets += [secret, *(in_base64(secret, offset) for offset in range(3))]

    def searched(self, *, allowed: tuple[str, ...] = ()) -> dict[str, bytes]:
        """Every file of machine, home and session, by path; none holds anything that the provider gave out, but those
        whose path ends in one of `allowed`."""
        files = self.machine.files()
        files |= {str(path): path.read_bytes() for path in self.runtime.rglob("*") if path.is_file()}
        self._learn()
        for secret in self.machine.secrets:
            holders = [name for name, data in files.items() if secret.encode() in data and not name.endswith(allowed)]
            assert all(name == "work/secret" for name in holders), holders
        return files

    def new_session(self) -> None:
        """The users have logged out and in again: what was kept in memory is gone."""
        for path in self.runtime.iterdir():
            shutil.rmtree(path)

    @contextmanager
    def _person(self, user: str, *, agrees: bool) -> Iterator[Person]:
        """Somebody at the browser, who also watches for a device code."""
        browser = self.browser
        assert browser is not None, "nobody sits here"
        folder = Path(tempfile.mkdtemp(prefix="person-")) / "at"
        end = threading.Event()
        faults: list[Exception] = []
        known = len(self.tenant.user_codes())

        def watch() -> None:
            while not end.wait(0.2):
                for address, code in self.tenant.user_codes()[known:][:1]:
                    try:
                        browser.enter_code(address, code, user, agrees=agrees)
                    except (OSError, TimeoutError) as error:
                        faults.append(error)
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            with browser.person(folder, user, agrees=agrees) as person:
                yield person
        finally:
            end.set()
            watcher.join()
            shutil.rmtree(folder.parent)
        if faults:
            raise faults[0]


def in_base64(secret: str, offset: int) -> str:
    """What base64 makes of the secret behind `offset` other bytes, as far as it is the secret's alone."""
    text = base64.b64encode(bytes(offset) + secret.encode()).decode().rstrip("=")
    return text[4 if offset else 0 : -2]


@contextmanager
def office(machine: Machine, identity: IdentityHost, browser: Browser | None = None, **tenant: Any) -> Iterator[Office]:
    """An office with a tenant of its own; `tenant` as of `IdentityHost.tenant`."""
    runtime = Path(tempfile.mkdtemp(prefix="runtime-", dir="/dev/shm"))
    try:
        yield Office(machine, identity, browser, identity.tenant(**tenant), runtime)
    finally:
        shutil.rmtree(runtime)
