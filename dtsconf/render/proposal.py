"""One `key=value` that a hint proposes, weighed against the organisation's word: a lock, a rule, what is in force."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.settings import rules
from dtsconf.settings.check import CLEARTEXT
from dtsconf.settings.keys import KEYS

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.policy import Rule

_OPTION = r"--set [\w.]+=[^\s,;)]*[^\s,;).]"
GROUP = re.compile(rf"{_OPTION}(?: {_OPTION})*")
"""Options that belong together; a full stop at the end is the sentence's."""

_BLANK = re.compile(r"[A-Z]+$|(file://)?/PATH|http://PROXY")
"""A value that the reader has to know."""

_NEEDS = {"login.required=true": ("login.username", "login.password"), "mode=microsoft": ("microsoft.client_id",)}
"""Settings that need others beside them: without these a command would not do."""

_CONFIRMED = ("server.fingerprint",)
"""Keys whose value somebody has to confirm first: what was just seen may be an attacker's."""


@frozen
class Proposal:
    """One `key=value` of a hint. `lacks`: others are needed beside it, and not given; `locked`, `rule`, `profile_only`:
    why --set would be refused; `within`: the rule that what is filled in has to keep."""

    key: str
    value: str
    lacks: bool = False
    locked: bool = False
    rule: Rule | None = None
    within: Rule | None = None

    @property
    def free(self) -> bool:
        """Whether --set takes it."""
        return not self.locked and self.rule is None and not self.profile_only

    @property
    def profile_only(self) -> bool:
        """Whether only the organisation's profile may say it."""
        return self.key == CLEARTEXT

    @property
    def ready(self) -> bool:
        """Whether it can be pasted as it stands."""
        return not (_BLANK.match(self.value) or self.lacks or self.key in _CONFIRMED)

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


def news(proposals: list[Proposal], effective: Effective | None) -> list[Proposal]:
    """Those that would change something; all, where none would."""
    news = [one for one in proposals if not is_so(one, effective)]
    return news or proposals


def is_so(proposal: Proposal, effective: Effective | None) -> bool:
    """Whether that is in force already."""
    setting = effective.origin.get(proposal.key) if effective else None
    return setting is not None and setting.value == typed(proposal.key, proposal.value)


def weighed(group: str, effective: Effective | None) -> list[Proposal]:
    """The proposals of options that belong together (`GROUP`)."""
    pairs = [text.partition("=") for text in group.removeprefix("--set ").split(" --set ")]
    return [_one(key, value, effective) for key, _, value in pairs]


def _one(key: str, value: str, effective: Effective | None) -> Proposal:
    needed = _NEEDS.get(f"{key}={value}", ())
    if effective is None or key not in KEYS:
        return Proposal(key, value, bool(needed))
    lacks = any(effective.origin[other].value is None for other in needed)
    policy = effective.org.policy
    locked = policy.lock_on(key) is not None
    if _BLANK.match(value):
        return _to_fill_in(key, value, effective, lacks=lacks, locked=locked)
    broken = next((rule for rule in policy.rules_on(key) if not rules.holds(rule, typed(key, value))), None)
    if broken is not None and (nearest := _as_far_as(broken, value, effective)) is not None:
        return Proposal(key, nearest, lacks, locked)
    return Proposal(key, value, lacks, locked, broken)


def _to_fill_in(key: str, value: str, effective: Effective, *, lacks: bool, locked: bool) -> Proposal:
    """One whose value the reader knows: a rule may leave no other than the one in force."""
    ruled = effective.org.policy.rules_on(key)
    here = effective.origin[key].value
    shut = next((one for one in ruled if not _leaves_any(one, value, here)), None)
    within = next((one for one in ruled if one.op != "present"), None)
    return Proposal(key, value, lacks, locked, shut, within)


def _leaves_any(rule: Rule, value: str, here: object) -> bool:
    if rule.op == "one_of":
        return any(one != here for one in rule.operand)
    return rule.op != "present" or rules.holds(rule, value)


def _as_far_as(broken: Rule, value: str, effective: Effective) -> str | None:
    """The bound that a rule sets, where it lies between the quantity in force and the one proposed: so far it may go. A
    port is a number, and no quantity."""
    if broken.op not in ("min", "max") or KEYS[broken.key].kind != "number":
        return None
    now, bound, wanted = (_number(each) for each in (effective.origin[broken.key].value, broken.operand, value))
    fits = all(rules.holds(rule, broken.operand) for rule in effective.org.policy.rules_on(broken.key))
    return str(broken.operand) if fits and (now < bound < wanted or now > bound > wanted) else None


def _number(value: object) -> float:
    """Not-a-number, which lies between nothing, for what spells none."""
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def typed(key: str, value: str) -> object:
    """The value as rules compare it; the text itself where it is a reference, or nothing that the key can hold."""
    from dtsconf.settings.scalars import parse_settings_text
    from dtsconf.settings.wording import BadValue

    try:
        return value if KEYS[key].kind == "secret" else parse_settings_text(KEYS[key].kind, value)
    except BadValue:
        return value
