"""The mail server's name could not be looked up: beside what the name servers say (`looks.names`), which name may have
been meant (RFC 1035, 6186)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import names
from dtsconf.looks.case import Outcome
from dtsconf.looks.names import Said, asking
from dtsconf.mail.evidence import domain
from dtsconf.names import host_fault, is_ip, is_registry
from dtsconf.proof import Evidence
from dtsconf.settings.microsoft import SMTP_HOSTS, is_smtp_host
from dtsconf.settings.nearness import misspelt

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case
    from dtsconf.mail.evidence.domain import Candidate, Served


def examine(case: Case) -> Outcome:
    """Why the resolve stage failed."""
    if is_ip(case.host):  # an address with a zone that this machine lacks (RFC 4007 11): no name server knows of it
        return Outcome()
    return names.examine(case, lambda said, evidence: _unknown(case, said, evidence))


def _unknown(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    if is_smtp_host(case.host):
        return names.right(case, said, evidence)
    if near := misspelt(case.host, SMTP_HOSTS):
        return _microsofts(near, case, said, evidence)
    if said.alias:
        return _dangling(case, said, evidence)
    return _no_address(case, said, evidence) if said.code == "NOERROR" else _no_name(case, said, evidence)


def _microsofts(near: str, case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """A name that is hardly another than one of Microsoft's."""
    more = Evidence("compared the name with Microsoft's own", f"{near} is the one most like it", "a typing error")
    telling = f"{names.told(said, case.host)}; Microsoft's is {near}"
    return Outcome((*evidence, more), telling, f"if that is meant: --set {case.host_key}={near}")


def _dangling(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """An alias of a name that isn't there (RFC 1034 3.6.2): the DNS is to be mended, or the server has moved."""
    ask = f"ask who runs the DNS of {case.host} to mend its entry, or who runs the server for its present name"
    return Outcome(evidence, names.told(said, case.host), f"the spelling is right: {ask}: --set {case.host_key}=NAME")


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
    hint = f"write the server's whole name, with its domain ({whole} doesn't exist): --set {case.host_key}=NAME"
    return Outcome((*evidence, more), telling, hint)


def _no_name(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """There is no such name: is the domain right, at least, and what mail servers does it have?"""
    if "." not in case.host:
        return _short(case, said, evidence)
    zone = said.zone
    if zone is None and (found := _without_zone(case, said, evidence)):
        return found
    if zone is None or is_registry(zone):
        telling = f"{said.server} says NXDOMAIN: there is no domain for {case.host}"
        near = _senders_domain(case)
        if near is None:
            return Outcome(evidence, telling, None)
        return _servers_of(near, case, said, evidence, f"{telling}, and the sender's is {near}")
    telling = f"{said.server} says NXDOMAIN: the domain {zone} exists, the name {case.host} in it does not"
    return _servers_of(zone, case, said, evidence, telling)


def _without_zone(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome | None:
    """The answer doesn't tell how much of the name exists (RFC 2308 2.1.1, type 3: no SOA), as home routers' don't:
    perhaps the domain above has mail servers."""
    above = case.host.partition(".")[2]
    if is_registry(above):
        return None
    telling = f"{said.server} says NXDOMAIN: the name {case.host} does not exist"
    found = _servers_of(above, case, said, evidence, telling)
    return found if found.hint else None


def _senders_domain(case: Case) -> str | None:
    """The domain of the sender's address, where the host's own looks like a slip of it, or lacks the dot before it."""
    from difflib import SequenceMatcher

    typed, theirs = case.host.partition(".")[2], case.sender.rpartition("@")[2].lower()
    alike = SequenceMatcher(None, typed, theirs).ratio() >= _ALIKE or case.host.lower().endswith(theirs)
    return theirs if alike and typed != theirs and host_fault(theirs) is None else None


_ALIKE = 0.8
"""How like one another a domain and its misspelling are, from 0 to 1."""


def _servers_of(zone: str, case: Case, said: Said, evidence: tuple[Evidence, ...], telling: str) -> Outcome:
    """A domain that exists: which mail servers does it have?"""
    served = domain.served(case, said.server, zone, usual=True)
    if served is None:
        return Outcome(evidence, telling, None)
    tried = domain.tried(case, served.hosts)
    hint = f"if it is the server that was meant: {_proposed(tried, case)}"
    if not tried[0].answers:
        hint = f"ask who runs {zone} for the name of its server for outgoing mail: {_proposed(tried, case)}"
    return Outcome((*evidence, *served.rows, *domain.rows(tried)), telling, hint)


def _proposed(tried: list[Candidate], case: Case) -> str:
    """The options for the host that would do best, and what it was seen to be; a blank where none takes mail."""
    first = tried[0]
    if first.answers:
        return f"{first.proposal(case.host_key)} ({first}; tried just now, without login)"
    if not first.looked:
        return f"{first.proposal(case.host_key)} ({first})"
    names = ", ".join(one.name for one in tried)
    return f"--set {case.host_key}=NAME (no mail server answers this machine at {names})"


def _no_address(case: Case, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """The name exists without an address: a mail domain perhaps, whose servers have other names."""
    served = domain.served(case, said.server, case.host)
    if served is None:
        return Outcome(evidence, f"{said.server} knows the name {case.host}, but no address for it", None)
    tried = domain.tried(case, served.hosts)
    return Outcome((*evidence, *served.rows, *domain.rows(tried)), *as_domain(case, served, tried))


def as_domain(case: Case, served: Served, tried: list[Candidate]) -> tuple[str, str]:
    """What to say of a host that is a mail domain, or a web server in one: sentence and hint."""
    told = f"{case.host} is a mail domain, not a mail server: {served}"
    if served.wild:
        told = f"every name in {served.domain} leads to {served.wild[0]}, so that {case.host} may be a slip;"
        told += f" {tried[0].name} takes mail there"
    elif served.domain != case.host:
        told = f"{case.host} is a web server, it seems; in {served.domain}, {tried[0].name} takes mail"
    what = "; what the DNS names" if tried[0].answers else ""
    return told, f"ask for the name of the server for outgoing mail{what}: {_proposed(tried, case)}"
