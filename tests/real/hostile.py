"""The register of mail servers that misbehave: every case by name, stage after stage.

Rules: a case stands here once and is run wherever cases are run, by the program as installed and by the library; so a
cause that has a case here is shown by a test. Knows nothing of the program.
"""

from __future__ import annotations

from tests.real import hostile_login, hostile_mail, hostile_opening, hostile_tls
from tests.real.hostile_case import TOKEN, Case
from tests.real.hostile_network import OBSTACLES

MODULES = (hostile_opening, hostile_tls, hostile_login, hostile_mail)
CASES: dict[str, Case] = {case.name: case for module in MODULES for case in module.CASES}

OF_PASSWORDS = {name: case for name, case in CASES.items() if case.mechanism != TOKEN}
"""Those that a profile in smtp mode can meet."""


def shown() -> dict[str, list[str]]:
    """Each cause that a case or an obstacle shows, and the names of these."""
    found: dict[str, list[str]] = {}
    for name, case in CASES.items():
        if case.outcome is not None:
            found.setdefault(case.outcome[1], []).append(name)
    for name, obstacle in OBSTACLES.items():
        found.setdefault(obstacle.cause, []).append(name)
    return found
