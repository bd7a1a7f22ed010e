"""What a hint gives way to where the conversation knows more than the reply: a fact, and the hint in its light. Data
only; the facts are those of `facts.Facts` that are true or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.meanings import accounts, hints, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_PASSWORD = (
    hints.EXCHANGE_PASSWORD,
    hints.GOOGLE_PASSWORD,
    hints.PASSWORD,
    accounts.APP_PASSWORD,
    accounts.CODE,
    accounts.SECOND_FACTOR,
    accounts.EXPIRED,
    accounts.NEW_PASSWORD,
    accounts.EXCHANGE_WRONG,
    accounts.SENDGRID,
    accounts.MAIL_PROGRAMS,
    accounts.BROWSER,
    accounts.TRANSITION,
)
"""Hints about a password, which no token has."""

_TOKEN: Mapping[str, str] = dict.fromkeys(_BY_PASSWORD, tokens.TOKEN) | {
    hints.SIGN_IN: tokens.AS_PASSWORD,
    hints.ALLOW_TENANT: tokens.ALLOW_TENANT,
    hints.ALLOW_MAILBOX: tokens.ALLOW_MAILBOX,
    hints.SECURITY_DEFAULTS: tokens.SECURITY_DEFAULTS,
    hints.CRITERIA: tokens.CRITERIA,
    accounts.LOCKED_OUT: tokens.LOCKED_OUT,
    hints.MECHANISM: tokens.NO_MECHANISM,
    hints.NO_LOGIN: tokens.NO_LOGIN,
    hints.NO_STARTTLS: tokens.NO_STARTTLS,
    accounts.COMPROMISED: accounts.DISABLED,
    hints.SPF: tokens.SPF,
}
"""What to say in place of a hint where a token signed in."""

_KNOWN = {"slip": hints.SLIP, "knows_name_alone": hints.RENEWED, "knows_name": hints.CHANGED}
"""What a slip or a proof from before tells of a user name and password."""

_OTHERS: Mapping[str, Mapping[str, str]] = {
    hints.PASSWORD: _KNOWN | {"keyed": accounts.KEYED},
    accounts.SENDGRID: _KNOWN,
    accounts.EXCHANGE_WRONG: _KNOWN,
    hints.GOOGLE_PASSWORD: {"slip": hints.SLIP},
    hints.EXCHANGE_PASSWORD: {"slip": hints.SLIP, "keyed": accounts.KEYED},
    hints.LISTED: {"login": hints.LISTED_THOUGH},
    hints.MISREAD: {"other_mechanism": hints.NEXT_MECHANISM},
    hints.MECHANISM: {"other_mechanism": hints.NEXT_MECHANISM, "chosen": hints.ONLY_MECHANISM},
    hints.NO_LOGIN: {"at_submission": hints.NO_LOGIN_HERE},
    hints.LOG_IN: {"application": tokens.NOT_THE_APPLICATION, "token": tokens.NOT_THE_TOKEN},
    hints.NOT_YOU: {
        "application": tokens.NOT_THE_APPLICATION,
        "token_as_itself": tokens.NOT_THE_TOKEN,
        "sends_as_itself": hints.NOT_EVEN_YOU,
    },
    hints.SEND_AS: {
        "itself_at_microsoft": tokens.NOT_EVEN_ITSELF,
        "sends_as_itself": hints.NOT_EVEN_ITSELF,
        "at_microsoft": tokens.SEND_AS,
        "login": hints.SEND_AS_ANOTHER,
    },
    hints.LARGE: {"at_microsoft": tokens.LARGE},
    hints.NEWER_TLS: {"newest_tls": hints.NEWEST_TLS},
}

OTHERWISE: Mapping[str, Mapping[str, str]] = {
    hint: ({"token": _TOKEN[hint]} if hint in _TOKEN else {}) | dict(_OTHERS.get(hint, {}))
    for hint in {**_TOKEN, **_OTHERS}
}
"""Hint -> fact -> the hint to give in its place; the first fact that holds counts."""
