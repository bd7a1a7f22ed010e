"""Where to write down what worked: lines to paste, for the layers that give the values now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dtsconf.errors import Place, Variable
from dtsconf.frozen import frozen
from dtsconf.names import to_unset
from dtsconf.render.proposal import Proposal, news, typed
from dtsconf.settings.instead import taken_out
from dtsconf.settings.keys import KEYS
from dtsconf.settings.model import DEFAULT_PORTS
from dtsconf.settings.resolve import DEFAULTS
from dtsconf.settings.rules import BRANCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtsconf.errors import Where
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.values import LayerName


def kept(proposals: list[Proposal], effective: Effective | None, sets: Sequence[str] = ()) -> str:
    """How to write down what worked, for the layers that give the values now: lines to paste, each group with a line
    before it that says where. `sets` are the call's own texts of --set, which are part of what worked."""
    groups: dict[LayerName, list[Proposal]] = {}
    changes = news(proposals, effective)
    for each in changes:
        layer = effective.origin[each.key].layer if effective and each.key in effective.origin else "profile"
        groups.setdefault("profile" if layer == "default" else layer, []).append(each)
    along = _along(sets, changes, effective) if effective else []
    beside = next((layer for layer in _TAKES_ALONG if layer in groups), None)
    if beside:
        groups[beside][:0] = along
    told = "".join(_kept(layer, group, effective) for layer, group in groups.items())
    return told if beside or not along else f"{told}  # beside the options of this call: {_options(along)}\n"


_TAKES_ALONG: tuple[LayerName, ...] = ("command line", "profile", "machine")
"""The layers, the first that something is written into, that take what the command line gave along."""


def _along(sets: Sequence[str], changes: list[Proposal], effective: Effective) -> list[Proposal]:
    """What the call gave by --set in the sections of what changes, and the mode that those are of; without it the rest
    would not fit."""
    changed = {each.key for each in changes}
    sections = {key.rpartition(".")[0] for key in changed}
    of_a_mode = {section.partition(".")[0] for section in sections} & set(BRANCHES)
    below = effective.org.layer.values
    pairs = (one.partition("=") for one in sets)
    return [
        Proposal(key, value)
        for key, value in {key.strip(): value for key, _, value in pairs}.items()
        if key in effective.origin and key not in changed
        if key.rpartition(".")[0] in sections or (key == "mode" and of_a_mode)
        if not (key in below and below[key].raw == typed(key, value))
    ]


def _options(group: list[Proposal]) -> str:
    from shlex import quote

    return " ".join(f"--set {quote(f'{each.key}={each.value}')}" for each in group)


_FILES = {
    "profile": ("in the profile, below settings", "  "),
    "machine": ("in the profile, below settings", "  "),
    "user": ("in your own settings", ""),
}
"""Where a layer's file takes settings, and how far they are indented there."""


def _kept(layer: LayerName, group: list[Proposal], effective: Effective | None) -> str:
    below = [each for each in group if effective and layer in ("environment", "user") and _is_below(each, effective)]
    group = [each for each in group if each not in below]
    gone = "".join(f"  {_without(each, effective)}\n" for each in below if effective)
    if layer == "environment":
        return gone + "".join(map(_variable, group))
    if layer == "command line":
        return f"  # in place of the options of this call\n  {_options(group)}\n"
    changed, new = [], []
    for each in group:
        place = _place(each.key, layer, effective) if effective and layer != "machine" else None
        if isinstance(place, Place):
            changed.append(f"  {place}  {leaf(each)}\n")
        else:
            new.append(each)
    return gone + "".join(changed) + _added(layer, new, effective)


def _place(key: str, layer: LayerName, effective: Effective) -> Where | None:
    """Where the layer gives the key, also under the command line's value."""
    setting = effective.origin[key]
    below = effective.org.layer.values.get(key) if setting.layer == "command line" and layer == "profile" else setting
    return below.where if below else None


def _added(layer: LayerName, new: list[Proposal], effective: Effective | None) -> str:
    """What stands nowhere yet: in its section where the file has that, else with it."""
    groups: dict[Gap, list[Proposal]] = {}
    apart = []
    for each in new:
        if gap := gap_of(layer, each, effective):
            groups.setdefault(gap, []).append(each)
        else:
            apart.append(each)
    lines = [line for gap, group in groups.items() for line in (f"  # {gap}", *gap.filled(map(leaf, group)))]
    if apart:
        where, indent = _FILES.get(layer, _FILES["profile"])
        gap = _gap(effective.org.files[0], ("settings",)) if effective and layer == "profile" else None
        lines += [f"{indent}# {gap or where}", *(gap.filled(as_yaml(apart, "")) if gap else as_yaml(apart, indent))]
    return "".join(f"{line}\n" for line in lines)


@frozen
class Gap:
    """Where a new setting belongs: the file, the place in it in words, and what stands before the setting there;
    `braces`: within a mapping that is written in a line."""

    file: str
    place: str
    indent: str = "  "
    braces: bool = False

    def __str__(self) -> str:
        return f"in {self.file}, {self.place}"

    def filled(self, leaves: Iterable[str]) -> list[str]:
        """The lines to write there: within braces it is one, with commas."""
        parted = [", ".join(leaves)] if self.braces else leaves
        return [f"{self.indent}{each}" for each in parted]


def gap_of(layer: LayerName, proposal: Proposal, effective: Effective | None) -> Gap | None:
    """Where a setting that stands nowhere yet belongs: in the layer's file with its section. None where none does."""
    section, dot, _ = proposal.key.rpartition(".")
    if effective is None or not dot or layer == "machine":
        return None
    others = [one for key, one in effective.origin.items() if key.rpartition(".")[0] == section and one.layer == layer]
    near = next((one.where for one in others if isinstance(one.where, Place)), None)
    if near is None:
        return None
    top = ("settings",) if layer == "profile" else ()
    return _gap(near.file, (*top, *section.split("."))) or Gap(near.file, f"beside line {near.line}")


def _gap(file: str, path: tuple[str, ...]) -> Gap | None:
    """Where a new key of a mapping belongs; None where the file can't be read any more, or has no such mapping."""
    from dtsconf.errors import Invalid
    from dtsconf.settings import rewriting, trust, yamltext, yamlwords

    try:
        line, blanks = rewriting.gap(yamltext.decode(file, trust.plain_reader(file)).text, path)
    except (Invalid, yamlwords.BadYaml, rewriting.CantRewrite):
        return None
    if blanks is None:
        return Gap(file, f"within the braces on line {line}", braces=True)
    return Gap(file, f"as a new line below line {line}", " " * blanks)


def leaf(proposal: Proposal) -> str:
    """The setting's own line in YAML."""
    from dtsconf.settings.rewriting import inline

    return f"{proposal.key.rpartition('.')[2]}: {inline(typed(proposal.key, proposal.value))}"


def _is_below(proposal: Proposal, effective: Effective) -> bool:
    """Whether this very value would be in force without the layer that gives the key now."""
    key, value = proposal.key, typed(proposal.key, proposal.value)
    if effective.org.gave(key):
        return bool(effective.org.layer.values[key].raw == value)
    if key == "server.port":
        return value == DEFAULT_PORTS[effective.settings.server.encryption]
    return bool(DEFAULTS[key].raw == value)


def _without(proposal: Proposal, effective: Effective) -> str:
    """What takes a layer's value away."""
    where = effective.origin[proposal.key].where
    if isinstance(where, Variable):
        return f"{to_unset(where)}  # the value below it is this one"
    return f"# {taken_out(proposal.key, effective.origin)}: the value below it is this one"


def _variable(proposal: Proposal) -> str:
    """The line for a shell (Windows: PowerShell)."""
    from shlex import quote

    name = KEYS[proposal.key].variable
    if sys.platform == "win32":
        doubled = proposal.value.replace("'", "''")
        return f"  $env:{name} = '{doubled}'\n"
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return f"  export {name}={quote(proposal.value)}\n"


def as_yaml(group: list[Proposal], indent: str) -> list[str]:
    """The settings as they stand in a file, a line a section."""
    from dtsconf.settings.rewriting import inline
    from dtsconf.settings.values import nested

    tree = nested({each.key: typed(each.key, each.value) for each in group})
    return [f"{indent}{section}: {inline(values)}" for section, values in tree.items()]
