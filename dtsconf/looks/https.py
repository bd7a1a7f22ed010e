"""No answer that counts came over HTTPS, from the sign-in server or from Microsoft Graph: why, by what looks found out.

asked      what was asked, of whom, and why no answer counts
outgoing   nobody could be connected to
proxy      the proxy on the way is what failed
roots      the certificate did not verify
between    something else answers in place of the service, or cuts the session
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.looks import hosts, names
from dtsconf.looks.asked import Asked, by_proxy
from dtsconf.looks.case import Outcome
from dtsconf.names import escape_controls, is_registry
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.looks.names import Said

LONGEST = 600
"""Characters of one text that are shown: certificates and pages come from anybody."""


def examine(asked: Asked) -> Outcome:
    """The looks that fit. Never raises for trouble of network or server."""
    found = _examined(asked)
    evidence = tuple(
        Evidence(_shown(e.what), _shown(e.seen), _shown(e.means)) for e in (*_passed(asked), *found.evidence)
    )
    return Outcome(evidence, found.telling and _shown(found.telling), found.hint and _shown(found.hint, 4 * LONGEST))


def _shown(text: str, longest: int = LONGEST) -> str:
    line = escape_controls(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _passed(asked: Asked) -> list[Evidence]:
    """How far it came."""
    trouble = asked.trouble
    if not trouble.steps:
        return []
    seen = "; ".join(f"{step.place}: {step.detail}" for step in trouble.steps)
    told = {"resolve": "the name leads to an address", "connect": "no firewall stands in the way of this port"}
    told |= {"tls": "the certificate is the server's, as far as this machine's trusted roots tell"}
    means = "; ".join(told[step.place] for step in trouble.steps if step.place in told)
    goal = f"{trouble.host} port {trouble.port}"
    if trouble.what == "proxy":
        goal = f"the proxy {trouble.proxy.place if trouble.proxy else ''}, for {goal}"
    return [Evidence(f"went the way to {goal}", seen, means)]


def _examined(asked: Asked) -> Outcome:
    trouble = asked.trouble
    if trouble.what == "proxy":
        from dtsconf.looks import proxy

        return proxy.examine(asked)
    elsewhere = trouble.cause == "tls-name" or trouble.what in ("page", "redirect")
    entry = hosts.look(asked.case)() if asked.direct and elsewhere else None
    if entry is not None and (entry.misleads or entry.dns):
        host, port = asked.case.host, asked.case.port
        return Outcome((hosts.row(entry, host, port),), hosts.telling(entry, host), hosts.hint(entry, host, port))
    if trouble.what == "lookup":
        return names.examine(asked.case, lambda said, evidence: _unknown(asked, said, evidence))
    if trouble.what == "connect":
        from dtsconf.looks import outgoing

        return outgoing.examine(asked)
    if trouble.what == "certificate":
        from dtsconf.looks import roots

        return roots.examine(asked)
    from dtsconf.looks import between

    return between.examine(asked)


def _unknown(asked: Asked, said: Said, evidence: tuple[Evidence, ...]) -> Outcome:
    """A name server says that there is no such name, or no address for it."""
    host = asked.case.host
    spared, through = by_proxy(asked)
    told = names.told(said, host)
    if asked.microsoft:
        found = names.right(asked.case, said, evidence)
        return Outcome(found.evidence, f"{found.telling}{spared and '; ' + spared}", f"{through}; else {found.hint}")
    near = _meant(host)
    if near is not None:
        more = Evidence("compared the name with Microsoft's own", f"{near} is the one most like it", "a typing error")
        return Outcome((*evidence, more), f"{told}; Microsoft's is {near}", f"if that is meant: {_authority(near)}")
    zone = (
        f": the domain {said.zone} exists, this name in it does not" if said.zone and not is_registry(said.zone) else ""
    )
    check = f"check the spelling of microsoft.authority in the profile; if only a VPN knows {host}, connect that"
    return Outcome(evidence, told + zone, f"{check}; {through}, then dtsconf test again")


def _meant(host: str) -> str | None:
    """The sign-in server of Microsoft's that a misspelt name was meant for; None where it is like none of them."""
    from dtsconf.settings.microsoft import AUTHORITIES
    from dtsconf.settings.nearness import misspelt, nearest

    return nearest(host, sorted(AUTHORITIES)) if "microsoft" in host else misspelt(host, AUTHORITIES)


def _authority(host: str) -> str:
    return f"--set microsoft.authority=https://{host}"
