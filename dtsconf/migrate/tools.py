"""What a migration reaches out with: the test of a profile, and the question whether its identity provider is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dtsconf import api
from dtsconf.errors import SignInFailed
from dtsconf.migrate.conditions import Tools
from dtsconf.wiring.identity import session_maker, wanted_of

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.proof import Level, Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs


def tools(person: Person | None, progress: Callable[[str], None], out: str | None = None) -> Tools:
    """The real ones; `person` may be asked to sign in. `out`: where the new profile goes at once, if it does."""

    def test(given: Inputs, level: Level) -> Verification:
        from dtsconf.auth.sources import NobodyToAsk

        try:
            return api.check_of(given, level=level, person=person, progress=progress).verification
        except NobodyToAsk as failed:
            raise SignInFailed(failed.message, _at_a_terminal(out)) from None

    return Tools(test, _reach)


def _at_a_terminal(out: str | None) -> str:
    """What asks somebody to sign in; a sign-in made apart would be for a profile that isn't there yet."""
    from shlex import quote

    what = f"type dtsconf test --profile {quote(out)}" if out else "type the same"
    return f"{what} at a terminal, where you are asked to sign in; from another machine: ssh -t to this one, and there"


def _reach(given: Inputs, effective: Effective) -> None:
    """Read the provider's own description of the tenant (OpenID Connect Discovery 4).

    Raises:
        SignInFailed: it can't be reached, or knows no such tenant.
    """
    from dtsconf.auth.provider import Unheard, look_up
    from dtsconf.wiring import looking

    try:
        look_up(wanted_of(given, effective), session_maker(effective))
    except Unheard as failed:
        raise looking.told(failed, effective) from None
