"""What it means when no server said it: errors of the system and of TLS, silence, lost connections, strange bytes.

Pure, from numbers, reasons and bytes to cause (`net.meaning`) and hint; `causes` does the same for replies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.mail.failure import Finding
from dtsconf.mail.meanings.hints import TICKET
from dtsconf.names import is_ip
from dtsconf.net import meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.facts import Facts

_CONNECT_HINTS = {
    "blocked": "this machine's own firewall, security product or routes stop dtsconf: allow it TCP to {f.host} port"
    " {f.port}, then dtsconf test again",
    "refused": "is the mail server running, and is {f.port} its port? Submission usually has 587 (starttls) or 465"
    " (tls), a relay 25; or a firewall rejects it. To try another: --set {f.port_key}={f.other_port}",
    "dropped": "something between here and {f.host} cuts the connection: ask who runs the firewall; other ports:"
    " dtsconf test --probe",
    "timeout": "a firewall drops port {f.port}, or the host is down; to see which ports answer: dtsconf test --probe",
    "no-route": "this machine's network is down (cable, VPN, default route), or a router or firewall on the way says"
    " no, or {f.host} is off; which of them: dtsconf test --explain",
}
_PROVEN = (
    "{f.host} port {f.port} was proven from this machine on {f.proven}: is the server down, or the way to it (VPN,"
    " firewall)? See to that, then dtsconf test again"
)
_PROVEN_NAME = "{f.host} was proven from this machine on {f.proven}, and now "
_NAMELESS = (
    "its name is not known: is a VPN needed that isn't up, or has the server got another name? Which name server says"
    " what: dtsconf test --explain"
)
_NO_INTERFACE = (
    "this machine has no network interface {zone} (ip link shows those that it has): name the one that leads to the"
    " server, or the server's name: --set {f.host_key}=HOST"
)
_NAMES_MUTE = "this machine's name servers don't answer for it; which of them says what: dtsconf test --explain"
_DOUBTFUL = ("refused", "timeout")
"""Causes that speak against host and port, where nothing speaks for them."""

LONG = 60
"""Seconds that are proposed to a server that is slow; silent for longer, it is not slow."""

_SLOW = {
    "auth": "servers make a login wait after a wrong one",
    "banner": "a server that is busy greets late; or a filter holds it back",
    "tls": "a filter or firewall on the way may hold TLS back",
}
"""Why a stage may be slow."""

_OTHER_PORT = "outgoing mail has other ports: --set {f.port_key}=587, or see which answer: dtsconf test --probe"
_LOOK = "no mail server answers there: check {f.host_key} and {f.port_key}; what works there: dtsconf test --probe"
_AGAIN = (
    "dtsconf test again; if it stays, tell {f.administrator}, with what this writes: dtsconf test --transcript FILE"
)
_CLEAR_PORT = (
    "TLS from the first byte usually has port 465; this port starts in clear: --set server.encryption=starttls, if the"
    " server offers it there"
)
_SPEAKERS = (
    (re.compile(rb"SSH-\d"), "an SSH server"),
    (re.compile(rb"HTTP/\d|\s*<(!doctype|html|head|\?xml)", re.IGNORECASE), "a web server"),
    (re.compile(rb"\* (OK|PREAUTH|BYE)"), "an IMAP server"),
    (re.compile(rb"\+OK|-ERR"), "a POP3 server"),
)
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_SMTP = re.compile(rb"[2-5][0-9][0-9][ -]")
ASKED = "the server asked for a client certificate"
_CLIENT_CERTIFICATE = re.compile(f"certificate.?required|peer did not return a certificate|{ASKED}", re.IGNORECASE)
_AGREED = (
    "ask who runs the firewall or mail filter on the way: one that breaks STARTTLS does this; or try TLS from the first"
    " byte: --set server.encryption=tls"
)

_LACKING = {
    "DH_KEY_TOO_SMALL": "the key exchange made safe (ECDHE, or DH with 2048 bits and more)",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": "secure renegotiation (RFC 5746) switched on, as newer libraries have it",
}
"""What a server's TLS lacks though the version is new enough, by OpenSSL's word."""


def of_errnos(numbers: Sequence[int | None], facts: Facts) -> Finding:
    """What it means that no address could be connected to; None stands for no answer in time."""
    cause = meaning.of_errnos(numbers)
    hint = _PROVEN if facts.proven and cause in _DOUBTFUL else _CONNECT_HINTS[cause]
    return Finding(cause, hint.format(f=facts))


def of_lookup(code: int | None, facts: Facts) -> Finding:
    """What a failed look-up means. `code` is getaddrinfo's, None when it did not end in time."""
    if is_ip(facts.host):
        return Finding("dns", _NO_INTERFACE.format(f=facts, zone=facts.host.partition("%")[2]))
    if facts.proven:
        now = _NAMELESS if meaning.no_such_name(code) else _NAMES_MUTE
        return Finding("dns", _PROVEN_NAME.format(f=facts) + now)
    if meaning.no_such_name(code):
        return Finding(
            "dns",
            f"check the spelling of {facts.host}: --set {facts.host_key}=NAME; if only a VPN knows it, connect that",
        )
    return Finding(
        "dns", f"the name servers don't answer for {facts.host}; which of them says what: dtsconf test --explain"
    )


def of_silence(stage: str, facts: Facts, timeout: float) -> Finding:
    """What it means that a stage was not over in time. `timeout`: the seconds that each stage is given."""
    longer = f"--set connection.timeout={LONG}" if timeout < LONG else None
    if stage == "accepted":
        return Finding("outcome-unknown", _never_taken(facts, timeout, longer))
    if longer:
        return Finding("timeout", f"give it longer: {longer} ({_SLOW.get(stage, 'a filter may hold it back')})")
    why = _SLOW["tls"] if stage == "tls" else "the server hangs, or a filter on the way holds it back"
    ticket = f"ask {facts.administrator}, and who runs the firewall on the way, with what this writes: {TICKET}"
    return Finding("timeout", f"it stays silent for {timeout:g} s, so more time won't help ({why}): {ticket}")


def _never_taken(facts: Facts, timeout: float, longer: str | None) -> str:
    """What to do where the final dot was not answered in `timeout` seconds; `longer`: the option that gives it more."""
    first = f"look into the mailbox of {facts.recipient} first"
    if longer:
        again = "then dtsconf test again; some servers look through a mail before they answer"
        return f"{first}, {again}: to give it longer, {longer}"
    why = f"it was given {timeout:g} s, so more time won't help"
    ask = f"ask {facts.administrator}, and who runs a mail filter on the way, with what this writes: {TICKET}"
    return f"{first}; {why}: {ask}"


def of_loss(stage: str, reason: str, facts: Facts) -> Finding:
    """What it means that the connection ended in a stage. `reason` is the word of whoever said so; TLS's own begin with
    `TLS:`."""
    if stage == "accepted":
        return _outcome_unknown(facts)
    if asks_for_certificate(reason):
        return _certificate_asked(facts)
    if reason.startswith("TLS:"):
        why = "something tampers with the session: ask who runs the firewall on the way"
        return Finding("protocol", f"{why}, with what this writes: dtsconf test --transcript FILE")
    if stage == "banner":
        why = "a firewall, an antivirus product or the server's own list cuts it, or the server is broken: ask who runs"
        return Finding("dropped", f"{why} them; other ports: dtsconf test --probe")
    return Finding("dropped", _AGAIN.format(f=facts))


def asks_for_certificate(words: str) -> bool:
    """Whether TLS's words for a failure mean that the server wants a client certificate."""
    return _CLIENT_CERTIFICATE.search(words) is not None


def _certificate_asked(facts: Facts) -> Finding:
    why = f"{facts.host} wants a client certificate on port {facts.port}, which dtsconf has none of"
    ask = f"ask {facts.administrator} for the port where programs log in with a password instead"
    return Finding("protocol", f"{why}: {ask}; what the others offer: dtsconf test --probe")


def of_nonsense(stage: str, facts: Facts) -> Finding:
    """What it means that the server answered a stage with what is no answer to it."""
    if stage == "accepted":
        return _outcome_unknown(facts)
    return Finding("protocol", "a filter on the way may have changed its words; " + _AGAIN.format(f=facts))


def _outcome_unknown(facts: Facts) -> Finding:
    """From the final dot on the mail may be there, whatever is or isn't said, as long as it is no clear no."""
    again = f"look into the mailbox of {facts.recipient} first; only then dtsconf test again"
    cut = f"if it never arrives, a filter or antivirus product cuts it, here or at {facts.host}: ask who runs them"
    return Finding("outcome-unknown", f"{again}; {cut}, with what this writes: {TICKET}")


def of_strange_bytes(data: bytes, facts: Facts) -> tuple[Finding, str]:
    """What speaks there when it isn't an SMTP reply: cause and hint, and who it is in a few words."""
    if _TLS_RECORD.match(data):
        found = Finding("protocol", "--set server.encryption=tls")
        return found, "the server speaks TLS from the first byte on this port"
    for pattern, who in _SPEAKERS:
        if pattern.match(data):
            return Finding("not-smtp", _OTHER_PORT.format(f=facts)), f"{who} answers on port {facts.port}"
    return Finding("not-smtp", _LOOK.format(f=facts)), "what answers is no mail server"


def of_handshake(reason: str, answer: bytes, facts: Facts, min_tls: str) -> tuple[Finding, str | None]:
    """What a failed handshake means when it isn't the certificate: cause and hint, and who answered if that is known.

    `reason` is OpenSSL's word (`WRONG_VERSION_NUMBER`), `answer` what the server sent.
    """
    if asks_for_certificate(reason):
        return _certificate_asked(facts), None
    if not answer or _TLS_RECORD.match(answer):
        return _of_broken_handshake(reason.upper(), facts, min_tls), None
    if not facts.implicit_tls:
        return Finding("protocol", _AGREED), "the server agreed to TLS, and then spoke in clear"
    if _SMTP.match(answer):
        return Finding("protocol", _CLEAR_PORT), "a mail server answers in clear"
    return of_strange_bytes(answer, facts)


def _of_broken_handshake(reason: str, facts: Facts, min_tls: str) -> Finding:
    if reason == "EXCESSIVE_MESSAGE_SIZE":
        why = f"have {facts.host} send its own certificate and what leads to its root, no more"
        return Finding("protocol", f"{why}; another port may do: dtsconf test --probe")
    if lacking := _LACKING.get(reason):
        return Finding("tls-version", f"have {lacking} at {facts.host}; another port may do: dtsconf test --probe")
    if meaning.is_version_trouble(reason):
        lower = "--set connection.min_tls=1.2, or " if min_tls != "1.2" else ""
        why = f"{lower}have TLS 1.2 or newer switched on at {facts.host}"
        return Finding("tls-version", f"{why}; another port may have it: dtsconf test --probe")
    return Finding("protocol", "let the server say what it offers: --set server.encryption=auto")
