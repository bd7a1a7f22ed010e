"""Which findings rest on a value that could not be read. Pure.

A value that is wrong is told as a problem and left out, so that the default or a lower layer stands in for it. What
the checks then find of that stand-in is nobody's fault: it would only hide the problem that there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dtsconf.errors import Notice, Problem
from dtsconf.settings.effective import Setting
from dtsconf.settings.keys import GROUPS, KEYS, nearest
from dtsconf.settings.references import VAULT_AUTH
from dtsconf.settings.rules import BRANCHES
from dtsconf.settings.values import covers

_LOGIN: Final = ("login.required",)
_FLOW: Final = ("microsoft.flow",)
_INPUTS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("cleartext-login", "server.encryption"): (*_LOGIN, "server.allow_cleartext_login"),
    ("cleartext-login", "server.allow_cleartext_login"): (*_LOGIN, "server.encryption"),
    ("exchange-password", "server.host"): _LOGIN,
    ("exchange-login", "server.host"): _LOGIN,
    ("unused", "login.username"): _LOGIN,
    ("unused", "login.password"): _LOGIN,
    ("missing", "login.username"): _LOGIN,
    ("missing", "login.password"): _LOGIN,
    ("empty", "login.username"): _LOGIN,
    ("odd-text", "login.username"): _LOGIN,
    ("rule-broken", "server.port"): ("server.encryption",),
    ("unusual-pair", "server.port"): ("server.encryption",),
    ("unusual-pair", "server.ca_file"): ("server.encryption", "server.fingerprint"),
    ("unusual-pair", "server.fingerprint"): ("server.encryption",),
    ("unusual-pair", "microsoft.tenant"): _FLOW,
    ("unusual-pair", "microsoft.smtp.port"): ("microsoft.via",),
    ("unused", "microsoft.client_secret"): _FLOW,
    ("unused", "microsoft.certificate"): _FLOW,
    ("unused", "microsoft.client_assertion"): _FLOW,
    ("application-secrets", "microsoft.certificate"): _FLOW,
    ("application-secrets", "microsoft.client_assertion"): _FLOW,
    **{("vault-address", f"secrets.vault.auth.{name}"): ("secrets.vault.url",) for name in VAULT_AUTH},
    ("recipient", "verify.to"): ("verify.level", "policy.recipients"),
    ("recipient", "sender.email"): ("verify.level", "verify.to", "policy.recipients"),
}
"""Kind and key of a finding -> the other settings that its condition reads."""

_BOUND_TO_MODE: Final = (*BRANCHES, "sender")
"""Groups that are judged by the mode in use."""

Known = Sequence[tuple[str, str]]
"""Key and kind of the problems that are told anyway."""


def known_from(problems: Iterable[Problem]) -> Known:
    """Key and kind of each problem that names a key; an item of a list counts as the list."""
    return tuple(
        (_meant(problem.key.partition("[")[0], problem.kind), problem.kind) for problem in problems if problem.key
    )


def _meant(key: str, kind: str) -> str:
    """The setting that a misspelt key was meant for, where one is like it; of a key at the top the group, or
    `settings`: what it holds is not known."""
    if kind != "unknown-key" or key in GROUPS:
        return key
    group, dot, name = key.rpartition(".")
    if not dot:
        return nearest(key, ("settings", *(group for group in GROUPS if "." not in group))) or key
    near = nearest(name, [known.rpartition(".")[2] for known in KEYS if known.rpartition(".")[0] == group])
    return f"{group}.{near}" if near else key


def rests_on_doubt(told: Problem | Notice, known: Known, values: Mapping[str, Setting]) -> bool:
    """Whether one of the other settings that a finding's condition reads is among the known problems."""
    key = told.key or ""
    if any(name == "mode" for name, _ in known) and key.partition(".")[0] in _BOUND_TO_MODE:
        return True
    if told.kind == "rule-broken" and key == "server.port" and values[key].value is not None:
        return False  # only the port that null stands for comes of the encryption
    return any(follows(name, known) for name in _INPUTS.get((told.kind, key), ()))


def follows(key: str, known: Known) -> bool:
    """Whether a finding on a key comes of a problem with it, with its group, or with a neighbour that is none."""
    group = key.rpartition(".")[0]
    return any(
        name == "settings" or covers(name, key) or (name not in KEYS and _beside(name, kind, group))
        for name, kind in known
    )


def _beside(name: str, kind: str, group: str) -> bool:
    return kind == "unknown-key" and name.rpartition(".")[0] == group
