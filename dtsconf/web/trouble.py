"""Why there is no answer, as a value: where it broke, what broke, in whose words. And the exception that carries it.

No text here holds a header, a body or the address of a proxy with its password, and no library's error hangs on to it:
those hold tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.names import to_unset

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
    "page",  # the answer is somebody else's: a web page
    "redirect",  # the answer is elsewhere, and nobody follows it
    "size",  # the answer is larger than it may be
    "unsendable",  # the request can't be sent as it is
]


NO_ADDRESS = "that is no proxy's address"
TO_LOOK = "; to have the reason looked for: dtsconf test"
"""How a hint ends that no looks have been made for yet."""

SETTING = "connection.proxy"
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
class Proxy:
    """The proxy on the way, without its password. `scheme` is that of its address (`http` speaks in clear to the proxy
    itself), `named` who names it: a variable, `connection.proxy` or SYSTEM; `login`: a user name goes along; `astray`:
    it, or the password, is written so that the address ends within it."""

    scheme: str
    host: str
    port: int
    named: str
    login: bool = False
    astray: bool = False

    @property
    def place(self) -> str:
        """Host and port; '' for an address that holds none."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if host else ""

    @property
    def told(self) -> str:
        """The proxy with who names it."""
        return f"the proxy {self.place} (from {self.named})" if self.host else f"the proxy of {self.named}"

    @property
    def by_variable(self) -> bool:
        """Whether a variable names it."""
        return self.named not in (SETTING, SYSTEM)

    def with_login(self) -> str:
        """How to give a user name and password, which the settings can't hold."""
        name = self.named if self.by_variable else "HTTPS_PROXY"
        address = f"http://USER:PASSWORD@{self.place or 'PROXY:PORT'}"
        line = f"export {name}={address} (PowerShell: $env:{name} = '{address}'; what is no letter or digit in user"
        line += " name and password as %XX, such as %5C for \\)"
        return line if self.by_variable else f"{line}, with --set connection.proxy=system"


@frozen
class Trouble:
    """Why there is no answer.

    `cause` is a word of the contract's list (`proof.CAUSES`), `detail` is in the words of `said_by` and holds what a
    server said as it came: escape it before it is shown. `sent`: the whole request had been handed over, so that it may
    have had its effect. `steps` went well before, `ms` is the time of the one that failed. `certificate` is the
    server's where it was not trusted and could be had. `host` and `port` are where the request was to go, `proxy` what
    it was to go through (whether or not that is what failed), or None.
    """

    what: What
    cause: str
    detail: str
    said_by: Literal["server", "tls", "system", "dtsconf"]
    place: Place = "request"
    sent: bool = False
    steps: tuple[Step, ...] = ()
    certificate: Certificate | None = None
    host: str = ""
    port: int = 443
    proxy: Proxy | None = None
    ms: float = 0.0

    @property
    def proxy_told(self) -> str:
        """The proxy that failed, with who names it."""
        return self.proxy.told if self.proxy else "the proxy"

    @property
    def proxy_status(self) -> str:
        """What a proxy answered in place of a tunnel: HTTP's status; '' for none."""
        return self.detail[:3] if self.what == "proxy" and self.said_by == "server" else ""

    @property
    def wants_login(self) -> bool:
        """Whether a proxy wants a user name and password, or others than it got: 407 (RFC 9110 15.5.8), and 401 as
        tinyproxy says it."""
        return self.proxy_status == "407" or (
            self.proxy_status == "401" and self.proxy is not None and self.proxy.login
        )

    @property
    def proxy_mute(self) -> bool:
        """Whether a proxy was reached, and says nothing to what it is asked."""
        return self.what == "proxy" and self.cause == "timeout" and self.said_by == "dtsconf"

    def proxy_hint(self, host: str) -> str:
        """What to do about a proxy that can't be used on the way to the host."""
        proxy = self.proxy or Proxy("http", "", 0, SYSTEM)
        if proxy.astray:
            return f"correct the user name and password in {proxy.named}: {proxy.with_login()}"
        if self.wants_login:
            return _login_hint(proxy, host)
        if self.said_by == "server":
            return _status_hint(self.proxy_status, proxy, host)
        if proxy.scheme.startswith("socks"):
            return f"name an HTTP proxy: --set connection.proxy=http://PROXY:PORT; {_without(proxy)}"
        if proxy.scheme == "https" and self.said_by != "system":
            name = "--set connection.proxy=" if proxy.named == SETTING else f"write {proxy.named} as "
            return f"a proxy usually speaks in clear itself: {name}http://{proxy.place}; {_without(proxy)}"
        if self.proxy_mute:
            whom = f"ask whoever runs the proxy {proxy.place} (from {proxy.named}) why it gives no answer for {host}"
            return f"{whom}, if that is its port: its own way out may be shut; {_without(proxy)}"
        kind = "the variable " if proxy.by_variable else ""
        return f"correct {kind}{proxy.named} (it is written http://PROXY:PORT), {_without(proxy)}"


_NO_TUNNELS = ("400", "404", "405", "501")
"""What a web server says to CONNECT, which only a proxy knows (RFC 9110 9.3.6)."""


def _status_hint(status: str, proxy: Proxy, host: str) -> str:
    """What to do about a proxy that answers so."""
    if status in _NO_TUNNELS:
        return f"check {proxy.named}: what answers at {proxy.place} is no proxy for HTTPS; {_without(proxy)}"
    whom = f"ask whoever runs the proxy {proxy.place} (from {proxy.named})"
    if status.startswith("5"):
        return f"{whom} why it can't reach {host} itself"
    return f"{whom} to let this machine through to {host}"


def _login_hint(proxy: Proxy, host: str) -> str:
    ask = f"ask whoever runs the proxy to let this machine through to {host} without one"
    if proxy.login:
        return f"correct the user name and password in {proxy.named}: {proxy.with_login()}; or {ask}"
    return f"give the proxy's user name and password: {proxy.with_login()}; or {ask}"


def _without(proxy: Proxy) -> str:
    """How to do without the proxy."""
    return f"or go without a proxy: {to_unset(proxy.named) if proxy.by_variable else '--set connection.proxy=none'}"


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
