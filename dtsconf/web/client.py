"""What whoever asks a service needs of a session, and nothing more: so that a value can name one without the library
behind it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtsconf.web.trouble import Step, Trouble


class Answer(Protocol):
    """A whole answer."""

    @property
    def status_code(self) -> int:
        """HTTP's (RFC 9110, 15)."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, case aside."""

    @property
    def text(self) -> str:
        """The body, as UTF-8."""


class Client(Protocol):
    """`web.session.Session`, as seen from above. `until` is the end of all patience (monotonic seconds), None for
    none."""

    until: float | None

    def request(
        self, method: str, url: str, *, data: bytes, headers: Mapping[str, str], wait: float, whole: float, limit: int
    ) -> Answer:
        """One request, whole or not at all; `wait` seconds for each piece of the answer, `whole` for all of it, `limit`
        bytes at most.

        Raises:
            NoAnswer: no whole answer, or one that doesn't count.
        """

    def open(self, url: str) -> tuple[Step, ...]:
        """See that a connection to the URL's host stands; the steps it took. Raises: as `request`."""

    def somebody_elses(self, url: str, detail: str) -> Trouble:
        """The trouble that an answer from this URL stands for which isn't the service's; `detail` describes it."""

    def close(self) -> None:
        """Let the connections go."""
