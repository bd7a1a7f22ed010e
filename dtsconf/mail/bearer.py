"""Signing in with a token: XOAUTH2 (Microsoft's and Google's) and OAUTHBEARER (RFC 7628).

A token never goes over plain. One that the server refuses is got anew once and tried again on the same connection, for
it may have been withdrawn before its time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from dtsconf.errors import SignInFailed
from dtsconf.mail import auth
from dtsconf.mail.failure import Finding, StageFailed
from dtsconf.mail.login import exchange, nothing_offered, require_tls
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.securing import taken_out
from dtsconf.mail.wire import ConnectionLost

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply
    from dtsconf.token import Token, TokenSource

MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
"""In the order of preference: the first is the one that Microsoft documents."""

_LONGEST_INITIAL = 360
"""Octets that still fit into the command's line when encoded (RFC 5321 4.5.3.1.4)."""

_STATUS = re.compile(r'"status"\s*:\s*"([\w.\- ]{1,40})"')
_NO_LOGIN = "is this the submission server? Microsoft's is: --set microsoft.smtp.host=smtp.office365.com, port 587"
"""For another server than Microsoft's own."""


class Bearer:
    """One exchange. `status` is what the server said of the token before its no (RFC 7628 3.2.2)."""

    def __init__(self, name: str, token: Token, host: str, port: int) -> None:
        self.name = name
        self.token = token
        value = token.value.reveal()
        if any(c in value + token.username for c in "\r\n\0\1"):
            raise auth.ExchangeBroken("the token or its user holds a control character", "token")
        message = (
            f"user={token.username}\1auth=Bearer {value}\1\1"
            if name == "XOAUTH2"
            else f"n,a={_saslname(token.username)},\1host={host}\1port={port}\1auth=Bearer {value}\1\1"
        ).encode()
        self._message: bytes | None = message
        self.initial = message if len(message) <= _LONGEST_INITIAL else None
        self.status: str | None = None

    def answer(self, challenge: bytes) -> bytes:
        """The message if it did not go with the command; to the server's error the answer that makes it say no."""
        if self.initial is None and self._message is not None:
            message, self._message = self._message, None
            return message
        if self.status is not None:
            raise auth.ExchangeBroken("the server asks for more than a token has to give")
        found = _STATUS.search(challenge.decode("utf-8", "replace"))
        self.status = found.group(1) if found else "refused"
        return b"" if self.name == "XOAUTH2" else b"\1"

    def finish(self) -> None:
        """A token proves nothing about the server; TLS does."""


def _saslname(text: str) -> str:
    """A user name in a GS2 header (RFC 5801 4)."""
    return text.replace("=", "=3D").replace(",", "=2C")


def log_in_by_token(talk: Conversation, tokens: TokenSource) -> None:
    """Sign in with a token.

    Raises:
        StageFailed: refused by the server or by dtsconf, or no token is to be had (cause `token`).
    """
    with talk.stage("auth", "signing in with a token") as row:
        require_tls(talk)
        name = _choose(talk)
        reply, mechanism = _try(talk, name, tokens, _token(talk, tokens, fresh=False))
        if reply.code == 535:
            reply, mechanism = _once_more(talk, name, tokens, reply, mechanism)
        if reply.code != 235:
            _refused(talk, mechanism, reply, tokens)
        row.heard(reply)
        row.detail = f"{name} as {talk.facts.username}: {reply.text}"


def _once_more(
    talk: Conversation, name: str, tokens: TokenSource, reply: Reply, mechanism: Bearer
) -> tuple[Reply, Bearer]:
    """With a fresh token; what the server said to the first one counts if there is none, or no answer to it."""
    try:
        token = _token(talk, tokens, fresh=True)
    except StageFailed as none:
        _refused(talk, mechanism, reply, tokens, f"; no fresh one is to be had: {none.detail}")
    try:
        return _try(talk, name, tokens, token)
    except (ConnectionLost, TimeoutError, NotAReply):
        talk.hang_up()
        _refused(talk, mechanism, reply, tokens, "; a fresh one got no answer any more")


def _choose(talk: Conversation) -> str:
    offered = talk.offer.mechanisms
    name = next((each for each in MECHANISMS if each in offered), None)
    if name is None:
        hint = taken_out(talk.route) or _NO_LOGIN
        if not offered:
            nothing_offered(talk, hint)
        raise StageFailed("auth-mechanism", f"the server offers {' '.join(offered)}, and none takes a token", hint)
    return name


def _token(talk: Conversation, tokens: TokenSource, *, fresh: bool) -> Token:
    try:
        token = tokens.get(fresh=fresh)
    except SignInFailed as failed:
        raise StageFailed("token", failed.message, failed.hint) from failed
    talk.report.masker.add_secret(token.value.reveal())
    talk.report.masker.add_encoded(token.value.reveal())  # base64 itself: a piece of it is secret, too
    talk.facts = talk.facts._replace(username=token.username, token=True)
    talk.doubt = lambda: tokens.note(token)
    return token


def _try(talk: Conversation, name: str, tokens: TokenSource, token: Token) -> tuple[Reply, Bearer]:
    try:
        mechanism = Bearer(name, token, talk.facts.host, talk.facts.port)
    except auth.ExchangeBroken as broken:
        raise StageFailed(broken.cause, str(broken), tokens.mend(token)) from broken
    return exchange(talk, mechanism), mechanism


def _refused(talk: Conversation, mechanism: Bearer, reply: Reply, tokens: TokenSource, more: str = "") -> NoReturn:
    """The server's no, with what it said of the token and what the token says of itself."""
    from dtsconf.mail.causes import of_reply

    finding = of_reply("auth", reply, talk.facts._replace(remedy=tokens.mend(mechanism.token)))
    if finding.cause == "auth-rejected":
        finding = Finding("token", finding.hint)
    status = f" (the server says of the token: {mechanism.status})" if mechanism.status else ""
    words = f"{mechanism.name} as {talk.facts.username}: {reply.text}{status}{talk.doubts()}{more}"
    raise StageFailed.of(finding, words, "server", reply)
