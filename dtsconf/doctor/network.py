"""The server that the settings name, as far as it can be seen without a login: DNS, port, TLS, certificate.

Told by the same conversation that `dtsconf test --level connect` holds, so both know the same causes and fixes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dtsconf.doctor.check import Check, Subject, one_line
from dtsconf.wiring import Inputs, hands, looking

if TYPE_CHECKING:
    from dtsconf.proof import Stage

_NAMES = {"resolve": "dns", "connect": "port", "banner": "port", "ehlo": "server", "tls": "tls"}


def server(subject: Subject, progress: Callable[[str], None]) -> Iterator[Check]:
    """One line for each stage that was reached; the last one tells what stopped it."""
    effective = subject.effective
    if effective is None or effective.missing:
        yield Check("server", "ok", "no complete settings, so no server to ask")
        return
    from dtsconf.mail.verify import verify

    access = hands.without_login(Inputs(root=subject.layout.root), effective)
    job = hands.job_of(access, "connect", None, None, progress=progress)
    at = job.link.route.place
    result = verify(job)
    result = looking.looked_into(job, result, effective)
    for stage in result.stages:
        yield _line(stage, at)


def _line(stage: Stage, at: str) -> Check:
    name = _NAMES.get(stage.stage, stage.stage)
    if stage.ok:
        return Check(name, "ok", one_line(f"{at}: {stage.stage} in {stage.ms:.0f} ms: {stage.detail}"))
    return Check(name, "fail", one_line(f"{at}: {stage.stage} failed ({stage.cause}): {stage.detail}"), stage.hint)
