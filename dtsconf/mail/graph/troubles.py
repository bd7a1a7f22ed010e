"""What it means when Graph gave no answer: from the trouble on the way to cause, words and hint. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.failure import Finding, StageFailed
from dtsconf.web.trouble import TO_LOOK

if TYPE_CHECKING:
    from dtsconf.web.trouble import Trouble

_WAY = "check the way there: the firewall, and connection.proxy if HTTPS goes through a proxy here"
_HINTS = {
    "dns": "check this machine's name servers (getent hosts {host}); behind a proxy set connection.proxy",
    "no-route": "check this machine's network (VPN, default route) and connection.proxy",
    "refused": _WAY,
    "timeout": _WAY + "; or give it longer: --set connection.timeout=60",
    "blocked": "this machine's own firewall or security product stops dtsconf: allow https to {host} for it",
    "dropped": "something between here and {host} cuts the connection: ask who runs the firewall or the proxy",
    "tls-untrusted": "if the network inspects TLS, name its root certificate: --set server.ca_file=/PATH/TO/ROOTS.pem",
    "tls-name": "whoever answers is not {host}: ask who runs the network, and check connection.proxy",
    "tls-expired": "check this machine's clock, and who answers for {host}",
    "tls-not-yet-valid": "check this machine's clock, and who answers for {host}",
    "tls-version": "something on the way speaks only old TLS: ask who runs the firewall or the proxy",
    "protocol": "check connection.proxy, and whether a page for signing in to the network stands between",
}
_ELSEWHERE = {
    "redirect": "the answer is a redirect to {}, and a token goes nowhere but where it belongs",
    "page": "the answer is no answer of Microsoft Graph's: {}",
}

_LARGE_ONLY = (
    "{host} takes attachments of 3 MB and more and nothing else: a test mail never goes there, and smaller mails are "
    "sent all the same"
)
_UPLOAD = {
    "dns": "ask whoever runs this network's DNS why it doesn't know {host} (getent hosts {host} shows when it does)",
    **dict.fromkeys(
        ("no-route", "refused", "timeout"),
        "ask whoever runs the firewall to let this machine out to {host}, port 443, as it does to {service}",
    ),
}


def failed(trouble: Trouble, host: str) -> StageFailed:
    """As the failure of the stage it happened in."""
    proxied = trouble.what == "proxy"
    hint = trouble.proxy_hint(host) if proxied else _HINTS[trouble.cause].format(host=host) + TO_LOOK
    detail = _ELSEWHERE.get(trouble.what, "{}").format(trouble.detail or "nowhere")
    if proxied:
        detail = f"{trouble.proxy_told}: {detail}"
    return StageFailed.of(Finding(trouble.cause, hint), detail, trouble.said_by)


def of_upload(trouble: Trouble, host: str, service: str) -> StageFailed:
    """The same for the host that the service names for large attachments: only a mail with one shows what is there."""
    found = failed(trouble, host)
    ask = _UPLOAD.get(trouble.cause, "").format(host=host, service=service) if trouble.what != "proxy" else ""
    ask = ask or (found.hint or "").removesuffix(TO_LOOK)
    found.detail = f"{host}: {found.detail}"
    found.hint = f"{ask}; {_LARGE_ONLY.format(host=host)}"
    return found


def unknown(seen: str, recipient: str) -> StageFailed:
    """The whole mail had been handed over, and by what was `seen` then it may have gone out. It is not sent again."""
    hint = f"look into Sent Items, or the mailbox of {recipient}, before you send again"
    return StageFailed("outcome-unknown", seen, hint)
