"""The next steps where it is the account at the server that lacks something, or has used up what it may. As `hints`."""

from __future__ import annotations

from dtsconf.mail.meanings.hints import ANEW, MIGRATE, SENDER_FULL, TICKET

# What a program needs to get in
APP_PASSWORD = (
    "the provider takes no ordinary password from programs: make an app password for {f.username} in the account's"
    " security settings and store that one (dtsconf secret check shows where login.password comes from)"
)
CODE = (
    "the provider takes an authorization code in place of the password: switch SMTP on for {f.username} in the settings"
    " of its webmail, make such a code there, and store that one (dtsconf secret check shows where login.password comes"
    " from)"
)
SECOND_FACTOR = (
    "the account of {f.username} is asked for a second factor, which no program has: make an app password for it where"
    " the provider has those, and store that one (dtsconf secret check shows where login.password comes from); with"
    f" Microsoft, {MIGRATE} leads to a sign-in"
)
EXPIRED = (
    "the password of {f.username} has expired: set a new one where the organisation lets you (the server's words may"
    " name the page), store that one in the place which dtsconf secret check shows, then dtsconf test again"
)
NEW_PASSWORD = (
    "the server wants another password for {f.username} before it lets the account in: set one where the organisation"
    " lets you (the server's words may name the page), store that one in the place which dtsconf secret check shows,"
    " then dtsconf test again"
)
EXCHANGE_WRONG = (
    "{f.short_name}the password of {f.username} is wrong, or the account is asked for a second factor, which no program"
    f" has (then {MIGRATE} leads to a sign-in); dtsconf secret check shows where the password comes from{ANEW}"
)
_KEY = (
    "; where that is what it got, the key is wrong or was revoked: make a new one in the provider's console; dtsconf"
    f" secret check shows where the password comes from{ANEW}"
)
KEYED = f"{{f.keyed}}{_KEY}"
SENDGRID = f"{{f.at_sendgrid}}{_KEY}"
MAIL_PROGRAMS = (
    "the provider lets no mail programs into the account of {f.username}: sign in to its webmail, allow them in the"
    " settings (Yandex: Email clients; GMX: POP3 and IMAP; others: SMTP), make an app password there if it offers one,"
    " and store that (dtsconf secret check shows where login.password comes from)"
)
BROWSER = (
    "the provider wants to see {f.username} in a web browser first: sign in there once, answer its question, then"
    " dtsconf test again; if it stays, use an app password"
)
TRANSITION = (
    "the server has to store the password anew: let {f.username} sign in once in webmail, then dtsconf test again"
)
LOGIN_FROM = (
    "the server takes no login from this machine's address, whatever the password: ask"
    f" {{f.administrator}} to allow the address (the answer may name it), with what this writes: {TICKET}; or log in"
    " from a network that it allows"
)
LOCKED_OUT = (
    "too many logins failed: wait as long as the server's answer says, or else 15 minutes, set the right password"
    " (dtsconf secret check), and only then dtsconf test"
)

# What it may send
DISABLED = (
    "the provider has switched this account off, or sending by it: ask who administers {f.whose}, and send along"
    f" what this writes: {TICKET}"
)
COMPROMISED = (
    "the provider has blocked this account, as it does when spam went out by it, and wants another password first: set"
    " one where the provider lets you, store that one in the place which dtsconf secret check shows, then dtsconf test"
    " again; if it stays, ask the provider to let the account send"
)
LAPSED = (
    "the account at {f.host} has no plan that lets it send, or what it had has run out: have it renewed or raised"
    " there, then dtsconf test again"
)
HOURLY = (
    "the account or its domain has sent all that the server lets it in an hour, failed mails counted too: wait an hour,"
    " take out addresses that don't exist, then dtsconf test again; if it is too little, have the limit raised"
)
TENANT = (
    "Microsoft has stopped mail of the whole organisation, which doesn't lift by itself: have its Exchange"
    " administrator end what sends too much or was misused, and then ask Microsoft's support to allow it again; then"
    " dtsconf test again"
)
OUTBOUND = (
    "Microsoft rates what this account sends as spam, and holds it up or has suspended it: sign in to {f.whose} once in"
    " a web browser and answer what it asks, then dtsconf test again; if it stays, ask who administers it"
)
QUOTA = "the account has sent all that it may for today: dtsconf test again tomorrow, or have its limit raised"
PLAN = (
    "the account at {f.host} has sent all that its plan allows: have the limit or the plan raised there, or wait until"
    " it counts anew, then dtsconf test again"
)

OF_THE_ACCOUNT = frozenset({DISABLED, COMPROMISED, LAPSED, OUTBOUND, SENDER_FULL})
"""Hints about what stands in the way of all the account's mails, and of none for good."""
