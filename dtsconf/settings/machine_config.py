"""The machine config: effective settings and policy as JSON, and back as the organisation's layer. Pure bytes.

The same input gives the same bytes; no time, generation number, folder or secret is in them (references and the ids
of delivered secrets are). Reading trusts nothing but
what this version itself wrote: a damaged, cut, edited or foreign file is `Invalid` with the place
in it and what to type. Whoever reads the file from disk bounds its size too; where it lies is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from dtsconf.errors import Invalid, Place, Problem
from dtsconf.names import escape_controls
from dtsconf.settings.declared import as_json, field_types
from dtsconf.settings.effective import Effective, unset
from dtsconf.settings.jsonplaces import Places, places, spot
from dtsconf.settings.keys import GROUPS, KEYS, nearest_key
from dtsconf.settings.policy import Policy
from dtsconf.settings.values import Layer, Organisation, Value, nested

if TYPE_CHECKING:
    from dtsconf.settings.machine_file import MachineFile
    from dtsconf.settings.sections import SecretsOptions, Target, Verify

    _Parts = tuple[Layer, Verify, SecretsOptions, tuple[Target, ...]]

LIMIT = 1 << 20
"""The largest machine config that is read, in bytes."""

HINT = (
    "write it anew: `dtsconf apply` puts back what was applied (without --profile), or name a profile: dtsconf apply"
    " --profile FILE (`dtsconf status` tells what moved)"
)


def to_bytes(effective: Effective, *, delivered: Mapping[str, str]) -> bytes:
    """The machine config of these settings. `delivered`: settings key -> id of its secret in email.secrets.json."""
    org = effective.org
    content = {
        "format": 1,
        "profile": org.name,
        "settings": nested({key: setting.value for key, setting in effective.origin.items()}),
        "given": sorted(key for key in effective.origin if not unset(key, effective.origin, org)),
        "expects": sorted(org.expects),
        "policy": org.policy.to_json(),
        "verify": as_json(org.verify),
        "secrets": {**as_json(org.secrets), "delivered": dict(delivered)},
        "targets": as_json(org.targets),
        "record": org.record,
    }
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def from_bytes(data: bytes, path: str, *, sound: bool = False) -> tuple[Organisation, dict[str, str]]:
    """Read a machine config. `path` names the file in messages and origins. `sound`: this version itself has
    checked and written just these bytes, so they aren't checked once more.

    Returns: the organisation's word (layer `machine`), and the ids of delivered secrets by settings key.

    Raises:
        Invalid: code 3; what the file holds is no machine config that this program can go by.
    """
    text = _decoded(data, path)
    content = _parsed(text, path)
    found = places(text)
    if found.doubles:
        _refuse(path, found.spot(found.doubles[0]), f"{_dotted(found.doubles[0])} stands there twice")
    _check_format(content, found, path)
    if sound:
        with suppress(KeyError, TypeError, ValueError, AttributeError):  # changed in both places: the check tells where
            return _word(data, content, _taken(content, found, path), path, sound=True)
    return _word(data, content, _checked(content, found, path), path, sound=False)


def _word(data: bytes, content: Any, parts: _Parts, path: str, *, sound: bool) -> tuple[Organisation, dict[str, str]]:
    layer, verify, secrets, targets = parts
    org = Organisation(
        content["profile"],
        layer,
        Policy.from_json(content["policy"]),
        verify,
        secrets,
        targets,
        content["record"],
        tuple(content["expects"]),
        data,
        (path,),
        frozenset(content["given"]),
        sound=sound,
    )
    return org, dict(content["secrets"]["delivered"])


def _taken(content: Any, found: Places, path: str) -> _Parts:
    """What the file holds, as it was written."""
    from dtsconf.settings.sections import SecretsOptions, Target, Verify

    flat, _ = _flattened(content["settings"], found, path)
    secrets = {name: value for name, value in content["secrets"].items() if name != "delivered"}
    targets = tuple(map(Target.of_json, content["targets"]))
    return Layer("machine", flat), Verify.of_json(content["verify"]), SecretsOptions.of_json(secrets), targets


def _checked(content: Any, found: Places, path: str) -> _Parts:
    """What the file holds, checked."""
    from dtsconf.settings.sections import SecretsOptions

    file = _shaped(content, found, path)
    secrets = SecretsOptions(**{name: getattr(file.secrets, name) for name in field_types(SecretsOptions)})
    return _layer(file.settings, found, path), file.verify, secrets, file.targets


def _decoded(data: bytes, path: str) -> str:
    if len(data) > LIMIT:
        _refuse(path, (1, 1), f"it is larger than {LIMIT >> 20} MiB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        _refuse(path, spot(data[: error.start].decode(), error.start), "it is not UTF-8")


def _parsed(text: str, path: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _refuse(path, (error.lineno, error.colno), "it is no whole JSON text: damaged, cut off or edited")
    except RecursionError:
        _refuse(path, (1, 1), "it is nested too deeply")
    except ValueError:  # NaN, Infinity, or a number of thousands of digits
        _refuse(path, (1, 1), "it holds a number that JSON doesn't know")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_format(content: Any, found: Places, path: str) -> None:
    """Tell a foreign file, and one of a newer dtsconf, before going into details."""
    if not isinstance(content, dict) or "format" not in content or "settings" not in content:
        _refuse(path, (1, 1), "it is some other program's file", kind="foreign")
    version = content["format"]
    if isinstance(version, int) and version > 1:
        place = Place(path, *found.spot(("format",)))
        text = f"{path} was written by a newer dtsconf (format {version}); this one reads format 1"
        raise Invalid((Problem("machine-config", text, "update dtsconf on this machine", place),))


def _refuse(path: str, at: tuple[int, int], what: str, *, kind: str = "damaged") -> NoReturn:
    told = "is not dtsconf's machine config" if kind == "foreign" else "can't be read"
    hint = "move it away, or replace it: dtsconf apply --profile FILE --adopt" if kind == "foreign" else HINT
    raise Invalid((Problem("machine-config", f"the machine config {path} {told}: {what}", hint, Place(path, *at)),))


def _shaped(content: Any, found: Places, path: str) -> MachineFile:
    """The file as its declared shape; every deviation is a problem of its own."""
    from pydantic import ValidationError

    from dtsconf.settings.machine_file import MachineFile

    try:
        return MachineFile.model_validate_json(json.dumps(content, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        _refuse(path, (1, 1), "a text in it holds half of a surrogate pair")
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
    problems: dict[tuple[str | int, ...], Problem] = {}
    for one in wrong:
        steps = _steps(one["loc"])
        problems.setdefault(steps, _shape_problem(steps, one["type"], one.get("ctx", {}), found, path))
    raise Invalid(tuple(problems.values()))


def _steps(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Pydantic's location without the names of its own validators and unions."""
    return tuple(step for step in loc if isinstance(step, int) or not step.startswith(("function-", "tuple[")))


def _shape_problem(
    steps: tuple[str | int, ...], kind: str, context: Mapping[str, Any], found: Places, path: str
) -> Problem:
    name = escape_controls(_dotted(steps)) or "the file"
    said = {"missing": "is missing", "extra_forbidden": "is unknown here"}.get(kind, "has a value that can't be")
    if kind == "dtsconf":
        said = str(context["sentence"])
    return Problem("machine-config", f"in the machine config, {name} {said}", HINT, Place(path, *found.spot(steps)))


def _layer(tree: dict[str, Any], found: Places, path: str) -> Layer:
    """The settings as a flat layer, checked: all of them at once by the model, one by one only if that fails."""
    from pydantic import ValidationError

    flat, problems = _flattened(tree, found, path)
    layer = Layer("machine", flat)
    if not problems:
        from dtsconf.settings.layered import from_layers

        try:
            checked = from_layers([layer])
        except ValidationError:
            problems = _wrong_values(flat)
        else:
            values = {key: Value(_at(checked, key, value.raw), value.where) for key, value in flat.items()}
            return Layer("machine", values)
    raise Invalid(tuple(problems))


def _at(settings: Any, key: str, raw: Any) -> Any:
    """The checked value, normalised; a null stays one."""
    for step in key.split("."):
        settings = getattr(settings, step)
    return None if raw is None else settings


def _flattened(tree: Any, found: Places, path: str) -> tuple[dict[str, Value], list[Problem]]:
    flat: dict[str, Value] = {}
    problems: list[Problem] = []
    open_groups: list[tuple[str, ...]] = [()]
    while open_groups:
        group = open_groups.pop()
        branch = tree
        for step in group:
            branch = branch[step]
        for name, value in branch.items():
            key = ".".join((*group, name))
            place = Place(path, *found.spot(("settings", *group, name)))
            if key in GROUPS and isinstance(value, dict):
                open_groups.append((*group, name))
            elif key in KEYS:
                flat[key] = Value(value, place)
            else:
                problems.append(_unknown(key, place))
    return flat, problems


def _unknown(key: str, place: Place) -> Problem:
    if key in GROUPS:
        return Problem("machine-config", f"in the machine config, {key} is no mapping", HINT, place, key)
    near = nearest_key(key)
    hint = f"did you mean {near}? Better {HINT}" if near else HINT
    return Problem("machine-config", f"in the machine config, {escape_controls(key)} is no setting", hint, place)


def _wrong_values(flat: Mapping[str, Value]) -> list[Problem]:
    from dtsconf.settings.wording import BadValue

    problems = []
    for name, value in flat.items():
        try:
            KEYS[name].check(value.raw)
        except BadValue as bad:
            text = f"in the machine config, {bad.told(name, value.raw)}"
            problems.append(Problem("machine-config", text, HINT, value.where, name))
    return problems


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
