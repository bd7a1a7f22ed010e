"""What it means when no server said it: errors of the system and of TLS, silence, lost connections, strange bytes.

Pure, from numbers, reasons and bytes to cause (`net.meaning`) and hint; `causes` does the same for replies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.mail.failure import Finding
from dtsconf.net import meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.facts import Facts

_CONNECT_HINTS = {
    "blocked": "this machine's own firewall or security product stops dtsconf: allow port {f.port} to {f.host} for it",
    "refused": "is the mail server running, and is {f.port} its port? Submission usually has 587 (starttls) or 465"
    " (tls), a relay 25; or a firewall rejects it. To try another: --set server.port={f.other_port}",
    "dropped": "something between here and {f.host} cuts the connection: ask who runs the firewall",
    "timeout": "a firewall drops port {f.port}, or the host is down; to see whether another port answers:"
    " --set server.port={f.other_port}",
    "no-route": "check this machine's network (VPN, default route), and whether a firewall prohibits {f.host}",
}
_OTHER_PORT = "outgoing mail usually has port 587 (starttls), 465 (tls) or 25: try --set server.port=587"
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
_CLIENT_CERTIFICATE = re.compile("certificate.?required|peer did not return a certificate", re.IGNORECASE)
_AGREED = (
    "ask who runs the firewall or mail filter on the way: one that breaks STARTTLS does this; or try TLS from the first"
    " byte: --set server.encryption=tls"
)


def of_errnos(numbers: Sequence[int | None], facts: Facts) -> Finding:
    """What it means that no address could be connected to; None stands for no answer in time."""
    cause = meaning.of_errnos(numbers)
    return Finding(cause, _CONNECT_HINTS[cause].format(f=facts))


def of_lookup(code: int | None, facts: Facts) -> Finding:
    """What a failed look-up means. `code` is getaddrinfo's, None when it did not end in time."""
    if meaning.no_such_name(code):
        return Finding(
            "dns", f"check the spelling of server.host, or the VPN it is known in: getent hosts {facts.host}"
        )
    return Finding(
        "dns", f"the name servers don't answer: check them (resolvectl status), then getent hosts {facts.host}"
    )


def of_silence(stage: str, facts: Facts) -> Finding:
    """What it means that a stage was not over in time."""
    if stage == "accepted":
        return _outcome_unknown(facts)
    why = "servers make a login wait after a wrong one" if stage == "auth" else "a filter may hold it back"
    return Finding("timeout", f"give it longer: --set connection.timeout=60 ({why})")


def of_loss(stage: str, reason: str, facts: Facts) -> Finding:
    """What it means that the connection ended in a stage. `reason` is the word of whoever said so; TLS's own begin with
    `TLS:`."""
    if stage == "accepted":
        return _outcome_unknown(facts)
    if _CLIENT_CERTIFICATE.search(reason):
        return Finding("protocol", f"let {facts.host} take connections without a client certificate on this port")
    if reason.startswith("TLS:"):
        return Finding("protocol", f"something tampers with the session: ask who runs the firewall before {facts.host}")
    if stage == "banner":
        return Finding(
            "dropped", "a firewall, an antivirus product or the server's own list cuts it: ask who runs them"
        )
    return Finding("dropped", f"the log of {facts.host} says why; try again")


def of_nonsense(stage: str, facts: Facts) -> Finding:
    """What it means that the server answered a stage with what is no answer to it."""
    if stage == "accepted":
        return _outcome_unknown(facts)
    return Finding("protocol", f"the log of {facts.host} may say more; a filter on the way may have changed its words")


def _outcome_unknown(facts: Facts) -> Finding:
    """From the final dot on the mail may be there, whatever is or isn't said, as long as it is no clear no."""
    return Finding("outcome-unknown", f"look into the mailbox of {facts.recipient} before you send again")


def of_strange_bytes(data: bytes, facts: Facts) -> tuple[Finding, str]:
    """What speaks there when it isn't an SMTP reply: cause and hint, and who it is in a few words."""
    if _TLS_RECORD.match(data):
        return Finding(
            "protocol", "--set server.encryption=tls"
        ), "the server speaks TLS from the first byte on this port"
    for pattern, who in _SPEAKERS:
        if pattern.match(data):
            return Finding("not-smtp", _OTHER_PORT), f"{who} answers on port {facts.port}"
    return Finding("not-smtp", "check server.host and server.port"), "what answers is no mail server"


def of_handshake(reason: str, answer: bytes, facts: Facts, min_tls: str) -> tuple[Finding, str | None]:
    """What a failed handshake means when it isn't the certificate: cause and hint, and who answered if that is known.

    `reason` is OpenSSL's word (`WRONG_VERSION_NUMBER`), `answer` the first bytes the server sent.
    """
    if not answer or _TLS_RECORD.match(answer):
        return _of_broken_handshake(reason.upper(), facts, min_tls), None
    if not facts.implicit_tls:
        return Finding("protocol", _AGREED), "the server agreed to TLS, and then spoke in clear"
    if _SMTP.match(answer):
        return Finding("protocol", _CLEAR_PORT), "a mail server answers in clear"
    return of_strange_bytes(answer, facts)


def _of_broken_handshake(reason: str, facts: Facts, min_tls: str) -> Finding:
    if reason == "EXCESSIVE_MESSAGE_SIZE":
        return Finding("protocol", f"have {facts.host} send its own certificate and what leads to its root, no more")
    if meaning.is_version_trouble(reason):
        lower = "--set connection.min_tls=1.2, or " if min_tls != "1.2" else ""
        return Finding("tls-version", f"{lower}have TLS 1.2 or newer switched on at {facts.host}")
    return Finding("protocol", "let the server say what it offers: --set server.encryption=auto")
