"""SASL for SMTP AUTH, pure: which mechanism, and what to answer to which challenge (RFC 4954).

PLAIN (RFC 4616), LOGIN (never standardised; draft-murchison-sasl-login), SCRAM-SHA-256 (RFC 5802, 7677) where the
server proves that it knows the password too. Every answer that goes out is told to the masker first. Knows no socket.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

STRONGEST_FIRST = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
"""`auto` takes the first of these that the server knows: SCRAM does not give the password away."""

LONGEST_CHALLENGE = 12288
"""Octets of a base64 challenge or answer (RFC 4954 4)."""

MOST_ROUNDS = 2_000_000
"""SCRAM's rounds that a server may ask for: half a second's work; 4,096 to 600,000 are common."""

_ROUNDS = re.compile(r"(?:^|,)i=([0-9]+)")


class ExchangeBroken(Exception):
    """The server's side of the exchange is off, or the credentials don't fit the mechanism. Holds no secret.

    `cause` is a word of the contract's list."""

    def __init__(self, message: str, cause: str = "protocol") -> None:
        super().__init__(message)
        self.cause = cause


class Mechanism(Protocol):
    """One exchange. `initial` goes with the AUTH command, None when the server speaks first."""

    name: str
    initial: bytes | None

    def answer(self, challenge: bytes) -> bytes:
        """What to answer to a challenge (both decoded). Raises ExchangeBroken."""

    def finish(self) -> None:
        """The server said 235. Raises ExchangeBroken when it has not proven what it had to prove."""


def choose(wanted: str, offered: tuple[str, ...]) -> str | None:
    """The mechanism to use, or None when none fits. `wanted` is the setting; `offered` is EHLO's list in upper case."""
    if wanted != "auto":
        return wanted.upper() if wanted.upper() in offered else None
    return next((name for name in STRONGEST_FIRST if name in offered), None)


def begin(name: str, username: str, password: str) -> Mechanism:
    """Start an exchange of the named mechanism.

    Raises:
        ExchangeBroken: user name or password can't be sent with it.
    """
    if any("\ud800" <= char <= "\udfff" for char in username + password):
        raise ExchangeBroken("the user name or password is no Unicode text, so it can't be sent", "auth-mechanism")
    makers: dict[str, Callable[[str, str], Mechanism]] = {"PLAIN": Plain, "LOGIN": Login, "SCRAM-SHA-256": Scram}
    return makers[name](username, password)


class Plain:
    """PLAIN: NUL user NUL password, in UTF-8 as given (RFC 4616 2 leaves SASLprep to the server)."""

    name = "PLAIN"

    def __init__(self, username: str, password: str) -> None:
        if "\0" in username + password:
            raise ExchangeBroken("a user name or password with a NUL in it can't be sent with PLAIN", "auth-mechanism")
        message = f"\0{username}\0{password}".encode()
        self._message: bytes | None = message
        # A command line holds 512 octets (RFC 5321 4.5.3.1.4); longer, and the server is asked for it first.
        self.initial = message if len(b64encode(message)) <= 480 else None

    def answer(self, challenge: bytes) -> bytes:
        """The message, once, if it did not go out with the command."""
        if self.initial is not None or self._message is None:
            raise ExchangeBroken("the server asks for more than PLAIN has to give")
        message, self._message = self._message, None
        return message

    def finish(self) -> None:
        """PLAIN proves nothing about the server; TLS does."""


class Login:
    """LOGIN: the server asks twice, for the user name and the password; its prompts vary and are not looked at."""

    name = "LOGIN"
    initial: bytes | None = None

    def __init__(self, username: str, password: str) -> None:
        self._answers = [username.encode(), password.encode()]

    def answer(self, challenge: bytes) -> bytes:
        """User name, then password."""
        if not self._answers:
            raise ExchangeBroken("the server asks for more than a user name and a password")
        return self._answers.pop(0)

    def finish(self) -> None:
        """A server that never asked for the password has not checked it."""
        if self._answers:
            raise ExchangeBroken("the server said yes without asking for the password")


class Scram:
    """SCRAM-SHA-256 without channel binding; the server's signature is checked before its yes is believed."""

    name = "SCRAM-SHA-256"

    def __init__(self, username: str, password: str) -> None:
        from scramp import ScramClient, ScramException

        self._error = ScramException
        try:
            self._client: Any = ScramClient(["SCRAM-SHA-256"], username, password)
            self.initial: bytes | None = self._client.get_client_first().encode()
        except ScramException as error:
            raise ExchangeBroken(
                f"user name or password don't fit SCRAM (SASLprep): {error.args[0]}", "auth-mechanism"
            ) from error
        self._step = 0

    def answer(self, challenge: bytes) -> bytes:
        """The client's proof to the server's nonce and salt, then nothing to the server's own proof."""
        self._step += 1
        try:
            text = challenge.decode("utf-8")
            if text.startswith("e="):
                raise ExchangeBroken(f"the server ended SCRAM with {text[2:40]}", "auth-rejected")
            if self._step == 1:
                _require_bearable(text)
                self._client.set_server_first(text)
                return bytes(self._client.get_client_final().encode())
            if self._step == 2:
                self._client.set_server_final(text)
                return b""
        except (self._error, ValueError) as error:
            raise ExchangeBroken(f"the server's SCRAM message is wrong: {error}") from error
        raise ExchangeBroken("the server asks for more than SCRAM has to give")

    def finish(self) -> None:
        """Without the server's signature its yes proves nothing (RFC 5802 5)."""
        if self._step != 2:
            raise ExchangeBroken("the server said yes without proving that it knows the password")


def _require_bearable(server_first: str) -> None:
    """The server names how many rounds of hashing the password takes (RFC 5802 5.1, `i=`), and nothing could stop them
    once begun. Raises ExchangeBroken."""
    rounds = _ROUNDS.search(server_first)
    if rounds and (len(rounds[1]) > len(str(MOST_ROUNDS)) or int(rounds[1]) > MOST_ROUNDS):
        shown = rounds[1] if len(rounds[1]) <= 20 else rounds[1][:20] + " ..."
        raise ExchangeBroken(f"the server asks for {shown} rounds of hashing, {MOST_ROUNDS} are the most that are done")


def encode(message: bytes) -> str:
    """A message as it goes over the wire; an empty initial one is `=` (RFC 4954 4), which callers see to."""
    return b64encode(message).decode("ascii")


def decode_challenge(text: str) -> bytes:
    """The text of a 334 reply. Some servers put prose where RFC 4954 wants base64; to LOGIN it makes no difference.

    Raises:
        ExchangeBroken: longer than any exchange needs.
    """
    if len(text) > LONGEST_CHALLENGE:
        raise ExchangeBroken("the server's challenge is longer than 12288 octets")
    try:
        return b64decode(text.strip(), validate=True)
    except (Base64Error, ValueError):
        return text.encode("utf-8", "replace")


def encoded_forms(username: str, password: str) -> list[str]:
    """The base64 texts of PLAIN's messages, in which this password can go over the wire, and so come back."""
    plain = f"\0{username}\0{password}".encode("utf-8", "surrogatepass")
    return [encode(plain), encode(plain[1:])]
