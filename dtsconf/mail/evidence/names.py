"""The mail server's name could not be looked up: beside what the name servers say (`looks.names`), which name may have
been meant (RFC 1035, 6186)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import names
from dtsconf.looks.case import Outcome
from dtsconf.looks.names import Said, asking, question
from dtsconf.mail.evidence import domain
from dtsconf.names import host_fault
from dtsconf.proof import Evidence
from dtsconf.settings.microsoft import is_smtp_host

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.domain import Candidate, Served

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
    theirs = case.sender.rpartition("@")[2]
    whole = f"{case.host}.{theirs}" if theirs else ""
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
    return _usual(case, said, zone, evidence)


def _usual(case: Case, said: Said, zone: str, evidence: tuple[Evidence, ...]) -> Outcome:
    """The domain exists: which of the names that are usual does it have, and is a mail server there?"""
    usual = [f"{guess}.{zone}" for guess in _GUESSES if f"{guess}.{zone}" != case.host]
    *answers, served = case.together(
        *(asking(said.server, name, "A", case) for name in usual), lambda: domain.served(case, said.server, zone)
    )
    there = [name for name, answer in zip(usual, answers, strict=True) if isinstance(answer, Said) and answer.values]
    named = [name for name in served.hosts if name not in there] if isinstance(served, domain.Served) else []
    telling = f"{said.server} says NXDOMAIN: the domain {zone} exists, the name {case.host} in it does not"
    if not [*there, *named]:
        return Outcome(evidence, telling, None)
    asked = Evidence(f"asked for usual names of mail servers in {zone}", ", ".join(there) or "none", _means(there))
    mail = (Evidence(question(said, zone, "MX"), str(served), "the servers that the domain names"),) if named else ()
    tried = domain.tried(case, [*there, *named])
    first = tried[0]
    hint = f"if it is the server that was meant: {first.proposal(case.host_key)}{_seen(first)}"
    return Outcome((*evidence, asked, *mail, *domain.rows(tried)), telling, hint)


def _means(there: list[str]) -> str:
    return "these names exist there, and may be what was meant" if there else "the server has another name there"


def _seen(one: Candidate) -> str:
    """What a proposed host was seen to be, after its options."""
    return f" ({one}; tried just now, without login)" if one.answers else f" ({one})"


def _no_address(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name exists without an address: a mail domain perhaps, whose servers have other names."""
    served = domain.served(case, said.server, case.host)
    if served is None:
        return Outcome(evidence, f"{said.server} knows the name {case.host}, but no address for it", None)
    told, hint, more = as_domain(case, served)
    return Outcome((*evidence, *more), told, hint)


def as_domain(case: Case, served: Served) -> tuple[str, str, tuple[Evidence, ...]]:
    """What to say of a host that is a mail domain: sentence, hint and evidence."""
    means = f"{case.host} is a mail domain, not a mail server"
    row = Evidence(question(Said(served.server, ""), case.host, "MX"), str(served), means)
    tried = domain.tried(case, served.hosts)
    told = f"ask for the name of its server for outgoing mail; what the DNS names: {tried[0].proposal(case.host_key)}"
    return f"{means}: {served}", f"{told}{_seen(tried[0])}", (row, *domain.rows(tried))
