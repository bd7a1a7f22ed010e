"""What a hint proposes to --set, weighed against the organisation's word: a locked key, or a value that a rule forbids,
is told with the place to edit, since --set would be refused there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.errors import Place, Variable
from dtsconf.render.keeping import as_yaml, gap_of, leaf
from dtsconf.render.proposal import GROUP, Proposal, is_so, news, typed, weighed
from dtsconf.settings import rules

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective


def first(hint: str | None, effective: Effective | None) -> list[Proposal]:
    """The proposals that a hint names first; none when there is something to fill in, or nothing would change."""
    group = GROUP.search(hint or "")
    proposed = weighed(group.group(), effective) if group else []
    ready = all(each.ready for each in proposed) and not all(is_so(each, effective) for each in proposed)
    return proposed if ready else []


def told(hint: str, effective: Effective | None) -> str:
    """The hint with what --set can't do told as what to edit, and where."""
    return GROUP.sub(lambda found: _told(found.group(), effective), hint)


_GUESS = re.compile(r"(?<=[:;] )[^;:]*(--set login\.username=[^\s,;)]+); ")
"""The part of a hint that does no more than guess at another user name."""


def without_forbidden(hint: str, effective: Effective | None) -> str:
    """The hint without a guess at the user name that a rule forbids: nobody changes a rule to try something."""
    return _GUESS.sub(lambda found: "" if weighed(found.group(1), effective)[0].rule else found.group(), hint)


def unset(hint: str) -> str:
    """The hint for a command that takes no --set: what it proposes belongs into a profile."""

    def said(found: re.Match[str]) -> str:
        return f"write {' and '.join(map(str, weighed(found.group(), None)))} into the profile and apply that"

    return GROUP.sub(said, hint)


def _told(group: str, effective: Effective | None) -> str:
    proposed = weighed(group, effective)
    if effective is None or all(each.free for each in proposed):
        return " ".join(f"--set {each.key}={each.value}{_within(each)}" for each in proposed)
    changes = news(proposed, effective)
    new = [each for each in changes if each.rule is None and _is_unwritten(each, effective)]
    edits = [_edit(each, effective) for each in changes if each not in new]
    return " and ".join([*edits, *_written(new, effective)])


def _within(proposal: Proposal) -> str:
    """What the organisation's rule wants of a value that the reader fills in."""
    if proposal.within is None:
        return ""
    at = f" at {proposal.within.where}" if proposal.within.where else ""
    return f" (it must {rules.words(proposal.within)}, by the organisation's rule{at})"


def _edit(proposal: Proposal, effective: Effective) -> str:
    """One proposal as what to change, where."""
    if proposal.rule is not None:
        at = f" at {proposal.rule.where}" if proposal.rule.where else ""
        must = f": it must {rules.words(proposal.rule)}"
        return f"{proposal} (the organisation's rule{at} forbids it{must}; so that has to change first)"
    setting = effective.origin[proposal.key]
    change = f"edit {_where(proposal.key, effective)} to {proposal.key.rpartition('.')[2]}: {proposal.value}"
    below = effective.org.layer.values.get(proposal.key)
    if setting.layer == "command line" and below is not None and below.raw == typed(proposal.key, proposal.value):
        return f"leave {setting.where} out"
    if isinstance(setting.where, Variable):
        change = f"set {setting.where} to {proposal.value}"
    return f"{change}{_REASONS[proposal.locked, proposal.profile_only]}"


_REASONS = {
    (False, False): "",
    (True, False): " (locked, so --set can't)",
    (False, True): " (only the profile may say it)",
    (True, True): " (only the profile may say it)",
}


def _is_unwritten(proposal: Proposal, effective: Effective) -> bool:
    """Whether the profile at hand says nothing of the key yet."""
    return effective.origin[proposal.key].layer == "default" and effective.org.layer.name == "profile"


def _written(new: list[Proposal], effective: Effective) -> list[str]:
    """What stands nowhere yet, as what to write, and where."""
    told, apart = [], []
    for each in new:
        if gap := gap_of("profile", each, effective):
            reason = _REASONS[each.locked, each.profile_only]
            told.append(f"write {leaf(each)} {gap.place} of {gap.file}{reason}")
        else:
            apart.append(each)
    return told + [f"write {line} into the profile, below settings" for line in as_yaml(apart, "")]


def _where(key: str, effective: Effective) -> str:
    """The place that gives a key: what to open. The machine config is no such place: its profile is."""
    setting = effective.origin[key]
    if setting.layer == "machine":
        return f"{key} in the profile {effective.org.name}"
    if isinstance(setting.where, Place):
        return str(setting.where)
    return f"{key} in the profile"
