"""Security products that stand between a mail program and its server, by the marks they leave. Data only.

Issuers: the names of the root certificates that these products install, as their own pages and users tell. Banners:
what their SMTP proxies say in place of the server. RFC 3207 6 warns of those that take STARTTLS out.
"""

from __future__ import annotations

import re

INSPECTORS: tuple[tuple[str, str], ...] = (
    (r"avast (web|mail|antivirus)|avast.*shield", "Avast"),
    (r"\bavg\b.*(shield|technologies)|avg web", "AVG"),
    (r"norton.*(shield|root)|symantec.*(proxy|inspection)", "Norton"),
    (r"eset ssl filter|\beset\b", "ESET"),
    (r"kaspersky", "Kaspersky"),
    (r"bitdefender", "Bitdefender"),
    (r"dr\.? ?web", "Dr.Web"),
    (r"sophos", "Sophos"),
    (r"trend ?micro", "Trend Micro"),
    (r"mcafee|skyhigh|trellix", "McAfee / Skyhigh"),
    (r"bullguard", "BullGuard"),
    (r"f-?secure|withsecure", "F-Secure"),
    (r"g ?data (mail|soft|anti|web)", "G DATA"),
    (r"\bpanda (security|root)", "Panda"),
    (r"adguard", "AdGuard"),
    (r"zscaler", "Zscaler"),
    (r"netskope|goskope", "Netskope"),
    (r"umbrella|cisco.*(wsa|web security|ironport)", "Cisco Umbrella / Secure Web Appliance"),
    (r"forti(gate|net)", "Fortinet FortiGate"),
    (r"palo ?alto|pan-?os", "Palo Alto Networks"),
    (r"check ?point", "Check Point"),
    (r"sonicwall", "SonicWall"),
    (r"watchguard|fireware", "WatchGuard"),
    (r"barracuda", "Barracuda"),
    (r"blue ?coat|proxysg", "Blue Coat / Symantec ProxySG"),
    (r"forcepoint|websense", "Forcepoint"),
    (r"untangle|arista edge", "Untangle"),
    (r"smoothwall", "Smoothwall"),
    (r"lightspeed (systems|rocket)", "Lightspeed"),
    (r"securly", "Securly"),
    (r"\biboss\b", "iboss"),
    (r"gateway ca - cloudflare|cloudflare managed", "Cloudflare Gateway"),
    (r"mitmproxy", "mitmproxy"),
    (r"fiddlerroot|telerik fiddler", "Fiddler"),
    (r"charles proxy", "Charles"),
    (r"portswigger", "Burp"),
    (r"pfsense|opnsense|squid", "a Squid proxy"),
)
"""Patterns for an issuer's name (case aside), and the product."""

BANNERS: tuple[tuple[str, str], ...] = (
    (r"\*{8,}", "a firewall that blots greetings out (Cisco's ESMTP inspection does)"),
    (r"cannot connect to smtp server .*connect", "the mail shield of a security product (Avast and AVG speak so)"),
    (r"limit in (avast|avg)", "the mail shield of Avast or AVG"),
    (r"\b(avast|avg|norton|eset|kaspersky|bitdefender|f-?secure)\b", "a security product that names itself"),
    (r"smtp proxy|proxy server ready|esmtp proxy", "an SMTP proxy that says so"),
    (r"pix firewall|fixup", "a firewall's mail inspection"),
)
"""Patterns for a greeting (case aside), and who speaks so."""


def inspector(issuer: str) -> str | None:
    """The product whose root has such a name; None when none is known."""
    return _first(INSPECTORS, issuer)


def proxy(banner: str) -> str | None:
    """Who greets in place of the server; None when nothing shows that. A host's name shows nothing: there are servers
    called norton.example, and a mail provider called MailGuard."""
    return _first(BANNERS, re.sub(r"[\w-]+(\.[\w-]+)+", "", banner))


def _first(rows: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for pattern, name in rows if re.search(pattern, text, re.IGNORECASE)), None)
