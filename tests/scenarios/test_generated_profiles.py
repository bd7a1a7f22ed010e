"""Profiles generated from the program's own schema, then damaged: no traceback, the right exit code, and the same
verdict from validate, from show, and from the schema where a schema can say it.

The program runs inside this process, through its installed entry point, for speed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.scenarios.harness import BIN, call

COUNT = 10_000 if os.environ.get("DTSCONF_TEST_ALL") == "1" else 1_000

Json = Any


def run(*args: str) -> tuple[int, str, str]:
    """The program's entry point with these arguments: exit code, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    before = sys.argv
    sys.argv = ["dtsconf", *args]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main()()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return int(code or 0), texts[0], texts[1]


@cache
def main() -> Callable[[], Any]:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="dtsconf")
    found: Callable[[], Any] = entry.load()
    return found


@cache
def schema() -> Json:
    return json.loads(run("schema", "profile")[1])


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


# Words that mean something to some setting, and some that mean nothing to any.
WORDS = [
    "relay.acme.example", "192.0.2.1", "2001:db8::1", "[::1]", "h.example:25", "smtp://h", "bücher.example", "a..b",
    "lab@acme.example", "jürgen@bücher.example", "lab", "a@b@c", "env://SMTP_PASSWORD", "file:///etc/secret",
    "vault://kv/mail#password", "keyring://mail/lab", "valut://x", "hunter2", "11111111-2222-3333-4444-555555555555",
    "https://login.example", "http://proxy.example:3128", "ab" * 32, ":".join(["AB"] * 32), "25 MiB", "1.2", "no",
    "null", "~", "012", "1:30", "2026-01-01", "", " ", "\0", "a\r\nb", "\u2028", "\x85", "é" * 2000, "server.host", "server", "sender.email",
    "*@acme.example", "dts", "msmtp", "/etc/x.json", "../x", ">=1.0", ">=99", "tls", "starttls", "send", "connect", "sign-in", "user",
]  # fmt: skip
ODD: list[Json] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    25,
    465,
    65536,
    10**30,
    1.2,
    1.3,
    0.5,
    -0.0,
    1e308,
    [],
    {},
    [None],
    {"a": 1},
    [[]],
]

texts = st.sampled_from(WORDS) | st.text(max_size=20)


def value_of(part: Mapping[str, Json]) -> st.SearchStrategy[Json]:
    """A strategy for one schema: mostly values that it allows."""
    if "$ref" in part:
        target: Json = schema()
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return st.deferred(lambda: value_of(target))
    for word in ("anyOf", "oneOf"):
        if word in part:
            return st.one_of(*[value_of(one) for one in part[word]])
    if "const" in part:
        return st.just(part["const"])
    if "enum" in part:
        return st.sampled_from(part["enum"])
    if "allOf" in part and "type" not in part:
        return value_of(part["allOf"][0])
    return typed(part)


def typed(part: Mapping[str, Json]) -> st.SearchStrategy[Json]:
    kind = part.get("type")
    if kind == "object":
        return mapping(part)
    if kind == "array":
        return st.lists(value_of(part.get("items", {})), max_size=3)
    if kind == "string":
        return texts | st.from_regex(part["pattern"]) if "pattern" in part else texts
    low, high = part.get("minimum", 0), part.get("maximum", 100_000)
    return {
        "integer": st.integers(low, high),
        "number": st.integers(int(low), int(high)) | st.floats(0, 100, allow_nan=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }.get(str(kind), st.sampled_from(ODD))


def mapping(part: Mapping[str, Json]) -> st.SearchStrategy[Json]:
    properties = part.get("properties", {})
    required = {key: value_of(one) for key, one in properties.items() if key in part.get("required", [])}
    optional = {key: value_of(one) for key, one in properties.items() if key not in required and key != "extends"}
    return st.fixed_dictionaries(required, optional=optional)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within a value, its own first."""
    yield path
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from places(one, (*path, key))


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A profile with up to three things replaced, taken out or put in."""
    profile = json.loads(json.dumps(draw(value_of(schema()))))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(profile))))
        if path:
            damage(draw, profile, path)
    return profile


def damage(draw: st.DrawFn, profile: Json, path: tuple[Any, ...]) -> None:
    holder = profile
    for key in path[:-1]:
        holder = holder[key]
    how = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
    if how == "remove" or (how == "rename" and isinstance(holder, list)):
        del holder[path[-1]]
    elif how == "rename":
        holder[draw(texts)] = holder.pop(path[-1])
    elif how == "add" and isinstance(holder, dict):
        holder[draw(texts)] = draw(st.sampled_from(ODD) | texts)
    else:
        holder[path[-1]] = draw(st.sampled_from(ODD) | texts)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="generated-") as path:
        yield Path(path)


SEEN: dict[int, int] = {}


@pytest.mark.timeout(3000)
@settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(profile=damaged(), as_json=st.booleans())
def test_generated_profiles(folder: Path, profile: Json, as_json: bool) -> None:
    path = folder / "site.yaml"
    text = json.dumps(profile) if as_json else yaml.safe_dump(profile, allow_unicode=True)
    path.write_text(text, "utf-8")
    code, out, err = run("validate", "--json", str(path))
    assert code in {0, 3, 4}, err
    assert "Traceback" not in out + err
    body = json.loads(out)
    assert body["exit_code"] == code
    assert (not body.get("problems")) == (code == 0)
    for problem in body.get("problems", []):
        assert problem["message"]
        for word in ("Input should", "validation error", "pydantic"):
            assert word not in problem["message"]
    SEEN[code] = SEEN.get(code, 0) + 1
    fits = validator().is_valid(profile)
    if not fits:
        assert code == 3, (profile, next(validator().iter_errors(profile)).message)
    if code in {0, 4}:
        assert fits, body
    shown, out, err = run("show", "--json", "--profile", str(path), "--root", str(folder))
    assert shown == code, (profile, body.get("problems"), out)
    assert "Traceback" not in out + err


def test_the_generator_makes_good_ones_and_bad_ones() -> None:
    """Else the test above would show nothing. Runs after it, in the same worker or with no examples seen at all."""
    total = sum(SEEN.values())
    assert total == 0 or SEEN.get(0, 0) > total / 50, SEEN
    assert total == 0 or SEEN.get(3, 0) > total / 10, SEEN


def test_check_jsonschema_comes_to_the_same_verdict(folder: Path) -> None:
    """The tool itself, on a sample: what it refuses is exit 3 here."""
    (folder / "schema.json").write_text(json.dumps(schema()))
    profiles: list[Json] = []

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(profile=damaged())
    def collect(profile: Json) -> None:
        profiles.append(profile)

    collect()
    paths = [folder / f"{number:03}.json" for number in range(len(profiles))]
    for path, profile in zip(paths, profiles, strict=True):
        path.write_text(json.dumps(profile))
    command = [
        str(BIN / "check-jsonschema"),
        "-o",
        "json",
        "--schemafile",
        str(folder / "schema.json"),
        *map(str, paths),
    ]
    result = call(command)
    refused = {error["filename"] for error in json.loads(result.stdout)["errors"]}
    _, out, _ = run("validate", "--json", *map(str, paths))
    ours = {problem["where"]["file"] for problem in json.loads(out)["problems"] if problem["where"]}
    assert refused
    assert refused <= ours
    only_schema_can_not_say = ours - refused
    assert len(only_schema_can_not_say) < len(paths)
