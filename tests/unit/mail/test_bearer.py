"""Signing in with a token: what goes over the wire, what a refusal says, and that it never goes in clear."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from dtsconf.errors import SignInFailed
from dtsconf.mail.auth import ExchangeBroken
from dtsconf.mail.bearer import Bearer
from dtsconf.mail.job import Job
from dtsconf.mail.route import Link, Smtp, TokenLogin
from dtsconf.mail.verify import verify
from dtsconf.proof import Verification
from dtsconf.secret.value import Secret
from dtsconf.token import Token
from tests.real.ca import Certificates
from tests.unit.mail.jobs import LETTER, failed
from tests.unit.mail.scripted import EHLO, Peer, Script, dialogue, server

SECRET = "eyJ0eXAiOiJKV1Qi-canary"
STARTTLS = EHLO.replace("250 ENH", "250-STARTTLS\r\n250 ENH")


class Tokens:
    """Hands out the tokens of a test, the fresh one after the first."""

    def __init__(
        self, *values: str, note: str | None = None, mend: str | None = None, ahead: float | None = None
    ) -> None:
        self._ahead = ahead
        self.values = list(values)
        self._mend = mend
        self.asked: list[bool] = []
        self._note = note

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        self.asked.append(fresh)
        if not self.values:
            raise SignInFailed("nobody has signed in", "dtsconf sign-in")
        return Token(Secret(self.values.pop(0)), "macro@acme.example", 4_000_000_000)

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        return self._mend or otherwise or "sign in again: dtsconf sign-in"

    def note(self, token: Token) -> str | None:
        return self._note

    def ahead(self) -> float | None:
        return self._ahead


def login_server(certificates: Certificates, mechanisms: str, *answers: str, stays: bool = True) -> Script:
    """STARTTLS, then a login whose AUTH command gets the answers in turn; unless it `stays`, that is the end."""

    def script(peer: Peer) -> None:
        peer.say("220 mail.test ESMTP")
        peer.hear()
        peer.say(STARTTLS)
        assert peer.hear() == "STARTTLS"
        peer.say("220 go on")
        peer.tls(certificates.server_context("good"))
        peer.hear()
        peer.say(EHLO.replace("250 ENH", f"250-AUTH {mechanisms}\r\n250 ENH"))
        for answer in answers:
            peer.hear()
            peer.say(answer)
        while stays and peer.hear():
            peer.say("250 ok")

    return script


def signed_in(port: int, certificates: Certificates, tokens: Tokens) -> Verification:
    trusted = Smtp("127.0.0.1", port, "starttls", ca_file=certificates.ca_file, login=TokenLogin(tokens))
    return verify(Job(Link(trusted, timeout=5), "auth", LETTER))


@pytest.mark.parametrize(
    ("offered", "name", "message"),
    [
        ("PLAIN OAUTHBEARER XOAUTH2", "XOAUTH2", f"user=macro@acme.example\1auth=Bearer {SECRET}\1\1"),
        ("OAUTHBEARER", "OAUTHBEARER", f"n,a=macro@acme.example,\1host=127.0.0.1\1port=%d\1auth=Bearer {SECRET}\1\1"),
    ],
)
def test_what_goes_over_the_wire(certificates: Certificates, offered: str, name: str, message: str) -> None:
    with server(login_server(certificates, offered, "235 2.7.0 welcome")) as running:
        result = signed_in(running.port, certificates, Tokens(SECRET))
    assert result.ok
    assert result.stages[-1].detail == f"{name} as macro@acme.example: 235 2.7.0 welcome"
    verb, mechanism, initial = next(line for line in running.heard if line.startswith("AUTH")).split()
    assert (verb, mechanism) == ("AUTH", name)
    assert b64decode(initial).decode() == (message % running.port if "%" in message else message)


def test_a_long_token_waits_until_it_is_asked_for(certificates: Certificates) -> None:
    long = SECRET * 100
    with server(login_server(certificates, "XOAUTH2", "334 ", "235 2.7.0 welcome")) as running:
        assert signed_in(running.port, certificates, Tokens(long)).ok
    assert "AUTH XOAUTH2" in running.heard
    assert b64encode(f"user=macro@acme.example\1auth=Bearer {long}\1\1".encode()).decode() in running.heard


def test_a_refused_token_is_got_anew_once(certificates: Certificates) -> None:
    tokens = Tokens("old-" + SECRET, "new-" + SECRET)
    with server(login_server(certificates, "XOAUTH2", "535 5.7.3 no", "235 2.7.0 welcome")) as running:
        assert signed_in(running.port, certificates, tokens).ok
    assert tokens.asked == [False, True]


ERROR = b64encode(b'{"status":"401","schemes":"bearer","scope":"smtp"}').decode()


@pytest.mark.parametrize(("mechanism", "end"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
def test_a_token_that_stays_refused_is_explained(certificates: Certificates, mechanism: str, end: str) -> None:
    no = (f"334 {ERROR}", "535 5.7.3 Authentication unsuccessful")
    tokens = Tokens("old-" + SECRET, "new-" + SECRET, note="it is for another audience")
    with server(login_server(certificates, mechanism, *no, *no)) as running:
        row = failed(signed_in(running.port, certificates, tokens))
    assert (row.stage, row.cause, row.code, row.enhanced_code) == ("auth", "token", 535, "5.7.3")
    assert "the server says of the token: 401" in row.detail
    assert "the token itself: it is for another audience" in row.detail
    assert running.heard.count(end) >= 2
    assert SECRET not in repr(row)


def test_what_the_token_shows_is_mended_first(certificates: Certificates) -> None:
    no = (f"334 {ERROR}", "535 5.7.3 Authentication unsuccessful")
    tokens = Tokens("old-" + SECRET, "new-" + SECRET, mend="set the clock")
    with server(login_server(certificates, "XOAUTH2", *no, *no)) as running:
        row = failed(signed_in(running.port, certificates, tokens))
    assert (row.cause, row.hint) == ("token", "set the clock")


def test_a_policy_that_stops_the_token_is_no_matter_of_the_token(certificates: Certificates) -> None:
    words = "Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully."
    tokens = Tokens("old-" + SECRET, "new-" + SECRET)
    with server(login_server(certificates, "XOAUTH2", *2 * (f"535 5.7.139 {words}",))) as running:
        row = failed(signed_in(running.port, certificates, tokens))
    assert "Conditional Access" in str(row.hint)
    assert "sign-in log" in str(row.hint)


def at_microsoft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtsconf.settings.microsoft.SMTP_HOSTS", {"127.0.0.1"})


def test_what_microsofts_own_server_lacks_was_taken_out(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_microsoft(monkeypatch)
    with server(login_server(certificates, "LOGIN")) as running:
        no_token = failed(signed_in(running.port, certificates, Tokens(SECRET)))
    with server(dialogue(ehlo=EHLO)) as running:
        no_tls = failed(signed_in(running.port, certificates, Tokens(SECRET)))
    assert (no_token.stage, no_token.cause) == ("auth", "auth-mechanism")
    assert (no_tls.stage, no_tls.cause) == ("tls", "tls-stripped")
    for row in (no_token, no_tls):
        assert "something on the way takes that out" in str(row.hint)
        assert "microsoft.via: graph" in str(row.hint)
        assert "--set" not in str(row.hint)


def test_without_a_fresh_token_the_servers_words_count(certificates: Certificates) -> None:
    with server(login_server(certificates, "XOAUTH2", "535 5.7.3 no")) as running:
        row = failed(signed_in(running.port, certificates, Tokens(SECRET)))
    assert row.cause == "token"
    assert "535 5.7.3 no" in row.detail
    assert "no fresh one is to be had: nobody has signed in" in row.detail


def test_a_server_that_has_hung_up_after_its_no_has_said_no(certificates: Certificates) -> None:
    tokens = Tokens("old-" + SECRET, "new-" + SECRET)
    no = "535 5.7.3 Authentication unsuccessful"
    with server(login_server(certificates, "XOAUTH2", no, stays=False)) as running:
        row = failed(signed_in(running.port, certificates, tokens))
    assert (row.cause, row.code) == ("token", 535)
    assert "535 5.7.3 Authentication unsuccessful; a fresh one got no answer any more" in row.detail
    assert tokens.asked == [False, True]


def test_no_token_at_all(certificates: Certificates) -> None:
    with server(login_server(certificates, "XOAUTH2")) as running:
        row = failed(signed_in(running.port, certificates, Tokens()))
    assert (row.stage, row.cause, row.hint) == ("auth", "token", "dtsconf sign-in")


def test_a_token_never_goes_over_plain_even_where_a_password_might() -> None:
    tokens = Tokens(SECRET)
    clear = EHLO.replace("250 ENH", "250-AUTH XOAUTH2\r\n250 ENH")
    with server(dialogue(ehlo=clear)) as running:
        plain = Smtp("127.0.0.1", running.port, "none", cleartext_login=True, login=TokenLogin(tokens))
        row = failed(verify(Job(Link(plain, timeout=5), "auth", LETTER)))
    assert row.cause == "cleartext-refused"
    assert tokens.asked == []


def test_a_server_that_takes_no_token(certificates: Certificates) -> None:
    with server(login_server(certificates, "PLAIN LOGIN")) as running:
        row = failed(signed_in(running.port, certificates, Tokens(SECRET)))
    assert (row.cause, row.stage) == ("auth-mechanism", "auth")
    assert "smtp.office365.com" in str(row.hint)


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\0b", "a\1b"])
def test_a_token_that_would_break_out_of_its_frame_is_not_sent(bad: str) -> None:
    with pytest.raises(ExchangeBroken):
        Bearer("XOAUTH2", Token(Secret(bad), "macro@acme.example", 0), "mail.test", 587)


def test_a_user_name_is_escaped_in_the_gs2_header() -> None:
    made = Bearer("OAUTHBEARER", Token(Secret("t"), "a=b,c@acme.example", 0), "mail.test", 587)
    assert made.initial is not None
    assert made.initial.startswith(b"n,a=a=3Db=2Cc@acme.example,\1host=mail.test\1port=587\1")
