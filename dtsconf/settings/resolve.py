"""Layers and the organisation's word -> effective settings with their origins. Pure.

The order: values on locked keys are taken out, the rest is merged (the highest layer that mentions a key wins; a null
resets to the built-in default), then everything is checked, and only then the `Settings` are built, by
pydantic-settings, from one source a layer. All problems come out at once. Reads no file and no environment, fetches
no secret, and doesn't know which layers a command wants: `apply` and `plan` simply don't pass the user's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from dtsconf.errors import Invalid, Notice, Option, Problem, Variable
from dtsconf.frozen import frozen
from dtsconf.names import to_unset
from dtsconf.settings import check, microsoft, rules, secrecy, unusual
from dtsconf.settings.doubts import follows, known_from, rests_on_doubt
from dtsconf.settings.effective import Effective, Setting, Sighted, source, unset
from dtsconf.settings.keys import KEYS, below
from dtsconf.settings.targeting import no_machine_config
from dtsconf.settings.values import LAYER_ORDER, Layer, LayerName, Organisation, SetAside, Value, nested

if TYPE_CHECKING:
    from dtsconf.errors import Where
    from dtsconf.settings.model import Encryption, Settings
    from dtsconf.settings.policy import Lock

DEFAULTS: Mapping[str, Value] = {key: Value(declared.default, None) for key, declared in KEYS.items()}
"""The lowest layer."""


@frozen
class Merged:
    """The layers after pruning, lowest first and without the defaults; what was set aside; every key's winner."""

    layers: tuple[Layer, ...]
    set_aside: tuple[SetAside, ...]
    origin: Mapping[str, Setting]


@frozen
class Findings:
    """What checking found. `missing` are keys still owed by environment or user (see `expects`)."""

    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]
    missing: tuple[str, ...]


def resolve(
    org: Organisation,
    layers: Sequence[Layer] = (),
    *,
    strict: bool = False,
    complete: bool = True,
    problems: Iterable[Problem] = (),
    notices: Iterable[Notice] = (),
) -> Effective:
    """Merge the organisation's layer and the higher `layers` (any order) and check the result.

    `complete` False tolerates missing required values: a profile that others extend. `problems` and `notices` are
    those met while the layers were read, so that all come out together; a setting they name isn't called missing too.

    Raises:
        Invalid: every problem found; its code is 3 if any is of kind 3, else 4. Its `known` is a `Sighted`.
    """
    met, aside = _without_locked(problems, org)
    merged = merge(org, layers)
    merged = replace(merged, set_aside=(*merged.set_aside, *aside))
    found = review(org, layers, merged, strict=strict, complete=complete, problems=met, notices=notices)
    if found.problems:
        told = tuple(item for item in merged.set_aside if item.layer != "command line")  # refused, not set aside
        raise Invalid(found.problems, Sighted(told, found.notices))
    return Effective(
        _taken(org.layer) if org.sound and not any(layer.values for layer in layers) else build(merged.layers),
        merged.origin,
        org,
        merged.set_aside,
        found.notices,
        found.missing,
        tuple(sorted(key for key, setting in merged.origin.items() if setting.layer == "environment")),
    )


def merge(org: Organisation, layers: Sequence[Layer]) -> Merged:
    """Take out what locks forbid, then let the highest layer that mentions a key win."""
    upper = sorted(layers, key=lambda layer: LAYER_ORDER.index(layer.name))
    pruned: list[Layer] = [org.layer]
    aside: list[SetAside] = []
    for layer in upper:
        kept, out = _prune(layer, org)
        pruned.append(kept)
        aside += out
    return Merged(tuple(pruned), tuple(aside), _winners(pruned, org))


def _prune(layer: Layer, org: Organisation) -> tuple[Layer, list[SetAside]]:
    kept: dict[str, Value] = {}
    out: list[SetAside] = []
    for key, value in layer.values.items():
        lock = org.policy.lock_on(key)
        if lock is None:
            kept[key] = value
        else:
            out.append(_aside(key, layer.name, value.where, lock, org))
    return (Layer(layer.name, kept) if out else layer), out


def _aside(key: str, layer: LayerName, where: Where | None, lock: Lock, org: Organisation) -> SetAside:
    return SetAside(key, layer, where, lock.where, org.locked_at(lock.where) if lock.where else "")


def _without_locked(problems: Iterable[Problem], org: Organisation) -> tuple[list[Problem], list[SetAside]]:
    """The problems of the layers above, without those of values that a lock sets aside anyway; these. A secret in clear
    and what --set gives stay problems."""
    kept: list[Problem] = []
    aside: list[SetAside] = []
    for problem in problems:
        key, where = problem.key or "", problem.where
        lock = None if isinstance(where, Option) or problem.kind == "secret-literal" else org.policy.lock_on(key)
        if key in KEYS and lock is not None:
            layer: LayerName = "environment" if isinstance(where, Variable) else "user"
            aside.append(_aside(key, layer, where, lock, org))
        else:
            kept.append(problem)
    return kept, aside


def _winners(layers: Sequence[Layer], org: Organisation) -> dict[str, Setting]:
    origin = {}
    locks = {key: lock for lock in reversed(org.policy.locks) for key in below(lock.key)}
    for key, declared in DEFAULTS.items():
        name: LayerName = "default"
        value = declared
        for layer in layers:
            if key in layer.values:
                name, value = layer.name, layer.values[key]
        lock = locks.get(key)
        raw = declared.raw if value.raw is None else value.raw
        origin[key] = Setting(raw, name, value.where, lock.where if lock else None, lock is not None)
    return origin


def review(
    org: Organisation,
    layers: Sequence[Layer] = (),
    merged: Merged | None = None,
    *,
    strict: bool = False,
    complete: bool = True,
    problems: Iterable[Problem] = (),
    notices: Iterable[Notice] = (),
) -> Findings:
    """All that is wrong, odd or missing, without building the settings: enough for `validate`, and much quicker. What
    rests on a value that `problems` name is left out."""
    merged = merged or merge(org, layers)
    values = merged.origin
    read = list(problems)
    known = known_from(read)
    owed, lacking = _missing(values, org, {problem.key for problem in read})
    judged = [
        *_forbidden_set(merged.set_aside),
        *check.cleartext_elsewhere(layers),
        *microsoft.named_elsewhere(merged.layers, org),
        *check.impossible(values, org, complete=complete),
        *([check.missing_problem(key, values, org, alone=not layers) for key in lacking] if complete else []),
        *rules.broken(values, org, complete=complete),
        *secrecy.redirected(values, org, merged.layers, DEFAULTS),
    ]
    found = [*read, *(told for told in judged if not rests_on_doubt(told, known, values))]
    odd = [*notices, *(told for told in unusual.unusual(values) if not rests_on_doubt(told, known, values))]
    odd += _about(values, org) if complete else []
    if strict:
        found += [_strict_aside(item) for item in merged.set_aside if item.layer != "command line"]
        found += [Problem(n.kind, n.message, n.hint, n.where, n.key, code=n.strict) for n in odd if n.strict]
        odd = [notice for notice in odd if not notice.strict]
    return Findings(tuple(found), tuple(odd), tuple(owed))


def besides(
    told: Sequence[Problem], org: Organisation, layers: Sequence[Layer], *, strict: bool = False
) -> tuple[Problem, ...]:
    """What is wrong with the merged values besides the problems that are told anyway, and what follows from them."""
    merged = merge(org, layers)
    return apart_from(told, review(org, layers, merged, strict=strict), merged.origin).problems


def apart_from(told: Sequence[Problem], found: Findings, values: Mapping[str, Setting]) -> Findings:
    """The findings without what follows from problems that are told anyway."""
    known = known_from(told)

    def stands(one: Problem | Notice) -> bool:
        return not follows(one.key or "", known) and not rests_on_doubt(one, known, values)

    return Findings(tuple(filter(stands, found.problems)), tuple(filter(stands, found.notices)), found.missing)


def _about(values: Mapping[str, Setting], org: Organisation) -> list[Notice]:
    """What is odd about the organisation's word, once it is whole."""
    stored = [*unusual.stored_token(values, org), *unusual.opened_by_variable(values, org), *unusual.unopened(org)]
    stored += no_machine_config(org)
    return [*unusual.nowhere_to_go(org), *unusual.too_small(org), *unusual.free_mode(org, values), *stored]


def _missing(values: Mapping[str, Setting], org: Organisation, named: set[str | None]) -> tuple[list[str], list[str]]:
    """The keys that are missing: those that `expects` promises, and those that nothing promises.

    A key that `expects` names and nobody has set is missing even where it has a default: the profile asked for it. A
    group there stands for the required keys in it. Keys of the mode that is not in use are not asked for, and a key
    that was given, only badly, is not missing.
    """
    mode = values["mode"].value
    required = check.missing(values)
    asked = [key for key in org.expects if key in values and rules.in_use(key, mode) and unset(key, values, org)]
    owed = sorted({*asked, *(key for key in required if org.expected(key))})
    return owed, [key for key in required if not org.expected(key) and key not in named]


def _forbidden_set(aside: Iterable[SetAside]) -> list[Problem]:
    """`--set` on a locked key is no value to set aside in silence: somebody typed it just now (code 4)."""
    return [
        Problem(
            "locked",
            f"{item.key} is locked by the organisation{_place(item)}, so --set can't change it",
            f"leave out --set {item.key}; `dtsconf explain {item.key}` shows the value in force",
            item.where,
            item.key,
            code=4,
        )
        for item in aside
        if item.layer == "command line"
    ]


def _place(item: SetAside) -> str:
    return f" at {item.lock_told}" if item.lock_told else ""


def _strict_aside(item: SetAside) -> Problem:
    return Problem(
        "set-aside",
        f"{item.key} is locked by the organisation{_place(item)}: the value given by "
        f"{source(item.layer, item.where)} has no effect",
        to_unset(item.where) if item.layer == "environment" else f"take {item.key} out there",
        item.where,
        item.key,
        code=4,
    )


def build(layers: Sequence[Layer]) -> Settings:
    """The settings of pruned layers, lowest first, merged by pydantic-settings from one source class a layer."""
    from dtsconf.settings.layered import from_layers

    return from_layers(reversed(layers))


def _taken(layer: Layer) -> Settings:
    """The settings that a layer alone makes, whose values were checked together before."""
    from dtsconf.settings.model import Settings

    raws = {key: KEYS[key].default if value.raw is None else value.raw for key, value in layer.values.items()}
    return Settings.of_json(nested(raws))


def recheck(effective: Effective, settled: Settings) -> Effective:
    """The same settings with what `encryption: auto` came to, its rules checked again on that.

    The settled values keep the layer and place of the choice they came from.

    Raises:
        Invalid: code 4, a rule forbids what the server made of `auto`.
    """
    origin = dict(effective.origin)
    for key, value in (("server.encryption", settled.server.encryption), ("server.port", settled.server.port)):
        asked = "what the server made of auto" if origin[key].value == "auto" else ""
        origin[key] = replace(origin[key], value=value, settled=asked or origin[key].settled)
    broken = rules.broken(origin, effective.org)
    if broken:
        raise Invalid(tuple(broken))
    return replace(effective, settings=settled, origin=origin)


def with_settled(settings: Settings, encryption: str, port: int) -> Settings:
    """The settings with `auto` replaced by what was found: `encryption` none, tls or starttls, and the port in use."""
    server = replace(settings.server, encryption=cast("Encryption", encryption), port=port)
    return replace(settings, server=server)
