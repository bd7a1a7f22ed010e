"""A machine in a temporary folder with a server, secrets and a person that answer as a test says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dtsconf.errors import Place, SecretUnavailable
from dtsconf.machine import engine
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.machine.plan import Plan
from dtsconf.machine.planning import Planned
from dtsconf.machine.request import Applied, Check, Machine, Options, Services, Settled, Who
from dtsconf.machine.status import Status, status
from dtsconf.proof import Past, Stage, Verification
from dtsconf.secret.value import Secret
from dtsconf.settings.effective import Effective
from dtsconf.settings.policy import Lock, Policy, Rule
from dtsconf.settings.resolve import resolve
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.values import Layer, Organisation, Value

CANARY = "c4nary-Passw0rd"
WORKING = {"server.host": "mail.acme.example", "server.encryption": "starttls", "sender.email": "dts@acme.example"}
LOGIN = {**WORKING, "login.required": True, "login.username": "dts", "login.password": "file:///etc/secret"}
NOON = 1_790_000_000.0

PASSED = Verification("send", True, (Stage("accepted", True, 1.0),), None, "<1@acme.example>", "dtsconf 1", "root")
REJECTED = Verification("send", False, (Stage("auth", False, 1.0, "535 no", 535, "5.7.8", "auth-rejected", "mend it"),))
UNREACHED = Verification("send", False, (Stage("connect", False, 1.0, "refused", cause="refused"),), reached=False)


def place(line: int) -> Place:
    return Place("/srv/site.yaml", line, 3)


def effective(
    values: Mapping[str, Any] = WORKING,
    *,
    name: str = "acme",
    targets: tuple[Target, ...] = (Target(kind="dts"),),
    verify: Verify | None = None,
    secrets: SecretsOptions | None = None,
    locks: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    expects: tuple[str, ...] = (),
    environment: Mapping[str, Any] | None = None,
) -> Effective:
    """Effective settings as a profile with these parts gives them."""
    from dtsconf.errors import Variable
    from dtsconf.settings.keys import KEYS

    layer = Layer("profile", {key: Value(raw, place(n)) for n, (key, raw) in enumerate(values.items(), 1)})
    policy = Policy(tuple(Lock(key, place(101)) for key in locks), rules)
    org = Organisation(
        name, layer, policy, verify or Verify(), secrets or SecretsOptions(deliver="file"), targets, None, expects,
        str(values).encode(), ("/srv/site.yaml",),
    )  # fmt: skip
    above = Layer(
        "environment", {key: Value(raw, Variable(KEYS[key].variable)) for key, raw in (environment or {}).items()}
    )
    return resolve(org, (above,))


@dataclass
class FakeClock:
    time: float = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        self.time += 1
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def random(self) -> float:
        return 0.5


class World:
    """The machine, and knobs for everything around it."""

    def __init__(self, root: str) -> None:
        self.root = root
        os.chmod(root, 0o755)
        self.clock = FakeClock()
        self.lines: list[str] = []
        self.layout = Layout(root)
        self.system = LocalSystem(root)
        self.machine = Machine(self.layout, self.system, Who("root", "host1", "alice"), self.clock, self.lines.append)
        self.verification: Verification = PASSED
        self.settled: Settled | Verification = Settled("starttls", 587)
        self.secrets: dict[str, str] = {"file:///etc/secret": CANARY, "env://PW": CANARY}
        self.checks: list[Check] = []
        self.past: list[Past] = []
        self.fetched: list[str] = []
        self.asked: list[Plan] = []
        self.answer = True
        self.during_verify: Callable[[], None] = lambda: None
        self.want = effective()

    @property
    def services(self) -> Services:
        return Services(self._settle, self._verify, self._fetch, self._ask)

    def _settle(self, _effective: Effective, past: Past) -> Settled | Verification:
        self.past.append(past)
        return self.settled

    def _verify(self, check: Check) -> Verification:
        self.checks.append(check)
        self.during_verify()
        return self.verification if not self.verification.ok else replace(self.verification, level=check.level)

    def _fetch(self, reference: str, _key: str) -> Secret:
        self.fetched.append(reference)
        if reference not in self.secrets:
            raise SecretUnavailable(f"{reference} is not there", "put it there")
        return Secret(self.secrets[reference])

    def _ask(self, plan: Plan) -> bool:
        self.asked.append(plan)
        return self.answer

    def apply(self, want: Effective | None = None, **options: Any) -> Applied:
        self.want = want or self.want
        return engine.apply(lambda: self.want, self.machine, self.services, Options(**options))

    def plan(self, want: Effective | None = None, *, secrets: bool = False) -> Planned:
        self.want = want or self.want
        return engine.plan(lambda: self.want, self.machine, fetch=self._fetch if secrets else None)

    def rollback(self, number: int | None = None, **options: Any) -> Applied:
        return engine.rollback(number, self.machine, self.services, Options(**options))

    def status(self) -> Status:
        return status(self.system, self.layout, self.clock.time)

    def real(self, path: str) -> str:
        return self.layout.real(path)

    def read(self, path: str) -> str:
        with open(self.real(path), encoding="utf-8") as file:
            return file.read()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        os.makedirs(os.path.dirname(self.real(path)), exist_ok=True)
        with open(self.real(path), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.real(path), mode)

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.real(path))

    def tree(self) -> dict[str, tuple[int, bytes | None]]:
        """Everything under the root but the lock, whose text says who held it last: mode and content (folders None)."""
        found: dict[str, tuple[int, bytes | None]] = {}
        for folder, names, files in os.walk(self.root):
            for name in [*names, *files]:
                path = os.path.join(folder, name)
                if path == self.real(self.layout.lock):
                    continue
                mode = os.stat(path).st_mode & 0o7777
                content = None
                if name in files:
                    with open(path, "rb") as file:
                        content = file.read()
                found[os.path.relpath(path, self.root)] = (mode, content)
        return found
