"""Commands whose replies come in order, sent together where the server takes that (RFC 2920).

Groups are bounded, so that neither side waits for the other to read (RFC 2920 3.1). Without the extension each command
waits for the reply to the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply

WINDOW = 100
"""Commands in one group."""


class Pipeline:
    """The replies to `lines`, one at a time, each asked for by `next`; `together` sends them in groups."""

    def __init__(self, talk: Conversation, lines: Sequence[str], *, together: bool) -> None:
        self._talk, self._lines = talk, lines
        self._window = WINDOW if together else 1
        self._sent = self._read = 0

    def next(self) -> Reply:
        """The reply to the next command. Raises: as `Conversation.command`."""
        self._read += 1
        if self._read <= self._sent:
            return self._talk.wire.read_reply(self._talk.limits.end())
        group = self._lines[self._sent : self._sent + self._window]
        self._sent += len(group)
        return self._talk.commands(group, self._talk.limits.end())

    def drain(self) -> None:
        """Read what is still to come of a group that counts no more. Raises: as `Conversation.command`."""
        while self._read < self._sent:
            self.next()
