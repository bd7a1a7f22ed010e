"""What goes into a verification and what comes out of settling: plain data, and the clock that waits are made with."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from dtsconf.frozen import frozen
from dtsconf.mail.route import Link

if TYPE_CHECKING:
    from dtsconf.mail.transcript import Transcript
    from dtsconf.proof import Level, Verification
    from dtsconf.settings.model import Encryption

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
    """One verification to make, over `link`.

    `sender` is the address the mail is from ('' below level envelope), `name` its display name. `to` None means the
    sender's own address. A login's password may be None if `level` is below auth. `deadline`: seconds for one whole
    attempt, None is four times the stage time-out.
    """

    link: Link
    level: Level
    letter: Letter
    sender: str = ""
    name: str | None = None
    to: str | None = None
    deadline: float | None = None

    def written_down(self, transcript: Transcript | None) -> Job:
        """The same, with everything that is said told to `transcript`."""
        return self if transcript is None else replace(self, link=replace(self.link, transcript=transcript))

    @property
    def recipient(self) -> str:
        """Where the test mail goes: `to`, else the sender's own address."""
        return self.to or self.sender

    @property
    def whole(self) -> float:
        """Seconds for one whole attempt."""
        return float(self.deadline if self.deadline is not None else WHOLE * self.link.timeout)


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
