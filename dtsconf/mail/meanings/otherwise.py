"""What a hint gives way to where the conversation knows more than the reply: a fact, and the hint in its light. Data
only; the facts are those of `facts.Facts` that are true or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.meanings import accounts, hints

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHERWISE: Mapping[str, Mapping[str, str]] = {
    hints.PASSWORD: {"slip": hints.SLIP, "knows_name": hints.CHANGED, "keyed": accounts.KEYED},
    accounts.SENDGRID: {"slip": hints.SLIP, "knows_name": hints.CHANGED},
    accounts.EXCHANGE_WRONG: {"slip": hints.SLIP, "knows_name": hints.CHANGED},
    hints.GOOGLE_PASSWORD: {"slip": hints.SLIP},
    hints.EXCHANGE_PASSWORD: {"slip": hints.SLIP},
    hints.LISTED: {"login": hints.LISTED_THOUGH},
    hints.MECHANISM: {"other_mechanism": hints.NEXT_MECHANISM, "chosen": hints.ONLY_MECHANISM},
    hints.NO_LOGIN: {"at_submission": hints.NO_LOGIN_HERE},
    hints.NOT_YOU: {"token_as_itself": hints.NOT_THE_TOKEN, "sends_as_itself": hints.NOT_EVEN_YOU},
    hints.SEND_AS: {"sends_as_itself": hints.NOT_EVEN_ITSELF},
    hints.NEWER_TLS: {"newest_tls": hints.NEWEST_TLS},
}
"""Hint -> fact -> the hint to give in its place; the first fact that holds counts."""
