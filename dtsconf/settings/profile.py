"""Profiles as the organisation's word: one loaded with its chain, or many validated in one go.

`load_profile` is for commands that go on with the result; `validate_paths` looks at profiles by themselves, merged
with the defaults only, and tells everything that is wrong with all of them.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import override

from dtsconf.errors import Invalid, Notice, Place, Problem, Where
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls
from dtsconf.settings.chain import Chain, Chains, Reader
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.trust import SUFFIXES, TrustingReader, moved_to, plain_reader
from dtsconf.settings.values import Layer, Organisation, Value

if TYPE_CHECKING:
    from dtsconf.settings.part import Part
    from dtsconf.settings.resolve import Findings

__all__ = ["FileReport", "Profile", "Reader", "load_profile", "plain_reader", "validate_paths"]


@frozen
class Profile(Organisation):
    """An organisation's word as its profile files say it."""

    chain: Chain | None = field(default=None, repr=False, compare=False)

    @override
    def place_of(self, path: str) -> Where | None:
        """Where the chain says something besides the settings, or None."""
        value = self.chain.others.get(path) if self.chain else None
        return value.where if value else None

    @override
    def with_excerpts(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems, with the source line for those that lie in a file of the chain."""
        return self.chain.with_excerpts(problems) if self.chain else tuple(problems)


@frozen
class FileReport:
    """What `validate` found in one file. A path that can't be read is a report too."""

    path: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Notice, ...] = ()


def load_profile(path: str, *, read: Reader = plain_reader, chains: Chains | None = None) -> Profile:
    """A profile with all it extends. `read` gives a file's bytes or refuses them; `chains` shares what was read.

    Raises:
        Invalid: every problem of every file of the chain.
    """
    chain = (chains or Chains(read)).load(path)
    problems = [*(p for part in reversed(chain.parts) for p in part.problems), *chain.problems]
    if isinstance(read, TrustingReader):
        problems += _untrusted_roots(chain, read)
    if problems:
        raise Invalid(tuple(problems))
    return _profile(chain, _digest(chain.parts))


def _digest(parts: Sequence[Part]) -> str:
    return hashlib.sha256(b"".join(part.hash for part in parts)).hexdigest()


def _untrusted_roots(chain: Chain, read: TrustingReader) -> tuple[Problem, ...]:
    """Files of roots decide whom a password goes to, so whoever could change one is asked about like a profile."""
    found: list[Problem] = []
    for key, value in (*chain.settings.items(), *chain.others.items()):
        if key.endswith("ca_file") and value.raw is not None:
            try:
                read.vouch(value.raw)
            except Invalid as error:
                found += moved_to(error, value.where, f"{key}: {escape_controls(value.raw)}")
    return chain.with_excerpts(found)


def _profile(chain: Chain, digest: str = "") -> Profile:
    others = chain.others
    targets = others.get("targets")
    expects = others.get("expects")
    record = others.get("record")
    return Profile(
        chain.parts[0].name,
        Layer("profile", chain.settings),
        chain.policy,
        _verify(others),
        _secrets(others),
        tuple(_target(item) for item in targets.raw) if targets else (Target(kind="dts"),),
        record.raw if record else None,
        tuple(item.raw for item in expects.raw) if expects else (),
        digest,
        tuple(part.path for part in chain.parts),
        chain=chain,
    )


def _target(item: Mapping[str, Value]) -> Target:
    return Target(kind=item["kind"].raw, path=item["path"].raw if "path" in item else None)


def _below(others: Mapping[str, Value], prefix: str) -> dict[str, Any]:
    """The values under a dotted prefix as a tree; what isn't said is left to the defaults."""
    tree: dict[str, Any] = {}
    for path, value in others.items():
        if path.startswith(prefix):
            *groups, name = path[len(prefix) :].split(".")
            branch = tree
            for group in groups:
                branch = branch.setdefault(group, {})
            branch[name] = tuple(item.raw for item in value.raw) if isinstance(value.raw, list) else value.raw
    return tree


@cache
def _default_verify() -> Verify:
    return Verify()


@cache
def _default_secrets() -> SecretsOptions:
    return SecretsOptions()


def _verify(others: Mapping[str, Value]) -> Verify:
    tree = _below(others, "verify.")
    return Verify.model_validate(tree) if tree else _default_verify()


def _secrets(others: Mapping[str, Value]) -> SecretsOptions:
    tree = _below(others, "secrets.")
    return SecretsOptions.model_validate(tree) if tree else _default_secrets()


def validate_paths(paths: Sequence[str], *, read: Reader = plain_reader, strict: bool = False) -> list[FileReport]:
    """Every problem of every file. Folders recurse over *.yaml and *.yml, hidden ones left out.

    A parent's own problems are told once, in its own report, which is added where the call doesn't name the parent.
    Required values may be missing in a file that another file of the call extends. With `strict`, warnings that
    --strict makes errors are among the problems.
    """
    collecting = gc.isenabled()
    gc.disable()  # trees without cycles: the collector would walk them all, time and again, and find nothing
    try:
        return _validate(paths, read, strict=strict)
    finally:
        if collecting:
            gc.enable()


def _validate(paths: Sequence[str], read: Reader, *, strict: bool) -> list[FileReport]:
    chains = Chains(read)
    reports: dict[str, FileReport] = {}
    loaded: dict[str, Chain] = {}
    for path in _expand(paths, reports):
        try:
            loaded[path] = chains.load(path)
        except Invalid as error:
            reports[path] = FileReport(path, error.problems)
    extended = {os.path.abspath(part.extends) for chain in loaded.values() for part in chain.parts if part.extends}
    for path, chain in loaded.items():
        reports[path] = _report(path, chain, extended, strict=strict)
    for chain in loaded.values():
        for part in chain.parts[1:]:
            if part.problems and not _named(part.path, reports):
                reports[part.path] = FileReport(part.path, part.problems)
    return list(reports.values())


def _named(path: str, reports: Mapping[str, FileReport]) -> bool:
    return path in reports or any(os.path.abspath(path) == os.path.abspath(other) for other in reports)


def _expand(paths: Sequence[str], reports: dict[str, FileReport]) -> list[str]:
    """The files of a call, each once. A folder without profiles is a problem, told in `reports`."""
    files: dict[str, str] = {}
    for path in paths:
        if not os.path.isdir(path):
            files.setdefault(os.path.abspath(path), path)
            continue
        inside = _profiles_below(path)
        if not inside:
            text = f"holds no {' or '.join('*' + suffix for suffix in SUFFIXES)} file"
            told = Problem("empty", text, "name a profile, or a folder with profiles", Place(path, 1, 1))
            reports[path] = FileReport(path, (told,))
        for file in inside:
            files.setdefault(os.path.abspath(file), file.removeprefix(f".{os.sep}"))
    return list(files.values())


def _profiles_below(folder: str) -> list[str]:
    found = []
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [os.path.join(at, n) for n in sorted(names) if n.endswith(SUFFIXES) and not n.startswith(".")]
    return found


def _report(path: str, chain: Chain, extended: set[str], *, strict: bool) -> FileReport:
    own = (*chain.parts[0].problems, *chain.problems)
    if not chain.whole:
        return FileReport(path, own)
    told = (*own, *(problem for part in chain.parts[1:] for problem in part.problems))
    org = _profile(chain)
    found = _review(org, told, strict=strict, complete=os.path.abspath(path) not in extended)
    if found.problems and _is_extended(path, extended):
        found = _review(org, told, strict=strict, complete=False)
    judged = chain.with_excerpts(_placed(problem, chain) for problem in found.problems)
    notices = (_placed(notice, chain) for notice in found.notices)
    first = chain.parts[0].path
    return FileReport(path, _in_order((*own, *judged), first), _in_order(notices, first))


def _review(org: Organisation, told: Sequence[Problem], *, strict: bool, complete: bool) -> Findings:
    """What is wrong with the merged values, apart from what follows from the problems that are told anyway."""
    from dtsconf.settings.doubts import follows, known_from, rests_on_doubt
    from dtsconf.settings.microsoft import proof_notices
    from dtsconf.settings.recipients import recipient_notices
    from dtsconf.settings.resolve import Findings, merge, review

    merged = merge(org, ())
    notices = [*recipient_notices(merged.origin, org), *proof_notices(merged.origin, org)]
    found = review(org, (), merged, strict=strict, complete=complete, notices=notices)
    if not told:
        return found
    known = known_from(told)

    def stands(one: Problem | Notice) -> bool:
        return not follows(one.key or "", known) and not rests_on_doubt(one, known, merged.origin)

    return Findings(tuple(filter(stands, found.problems)), tuple(filter(stands, found.notices)), found.missing)


_Told = TypeVar("_Told", Problem, Notice)


def _in_order(told: Iterable[_Told], first: str) -> tuple[_Told, ...]:
    """The findings as they stand in their files, the file `first` before the ones it extends."""

    def place(one: _Told) -> tuple[bool, str, int, int]:
        at = one.where if isinstance(one.where, Place) else Place("", 0, 0)
        return at.file != first, at.file, at.line, at.column

    return tuple(sorted(told, key=place))


def _placed(told: _Told, chain: Chain) -> _Told:
    """The finding with a place: what is missing is told where its group is, else where the file begins."""
    if told.where is not None:
        return told
    group = (told.key or "").rpartition(".")[0]
    near = chain.settings.get(f"{group}.required") or next(
        (value for key, value in chain.settings.items() if key.rpartition(".")[0] == group), None
    )
    return replace(told, where=near.where if near else chain.parts[0].document.start_of("settings"))


def _is_extended(path: str, extended: set[str]) -> bool:
    """Whether another file extends this one under another spelling (a link on the way)."""
    real = os.path.realpath(path)
    return any(os.path.realpath(other) == real for other in extended)
