"""The table of endpoints that the mail host offers: what each is called, speaks and refuses.

Rules: one row, one Postfix service; a row says what a client will meet, and with which Postfix options that comes
about. Pure data: no ports, files or processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.real.ca import CertificateName

Tls = Literal["none", "optional", "required", "wrapper"]
Login = Literal["none", "offered", "required"]
ALL_MECHANISMS = ("PLAIN", "LOGIN", "SCRAM-SHA-256")
SIZE_LIMIT = 10 * 1024 * 1024
SMALL_SIZE_LIMIT = 20 * 1024
DOMAIN = "corp.example"
UNICODE_DOMAIN = "bücher.example"
MAILBOXES = ("mailcheck", "alice", "bob", "carol", "dts", "jürgen")
ANY_USER_SENDER = f"alice@{DOMAIN}"


@dataclass(frozen=True)
class Facts:
    """What a client meets at an endpoint.

    `tls`: none, STARTTLS optional or required, or wrapper (implicit TLS). `certificate` is None without TLS.
    `mechanisms` are those that EHLO shows, in a TLS session if there is one; `cleartext_login`: they are shown before
    TLS too. `refuses` begins with what the server answers where it says no: stage, code, enhanced code.
    `options` are Postfix parameters of this service alone.
    """

    name: str
    tls: Tls = "none"
    certificate: CertificateName | None = None
    login: Login = "none"
    mechanisms: tuple[str, ...] = ()
    cleartext_login: bool = False
    size_limit: int = SIZE_LIMIT
    refuses: str = ""
    options: tuple[tuple[str, str], ...] = ()


def _plain(name: str, refuses: str, **options: str) -> Facts:
    return Facts(name, refuses=refuses, options=tuple(options.items()))


def _starttls(name: str, certificate: CertificateName = "good", tls: Tls = "optional", **options: str) -> Facts:
    return Facts(name, tls=tls, certificate=certificate, options=tuple(options.items()))


def _login(name: str, *mechanisms: str, tls: Tls = "required", login: Login = "required") -> Facts:
    certificate: CertificateName | None = None if tls == "none" else "good"
    offered = mechanisms or ALL_MECHANISMS
    return Facts(name, tls, certificate, login, offered, cleartext_login=tls in {"none", "optional"})


FLAWED: tuple[CertificateName, ...] = (
    "expired",
    "not-yet-valid",
    "wrong-name",
    "untrusted",
    "self-signed",
    "incomplete-chain",
)

_ENCRYPTION = (
    Facts("plain"),
    _starttls("starttls-optional"),
    _starttls("starttls-required", tls="required"),
    _starttls("wrapper", tls="wrapper"),
    *(_starttls(f"starttls-{flaw}", flaw) for flaw in FLAWED),
    *(_starttls(f"wrapper-{flaw}", flaw, "wrapper") for flaw in FLAWED),
    *(_starttls(f"starttls-tls-{v}-only", smtpd_tls_protocols=f"TLSv{v}") for v in ("1.1", "1.2", "1.3")),
    *(_starttls(f"wrapper-tls-{v}-only", tls="wrapper", smtpd_tls_protocols=f"TLSv{v}") for v in ("1.1", "1.2", "1.3")),
)

_LOGIN = (
    _login("login"),
    _login("login-wrapper", tls="wrapper"),
    _login("login-optional", login="offered"),
    _login("login-plain-only", "PLAIN"),
    _login("login-login-only", "LOGIN"),
    _login("login-plain-login", "PLAIN", "LOGIN"),
    _login("login-scram-only", "SCRAM-SHA-256"),
    _login("login-cleartext", tls="none"),
    _login("login-cleartext-starttls", tls="optional"),
    _login("login-cleartext-scram", "SCRAM-SHA-256", tls="none"),
    Facts(
        "login-impossible",
        login="required",
        refuses="MAIL FROM 530 5.7.0: wants a login and offers no AUTH",
    ),
    Facts(
        "sender-not-owned",
        tls="required",
        certificate="good",
        login="required",
        mechanisms=ALL_MECHANISMS,
        refuses="MAIL FROM 553 5.7.1 unless the sender is the user's own address",
        options=(("smtpd_sender_login_maps", "$own_sender_maps"), ("smtpd_sender_restrictions", "$owned_senders")),
    ),
)

_REFUSING = (
    Facts("small", size_limit=SMALL_SIZE_LIMIT, refuses="MAIL FROM 552 5.3.4 with SIZE, DATA 552 5.3.4 without"),
    Facts(
        "small-silent",
        size_limit=SMALL_SIZE_LIMIT,
        refuses="end of DATA 552 5.3.4; EHLO has no SIZE",
        options=(("smtpd_discard_ehlo_keywords", "size"),),
    ),
    _plain("sender-rejected", "MAIL FROM 550 5.7.1", smtpd_sender_restrictions="$reject_senders"),
    _plain(
        "sender-rejected-late",
        "RCPT TO 550 5.7.1, meaning the sender",
        smtpd_sender_restrictions="$reject_senders",
        smtpd_delay_reject="yes",
    ),
    _plain("recipient-rejected", "RCPT TO 550 5.1.1", virtual_mailbox_maps="$no_mailboxes"),
    _plain("relay-denied", "RCPT TO 554 5.7.1 Relay access denied", rewrite_service_name="rewrite-foreign"),
    _plain("greylisted", "RCPT TO 450 4.7.1", smtpd_recipient_restrictions="$greylist"),
    _plain("mailbox-full", "RCPT TO 552 5.2.2", smtpd_recipient_restrictions="$full_mailboxes"),
    _plain("body-rejected", "end of DATA 550 5.7.1", cleanup_service_name="cleanup-scan"),
    _plain("milter-dead", "MAIL FROM 451 4.7.1", smtpd_milters="$dead_milter", milter_default_action="tempfail"),
)

_MODEST = (
    _plain("no-smtputf8", "", smtputf8_enable="no"),
    _plain(
        "bare",
        "",
        smtputf8_enable="no",
        smtpd_discard_ehlo_keywords="pipelining, size, vrfy, etrn, 8bitmime, dsn, chunking, enhancedstatuscodes",
    ),
    # Hangs up on, or refuses, whoever sends commands where RFC 2920 doesn't let them.
    _plain("in-turn", "", smtpd_forbid_unauth_pipelining="yes", smtpd_data_restrictions="reject_unauth_pipelining"),
)

ENDPOINTS: tuple[Facts, ...] = (*_ENCRYPTION, *_LOGIN, *_REFUSING, *_MODEST)

TOKEN_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
_LONG_LINES = (("line_length_limit", "16384"),)
"""A token of 2 KiB is an AUTH line of almost 3; RFC 4954 section 4 allows 12288 octets, Postfix cuts at 2048."""


def _token(name: str, *mechanisms: str, tls: Tls = "required", **options: str) -> Facts:
    certificate: CertificateName | None = None if tls == "none" else "good"
    offered = mechanisms or TOKEN_MECHANISMS
    places = (*_LONG_LINES, *options.items())
    return Facts(name, tls, certificate, "required", offered, cleartext_login=tls == "none", options=places)


TOKEN_ENDPOINTS: tuple[Facts, ...] = (
    _token("token"),
    _token("token-wrapper", tls="wrapper"),
    _token("token-xoauth2-only", "XOAUTH2"),
    _token("token-oauthbearer-only", "OAUTHBEARER"),
    _token("token-and-password", "PLAIN", "LOGIN", *TOKEN_MECHANISMS),
    _token("password-alone", "PLAIN", "LOGIN"),
    _token("token-cleartext", tls="none"),
    _token(
        "token-sender-not-owned",
        smtpd_sender_login_maps="$own_sender_maps",
        smtpd_sender_restrictions="$owned_senders",
    ),
)
"""The endpoints of the identity host: they take the tokens of its tenants."""
