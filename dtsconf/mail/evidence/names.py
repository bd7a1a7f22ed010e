"""The mail server's name could not be looked up: beside what the name servers say (`looks.names`), which name may have
been meant (RFC 1035, 6186)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import names
from dtsconf.looks.case import Outcome
from dtsconf.looks.names import Said, asking, question
from dtsconf.names import host_fault
from dtsconf.proof import Evidence
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.mail.evidence.case import Case

_GUESSES = ("smtp", "mail", "relay", "smtp-relay", "mailrelay")


def examine(case: Case) -> Outcome:
    """Why the resolve stage failed."""
    return names.examine(case, lambda said, evidence: _unknown(case, said, evidence))


def _unknown(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    if is_smtp_host(case.host):
        return names.right(case, said, evidence)
    return _no_address(case, said, evidence) if said.code == "NOERROR" else _no_name(case, said, evidence)


def _short(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """A name without a domain: is it one in the sender's?"""
    telling = f"{said.server} says NXDOMAIN: {case.host} alone is no whole name"
    domain = case.sender.rpartition("@")[2]
    whole = f"{case.host}.{domain}" if domain else ""
    if not whole or host_fault(whole) is not None:
        return Outcome(evidence, telling, f"write the server's whole name, with its domain: --set {case.host_key}=NAME")
    (answer,) = case.together(asking(said.server, whole, "A", case))
    there = bool(answer and answer.values)
    seen = ", ".join(answer.values) if answer and there else "not known"
    means = "it may be what was meant" if there else "it has another name"
    more = Evidence(f"asked for {case.host} in the sender's domain: {whole}", seen, means)
    if there:
        hint = f"write the server's whole name: --set {case.host_key}={whole}"
        return Outcome((*evidence, more), f"{telling}; {whole} exists", hint)
    hint = f"write the server's whole name, such as {whole} (that one doesn't exist): --set {case.host_key}=NAME"
    return Outcome((*evidence, more), telling, hint)


def _no_name(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """There is no such name: is the domain right, at least, and what mail servers does it have?"""
    if "." not in case.host:
        return _short(case, said, evidence)
    zone = said.zone
    if zone is None or zone == "." or "." not in zone:
        telling = f"{said.server} says NXDOMAIN: there is no domain for {case.host}"
        return Outcome(evidence, telling, None)
    names = [f"{guess}.{zone}" for guess in _GUESSES if f"{guess}.{zone}" != case.host]
    found = case.together(*(asking(said.server, name, "A", case) for name in names))
    there = [name for name, answer in zip(names, found, strict=True) if answer and answer.values]
    telling = f"{said.server} says NXDOMAIN: the domain {zone} exists, the name {case.host} in it does not"
    if not there:
        return Outcome(evidence, telling, None)
    means = "these names exist there, and may be what was meant"
    more = Evidence(f"asked for usual names of mail servers in {zone}", ", ".join(there), means)
    return Outcome((*evidence, more), telling, f"if it is the server that was meant: --set {case.host_key}={there[0]}")


def _no_address(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name exists without an address: a mail domain perhaps, whose servers have other names."""
    kinds = ("MX", "_submissions._tcp", "_submission._tcp")
    looks = [
        asking(said.server, case.host if k == "MX" else f"{k}.{case.host}", "MX" if k == "MX" else "SRV", case)
        for k in kinds
    ]
    answers = [answer or Said(said.server, "silent") for answer in case.together(*looks)]
    exchangers = _hosts(answers[0].values)
    services = _hosts(value for answer in answers[1:] for value in answer.values)
    if not [*exchangers, *services]:
        return Outcome(evidence, f"{said.server} knows the name {case.host}, but no address for it", None)
    seen = f"mail for the domain goes to {', '.join(exchangers) or 'nobody'}"
    seen += f"; mail is handed in at {', '.join(services)} (RFC 6186)" if services else ""
    means = f"{case.host} is a mail domain, not a mail server"
    more = Evidence(question(said, case.host, "MX"), seen, means)
    target = (services or exchangers)[0]
    hint = f"ask for the name of its server for outgoing mail; what the DNS names: --set {case.host_key}={target}"
    return Outcome((*evidence, more), f"{means}: {seen}", hint)


def _hosts(values: Iterable[str]) -> list[str]:
    """The names at the end of MX and SRV records; what is no host name is not handed on."""
    names = [value.split()[-1].rstrip(".") for value in values]
    return [name for name in names if host_fault(name) is None]
