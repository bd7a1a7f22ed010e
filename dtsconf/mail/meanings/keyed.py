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
    Keyed(
        r"smtp-relay\.(brevo|sendinblue)\.com",
        "Brevo",
        "",
        "the SMTP login that its console shows (an address made for that) as user name and an SMTP key, not an API key,"
        " as password",
        "Brevo: Create and manage your SMTP keys (help.brevo.com)",
    ),
    Keyed(
        r"smtp\.mandrillapp\.com",
        "Mailchimp Transactional (Mandrill)",
        "",
        "an API key as password, whatever the user name",
        "Mailchimp Transactional: SMTP integration (mailchimp.com/developer)",
    ),
    Keyed(
        r"smtp\.[\w.-]+\.oraclecloud\.com",
        "Oracle Cloud",
        "",
        "the SMTP user name (ocid1.user...) and SMTP password that its console makes for a user of this region, not"
        " those of the account",
        "Oracle Cloud Infrastructure: Email Delivery, generating SMTP credentials for a user (docs.oracle.com)",
    ),
    Keyed(
        r"smtp\.azurecomm\.net",
        "Azure Communication Services",
        "",
        "the SMTP user name that is set up in its resource and linked to an application of Entra (or"
        " RESOURCE.APPLICATION.TENANT) and a client secret of that application as password",
        "Azure Communication Services: Create credentials for SMTP authentication (learn.microsoft.com)",
    ),
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
