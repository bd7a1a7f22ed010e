"""What the engine is asked, what it is given to work with, and what it hands back. No behaviour here.

machine knows no mail and no secret backend: both come in as callables (`Services`), put in place by wiring.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from dtsconf.frozen import frozen
from dtsconf.machine.audit import write as write_audit

if TYPE_CHECKING:
    from dtsconf.errors import Notice
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.plan import Change, Plan
    from dtsconf.machine.record import Generation
    from dtsconf.machine.saved_plan import SavedPlan
    from dtsconf.machine.system import System
    from dtsconf.proof import Level, Past, Stage, Verification
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective


class Clock(Protocol):
    """Time and chance, so that tests need neither."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def random(self) -> float:
        """A number in [0, 1)."""


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """See Clock."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See Clock."""
        time.sleep(seconds)

    def random(self) -> float:
        """See Clock."""
        import random

        return random.SystemRandom().random()


@frozen
class Settled:
    """What the server answered to `auto`: none, starttls or tls, at this port. `stages` are how it was found out."""

    encryption: str
    port: int
    detail: str = ""
    stages: tuple[Stage, ...] = ()


@frozen
class Check:
    """One verification to make: the staged settings, the secrets they sign in with by settings key (none where no login
    is made at this level), how deep, the generation it would prove, and what is known of host and port from before."""

    effective: Effective
    secrets: Mapping[str, Secret]
    level: Level
    generation: int
    past: Past


@frozen
class Services:
    """The engine's hands outside the machine.

    settle: asks the server for `auto`; a Verification when that failed. Never raises for network or server trouble.
    verify: makes the test send with the contract's retries. Never raises for network or server trouble.
    fetch: (reference, settings key) -> its value; raises SecretUnavailable.
    ask: shows the plan and asks; False leaves everything as it is. `--yes` and `no terminal` answer True in there.
    progress: a short present-participle phrase whenever something starts that may take a second.
    """

    settle: Callable[[Effective, Past], Settled | Verification]
    verify: Callable[[Check], Verification]
    fetch: Callable[[str, str], Secret]
    ask: Callable[[Plan], bool] = field(default=lambda _plan: True)
    progress: Callable[[str], None] = field(default=lambda _text: None)


@frozen
class Who:
    """Who runs this: the user's name, the one who called sudo, and the machine's host name."""

    user: str
    host: str
    sudo_user: str | None = None


@frozen
class Machine:
    """The machine to work on."""

    layout: Layout
    system: System
    who: Who
    clock: Clock = field(default_factory=SystemClock)
    audit: Callable[[str], None] = write_audit


@frozen
class Options:
    """The command's words. `verify` is True for --verify, False for --no-verify, None for neither; `attended` whether
    there is a terminal (no splay then); `trusted` whether --trust-profile skipped a check; `wait` seconds for the lock;
    `commit` the git commit of the profile; `saved` the saved plan that must come out the same."""

    verify: bool | None = None
    adopt: bool = False
    allow_downgrade: bool = False
    trusted: bool = False
    reason: str | None = None
    wait: float = 30
    attended: bool = True
    commit: str | None = None
    saved: SavedPlan | None = None


@frozen
class Applied:
    """What apply or rollback did, or as `known` of an error how far it got.

    `changed` tells whether a generation was committed; `generation` is the one in force now and `before` the one that
    was (None: never applied). On a failure both are the old one. `settled` is what `auto` came to in this run.
    `unsure`: the newest record can't be read, so which generation that is can't be told. `half`: a failure could not be
    put back wholly, so what stands there may be of two generations until the next command has finished or undone it.
    """

    host: str
    changed: bool
    changes: tuple[Change, ...] = ()
    digest: str = ""
    generation: Generation | None = None
    before: Generation | None = None
    verification: Verification | None = None
    plan: Plan | None = None
    effective: Effective | None = None
    rollback_of: int | None = None
    warnings: tuple[Notice, ...] = ()
    settled: str | None = None
    unsure: bool = False
    half: bool = False
