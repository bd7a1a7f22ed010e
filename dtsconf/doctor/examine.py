"""All checks of a machine, in the order of the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.doctor import (
    certificates,
    clock,
    credential,
    keyring,
    network,
    parts,
    places,
    queue,
    sign_in,
    state,
    vault,
)
from dtsconf.doctor.check import Check, Subject, carried_out, from_error
from dtsconf.errors import DtsconfError, Invalid

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs

_CHECKERS = (
    ("program", parts.program),
    ("paths", places.files),
    ("paths", places.folders),
    ("room", places.room),
    ("queue", queue.queue),
    ("state", state.machine_state),
    ("lock", state.lock),
    ("clock", clock.clock),
    ("group", parts.group),
    ("msmtp", parts.msmtp),
    ("keyring", keyring.keyring),
    ("vault", vault.vault),
    ("credential", credential.credential),
    ("user-file", parts.user_file),
    ("record", parts.record),
    ("ca-file", certificates.ca_file),
    ("trust", certificates.system_trust),
)


def examine(inputs: Inputs, progress: Callable[[str], None] = lambda _words: None) -> Iterator[Check]:
    """Look at the machine, its settings, and the server they name; one finding after another.

    The server is asked as far as a level-connect test goes (resolve, connect, banner, EHLO, TLS), the identity provider
    for its description; never a login.
    """
    progress("looking at this machine")
    layout = wiring.layout_of(inputs.root)
    effective, found = _settings(inputs)
    subject = Subject(layout, wiring.local_system(layout), effective, time.time())
    yield from carried_out(_CHECKERS[:1], subject)
    yield from found
    yield from carried_out(_CHECKERS[1:], subject)
    yield from carried_out((("sign-in", sign_in.sign_in),), subject)
    yield from carried_out((("server", lambda s: network.server(s, progress)),), subject)


def _settings(inputs: Inputs) -> tuple[Effective | None, list[Check]]:
    from dtsconf.settings.check import require_complete

    effective, blank = None, False
    try:
        blank = inputs.profile is None and wiring.machine_config(inputs.root) is None
        effective = wiring.effective(inputs, user=True)
        require_complete(effective)
    except Invalid as wrong:
        rest = tuple(problem for problem in wrong.problems if not (blank and problem.kind == "missing"))
        return effective, list(from_error("settings", Invalid(rest))) if rest else [_NOT_YET]
    except DtsconfError as wrong:
        return effective, list(from_error("settings", wrong))
    source = "the environment" if blank else "profile" if inputs.profile else "machine config"
    named = " ".join(filter(None, (source, effective.org.name)))
    odd = [Check("settings", "warn", notice.message, notice.hint) for notice in effective.warnings]
    return effective, [Check("settings", "ok", f"{named} can be used"), *odd]


_NOT_YET = Check(
    "settings",
    "ok",
    "no machine config and no profile yet",
    "write a profile (dtsconf init) and apply it, or name one with --profile",
)
