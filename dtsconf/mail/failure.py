"""The one exception of a conversation: a stage failed, and this is everything known about it.

Raised where the fact is seen, turned into a `Stage` row by `report`. Never leaves the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.mail.reply import Reply
    from dtsconf.proof import Said


@frozen
class Finding:
    """What a failure means: a word of the contract's list of causes, and the next thing to type (or None). `account`:
    it is the state of the sender's account, and all its mails fare the same until that is mended."""

    cause: str
    hint: str | None = None
    account: bool = False


@dataclass(eq=False)
class StageFailed(Exception):
    """A stage failed. `detail` is what was seen, in the words of `said_by`; `reply` is the server's, if it gave one;
    `account` as in `Finding`."""

    cause: str
    detail: str
    hint: str | None = None
    said_by: Said = "dtsconf"
    reply: Reply | None = None
    account: bool = False

    @classmethod
    def of(cls, finding: Finding, detail: str, said_by: Said = "dtsconf", reply: Reply | None = None) -> StageFailed:
        """From what `causes` made of it."""
        return cls(finding.cause, detail, finding.hint, said_by, reply, finding.account)
