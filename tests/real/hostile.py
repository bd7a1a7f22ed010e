"""The register of mail servers that misbehave: every case by name, stage after stage.

Rules: a case stands here once and is run wherever cases are run, by the program as installed and by the library; so a
cause that has a case here is shown by a test. Knows nothing of the program.
"""

from __future__ import annotations

from tests.real import hostile_login, hostile_mail, hostile_opening, hostile_tls
from tests.real.hostile_case import Case

CASES: dict[str, Case] = {
    case.name: case for module in (hostile_opening, hostile_tls, hostile_login, hostile_mail) for case in module.CASES
}
