"""Replies of other providers and of filters that mail is sent through, in their own words. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, CONTENT, LATER, SENDING, Row

SES = "Amazon SES: SMTP response codes, sending errors (docs.aws.amazon.com/ses, troubleshoot-error-messages)"
SENDGRID = "Twilio SendGrid: SMTP errors and troubleshooting (twilio.com/docs/sendgrid)"
MAILGUN = "Mailgun: Authorized Recipients, My domain has been disabled (help.mailgun.com)"
YAHOO = "Yahoo Sender Hub: SMTP error codes (senders.yahooinc.com/smtp-error-codes)"
ZOHO = "Zoho Mail and ZeptoMail: SMTP error codes (zoho.com)"
ICLOUD = "Apple: Postmaster information for iCloud Mail (support.apple.com/102322)"
GODADDY = "GoDaddy: What does my email bounceback mean (godaddy.com/help)"
MIMECAST = "Mimecast: SMTP error codes (mimecastsupport.zendesk.com)"
GMX = "GMX and WEB.DE, IONOS (one house): Postmaster, error messages (postmaster.gmx.net)"
YANDEX = "Yandex Mail: Help, mail clients (yandex.com/support/mail/mail-clients)"
TENCENT = "Tencent QQ Mail: Help, SMTP service and authorization code (service.mail.qq.com)"
PROOFPOINT = "Proofpoint: Dynamic Reputation (ipcheck.proofpoint.com), Essentials: email delivery errors"

SPARKPOST = "SparkPost, Brevo, Mailjet, Postmark: a sender or its domain has to be confirmed first, told in words"
POSTMARK = "Postmark: Account approval; Inactive recipients (postmarkapp.com/support)"
CPANEL = "cPanel & WHM: Tweak Settings, Mail; suspended outgoing mail (docs.cpanel.net)"

_PROGRAMS_OFF = (
    r"\b(pop3?|imap|smtp)\b.{0,60}(not (activated|enabled)|deactivated|disabled|nicht (aktiviert|freigeschaltet)"
    r"|requires enabling|(must|has to|needs to) be (enabled|activated|switched on))"
)
_UNVERIFIED = "email address is not verified"
_UNCONFIRMED = (
    r"(unconfigured|unverified|unvalidated) (sending |sender )?domain|unverified sender\b"
    r"|\b(sender|sending|from|domain)\b.{0,30}\b(not|n't) (been )?(verified|validated|confirmed)"
    r"|(validate|verify|confirm) your (sender|domain)|not a sender signature"
)

ROWS: tuple[Row, ...] = (
    Row("auth-disabled", accounts.MAIL_PROGRAMS, GMX, AUTH, code="535", text=_PROGRAMS_OFF),
    Row("sender-rejected", hints.VERIFY_SENDER, SES, SENDING, code="554", text=_UNVERIFIED, names="sender"),
    Row("recipient-rejected", hints.VERIFY_RECIPIENT, SES, LATER, code="554", text=_UNVERIFIED, names="recipient"),
    Row("sender-rejected", hints.VERIFY_NAMED, SES, SENDING, code="554", text=_UNVERIFIED),
    Row("sender-rejected", hints.ALLOW_SENDING, SES, SENDING, code="554", text="not authorized to perform"),
    Row(
        "sender-rejected", accounts.DISABLED, SES, SENDING, code="554", text="sending (is )?(paused|disabled) for this"
    ),
    Row("auth-rejected", hints.PASSWORD, SES, AUTH, code="535", text="authentication credentials invalid"),
    Row("rate-limited", accounts.QUOTA, SES, code="454", text="throttling failure: daily"),
    Row("rate-limited", hints.SLOWER, SES, code="454", text="throttling failure"),
    Row(
        "sender-rejected",
        hints.VERIFY_SENDER,
        SENDGRID,
        SENDING,
        code="5..",
        text="verified sender identity|authorized to send from that",
    ),
    Row("rate-limited", accounts.QUOTA, SENDGRID, code="[45]..", text="maximum credits exceeded"),
    Row(
        "auth-rejected",
        accounts.SENDGRID,
        SENDGRID,
        AUTH,
        code="535",
        text="bad username / password|authorization grant",
    ),
    Row("auth-rejected", hints.LOG_IN, SENDGRID, SENDING, code="550", text="unauthenticated senders not allowed"),
    Row("recipient-rejected", hints.AUTHORIZED, MAILGUN, LATER, text="for test purposes only|authorized recipients"),
    Row("sender-rejected", accounts.DISABLED, MAILGUN, SENDING, text="not allowed to send: .*(disabled|terminated)"),
    Row("rate-limited", hints.SLOWER, MAILGUN, SENDING, text="not allowed to send: .*limit exceeded"),
    Row("sender-rejected", hints.VERIFY_SENDER, MAILGUN, SENDING, text=r"domain \S+ is not allowed to send"),
    Row("rate-limited", hints.SLOWER, YAHOO, code="421", text=r"\[TSS?0\d\]|temporarily deferred"),
    Row("blocked", hints.BLOCK_LIST, YAHOO, code="553", text=r"\[(BL\d\d|TSS\d\d)\]"),
    Row("content-rejected", hints.FILTER, YAHOO, LATER, code="554", text="not accepted for policy reasons"),
    Row("rate-limited", accounts.LOCKED_OUT, YAHOO, AUTH, code="535", text="too many bad auth"),
    Row("auth-rejected", accounts.APP_PASSWORD, YAHOO, AUTH, code="535", text=r"\(#(MBR|AUTH)\d+\)"),
    Row(
        "sender-rejected",
        hints.SEND_AS,
        ZOHO,
        SENDING,
        code="55[0-4]",
        text=r"relaying disallowed( as\b|\. invalid)|sender is not allowed to relay",
    ),
    Row(
        "sender-rejected",
        accounts.DISABLED,
        ZOHO,
        SENDING,
        code="55[04]",
        text="outgoing blocked|sender address blocked",
    ),
    Row("sender-rejected", accounts.DISABLED, ZOHO, SENDING, code="550", text="unusual sending activity"),
    Row("sender-rejected", hints.SEND_AS, ICLOUD, SENDING, code="550", text="from address is not one of your"),
    Row("sender-rejected", hints.SPF, ICLOUD, LATER, code="554", text="dmarc policy|spf and dkim"),
    Row("content-rejected", hints.FILTER, ICLOUD, LATER, code="550", text=r"\[CS01\]"),
    Row("auth-disabled", hints.NO_LOGIN, GODADDY, AUTH, code="535", text="not allowed on ibsmtp"),
    Row("blocked", hints.BLOCK_LIST, GODADDY, code="[45]..", text=r"\bIB10[3-8]\b"),
    Row("rate-limited", hints.SLOWER, GODADDY, code="5..", text=r"\bIB(504|607|506)\b.*hour|hour.*\bIB(504|607)\b"),
    Row("greylisted", hints.GREY, MIMECAST, code="451", text="internal resources? (are )?temporarily unavailable"),
    Row("rate-limited", hints.SLOWER, MIMECAST, code="451", text="ip temporarily blacklisted|unable to process"),
    Row("rate-limited", hints.SLOWER, MIMECAST, code="550", text="thread limit"),
    Row("sender-rejected", hints.BLOCKED_SENDER, MIMECAST, SENDING, code="550", text="blocked senders"),
    Row(
        "sender-rejected", hints.SENDER, MIMECAST, SENDING, code="550", text="anti-spoofing|envelope (blocked|rejected)"
    ),
    Row(
        "blocked",
        hints.RELAY_REGISTER,
        MIMECAST,
        SENDING,
        code="55.",
        text="invalid outbound ip",
        login_hint=hints.REGISTER,
    ),
    Row("auth-rejected", hints.LOG_IN, MIMECAST, SENDING, text="submitter failed", login_hint=hints.NOT_YOU),
    Row("blocked", hints.LISTED, MIMECAST, code="554", text="host network,? not allowed"),
    Row("blocked", hints.LISTED, MIMECAST, code="421", text="sender address blocked"),
    Row("tls-version", hints.NEWER_TLS, MIMECAST, code="553", text=r"requires (tls version|high-strength)"),
    Row(
        "content-rejected", hints.POLICY, MIMECAST, CONTENT, code="55[04]", text="content examination|security policies"
    ),
    Row(
        "rate-limited", accounts.HOURLY, CPANEL, SENDING, text="exceeded the max (emails|defers and failures) per hour"
    ),
    Row("sender-rejected", accounts.DISABLED, CPANEL, SENDING, code="550", text="outgoing mail from .* suspended"),
    Row("rate-limited", hints.SLOWER, GMX, SENDING, code="4..", text="mail send limit exceeded"),
    Row("auth-rejected", accounts.CODE, TENCENT, AUTH, code="535", text="authorization code"),
    Row(
        "auth-disabled", accounts.MAIL_PROGRAMS, YANDEX, AUTH, code="535", text="not have access rights to this service"
    ),
    Row("blocked", hints.BLOCK_LIST, PROOFPOINT, code="55[04]", text=r"blocked - see https?://\S*proofpoint"),
    Row("recipient-rejected", hints.PENDING, POSTMARK, LATER, text="account is pending approval"),
    Row("recipient-rejected", hints.SUPPRESSED, POSTMARK, LATER, text="marked as inactive"),
    Row("sender-rejected", hints.VERIFY_SENDER, SPARKPOST, SENDING, code="5..", text=_UNCONFIRMED),
    Row("content-rejected", hints.POLICY, PROOFPOINT, SENDING, code="550", text="local policy violation"),
)
