"""Hostile at AUTH (RFC 4954): mechanisms, challenges, yes and no that mean nothing, the password said back."""

from __future__ import annotations

import base64

from tests.real.hostile_case import CANARY, CANARY_64, CANARY_PLAIN, FINE, TOKEN, USER, Case, Serve, implicit, plain
from tests.real.loopback import Connection
from tests.real.scripted import Action, Do, Drip, Drop, Flood, Hear, Raw, Say, Stall, steps


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _offers(lines: str, *answer: Action) -> Serve:
    """TLS from the first byte, an EHLO with these lines, and what follows AUTH."""
    ehlo = Say("".join(f"250-{line}\n" for line in ("mail.test", *lines.split("\n"))) + "250 HELP")
    return implicit({"EHLO": ehlo, "AUTH": steps(*answer)} if answer else {"EHLO": ehlo})


def _auth(name: str, *answer: Action) -> Serve:
    return _offers(f"AUTH {name}", *answer)


def _says_no(text: str, name: str = "PLAIN") -> Serve:
    return _auth(name, Say(text))


def _case(
    name: str,
    does: str,
    outcome: tuple[str, str] | None,
    serve: Serve,
    *,
    mechanism: str = "auto",
    waits: bool = False,
    says: str = "",
) -> Case:
    return Case(
        name,
        does,
        outcome,
        serve,
        0 if outcome is None else 6,
        encryption="tls",
        mechanism=mechanism,
        waits=waits,
        says=says,
    )


def _scram(rounds: str) -> Do:
    """SCRAM's first answer (RFC 5802 5.1), right in all but the rounds it asks for."""

    def ask(connection: Connection) -> None:
        first = base64.b64decode(bytes(connection.raw).rsplit(b" ", 1)[1])
        nonce = first.partition(b",r=")[2].decode()
        connection.write(b"334 " + _b64(f"r={nonce}server,s=c2FsdHNhbHQ=,i={rounds}").encode() + b"\r\n")

    return Do(ask)


_ASK: tuple[Action, ...] = (Say("334 "), Hear())
_ENDLESS = steps(*_ASK * 50, Stall())

MECHANISMS = (
    _case("unknown-mechanisms", "offers mechanisms that nobody knows", ("auth", "auth-mechanism"), _auth("GSSAPI NTLM X-EVIL\x1b[2J"), says="GSSAPI NTLM"),
    _case("no-mechanism", "offers AUTH and no mechanism", ("auth", "auth-disabled"), _offers("AUTH")),
    Case(
        "login-in-clear", "offers a login and no TLS, where the settings take what is there", ("auth", "cleartext-refused"),
        plain(users={USER: CANARY}, cleartext_login=True), encryption="auto", mechanism="auto", says="nothing was sent",
    ),
    _case("no-auth", "offers no login", ("auth", "auth-disabled"), _offers("HELP")),
    _case("auth-with-an-equals-sign", "offers AUTH in the form of old servers", FINE, _offers("AUTH=PLAIN LOGIN")),
    _case("auth-many-times", "offers AUTH in five lines of three forms", FINE, _offers("AUTH X-1\nAUTH=X-2\nauth plain\nAUTH  =\nAUTH\tLOGIN")),
    _case("thousand-mechanisms", "offers a thousand mechanisms and the right one last", FINE, _auth(" ".join(f"X-{n}" for n in range(1000)) + " PLAIN")),
)  # fmt: skip

CHALLENGES = (
    _case("bad-base64", "puts what is no base64 where SCRAM's message should be", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 !!!! not base64 !!!!"), Hear(), Say("501 cancelled"))),
    _case("bad-base64-in-login", "asks LOGIN's questions in prose", FINE, _auth("LOGIN", Say("334 Who are you?"), Hear(), Say("334 \x1b[2J?"), Hear(), Say("235 welcome"))),
    _case("endless-challenges-plain", "asks PLAIN again and again", ("auth", "protocol"), _auth("PLAIN", _ENDLESS), waits=True),
    _case("endless-challenges-login", "asks LOGIN again and again", ("auth", "protocol"), _auth("LOGIN", _ENDLESS), waits=True),
    _case("endless-challenges-scram", "asks SCRAM again and again", ("auth", "protocol"), _auth("SCRAM-SHA-256", _ENDLESS), waits=True),
    _case("challenge-without-end", "has no end in its challenge", ("auth", "protocol"), _auth("LOGIN", Flood("334-" + "x" * 500))),
    _case("challenge-of-8-kb", "has a challenge of 8 KB", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 " + "eHh4" * 2000), Hear(), Say("501 cancelled"))),
    _case("challenge-of-20-kb", "has a challenge of 20 KB", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 " + "eHh4" * 5000), Hear(), Say("501 cancelled")), says="longer than 8 KiB"),
    _case("scram-of-2-billion-rounds", "wants 2,000,000,000 rounds of hashing", ("auth", "protocol"), _auth("SCRAM-SHA-256", _scram("2000000000"), Hear(), Say("501 cancelled")), says="rounds"),
    _case("scram-of-more-rounds-than-fit", "wants more rounds than fit a machine word", ("auth", "protocol"), _auth("SCRAM-SHA-256", _scram("9" * 20), Hear(), Say("501 cancelled")), says="rounds"),
    _case("scram-of-another-nonce", "answers SCRAM with a nonce of its own", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 " + _b64("r=mine,s=c2FsdA==,i=4096")), Hear(), Say("501 cancelled"))),
    _case("cancel-unanswered", "does not answer when the exchange is cancelled", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 eHh4"), Hear(), Stall()), waits=True),
    _case("cancel-closed", "closes when the exchange is cancelled", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("334 eHh4"), Hear(), Drop())),
    _case("challenge-byte-by-byte", "asks a byte at a time", ("auth", "timeout"), _auth("LOGIN", Drip("334 " + "x" * 200, 0.2)), waits=True),
)  # fmt: skip

ANSWERS = (
    _case("yes-without-a-question", "says 235 to LOGIN before it has asked", ("auth", "protocol"), _auth("LOGIN", Say("235 welcome")), says="without asking"),
    _case("yes-without-a-proof", "says 235 to SCRAM and proves nothing", ("auth", "protocol"), _auth("SCRAM-SHA-256", Say("235 welcome")), says="without proving"),
    _case("yes-of-another-code", "says 250 to AUTH", ("auth", "protocol"), _auth("PLAIN", Say("250 welcome")), says="250 welcome"),
    _case("question-after-yes", "asks again after its 235", ("mail-from", "protocol"), _auth("PLAIN", Raw(b"235 welcome\r\n334 and again?\r\n")), says="spoke before it was asked"),
    _case("no-then-hang", "says 535, and then nothing, not even to QUIT", ("auth", "auth-rejected"), _auth("PLAIN", Say("535 5.7.8 no"), Stall())),
    _case("no-then-closed", "says 535, and closes", ("auth", "auth-rejected"), _auth("PLAIN", Say("535 5.7.8 no"), Drop())),
    _case("auth-421", "says 421 to AUTH", ("auth", "rate-limited"), _auth("PLAIN", Say("421 4.7.0 Too many login attempts"), Drop())),
    _case("auth-454", "says 454 to AUTH", ("auth", "server-error"), _auth("PLAIN", Say("454 4.7.0 Temporary authentication failure"))),
    _case("auth-switched-off", "says that logging in is disabled", ("auth", "auth-disabled"), _says_no("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.")),
    _case("auth-unanswered", "does not answer AUTH", ("auth", "timeout"), _auth("PLAIN", Stall()), waits=True),
    _case("auth-closed", "closes at AUTH", ("auth", "dropped"), _auth("PLAIN", Drop())),
    _case("auth-reset", "resets at AUTH", ("auth", "dropped"), _auth("PLAIN", Drop(reset=True))),
    _case("auth-codes-that-mix", "says 235 and 535 in one answer", ("auth", "protocol"), _auth("PLAIN", Say("235-welcome\n535 5.7.8 or not")), says="two codes, 235 and 535"),
    _case("auth-prose", "answers AUTH in prose, the password in it", ("auth", "protocol"), _auth("PLAIN", Say(f"your password is {CANARY}"))),
)  # fmt: skip

ECHOES = (
    _case("password-said-back", "says the password back", ("auth", "auth-rejected"), _says_no(f"535 5.7.8 wrong password {CANARY} for lab")),
    _case("password-said-back-in-base64", "says back what AUTH PLAIN sent", ("auth", "auth-rejected"), _says_no(f"535 5.7.8 bad {CANARY_PLAIN}")),
    _case("password-said-back-as-login-sent-it", "says back what AUTH LOGIN sent", ("auth", "auth-rejected"), _auth("LOGIN", Say("334 "), Hear(), Say("334 "), Hear(), Say(f"535 5.7.8 bad {CANARY_64}"))),
    _case("password-said-back-in-pieces", "says the password back in two lines of one answer", ("auth", "auth-rejected"), _says_no(f"535-5.7.8 {CANARY[:9]}\n535 5.7.8 {CANARY[9:]}")),
    _case("password-said-back-with-nuls", "says the password back with a NUL behind each letter", ("auth", "auth-rejected"), _says_no("535 5.7.8 " + "\0".join(CANARY))),
    _case("password-said-back-with-blanks", "says the password back with a blank behind each letter", ("auth", "auth-rejected"), _says_no("535 5.7.8 " + " ".join(CANARY))),
    _case("password-said-back-in-capitals", "says the password back in capitals", ("auth", "auth-rejected"), _says_no(f"535 5.7.8 {CANARY.upper()}")),
    _case("password-said-back-in-hex", "says the password back in hex", ("auth", "auth-rejected"), _says_no(f"535 5.7.8 {CANARY.encode().hex()}")),
    _case("password-in-a-challenge", "says the password back in a challenge", ("auth", "protocol"), _auth("PLAIN", Say(f"334 {CANARY_64}"), Hear(), Say(f"501 5.7.0 {CANARY}"))),
    _case("password-in-the-banner", "greets with the password, which it has seen before", FINE, implicit({"CONNECT": Say(f"220 {CANARY} {CANARY_PLAIN}")})),
    _case("password-at-mail", "says the password back at MAIL FROM", ("mail-from", "sender-rejected"), implicit({"MAIL": Say(f"550 5.7.1 {CANARY} {CANARY_64}")})),
    _case("password-in-a-yes", "says the password back in its last yes", FINE, implicit({".": Say(f"250 2.0.0 {CANARY} {CANARY_PLAIN}")})),
    _case("password-in-the-quota", "says back pieces of what AUTH sent, one a line", ("auth", "auth-rejected"), _says_no("\n".join([f"535-{CANARY_PLAIN[at : at + 12]}" for at in range(0, 36, 12)] + ["535 no"]))),
)  # fmt: skip

_STATUS = _b64('{"status":"401","schemes":"bearer","scope":"https://outlook.office.com/SMTP.Send"}')


def _token(
    name: str, does: str, outcome: tuple[str, str] | None, serve: Serve, *, waits: bool = False, says: str = ""
) -> Case:
    """A case in which CANARY is no password but a token."""
    return _case(name, does, outcome, serve, mechanism=TOKEN, waits=waits, says=says)


def _no_at_first(connection: Connection) -> None:
    """Refuses the first token of a connection, takes the second."""
    first = bytes(connection.raw).count(b"AUTH XOAUTH2") == 1
    connection.write(b"535 5.7.3 Authentication unsuccessful\r\n" if first else b"235 2.7.0 welcome\r\n")


TOKENS = (
    _token("token-refused", "says what is wrong with the token, then 535", ("auth", "token"), _auth("XOAUTH2", Say(f"334 {_STATUS}"), Hear(), Say("535 5.7.3 Authentication unsuccessful")), says="says of the token: 401"),
    _token("token-refused-without-a-word", "says 535 to the token", ("auth", "token"), _auth("XOAUTH2 OAUTHBEARER", Say("535 5.7.3 Authentication unsuccessful"))),
    _token("token-refused-once", "refuses the first token, takes a fresh one", FINE, _auth("XOAUTH2", Do(_no_at_first))),
    _token("token-not-wanted", "takes passwords only", ("auth", "auth-mechanism"), _auth("PLAIN LOGIN"), says="none takes a token"),
    _token("token-no-login", "offers no login", ("auth", "auth-disabled"), _offers("HELP")),
    _token("token-endless-challenges", "asks for more and more of the token", ("auth", "protocol"), _auth("XOAUTH2", _ENDLESS), waits=True),
    _token("token-said-back", "says the token back", ("auth", "token"), _auth("XOAUTH2", Say(f"535 5.7.3 Bearer {CANARY} is bad"))),
    _token("token-said-back-in-pieces", "says half of the token back", ("auth", "token"), _auth("XOAUTH2", Say(f"535 5.7.3 Bearer {CANARY[:12]} is bad"))),
    _token("token-said-back-as-its-status", "says the token back as its status", ("auth", "token"), _auth("XOAUTH2", Say("334 " + _b64(f'{{"status":"{CANARY}"}}')), Hear(), Say("535 5.7.3 no"))),
    Case(
        "token-in-clear", "wants a token and has no TLS", ("auth", "cleartext-refused"),
        plain({"EHLO": Say("250-mail.test\n250 AUTH XOAUTH2")}), encryption="auto", mechanism=TOKEN, says="nothing was sent",
    ),
)  # fmt: skip

CASES = (*MECHANISMS, *CHALLENGES, *ANSWERS, *ECHOES, *TOKENS)
