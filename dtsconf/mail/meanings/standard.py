"""What the RFCs give codes: enhanced status codes first, then reply codes by stage, then their class. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, BANNER, CONTENT, EHLO, LATER, MAIL, RCPT, SENDING, TLS, Row

ADDRESS = "RFC 3463 3.2: address status"
MAILBOX = "RFC 3463 3.3: mailbox status"
SYSTEM = "RFC 3463 3.4: mail system status"
NETWORK = "RFC 3463 3.5: network and routing status"
PROTOCOL = "RFC 3463 3.6: mail delivery protocol status"
SECURITY = "RFC 3463 3.8, RFC 5248 2.4: security or policy status"
ENHANCED_AUTH = "RFC 4954 6: X.7.8, X.7.9, X.7.12, X.5.6"
AUTHENTICITY = "RFC 7372 3: X.7.20 to X.7.26; RFC 7505 4.2: X.7.27"
REPLIES = "RFC 5321 4.2.2, 4.2.3: reply codes"
ARGUMENT = "RFC 5321 4.2.2, 4.1.1.2 and 4.1.1.3: 501, and the argument is the address"
LOGIN = "RFC 4954 4, 6: replies to AUTH"
CLASS = "RFC 5321 4.2.1: the class of a reply, here at this stage"

_DEFINED = r"[1-9]\d*"
"""X.3.0 and X.4.0 are "other or undefined" (RFC 3463 3.4, 3.5): a no for good with one of them is what its stage makes
of it."""

TELLING: tuple[Row, ...] = (
    # Codes with one meaning, which words don't overrule
    Row("sender-rejected", hints.SENDER_DOMAIN, ADDRESS, SENDING, enhanced=r"[45]\.1\.8"),
    Row("sender-rejected", hints.SENDER, ADDRESS, SENDING, enhanced=r"[45]\.1\.7"),
    Row("recipient-rejected", hints.TO, ADDRESS, LATER, enhanced=r"[45]\.1\.([1-6]|9|10)"),
    Row("recipient-rejected", hints.TO, MAILBOX, LATER, enhanced=r"5\.2\.[14]"),
    Row("mailbox-full", hints.FULL, MAILBOX, LATER, enhanced=r"[45]\.2\.2"),
    Row("sender-rejected", hints.SENDER_FULL, MAILBOX, MAIL, enhanced=r"[45]\.2\.2"),
    Row("too-large", hints.LARGE, "RFC 1870 6, RFC 3463 3.3 and 3.4", SENDING, enhanced=r"[45]\.(3\.4|2\.3)|5\.7\.16"),
    Row("sender-rejected", hints.ASCII, "RFC 6531 3.5: X.6.7", MAIL, enhanced=r"[45]\.6\.7"),
    Row("recipient-rejected", hints.ASCII, "RFC 6531 3.5: X.6.7", RCPT, enhanced=r"[45]\.6\.7"),
    Row(
        "content-rejected",
        hints.FILTER,
        "RFC 3463 3.7: content or media status",
        CONTENT,
        code="5(?!52)..",
        enhanced=r"5\.6\.\d+",
    ),
    Row("auth-mechanism", hints.MECHANISM, SECURITY, AUTH, enhanced=r"5\.7\.4"),
    Row("auth-disabled", accounts.DISABLED, "RFC 5248 2.4: X.7.13", enhanced=r"5\.7\.13"),
    Row("sender-rejected", hints.SPF, AUTHENTICITY, SENDING, enhanced=r"[45]\.7\.2[0-4]|[45]\.7\.2[67]"),
    Row("blocked", hints.REVERSE, "RFC 7372 3.3: X.7.25", enhanced=r"[45]\.7\.25"),
    Row("rate-limited", hints.SLOWER, "IANA SMTP Enhanced Status Codes: X.7.28", enhanced=r"[45]\.7\.28"),
)

ROWS: tuple[Row, ...] = (
    # The banner: a no is a no to this machine (RFC 5321 3.1)
    Row("rate-limited", hints.SLOWER, SECURITY, BANNER, code="421", enhanced=r"4\.7\.\d+"),
    Row("blocked", hints.LISTED, "RFC 5321 3.1: 554 in place of the greeting; RFC 7504: 521", BANNER, code="5.."),
    # Signing in
    Row("auth-rejected", accounts.TRANSITION, ENHANCED_AUTH, AUTH, code="432"),
    Row("auth-rejected", accounts.TRANSITION, ENHANCED_AUTH, AUTH, code="534", enhanced=r"[45]\.7\.12"),
    Row("auth-mechanism", hints.MECHANISM, LOGIN, AUTH, code="504|534|538"),
    Row("auth-rejected", hints.PASSWORD, LOGIN, AUTH, code="535"),
    Row("protocol", hints.MISREAD, LOGIN, AUTH, code="501", text="syntax|decode|base64|argument|parameter"),
    Row("auth-disabled", hints.NO_LOGIN, LOGIN, AUTH, code="50[023]"),
    Row(
        "auth-disabled",
        hints.NO_LOGIN,
        LOGIN,
        AUTH,
        code="5..",
        text=r"disabled|not enabled|not (available|supported|allowed|permitted|advertised)",
    ),
    Row("auth-rejected", hints.PASSWORD, LOGIN, AUTH, code="5.."),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        LOGIN,
        SENDING,
        code="530",
        login_hint=hints.NOT_YOU,
    ),
    # The answer to STARTTLS
    Row("tls-not-offered", hints.NO_STARTTLS, "RFC 3207 4", TLS, code="5.."),
    # Enhanced codes that say more than the reply code
    Row("rate-limited", hints.SLOWER, PROTOCOL, enhanced=r"[45]\.5\.3"),
    Row("rate-limited", hints.SLOWER, NETWORK, enhanced=r"[45]\.4\.5"),
    Row("rate-limited", hints.SLOWER, SECURITY, code="421", enhanced=r"4\.7\.\d+"),
    Row("server-error", hints.LATER, SYSTEM, enhanced=rf"4\.3\.\d+|5\.3\.{_DEFINED}"),
    Row("server-error", hints.LATER, NETWORK, enhanced=rf"4\.4\.\d+|5\.4\.{_DEFINED}"),
    # Reply codes by stage
    Row("mailbox-full", hints.FULL, REPLIES, RCPT, code="552", text="storage"),
    Row("too-large", hints.LARGE, REPLIES, SENDING, code="552", enhanced=r"(?!5\.7\.).*"),
    Row("content-rejected", hints.FILTER, REPLIES, CONTENT, code="55[04]"),
    Row("recipient-rejected", hints.TO, ARGUMENT, RCPT, code="501"),
    Row("sender-rejected", hints.SENDER, ARGUMENT, MAIL, code="501", text=r"address|mailbox|sender|domain"),
    Row("protocol", hints.ODD, REPLIES, SENDING, code="50[0-4]|555", enhanced=r"5\.5\.\d+"),
    Row("blocked", hints.NAME, "RFC 5321 4.1.1.1: 501, 504 to EHLO: its argument, the name", EHLO, code="50[14]"),
    Row("protocol", hints.ODD, REPLIES, (*EHLO, *SENDING), code="50[0-4]|555"),
    Row("blocked", hints.NAME_OR_ADDRESS, REPLIES, EHLO, code="5.."),
    Row("sender-rejected", hints.SENDER, CLASS, MAIL, code="5..", login_hint=hints.SEND_AS),
    Row("recipient-rejected", hints.TO, CLASS, RCPT, code="5.."),
    Row("content-rejected", hints.FILTER, CLASS, CONTENT, code="5.."),
    Row("server-error", hints.LATER, CLASS),
)
