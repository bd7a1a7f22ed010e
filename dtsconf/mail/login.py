"""The auth stage: chooses a mechanism, runs its exchange, believes no yes that was not earned (RFC 4954).

Never over plain unless the settings allow it in as many words. Every answer is told to the masker before it goes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dtsconf.mail import auth
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.greeting import offered
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.securing import may_log_in_clear, refuse_cleartext
from dtsconf.mail.wire import ConnectionLost

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply
    from dtsconf.mail.route import PasswordLogin, Smtp

CANCEL_SECONDS = 2.0
"""How long to wait for the answer to a cancelled exchange."""

_OTHER_MECHANISM = "; if the server keeps no SCRAM secret for the account: --set login.mechanism=plain"
_BY_TOKEN = {"XOAUTH2", "OAUTHBEARER"}
"""Mechanisms of a sign-in elsewhere (RFC 7628; Microsoft's and Google's XOAUTH2)."""

_ONLY_TOKENS = (
    "the server takes no passwords here, only a sign-in: if that is Microsoft's, dtsconf migrate microsoft --profile"
    " FILE tells what it takes and moves the profile; else ask the server's administrator how programs log in"
)
_ASK = (
    "ask the server's administrator whether logins are on there, or for the port that has them: --set server.port=PORT;"
    " or, if the server trusts this network, --set login.required=false"
)
_NO_LOGIN = "--set login.required=false if the server trusts this network; or submission: --set server.port=587"


def log_in(talk: Conversation, login: PasswordLogin) -> None:
    """Sign in with a password.

    Raises:
        StageFailed: refused by the server, or by dtsconf.
        ValueError: the login has no password.
    """
    if login.password is None:
        raise ValueError("a login needs its password")
    with talk.stage("auth", f"signing in as {login.username}") as row:
        require_tls(talk)
        reply, name = _by_password(talk, login, login.password.reveal())
        row.heard(reply)
        row.detail = f"{name}: {reply.text}"


def require_tls(talk: Conversation) -> None:
    """Nothing secret goes over plain unless the settings allow it. Raises StageFailed."""
    if not talk.facts.tls and not may_log_in_clear(talk):
        refuse_cleartext(talk)


def _by_password(talk: Conversation, login: PasswordLogin, password: str) -> tuple[Reply, str]:
    """The server's yes, and the mechanism that it was earned with."""
    name = _choose(talk, login.mechanism)
    if login.mechanism == "auto":
        others = [each for each in auth.STRONGEST_FIRST if each in talk.offer.mechanisms and each != name]
        talk.facts = talk.facts._replace(chosen=name, other_mechanism=others[0].lower() if others else "")
    try:
        mechanism = auth.begin(name, login.username, password)
    except auth.ExchangeBroken as broken:
        raise _unsendable(talk, broken, otherwise=name != "PLAIN" and "\0" not in password) from broken
    reply = exchange(talk, mechanism)
    if reply.code != 235:
        _refused(talk, name, login.mechanism, reply)
    try:
        mechanism.finish()
    except auth.ExchangeBroken as broken:
        hint = "this may not be the server it says it is: compare its certificate (dtsconf test --explain)"
        raise StageFailed(broken.cause, f"{name}: {broken}", hint, reply=reply) from broken
    return reply, name


def _unsendable(talk: Conversation, broken: auth.ExchangeBroken, *, otherwise: bool) -> StageFailed:
    """User name or password can't go out by this mechanism; `otherwise`, they can by PLAIN. Where the password shows a
    slip at storing it, that is the reason, and another mechanism would only have it refused."""
    if not talk.facts.slip:
        stored = "another password: dtsconf secret check shows where it comes from"
        hint = "--set login.mechanism=plain, or another password" if otherwise else f"the account needs {stored}"
        return StageFailed(broken.cause, str(broken), hint)
    from dtsconf.mail.meanings.hints import MISSTORED

    return StageFailed("auth-rejected", str(broken), MISSTORED.format(f=talk.facts))


def _choose(talk: Conversation, wanted: str) -> str:
    offered = talk.offer.mechanisms
    if name := auth.choose(wanted, offered):
        return name
    if not offered:
        nothing_offered(talk, _ASK if talk.facts.at_submission else _NO_LOGIN)
    hint = _another(offered, talk.route)
    raise StageFailed("auth-mechanism", f"the server offers {' '.join(offered)}, login.mechanism is {wanted}", hint)


def _another(offered: tuple[str, ...], route: Smtp) -> str:
    """What to do where the server offers none of the ways to log in that are wanted: another that it offers, best one
    that the organisation's rules let be used."""
    known = ["auto", *(name.lower() for name in auth.STRONGEST_FIRST)]
    if fit := [name for name in known if auth.choose(name, offered)]:
        return f"--set login.mechanism={min(fit, key=lambda name: not route.permits('login.mechanism', name))}"
    if set(offered) & _BY_TOKEN:
        return _ONLY_TOKENS
    return "ask the server's administrator for PLAIN over TLS; another port may offer it: dtsconf test --probe"


def nothing_offered(talk: Conversation, hint: str) -> NoReturn:
    """EHLO names no way to log in. Raises StageFailed; `hint` is for a session that can't be encrypted further."""
    if not talk.facts.tls and talk.offer.has("STARTTLS"):
        raise StageFailed("tls-required", "the server offers no login before TLS", "--set server.encryption=starttls")
    raise StageFailed("auth-disabled", f"{offered(talk)} offers no login (it offers {talk.offer})", hint)


def exchange(talk: Conversation, mechanism: auth.Mechanism) -> Reply:
    """AUTH, and answers to challenges until the server has said yes or no. Raises StageFailed."""
    line = f"AUTH {mechanism.name}"
    if mechanism.initial is not None:
        line += " " + (_masked(talk, mechanism.initial) or "=")
    end = talk.limits.end("auth")
    reply = talk.command(line, end)
    while reply.code == 334:
        try:
            answer = mechanism.answer(auth.decode_challenge(reply.lines[0] if reply.lines else ""))
        except auth.ExchangeBroken as broken:
            _cancel(talk, mechanism.name, broken)
        reply = talk.command(_masked(talk, answer), end)
    return reply


def _cancel(talk: Conversation, name: str, broken: auth.ExchangeBroken) -> NoReturn:
    """End the exchange as RFC 4954 4 has it; whatever the server makes of that, what broke it is what counts."""
    words = f"{name}: {broken}"
    try:
        words += f"; the server then: {talk.command('*', talk.limits.short(CANCEL_SECONDS)).text}"
    except (ConnectionLost, TimeoutError, NotAReply):
        talk.hang_up()
    hint = "check login.username, and where login.password comes from: dtsconf secret check"
    if broken.cause == "protocol":
        hint = "the server doesn't keep to its own offer: tell its administrator, with dtsconf test --transcript FILE"
        if name.startswith("SCRAM"):
            hint += "; another mechanism (login.mechanism: plain) would hand it the password itself"
    raise StageFailed(broken.cause, words, hint) from broken


def _masked(talk: Conversation, message: bytes) -> str:
    """A message in base64, which from now on is a secret; a user name alone is none."""
    text = auth.encode(message)
    if message != talk.facts.username.encode():
        talk.report.masker.add_encoded(text)
    return text


def _refused(talk: Conversation, name: str, wanted: str, reply: Reply) -> None:
    from dtsconf.mail.causes import of_reply

    finding = of_reply("auth", reply, talk.facts)
    hint = finding.hint
    told = talk.facts.slip or talk.facts.knows_name
    if finding.cause == "auth-rejected" and name.startswith("SCRAM") and wanted == "auto" and hint and not told:
        hint += _OTHER_MECHANISM
    raise StageFailed(finding.cause, f"{name}: {reply.text}", hint, "server", reply)
