"""Microsoft's own hosts, and the rule that any other provider is the organisation's to name. Pure.

Sources: Microsoft Entra "National clouds" (sign-in), Microsoft 365 "URLs and IP address ranges" of each cloud (SMTP).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from dtsconf.errors import Problem
from dtsconf.settings.effective import quoted, source
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
    parts = urlsplit(url)
    return parts.hostname in AUTHORITIES and parts.port in (None, 443) and parts.path in ("", "/")


def is_smtp_host(host: str) -> bool:
    """Whether the host takes mail for Microsoft."""
    return host.casefold().rstrip(".") in SMTP_HOSTS


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


def _is_microsofts(key: str, value: str) -> bool:
    return is_authority(value) if key == "microsoft.authority" else is_smtp_host(value)
