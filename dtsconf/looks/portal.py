"""Whether the sign-in page of a guest network answers in place of the server (RFC 8952; RFC 6585 6: status 511).

Asks the configured host for a web page, and this machine's resolver for a name that can't exist (RFC 6761 6.4). A page
alone proves nothing, many mail servers have one; a redirect elsewhere, status 511, a resolver that knows every name do.
"""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks.case import Outcome
from dtsconf.names import site
from dtsconf.net.connect import LookupFailed, received, resolve
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.case import Case

NO_SUCH_NAME = "no-such-name-dtsconf.invalid"
_LIMIT = 4096
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_TO = re.compile(rb"(?mi)^location:\s*(https?://([^/:\s]+)\S*)")


@frozen
class Page:
    """A page that stands in the way: what was seen of it, and where it wants people to go (or None). `moved`: by its
    status the page has moved there for good, as web sites do; a sign-in page is there for a while."""

    seen: str
    address: str | None
    moved: bool = False


def look(case: Case) -> Callable[[], Page | None]:
    """The look; it gives a page only when something else than a mail server's own web site answers."""
    end = case.end()

    def work() -> Page | None:
        return _by_page(case, end) or _by_resolver(case, end)

    return work


def _by_page(case: Case, end: float) -> Page | None:
    answer = fetch(case, end)
    status = _STATUS.match(answer)
    if status is None:
        return None
    to = _TO.search(answer)
    shown = f"status {status.group(1).decode()}"
    if to is not None and not _same_site(to.group(2).decode("ascii", "replace"), case.host):
        address = to.group(1).decode("ascii", "backslashreplace")[:200]
        return Page(f"{shown}, sent on to {address}", address, status.group(1) in (b"301", b"308"))
    return Page(shown, None) if status.group(1) == b"511" else None


def _same_site(one: str, host: str) -> bool:
    """Whether a redirect stays within the host's own domain (a mail server's web page moving to https or webmail)."""
    return site(one) == site(host)


def fetch(case: Case, end: float, *, secure: bool = False) -> bytes:
    """The first bytes of what the host answers to a request for its web page on port 80, or with `secure` at the port
    in question under TLS that trusts anybody; b'' when it doesn't."""
    request = f"GET / HTTP/1.0\r\nHost: {case.host}\r\nConnection: close\r\n\r\n".encode("ascii", "replace")
    try:
        port = case.port if secure else 80
        with _opened((case.host, port), end, secure=secure) as sock:
            sock.sendall(request)
            return received(sock, _LIMIT, end)
    except OSError:
        return b""


def _opened(place: tuple[str, int], end: float, *, secure: bool) -> socket.socket:
    sock = socket.create_connection(place, timeout=max(0.05, end - time.monotonic()))
    if not secure:
        return sock
    import ssl

    from dtsconf.web.trust import blind

    with sock:
        return blind(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)).wrap_socket(sock, server_hostname=place[0])


def _by_resolver(case: Case, end: float) -> Page | None:
    """A resolver that gives a name which can't exist the very address of our server gives everybody that one."""
    try:
        given = {str(address) for address in resolve(NO_SUCH_NAME, 80, end)}
    except LookupFailed:
        return None
    if given & {str(address) for address in case.addresses}:
        return Page(f"every name, even {NO_SUCH_NAME}, leads to {', '.join(sorted(given))}", None)
    return None


MEANS = "the sign-in page of a guest network (captive portal) answers in place of every server"


def row(host: str, page: Page) -> Evidence:
    """What was seen."""
    return Evidence(f"asked {host} for a web page, and the resolver for a name that can't exist", page.seen, MEANS)


def telling(page: Page) -> str:
    """The sentence for the failed stage."""
    return f"{MEANS} ({page.seen})"


def hint(page: Page) -> str:
    """What to do about it."""
    where = f"open {page.address} in a web browser" if page.address else "open any web page in a browser"
    return f"{where} and sign in to the network (or use the office network), then dtsconf test again"


def outcome(case: Case, page: Page, before: list[Evidence]) -> Outcome:
    """A page stands in the way."""
    return Outcome((*before, row(case.host, page)), telling(page), hint(page))
