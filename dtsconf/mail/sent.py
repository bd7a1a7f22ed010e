"""What came of handing over one message: who gets it, and the stages it took. Holds no secret."""

from __future__ import annotations

from dtsconf.frozen import frozen
from dtsconf.proof import Stage


@frozen
class Recipient:
    """One recipient. `ok`: the server took the message for them; `code` and `enhanced_code` are the server's answer
    (RFC 5321 4.2, RFC 3463), `detail` its words or ours; `cause` is a word of the contract's list; `account` as in
    `Stage`."""

    address: str
    ok: bool
    code: int | None = None
    enhanced_code: str | None = None
    detail: str = ""
    cause: str | None = None
    hint: str | None = None
    account: bool = False

    @property
    def crowded_out(self) -> bool:
        """Whether the server takes no more recipients at once. Some say 552 in place of 452 (RFC 5321 4.5.3.1.10); that
        may be about the mailbox, too: the words tell."""
        if self.enhanced_code is not None:
            return self.enhanced_code in ("4.5.3", "5.5.3")
        return self.code == 452 or (self.code == 552 and self.cause == "rate-limited")


@frozen
class Sent:
    """One delivery, or with `queued` (an id) one to come. `recipients` in the envelope's order. `failure` is the stage
    that ended it for all of them; without one, single recipients may still have been refused. `reached` is False when
    not a byte of the server was read."""

    message_id: str
    recipients: tuple[Recipient, ...]
    stages: tuple[Stage, ...]
    reached: bool = True
    queued: str | None = None

    @property
    def failure(self) -> Stage | None:
        """The stage that failed, or None."""
        return next((stage for stage in self.stages if not stage.ok), None)

    @property
    def ok(self) -> bool:
        """Whether everybody gets it."""
        return self.failure is None and all(recipient.ok for recipient in self.recipients)

    @property
    def unknown(self) -> bool:
        """Whether it may have arrived all the same: the connection went away after the final dot."""
        return self.failure is not None and self.failure.cause == "outcome-unknown"

    @property
    def crowded_out(self) -> tuple[str, ...]:
        """Whom the server would have taken in a transaction of their own (RFC 5321 4.5.3.1.10): it said 4.5.3
        (RFC 3463), or 452 or 552 without more, to them and took others."""
        if self.failure is not None:
            return ()
        return tuple(one.address for one in self.recipients if one.crowded_out)
