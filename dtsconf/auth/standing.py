"""What came of a sign-in, and how a user stands with one: values for the command line to show. Cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.auth.facts import Facts, SignInProof
    from dtsconf.errors import Notice
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
    """How this user stands with the machine's microsoft mode. `facts` None: not signed in, or nobody has to be."""

    flow: str
    facts: Facts | None
    proof: SignInProof | None
