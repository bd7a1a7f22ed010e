"""`test --probe`: which ports and encryptions of the configured server work, tried without login and without mail.

Knows no more of the settings than the server; what it proposes is for a person to take over, never for apply.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.errors import Invalid, Notice, Problem
from dtsconf.frozen import frozen
from dtsconf.wiring import Inputs, hands

if TYPE_CHECKING:
    from dtsconf.mail.evidence.choice import Survey
    from dtsconf.settings.effective import Effective

SECONDS = 4.0
"""For each way; they are tried at once, so this is what a whole survey of a silent host takes. Where something listens
and says nothing, on the port in use or where nothing else would do, they are tried once more, with the time that the
settings give a stage."""


@frozen
class Probed:
    """A survey of the server, the settings that it was made with, and what was odd about them."""

    survey: Survey
    effective: Effective
    warnings: tuple[Notice, ...] = ()


def probe_of(given: Inputs, progress: Callable[[str], None] = lambda _words: None) -> Probed:
    """Try every way into the server of these settings.

    Raises:
        Invalid: the settings can't be used, or go by Graph, which has no ports to try.
    """
    from dtsconf.mail.evidence.choice import Survey, best, chosen
    from dtsconf.mail.evidence.ways import late, survey
    from dtsconf.settings.roots import require_roots

    effective = wiring.effective(given, user=True)
    _require_ports(effective)
    require_roots(effective)
    link = hands.link_of(hands.without_login(given, effective), progress=progress)
    progress(f"trying the ports of {link.smtp.host}")
    ways = survey(link, SECONDS, time.monotonic() + SECONDS + 0.5)
    waited = late(ways)
    if link.timeout > SECONDS and waited and (link.smtp.port in waited or not best(ways, link.smtp)):
        progress("waiting for what greets late")
        ways = survey(link, link.timeout, time.monotonic() + link.timeout + 0.5)
    return Probed(Survey(link.smtp, ways, chosen(ways, link.smtp)), effective, effective.warnings)


def _require_ports(effective: Effective) -> None:
    if effective.settings.mode == "smtp" or effective.settings.microsoft.via == "smtp":
        return
    where = effective.origin["microsoft.via"].where
    message = "there are no ports to try: microsoft.via is graph, which is HTTPS at one address"
    raise Invalid((Problem("no-ports", message, "dtsconf test tells each step of it", where, "microsoft.via"),))
