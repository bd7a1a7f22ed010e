"""Microsoft's own hosts, and the rule that any other provider is the organisation's to name. Pure.

Sources: Microsoft Entra "National clouds" (sign-in), Microsoft 365 "URLs and IP address ranges" of each cloud (SMTP).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dtsconf.errors import Notice, Problem
from dtsconf.names import escape_controls
from dtsconf.settings.effective import Setting, quoted, source
from dtsconf.settings.values import ORGANISATION, Layer, Organisation

AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoft.com",
        "login.windows.net",
        "sts.windows.net",
        "login.microsoftonline.us",
        "login.usgovcloudapi.net",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
    }
)
"""Hosts of Microsoft's sign-in, in all clouds."""

SMTP_HOSTS = frozenset(
    {
        "smtp.office365.com",
        "outlook.office365.com",
        "smtp.office365.us",
        "smtp.partner.outlook.cn",
        "smtp-mail.outlook.com",
    }
)
"""Hosts that take mail for Exchange Online, in all clouds, and for personal accounts."""

KEYS = ("microsoft.authority", "microsoft.smtp.host")
"""Where a sign-in and its token go."""


def is_authority(url: str) -> bool:
    """Whether the address is Microsoft's own sign-in."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.hostname in AUTHORITIES and parts.port in (None, 443) and parts.path in ("", "/")


def is_smtp_host(host: str) -> bool:
    """Whether the host takes mail for Microsoft."""
    return host.casefold().rstrip(".") in SMTP_HOSTS


def is_placeholder(client_id: str | None) -> bool:
    """Whether the client ID is the one that stands in samples: nothing but zeros."""
    return bool(client_id) and not (client_id or "").strip("0-")


_ELSE = {
    "graph.microsoft.com": "Microsoft Graph's address",
    "graph.microsoft.us": "Microsoft Graph's address",
    "outlook.office.com": "Outlook's address",
    "outlook.office365.com": "Outlook's address",
    "smtp.office365.com": "the mail server's address",
    "entra.microsoft.com": "the administrators' portal",
    "portal.azure.com": "the administrators' portal",
}
"""Microsoft's hosts that are taken for its sign-in server."""


def no_authority(values: Mapping[str, Setting]) -> list[Problem]:
    """A host of Microsoft's that nobody signs in at, and one of its sign-in servers with a path behind it (code 3)."""
    from urllib.parse import urlsplit

    key = KEYS[0]
    setting = values[key]
    parts = urlsplit(setting.value)
    host = (parts.hostname or "").rstrip(".")
    if host in AUTHORITIES and parts.path not in ("", "/"):
        wrong = f"has a path, and Microsoft would take {escape_controls(parts.path.strip('/'))} for the tenant"
        hint = f"write https://{host}; who signs in there is said by microsoft.tenant"
    elif host in _ELSE:
        wrong = f"is {_ELSE[host]}, not the sign-in server's"
        hint = "leave it out, or write https://login.microsoftonline.com"
    else:
        return []
    return [Problem("no-authority", f"{key} {quoted(key, setting.value)} {wrong}", hint, setting.where, key)]


def named_elsewhere(layers: Iterable[Layer], org: Organisation) -> list[Problem]:
    """A provider or mail host that isn't Microsoft's, from any layer but the organisation's (code 4). What repeats the
    organisation's own word, or what it expects from others, is let be."""
    problems = []
    for layer in layers:
        for key in KEYS:
            value = layer.values.get(key)
            if layer.name in ("default", *ORGANISATION) or value is None or value.raw is None:
                continue
            given = org.layer.values.get(key)
            repeated = given is not None and given.raw == value.raw
            if _is_microsofts(key, value.raw) or repeated or org.expected(key):
                continue
            problems.append(
                Problem(
                    "provider-not-yours",
                    f"{key} is changed to {quoted(key, value.raw)} by {source(layer.name, value.where)}; where people "
                    "sign in and their tokens go, if not to Microsoft, only the organisation's profile may say",
                    "take it out there; a provider of your own belongs into the profile",
                    value.where,
                    key,
                    code=4,
                )
            )
    return problems


def proof_notices(values: Mapping[str, Setting], org: Organisation) -> list[Notice]:
    """That an apply can't go through: nobody is there to sign in, and the proof may not be owed."""
    flow = values["microsoft.flow"]
    by_person = values["mode"].value == "microsoft" and flow.value != "application"
    if not by_person or org.verify.level == "none" or "sign-in" in org.verify.pending:
        return []
    text = f"apply will refuse this: microsoft.flow {flow.value} needs a person, and verify.pending leaves sign-in out"
    hint = "let the proof be owed (verify.pending: [sign-in]; each user runs dtsconf sign-in), or use flow application"
    return [Notice("proof-impossible", text, hint, org.place_of("verify.pending") or flow.where, "microsoft.flow")]


def _is_microsofts(key: str, value: str) -> bool:
    return is_authority(value) if key == "microsoft.authority" else is_smtp_host(value)
