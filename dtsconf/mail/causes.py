"""What a server's reply means: from stage, code, enhanced code and text to cause and hint. Pure.

`meanings` has the table: the code comes first, then the text among the meanings that the code has. `faults` does the
same for what no server said.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from dtsconf.mail.failure import Finding
from dtsconf.mail.meanings.accounts import OF_THE_ACCOUNT
from dtsconf.mail.meanings.otherwise import OTHERWISE
from dtsconf.mail.meanings.row import Row
from dtsconf.mail.meanings.table import TABLE

if TYPE_CHECKING:
    from dtsconf.mail.facts import Facts
    from dtsconf.mail.reply import Reply


LONGEST = 4096
"""Characters of a reply that are judged: one of 64 KiB must not take seconds."""

_UNEXPECTED = Finding(
    "protocol",
    "no mail server gives this answer here: check server.host and server.port; what works there: dtsconf test --probe",
)


def of_reply(stage: str, reply: Reply, facts: Facts) -> Finding:
    """What a reply that ended `stage` means. A reply of another class than 4yz and 5yz is out of place: `protocol`."""
    if reply.code < 400:
        return _UNEXPECTED
    row = row_of(stage, reply, facts)
    # Said to a recipient it may be the recipient's account.
    account = row.hint in OF_THE_ACCOUNT and (stage != "rcpt-to" or _named(facts.sender, reply))
    return Finding(row.cause, _hint(row, facts).format(f=facts), account)


def row_of(stage: str, reply: Reply, facts: Facts) -> Row:
    """The row of the table that a reply of 4yz or 5yz falls under; it has the source of what is said."""
    words = _own_words(reply, facts)
    return next(row for row in TABLE if _fits(row, stage, reply, words, facts))


def _hint(row: Row, facts: Facts) -> str:
    hint = (facts.login and row.login_hint) or row.hint
    return next((better for fact, better in OTHERWISE.get(hint, {}).items() if getattr(facts, fact)), hint)


def _fits(row: Row, stage: str, reply: Reply, words: str, facts: Facts) -> bool:
    return (
        (not row.stages or stage in row.stages)
        and _pattern(row.code).fullmatch(str(reply.code)) is not None
        and (row.enhanced is None or _pattern(row.enhanced).fullmatch(reply.enhanced or "") is not None)
        and (row.text is None or _pattern(row.text).search(words) is not None)
        and not (row.plain and facts.tls)
        and (row.names is None or _named(str(getattr(facts, row.names)), reply))
    )


def _own_words(reply: Reply, facts: Facts) -> str:
    """The reply without what it repeats of ours: an address such as dmarc@acme.example tells nothing of the reason."""
    text = reply.text[:LONGEST]
    for address in filter(None, (facts.sender, facts.recipient, facts.username if "@" in facts.username else "")):
        text = re.sub(re.escape(address), "…@…", text, flags=re.IGNORECASE)
    return text


def _named(fact: str, reply: Reply) -> bool:
    """Whether a reply holds the fact as a word of its own, case aside."""
    return bool(fact) and re.search(rf"(?<![\w.+-]){re.escape(fact)}(?![\w-])", reply.text, re.IGNORECASE) is not None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
