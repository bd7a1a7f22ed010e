"""A profile as the organisation's word, loaded with its chain by a command that goes on with the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any

from typing_extensions import override

from dtsconf.errors import Invalid, Problem, Where
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls
from dtsconf.settings.chain import Chain, Chains, Reader
from dtsconf.settings.declared import checked
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.trust import TrustingReader, moved_to, plain_reader
from dtsconf.settings.values import Layer, Organisation, Value

__all__ = ["Profile", "Reader", "load_profile", "plain_reader", "profile_of"]


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
        """The problems, with a place for what is missing and the source line for those that lie in the chain."""
        if self.chain is None:
            return tuple(problems)
        return self.chain.with_excerpts(self.chain.placed(p) if p.kind == "missing" else p for p in problems)


Judge = Callable[[Organisation, Sequence[Problem]], Sequence[Problem]]
"""A profile and its files' own problems -> what is wrong with its values besides."""


def load_profile(path: str, *, read: Reader = plain_reader, judge: Judge | None = None) -> Profile:
    """A profile with all it extends. `read` gives a file's bytes or refuses them; `judge` is asked where the files have
    problems and their values can be judged all the same.

    Raises:
        Invalid: every problem of every file of the chain, and what `judge` says.
    """
    chain = Chains(read).load(path)
    problems = [*(p for part in reversed(chain.parts) for p in part.problems), *chain.problems]
    if isinstance(read, TrustingReader):
        problems += _untrusted_roots(chain, read)
    if problems:
        org = profile_of(chain) if judge and chain.whole else None
        more = org.with_excerpts(judge(org, problems)) if org and judge else ()
        raise Invalid((*problems, *more))
    return profile_of(chain, b"".join(part.hash for part in chain.parts))


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


def profile_of(chain: Chain, hashed: bytes = b"") -> Profile:
    """What a chain says, as the organisation's word; its problems are the caller's affair."""
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
        hashed,
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
    return checked(Verify, tree) if tree else _default_verify()


def _secrets(others: Mapping[str, Value]) -> SecretsOptions:
    tree = _below(others, "secrets.")
    return checked(SecretsOptions, tree) if tree else _default_secrets()
