"""Hostile from the first byte: what greets, and what is offered (RFC 5321 3.1, 4.2)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.real import odd
from tests.real.ca import Certificates
from tests.real.hostile_case import FINE, UNREACHED, Address, Case, Serve, plain
from tests.real.scripted import Drip, Drop, Flood, HalfClose, Pour, Raw, Say, Stall, Usual, Wait, steps

_KIB = b"x" * 1024
_TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u200b"


def _greets(data: bytes) -> Serve:
    return plain({"CONNECT": Raw(data)})


def _offers(*lines: str) -> Serve:
    """EHLO's answer, as these lines after the greeting."""
    return plain({"EHLO": Say("\n".join(["250-mail.test", *(f"250-{line}" for line in lines), "250 HELP"]))})


@contextlib.contextmanager
def _nobody(_: Certificates) -> Iterator[Address]:
    with odd.dead_port() as port:
        yield Address(port)


BANNER = (
    Case("nobody", "is not there: nothing listens", ("connect", "refused"), _nobody, UNREACHED, says="refused"),
    Case(
        "no-banner", "takes the connection, says nothing", ("banner", "timeout"), plain({"CONNECT": Stall()}), UNREACHED,
        waits=True, says="no answer in",
    ),
    Case("closed-at-once", "closes before a word", ("banner", "dropped"), plain({"CONNECT": Drop()}), UNREACHED),
    Case(
        "reset-at-once", "resets before a word", ("banner", "dropped"), plain({"CONNECT": Drop(reset=True)}), UNREACHED,
        also=(("connect", "dropped"),),
    ),
    Case(
        "half-closed-at-once", "says FIN before a word, and listens", ("banner", "dropped"),
        plain({"CONNECT": HalfClose()}), UNREACHED,
    ),
    Case(
        "banner-byte-by-byte", "sends its banner so slowly that each read succeeds and none is the last",
        ("banner", "timeout"), plain({"CONNECT": Drip("220 " + "patience " * 100, 0.2)}), waits=True,
        says="no whole answer in",
    ),
    Case(
        "endless-banner", "greets with continuation lines without end", ("banner", "protocol"),
        plain({"CONNECT": Flood("220-" + "x" * 500)}), says="longer than 64 KiB",
    ),
    Case(
        "endless-short-banner", "greets with the shortest continuation lines there are, without end",
        ("banner", "protocol"), plain({"CONNECT": Flood("220-")}), says="longer than 64 KiB",
    ),
    Case(
        "endless-line", "greets with a line that has no end", ("banner", "protocol"),
        plain({"CONNECT": Pour(b"220 " + _KIB, 65536)}), says="longer than 8 KiB",
    ),
    Case(
        "line-of-1-gb", "greets with 1 GB in one line", ("banner", "protocol"),
        plain({"CONNECT": steps(Raw(b"220 "), Pour(_KIB * 64, 16384))}), says="longer than 8 KiB",
    ),
    Case("nuls-in-banner", "has NULs in its banner", FINE, _greets(b"220 mail\0.test\0 ESMTP\0\r\n"), 0),
    Case("only-nuls", "sends NULs", ("banner", "not-smtp"), _greets(b"\0" * 512 + b"\r\n")),
    Case("nuls-without-end", "sends NULs, and no line end", ("banner", "not-smtp"), plain({"CONNECT": Pour(b"\0" * 1024, 65536)})),
    Case("bare-lf", "ends its banner by a bare LF", FINE, _greets(b"220-mail.test\n220 ready\n"), 0),
    Case(
        "bare-cr", "ends its banner by a bare CR", ("banner", "timeout"), _greets(b"220-mail.test\r220 ready\r"),
        waits=True, says="no whole answer in",
    ),
    Case("invalid-utf-8", "greets in what is no UTF-8", FINE, _greets(b"220 \xff\xfe\xc0\xaf \xed\xa0\x80 ready\r\n"), 0),
    Case("terminal-escapes", "greets with sequences that rule a terminal", FINE, _greets(f"220 {_TERMINAL}\r\n".encode()), 0),
    Case(
        "terminal-escapes-in-a-no", "refuses with sequences that rule a terminal", ("banner", "blocked"),
        _greets(f"554 5.7.1 {_TERMINAL}\r\n".encode()), says=r"^554 5\.7\.1 \\x1b\]0;owned",
    ),
    Case("blocked", "greets with 554", ("banner", "blocked"), lambda _: odd.blocked(), says="^554 "),
    Case("busy", "greets with 421: too many connections", ("banner", "rate-limited"), lambda _: odd.busy(), says="^421 "),
    Case(
        "shutting-down", "greets with 421: shutting down", ("banner", "server-error"),
        plain({"CONNECT": steps(Say("421 4.3.2 mail.test is shutting down"), Drop())}), says="^421 ",
    ),
    Case("banner-450", "greets with 450", ("banner", "server-error"), _greets(b"450 4.3.0 not now\r\n"), says="^450 "),
    Case(
        "banner-codes-that-mix", "begins its banner with 220 and ends it with 554", ("banner", "protocol"),
        _greets(b"220-mail.test\r\n554 no\r\n"), says="two codes, 220 and 554",
    ),
    Case("banner-120", "greets with 120, as FTP servers may", ("banner", "not-smtp"), _greets(b"120 ready in 3 minutes\r\n")),
    Case("banner-354", "greets with 354", ("banner", "protocol"), _greets(b"354 go on\r\n"), says="^354 "),
    Case("banner-250", "greets with 250", ("banner", "protocol"), _greets(b"250 mail.test\r\n"), says="^250 "),
    Case("banner-999", "greets with a code of no class", ("banner", "not-smtp"), _greets(b"999 mail.test\r\n")),
    Case("banner-without-blank", "glues text to its code", ("banner", "not-smtp"), _greets(b"220mail.test ESMTP\r\n")),
    Case("unicode-digits", "greets in digits of another script", ("banner", "not-smtp"), _greets("٢٢٠ mail.test\r\n".encode())),
    Case(
        "answers-before-questions", "sends its answers to EHLO and more along with the banner", ("ehlo", "protocol"),
        _greets(b"220 mail.test\r\n250-mail.test\r\n250 SIZE 9\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n"),
        says="spoke before it was asked",
    ),
    Case(
        "no-after-the-banner", "takes its banner back in the same breath", ("ehlo", "rate-limited"),
        plain({"CONNECT": steps(Raw(b"220 mail.test\r\n421 4.7.0 too many connections\r\n"), HalfClose())}), says="^421 ",
    ),
    Case("web-server", "is a web server", ("banner", "not-smtp"), lambda _: odd.http(), waits=True, says="web server"),
    Case("web-proxy", "is a proxy with an error page", ("banner", "not-smtp"), lambda _: odd.eager_http(), says="web server"),
    Case("ssh-server", "is an SSH server", ("banner", "not-smtp"), lambda _: odd.ssh(), says="SSH server"),
    Case("imap-server", "is an IMAP server", ("banner", "not-smtp"), _greets(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), says="IMAP"),
    Case("pop3-server", "is a POP3 server", ("banner", "not-smtp"), _greets(b"+OK ready\r\n"), says="POP3"),
    Case(
        "ftp-server", "is an FTP server", ("ehlo", "not-smtp"),
        plain({"CONNECT": Say("220 FTP ready"), "EHLO": Say("500 unknown command"), "HELO": Say("500 unknown command")}),
        says="FTP",
    ),
    Case(
        "ftp-server-that-wants-a-user", "is an FTP server, which wants USER and PASS first", ("ehlo", "not-smtp"),
        plain({"CONNECT": Say("220 (vsFTPd 3.0.3)"), "EHLO": Say("530 Please login with USER and PASS.")}), says="FTP",
    ),
)  # fmt: skip

EHLO = (
    Case("ehlo-unanswered", "does not answer EHLO", ("ehlo", "timeout"), plain({"EHLO": Stall()}), waits=True, says="no answer in"),
    Case(
        "ehlo-byte-by-byte", "answers EHLO a byte at a time", ("ehlo", "timeout"),
        plain({"EHLO": Drip("250 " + "patience " * 100, 0.2)}), waits=True, says="no whole answer in",
    ),
    Case("ehlo-closed", "closes at EHLO", ("ehlo", "dropped"), plain({"EHLO": Drop()})),
    Case("ehlo-reset", "resets at EHLO", ("ehlo", "dropped"), plain({"EHLO": Drop(reset=True)})),
    Case("ehlo-half-line", "closes in the middle of its answer to EHLO", ("ehlo", "dropped"), plain({"EHLO": steps(Raw(b"250-mail.te"), Drop())})),
    Case("endless-ehlo", "answers EHLO without end", ("ehlo", "protocol"), plain({"EHLO": Flood("250-" + "X" * 500)}), says="longer than 64 KiB"),
    Case("endless-ehlo-line", "answers EHLO in one endless line", ("ehlo", "protocol"), plain({"EHLO": Pour(_KIB, 65536)})),
    Case("ehlo-codes-that-mix", "answers EHLO with 250 and 421 in one", ("ehlo", "protocol"), plain({"EHLO": Say("250-mail.test\n421 bye")}), says="two codes, 250 and 421"),
    Case("ehlo-354", "answers EHLO with 354", ("ehlo", "protocol"), plain({"EHLO": Say("354 go")}), says="^354 "),
    Case("ehlo-prose", "answers EHLO in prose", ("ehlo", "protocol"), plain({"EHLO": Say("hello to you")}), says="hello to you"),
    Case("ehlo-421", "answers EHLO with 421", ("ehlo", "server-error"), plain({"EHLO": steps(Say("421 4.3.0 fault"), Drop())}), says="^421 "),
    Case("ehlo-refused", "refuses this machine at EHLO", ("ehlo", "blocked"), plain({"EHLO": Say("550 5.7.1 not you")}), says="^550 "),
    Case(
        "no-hello-at-all", "knows neither EHLO nor HELO", ("ehlo", "protocol"),
        plain({"EHLO": Say("502 5.5.1 what?"), "HELO": Say("502 5.5.1 what?")}), says="neither EHLO nor HELO",
    ),
    Case("many-keywords", "offers 3,000 extensions", FINE, _offers(*(f"X-{n}" for n in range(3000))), 0),
    Case("keywords-with-controls", "has control characters in what it offers", FINE, _offers("SIZE\x1b[2J 1000", "X\0Y", "8BIT\x07MIME", "\r"), 0),
    Case("size-of-400-digits", "announces a size of 400 digits", FINE, _offers("SIZE " + "9" * 400), 0),
    Case("size-that-is-none", "announces a size that is no number", FINE, _offers("SIZE -1", "SIZE ten", "SIZE ١٢"), 0),
    Case("xclient-noise", "offers XCLIENT and other things for proxies", FINE, _offers("XCLIENT NAME ADDR LOGIN", "XFORWARD NAME", "XEXCH50", "X-EXPS GSSAPI"), 0),
    Case(
        "spaced-answer", "answers each command after a pause", FINE,
        plain({verb: steps(Wait(0.05), Usual()) for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT")}), 0,
    ),
    Case(
        "two-answers", "answers EHLO twice", ("mail-from", "protocol"),
        plain({"EHLO": Raw(b"250 mail.test\r\n250 mail.test\r\n")}), says="spoke before it was asked",
    ),
    Case(
        "starttls-in-other-letters", "offers STARTTLS with a long s, whose capital is an S", ("tls", "tls-not-offered"),
        _offers("\N{LATIN SMALL LETTER LONG S}TARTTLS"), encryption="starttls",
    ),
)  # fmt: skip

CASES = (*BANNER, *EHLO)
