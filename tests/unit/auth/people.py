"""A person for the flows, and the wish that they sign in for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dtsconf.auth.request import UserCode, Wanted

CLIENT = "12345678-1234-1234-1234-123456789012"
WANTED = Wanted("https://id.acme.example", "acme", CLIENT, flow="device-code")


def wanted(**change: Any) -> Wanted:
    return replace(WANTED, **change)


@dataclass
class Somebody:
    """Writes down what they are told; `at_visit` is what they do with an address."""

    told: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    codes: list[UserCode] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    at_visit: Callable[[str], None] = lambda _address: None

    def tell(self, words: str) -> None:
        self.told.append(words)

    def visit(self, address: str) -> None:
        self.visited.append(address)
        self.at_visit(address)

    def enter(self, code: UserCode) -> None:
        self.codes.append(code)

    def waiting(self, seconds: float) -> None:
        self.waited.append(seconds)
