"""The auth stage: chooses a mechanism, runs its exchange, believes no yes that was not earned (RFC 4954).

Never over plain unless the settings allow it in as many words. Every answer is told to the masker before it goes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail import auth
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.securing import refuse_cleartext

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply

_OTHER_MECHANISM = "; if the server keeps no SCRAM secret for the account: --set login.mechanism=plain"


def log_in(talk: Conversation) -> None:
    """Sign in.

    Raises:
        StageFailed: refused by the server, or by dtsconf.
    """
    login = talk.job.settings.login
    password = talk.job.password.reveal() if talk.job.password is not None else ""
    talk.report.masker.add_secret(password)
    talk.report.masker.add_encoded(*auth.encoded_forms(talk.facts.username, password))
    with talk.stage("auth", f"signing in as {talk.facts.username}") as row:
        if not talk.facts.tls and not talk.job.settings.server.allow_cleartext_login:
            refuse_cleartext()
        name = _choose(talk, login.mechanism)
        try:
            mechanism = auth.begin(name, talk.facts.username, password)
        except auth.ExchangeBroken as broken:
            raise StageFailed(broken.cause, str(broken), "--set login.mechanism=plain, or another password") from broken
        reply = _exchange(talk, mechanism)
        if reply.code != 235:
            _refused(talk, name, login.mechanism, reply)
        try:
            mechanism.finish()
        except auth.ExchangeBroken as broken:
            hint = "this may not be the server it says it is: compare its certificate"
            raise StageFailed(broken.cause, f"{name}: {broken}", hint, reply=reply) from broken
        row.heard(reply)
        row.detail = f"{name}: {reply.text}"


def _choose(talk: Conversation, wanted: str) -> str:
    offered = talk.offer.mechanisms
    if name := auth.choose(wanted, offered):
        return name
    if not talk.facts.tls and talk.offer.has("STARTTLS"):
        raise StageFailed("tls-required", "the server offers no login before TLS", "--set server.encryption=starttls")
    if not offered:
        raise StageFailed(
            "auth-disabled",
            f"the EHLO answer offers no login (it offers {talk.offer})",
            "--set login.required=false if the server trusts this network; or submission: --set server.port=587",
        )
    hint = "--set login.mechanism=auto" if wanted != "auto" else "ask the server's administrator for PLAIN over TLS"
    raise StageFailed("auth-mechanism", f"the server offers {' '.join(offered)}, login.mechanism is {wanted}", hint)


def _exchange(talk: Conversation, mechanism: auth.Mechanism) -> Reply:
    """AUTH, and answers to challenges until the server has said yes or no."""
    line = f"AUTH {mechanism.name}"
    if mechanism.initial is not None:
        line += " " + (_masked(talk, mechanism.initial) or "=")
    end = talk.limits.end()
    reply = talk.command(line, end)
    while reply.code == 334:
        try:
            answer = mechanism.answer(auth.decode_challenge(reply.lines[0] if reply.lines else ""))
        except auth.ExchangeBroken as broken:
            said = talk.command("*", end)
            hint = None if broken.cause == "protocol" else "check login.username and login.password"
            words = f"{mechanism.name}: {broken}; the server then: {said.text}"
            raise StageFailed(broken.cause, words, hint) from broken
        reply = talk.command(_masked(talk, answer), end)
    return reply


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
    if finding.cause == "auth-rejected" and name.startswith("SCRAM") and wanted == "auto" and hint:
        hint += _OTHER_MECHANISM
    raise StageFailed(finding.cause, f"{name}: {reply.text}", hint, "server", reply)
