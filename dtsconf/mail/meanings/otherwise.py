"""What a hint gives way to where the conversation knows more than the reply: a fact, and the hint in its light. Data
only; the facts are those of `facts.Facts` that are true or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.meanings import hints

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHERWISE: Mapping[str, Mapping[str, str]] = {
    hints.PASSWORD: {"slip": hints.SLIP, "knows_name": hints.CHANGED},
    hints.GOOGLE_PASSWORD: {"slip": hints.SLIP},
    hints.EXCHANGE_PASSWORD: {"slip": hints.SLIP},
}
"""Hint -> fact -> the hint to give in its place; the first fact that holds counts."""
