"""Evidence after a failure: what tells a wrong name from a dead network, a firewall here from one there, an antivirus
product from a server's no.

    case          the failure
    said          what the conversation itself shows (pure); introduction: a name that was refused in EHLO
    names         resolve failed: what the name servers say
    network       connect failed: this machine, the network, the host or the port; and verdict, what it comes to
    addresses     the host's addresses lead to servers that differ
    greeting      no greeting: IPv6 against IPv4
    encryption    wrong encryption, or something else answers
    versions      the server speaks only an older TLS
    logins        a login is wanted that the settings don't have
    trust         the certificate did not verify
    ways, choice  other ports and encryptions, and what they come to; also for `test --probe`

What is the same whatever is spoken (`looks`): bounds, name servers, routes, counters, guest networks, clocks.

Looks go to the configured host, and to this machine's resolver, gateway and loopback; where that name doesn't exist, or
is a mail domain's, to hosts of the domain that its DNS names. They carry no credentials and no mail. The cause stays
what the conversation found: evidence explains it, and may know a better next step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.looks.case import Outcome
from dtsconf.mail.evidence import introduction, said
from dtsconf.mail.evidence.case import Case
from dtsconf.mail.route import Smtp
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.job import Job
    from dtsconf.mail.masking import Masker
    from dtsconf.proof import Stage, Verification

__all__ = ["explained", "looked_into"]

_TRUST = ("tls-untrusted", "tls-name", "tls-expired", "tls-not-yet-valid")
_ENCRYPTION = (
    "protocol",
    "not-smtp",
    "tls-not-offered",
    "tls-stripped",
    "tls-version",
    "tls-required",
    "cleartext-refused",
)
_OPENING = ("banner", "ehlo", "tls")
"""Stages at which another address of the host may do better, whoever logs in."""


def looked_into(job: Job, result: Verification) -> Verification:
    """A failed verification by SMTP with what looks on the side found out; any other comes back as it is.

    Never raises for trouble of network or server.
    """
    failure = result.failure
    if failure is None or not isinstance(job.link.route, Smtp):
        return result
    if job.link.progress is not None:
        job.link.progress("looking for the reason")
    case = Case(job, result, failure)
    first = said.in_between(case)
    found = _examined(case)
    tls = any(stage.stage == "tls" and stage.ok for stage in result.stages)
    evidence = (
        *_shown(result.stages),
        *said.offered(result.stages),
        *said.reply(failure, tls=tls, sender=case.sender, recipient=case.recipient),
        *first.evidence,
        *found.evidence,
    )
    evidence = tuple(_masked(each, job.link.masker) for each in evidence)
    hint = introduction.hint(case, found.hint or first.hint)
    told = _told(failure, found.telling or first.telling, hint, job.link.masker)
    stages = tuple(told if stage is failure else stage for stage in result.stages)
    return replace(result, stages=stages, evidence=evidence)


def explained(result: Verification) -> Verification:
    """A verification that went well, with what each of its stages shows. Looks at nothing more."""
    return replace(result, evidence=_shown(result.stages))


def _shown(stages: Sequence[Stage]) -> tuple[Evidence, ...]:
    """What the stages show that went well."""
    return (*said.passed(stages), *said.half_dead(stages), *introduction.rows(stages))


def _examined(case: Case) -> Outcome:
    """The looks that fit the failure, where it isn't one of the host's addresses that is to blame."""
    stage, cause = case.failure.stage, case.cause
    no_login = cause in ("auth-disabled", "cleartext-refused") and case.failure.said_by == "dtsconf"
    if (stage in _OPENING or no_login or case.envelope) and (differing := _by_address(case)):
        return differing
    if stage == "resolve":
        from dtsconf.mail.evidence import names

        return names.examine(case)
    if stage == "connect":
        from dtsconf.mail.evidence import network

        return network.examine(case)
    if cause in _TRUST:
        from dtsconf.mail.evidence import trust

        return _by_hosts_file(case, trust.examine(case))
    if stage == "banner" and cause in ("timeout", "dropped"):
        from dtsconf.mail.evidence import greeting

        return greeting.examine(case)
    elsewhere = cause == "auth-disabled" and "--set server.port=" in (case.failure.hint or "")
    if cause in _ENCRYPTION or no_login or elsewhere or (stage == "tls" and cause in ("timeout", "dropped")):
        from dtsconf.mail.evidence import encryption

        return encryption.examine(case)
    from dtsconf.mail.evidence import logins

    return logins.examine(case) if logins.wanted(case) else Outcome()


def _by_address(case: Case) -> Outcome | None:
    """What differs between the host's addresses; of IPv6 that carries nothing `greeting` knows more."""
    silent = case.failure.stage == "banner" and case.cause in ("timeout", "dropped")
    if silent and len({address.family for address in case.addresses}) > 1:
        return None
    from dtsconf.mail.evidence import addresses

    return addresses.examine(case)


def _by_hosts_file(case: Case, found: Outcome) -> Outcome:
    """What was found of a certificate, unless a line of the hosts file leads to somebody else's server."""
    from dtsconf.looks import hosts

    entry = hosts.look(case)()
    if entry is None:
        return found
    evidence = (*found.evidence, hosts.row(entry, case.host, case.port))
    if not entry.misleads:
        return replace(found, evidence=evidence)
    return Outcome(evidence, hosts.telling(entry, case.host), hosts.hint(entry, case.host, case.port))


def _masked(found: Evidence, masker: Masker) -> Evidence:
    """Fit to be shown: servers and certificates may hold secrets and control characters here, too."""
    return Evidence(masker.show(found.what), masker.show(found.seen), masker.show(found.means))


def _told(failure: Stage, telling: str | None, hint: str | None, masker: Masker) -> Stage:
    told = masker.show(telling) if telling else ""
    detail = f"{failure.detail}; {told}" if told not in failure.detail else failure.detail
    return replace(failure, detail=detail, hint=masker.show_own(hint) if hint else failure.hint)
