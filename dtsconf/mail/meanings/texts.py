"""What codes without one meaning (550, 554, X.7.0, X.7.1 ...) say in words, whatever product says it. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, BANNER, CONTENT, EHLO, LATER, MAIL, RCPT, SENDING, Row

STARTTLS = "RFC 3207 4: 530 Must issue a STARTTLS command first"
CODES = "RFC 3463 3.8, X.7.0 and X.7.1: a policy, told in words"
GREYLISTING = "RFC 6647 2: greylisting answers 4yz, usually 450 or 451, and says so in words"
SUBMISSION = "RFC 6409 3.3, 6.1: submission checks who sends; RFC 4954 6"
SWITCHED_OFF = "RFC 4954 6: 535, told in words; RFC 5248 2.4: X.7.13, user account disabled"
MECHANISMS = "RFC 4954 4: 504, told in words (Cyrus SASL by 535: SASL_NOMECH, SASL_BADPARAM)"
RELAYING = "RFC 5321 7.9, 3.6.2: servers refuse to relay; they say it in words"
NOBODY = "RFC 5321 3.3: 554, no valid recipients, in answer to DATA"
LISTS = "RFC 5782 2.5, RFC 5321 7.8: refusals by list, told in words"

_TLS_WANTED = (
    r"starttls (command )?(first|(is )?required)|(issue|use) (a )?starttls|(encryption|tls|ssl) (is )?(required|needed)"
    r"|requires? (an? )?(tls|starttls|encrypt|secure)|\b(use|needs?|wants?) (tls|ssl|encryption)"
    r"|\b(tls|ssl|encryption) first|encrypted (connection|session)"
)
_RATE = (
    r"too many|rate.?limit|throttl|slow down|concurrent connection|server (is )?busy|too fast"
    r"|exceeded.{0,30}(rate|number)|\brate\b.{0,30}\bexceeded|\bmessage limit (exceeded|reached)"
    r"|(hourly|daily|sending|submission|message rate).{0,20}(limit|quota)"
    r"|(messages?|mails?|recipients) (per|an) (minute|hour|day)|zu viele"
    r"|\b(versand|sende|stunden)-?limit\w* .{0,20}(erreicht|überschritten)"
)
_DAILY = (
    r"\bexceeded (for )?today"
    r"|\bdaily .{0,30}\b(limit|quota)|\b(limit|quota) (for|of) (today|the day)|\btages-?limit|limite quotidienne"
    r"|l[ií]mite diari[oa]|limite giornaliero"
)
"""English, German, French, Spanish and Portuguese, Italian."""

_PLAN = r"upgrade\b.{0,20}\b(plan|account|subscription)\b|\bplan\b.{0,20}\b(limit|quota)|(limit|quota)\b.{0,20}\bplan\b"
_EXPIRED = (
    r"password.{0,20} expired|expired password|(kenn|pass)wort\b.{0,30}abgelaufen|abgelaufene?s? (kenn|pass)wort"
    r"|mot de passe.{0,20}expir|contrase.{1,5}a.{0,20}(caduc|expir|venci)|password.{0,20}scadut|senha.{0,20}expir"
    r"|wachtwoord.{0,20}verlopen"
)
"""English, German, French, Spanish, Italian, Portuguese, Dutch."""

_OVER_QUOTA = (
    r"mailbox .{0,20}full|over.{0,20}quota|quota.{0,20}exceed|exceed\w* .{0,20}quota|\b(over|out of) .{0,10}\bstorage"
    r"|mailbox size\b.{0,20}\b(exceeded|limit)"
    r"|postfach\b.{0,20}\bvoll|bo[iî]te.{0,30}pleine|buz[oó]n.{0,20}llen|casella.{0,20}piena|mailbox.{0,20}\bvol\b"
)
_SWITCHED_OFF = (
    r"\b(user|account|mailbox|login)\b.{0,20}\b(disabled|suspended|deactivated|inactive|closed|blocked)\b"
    r"|\b(disabled|suspended|deactivated|inactive) (user|account|mailbox)\b|\b(auth\w*|login)( is)? disabled\b"
    r"|(konto|postfach|zugang|benutzer)\b.{0,30}\b(gesperrt|deaktiviert)"
    r"|\bcompte\b.{0,30}\b(bloqu|suspendu|d.{1,2}sactiv)"
    r"|\b(cuenta|conta|usuario|usu.{1,2}rio)\b.{0,30}\b(bloquead|suspendid|suspens|des(ac|a|hab)\w*ad|inhabilitad)"
    r"|\b(account|utente|casella)\b.{0,30}\b(bloccat|sospes|disattivat|disabilitat)"
    r"|\b(account|gebruiker)\b.{0,30}\b(geblokkeerd|opgeschort|uitgeschakeld)"
)
"""English, German, French, Spanish and Portuguese, Italian, Dutch."""

_LOCKED_OUT = (
    r"too many|\blocked|temporarily (blocked|banned|disabled)"
    r"|zu viele|\btrop de\b|verrouill|demasiad[oa]s\b|(muitas|excesso de) tentativas|\btroppi\b"
    r"|\bte veel\b|vergrendeld"
)
"""The same languages."""

_SENDING_OFF = r"(outgoing mail|sending|account|mailbox)\b.{0,60}\bsuspended\b"
_ACCOUNT_OFF = r"\baccount\b.{0,40}\b(disabled|deactivated|blocked|locked|terminated|not (yet )?activated)\b"
_COMPROMISED = r"(account|mailbox|spam)\b.*\b(change|reset) (your|the) password|\bcompromised\b"
_SEND_FROM = (
    r"not (allowed|authori[sz]ed|permitted) to"
    r" ((send|use)\b.{0,20}\b(from|as) ((that|this) (e-?mail |sender )?addr|\S*@)|use (that|this) (from|sender)\b)"
    r"|\bmust (be (the )?same as|equal|match)\b.{0,30}\b(auth\w*|login|account)\b"
)
_SECOND_FACTOR = r"\b(multi|two|2).?factor|\b(2fa|mfa)\b|\b(two|2).?step verification"
_MECHANISM = (
    r"(invalid|unsupported|unknown|unrecogni[sz]ed) (auth\w* |sasl )?(mechanism|method|type)"
    r"|no mechanism available|\b(mechanism|method) (is )?not (supported|available)"
)
_LOGIN_DOWN = (
    r"internal (server )?error|system (is )?(busy|error)"
    r"|\b(ldap|radius|database|directory|back.?end|auth\w* (server|service))\b.{0,30}"
    r"\b(unavailable|unreachable|down|failed)\b"
)
_NEW_PASSWORD = (
    r"(must|ha(ve|s) to|needs? to|required to) (change|reset|renew) (your |the )?(\w+ )?password"
    r"|password (must|has to|needs to) be (changed|reset|renewed)|change (your |the )?password (first|before)"
    r"|(kenn|pass)wort\b.{0,20}\bmuss"
)
_LAPSED = (
    r"\b(trial|subscription|licen[cs]e|plan|contract)\b.{0,20}\b(expired|ended|is over|cancell?ed|lapsed)\b"
    r"|\b(unpaid|overdue)\b"
)
_ALLOWED = r"(allowed|permitted|authori[sz]ed|white.?listed|allow.?listed)"
_FROM_HERE = (
    rf"not {_ALLOWED}.{{0,20}}\bfrom\b.{{0,20}}\b(ip|address|host|network|location|country|region)\b"
    rf"|\b(ip|address|location|country|region)\b.{{0,30}}\bnot {_ALLOWED}|unauthori[sz]ed ip\b"
    r"|\b(ip( address)?|network|location|country|region)\b.{0,30}\b(blocked|denied|forbidden|banned)\b"
    r"|\bgeo.?(restrict|block|fenc)"
)
_NO_RELAY = (
    r"relay(ing)?( access)?( is)? (denied|disallowed|prohibited|rejected|not (permitted|allowed))"
    r"|(unable|not allowed|refuse) to relay|(do not|don't|cannot|no) relay|not permitted to relay|open relay"
)
_TOO_LARGE = (
    r"\bsize\b.{0,30}\bexceed|\bexceed\w*\b.{0,30}\bsize\b|\bmessage size (violation|limit)\b"
    r"|\b(size|message|mail|file|body|content)( (size|file|body|content|is|was))* too (large|big|long)"
)
_CONTENT_RULE = (
    r"\bdlp\b|data.loss prevention|(confidential|sensitive) (data|information|content)"
    r"|(blocked|rejected|refused|denied) (by|due to|because of) .{0,30}\b(content|attachment)"
)
_NOT_LET = r"\b(not (allowed|permitted|accepted)|banned|blocked|black.?listed|forbidden|prohibited)\b"
_ATTACHMENT = (
    rf"\battach(ed|ments?)\b.{{0,60}}{_NOT_LET}"
    r"|\b(banned|blocked|forbidden|prohibited|disallowed|dangerous|executable) (file|attach)"
    rf"|\bfile (extension|type|name)s?\b.{{0,30}}{_NOT_LET}"
    r"|\bbecause .{0,40}\bcontains an? .{0,20}\battachment"
)
_BLOCK_LIST = (
    r"block(ed)? ?(using|list)|black ?list|dnsbl|\b(rbl|xbl|pbl|sbl)\b|spamhaus|spamcop|sorbs|uceprotect"
    r"|barracuda ?(central|networks|reputation)"
    r"|(?<!white)listed (in|on|at|by)"
)
_BANNED = r"(banned|black.?listed)"
_LISTED = (
    r"blocked by|reputation|banned|\b(dynamic|residential|dial.?up)\b"
    r"|\b\d{1,3}(\.\d{1,3}){3}\]? ((is|was|has been) )?(blocked|denied|refused|rejected)"
    r"|\b(ip( address)?|(your|this) (host|network))\b.{0,40}(not (allowed|accepted|authori[sz]ed)|rejected"
    r"|refused|blocked)"
)
_UNTOLD = (
    r"^\d{3} (\d\.\d+\.\d+ )?(access (is )?denied|administrative prohibition|(local |site |security )?policy"
    r" (violation|restriction)s?|((mail|message|command) )?(rejected|refused|denied|blocked) (by|due to|for)"
    r" ((local|site|security|server) )?(policy|rules?)( reasons?)?)\W*$"
)
"""Nothing but a no, the whole reply: no address, no list, no reason."""

_WANTS_LOGIN = (
    r"auth\w* (is )?required|not (been )?authenticated|must (be )?(authenticat|log)|(authenticate|log ?in|auth) first"
    r"|without authentication"
)
_SPAM = r"\bspam\b|unsolicited|virus|malware|content (was )?reject|message rejected"

FIRST: tuple[Row, ...] = (
    Row("tls-required", hints.STARTTLS, "RFC 4954 6 and 4: encryption needed", code="538|523", plain=True),
    Row("tls-required", hints.STARTTLS, "RFC 5248 2.4: X.7.10, X.7.11", enhanced=r"[45]\.7\.1[01]", plain=True),
    Row("tls-required", hints.STARTTLS, STARTTLS, text=_TLS_WANTED, plain=True),
    Row(
        "recipient-rejected",
        hints.RELAY,
        "RFC 3463 3.2: X.1.2, told in words as a refusal to relay",
        LATER,
        enhanced=r"5\.1\.2",
        text=r"\brelay",
        login_hint=hints.RELAY_LOGIN,
    ),
    Row(
        "auth-rejected",
        accounts.EXPIRED,
        "RFC 4954 6: 535, told in words; RFC 5530 3 names the state (EXPIRED)",
        AUTH,
        code="5..",
        text=_EXPIRED,
    ),
    Row("auth-rejected", accounts.NEW_PASSWORD, SUBMISSION, AUTH, code="5..", text=_NEW_PASSWORD),
    Row("auth-rejected", accounts.SECOND_FACTOR, SUBMISSION, AUTH, code="5..", text=_SECOND_FACTOR),
)

ROWS: tuple[Row, ...] = (
    Row("greylisted", hints.GREY, GREYLISTING, text=r"gr[ae]y.?list|postgrey"),
    Row("content-rejected", hints.ATTACHMENT, CODES, CONTENT, code="5..", text=_ATTACHMENT),
    Row("auth-rejected", accounts.APP_PASSWORD, SUBMISSION, AUTH, text="app(lication)?.?(specific)?.?password"),
    Row("rate-limited", accounts.LOCKED_OUT, SUBMISSION, AUTH, text=f"{_LOCKED_OUT}|{_RATE}"),
    Row("server-error", hints.LATER, SUBMISSION, AUTH, code="5..", text=_LOGIN_DOWN),
    Row("auth-mechanism", hints.MECHANISM, MECHANISMS, AUTH, code="5..", text=_MECHANISM),
    Row("auth-disabled", accounts.DISABLED, SWITCHED_OFF, AUTH, code="5..", text=_SWITCHED_OFF),
    Row("auth-disabled", accounts.LAPSED, SWITCHED_OFF, AUTH, code="5..", text=f"{_LAPSED}|{_PLAN}"),
    Row("sender-rejected", accounts.COMPROMISED, CODES, SENDING, code="5..", text=_COMPROMISED),
    Row("sender-rejected", accounts.DISABLED, CODES, SENDING, code="5..", text=_SENDING_OFF),
    Row("sender-rejected", accounts.DISABLED, CODES, (*MAIL, *CONTENT), code="5..", text=_ACCOUNT_OFF),
    Row("sender-rejected", accounts.LAPSED, CODES, SENDING, code="5..", text=_LAPSED),
    Row("blocked", accounts.LOGIN_FROM, SUBMISSION, AUTH, code="5..", text=_FROM_HERE),
    Row("rate-limited", accounts.PLAN, CODES, SENDING, text=_PLAN),
    Row("rate-limited", accounts.QUOTA, CODES, SENDING, text=_DAILY),
    Row("rate-limited", hints.SLOWER, CODES, text=_RATE),
    Row("blocked", hints.NAME, "RFC 5321 4.1.4: EHLO with a name that is refused", EHLO, text=r"helo|invalid|hostname"),
    Row("blocked", hints.REVERSE, LISTS, text=r"reverse dns|\bptr\b|rdns"),
    Row(
        "recipient-rejected",
        hints.SUPPRESSED,
        CODES,
        LATER,
        code="5..",
        text=r"\bsuppress(ion|ed)\b|(?<!ip )address blacklisted",
    ),
    Row(
        "sender-rejected",
        hints.LOG_IN,
        RELAYING,
        MAIL,
        text=_NO_RELAY,
        login_hint=hints.SEND_AS,
    ),
    Row(
        "recipient-rejected",
        hints.RELAY,
        RELAYING,
        LATER,
        text=_NO_RELAY,
        login_hint=hints.RELAY_LOGIN,
    ),
    Row(
        "auth-rejected",
        hints.LOG_IN,
        SUBMISSION,
        SENDING,
        text=_WANTS_LOGIN,
        login_hint=hints.NOT_YOU,
    ),
    Row("blocked", hints.ACCESS, CODES, MAIL, code="5..", text=_UNTOLD),
    Row("recipient-rejected", hints.ACCESS_TO, CODES, RCPT, code="5..", text=_UNTOLD),
    Row("sender-rejected", hints.SPF, "RFC 7208 8.4, RFC 7489 10.3", SENDING, text=r"\bspf\b|\bdkim\b|\bdmarc\b"),
    Row(
        "sender-rejected",
        hints.SENDER,
        SUBMISSION,
        SENDING,
        text=r"sender (address |verify )?(is )?(rejected|failed|denied|not allowed)|send ?as|invalid sender|"
        + _SEND_FROM,
        login_hint=hints.SEND_AS,
    ),
    Row("content-rejected", hints.POLICY, CODES, CONTENT, code="5..", text=_CONTENT_RULE),
    Row(
        "sender-rejected",
        hints.BLOCKED_SENDER,
        CODES,
        SENDING,
        code="5..",
        text=rf"\bsender( address)?( (is|was|has been))? {_BANNED}|\b{_BANNED} sender\b(?!\[)",
    ),
    Row(
        "recipient-rejected",
        hints.TO,
        CODES,
        LATER,
        code="5..",
        text=rf"\brecipient( address)?( (is|was|has been))? {_BANNED}|\b{_BANNED} recipient\b",
    ),
    Row("blocked", hints.BLOCK_LIST, LISTS, (*BANNER, *EHLO, *SENDING), text=_BLOCK_LIST),
    Row("blocked", hints.LISTED, LISTS, (*EHLO, *SENDING), text=_LISTED),
    Row("sender-rejected", accounts.DISABLED, CODES, MAIL, code="5..", text=r"\bspam\b"),
    Row(
        "mailbox-full",
        hints.FULL,
        "RFC 5321 4.2.3: 552, 452, told in words",
        LATER,
        text=_OVER_QUOTA,
    ),
    Row("sender-rejected", hints.SENDER_FULL, "RFC 5321 4.2.3: 552, 452, told in words", MAIL, text=_OVER_QUOTA),
    Row(
        "too-large",
        hints.LARGE,
        "RFC 1870 6",
        SENDING,
        text=_TOO_LARGE,
    ),
    Row(
        "recipient-rejected",
        hints.TO,
        "RFC 5321 4.2.3: 550, told in words",
        LATER,
        text=r"(user|recipient|mailbox|address|account)\b.{0,40}(unknown|not found|does ?n.?t exist|disabled|inactive)"
        r"|(unknown|no such|invalid) (user|recipient|mailbox|address)",
    ),
    Row("recipient-rejected", hints.TO, NOBODY, CONTENT, code="55[04]", text=r"\bno (valid )?recipients?\b"),
    Row(
        "content-rejected", hints.FILTER, "RFC 5321 7.9: content refused, told in words", LATER, code="5..", text=_SPAM
    ),
    Row(
        "greylisted",
        hints.GREY,
        GREYLISTING,
        (*MAIL, *RCPT),
        code="45.",
        enhanced=r"(?!4\.[3-5]\.).*",
        text=r"(again|retry) in \d+ ?(s|m)",
    ),
)
