"""The tls stage: from the first byte (RFC 8314), after STARTTLS (RFC 3207), and what follows when there is none.

What was learnt before TLS is forgotten and asked again; bytes that came in clear after the answer to STARTTLS are
refused, since somebody may have put them there. Plain is taken only where settings and history allow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.greeting import by_helo, offered, our_name, say_hello
from dtsconf.mail.hello import Offer, filter_marks
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.route import TokenLogin
from dtsconf.mail.wire import ConnectionLost
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.report import Row
    from dtsconf.mail.route import Smtp
    from dtsconf.net.certificate import Certificate

_DOING = "setting up TLS"


def from_first_byte(talk: Conversation) -> None:
    """TLS before anything is said. Raises StageFailed."""
    with talk.stage("tls", _DOING) as row:
        _handshake(talk, row, starttls=False)


def secure(talk: Conversation) -> None:
    """After EHLO in clear: bring the session under TLS as far as the settings want it. Raises StageFailed."""
    if talk.offer.has("STARTTLS"):
        _start_tls(talk)
    elif talk.facts.encryption == "auto":
        accept_plain(talk)
    else:
        with talk.stage("tls", _DOING):
            _not_offered(talk)


def accept_plain(talk: Conversation) -> None:
    """`auto` found no TLS: fine only if it never had any, nobody took it away, and no login would go over it.

    Raises:
        StageFailed: it isn't fine.
    """
    stripped = talk.link.past.tls or filter_marks(talk.banner, talk.offer) is not None
    if stripped and not talk.link.allow_downgrade:
        with talk.stage("tls", _DOING):
            _not_offered(talk)
    if talk.facts.login and not may_log_in_clear(talk):
        with talk.stage("auth", "signing in"):
            refuse_cleartext(talk)


def may_log_in_clear(talk: Conversation) -> bool:
    """Whether a login may go over plain: a password if the organisation says so in as many words, a token never."""
    return talk.route.cleartext_login and not isinstance(talk.route.login, TokenLogin)


def refuse_cleartext(talk: Conversation) -> NoReturn:
    """No login in clear (RFC 8314 3.3). Raises: StageFailed."""
    encrypt = "--set server.encryption=starttls, or tls on port 465"
    if not talk.offer.has("STARTTLS"):
        port = talk.facts.other_port
        encrypt = (
            f"port {talk.facts.port} offers no STARTTLS: use the submission port, --set {talk.facts.port_key}={port}"
        )
        encrypt += ", or see what works: dtsconf test --probe"
    raise StageFailed(
        "cleartext-refused",
        "the session has no TLS, and a login would go over the network in clear: nothing was sent",
        f"{encrypt}; only the organisation's profile can allow it in clear, by server.allow_cleartext_login: true",
    )


_FILTERED = (
    "ask who runs the server, and the firewall or mail filter on the way; or try TLS from the first byte: --set"
    " server.encryption=tls --set server.port=465"
)
_GIVEN_UP = (
    "ask who runs the server, and the firewall or mail filter on the way; if the server really gave up TLS:"
    " dtsconf apply --profile FILE --allow-downgrade"
)
"""What the downgrade takes: apply refuses it where a filter left its mark, and where a login would go in clear."""


def taken_out(route: Smtp) -> str | None:
    """What to do where Microsoft's own server seems to lack what it offers to everybody; None for another server."""
    if not is_smtp_host(route.host):
        return None
    from dtsconf.mail.meanings.tokens import TAKEN_OUT

    return TAKEN_OUT.format(host=route.host, or_graph=route.or_graph)


def _not_offered(talk: Conversation) -> NoReturn:
    said = f"{offered(talk)} has no STARTTLS (it offers {talk.offer})"
    before = "this host and port had STARTTLS before" if talk.link.past.tls else None
    marks = filter_marks(talk.banner, talk.offer)
    missed = taken_out(talk.route)
    always = f"{talk.route.host} offers it to everybody" if missed else None
    evidence = [text for text in (marks, before, always) if text]
    if evidence:
        in_clear = not talk.facts.login or may_log_in_clear(talk)
        hint = missed or (_FILTERED if marks or not in_clear else _GIVEN_UP)
        raise StageFailed("tls-stripped", "; ".join([said, *evidence]), hint)
    hint = (
        f"is {talk.facts.port} the right port? It offers no encryption; submission is usually port 587 (starttls) or"
        f" 465 (tls): try --set server.port={talk.facts.other_port}, or see what works: dtsconf test --probe"
    )
    if not talk.facts.login:
        hint += ", or where the network is trusted --set server.encryption=none"
    raise StageFailed("tls-not-offered", said, hint)


def _start_tls(talk: Conversation) -> None:
    """STARTTLS, the handshake, and EHLO again; only when that EHLO fails it gets a row of its own."""
    trouble: Exception | None = None
    with talk.stage("tls", _DOING) as row:
        _handshake(talk, row, starttls=True)
        talk.offer = Offer()
        try:
            say_hello(talk)
            row.detail += f"; then offers {talk.offer}{by_helo(talk)}"
        except (StageFailed, ConnectionLost, TimeoutError, NotAReply) as error:
            trouble = error
    if trouble is not None:
        with talk.stage("ehlo", "introducing this machine again"):
            raise trouble


def _handshake(talk: Conversation, row: Row, *, starttls: bool) -> None:
    from dtsconf.mail import tls

    trust = tls.Trust.of(talk.route)
    context = trust.context()
    if starttls:
        _ask(talk)
    peer, name = talk.wire.peer, our_name(talk) if starttls else None

    def look() -> Certificate | None:
        from dtsconf.mail import probe

        return probe.certificate(peer, trust, talk.facts.host, name, talk.limits)

    try:
        row.detail = tls.secure(talk.wire, trust, context, talk.facts, talk.limits.end(), look)
    except StageFailed:
        talk.hang_up()
        raise
    row.said_by = "tls"
    talk.facts = talk.facts._replace(tls=True)


def _ask(talk: Conversation) -> None:
    """STARTTLS, and the check that nothing came with its answer (response injection, CVE-2011-0411)."""
    reply = talk.command("STARTTLS", talk.limits.end())
    if reply.code != 220:
        talk.refuse("tls", reply)
    if extra := talk.wire.pending:
        talk.hang_up()
        shown = extra[:200].decode("utf-8", "backslashreplace")
        raise StageFailed(
            "protocol",
            f"text came in clear after the answer to STARTTLS, before TLS: '{shown}'; somebody may have put it in",
            "ask who runs the firewall or mail filter on the way, or try --set server.encryption=tls",
        )
