"""What a hint proposes to --set, weighed against the organisation's word: a locked key, or a value that a rule forbids,
is told with the place to edit, since --set would be refused there."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from dtsconf.errors import Place, Variable
from dtsconf.frozen import frozen
from dtsconf.settings import rules
from dtsconf.settings.check import CLEARTEXT
from dtsconf.settings.keys import KEYS

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.policy import Rule
    from dtsconf.settings.values import LayerName

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
    why --set would be refused."""

    key: str
    value: str
    lacks: bool = False
    locked: bool = False
    rule: Rule | None = None

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


def first(hint: str | None, effective: Effective | None) -> list[Proposal]:
    """The proposals that a hint names first; none when there is something to fill in, or nothing would change."""
    found = GROUP.search(hint or "")
    weighed = _weighed(found.group(), effective) if found else []
    ready = all(each.ready for each in weighed) and not all(_is_so(each, effective) for each in weighed)
    return weighed if ready else []


def told(hint: str, effective: Effective | None) -> str:
    """The hint with what --set can't do told as what to edit, and where."""
    return GROUP.sub(lambda found: _told(found.group(), effective), hint)


def unset(hint: str) -> str:
    """The hint for a command that takes no --set: what it proposes belongs into a profile."""

    def said(found: re.Match[str]) -> str:
        return f"write {' and '.join(map(str, _weighed(found.group(), None)))} into the profile and apply that"

    return GROUP.sub(said, hint)


def _told(group: str, effective: Effective | None) -> str:
    weighed = _weighed(group, effective)
    if effective is None or all(each.free for each in weighed):
        return " ".join(f"--set {each.key}={each.value}" for each in weighed)
    news = _news(weighed, effective)
    new = [each for each in news if each.rule is None and _is_unwritten(each, effective)]
    edits = [_edit(each, effective) for each in news if each not in new]
    return " and ".join([*edits, *_written(new, effective)])


def _news(proposals: list[Proposal], effective: Effective | None) -> list[Proposal]:
    """Those that would change something; all, where none would."""
    news = [one for one in proposals if not _is_so(one, effective)]
    return news or proposals


def _is_so(proposal: Proposal, effective: Effective | None) -> bool:
    setting = effective.origin.get(proposal.key) if effective else None
    return setting is not None and setting.value == _typed(proposal.key, proposal.value)


def _weighed(group: str, effective: Effective | None) -> list[Proposal]:
    pairs = [text.partition("=") for text in group.removeprefix("--set ").split(" --set ")]
    return [_one(key, value, effective) for key, _, value in pairs]


def _one(key: str, value: str, effective: Effective | None) -> Proposal:
    needed = _NEEDS.get(f"{key}={value}", ())
    if effective is None or key not in KEYS:
        return Proposal(key, value, bool(needed))
    lacks = any(effective.origin[other].value is None for other in needed)
    policy = effective.org.policy
    locked = policy.lock_on(key) is not None
    ruled = [rule for rule in policy.rules_on(key) if rule.op == "present" or not _BLANK.match(value)]
    broken = next((rule for rule in ruled if not rules.holds(rule, _typed(key, value))), None)
    if broken is not None and (nearest := _as_far_as(broken, value, effective)) is not None:
        return Proposal(key, nearest, lacks, locked)
    return Proposal(key, value, lacks, locked, broken)


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


def _typed(key: str, value: str) -> object:
    """The value as rules compare it; the text itself where it is a reference, or nothing that the key can hold."""
    from dtsconf.settings.scalars import parse_settings_text
    from dtsconf.settings.wording import BadValue

    try:
        return value if KEYS[key].kind == "secret" else parse_settings_text(KEYS[key].kind, value)
    except BadValue:
        return value


def _edit(proposal: Proposal, effective: Effective) -> str:
    """One proposal as what to change, where."""
    if proposal.rule is not None:
        at = f" at {proposal.rule.where}" if proposal.rule.where else ""
        must = f": it must {rules.words(proposal.rule)}"
        return f"{proposal} (the organisation's rule{at} forbids it{must}; so that has to change first)"
    setting = effective.origin[proposal.key]
    change = f"edit {_where(proposal.key, effective)} to {proposal.key.rpartition('.')[2]}: {proposal.value}"
    below = effective.org.layer.values.get(proposal.key)
    if setting.layer == "command line" and below is not None and below.raw == _typed(proposal.key, proposal.value):
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
        if beside := _beside("profile", each, effective):
            reason = _REASONS[each.locked, each.profile_only]
            told.append(f"write {_leaf(each)} {_by(beside)} of {beside[0].file}{reason}")
        else:
            apart.append(each)
    return told + [f"write {line} into the profile, below settings" for line in _as_yaml(apart, "").splitlines()]


def _by(beside: list[Place]) -> str:
    """Where in its file a key belongs to these."""
    inline = len({place.line for place in beside}) < len(beside)
    return f"{'within the braces on' if inline else 'beside'} line {beside[0].line}"


def _where(key: str, effective: Effective) -> str:
    """The place that gives a key: what to open. The machine config is no such place: its profile is."""
    setting = effective.origin[key]
    if setting.layer == "machine":
        return f"{key} in the profile {effective.org.name}"
    if isinstance(setting.where, Place):
        return str(setting.where)
    return f"{key} in the profile"


def kept(proposals: list[Proposal], effective: Effective | None) -> str:
    """How to write down what worked, for the layers that give the values now: lines to paste, each group with a line
    before it that says where."""
    groups: dict[LayerName, list[Proposal]] = {}
    for each in _news(proposals, effective):
        layer = effective.origin[each.key].layer if effective and each.key in effective.origin else "profile"
        groups.setdefault("profile" if layer == "default" else layer, []).append(each)
    return "".join(_kept(layer, group, effective) for layer, group in groups.items())


_FILES = {
    "profile": ("in the profile, below settings", "  "),
    "machine": ("in the profile, below settings", "  "),
    "user": ("in your own settings", ""),
}
"""Where a layer's file takes settings, and how far they are indented there."""


def _kept(layer: LayerName, group: list[Proposal], effective: Effective | None) -> str:
    from shlex import quote

    if layer == "environment":
        return "".join(_variable(each, effective) for each in group)
    if layer == "command line":
        given = " ".join(f"--set {quote(f'{each.key}={each.value}')}" for each in group)
        return f"  # in place of the options of this call\n  {given}\n"
    changed, new = [], []
    for each in group:
        place = effective.origin[each.key].where if effective and layer != "machine" else None
        if isinstance(place, Place):
            changed.append(f"  {place}  {_leaf(each)}\n")
        else:
            new.append(each)
    return "".join(changed) + _added(layer, new, effective)


def _added(layer: LayerName, new: list[Proposal], effective: Effective | None) -> str:
    """What stands nowhere yet: below its section where the file has that, else with it."""
    lines = ""
    for each in list(new):
        if beside := _beside(layer, each, effective):
            lines += f"  # in {beside[0].file}, {_by(beside)}\n  {_leaf(each)}\n"
            new.remove(each)
    if new:
        where, indent = _FILES.get(layer, _FILES["profile"])
        lines += f"{indent}# {where}\n{_as_yaml(new, indent)}"
    return lines


def _beside(layer: LayerName, proposal: Proposal, effective: Effective | None) -> list[Place]:
    """Where the other settings of the same section stand in the layer's file, or in one of its files."""
    section, dot, _ = proposal.key.rpartition(".")
    if effective is None or not dot or layer == "machine":
        return []
    others = [one for key, one in effective.origin.items() if key.rpartition(".")[0] == section and one.layer == layer]
    places = [one.where for one in others if isinstance(one.where, Place)]
    return [place for place in places if place.file == places[0].file]


def _leaf(proposal: Proposal) -> str:
    """The setting's own line in YAML."""
    from dtsconf.settings.rewriting import inline

    return f"{proposal.key.rpartition('.')[2]}: {inline(_typed(proposal.key, proposal.value))}"


def _variable(proposal: Proposal, effective: Effective | None) -> str:
    """The line for a shell (Windows: PowerShell): without the variable where the organisation gives this very value."""
    from shlex import quote

    name = KEYS[proposal.key].variable
    below = effective.org.layer.values.get(proposal.key) if effective else None
    if below is not None and below.raw == _typed(proposal.key, proposal.value):
        line = f"Remove-Item Env:{name}" if sys.platform == "win32" else f"unset {name}"
        return f"  {line}  # the value below it is this one\n"
    if sys.platform == "win32":
        doubled = proposal.value.replace("'", "''")
        return f"  $env:{name} = '{doubled}'\n"
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return f"  export {name}={quote(proposal.value)}\n"


def _as_yaml(group: list[Proposal], indent: str) -> str:
    """The settings as they stand in a file, a line a section."""
    from dtsconf.settings.rewriting import inline
    from dtsconf.settings.sources import nested

    tree = nested({each.key: _typed(each.key, each.value) for each in group})
    return "".join(f"{indent}{section}: {inline(values)}\n" for section, values in tree.items())
