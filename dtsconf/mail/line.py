"""Messages that wait in line to be sent over one connection, and what whoever sends them needs to know of each. Pure.

Messages are taken from their source a little ahead, so that the envelope of the next one can go out with the end of
the one at hand. Trouble of the source waits until what came before it has been sent.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.content import Content
    from dtsconf.mail.content import Envelope


class Message(Protocol):
    """A message to send, and what its owner wants to know while it goes out. Whatever the two raise ends it all."""

    @property
    def envelope(self) -> Envelope:
        """Who it is from and to."""

    @property
    def content(self) -> Content:
        """The message itself."""

    def begin(self) -> None:
        """Called before the first octet of the content goes out: from then on it may have arrived."""

    def taken(self) -> None:
        """Called when the server has taken it for everybody: at once, or as soon as a small one, which lies ready, has
        gone out, where nothing has to be waited for until then."""


@frozen
class Single:
    """A message whose owner waits for the result."""

    envelope: Envelope
    content: Content

    def begin(self) -> None:
        """See Message."""

    def taken(self) -> None:
        """See Message."""


class Line:
    """The messages of `source`, in order."""

    def __init__(self, source: Iterable[Message]) -> None:
        self._source = iter(source)
        self._ahead: deque[Message] = deque()
        self._trouble: OSError | DtsconfError | None = None

    def next(self) -> Message | None:
        """The next one, which leaves the line; None at its end. Raises whatever the source raised in its place."""
        if self.look(0) is not None:
            return self._ahead.popleft()
        if self._trouble is not None:
            raise self._trouble
        return None

    def look(self, place: int) -> Message | None:
        """The one at this place, 0 being the next; None when the line is shorter."""
        while len(self._ahead) <= place and self._trouble is None:
            try:
                message = next(self._source, None)
            except (OSError, DtsconfError) as trouble:
                self._trouble = trouble
                break
            if message is None:
                break
            self._ahead.append(message)
        return self._ahead[place] if len(self._ahead) > place else None
