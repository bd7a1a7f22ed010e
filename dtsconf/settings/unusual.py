"""Settings that work but that hardly anybody means, and things worth knowing: warnings. Pure.

An unusual pair becomes exit 3 under `--strict` (`strict` 3); what is merely worth knowing stays a warning (`strict` 0).
"""

from __future__ import annotations

from dtsconf.errors import Notice
from dtsconf.names import CURLY, PLAIN_QUOTES
from dtsconf.settings.check import APPLICATION_SECRETS, CLEARTEXT, Values
from dtsconf.settings.effective import quoted, source
from dtsconf.settings.instead import without
from dtsconf.settings.microsoft import is_placeholder, is_smtp_host
from dtsconf.settings.model import DEFAULT_PORTS
from dtsconf.settings.references import VAULT_AUTH, used
from dtsconf.settings.targeting import FRESH_TOKEN
from dtsconf.settings.values import Organisation

MAILBOX_PORTS = {110: "POP3", 143: "IMAP", 993: "IMAP over TLS", 995: "POP3 over TLS"}
"""Ports where mail is fetched, not sent (IANA; DTS's screen names 993 and 995)."""

SMALLEST_MAIL = 1000
"""Bytes that a mail of a few lines has about: its head alone has some ten fields."""

PASSING_FOLDERS = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/", "/home/", "/root/", "/users/", "/private/tmp/")  # noqa: S108 - named to warn of them
"""Where a file may go away, or belongs to one person; compared in lower case, drive letter taken off."""


def unusual(values: Values) -> list[Notice]:
    """All warnings about the settings of the mode in use."""
    if values["mode"].value == "microsoft":
        return _unusual_microsoft(values)
    return [
        *_unusual_port(values),
        *_unused_trust(values),
        *_odd_username(values),
        *_login_notices(values),
        *_passing_ca_file(values),
    ]


def nowhere_to_go(org: Organisation) -> list[Notice]:
    """What opens Vault, in a profile that doesn't name the Vault: VAULT_ADDR alone may not say where it goes."""
    if org.secrets.vault.url is not None:
        return []
    opens = [(f"secrets.vault.auth.{name}", getattr(org.secrets.vault.auth, name)) for name in VAULT_AUTH]
    text = (
        "{} goes nowhere: secrets.vault.url is not set, and VAULT_ADDR alone does not say where a profile's secret goes"
    )
    hint = "set secrets.vault.url, or let the environment give the secret too (env://NAME)"
    return [
        Notice("vault-address", text.format(key), hint, org.place_of(key), key, 3, standing=True)
        for key, reference in opens
        if reference is not None and not reference.startswith("env://")
    ]


def unopened(org: Organisation) -> list[Notice]:
    """What a login at Vault can't go without, and nothing but the profile gives."""
    auth = org.secrets.vault.auth
    name = {"approle": "role_id", "jwt": "jwt"}.get(auth.method)
    if name is None or getattr(auth, name) is not None:
        return []
    key = f"secrets.vault.auth.{name}"
    text = f"{key} is not set, and method {auth.method} needs it: no secret can be had from Vault"
    where = org.place_of("secrets.vault.auth.method")
    return [Notice("vault-auth", text, f"give {key} too", where, key, 3, standing=True)]


def opened_by_variable(values: Values, org: Organisation) -> list[Notice]:
    """What opens Vault at each send, where it is in a variable that whoever sends later doesn't have."""
    if org.secrets.deliver != "reference" or not any(one.startswith("vault://") for one in used(values).values()):
        return []
    opens = [(f"secrets.vault.auth.{name}", getattr(org.secrets.vault.auth, name)) for name in VAULT_AUTH]
    text = "each send opens Vault with {}, and whoever sends later doesn't have the variable of an env:// reference"
    hint = "name a file for it (file:///PATH), or use secrets.deliver: file"
    return [
        Notice("vault-variable", text.format(key), hint, org.place_of(key), key, standing=True)
        for key, reference in opens
        if reference is not None and reference.startswith("env://")
    ]


def stored_token(values: Values, org: Organisation) -> list[Notice]:
    """A federated token that apply would keep on the machine, where it is over in minutes."""
    key = "microsoft.client_assertion"
    application = values["mode"].value == "microsoft" and values["microsoft.flow"].value == "application"
    if not application or values[key].value is None or org.secrets.deliver != "file":
        return []
    text = f"{key} is good for minutes, and secrets.deliver: file keeps the one that an apply read"
    hint = "set secrets.deliver to reference: each send then reads a fresh one"
    if values[key].value.startswith("env://"):
        hint = FRESH_TOKEN
    return [_notice("token-stored", key, values, text, hint)]


def too_small(org: Organisation) -> list[Notice]:
    """A limit that hardly a mail keeps."""
    size = org.policy.max_size
    if size is None or size >= SMALLEST_MAIL:
        return []
    text = f"policy.max_size lets hardly a mail out: {size} bytes, and the head alone has some hundreds"
    where = org.place_of("policy.max_size")
    hint = "write it with its unit, such as 25 MiB"
    return [Notice("max-size", text, hint, where, "policy.max_size", 3, standing=True)]


def free_mode(org: Organisation, values: Values) -> list[Notice]:
    """A lock on where one mode's mail goes, while whoever likes takes the other mode, of which that lock says nothing;
    where somebody has, that is told with each mail.

    None where something else holds the mode, or where the other one's key is locked too, so that only the organisation
    says what that comes to.
    """
    policy = org.policy
    given = org.layer.values.get("mode")
    ways = ("server.host", "microsoft.client_id")
    here, there = reversed(ways) if given is not None and given.raw == "microsoft" else ways
    lock = policy.lock_on(here)
    if lock is None or org.expected("mode") or policy.rules_on("mode"):
        return []
    if policy.lock_on("mode") or policy.lock_on(there):
        return []
    other, mode = "microsoft" if there.startswith("microsoft") else "smtp", values["mode"]
    if mode.value == other:
        text = (
            f"mode is {other} here ({source(mode.layer, mode.where)}), so mail goes past {lock.key}, which policy.lock"
        )
        hint = f"to go by the organisation's again: {without('mode', values)}"
        return [Notice("mode-free", f"{text} holds", hint, mode.where, "mode", 4)]
    text = f"policy.lock holds {lock.key} but not mode: a variable, a user's file or --set that says mode {other} sends"
    return [
        Notice(
            "mode-free", f"{text} mail another way", "add mode to policy.lock", lock.where, "policy.lock", standing=True
        )
    ]


def _notice(kind: str, key: str, values: Values, message: str, hint: str, *, strict: int = 0) -> Notice:
    return Notice(kind, message, hint, values[key].where, key, strict, standing=True)


def _unusual_port(values: Values) -> list[Notice]:
    port, encryption = values["server.port"].value, values["server.encryption"].value
    if port in MAILBOX_PORTS:
        text = f"port {port} is where mail is fetched ({MAILBOX_PORTS[port]}), not sent"
        hint = "for sending, 587 goes with starttls and 465 with tls"
        return [_notice("unusual-port", "server.port", values, text, hint, strict=3)]
    odd = (port == 465 and encryption in ("none", "starttls")) or (port in (25, 587) and encryption == "tls")
    if not odd:
        return []
    text = f"server.port {port} with server.encryption {encryption} is an unusual pair"
    usual = "tls" if port == 465 else "starttls"
    hint = f"port {port} usually goes with {usual}, and {encryption} with port {DEFAULT_PORTS[encryption]} (RFC 8314)"
    return [_notice("unusual-pair", "server.port", values, text, hint, strict=3)]


def _unused_trust(values: Values) -> list[Notice]:
    found = []
    plain = values["server.encryption"].value == "none"
    for key in ("server.ca_file", "server.fingerprint"):
        if plain and values[key].value is not None:
            text = f"{key} has no effect: server.encryption is none, so no certificate is seen"
            hint = f"set server.encryption to starttls or tls; or, where the server has neither, take {key} out"
            found.append(_notice("unusual-pair", key, values, text, hint, strict=3))
    if not plain and values["server.ca_file"].value is not None and values["server.fingerprint"].value is not None:
        text = "server.ca_file has no effect beside server.fingerprint: with a fingerprint no chain is checked"
        hint = "leave one of them; `null` resets the other"
        found.append(_notice("unusual-pair", "server.ca_file", values, text, hint, strict=3))
    return found


def _odd_username(values: Values) -> list[Notice]:
    """What sticks to a name that was pasted from somewhere."""
    username = values["login.username"].value
    if not values["login.required"].value or not (username or "").strip():
        return []
    told = quoted("login.username", username)
    if username != username.strip():
        text, hint = f"login.username {told} has a blank at its end or start", "write it without the blank"
    elif username.startswith(CURLY):
        text, hint = f"login.username {told} begins with a curly quote, which is part of the name", PLAIN_QUOTES
    else:
        return []
    return [_notice("odd-text", "login.username", values, text, hint, strict=3)]


def _login_notices(values: Values) -> list[Notice]:
    if not values["login.required"].value and is_smtp_host(values["server.host"].value or ""):
        return [_exchange_without_login(values)]
    if not values["login.required"].value:
        idle = [key for key in ("login.username", "login.password") if values[key].value is not None]
        text = f"{' and '.join(idle)} will not be used: login.required is false"
        hint = "set login.required to true if the server wants a login"
        return [_notice("unused", idle[0], values, text, hint)] if idle else []
    host = (values["server.host"].value or "").lower().rstrip(".")
    if host == "smtp.office365.com" or host.endswith(".outlook.com"):
        return [_exchange_notice(values)]
    if values["server.encryption"].value == "none" and values[CLEARTEXT].value:
        told = quoted("server.host", values["server.host"].value)
        text = f"the password goes to {told} in clear: {CLEARTEXT} is true"
        hint = "anybody on the way can read it; prefer starttls or tls"
        return [_notice("cleartext-login", CLEARTEXT, values, text, hint)]
    return []


def _exchange_without_login(values: Values) -> Notice:
    """Source: Exchange Online, how to set up a device or application to send email: client submission."""
    host = quoted("server.host", values["server.host"].value)
    return _notice(
        "exchange-login",
        "server.host",
        values,
        f"{host} is Exchange Online, which takes mail only from who logs in, and login.required is false",
        "move to Microsoft sign-in: dtsconf migrate microsoft --profile FILE; or, while the organisation has passwords"
        " on, set login.required, login.username and login.password",
    )


def _exchange_notice(values: Values) -> Notice:
    """Source: Exchange team's update of 27 January 2026 on SMTP AUTH with basic authentication."""
    return _notice(
        "exchange-password",
        "server.host",
        values,
        "Exchange Online takes a password over SMTP only until the end of December 2026: after that it is off by "
        "default, and refused with 550 5.7.30",
        "move to Microsoft sign-in before: dtsconf migrate microsoft --profile FILE; an administrator can turn "
        "passwords on again for a while",
    )


def _passing_ca_file(values: Values) -> list[Notice]:
    path = values["server.ca_file"].value
    if path is None:
        return []
    plain = path.replace("\\", "/").lower()
    plain = plain[2:] if plain[1:2] == ":" else plain
    if not plain.startswith(PASSING_FOLDERS) and "/temp/" not in plain:
        return []
    told = quoted("server.ca_file", path)
    text = f"server.ca_file {told} lies in a temporary folder or a home; every later send reads it"
    hint = "keep it where only administrators write, such as /etc/dts"
    return [_notice("ca-file-place", "server.ca_file", values, text, hint)]


def _placeholder(values: Values) -> list[Notice]:
    """A sample's client ID, which is nobody's."""
    key = "microsoft.client_id"
    if not is_placeholder(values[key].value):
        return []
    text = f"{key} is still the placeholder of a sample: nobody can sign in with it"
    hint = "write the Application (client) ID of your own app registration there"
    return [_notice("placeholder", key, values, text, hint)]


def _unusual_microsoft(values: Values) -> list[Notice]:
    found = _placeholder(values)
    application = values["microsoft.flow"].value == "application"
    tenant = values["microsoft.tenant"].value
    if application and tenant in ("organizations", "common", "consumers"):
        text = f"flow application with tenant {tenant}: an application signs in to one tenant, by its id or domain"
        hint = "set microsoft.tenant to the tenant's id or domain"
        found.append(_notice("unusual-pair", "microsoft.tenant", values, text, hint, strict=3))
    idle = [key for key in APPLICATION_SECRETS if values[key].value is not None and not application]
    if idle:
        flow = values["microsoft.flow"].value
        text = f"{', '.join(idle)} will not be used: microsoft.flow is {flow}"
        found.append(_notice("unused", idle[0], values, text, "set microsoft.flow to application to sign in with it"))
    if values["microsoft.via"].value == "smtp" and values["microsoft.smtp.port"].value == 465:
        text = "microsoft.smtp.port 465: the session is upgraded with STARTTLS, which port 465 doesn't speak"
        found.append(_notice("unusual-pair", "microsoft.smtp.port", values, text, "the usual port is 587", strict=3))
    return [*found, *_passing_ca_file(values)]
