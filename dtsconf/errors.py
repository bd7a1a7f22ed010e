"""The error tree: facts in fields, the sentence built from them, and the exit code that tells them apart.

    DtsconfError            1   failed, as told
    ├── UsageProblem        2   the call's words are off
    ├── Invalid             3/4 profile or layer (3), lock, rule, policy, trust (4); holds every problem found
    ├── SecretUnavailable   5   a secret can't be had
    ├── VerificationFailed  6/9 the test send failed (6), the server could not be reached (9)
    ├── SignInFailed        6/9 no token is to be had: nobody signed in, or the identity provider says no
    ├── LockHeld            8   another apply holds the lock
    └── Interrupted       130   Ctrl-C before the commit point

A problem never holds a secret: whoever builds one blots the source line first. This module knows no domain and
imports nothing of dtsconf.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from dtsconf.frozen import frozen


@frozen
class Place:
    """A spot in a file. `line` and `column` count from 1; the file is named as the user gave it."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@frozen
class Variable:
    """An environment variable, by name only: its value may be a secret."""

    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class Option:
    """A word of the command line, such as `--set server.port`."""

    text: str

    def __str__(self) -> str:
        return self.text


Where = Place | Variable | Option


@frozen
class Problem:
    """One thing that is wrong, with where it stands and what to do next.

    `kind` is a stable kebab-case word for programs. `excerpt` is the source line and a caret line under it, secrets
    already blotted out, or None. `code` is the exit code that this problem alone would give.
    """

    kind: str
    message: str
    hint: str | None = None
    where: Where | None = None
    key: str | None = None
    excerpt: str | None = None
    code: int = 3


@frozen
class Notice:
    """A warning: dtsconf went on. Same fields as a Problem, and `strict` tells whether --strict makes it an error."""

    kind: str
    message: str
    hint: str | None = None
    where: Where | None = None
    key: str | None = None
    strict: int = 0
    """The exit code this becomes under --strict; 0 when it stays a warning."""
    standing: bool = False
    """Whether it holds as long as the profile and what it asks for stay as they are: it is told where somebody can act
    on it, and not by each mail that goes out well."""


@dataclass(eq=False)
class DtsconfError(Exception):
    """Anything dtsconf can tell a user about. Any `problems` come with place and hint; `known` is what the command
    had found out before it failed (a result object of the API), for the JSON output; `warnings` came up till then."""

    message: str
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
    known: Any = field(default=None, repr=False)
    warnings: tuple[Notice, ...] = field(default=(), repr=False)
    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "failed"

    def __str__(self) -> str:
        where = self.problems[0].where if self.problems else None
        return f"{where}: {self.message}" if where else self.message

    @property
    def code(self) -> int:
        """The process exit code (contract: "Exit codes")."""
        return self.exit_code

    def all_problems(self) -> tuple[Problem, ...]:
        """The problems, or the error itself as one when it holds none."""
        return self.problems or (Problem(self.kind, self.message, self.hint, code=self.code),)


class UsageProblem(DtsconfError):
    """The call's words are off (unknown command, option or argument)."""

    exit_code = 2
    kind = "usage"


class Invalid(DtsconfError):
    """Profiles or layers that can't be used. Holds all problems of all files, never only the first."""

    exit_code = 3
    kind = "invalid"

    def __init__(self, problems: tuple[Problem, ...], known: Any = None) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(first.message + more, first.hint, problems, known)

    @property
    def code(self) -> int:
        """3 when any problem is of kind 3, else 4 (contract: "Layers")."""
        return 3 if any(p.code == 3 for p in self.problems) else self.problems[0].code


class SecretUnavailable(DtsconfError):
    """A secret can't be had: missing, forbidden, unreachable, or its backend isn't there."""

    exit_code = 5
    kind = "secret"


class VerificationFailed(DtsconfError):
    """The test send failed. `reached` is False when not a byte of the server was read (exit 9)."""

    exit_code = 6
    kind = "verification"

    def __init__(self, message: str, hint: str | None, *, reached: bool = True, known: Any = None) -> None:
        super().__init__(message, hint, known=known)
        self.reached = reached

    @property
    def code(self) -> int:
        """6, or 9 when the server could not be reached."""
        return 6 if self.reached else 9


class SignInFailed(DtsconfError):
    """No token is to be had: nobody has signed in, or the identity provider says no. Where the provider could not be
    reached (exit 9), `unreached` is the stage of the way to it that failed and the cause (words of a verification)."""

    exit_code = 6
    kind = "sign-in"

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        unreached: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint, problems)
        self.unreached = unreached

    @property
    def code(self) -> int:
        """6, or 9 when the provider could not be reached."""
        return 9 if self.unreached else 6


class LockHeld(DtsconfError):
    """Another apply holds the machine's lock. `waited` in seconds."""

    exit_code = 8
    kind = "lock-held"

    def __init__(self, holder: str, waited: float) -> None:
        super().__init__(
            f"another dtsconf run ({holder}) holds the lock; waited {waited:.0f} s",
            "wait for it to end, or give it longer with --wait SECONDS",
        )


class Interrupted(DtsconfError):
    """Ended by Ctrl-C, SIGTERM or SIGHUP. Whoever knows what became of the machine says so, others say nothing."""

    exit_code = 130
    kind = "interrupted"
