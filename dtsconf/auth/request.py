"""What is wanted of a sign-in, what came of it, and who can be asked. Plain values; the settings are resolved before.

The name of a sign-in (`Wanted.name`) keys its files and its entry in the keyring: by provider, tenant, client and the
machine's root folder; the folder it lies in and the keyring belong to one user.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Protocol

from dtsconf.frozen import frozen

Flow = Literal["auto", "broker", "browser", "device-code", "application"]
PERSONAL: tuple[Flow, ...] = ("auto", "broker", "browser", "device-code")
"""Flows that need a person; what proves most of the device comes first."""

LONGEST = 64 << 10
"""The longest token, code or secret that is taken, in characters."""


@frozen
class Wanted:
    """One sign-in as the settings want it. `sender` is `sender.email` or None; `root` the folder of `--root` or None;
    `session`: without Remember Me, tokens can be kept until the user logs out; `idle` the application's secret that is
    given though no application signs in; `ways` the flows that a person could take here, where that was looked at;
    `by_code`: the organisation leaves it to its people to take the device code; `tried`: the settings are not the
    machine's own, so a sign-in that those keep in another place stays."""

    authority: str
    tenant: str
    client_id: str
    flow: Flow = "auto"
    via: str = "smtp"
    remember: bool = False
    cache: Literal["encrypted", "file"] = "encrypted"
    sender: str | None = None
    root: str | None = None
    session: bool = False
    idle: str | None = None
    ways: tuple[Flow, ...] = ()
    by_code: bool = True
    tried: bool = False

    @property
    def issuer(self) -> str:
        """Authority and tenant in one address."""
        return issuer(self.authority, self.tenant)

    @property
    def application(self) -> bool:
        """Whether nobody has to be asked."""
        return self.flow == "application"

    @property
    def kept(self) -> bool:
        """Whether another run finds the tokens of this one."""
        return self.remember or self.session

    @property
    def used(self) -> Flow:
        """The flow that is taken; `auto` where that isn't known."""
        return self.ways[0] if self.flow == "auto" and self.ways else self.flow

    @property
    def better(self) -> Flow | None:
        """A flow that is there and proves more of this device than the one that is taken."""
        before = PERSONAL[: PERSONAL.index(self.used)] if self.used in PERSONAL else ()
        return next((way for way in self.ways if way in before), None)

    @property
    def scopes(self) -> list[str]:
        """What is asked for."""
        from dtsconf.auth import clouds

        return clouds.scopes(self.authority, self.via, application=self.application)

    @property
    def scope(self) -> str:
        """The same in one text."""
        return " ".join(self.scopes)

    @property
    def name(self) -> str:
        """What tells this sign-in's files from others': 24 hex digits."""
        return name_of(self.authority, self.tenant, self.client_id, self.root)


def issuer(authority: str, tenant: str) -> str:
    """The address that the provider's discovery document stands under."""
    return f"{authority.rstrip('/')}/{tenant}"


def name_of(authority: str, tenant: str, client_id: str, root: str | None) -> str:
    """The name of a sign-in, see `Wanted.name`."""
    key = json.dumps([authority.rstrip("/").lower(), tenant.lower(), client_id.lower(), root])
    return hashlib.sha256(key.encode()).hexdigest()[:24]


@frozen
class Account:
    """Who signed in: the address, and the tenant that the token names (empty where it names none)."""

    username: str
    tenant: str = ""


@frozen
class UserCode:
    """What a person needs for the device-code flow (RFC 8628 3.2). `address` is the page, `complete` the page with the
    code in it or None; `seconds` until the code is void."""

    code: str
    address: str
    complete: str | None
    seconds: int


class Person(Protocol):
    """Whoever sits at the terminal."""

    def tell(self, words: str) -> None:
        """Say something in a line."""

    def visit(self, address: str) -> None:
        """Ask them to open an address in a browser on this machine, which could not be done for them."""

    def enter(self, code: UserCode) -> None:
        """Ask them to enter a code on a page, on any device."""

    def waiting(self, seconds: float) -> None:
        """Tell how many seconds are left; called about once a second."""


def text(value: Any, longest: int = LONGEST) -> str:
    """The value as a token or code may come: printable ASCII without blanks, not too long (RFC 6749, appendix A).

    Raises:
        ValueError: it is none; the value isn't in the message.
    """
    if not isinstance(value, str) or not value or len(value) > longest:
        raise ValueError("no text where one belongs, or too long a one")
    if any(not "!" <= char <= "~" for char in value):
        raise ValueError("a character that can't stand there")
    return value
