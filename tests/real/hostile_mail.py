"""Hostile once the mail is under way: MAIL, RCPT, DATA, the final dot, and the way out (RFC 5321 3.3, 4.5.3.2)."""

from __future__ import annotations

from tests.real.hostile_case import FINE, Case, plain
from tests.real.scripted import Action, Drip, Drop, Flood, HalfClose, Hear, Raw, Say, Stall, Usual, Wait, steps

_UNKNOWN = ("accepted", "outcome-unknown")
_LATE: dict[str, Action] = {
    verb: steps(Wait(0.7), Usual()) for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")
}
"""Each stage is in time (at 1 s a stage), and all together are not (at 4 s)."""

ENVELOPE = (
    Case("mail-unanswered", "does not answer MAIL", ("mail-from", "timeout"), plain({"MAIL": Stall()}), waits=True),
    Case("mail-closed", "closes at MAIL", ("mail-from", "dropped"), plain({"MAIL": Drop()})),
    Case("mail-reset", "resets at MAIL", ("mail-from", "dropped"), plain({"MAIL": Drop(reset=True)})),
    Case("mail-354", "says 354 to MAIL", ("mail-from", "protocol"), plain({"MAIL": Say("354 go")}), says="^354 "),
    Case("mail-150", "says 150 to MAIL", ("mail-from", "protocol"), plain({"MAIL": Say("150 wait")})),
    Case("mail-421", "says 421 to MAIL", ("mail-from", "rate-limited"), plain({"MAIL": steps(Say("421 4.7.0 Too fast"), Drop())})),
    Case("mail-421-out-of-turn", "gives up in the middle of the session", ("mail-from", "rate-limited"), plain({"EHLO": steps(Raw(b"250 mail.test\r\n421 4.7.0 Too many of you\r\n"), Drop())}), says="^421 "),
    Case("mail-codes-that-mix", "says 250 and 550 to MAIL in one answer", ("mail-from", "protocol"), plain({"MAIL": Say("250-ok\n550 no")}), says="two codes, 250 and 550"),
    Case("mail-endless", "answers MAIL without end", ("mail-from", "protocol"), plain({"MAIL": Flood("250-ok")}), says="longer than 64 KiB"),
    Case("closed-after-mail", "takes MAIL, and closes", ("rcpt-to", "dropped"), plain({"MAIL": steps(Say("250 ok"), Drop())})),
    Case("half-closed-after-mail", "takes MAIL, says FIN, and listens", ("rcpt-to", "dropped"), plain({"MAIL": steps(Say("250 ok"), HalfClose())})),
    Case("two-answers-to-mail", "answers MAIL twice, so that each answer to come is the one before", ("rcpt-to", "protocol"), plain({"MAIL": Say("250 ok\n250 ok")}), says="spoke before it was asked"),
    Case("rcpt-reset", "resets at RCPT", ("rcpt-to", "dropped"), plain({"RCPT": Drop(reset=True)})),
    Case("rcpt-byte-by-byte", "answers RCPT a byte at a time", ("rcpt-to", "timeout"), plain({"RCPT": Drip("250 " + "y" * 200, 0.2)}), waits=True),
    Case("rcpt-334", "asks a question at RCPT", ("rcpt-to", "protocol"), plain({"RCPT": Say("334 VXNlcm5hbWU6")})),
    Case("sender-refused", "takes no such sender", ("mail-from", "sender-rejected"), plain({"MAIL": Say("550 5.1.8 not you")})),
    Case("relay-denied", "does not relay", ("rcpt-to", "recipient-rejected"), plain({"RCPT": Say("554 5.7.1 Relay access denied")})),
    Case("greylisting", "wants to see a second try", ("rcpt-to", "greylisted"), plain({"RCPT": Say("450 4.2.0 Greylisted, see you in 5 minutes")})),
    Case("mailbox-full", "has no room for more", ("rcpt-to", "mailbox-full"), plain({"RCPT": Say("452 4.2.2 mailbox full")})),
    Case("wants-tls-late", "wants TLS when it comes to the sender", ("mail-from", "tls-required"), plain(require_tls=True), says="^530 "),
)  # fmt: skip

CONTENT = (
    Case("data-refused", "takes the recipient, refuses DATA", ("data", "content-rejected"), plain({"DATA": Say("554 5.7.1 no data")}), says="^554 "),
    Case("data-250", "says 250 to DATA", ("data", "protocol"), plain({"DATA": Say("250 ok")}), says="^250 "),
    Case("data-closed", "closes at DATA", ("data", "dropped"), plain({"DATA": Drop()})),
    Case("data-unanswered", "does not answer DATA", ("data", "timeout"), plain({"DATA": Stall()}), waits=True),
    Case("queued-before-the-mail", "says 250 to a mail it has not seen", ("data", "protocol"), plain({"DATA": steps(Raw(b"354 go\r\n250 2.0.0 queued\r\n"), Stall())}), says="spoke before it was asked"),
    Case("data-then-silence", "says 354, and nothing more", _UNKNOWN, plain({"DATA": steps(Say("354 go"), Stall())}), waits=True, says="no answer in"),
    Case("data-then-reset", "says 354, and resets", ("data", "dropped"), plain({"DATA": steps(Say("354 go"), Drop(reset=True))}), also=(_UNKNOWN,)),
    Case("reset-in-mid-data", "resets when it has read a line of the mail", _UNKNOWN, plain({"DATA": steps(Say("354 go"), Hear(), Drop(reset=True))}), also=(("data", "dropped"),)),
    Case("no-in-mid-data", "refuses the mail before it is over", ("accepted", "content-rejected"), plain({"DATA": steps(Say("354 go"), Hear(), Say("554 5.7.1 spam"), Stall())}), also=(("data", "content-rejected"),), says="^554 "),
)  # fmt: skip

DOT = (
    Case("dot-closed", "closes at the final dot", _UNKNOWN, plain({".": Drop()}), says="closed"),
    Case("dot-reset", "resets at the final dot", _UNKNOWN, plain({".": Drop(reset=True)}), says="reset"),
    Case("dot-unanswered", "does not answer the final dot", _UNKNOWN, plain({".": Stall()}), waits=True, says="no answer in"),
    Case("dot-late", "answers the final dot when the time is over", _UNKNOWN, plain({".": steps(Wait(2), Say("250 2.0.0 queued"))}), waits=True, says="no answer in"),
    Case("dot-half-line", "closes in the middle of its answer to the final dot", _UNKNOWN, plain({".": steps(Raw(b"250 2.0.0 que"), Drop())})),
    Case("dot-byte-by-byte", "answers the final dot a byte at a time", _UNKNOWN, plain({".": Drip("250 " + "y" * 200, 0.2)}), waits=True, says="no whole answer in"),
    Case("dot-354", "says 354 to the final dot", _UNKNOWN, plain({".": Say("354 more")}), says="354 more"),
    Case("dot-prose", "answers the final dot in prose", _UNKNOWN, plain({".": Say("thank you")}), says="thank you"),
    Case("dot-endless", "answers the final dot without end", _UNKNOWN, plain({".": Flood("250-queued")}), says="longer than 64 KiB"),
    Case("dot-codes-that-mix", "says 250 and 550 to the final dot in one answer", _UNKNOWN, plain({".": Say("250-queued\n550 or not")}), says="two codes, 250 and 550"),
    Case("dot-refused", "refuses the content", ("accepted", "content-rejected"), plain({".": Say("550 5.7.1 virus found")}), says="^550 "),
    Case("dot-too-large", "says that the mail is too large", ("accepted", "too-large"), plain({".": Say("552 5.3.4 Message too big")}), says="^552 "),
    Case("dot-server-error", "has a fault of its own", ("accepted", "server-error"), plain({".": Say("451 4.3.0 queue file write error")}), says="^451 "),
    Case("each-stage-in-time", "is slow at each stage, and only the time for it all ends that", _UNKNOWN, plain(_LATE), waits=True, also=(("data", "timeout"),), says="s for it all are over"),
    Case("quit-unanswered", "takes the mail, and does not answer QUIT", FINE, plain({"QUIT": Stall()}), 0),
    Case("quit-endless", "takes the mail, and answers QUIT without end", FINE, plain({"QUIT": Flood("221-bye")}), 0),
    Case("quit-prose", "takes the mail, and answers QUIT in prose", FINE, plain({"QUIT": Say("bye")}), 0),
    Case("two-answers-at-the-end", "answers the final dot twice", FINE, plain({".": Raw(b"250 queued\r\n550 or not\r\n")}), 0),
)  # fmt: skip

CASES = (*ENVELOPE, *CONTENT, *DOT)
