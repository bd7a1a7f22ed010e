"""Replies of Exchange Online, Exchange Server and Outlook.com, in their own words. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, BANNER, CONTENT, LATER, SENDING, Row

NDR = "Exchange Online: Email non-delivery reports (learn.microsoft.com, non-delivery-reports-in-exchange-online)"
SERVER = "Exchange Server: NDRs and bounce messages (learn.microsoft.com, non-delivery-reports-and-bounce-messages)"
SUBMISSION = "Exchange Online: Authenticated client SMTP submission (learn.microsoft.com); aka.ms/smtp_auth_disabled"
BASIC = "Exchange team: Exchange Online to retire Basic auth for Client Submission (update of 27 January 2026)"
LIMITS = "Exchange Online limits: sending limits (learn.microsoft.com)"
TLS = "Exchange Online: Opt in to the endpoint for legacy TLS clients using SMTP AUTH (learn.microsoft.com)"
HVE = "Exchange Online: High Volume Email (learn.microsoft.com)"
OUTLOOK = "Outlook.com Postmaster: troubleshooting, SMTP error codes"

ROWS: tuple[Row, ...] = (
    # Signing in: one code, several meanings with a fix each
    Row("auth-disabled", hints.SIGN_IN, BASIC, enhanced=r"5\.7\.30", text="basic auth"),
    Row(
        "auth-disabled",
        hints.ALLOW_TENANT,
        SUBMISSION,
        enhanced=r"5\.7\.139",
        text="smtpclientauthentication is disabled for the tenant",
    ),
    Row(
        "auth-disabled",
        hints.ALLOW_MAILBOX,
        SUBMISSION,
        enhanced=r"5\.7\.139",
        text="smtpclientauthentication is disabled for the mailbox",
    ),
    Row("auth-disabled", hints.SIGN_IN, SUBMISSION, enhanced=r"5\.7\.139", text="basic auth\\w* is disabled"),
    Row("auth-disabled", hints.SECURITY_DEFAULTS, SUBMISSION, enhanced=r"5\.7\.139", text="security defaults"),
    Row("auth-rejected", hints.CRITERIA, SUBMISSION, enhanced=r"5\.7\.139", text="criteria"),
    Row(
        "auth-rejected",
        accounts.EXCHANGE_WRONG,
        SUBMISSION,
        enhanced=r"5\.7\.139",
        text="credentials were incorrect",
    ),
    Row("auth-rejected", hints.EXCHANGE_PASSWORD, SUBMISSION, enhanced=r"5\.7\.139"),
    Row("auth-rejected", hints.EXCHANGE_PASSWORD, NDR, AUTH, enhanced=r"5\.7\.3"),
    Row("token", hints.FRESH_TOKEN, HVE, enhanced=r"5\.5\.127"),
    Row(
        "auth-rejected",
        hints.LOG_IN_EXCHANGE,
        NDR,
        SENDING,
        enhanced=r"5\.7\.57",
        text=r"\.outlook\.com\]",
        login_hint=hints.NOT_YOU,
    ),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        SERVER,
        SENDING,
        enhanced=r"5\.7\.57",
        login_hint=hints.NOT_YOU,
    ),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        SERVER,
        SENDING,
        enhanced=r"5\.7\.1",
        text="client was not authenticated|permissions? to submit",
        login_hint=hints.NOT_YOU,
    ),
    # Sending as somebody
    Row("sender-rejected", hints.SEND_AS, NDR, enhanced=r"5\.7\.60|5\.2\.252"),
    Row("sender-rejected", hints.SEND_AS, SERVER, enhanced=r"5\.7\.1", text="permissions? to send (as|on behalf)"),
    Row("sender-rejected", accounts.DISABLED, NDR, enhanced=r"5\.1\.8", text="bad outbound sender"),
    Row("blocked", hints.BLOCK_LIST, NDR, enhanced=r"5\.7\.50[1-3]", text=r"\bip\b"),
    Row("sender-rejected", accounts.DISABLED, NDR, enhanced=r"5\.7\.50[1-3]", text="spam abuse|banned sender"),
    Row("sender-rejected", hints.VERIFY_SENDER, NDR, enhanced=r"5\.7\.750", text="unregistered domain"),
    Row("sender-rejected", hints.SPF, NDR, enhanced=r"5\.7\.(509|515)", text="dmarc|authentication"),
    # Recipients
    Row(
        "recipient-rejected",
        hints.RELAY,
        NDR,
        LATER,
        enhanced=r"5\.7\.54|5\.7\.64",
        text="relay",
        login_hint=hints.RELAY_LOGIN,
    ),
    Row("recipient-rejected", hints.TO, NDR, LATER, enhanced=r"5\.4\.1", text="recipient address rejected"),
    Row("recipient-rejected", hints.TO, NDR, LATER, enhanced=r"5\.4\.310", text="does not exist"),
    Row(
        "recipient-rejected",
        hints.RESTRICTED,
        SERVER,
        LATER,
        code="550",
        text=r"resolver\.rst\.(auth|notauth|restrict)",
    ),
    Row("recipient-rejected", hints.POLICY, NDR, LATER, enhanced=r"5\.7\.703", text="blocked by your organi[sz]ation"),
    Row(
        "recipient-rejected",
        hints.RESTRICTED,
        NDR,
        LATER,
        enhanced=r"5\.7\.1(2|24|3|3[3-6])",
        text="not (in allowed|authenticated)|sendernot(inallowed|authenticated)",
    ),
    # Too much
    Row("rate-limited", accounts.QUOTA, LIMITS, enhanced=r"5\.1\.90", text="limit"),
    Row("rate-limited", accounts.QUOTA, LIMITS, enhanced=r"5\.2\.2", text="submission quota"),
    Row("rate-limited", hints.SLOWER, LIMITS, enhanced=r"5\.2\.12[12]"),
    Row("rate-limited", hints.SLOWER, LIMITS, enhanced=r"4\.3\.2", text="concurrent|thread limit"),
    Row("rate-limited", accounts.TENANT, NDR, enhanced=r"5\.7\.7(0[0-7]|[1-4]\d)", text="tenant has exceeded"),
    Row("rate-limited", hints.SLOWER, NDR, enhanced=r"5\.7\.508", text="exceeded"),
    Row("tls-version", hints.NEWER_TLS, TLS, code="421", text=r"tls (version|1\.0 and 1\.1 are) not supported"),
    Row("rate-limited", hints.SLOWER, NDR, enhanced=r"4\.7\.([56]\d\d|8[5-9]\d)"),
    Row("sender-rejected", hints.SENDER_FULL, LIMITS, CONTENT, code="554", text=r"submission\.exception:quotaexceeded"),
    Row("rate-limited", accounts.QUOTA, LIMITS, CONTENT, code="554", text=r"submissionquotaexceeded"),
    Row("sender-rejected", accounts.OUTBOUND, OUTLOOK, CONTENT, code="554", text=r"outboundspam"),
    # Not this machine
    Row(
        "blocked",
        hints.BLOCK_LIST,
        NDR,
        enhanced=r"5\.7\.(511|513|6[0-4]\d|70[89])",
        text="banned|block ?list|not accepted",
    ),
    Row("blocked", hints.NAME, NDR, enhanced=r"5\.7\.506", text="helo"),
    Row("blocked", hints.LISTED, NDR, enhanced=r"5\.7\.507", text="rejected by recipient"),
    Row("blocked", hints.BLOCK_LIST, OUTLOOK, enhanced=r"5\.7\.1", text="on our block ?list"),
    Row("blocked", hints.BLOCK_LIST, OUTLOOK, code="550", text=r"^550 (SC|DY|OU)-00\d"),
    Row("rate-limited", hints.SLOWER, OUTLOOK, code="421", text=r"^421 RP-00\d"),
    # Not this mail
    Row("content-rejected", hints.POLICY, NDR, (*LATER,), enhanced=r"5\.7\.9\d\d"),
    Row("content-rejected", hints.FILTER, NDR, CONTENT, enhanced=r"5\.7\.512"),
    Row("server-error", hints.LATER, SERVER, enhanced=r"4\.3\.1", text="insufficient system (resources|storage)"),
    Row("server-error", hints.LATER, SERVER, BANNER, enhanced=r"4\.3\.2", text="service not a(vailable|ctive)"),
)
