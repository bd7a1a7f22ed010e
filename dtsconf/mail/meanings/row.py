"""One row of the table of replies, and the names of the stages that rows speak of. Data only."""

from __future__ import annotations

from dtsconf.frozen import frozen

BANNER = ("banner",)
EHLO = ("ehlo",)
TLS = ("tls",)
AUTH = ("auth",)
MAIL = ("mail-from",)
RCPT = ("rcpt-to",)
CONTENT = ("data", "accepted")
SENDING = (*MAIL, *RCPT, *CONTENT)
LATER = (*RCPT, *CONTENT)
"""Servers often tell only here what they hold against the sender or the machine."""


@frozen
class Row:
    """One meaning of a reply. `source` names where that is written: an RFC and section, a product and its page or file.

    Patterns are regular expressions, case aside: `code` must fit whole, `enhanced` whole too (None: whatever it is),
    `text` is searched. `stages` () is any; `plain`: only without TLS; `names`: the fact that the words must name. A
    hint may name facts (`{f.host}`); `login_hint` replaces it when a login is on.
    """

    cause: str
    hint: str
    source: str
    stages: tuple[str, ...] = ()
    code: str = "[45].."
    enhanced: str | None = None
    text: str | None = None
    plain: bool = False
    names: str | None = None
    login_hint: str | None = None
