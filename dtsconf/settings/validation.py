"""Many profiles validated in one go, each by itself, merged with the defaults only: all that is wrong."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Notice, Place, Problem
from dtsconf.frozen import frozen
from dtsconf.settings.chain import Chain, Chains, Reader, Told
from dtsconf.settings.profile import profile_of
from dtsconf.settings.trust import SUFFIXES, plain_reader

if TYPE_CHECKING:
    from dtsconf.settings.resolve import Findings
    from dtsconf.settings.values import Organisation


@frozen
class FileReport:
    """What `validate` found in one file. A path that can't be read is a report too."""

    path: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Notice, ...] = ()


def validate_paths(
    paths: Sequence[str],
    *,
    read: Reader = plain_reader,
    strict: bool = False,
    usual: Mapping[str, str] = MappingProxyType({}),
) -> list[FileReport]:
    """Every problem of every file. Folders recurse over *.yaml and *.yml, hidden ones left out.

    A parent's own problems are told once, in its own report, which is added where the call doesn't name the parent.
    Required values may be missing in a file that another file of the call extends. With `strict`, warnings that
    --strict makes errors are among the problems. `usual` are the places of targets that name none, by kind.
    """
    collecting = gc.isenabled()
    gc.disable()  # trees without cycles: the collector would walk them all, time and again, and find nothing
    try:
        return _validate(paths, read, usual, strict=strict)
    finally:
        if collecting:
            gc.enable()


def _validate(paths: Sequence[str], read: Reader, usual: Mapping[str, str], *, strict: bool) -> list[FileReport]:
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
        reports[path] = _report(path, chain, extended, usual, strict=strict)
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


def _report(path: str, chain: Chain, extended: set[str], usual: Mapping[str, str], *, strict: bool) -> FileReport:
    own = (*chain.parts[0].problems, *chain.problems)
    if not chain.whole:
        return FileReport(path, own)
    told = (*own, *(problem for part in chain.parts[1:] for problem in part.problems))
    org = profile_of(chain)
    found = _review(org, told, usual, strict=strict, complete=os.path.abspath(path) not in extended)
    if found.problems and _is_extended(path, extended):
        found = _review(org, told, usual, strict=strict, complete=False)
    judged = chain.with_excerpts(map(chain.placed, found.problems))
    notices = map(chain.placed, found.notices)
    first = chain.parts[0].path
    return FileReport(path, _in_order((*own, *judged), first), _in_order(notices, first))


def _review(
    org: Organisation, told: Sequence[Problem], usual: Mapping[str, str], *, strict: bool, complete: bool
) -> Findings:
    """What is wrong with the merged values, apart from what follows from the problems that are told anyway."""
    from dtsconf.settings import targeting
    from dtsconf.settings.microsoft import proof_notices
    from dtsconf.settings.recipients import recipient_notices
    from dtsconf.settings.resolve import apart_from, merge, review

    merged = merge(org, ())
    notices = [*recipient_notices(merged.origin, org), *proof_notices(merged.origin, org)]
    found = review(org, (), merged, strict=strict, complete=complete, notices=notices)
    if complete:
        given = targeting.undeliverable(merged.origin, org)
        unfit = [one for one in given if not org.expected(one.key or "")]
        unfit += targeting.clashes(targeting.written(org.targets, usual), org)
        found = replace(found, problems=(*found.problems, *unfit))
    return apart_from(told, found, merged.origin) if told else found


def _in_order(told: Iterable[Told], first: str) -> tuple[Told, ...]:
    """The findings as they stand in their files, the file `first` before the ones it extends."""

    def place(one: Told) -> tuple[bool, str, int, int]:
        at = one.where if isinstance(one.where, Place) else Place("", 0, 0)
        return at.file != first, at.file, at.line, at.column

    return tuple(sorted(told, key=place))


def _is_extended(path: str, extended: set[str]) -> bool:
    """Whether another file extends this one under another spelling (a link on the way)."""
    real = os.path.realpath(path)
    return any(os.path.realpath(other) == real for other in extended)
