"""Replies of mail server programs and of what stands around them, in their own words. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, BANNER, CONTENT, LATER, SENDING, TLS, Row

POSTFIX = "Postfix 3.7: smtpd.c, smtpd_check.c, smtpd_sasl_proto.c"
POSTSCREEN = "Postfix 3.7: postscreen(8), postscreen_smtpd.c"
MILTER = "Postfix 3.7: milter8.c, MILTER_README"
EXIM = "Exim 4.96: smtp_in.c, receive.c, verify.c, and the ACL of Debian's configuration"
SENDMAIL = "Sendmail 8.17: cf/README, srvrsmtp.c, daemon.c"
QMAIL = "qmail: qmail-smtpd.c"
MAILENABLE = "MailEnable: SMTP error messages (mailenable.com/kb)"
HMAIL = "hMailServer: SMTPConnection.cpp"
RSPAMD = "Rspamd: greylist and ratelimit modules (rspamd.com/doc)"
AMAVIS = "amavisd-new 2.13: README.customize"
POLICYD = "PolicyD 2 (cluebringer): modules/Quotas.pm, Accounting.pm"
DOMINO = "HCL Domino: SMTP inbound relay controls (help.hcl-software.com/domino)"
GREYLISTD = "Exim with greylistd (Debian): its greylist message"
AVAST = "Avast and AVG Mail Shield: its SMTP proxy on this machine"

ROWS: tuple[Row, ...] = (
    # A security product in between, whose words come in place of the server's
    Row("server-error", hints.PROXY, AVAST, BANNER, code="421", text=r"cannot connect to smtp server .*connect"),
    Row("rate-limited", hints.PROXY, AVAST, BANNER, code="421", text="concurrent connections limit in (avast|avg)"),
    # The name and address of this machine
    Row("blocked", hints.REVERSE, POSTFIX, text="cannot find your (reverse )?hostname"),
    Row("blocked", hints.NAME, POSTFIX, text="helo command rejected"),
    Row("blocked", hints.NAME, EXIM, text=r"invalid (helo|ehlo) (argument|name)|(helo|ehlo) should be a fqdn"),
    Row("blocked", hints.BLOCK_LIST, POSTFIX, text=r"client (host|address)? ?\[?\S*\]? ?blocked using"),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        POSTFIX,
        SENDING,
        code="530",
        text=r"client (host|address)? ?\[?\S*\]? ?rejected: authentication required",
        login_hint=hints.NOT_YOU,
    ),
    Row(
        "greylisted",
        hints.GREY,
        "Postfix 3.7: SMTPD_POLICY_README, a greylisting service under smtpd_client_restrictions",
        code="4..",
        text=r"client (host|address)? ?\[?\S*\]? ?rejected: .*gr[ae]y.?list",
    ),
    Row("blocked", hints.LISTED, POSTFIX, text=r"client (host|address)? ?\[?\S*\]? ?rejected"),
    Row("blocked", hints.LISTED, POSTFIX, code="503", enhanced=r"5\.7\.0", text="access denied for"),
    # Signing in
    Row("auth-disabled", hints.NO_LOGIN, POSTFIX, AUTH, code="503", text="authentication not enabled"),
    Row("auth-disabled", hints.NO_LOGIN, EXIM, AUTH, code="503", text="auth command used when not advertised"),
    Row("auth-rejected", hints.PASSWORD, EXIM, AUTH, code="535", text="incorrect authentication data"),
    Row("server-error", hints.LATER, EXIM, AUTH, code="435", text="unable to authenticate at present"),
    Row(
        "server-error",
        hints.LATER,
        "Postfix 3.7: xsasl_dovecot_server.c",
        AUTH,
        code="535",
        text="connection lost to authentication server",
    ),
    Row(
        "server-error",
        hints.LATER,
        "Postfix 3.7: SASL_README, saslauthd not running (Cyrus SASL: SASL_FAIL)",
        AUTH,
        code="535",
        text="authentication failed: generic failure",
    ),
    Row("rate-limited", accounts.LOCKED_OUT, POSTFIX, AUTH, code="4..", text="too many auth"),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        MAILENABLE,
        SENDING,
        code="50[23]",
        text="requires authentication",
        login_hint=hints.NOT_YOU,
    ),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        HMAIL,
        SENDING,
        code="530|503",
        text=r"smtp authentication is required|must be authenticated",
        login_hint=hints.NOT_YOU,
    ),
    # Quotas, which stand behind "Sender address rejected" where Postfix was told them for the sender
    Row(
        "rate-limited",
        hints.SLOWER,
        POLICYD,
        SENDING,
        text=r"policy rejection.{0,30}(message|size|count).{0,20}exceeded",
    ),
    # Senders and recipients, which servers often tell at RCPT
    Row("sender-rejected", hints.SEND_AS, POSTFIX, SENDING, text="sender address rejected: not owned by user"),
    Row("sender-rejected", hints.LOG_IN, POSTFIX, SENDING, text="rejected: not logged in", login_hint=hints.SEND_AS),
    Row("sender-rejected", hints.SENDER_DOMAIN, POSTFIX, SENDING, text="sender address rejected: (domain|need fully)"),
    Row("sender-rejected", hints.SENDER, EXIM, SENDING, text="sender verify (failed|callout)|complete sender verify"),
    Row("sender-rejected", hints.SENDER_DOMAIN, SENDMAIL, SENDING, text="domain of sender address .* does not"),
    Row(
        "recipient-rejected", hints.TO, POSTFIX, LATER, text="recipient address rejected: (access|need|user|undel|unve)"
    ),
    Row(
        "recipient-rejected",
        hints.TO,
        EXIM,
        LATER,
        code="550",
        text="unrouteable address|no such (user|recipient) here",
    ),
    Row("recipient-rejected", hints.TO, HMAIL, LATER, code="550", text="delivery is not allowed to this address"),
    Row(
        "recipient-rejected",
        hints.RELAY,
        QMAIL,
        LATER,
        code="553",
        text="list of allowed rcpthosts",
        login_hint=hints.RELAY_LOGIN,
    ),
    Row(
        "recipient-rejected",
        hints.RELAY,
        DOMINO,
        LATER,
        code="554",
        text="relay rejected for policy reasons",
        login_hint=hints.RELAY_LOGIN,
    ),
    # Not now
    Row("greylisted", hints.GREY, POSTSCREEN, (*SENDING,), code="450", text="service currently unavailable"),
    Row("greylisted", hints.GREY, GREYLISTD, SENDING, code="451", text="not yet authori[sz]ed to deliver mail from"),
    Row("rate-limited", hints.SLOWER, POSTSCREEN, BANNER, code="421", text="all server ports are busy"),
    Row(
        "rate-limited",
        hints.SLOWER,
        POSTFIX,
        code="4..",
        text="too much mail from|too many (connections|recipients) fro",
    ),
    Row(
        "server-error",
        hints.LATER,
        SENDMAIL,
        (*BANNER, *SENDING),
        code="4..",
        text="insufficient (disk|system|storage)|no space left|disk (is )?full",
    ),
    Row("rate-limited", hints.SLOWER, EXIM, code="421", text="too much load|too many concurrent smtp"),
    Row(
        "rate-limited",
        hints.SLOWER,
        SENDMAIL,
        code="421|45.",
        text="connection rate limit|too many (open )?connections",
    ),
    Row(
        "greylisted", hints.GREY, RSPAMD, CONTENT, code="451", enhanced=r"4\.7\.1", text=r"^451 4\.7\.1 try again later"
    ),
    Row("rate-limited", hints.SLOWER, RSPAMD, code="4..", text="ratelimit"),
    Row(
        "server-error",
        hints.FILTER_DOWN,
        MILTER,
        code="451",
        text=r"^451 4\.7\.1 service unavailable - try again later$",
    ),
    Row("tls-not-offered", hints.NO_STARTTLS, POSTFIX, TLS, code="454", text="tls not available due to local problem"),
    # Not this mail
    Row(
        "content-rejected", hints.FILTER, MILTER, CONTENT, code="5..", text="command rejected|message content rejected"
    ),
    Row("content-rejected", hints.FILTER, AMAVIS, CONTENT, code="5..", text=r"id=\S+ - (spam|infected|banned|bad)"),
    Row("content-rejected", hints.FILTER, RSPAMD, CONTENT, code="5..", text="spam message rejected"),
    Row("content-rejected", hints.FILTER, EXIM, CONTENT, code="550", text='too many "?received|rejected after data'),
    Row("content-rejected", hints.FILTER, EXIM, CONTENT, code="550", text="administrative prohibition"),
    Row(
        "content-rejected", hints.FILTER, AMAVIS, CONTENT, code="5..", text="virus|malware|infected|spamassassin|clamav"
    ),
    # Not understood
    Row("protocol", hints.ODD, "qmail: qmail-smtpd.c, straynewline", CONTENT, code="451", text=r"smtplf\.html"),
    Row("protocol", hints.ODD, EXIM, code="554", text="synchronization error"),
)
