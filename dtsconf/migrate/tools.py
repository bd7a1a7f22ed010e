"""What a migration reaches out with: the test of a profile, and the question whether its identity provider is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dtsconf import api
from dtsconf.migrate.conditions import Tools
from dtsconf.wiring.identity import session_maker, wanted_of

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.proof import Level, Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs


def tools(person: Person | None, progress: Callable[[str], None]) -> Tools:
    """The real ones; `person` may be asked to sign in."""

    def test(given: Inputs, level: Level) -> Verification:
        return api.check_of(given, level=level, person=person, progress=progress).verification

    return Tools(test, _reach)


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
