"""What to do about each cause, in general: the README's table, and the last word of `test --explain`. Pure data.

A failure's own hint knows more: it goes by what was seen.
"""

from __future__ import annotations

REMEDIES: dict[str, str] = {
    "dns": (
        "Check the spelling of `server.host`. Is it a name that only the office network or the VPN knows? A mail "
        "domain is no server: ask for the name of its outgoing server. If no name is found, or only one of the name "
        "servers knows it, mend this machine's name servers (`/etc/resolv.conf`; the hint says which)."
    ),
    "no-route": (
        "The hint says which it is: this machine's own network (cable, VPN, default route), a host that is off or has "
        "another address, or a firewall in the network, and what to ask who runs that."
    ),
    "refused": (
        "Usually the wrong port: `dtsconf test --probe` tries the others. Else the mail server is not running, a "
        "firewall refuses, or a line in the hosts file leads elsewhere; `--explain` says which can be told apart."
    ),
    "timeout": (
        "At connect: a firewall drops it, or the host is down; the hint tells this machine's firewall from the "
        "network's where the system shows it, and what to ask for. Later: give it longer, `--set "
        "connection.timeout=60`; silent for that long, it won't answer: send its administrator the dialogue (`dtsconf "
        "test --transcript ticket.txt`)."
    ),
    "blocked": (
        "The server, or this machine's own firewall or security product, turns this machine away. Allow dtsconf "
        "there, or send through a submission server with a login (port 587)."
    ),
    "not-smtp": (
        "Something else answers there. Check `server.host` and `server.port`; a sign-in page of a guest network "
        "answers in place of every server: open a web page once, sign in, then test again."
    ),
    "protocol": (
        "Often the encryption that doesn't fit the port (465 is `tls`, 587 is `starttls`): `dtsconf test --probe` "
        "says which one does."
    ),
    "tls-required": (
        "`--set server.encryption=starttls`; where its certificate is not trusted yet, the hint names `server.ca_file` "
        "and the fingerprint beside it."
    ),
    "tls-not-offered": (
        "This port offers no encryption. If another port of the server does, the hint names it; else ask for the "
        "submission port. Where the server trusts the network: `--set server.encryption=none`, and "
        "`--set login.required=false` where a login is set."
    ),
    "tls-version": (
        "`--set connection.min_tls=1.2`, or have TLS 1.2 or newer switched on at the server; where it is on, "
        "ciphers of today (ECDHE with AES-GCM)."
    ),
    "tls-untrusted": (
        "Give the root certificate that the server's stands under in `server.ca_file`. If its issuer is an "
        "antivirus product or a web filter, that product opens the session: have mail excepted from it."
    ),
    "tls-name": (
        "Use a name that the certificate is for, `--set server.host=NAME` (the hint says which one fits), or have "
        "the certificate issued anew."
    ),
    "tls-expired": "Have the server's certificate renewed. If it is still valid, this machine's clock is wrong.",
    "tls-not-yet-valid": (
        "Set this machine's clock (`timedatectl set-ntp true`). If it is right, the server's certificate is from "
        "the future: tell its administrator."
    ),
    "tls-stripped": (
        "A firewall or mail filter on the way takes STARTTLS out: ask who runs it, or try TLS from the first "
        "byte, `--set server.encryption=tls --set server.port=465`."
    ),
    "auth-mechanism": (
        "`--set login.mechanism=auto`; if it stays, the server wants another way to log in, such as Microsoft sign-in."
    ),
    "auth-rejected": (
        "The user name or the password is wrong or has expired, or the provider wants an app password, or a person has "
        "to answer a question in the browser first. `dtsconf secret check` shows where the password comes from."
    ),
    "auth-disabled": (
        "The server is there and takes no passwords. Where this port offers no login: ask for the submission port, or, "
        "where the server trusts the network, `--set login.required=false`. Where it is switched off for the account: "
        "the account's settings at the provider (Exchange: `Set-CASMailbox`), or, in place of a password, Microsoft "
        "sign-in (`dtsconf migrate microsoft`)."
    ),
    "cleartext-refused": (
        "`--set server.encryption=starttls` where the port offers it, else as for `tls-not-offered`. dtsconf sends no "
        "password in clear."
    ),
    "sender-rejected": (
        "Use an address that the account may send as: `--set sender.email=ADDRESS`, or have the administrator "
        "allow it (Exchange: Send As)."
    ),
    "recipient-rejected": (
        'Check the address, or try another: `dtsconf test --to ADDRESS`. "Relay access denied" means that the '
        "server passes no mail on for this machine: log in, or have it trust this machine."
    ),
    "content-rejected": (
        "A filter or antivirus product refused the mail itself. Whoever runs it can say why, and except it."
    ),
    "mailbox-full": "Have the recipient's mailbox emptied, or test with another address: `--to ADDRESS`.",
    "too-large": "Send less at a time, or packed; the limit is the server's.",
    "rate-limited": (
        "Wait and send more slowly; `verify.retries` tries again by itself. A day's limit is lifted by the "
        "provider only."
    ),
    "greylisted": (
        "Wait ten minutes and test again: the server wants to see that the machine comes back. `verify.retries` waits "
        "seconds, which is not enough."
    ),
    "server-error": (
        "The server's own trouble: wait, test again, then send its administrator the dialogue (`dtsconf test "
        "--transcript ticket.txt`)."
    ),
    "dropped": (
        "Something cuts the connection: after the mail's content was sent, an antivirus product or a filter does "
        "this; before the greeting, a firewall or the server's own list, or the server is broken."
    ),
    "outcome-unknown": (
        "The mail may have arrived: look into the recipient's mailbox before you send it again. If none ever arrives, "
        "an antivirus product or filter cuts the connection: ask who runs it."
    ),
    "token": (
        "Sign in again: `dtsconf sign-in`. If it stays, a permission or a right on the mailbox is missing, SMTP AUTH "
        "is off for the mailbox, or the address is not the account's; the hint says what the token shows of it."
    ),
}
"""Every `cause` of the contract, with what to do first (Markdown)."""
