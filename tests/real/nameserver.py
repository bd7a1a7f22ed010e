"""A DNS server for a network namespace: a real zone by dnslib, and the faults that a real name server won't produce.

Rules: it knows the names that a test puts into `records`, and answers NXDOMAIN, with the zone's SOA, for the rest; names
with `servfail` in them get SERVFAIL, with `silent` no answer. `asked` lists the questions. Knows no client.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from dnslib import QTYPE, RCODE, RR, DNSError
from dnslib.server import BaseResolver, DNSServer

ZONES = ("corp.example", "acme.example", "com.au")


class _Quiet:
    """dnslib's logger, with nothing to say."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments: None


class NameServer(BaseResolver):  # type: ignore[misc] # dnslib has no types
    """`records` are lines of a zone file (`mail.corp.example. 60 IN A 192.0.2.1`); `wildcard`: the address that every
    name without a record of its own has; `tells_zone`: what isn't there is told with the zone's SOA;
    `silent_about`: the kind of record that it answers no question about."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.wildcard: str | None = None
        self.tells_zone = True
        self.silent_about: str | None = None
        self.asked: list[tuple[str, str]] = []

    def resolve(self, request: Any, handler: Any) -> Any:
        """One query's answer, as dnslib asks for it."""
        name, kind = str(request.q.qname).lower().rstrip("."), QTYPE[request.q.qtype]
        self.asked.append((name, kind))
        if "silent" in name or kind == self.silent_about:
            raise DNSError("no answer")
        reply = request.reply()
        if "servfail" in name:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        known = self._known(name)
        for record in known:
            if QTYPE[record.rtype] in (kind, "CNAME"):
                reply.add_answer(record)
            if QTYPE[record.rtype] == "CNAME":
                name = str(record.rdata.label).lower().rstrip(".")
                known = self._known(name)
                reply.add_answer(*(each for each in known if QTYPE[each.rtype] == kind))
        if self.wildcard and not known and kind == "A":
            reply.add_answer(*RR.fromZone(f"{name}. 60 IN A {self.wildcard}"))
        if not any(QTYPE[each.rtype] == kind for each in reply.rr):
            self._deny(reply, name, exists=bool(known) or self.wildcard is not None)
        return reply

    def _known(self, name: str) -> list[Any]:
        return [rr for line in self.records for rr in RR.fromZone(line) if str(rr.rname).lower().rstrip(".") == name]

    def _deny(self, reply: Any, name: str, *, exists: bool) -> None:
        if not exists:
            reply.header.rcode = RCODE.NXDOMAIN
        if not self.tells_zone:
            return
        zone = next((zone for zone in ZONES if f".{name}".endswith(f".{zone}")), None)
        soa = f"{zone or '.'} 60 IN SOA ns.{zone or 'root'}. admin.{zone or 'root'}. 1 60 60 60 60"
        reply.add_auth(*RR.fromZone(soa if zone is None else soa.replace(f"{zone} ", f"{zone}. ", 1)))


@contextlib.contextmanager
def name_server(address: str, within: Callable[[Callable[[], Any]], Any]) -> Iterator[NameServer]:
    """A running one, at port 53 of `address`; `within` calls what makes its socket in the namespace it shall stand in."""
    zone = NameServer()
    running = within(lambda: DNSServer(zone, address=address, port=53, logger=_Quiet()))
    running.start_thread()
    try:
        yield zone
    finally:
        running.stop()
        running.thread.join(10)
        running.server.server_close()
