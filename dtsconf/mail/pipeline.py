"""Commands whose replies come in order, sent together where the server takes that (RFC 2920).

Groups are bounded, so that neither side waits for the other to read (RFC 2920 3.1). Without the extension each command
waits for the reply to the one before. DATA may only be the last of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.reply import NotAReply
from dtsconf.mail.wire import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply

WINDOW = 100
"""Commands in one group."""

_GO_ON = 354
"""The reply to DATA (RFC 5321 4.3.2)."""


class Pipeline:
    """The replies to `lines`, one at a time, each asked for by `next`; `together` sends them in groups."""

    def __init__(self, talk: Conversation, lines: Sequence[str], *, together: bool) -> None:
        self._talk, self._lines = talk, lines
        self._window = WINDOW if together else 1
        self._sent = self._read = 0

    def next(self, stage: str = "") -> Reply:
        """The reply to the next command, within the stage's time. Raises: as `Conversation.command`."""
        end = self._talk.limits.end(stage)
        self._read += 1
        if self._read <= self._sent:
            return self._talk.wire.read_reply(end)
        group = self._lines[self._sent : self._sent + self._window]
        self._sent += len(group)
        return self._talk.commands(group, end)

    def ahead(self) -> bytes:
        """All the commands, for the caller to send behind the end of another message (RFC 2920 3.1); nothing when they
        don't go in one group.

        Raises:
            StageFailed: a line holds a line break.
        """
        if len(self._lines) > self._window:
            return b""
        self._sent = len(self._lines)
        return self._talk.group(self._lines)

    @property
    def waiting(self) -> int:
        """Commands that were sent and whose replies weren't read yet."""
        return self._sent - self._read

    def leave_out(self) -> None:
        """Don't send what wasn't sent yet, but for the last command."""
        self._lines = [*self._lines[: self._sent], *self._lines[max(self._sent, len(self._lines) - 1) :]]

    def drain(self) -> None:
        """Read what is still to come of a group that counts no more. A server that waits for a message all the same
        (RFC 2920 3.1) gets none: the connection isn't used any further. One that is gone by then has said before what
        counts."""
        try:
            while self._read < self._sent:
                if self.next().code == _GO_ON:
                    self._talk.hang_up()
        except (ConnectionLost, TimeoutError, NotAReply):
            self._talk.hang_up()
