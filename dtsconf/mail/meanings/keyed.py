"""Providers whose user name is no mail address: what they take in its place. Data, and what is told of it."""

from __future__ import annotations

import re

from dtsconf.frozen import frozen


@frozen
class Keyed:
    """A provider by its `host` (a pattern for its end) and `name`; `username` is the one that all its customers have,
    '' where each has their own, and `takes` what stands for user name and password. `source`: where that is
    written."""

    host: str
    name: str
    username: str
    takes: str
    source: str


_KEY = "an API key as password"

PROVIDERS: tuple[Keyed, ...] = (
    Keyed(
        r"email-smtp(-fips)?\.[\w-]+\.amazonaws\.com",
        "Amazon SES",
        "",
        "the SMTP user name (AKIA...) and SMTP password that its console makes for this region, not an access key of a"
        " user",
        "Amazon SES: Obtaining SMTP credentials (docs.aws.amazon.com/ses, smtp-credentials)",
    ),
    Keyed(r"sendgrid\.net", "SendGrid", "apikey", _KEY, "Twilio SendGrid: Integrating with the SMTP API"),
    Keyed(
        r"smtp(-broadcasts)?\.postmarkapp\.com",
        "Postmark",
        "",
        "the server's API token as user name and as password alike",
        "Postmark: Sending email with SMTP (postmarkapp.com/developer)",
    ),
    Keyed(
        r"mailjet\.com",
        "Mailjet",
        "",
        "the API key as user name and the secret key as password",
        "Mailjet: Configuring the SMTP relay (dev.mailjet.com/smtp-relay)",
    ),
    Keyed(r"sparkpostmail\.com", "SparkPost", "SMTP_Injection", _KEY, "SparkPost: SMTP relay endpoints"),
    Keyed(r"smtp\.resend\.com", "Resend", "resend", _KEY, "Resend: Send emails with SMTP (resend.com/docs)"),
    Keyed(r"zeptomail\.\w+", "ZeptoMail", "emailapikey", "a Send Mail token as password", "Zoho ZeptoMail: SMTP"),
)


def taken(host: str, username: str) -> str:
    """What the provider of a host takes, as a sentence; where its customers' one user name isn't `username`, with what
    sets it. '' for any other host."""
    found = next((each for each in PROVIDERS if re.search(rf"(^|\.){each.host}$", host, re.IGNORECASE)), None)
    if found is None:
        return ""
    if not found.username:
        return f"{found.name} takes {found.takes}"
    change = "" if username == found.username else f", --set login.username={found.username},"
    return f"{found.name} takes the word {found.username} as user name{change} and {found.takes}"
