"""Microsoft's clouds and other providers: whom a client turns to, and what it asks for. Pure.

Sources: Microsoft Entra "National clouds" (authentication endpoints), Exchange "Authenticate an IMAP, POP or SMTP
connection using OAuth" (scopes), Microsoft Graph "National cloud deployments" (service roots).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from dtsconf.frozen import frozen
from dtsconf.settings.microsoft import is_authority as is_microsoft

__all__ = ["OTHER", "Cloud", "cloud", "is_microsoft", "scopes"]


@frozen
class Cloud:
    """What a token is asked for. `name` in words; `delegated` and `application` are the resources for SMTP, `graph`
    that for Graph, each a base address without slash; `portal` is its administrator's page."""

    name: str
    delegated: str
    application: str
    graph: str
    portal: str = "https://entra.microsoft.com"


_WORLD = Cloud(
    "Microsoft", "https://outlook.office.com", "https://outlook.office365.com", "https://graph.microsoft.com"
)
_US = Cloud(
    "Microsoft (US Government)",
    "https://outlook.office365.us",
    "https://outlook.office365.us",
    "https://graph.microsoft.us",
    "https://entra.microsoft.us",
)
_CHINA = Cloud(
    "Microsoft (China, 21Vianet)",
    "https://partner.outlook.cn",
    "https://partner.outlook.cn",
    "https://microsoftgraph.chinacloudapi.cn",
    "https://entra.microsoftonline.cn",
)
_BY_HOST: dict[str, Cloud] = {
    "login.microsoftonline.us": _US,
    "login.usgovcloudapi.net": _US,
    "login.partner.microsoftonline.cn": _CHINA,
    "login.chinacloudapi.cn": _CHINA,
}
"""The clouds that are not Microsoft's worldwide one, by the host of `microsoft.authority`."""

OTHER = Cloud("the identity provider", _WORLD.delegated, _WORLD.application, _WORLD.graph, "")
"""Any other provider is asked for the same scopes as Microsoft."""


def cloud(authority: str) -> Cloud:
    """The cloud that the address belongs to."""
    return _BY_HOST.get(urlsplit(authority).hostname or "", _WORLD) if is_microsoft(authority) else OTHER


def scopes(authority: str, via: str, *, application: bool) -> list[str]:
    """What to ask for: sending mail and nothing else. `via` is `smtp` or `graph`."""
    where = cloud(authority)
    if via == "graph":
        return [f"{where.graph}/.default" if application else f"{where.graph}/Mail.Send"]
    return [f"{where.application}/.default" if application else f"{where.delegated}/SMTP.Send"]
