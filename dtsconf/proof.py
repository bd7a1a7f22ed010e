"""The result of a verification: what was tried, stage by stage, what answered, and how far the proof reaches.

Shared by `mail` (which makes it), `machine` (which records it) and `render` (which shows it). Holds no secret: whoever
fills a `detail` masks it first.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.web.trouble import Trouble

Level = Literal["none", "connect", "auth", "envelope", "send"]
LEVELS: tuple[Level, ...] = ("none", "connect", "auth", "envelope", "send")
NEEDS_LOGIN = LEVELS[LEVELS.index("auth") :]
"""Levels at which the verification logs in."""

Said = Literal["server", "tls", "system", "dtsconf"]
"""Who a stage's detail comes from: the server's own words, the TLS library, the operating system, or dtsconf itself."""

CAUSES: dict[str, str] = {
    "dns": "the server's name could not be resolved",
    "no-route": "there is no way through the network to the server",
    "refused": "nothing accepts connections at that address and port",
    "timeout": "no answer came in time",
    "blocked": "something turns this machine away",
    "not-smtp": "what answers there is no mail server",
    "protocol": "what the server said doesn't fit the conversation",
    "tls-required": "the server wants an encrypted connection",
    "tls-not-offered": "the server offers no encryption, or refuses what it offers",
    "tls-version": "no TLS version, or no cipher of it, suits both sides",
    "tls-untrusted": "the server's certificate comes from nobody this machine trusts",
    "tls-name": "the server's certificate is for another name",
    "tls-expired": "the server's certificate has expired",
    "tls-not-yet-valid": "the server's certificate is not valid yet",
    "tls-stripped": "the encryption that should be there was taken out on the way, or given up",
    "auth-mechanism": "there is no way to log in that both sides know",
    "auth-rejected": "the server refused the login, or got none",
    "auth-disabled": "the server has logging in switched off",
    "cleartext-refused": "the password would have gone over an unencrypted connection",
    "sender-rejected": "the server doesn't take mail from this sender",
    "recipient-rejected": "the server doesn't take mail for this recipient",
    "content-rejected": "the server refused the mail's content",
    "mailbox-full": "the recipient's mailbox is full",
    "too-large": "the mail is larger than the server takes",
    "rate-limited": "no more mail is taken for now",
    "greylisted": "the server wants to see the same mail again later",
    "server-error": "the server has a fault of its own",
    "dropped": "the connection was cut",
    "outcome-unknown": "the mail was handed over, and no clear answer came to that; it may have arrived",
    "token": "the sign-in token was refused",
}
"""Every `cause` of the contract, in a sentence."""


@frozen
class Stage:
    """One step of the conversation. `ms` is its wall time; `code` and `enhanced_code` are the server's (RFC 5321 4.2,
    RFC 3463); `cause` is a word of the contract's list and set only on the stage that failed. `account`: the no is for
    the state of the sender's account, whatever the mail (not recorded)."""

    stage: str
    ok: bool
    ms: float
    detail: str = ""
    code: int | None = None
    enhanced_code: str | None = None
    cause: str | None = None
    hint: str | None = None
    said_by: Said = "dtsconf"
    account: bool = False

    def as_record(self) -> dict[str, Any]:
        """The contract's JSON object for a stage."""
        record = asdict(self)
        del record["account"]
        return record


@frozen
class Past:
    """What this machine knows of a host and port from before. `tls`: `auto` was settled on TLS there; `proven`: when
    the settings in force were proven there (UTC, to the minute), None if they weren't; `login`: the user name that was
    proven with them, None where nobody logged in; `renewed`: with another password than is used
    now, for all that is known."""

    tls: bool = False
    proven: str | None = None
    login: str | None = None
    renewed: bool = False


@frozen
class Evidence:
    """One thing that was looked at after a failure: what was tried, what was seen, and what that means."""

    what: str
    seen: str
    means: str


@frozen
class Verification:
    """A test send, at `level` (the deepest asked for). `pending` names why the proof is still owed (`sign-in`,
    `offline`, `user`) or is None. `reached` is False when not a byte of the server was read (exit 9 instead of 6).
    `evidence` is what looks on the side found after a failure. For these looks, and not recorded: `trouble`, why no
    answer came over HTTPS; `greeter`, who greeted in place of the server; `content`, whether the mail itself began to
    go out."""

    level: Level
    ok: bool
    stages: tuple[Stage, ...] = ()
    pending: str | None = None
    message_id: str | None = None
    program: str = ""
    user: str = ""
    reached: bool = True
    evidence: tuple[Evidence, ...] = ()
    trouble: Trouble | None = None
    greeter: str | None = None
    content: bool = False

    @property
    def failure(self) -> Stage | None:
        """The stage that failed, or None."""
        return next((s for s in self.stages if not s.ok), None)

    def as_record(self) -> dict[str, Any]:
        """The contract's JSON object for `verification` (all fields, stages as a list of objects)."""
        record = asdict(replace(self, trouble=None))
        for each in ("reached", "trouble", "greeter", "content"):
            del record[each]
        record["stages"] = [s.as_record() for s in self.stages]
        record["evidence"] = [asdict(e) for e in self.evidence]
        return record
