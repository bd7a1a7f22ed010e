"""The reading of the two layers that are no files: environment and `--set`.

Every text is checked by its setting's type as it is read, so that every mistake can be told at once, with its place. No
value of an unknown variable and no secret ever gets into a message.
"""

from __future__ import annotations

import ntpath
import posixpath
import sys
from collections.abc import Iterable, Mapping

from dtsconf.errors import Notice, Option, Problem, UsageProblem, Variable, Where
from dtsconf.names import escape_controls, has_half_pairs, to_unset
from dtsconf.secret.ref import looks_like_reference
from dtsconf.settings.keys import GROUPS, KEYS, VARIABLE_PREFIX, VARIABLES, Key, nearest, nearest_key
from dtsconf.settings.types import is_absolute
from dtsconf.settings.values import Layer, Value
from dtsconf.settings.wording import BadValue

Read = tuple[Layer, list[Problem], list[Notice]]


def environment_layer(environ: Mapping[str, str], base: str | None = None) -> Read:
    """The layer of the `DTS_EMAIL_` variables, with what is wrong (code 3) and what is odd about them.

    A secret given in clear becomes the reference `env://` to its own variable. A relative path counts from `base`,
    the absolute path of the working folder. Names are upper case; on Windows the system sees to that.
    """
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    notices: list[Notice] = []
    for name in sorted(environ):
        key = VARIABLES.get(name)
        if key is not None:
            _take(key, environ[name], Variable(name), base, values, problems)
        elif name.upper().startswith(VARIABLE_PREFIX):
            notices.append(_unknown_variable(name))
    return Layer("environment", values), problems, notices


def command_line_layer(texts: Iterable[str], base: str | None = None) -> Read:
    """The layer of the `--set` words, each `key=value`; of two for one key the last counts.

    Raises:
        UsageProblem: a word without `=`.
    """
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for text in texts:
        name, equals, word = text.partition("=")
        if not equals:
            raise UsageProblem("--set wants KEY=VALUE", "write it as in --set server.port=587")
        key = KEYS.get(name)
        if key is None:
            problems.append(_unknown_key(name))
        else:
            _take(key, word, Option(f"--set {name}"), base, values, problems)
    return Layer("command line", values), problems, []


def _take(
    key: Key, text: str, where: Where, base: str | None, values: dict[str, Value], problems: list[Problem]
) -> None:
    """Read one text into `values`, or say why it can't be."""
    raw: object = None
    try:
        raw = _raw(key, text, where)
        values[key.name] = Value(None if raw is None else _checked(key, raw, base), where)
    except BadValue as bad:
        secret = key.kind == "secret"  # whose text is in no message, whatever the check allows
        shown = f"{key.name}: {bad.sentence}" if secret else bad.told(key.name, text if raw is None else raw)
        unset = to_unset(where) if isinstance(where, Variable) and not text.strip() else ""
        hint = "; or ".join(filter(None, (bad.hint, unset and f"to leave it to the layers below: {unset}")))
        problems.append(Problem(bad.kind, shown, hint or None, where, key.name))


def _raw(key: Key, text: str, where: Where) -> object:
    """The text read by the setting's type; a literal secret in a variable as the reference to that variable."""
    if has_half_pairs(text):
        raise BadValue("encoding", "is no valid UTF-8", "give it in UTF-8", show=False)
    if key.kind == "secret":
        return _secret(key, text, where)
    from dtsconf.settings.document import parse_settings_text

    return parse_settings_text(key.kind, text)


def _secret(key: Key, text: str, where: Where) -> str | None:
    if text == "null":
        return None
    if isinstance(where, Variable) and not looks_like_reference(text):
        return f"env://{key.variable}"
    return text


def _checked(key: Key, raw: object, base: str | None) -> object:
    value = key.check(raw)
    if not key.is_path or not isinstance(value, str) or is_absolute(value):
        return value
    if base is None:
        raise BadValue("path", "is no absolute path", "write it from the root on")
    if has_half_pairs(base):
        told = "counts from the current folder, whose name is no valid UTF-8"
        raise BadValue("encoding", told, "write it from the root on", show=False)
    path = ntpath if sys.platform == "win32" else posixpath
    return path.normpath(path.join(base, value))


def _unknown_variable(name: str) -> Notice:
    """A variable with our prefix that is no setting: told by name only, since its value may be a secret."""
    ends = {variable.removeprefix(VARIABLE_PREFIX): variable for variable in VARIABLES}
    near = ends.get(nearest(name[len(VARIABLE_PREFIX) :], ends) or "")  # without the prefix that makes all alike
    group = next((one for one in GROUPS if name.upper() == VARIABLE_PREFIX + one.upper().replace(".", "__")), None)
    hint = f"did you mean {near}?" if near else "`dtsconf explain KEY` names a setting's variable"
    if group is not None:
        first = next(key for key in KEYS.values() if key.name.startswith(group + "."))
        hint = f"{group} is a group: set one variable for each setting, such as {first.variable}"
    text = f"the variable {escape_controls(name)} names no setting and has no effect"
    return Notice("unknown-variable", text, hint, Variable(name), None, 3)


_PROFILE_ALONE = frozenset({"verify", "secrets", "policy", "targets", "expects", "record"})
"""What a profile says besides the settings."""
_INSTEAD = {
    "verify.to": "`dtsconf test --to ADDRESS`",
    "verify.level": "`dtsconf test --level LEVEL`",
    "record": "--record FILE",
}
"""The options that stand in for them in one call."""


def _unknown_key(name: str) -> Problem:
    told = escape_controls(name)
    if name in GROUPS:
        first = next(key for key in KEYS if key.startswith(name + "."))
        hint = f"set one key of it, such as --set {first}=..."
        text = f"{told} is a group of settings, not a setting"
        return Problem("unknown-key", text, hint, Option(f"--set {told}"), name)
    if name.partition(".")[0] in _PROFILE_ALONE:
        option = _INSTEAD.get(name)
        hint = f"use {option}" if option else "write it in the profile, which alone says it"
        return Problem(
            "unknown-key", f"{told} is no setting, and --set takes settings", hint, Option(f"--set {told}"), told
        )
    near = nearest_key(name)
    hint = f"did you mean {near}?" if near else "`dtsconf show` lists the keys"
    return Problem("unknown-key", f"unknown setting {told}", hint, Option(f"--set {told}"), told)
