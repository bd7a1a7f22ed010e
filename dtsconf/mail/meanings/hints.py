"""The next steps that rows of the table name. Each holds something to type; `{f....}` are facts of the conversation."""

from __future__ import annotations

import re

from dtsconf.looks import commands

TEST_AGAIN = re.compile(r"\bdtsconf test again\b")
"""How hints say to try once more; after another command than `test` it is that one that is to be typed again."""

TICKET = "dtsconf test --transcript ticket.txt"
"""What to type where only the other side can help: its administrator gets the whole dialogue, secrets masked."""

ASK = f"ask {{f.administrator}}, and send along what this writes: {TICKET}"

MIGRATE = "dtsconf migrate microsoft --profile FILE"
"""What tells all that a move to Microsoft sign-in takes, and makes it."""

# Signing in
ANEW = ": store it anew there"
"""How a hint ends where nobody knows by which line that is done."""

LOG_IN = "the server wants a login: {f.to_log_in}"
LOG_IN_EXCHANGE = (
    f"Exchange Online wants a login: best a Microsoft sign-in ({MIGRATE} tells what it takes and moves the profile);"
    " with a password, while the organisation still has those on: {f.to_log_in}"
)
PASSWORD = (
    "the user name ({f.username}) or the password is wrong: {f.other_name};"
    f" dtsconf secret check shows where the password comes from{ANEW}"
)
SLIP = (
    "the password {f.slip}, which is sent as part of it and is likely why it is refused; dtsconf secret check shows"
    f" where the password comes from{ANEW}"
)
MISSTORED = (
    "the password {f.slip}, so that it could not be sent; dtsconf secret check shows where the password comes from"
    f"{ANEW}"
)
CHANGED = (
    "{f.username} logged in here when this was proven ({f.proven}), so the password must have changed since, or the"
    f" account is locked; dtsconf secret check shows where the password comes from{ANEW}"
)
RENEWED = (
    "{f.username} logged in here when this was proven ({f.proven}), so the user name is right, and the password of"
    " these settings is wrong, or the account is locked; dtsconf secret check shows where the password comes from"
    f"{ANEW}"
)
GOOGLE_PASSWORD = (
    "{f.short_name}make an app password for {f.username} in the account's security settings and store that one: Google"
    " says this of any wrong name or password, and of an account's ordinary password, which it takes from no program"
    " (dtsconf secret check shows where login.password comes from)"
)
NO_LOGIN = (
    "this port takes no logins: --set server.port=587 --set server.encryption=starttls for the submission port, or"
    " --set login.required=false where the server trusts this network"
)
MECHANISM = (
    "let dtsconf choose how to log in: --set login.mechanism=auto; if the server refuses what it chooses as well, "
    + ASK
)
NO_LOGIN_HERE = (
    "{f.host} takes no login on port {f.port}, the usual one for it: ask its administrator for host and port that do,"
    f" --set server.host=HOST --set server.port=PORT, and send along what this writes: {TICKET}"
)
NEXT_MECHANISM = (
    "the server refused a way to log in that it had offered ({f.chosen}): try the other one, --set"
    " login.mechanism={f.other_mechanism}; if it refuses that as well, " + ASK
)
ONLY_MECHANISM = (
    "the server refused the one way to log in that it had offered ({f.chosen}); nothing in these settings mends that: "
    + ASK
)

MISREAD = "the server did not understand the login, and nothing in these settings mends that: " + ASK

# Microsoft
SIGN_IN = (
    f"use Microsoft sign-in instead of a password: {MIGRATE} tells what to set up once in the organisation's Entra"
    " (an app registration, which gives the client ID to go on with), and then moves the profile"
)
GRAPH = (
    "send through Microsoft Graph, which does not need SMTP, but the right to send by it (Mail.Send): --set"
    " microsoft.via=graph"
)
ALLOW_TENANT = (
    "SMTP AUTH is off for the whole organisation. The Exchange administrator can allow it for this one mailbox:"
    f" Set-CASMailbox {{f.username}} -SmtpClientAuthenticationDisabled $false; better, {SIGN_IN}"
)
ALLOW_MAILBOX = (
    "SMTP AUTH is off for this mailbox. The Exchange administrator allows it by: Set-CASMailbox {f.username}"
    f" -SmtpClientAuthenticationDisabled $false; better, {SIGN_IN}"
)
SECURITY_DEFAULTS = f"the organisation's security defaults forbid passwords here: keep them on, and {SIGN_IN}"
CRITERIA = (
    "an access policy stopped {f.username}: the Entra administrator sees which one in the sign-in log; it is met best"
    f" when you {SIGN_IN}"
)
EXCHANGE_PASSWORD = (
    "Exchange tells no more than this: the password of {f.username} is wrong (dtsconf secret check shows where it comes"
    f" from), or password logins are off for the mailbox; then {SIGN_IN}"
)
NOT_YOU = (
    "the server took the login and then did not know it: the account that signed in and {f.sender} must be one, or it"
    " must be allowed to send as it; to try: --set sender.email={f.account}"
)
NOT_EVEN_YOU = (
    "the server took the login and then did not know it, though {f.sender} is the account's own address; nothing in"
    " these settings mends that: " + ASK
)
FRESH_TOKEN = "the token ends too soon: get a new one, dtsconf sign-in, then dtsconf test"

# Addresses
SENDER = "the server takes no mail from {f.sender}: use an address that it knows, --set sender.email=ADDRESS"
SENDER_FULL = (
    "the sender's own mailbox, {f.sender}, is full, and so the server takes no mail from it: have it emptied (what was"
    " sent, and the bin, count too), then dtsconf test again"
)
SEND_AS = (
    "who does not log in may not send as {f.sender}: log in as an account that may, {f.to_log_in}, or ask"
    " {f.administrator} to allow it"
)
SEND_AS_ANOTHER = (
    "{f.username} may not send as {f.sender}: use the account's own address, --set sender.email={f.account}, or ask"
    " {f.administrator} to allow it (Exchange: Send As)"
)
NOT_EVEN_ITSELF = (
    "{f.username} may not send as {f.sender}, which is its own address: has it a mailbox of its own there, and may it"
    " send? If it has another address, --set sender.email=ADDRESS; else " + ASK
)
SENDER_DOMAIN = (
    "the server finds no mail domain behind {f.sender}: correct it, --set sender.email=ADDRESS, with a domain that"
    " exists in the DNS"
)
VERIFY_SENDER = (
    "confirm {f.sender} (or its domain) as a sender in the provider's console, or --set sender.email=ADDRESS to one"
    " that is confirmed"
)
ALLOW_SENDING = (
    "the login is right, and its user may not send: have the policy of that user (IAM) allow ses:SendRawEmail for the"
    " identity of {f.sender}; the answer names both; then dtsconf test again"
)
BLOCKED_SENDER = (
    "{f.host} has {f.sender}, or its domain, on a list of senders that somebody blocked by hand: have it taken off"
    f" there, or use another address, --set sender.email=ADDRESS; else {ASK}"
)
AUTHORIZED = (
    "this account is one for tests, which sends to authorized recipients alone: add {f.recipient} to them in the"
    " provider's console, where the address has to confirm it, or send by a domain of your own that is set up there,"
    " --set sender.email=ADDRESS; to somebody who is authorized: dtsconf test --to ADDRESS"
)
VERIFY_RECIPIENT = (
    "the account may send to confirmed addresses alone as yet (the provider's sandbox): confirm {f.recipient} too in"
    " the provider's console, or have the account taken out of the sandbox there; to see that it works, one that is"
    " confirmed: dtsconf test --to ADDRESS"
)
VERIFY_NAMED = (
    "confirm the address that the answer names in the provider's console, then dtsconf test again; for a recipient's,"
    " the account is in the provider's sandbox, and can be taken out of it there"
)
SPF = (
    "the DNS of the domain of {f.sender} does not name this server as a sender (SPF, DKIM, DMARC): send through the"
    " domain's own mail server, --set server.host=HOST, or have the DNS amended"
)
TO = "the address {f.recipient} is not taken: check its spelling, or try another: dtsconf test --to ADDRESS{f.foreign}"
RELAY = (
    "{f.host} passes no mail on to {f.recipient} for a machine it doesn't know: log in, {f.to_log_in}, or have its"
    " administrator trust this machine's address; to an address of the server's own it may go: --to ADDRESS"
)
RELAY_LOGIN = (
    "the login is right, and {f.host} still passes no mail on to {f.recipient} for {f.username}: ask"
    " {f.administrator} to let this account send to other domains, or for the server for outgoing mail (this one may be"
    " for incoming mail alone): --set {f.host_key}=HOST; whether it takes mail for its own addresses: dtsconf test"
    " --to ADDRESS"
)
REGISTER = (
    "the login is right, and the relay still doesn't know this machine's address or the domain of {f.sender}: have its"
    " administrator enter both in the relay's settings, and let {f.username} use it, then dtsconf test again"
)
RELAY_REGISTER = (
    "the relay knows neither this machine's address nor the domain of {f.sender}: have its administrator add them, or"
    " log in: {f.to_log_in}"
)
RESTRICTED = (
    "{f.recipient} takes mail only from certain senders, or, as groups do, from inside its organisation alone: have"
    " whoever looks after it let {f.sender} in, log in as one of them, or try another address: dtsconf test --to"
    " ADDRESS"
)
SUPPRESSED = (
    "the account at {f.host} sends nothing to {f.recipient} any more, since mail to it came back once or was complained"
    " of: take it off the suppression list in the provider's console, or try another address: dtsconf test --to ADDRESS"
)
PENDING = (
    "the account at {f.host} isn't approved yet, and sends to addresses of the sender's own domain alone: ask for"
    " approval in the provider's console; to see that it works, one of that domain: dtsconf test --to ADDRESS"
)
FULL = "the mailbox of {f.recipient} is full: have it emptied, or try another address: dtsconf test --to ADDRESS"
ASCII = (
    "{f.host} takes no letters beyond ASCII in addresses: --set sender.email=ADDRESS, and --to ADDRESS, in plain ASCII"
)

# Not now
LATER = "the server has a trouble of its own: wait ten minutes, then dtsconf test again; if it stays, " + ASK
SLOWER = (
    "the server limits how much it takes from here: wait some minutes, or as long as its answer says, then dtsconf test"
    " again; if it stays, " + ASK
)
CROWDED = (
    "{f.recipient} gets more mail just now than its server takes for it, from everybody: wait some minutes, then"
    " dtsconf test again"
)
GREY = (
    "greylisting: the server wants to see that this machine comes back; nothing is wrong with the settings: wait ten"
    " minutes, then dtsconf test again (verify.retries waits seconds, which is not enough)"
)
FILTER_DOWN = (
    "the mail filter behind the server is not answering; that is for the server's people: wait ten minutes, then"
    " dtsconf test again; if it stays, " + ASK
)

# Not this machine, not this mail
LISTED = (
    "the server turns this machine's address away: send through your provider's server for logins instead,"
    " {f.elsewhere}; or " + ASK
)
LISTED_THOUGH = (
    "the server turns this machine's address away, with a login or without: have it let in by {f.administrator},"
    " or send through another server, {f.elsewhere}; or " + ASK
)
_FULL_NAME = f"give it a full one that the DNS knows, {commands.full_name()}"
NAME = f"the server dislikes the name that this machine gives{{f.named}}: {_FULL_NAME}, then dtsconf test again"
BLOCK_LIST = (
    "the address by which this machine's mail goes out, or its domain, is on a block list: neither you nor these"
    " settings can mend that. Have your own IT, or the Internet provider, ask for it to be taken off, at the page that"
    " the server's answer or the list's name leads to, then dtsconf test again; until then, or where it stays, send"
    " through your mail provider's server with a login, {f.elsewhere}"
)
NAME_OR_ADDRESS = (
    "the server turns this machine away at its introduction, for its address or for the name that it gave{f.named}: "
    f"{_FULL_NAME}, then dtsconf test again; if it has that, {ASK}"
)
HELO_ONLY = (
    "the server refused the name that this machine gave{f.named} in EHLO and took it in HELO, after which neither TLS"
    f" nor a login is possible: {_FULL_NAME}, then dtsconf test again; if it stays, {ASK}"
)
NO_EHLO = (
    "the server answers EHLO with {code}, as if it were no command, and without it there is neither TLS nor a login:"
    " ask the administrator of {host}, or who runs a firewall before it (SMTP inspection or fixup, mail filters), to"
    f" let EHLO through, and send along what this writes: {TICKET}"
)
REVERSE = (
    "the DNS has no name for this machine's address (PTR): have the network's administrator add the entry, or send"
    " with a login, where servers don't look for it: {f.submission}"
)
FILTER = (
    "a filter refused the mail's content; nothing in these settings changes that. An antivirus product or mail filter"
    " does this too: " + ASK
)
ATTACHMENT = (
    "a filter takes no attachment of this name or kind (of a zip, what is in it): give it another kind, such as .txt"
    f" for a log, or have it let through: {ASK}"
)
ACCESS = (
    "a rule of the server (an access list, say) turns this mail away, and its answer doesn't tell for what, this"
    f" machine's address, the sender or the recipient: {ASK}"
)
ACCESS_TO = (
    "a rule of the server (an access list, say) lets no mail through to {f.recipient}, and its answer doesn't tell"
    f" whether for that address, for the sender or for this machine: {ASK}; whether another recipient gets it: dtsconf"
    " test --to ADDRESS"
)
POLICY = "a rule of the organisation refused the mail; who wrote it can change it: " + ASK
LARGE = "send less at a time, or " + ASK
PROXY = (
    "a security product on this machine or the network stands in between and could not reach the server itself: allow"
    " dtsconf in its mail protection, then dtsconf test again; other ports: dtsconf test --probe"
)

# TLS
STARTTLS = "the server wants an encrypted session: --set server.encryption=starttls"
NEWER_TLS = "the server wants newer encryption than was agreed on: --set connection.min_tls=1.3"
NEWEST_TLS = "the server wants other encryption than TLS 1.3, the newest there is: " + ASK
NO_STARTTLS = (
    "the server offers STARTTLS and then refuses it: try TLS from the first byte, --set server.encryption=tls --set"
    " server.port=465, or look what works: dtsconf test --probe"
)

# Neither
ODD = (
    "the server did not understand what every mail server should, or a filter or firewall before it didn't; nothing in"
    f" these settings mends that: {ASK}"
)
