"""Why there is no answer, as a value: where it broke, what broke, in whose words. And the exception that carries it.

No text here holds a header, a body or the address of a proxy with its password, and no library's error hangs on to it:
those hold tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.net.certificate import Certificate

Place = Literal["resolve", "connect", "tls", "request"]
"""Where on the way: the stages of a report, `request` being all that follows TLS."""

What = Literal[
    "lookup",  # the name could not be looked up
    "connect",  # no address could be connected to
    "proxy",  # the proxy can't be used, or doesn't lead there
    "certificate",  # TLS, and the certificate is the reason
    "tls",  # TLS, for another reason
    "silence",  # not in time
    "lost",  # the connection broke
    "strange",  # no HTTP
    "redirect",  # the answer is elsewhere, and nobody follows it
    "size",  # the answer is larger than it may be
    "unsendable",  # the request can't be sent as it is
]


SYSTEM = "this system's proxy settings"
"""Who names a proxy that neither a variable nor the settings name."""


@frozen
class Step:
    """One step of opening a connection that went well. `ms` is its wall time."""

    place: Place
    ms: float
    detail: str
    said_by: Literal["system", "tls", "dtsconf"]


@frozen
class Trouble:
    """Why there is no answer.

    `cause` is a word of the contract's list (`proof.CAUSES`), `detail` is in the words of `said_by` and holds what a
    server said as it came: escape it before it is shown. `sent`: the whole request had been handed over, so that it may
    have had its effect. `steps` went well before, `ms` is the time of the one that failed. `certificate` is the
    server's where it was not trusted and could be had. `known_name` is False when the look-up said that there is no
    such name. `proxy` is the proxy's `host:port` when it is what failed, `proxy_from` who names it: a variable,
    `connection.proxy` or SYSTEM.
    """

    what: What
    cause: str
    detail: str
    said_by: Literal["server", "tls", "system", "dtsconf"]
    place: Place = "request"
    sent: bool = False
    steps: tuple[Step, ...] = ()
    certificate: Certificate | None = None
    known_name: bool = True
    proxy: str = ""
    proxy_from: str = ""
    ms: float = 0.0

    @property
    def proxy_told(self) -> str:
        """The proxy that failed, with who names it."""
        return f"the proxy {self.proxy} (from {self.proxy_from})" if self.proxy else f"the proxy of {self.proxy_from}"

    def proxy_hint(self, host: str) -> str:
        """What to do about a proxy that can't be used on the way to the host."""
        if self.said_by == "server":
            return f"ask whoever runs the proxy (from {self.proxy_from}) to let this machine through to {host}"
        without = "--set connection.proxy=none"
        if self.proxy_from not in ("connection.proxy", SYSTEM):
            return f"correct the variable {self.proxy_from}, or go without a proxy: unset {self.proxy_from}"
        return f"correct {self.proxy_from}, or go without a proxy: {without}"


class NoAnswer(Exception):
    """No answer that counts."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"{trouble.place}: {trouble.cause}")
        self.trouble = trouble


class NoRoots(Exception):
    """The file of trusted roots can't be used. `reason` is the end of a sentence that begins with its path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason
