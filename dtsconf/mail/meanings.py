"""The table of what servers' replies mean, most telling rows first. Data only; `causes` reads it.

Sources: RFC 5321 4.2, 3463, 2034, 3207 4, 4954 6, 6522; the texts of Postfix's smtpd and Exim; Exchange Online's
replies to SMTP clients (the Exchange team's announcements on SMTP AUTH, its list of non-delivery codes).
"""

from __future__ import annotations

from dtsconf.frozen import frozen

AUTH = ("auth",)
EHLO = ("ehlo",)
BANNER = ("banner",)
TLS = ("tls",)
MAIL = ("mail-from",)
RCPT = ("rcpt-to",)
CONTENT = ("data", "accepted")
SENDING = (*MAIL, *RCPT, *CONTENT)


@frozen
class Row:
    """One meaning. Patterns are searched case aside (`code` must fit whole, `enhanced` from its start); `stages` () is
    any; `plain`: only without TLS. `hint` may name facts (`{f.host}`); `login_hint` replaces it when a login is on."""

    cause: str
    hint: str
    stages: tuple[str, ...] = ()
    code: str = "[45].."
    enhanced: str | None = None
    text: str | None = None
    plain: bool = False
    login_hint: str | None = None


# Hints
_MICROSOFT = "use Microsoft sign-in instead of a password: mode: microsoft in the profile"
_LOG_IN = "log in: login.required: true, with login.username and login.password (or --set login.required=true)"
_NO_LOGIN = "--set login.required=false, or the submission port: --set server.port=587"
_PASSWORD = "check login.username ({f.username}) and what login.password refers to"
_SEND_AS = "let {f.username} send as {f.sender}, or --set sender.email to an address of that account"
_SENDER = "use an address that the server knows: --set sender.email=ADDRESS"
_TO = "check the address {f.recipient}, or try another with --to ADDRESS"
_RELAY = "{f.host} takes no mail for {f.recipient} from here: let it trust this machine, or " + _LOG_IN
_RELAY_LOGIN = "{f.host} sends no mail to {f.recipient} for {f.username}: try another with --to ADDRESS"
_FULL = "empty the mailbox of {f.recipient}, or try another with --to ADDRESS"
_LARGE = "{f.host} takes no mail of even this size: ask its administrator"
_LATER = "wait and try again; if it stays, ask the administrator of {f.host}"
_MINUTES = "the server wants to see a second try: run it again in some minutes"
_STARTTLS = "--set server.encryption=starttls"
_NAME = "give this machine a full name that the server can look up: hostnamectl set-hostname NAME.DOMAIN"
_LISTED = "ask the administrator of {f.host} why this machine is refused, or send through another server"
_ALLOW = "ask the Exchange administrator to allow SMTP AUTH for {f.username}, or " + _MICROSOFT
_CONDITIONAL = "an access policy stopped {f.username}, the tenant's sign-in log names it; " + _MICROSOFT
_APP_PASSWORD = "make an application password for {f.username} and store that as login.password"
_TRANSITION = "sign in once another way, so that the server can store the password anew"
_NO_TLS = "have TLS mended at {f.host}, or where the network is trusted --set server.encryption=none"
_FILTER = "a filter refused the mail itself: ask the administrator of {f.host}, with the server's words"

# Texts
_TLS_WANTED = (
    r"starttls (command )?(first|(is )?required)|(issue|use) (a )?starttls|(encryption|tls|ssl) (is )?(required|needed)"
    r"|requires? (an? )?(tls|starttls|encrypt|secure)|must use (tls|ssl|encryption)|encrypted (connection|session)"
)
_RATE = (
    r"too many|rate.?limit|throttl|slow down|concurrent connection|server (is )?busy|too fast"
    r"|exceeded.{0,30}(rate|number)|(hourly|daily|sending|submission|message rate).{0,20}(limit|quota)"
)
_NO_RELAY = (
    r"relay(ing)?( access)?( is)? (denied|prohibited|not (permitted|allowed))|(unable|not allowed|refuse) to relay"
    r"|(do not|don't|cannot) relay"
)
_BLOCKED = (
    r"block(ed)? ?(using|list)|black ?list|dnsbl|\brbl\b|spamhaus|reputation|banned"
    r"|client (host|address|\[?\S+\]?) (is )?(rejected|blocked)"
)
_WANTS_LOGIN = (
    r"auth\w* (is )?required|not (been )?authenticated|must (be )?(authenticat|log)|(authenticate|log ?in|auth) first"
)
_DISABLED = r"disabled|not enabled|not (available|supported|allowed|permitted|advertised)"
_HELO = r"helo (command )?rejected|(invalid|bad) helo|ehlo.{0,30}(invalid|reject)"
_EXCHANGE_OFF = r"disabled for the|smtpclientauthentication is disabled|basic auth\w* is disabled"
_BAD_SENDER = r"sender (address |verify )?(rejected|failed|denied)|send ?as"
_TOO_LARGE = r"(size|message).{0,30}(exceed|too (large|big|long))"

TABLE: tuple[Row, ...] = (
    # Exchange Online's own words, whatever stage they come at
    Row("auth-disabled", "this tenant takes no passwords any more: " + _MICROSOFT, enhanced=r"5\.7\.30$"),
    Row("auth-disabled", _ALLOW, enhanced=r"5\.7\.139", text=_EXCHANGE_OFF),
    Row("auth-disabled", "keep them on, and " + _MICROSOFT, enhanced=r"5\.7\.139", text="security defaults"),
    Row("auth-rejected", _CONDITIONAL, enhanced=r"5\.7\.139", text="criteria"),
    Row("auth-rejected", _PASSWORD, enhanced=r"5\.7\.139"),
    Row("sender-rejected", _SEND_AS, enhanced=r"5\.7\.60|5\.2\.252"),
    Row("auth-rejected", _LOG_IN, SENDING, enhanced=r"5\.7\.57", login_hint=_SEND_AS),
    Row("recipient-rejected", _RELAY, SENDING, enhanced=r"5\.7\.54", login_hint=_RELAY_LOGIN),
    # TLS first
    Row("tls-required", _STARTTLS, code="538|523", plain=True),
    Row("tls-required", _STARTTLS, enhanced=r"5\.7\.1[01]$", plain=True),
    Row("tls-required", _STARTTLS, text=_TLS_WANTED, plain=True),
    # At any stage: not yet, too fast, not you
    Row("greylisted", _MINUTES, text=r"gr[ae]y.?list|postgrey"),
    Row("greylisted", _MINUTES, RCPT, code="45.", text=r"(again|retry) in \d+ ?(s|m)"),
    Row("rate-limited", _LATER, text=_RATE),
    Row("rate-limited", _LATER, enhanced=r"4\.7\.500"),
    Row("rate-limited", _LATER, code="421", enhanced=r"4\.7\.\d+"),
    Row("blocked", _LISTED, BANNER, code="5.."),
    Row("blocked", _NAME, text=_HELO),
    # Signing in
    Row("auth-rejected", _APP_PASSWORD, AUTH, text="application-specific|app password"),
    Row("auth-rejected", _TRANSITION, AUTH, code="432"),
    Row("auth-mechanism", "--set login.mechanism=auto", AUTH, code="504|534"),
    Row("auth-rejected", _PASSWORD, AUTH, code="535"),
    Row("auth-disabled", _NO_LOGIN, AUTH, code="5..", text=_DISABLED),
    Row("auth-disabled", _NO_LOGIN, AUTH, code="50[0-3]"),
    Row("auth-rejected", _PASSWORD, AUTH, code="5.."),
    # The answer to STARTTLS
    Row("tls-not-offered", _NO_TLS, TLS, code="5.."),
    # Envelope and content: first what the text says, since servers often tell at RCPT what they hold against MAIL
    Row("recipient-rejected", _RELAY, SENDING, text=_NO_RELAY, login_hint=_RELAY_LOGIN),
    Row("sender-rejected", _LOG_IN, SENDING, text=r"sender (address )?rejected.*not logged in", login_hint=_SEND_AS),
    Row("auth-rejected", _LOG_IN, SENDING, code="530", login_hint=_PASSWORD),
    Row("auth-rejected", _LOG_IN, SENDING, code="5..", text=_WANTS_LOGIN, login_hint=_PASSWORD),
    Row("sender-rejected", _SENDER, SENDING, text=_BAD_SENDER, login_hint=_SEND_AS),
    Row("blocked", _LISTED, (*EHLO, *SENDING), text=_BLOCKED),
    Row("mailbox-full", _FULL, SENDING, enhanced=r"[45]\.2\.2"),
    Row("mailbox-full", _FULL, SENDING, text=r"mailbox (is )?full|over ?quota|quota (is )?exceeded"),
    Row("too-large", _LARGE, SENDING, enhanced=r"5\.3\.4|5\.2\.3"),
    Row("too-large", _LARGE, SENDING, code="5..|452", text=_TOO_LARGE),
    Row("too-large", _LARGE, SENDING, code="552"),
    Row("sender-rejected", _SENDER, SENDING, enhanced=r"[45]\.1\.[78]", login_hint=_SEND_AS),
    Row("recipient-rejected", _TO, (*RCPT, *CONTENT), enhanced=r"[45]\.1\.\d+|5\.2\.1"),
    Row("sender-rejected", _SENDER, MAIL, code="5..", login_hint=_SEND_AS),
    Row("recipient-rejected", _TO, RCPT, code="5.."),
    Row("content-rejected", _FILTER, CONTENT, code="5.."),
    # The rest
    Row("blocked", _LISTED, EHLO, code="55."),
    Row("server-error", _LATER),
)
"""Every reply of 4yz or 5yz fits the last row at least."""
