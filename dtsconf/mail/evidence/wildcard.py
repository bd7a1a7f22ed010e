"""A name that was found, and leads to no mail server: it may be a slip that the DNS answers all the same, since every
name in the domain leads somewhere (RFC 4592), or a short name that the search list made another one of
(resolv.conf(5)).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import hostsfile, names, resolvconf, surroundings
from dtsconf.looks.names import asking
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.mail.evidence.case import Case


def met(case: Case, server: str, domain: str) -> tuple[str, ...]:
    """The addresses that every name in a domain leads to, by a name that nobody gave; none where the host's is not
    among them, so that its name is one of its own."""
    (answer,) = case.together(asking(server, f"dtsconf-{os.urandom(6).hex()}.{domain}", "A", case))
    values = answer.values if answer else ()
    return values if {str(address) for address in case.addresses} & set(values) else ()


def row(domain: str, addresses: tuple[str, ...]) -> Evidence:
    """What was seen."""
    means = "every name in this domain leads there, misspelt ones too"
    return Evidence(f"asked for a name in {domain} that nobody gave", ", ".join(addresses), means)


@frozen
class Completed:
    """A short name that a line of resolv.conf made a whole one; `wild`: where every name in that domain leads."""

    short: str
    whole: str
    line: int
    wild: tuple[str, ...] = ()

    @property
    def rows(self) -> list[Evidence]:
        """What was seen."""
        domain = self.whole.partition(".")[2]
        means = f"{self.short} alone is no whole name: line {self.line} of {names.SOURCE} (search) completes it"
        found = [Evidence(f"looked which name {self.short} became", self.whole, means)]
        return [*found, row(domain, self.wild)] if self.wild else found

    def told(self, host_key: str) -> tuple[str, str] | None:
        """Sentence and hint, where it may have become another name than was meant."""
        if not self.wild:
            return None
        domain = self.whole.partition(".")[2]
        why = f"every name in {domain} leads to {self.wild[0]}"
        telling = f"{self.short} became {self.whole} by line {self.line} of {names.SOURCE} (search), and {why}"
        return telling, f"write the server's whole name, with its domain: --set {host_key}=NAME"


def completed(case: Case) -> Completed | None:
    """What the search list made of a host's name that is short; None where it isn't short, or comes from elsewhere."""
    if "." in case.host or ":" in case.host or hostsfile.lines_of(case.host, surroundings.hosts_file()):
        return None
    search, known = resolvconf.search(names.SOURCE), names.servers()
    if search is None or not known:
        return None
    wholes = [f"{case.host}.{domain}" for domain in search.domains]
    answers = case.together(*(asking(known[0], whole, "A", case) for whole in wholes))
    used = {str(address) for address in case.addresses}
    whole = next((w for w, said in zip(wholes, answers, strict=True) if said and used & set(said.values)), None)
    if whole is None:
        return None
    return Completed(case.host, whole, search.line, met(case, known[0], whole.partition(".")[2]))
