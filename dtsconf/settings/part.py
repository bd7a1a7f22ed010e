"""One profile file understood by itself: its settings, its own policy, and conditions within the file.

What other files of the chain say is not known here. Problems are told with places, never raised.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

import yaml

from dtsconf.errors import Place, Problem, Where
from dtsconf.names import address_fault, has_half_pairs, host_fault
from dtsconf.settings.document import Document, read_profile_text
from dtsconf.settings.keys import KEYS
from dtsconf.settings.policy import OPS, Lock, Op, Policy, Recipients, Rule
from dtsconf.settings.types import is_absolute
from dtsconf.settings.values import Value
from dtsconf.settings.wording import BadValue, shown

_SETTINGS: Final = "settings."
_ONLY: Final = ("format", "requires")
"""Problems that make all others of a file moot: it was written for another dtsconf."""


@dataclass(eq=False)
class Part:
    """One file of a chain. `settings` is flat by setting key, `others` by dotted path (`verify.level`, `targets`);
    `extends` is the parent's path, to be opened as it is; `hash` is the SHA-256 of the file's bytes;
    `legible` tells that it is YAML, meant for this dtsconf, and that its parent is known."""

    path: str
    document: Document
    settings: dict[str, Value] = field(default_factory=dict)
    others: dict[str, Value] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    problems: tuple[Problem, ...] = ()
    extends: str | None = None
    hash: bytes = b""
    legible: bool = True

    @property
    def name(self) -> str:
        """The profile's name; empty where the file doesn't tell a good one."""
        value = self.others.get("name")
        return value.raw if value else ""

    def place_of(self, path: str) -> Where | None:
        """Where the file says something, or None."""
        value = self.others.get(path)
        return value.where if value else None


def read_part(path: str, data: bytes) -> Part:
    """A file's bytes, understood. `path` is how the file is opened and shown."""
    document = read_profile_text(path, data)
    part = Part(path, document, problems=document.problems, hash=hashlib.sha256(data).digest())
    for key, value in document.values.items():
        if key.startswith(_SETTINGS):
            part.settings[key[len(_SETTINGS) :]] = value
        else:
            part.others[key] = value
    moot = next((p for p in _unfit(part) if p.kind in _ONLY), None)
    if moot:
        part.problems = (moot,)
        part.legible = False
        return part
    part.legible = isinstance(document.root, yaml.MappingNode) and all(
        problem.key != "extends" for problem in document.problems
    )
    found = _absolute(part)
    extends = part.others.get("extends")
    part.extends = beside(path, extends.raw) if extends and extends.raw is not None else None
    found += _policy(part)
    found += _doubled_targets(part)
    part.problems += document.with_excerpts(found)
    return part


def _unfit(part: Part) -> Iterator[Problem]:
    yield from part.problems
    wanted = part.others.get("requires")
    if wanted and wanted.raw is not None and not _satisfied(wanted.raw):
        from dtsconf.version import __version__

        problem = Problem(
            "requires",
            f"this profile needs dtsconf {wanted.raw}, this is {__version__}",
            _other_version(wanted.raw),
            wanted.where,
            "requires",
        )
        yield part.document.with_excerpts((problem,))[0]


def _other_version(condition: str) -> str:
    """What helps where this version doesn't satisfy the condition: a newer one, unless it wants an older one."""
    from packaging.specifiers import SpecifierSet

    from dtsconf.version import __version__

    unmet = [each for each in SpecifierSet(condition) if not each.contains(__version__, prereleases=True)]
    if all(each.operator in ("<", "<=") for each in unmet):
        return "this dtsconf is newer than that: mend requires, or install a version that it allows"
    return "update dtsconf on this machine"


@cache
def _satisfied(condition: str) -> bool:
    from packaging.specifiers import SpecifierSet

    from dtsconf.version import __version__

    return SpecifierSet(condition).contains(__version__, prereleases=True)


def _absolute(part: Part) -> list[Problem]:
    """Let the paths that count from this file be absolute."""
    rooted = ((part.settings, "server.ca_file"), (part.others, "secrets.vault.ca_file"))
    return [problem for values, key in rooted for problem in make_absolute(values, key, part.path)]


def make_absolute(values: dict[str, Value], key: str, file: str) -> Iterator[Problem]:
    """Let a path that counts from its file's folder be absolute. A folder whose name is no UTF-8 is a problem (code 3):
    no file could say where it is."""
    value = values.get(key)
    if value is None or not isinstance(value.raw, str) or is_absolute(value.raw):
        return
    path = os.path.abspath(beside(file, value.raw))
    if has_half_pairs(path):
        told = f"{key}: the name of the folder that it counts from is no valid UTF-8"
        yield Problem("encoding", told, "rename the folder, or write the path of a file elsewhere", value.where, key)
        del values[key]
    else:
        values[key] = replace(value, raw=path)


def beside(file: str, path: str) -> str:
    """A path that is relative to a file's folder, from where the file's own path counts. A `..` takes a folder off
    only where that folder is no link, for otherwise it leads elsewhere."""
    if os.path.isabs(path):
        return path
    at = os.path.dirname(file)
    for name in path.replace("\\", "/").split("/") if os.sep == "\\" else path.split("/"):
        if name in ("", "."):
            continue
        last = os.path.basename(at)
        if name == ".." and last not in ("", ".", "..") and not os.path.islink(at):
            at = os.path.dirname(at)
        else:
            at = os.path.join(at, name)
    return at or os.curdir


def _policy(part: Part) -> list[Problem]:
    """Read the file's own policy into the part."""
    problems: list[Problem] = []
    others = part.others
    locks = others.get("policy.lock")
    rules = others.get("policy.rules")
    recipients = others.get("policy.recipients")
    size = others.get("policy.max_size")
    if locks or rules or recipients or size:
        part.policy = Policy(
            tuple(Lock(item.raw, item.where) for item in locks.raw) if locks else (),
            tuple(rule for item in rules.raw for rule in _rules(item, problems)) if rules else (),
            (Recipients(tuple(item.raw for item in recipients.raw), recipients.where),) if recipients else (),
            size.raw if size else None,
        )
    return problems


def _rules(item: Mapping[str, Value], problems: list[Problem]) -> Iterator[Rule]:
    """One rule of the file as one rule for each condition in it."""
    key: str = item["key"].raw
    where = item["key"].where
    because = item["because"].raw if "because" in item else None
    given: list[Op] = [op for op in OPS if op in item]
    if not given:
        text = f"this rule on {key} says nothing about it"
        problems.append(Problem("rule", text, f"add one of {', '.join(OPS)}", where, key))
    for op in given:
        try:
            yield Rule(key, op, _operand(key, op, item[op]), because, where)
        except _BadOperand as bad:
            problems.append(bad.problem)


class _BadOperand(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _operand(key: str, op: Op, value: Value) -> Any:
    if op in ("one_of", "none_of"):
        return tuple(_fitting(key, op, item) for item in value.raw)
    if op in ("min", "max"):
        _refuse_unordered(key, op, value)
        return _fitting(key, op, value)
    if op == "matches" and key == "sender.email" and (meant := _address_glob(value.raw)):
        text = f"matches of the rule on {key}: no address matches {shown(value.raw)}"
        raise _BadOperand(Problem("rule", text, f"write {shown(meant)}", value.where, key))
    return value.raw


def _address_glob(glob: str) -> str | None:
    """What to write in place of a pattern that no address matches; None for one that some may match."""
    wild = re.search(r"[*?[]", glob) is not None
    if not glob.startswith("@") and (wild or address_fault(glob) is None):
        return None
    domain = glob.strip("/^$").lstrip("@")
    return f"*@{domain}" if wild or host_fault(domain) is None else "*@acme.example"


def _refuse_unordered(key: str, op: str, value: Value) -> None:
    if KEYS[key].kind not in ("int", "number") and key != "connection.min_tls":
        text = f"{op} is about numbers, and {key} is none"
        raise _BadOperand(Problem("rule", text, "use one_of, none_of or matches", value.where, key))


def _fitting(key: str, op: str, item: Value) -> Any:
    """The operand as the setting itself would keep it, so that the two can be compared."""
    try:
        return KEYS[key].leaf.check(key, item.raw)
    except BadValue as bad:
        told = bad.told(key, item.raw)
        hint = bad.hint if bad.kind != "secret-literal" else "use matches with a pattern such as vault://*"
        raise _BadOperand(Problem(bad.kind, f"{op} of the rule on {told}", hint, item.where, key)) from None


def _doubled_targets(part: Part) -> list[Problem]:
    targets = part.others.get("targets")
    if targets is None:
        return []
    problems = []
    seen: dict[tuple[str, str | None], Where | None] = {}
    for item in targets.raw:
        kind, path = item["kind"].raw, item["path"].raw if "path" in item else None
        same = ("", path) if path else (kind, None)
        if same in seen:
            first = seen[same]
            line = f", first in line {first.line}" if isinstance(first, Place) else ""
            what = f"the path {path}" if path else f"the target {kind}"
            problems.append(
                Problem(
                    "duplicate-target",
                    f"{what} is given twice{line}",
                    "leave one of them",
                    item["kind"].where,
                    "targets",
                )
            )
        seen.setdefault(same, item["kind"].where)
    return problems
