"""What a server's reply means: from stage, code, enhanced code and text to cause and hint. Pure.

The first row of `meanings` that fits counts: what one product says in so many words stands before what a code means
in general. `faults` does the same for what no server said.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from dtsconf.mail.failure import Finding
from dtsconf.mail.meanings import TABLE, Row

if TYPE_CHECKING:
    from dtsconf.mail.facts import Facts
    from dtsconf.mail.reply import Reply


_UNEXPECTED = Finding("protocol", "check server.host and server.port: no mail server gives this answer here")


def of_reply(stage: str, reply: Reply, facts: Facts) -> Finding:
    """What a reply that ended `stage` means. A reply of another class than 4yz and 5yz is out of place: `protocol`."""
    if reply.code < 400:
        return _UNEXPECTED
    row = next(row for row in TABLE if _fits(row, stage, reply, facts))
    hint = row.login_hint if facts.login and row.login_hint else row.hint
    return Finding(row.cause, hint.format(f=facts))


def _fits(row: Row, stage: str, reply: Reply, facts: Facts) -> bool:
    return (
        (not row.stages or stage in row.stages)
        and _pattern(row.code).fullmatch(str(reply.code)) is not None
        and (row.enhanced is None or _pattern(row.enhanced).match(reply.enhanced or "") is not None)
        and (row.text is None or _pattern(row.text).search(reply.text) is not None)
        and not (row.plain and facts.tls)
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
