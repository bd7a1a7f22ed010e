"""What came of a sign-in, and how a user stands with one: values for the command line to show. Cheap."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.errors import Notice
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.auth.closed import Closed
    from dtsconf.auth.exposure import Exposed
    from dtsconf.auth.facts import Facts, SignInProof
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective


@frozen
class SignedIn:
    """A finished sign-in. `verification` is None where the profile wants none; `recorded` tells whether its proof
    counts for the machine's settings."""

    facts: Facts
    verification: Verification | None
    effective: Effective
    recorded: bool
    warnings: tuple[Notice, ...] = ()


@frozen
class Standing:
    """How this user stands with the machine's microsoft mode. `facts` None: not signed in, or nobody has to be.
    `exposed`: others could read or replace the tokens; `kept`: a sign-in outlives its command here; `cache` is
    microsoft.token_cache; `closed`: this user can't use what is kept; `aside`: the other microsoft.token_cache, where
    that alone keeps a sign-in."""

    flow: str
    facts: Facts | None
    proof: SignInProof | None
    exposed: Exposed | None = None
    kept: bool = True
    cache: str = "encrypted"
    closed: Closed | None = None
    aside: str | None = None

    @property
    def over(self) -> bool:
        """Whether the sign-in that is kept ended, and nothing renews it."""
        return self.facts is not None and not self.facts.renewable and self.facts.expires <= time.time()

    @property
    def warning(self) -> Notice | None:
        """That the tokens are not this user's alone, or not even theirs; None where they are."""
        if self.exposed is not None and self.facts is not None:
            told = f"the tokens of {escape_controls(self.facts.account)} are not yours alone: {self.exposed.told}"
            return Notice("tokens-exposed", told, f"{self.exposed.fix}; others may have had them: then dtsconf sign-in")
        if self.closed is not None:
            return Notice("tokens-closed", f"a sign-in can't be kept or renewed: {self.closed.told}", self.closed.fix)
        return None
