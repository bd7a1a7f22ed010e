"""What the conversation itself shows: the stages that went well, what the server's no means and where that is written,
whether something in between left its mark. Pure: looks at nothing more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.looks.case import Outcome
from dtsconf.looks.products import inspector
from dtsconf.mail.causes import row_of
from dtsconf.mail.facts import Facts
from dtsconf.mail.reply import Reply
from dtsconf.names import host_fault, is_ip, site
from dtsconf.net.connect import SILENT
from dtsconf.proof import CAUSES, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.proof import Stage

_PASSED = {
    "resolve": "the name leads to an address",
    "connect": "no firewall stands in the way of this port",
    "banner": "a mail server answers",
    "ehlo": "it takes this machine",
    "tls": "the encryption fits and the certificate is the server's",
    "auth": "user name and password are right",
    "mail-from": "the sender is taken",
    "rcpt-to": "the recipient is taken",
    "data": "the server is ready for the mail",
    "accepted": "the server has taken the mail",
}
_CUT = ("dropped", "outcome-unknown", "timeout")


def passed(stages: Sequence[Stage]) -> list[Evidence]:
    """The stages that went well, and what each of them rules out."""
    good = [stage.stage for stage in stages if stage.ok and stage.said_by != "dtsconf"]
    if not good:
        return []
    means = "; ".join(dict.fromkeys(_PASSED[name] for name in good if name in _PASSED))
    return [Evidence("held the conversation", f"{', '.join(good)} went well", means)]


def offered(stages: Sequence[Stage]) -> list[Evidence]:
    """A login that was refused: is logging in switched on there at all?"""
    failure = stages[-1]
    told = (logins(s.detail) for s in reversed(stages) if s.ok and s.stage in ("tls", "ehlo"))
    ways = next(filter(None, told), ())
    if failure.stage != "auth" or failure.code is None or not ways:
        return []
    means = _REFUSED.get(failure.cause or "", "logging in is switched on there")
    return [Evidence("read which logins the server offers", " ".join(ways), means)]


_SASL = r"PLAIN\S*|LOGIN|EXTERNAL|ANONYMOUS|NTLM|[\w-]+-(MD5|SPNEGO)|GSS\S*|KERBEROS\S*|SCRAM-\S+|OAUTHBEARER|XOAUTH2?"
"""Mechanisms (IANA, SASL mechanisms; Microsoft's and Google's own)."""


def logins(detail: str) -> tuple[str, ...]:
    """The ways to log in that an answer to EHLO names, as a stage shows it in one line (RFC 4954 3; `AUTH=` is an
    old form)."""
    found = re.search(r"(?:^|[ ,])AUTH[ =]([^,;()]+)", detail, re.IGNORECASE)
    words = found[1].upper().split() if found else ()
    return tuple(dict.fromkeys(word for word in words if re.fullmatch(_SASL, word)))


_REFUSED = {
    "auth-rejected": "logging in is switched on there: it is this user name or password that is refused",
    "auth-disabled": "the server offers it to everybody, and has it switched off for this account or organisation",
    "blocked": "the server offers it to everybody, and refuses it to this machine",
}
"""What a login that was offered and refused shows, by cause."""


def half_dead(stages: Sequence[Stage]) -> list[Evidence]:
    """A connection that came about although some addresses of the host don't answer."""
    found = next((s.detail for s in stages if s.stage == "connect" and s.ok), "")
    told = re.search(r"^(\S+) .*\((.+)\)$", found)
    if told is None:
        return []
    winner, rest = told.groups()
    means = "not every address of the host takes connections"
    if ":" not in winner and all(":" in each.partition(": ")[0] for each in rest.split("; ")):
        means = "IPv6 is broken on the way, IPv4 is fine" if SILENT in rest else "there is no way by IPv6, IPv4 is fine"
    means += ": programs that try one after the other wait long for it" if SILENT in rest else ""
    return [Evidence("connected", found, means)]


def reply(failure: Stage, *, tls: bool, sender: str = "", recipient: str = "") -> list[Evidence]:
    """The server's no by the table: what this code means here, and where that is written."""
    if failure.code is None or failure.code < 400:
        return []
    words = failure.detail.partition(f"{failure.code} ")[2]
    facts = Facts("", 0, "", False, "", sender, recipient, tls=tls)
    row = row_of(failure.stage, Reply(failure.code, (words,)), facts)
    code = f"{failure.code} {failure.enhanced_code}" if failure.enhanced_code else str(failure.code)
    means = f"{CAUSES.get(failure.cause or row.cause, '')} ({row.source})"
    return [Evidence(f"read the server's answer at {failure.stage}", f"{code}: {words[:300]}", means)]


def stranger(case: Case) -> str | None:
    """The name that the server greets with (RFC 5321 4.2), where it is of another domain than the host that was asked
    for. Many a host is an alias, so this is a doubt and no more; none where its certificate vouched for the host."""
    return None if case.detail("tls") else _foreign(case.detail("banner"), case.host)


def calls_itself(host: str, stages: Sequence[Stage]) -> str:
    """The same of any conversation, as the end of a sentence; '' where there is no such name."""
    name = _foreign(next((stage.detail for stage in stages if stage.stage == "banner" and stage.ok), ""), host)
    return f" (it calls itself {name})" if name else ""


def _foreign(greeting: str, host: str) -> str | None:
    name = greeting.partition("220")[2].lstrip(" -").partition(" ")[0].lower()
    if "." not in name or "." not in host or host_fault(name) is not None or is_ip(name) or is_ip(host):
        return None
    return name if site(name) != site(host) else None


def in_between(case: Case) -> Outcome:
    """Marks of something on the way: the greeting, the certificate, a cut that came after the content."""
    evidence = []
    greeting = case.detail("banner") or (case.failure.detail if case.failure.stage == "banner" else "")
    if who := case.greeter:
        evidence.append(Evidence("read the greeting", greeting[:200], f"this is {who}, not the server itself"))
    issuer = re.search(r"issued by (.*?)(, until|, for|$)", case.detail("tls"))
    product = inspector(issuer.group(1)) if issuer else None
    if issuer and product:
        means = f"{product} opens the encrypted session on its way"
        evidence.append(Evidence("read who issued the certificate", issuer.group(1), means))
    telling = who or product
    if case.content and case.cause in (*_CUT, "content-rejected"):
        evidence.append(_after_data(case))
    if telling is None:
        return Outcome(tuple(evidence), *_cut_hint(case))
    return Outcome(tuple(evidence), f"in between stands {telling}", _except(case, telling))


def _after_data(case: Case) -> Evidence:
    seen = "sender and recipient were taken, and the content was not"
    if case.cause == "content-rejected":
        means = "whoever reads the content refused it: the server's filter, or one on the way"
    else:
        means = "what reads the content cut it off, as antivirus products and filters do; servers say no in words"
    return Evidence("compared the stages before and after the mail's content", seen, means)


def _cut_hint(case: Case) -> tuple[str | None, str | None]:
    if not case.content or case.cause not in ("dropped", "timeout"):
        return None, None
    telling = "it was cut only after the content began, as antivirus products and mail filters do"
    hint = (
        "have dtsconf excepted from the mail protection of this machine's antivirus product, then dtsconf test again;"
        " if it stays, ask the server's administrator, with what this writes: dtsconf test --transcript ticket.txt"
    )
    return telling, hint


def _except(case: Case, who: str) -> str | None:
    """Only where the product may be what stops the mail; a no of the server's own keeps its hint."""
    if case.failure.code is not None and case.cause not in ("content-rejected", "server-error", "rate-limited"):
        return None
    again = "then dtsconf test again; other ports: dtsconf test --probe"
    return f"have dtsconf excepted from the mail protection of {who}, {again}"
