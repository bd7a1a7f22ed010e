"""The next steps where a token signed in, or at Exchange Online itself: what `otherwise` gives in place of a hint about
passwords, or about a server that has an administrator to ask."""

from __future__ import annotations

from dtsconf.mail.meanings.hints import ASK, TICKET

TOKEN = "{f.remedy}"
"""What the token itself shows, or whoever gives it out."""

_AS_PASSWORD = (
    "Exchange took this login for one by password, though it went by token; nothing in these settings mends that"
)
AS_PASSWORD = f"{_AS_PASSWORD}: {ASK}{{f.or_graph}}"
_SMTP_ON = "Set-CASMailbox {f.username} -SmtpClientAuthenticationDisabled $false"
ALLOW_TENANT = (
    "SMTP AUTH is off for the whole organisation, for tokens too. The Exchange administrator can allow it for this one"
    f" mailbox: {_SMTP_ON}, then dtsconf test again{{f.or_graph}}"
)
ALLOW_MAILBOX = (
    "SMTP AUTH is off for this mailbox, for tokens too. The Exchange administrator allows it by:"
    f" {_SMTP_ON}, then dtsconf test again{{f.or_graph}}"
)
SECURITY_DEFAULTS = (
    "the organisation's security defaults keep {f.username} out of SMTP. Leave them on: they forbid passwords, not"
    f" tokens. The Exchange administrator sees to it that SMTP AUTH is on for the mailbox, {_SMTP_ON}, and the Entra"
    " administrator finds what stopped the token in the sign-in log; then dtsconf test again{f.or_graph}"
)
CRITERIA = (
    "an access policy of the organisation (Conditional Access) stopped {f.username}: the Entra administrator sees which"
    " one in the sign-in log, and what would meet it, or excepts the account from it; then dtsconf test again"
)
LOCKED_OUT = "too many logins failed: wait 15 minutes, and only then dtsconf test again; if it stays, {f.remedy}"
NO_MECHANISM = (
    "the server refused a login by token, which it had offered; nothing in these settings mends that:"
    f" {ASK}{{f.or_graph}}"
)
NO_LOGIN = (
    "{f.host} takes no login on port {f.port}; Microsoft's place for it is --set microsoft.smtp.host=smtp.office365.com"
    f" --set microsoft.smtp.port=587; if that is in force already, {ASK}"
)
TAKEN_OUT = (
    "Microsoft's own server offers STARTTLS and a login on port 587, so something on the way takes that out, or answers"
    " in its place: ask who runs the firewall or mail filter here (SMTP inspection or fixup) to let port 587 of {host}"
    f" through as it is, and send along what this writes: {TICKET}{{or_graph}}"
)
NO_STARTTLS = (
    "the server offers STARTTLS and then refuses it, and a token goes over nothing else: wait ten minutes, then dtsconf"
    f" test again; if it stays, {ASK}{{f.or_graph}}"
)
NOT_THE_TOKEN = (
    "the server took the token and then did not know it: the account that it is for and {f.sender} must be one, and"
    f" SMTP AUTH on for its mailbox (at Exchange, Get-CASMailbox {{f.sender}} tells): {ASK}"
)
NOT_THE_APPLICATION = (
    "the server took the token and then did not know it: the application lacks its right on {f.sender}, or does so"
    " yet; {f.right}"
)
SPF = (
    "the DNS of the domain of {f.sender} does not name this server as a sender (SPF, DKIM, DMARC): have the DNS"
    " amended, or --set sender.email=ADDRESS to one of a domain that does"
)
SEND_AS = "{f.send_as}"
NOT_EVEN_ITSELF = "{f.not_its_own}; else " + ASK
LARGE = "send less at a time, then dtsconf test again, or have the mailbox's limit raised: {f.larger}"
