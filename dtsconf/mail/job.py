"""What goes into a verification and what comes out of settling: plain data, and the clock that waits are made with.

Keeps the password wrapped (`Secret`). Knows no socket; whoever builds a Job has resolved the settings before.
"""

from __future__ import annotations

import random
import time
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.proof import Level, Verification
    from dtsconf.secret.value import Secret
    from dtsconf.settings.model import Settings

Encryption = Literal["none", "auto", "tls", "starttls"]

WHOLE = 4
"""A conversation may take this many times the time-out of one stage when the job gives no deadline."""


@frozen
class Letter:
    """What the test mail says it proves. `generation` is None for a `test` of settings that were never applied,
    `profile` None when the settings have no profile name. `program` is a name with version, such as `dtsconf 1.2.0`."""

    machine: str
    profile: str | None
    generation: int | None
    program: str
    user: str


@frozen
class Job:
    """One verification to make.

    `settings` are complete smtp-mode settings (host and sender there; `encryption` may be `auto`). `password` may be
    None when no login is required or `level` is below auth. `to` None means the sender's own address. `had_tls`: this
    host and port were settled on TLS before. `allow_downgrade`: the user accepts plain all the same. `deadline`:
    seconds for one whole attempt, None is four times the stage time-out. `progress` is called with a few words
    when a stage begins.
    """

    settings: Settings
    password: Secret | None
    level: Level
    to: str | None
    letter: Letter
    had_tls: bool = False
    deadline: float | None = None
    progress: Callable[[str], None] | None = field(default=None, compare=False)
    allow_downgrade: bool = False

    @property
    def port(self) -> int:
        """The TCP port in use (a null port resolved)."""
        from dtsconf.settings.model import effective_port

        return effective_port(self.settings)

    @property
    def recipient(self) -> str:
        """Where the test mail goes: `to`, else the sender's own address."""
        return self.to or self.settings.sender.email or ""

    @property
    def whole(self) -> float:
        """Seconds for one whole attempt."""
        return float(self.deadline if self.deadline is not None else WHOLE * self.settings.connection.timeout)


@frozen
class Settled:
    """What `auto` came out as. `encryption` is never `auto` unless `failure` is set: then the server could not be asked
    or must not be used, and `failure` is the verification that says why."""

    encryption: Encryption
    port: int
    detail: str
    failure: Verification | None = None


class Clock(Protocol):
    """Time as retries need it; a test brings its own."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def random(self) -> float:
        """A number from 0 up to 1."""


class SystemClock:
    """The real one."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return random.random()  # noqa: S311  (jitter, nothing secret)
