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
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from dtsconf.files.signals import POLITE
from tests.scenarios.harness import BIN, call

COUNT = 10_000 if os.environ.get("DTSCONF_TEST_ALL") == "1" else 1_000

Json = Any


def run(*args: str) -> tuple[int, str, str]:
    """The program's entry point with these arguments: exit code, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    before = sys.argv
    handlers = {number: signal.getsignal(number) for number in POLITE}  # what it leaves, later children would inherit
    sys.argv = ["dtsconf", *args]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main()()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
        for number, handler in handlers.items():
            signal.signal(number, handler)
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


# Values that make sense, by the name of the key: most of a profile is of these, else hardly any would be valid.
SECRETS = ["env://SMTP_PASSWORD", "file:///etc/secret", "vault://kv/mail#password", "keyring://mail/lab", "systemd://m"]
GOOD: dict[str, list[Json]] = {
    "host": ["relay.acme.example", "192.0.2.1", "2001:db8::1", "bücher.example", "mailhost"],
    "port": [None, 25, 465, 587, 2525],
    "email": ["lab@acme.example", "jürgen@bücher.example", "lab+x@acme.example"],
    "to": [None, "lab@acme.example", "mailcheck@acme.example"],
    "name": ["Perth Lab", "no", "東京", 'A "B" C'],
    "username": ["lab", "lab@acme.example"],
    "password": SECRETS,
    "client_secret": [None, *SECRETS],
    "certificate": [None],
    "client_assertion": [None],
    "secret_id": SECRETS[:2],
    "token": SECRETS[:2],
    "jwt": SECRETS[:2],
    "client_id": ["11111111-2222-3333-4444-555555555555"],
    "authority": ["https://login.example"],
    "url": ["https://vault.example:8200"],
    "tenant": ["organizations", "acme.example"],
    "proxy": ["system", "none", "http://proxy.example:3128"],
    "ca_file": [None, "/etc/ssl/ca.pem"],
    "fingerprint": [None, "ab" * 32, ":".join(["AB"] * 32)],
    "timeout": [15, 0.5, 60],
    "flow": ["auto", "broker", "browser", "device-code"],
    "mode": ["smtp", "smtp", "smtp", "microsoft"],
    "requires": [None, ">=1.0"],
    "record": [None, "/var/log/dtsconf.jsonl"],
    "group": [None, "mail"],
    "path": ["/etc/x.json", "/srv/a b"],
    "recipients": [["*@acme.example"], ["*"], []],
    "max_size": [None, "25 MiB"],
    "lock": [[], ["server", "verify"], ["login.required", "secrets"]],
    "expects": [[], ["sender.email"], ["server.host", "login.username"]],
    "targets": [["dts"], ["dts", {"kind": "msmtp", "path": "/srv/rc"}], [{"kind": "dts", "path": "/opt/dts/mail.json"}]],
    "rules": [
        [],
        [{"key": "server.port", "min": 1, "max": 600, "because": "x"}],
        [{"key": "server.encryption", "one_of": ["tls", "starttls"]}],
        [{"key": "sender.name", "present": True}, {"key": "server.host", "matches": "*.example"}],
    ],
    "method": ["token", "approle"],
}  # fmt: skip

# Words that mean something to some setting or to YAML, and some that mean nothing to any.
WORDS = [
    "[::1]", "h.example:25", "smtp://h", "a..b", "lab", "a@b@c", "valut://x", "hunter2", "1.2", "no", "null", "~", "012",
    "1:30", "2026-01-01", "", " ", "\0", "a\r\nb", "\u2028", "\x85", "é" * 2000, "server", "server.host", "../x", ">=99",
    "tls", "send", "user", "env://SMTP_PASSWORD", "lab@acme.example", "relay.acme.example", "https://login.example",
]  # fmt: skip
ODD: list[Json] = [
    None, True, False, 0, 1, -1, 25, 65536, 10**30, 1.2, 1.3, 0.5, -0.0, 25.0, 1e308, [], {}, [None], {"a": 1}, [[]],
]  # fmt: skip

texts = st.sampled_from(WORDS) | st.text(max_size=20)


def mostly(usual: st.SearchStrategy[Json], seldom: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.integers(0, 99).flatmap(lambda number: seldom if number == 42 else usual)


def value_of(part: Mapping[str, Json], key: str = "") -> st.SearchStrategy[Json]:
    """A strategy for one part of the schema, with values that make sense for this key."""
    by_schema = of_schema(part, key)
    return mostly(st.sampled_from(GOOD[key]), by_schema) if key in GOOD else by_schema


def of_schema(part: Mapping[str, Json], key: str) -> st.SearchStrategy[Json]:
    if "$ref" in part:
        target: Json = schema()
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return st.deferred(lambda: of_schema(target, key))
    if "anyOf" in part and "type" not in part:
        return st.one_of(*[of_schema(one, key) for one in part["anyOf"]])
    if "const" in part:
        return st.just(part["const"])
    if "enum" in part:
        return st.sampled_from(part["enum"])
    return typed(part, key)


def typed(part: Mapping[str, Json], key: str) -> st.SearchStrategy[Json]:
    kind = part.get("type")
    if kind == "object":
        return mapping(part)
    if kind == "array":
        items = of_schema(part.get("items", {}), key)
        return st.lists(items, min_size=part.get("minItems", 0), max_size=3)
    if kind == "string":
        return texts | st.from_regex(part["pattern"]) if "pattern" in part else texts
    low, high = part.get("minimum", 1), part.get("maximum", 100_000)
    return {
        "integer": st.integers(low, high),
        "number": st.integers(int(low), int(high)) | st.floats(low, 100, allow_nan=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }.get(str(kind), st.sampled_from(ODD))


def mapping(part: Mapping[str, Json]) -> st.SearchStrategy[Json]:
    properties = part.get("properties", {})
    required = {key: value_of(one, key) for key, one in properties.items() if key in part.get("required", [])}
    optional = {key: value_of(one, key) for key, one in properties.items() if key not in required and key != "extends"}
    return st.fixed_dictionaries(required, optional=optional)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within a value, its own first."""
    yield path
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from places(one, (*path, key))


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A profile that has a server and a sender, with up to three things replaced, taken out or put in."""
    profile = json.loads(json.dumps(draw(value_of(schema()))))
    settled = profile.setdefault("settings", {})
    settled.setdefault("server", {}).setdefault("host", "relay.acme.example")
    settled.setdefault("sender", {}).setdefault("email", "lab@acme.example")
    for _ in range(max(0, draw(st.integers(-3, 3)))):
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
        holder[draw(texts)] = _odd(draw)
    else:
        holder[path[-1]] = _odd(draw)


def _odd(draw: st.DrawFn) -> Json:
    """A value of its own: the next damage may be done to that one."""
    return deepcopy(draw(st.sampled_from(ODD) | texts))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="generated-") as path:
        yield Path(path)


@pytest.mark.timeout(3000)
def test_generated_profiles(folder: Path) -> None:
    seen: Counter[int] = Counter()

    @settings(max_examples=COUNT, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(profile=damaged(), as_json=st.booleans())
    def agrees(profile: Json, as_json: bool) -> None:
        text = json.dumps(profile) if as_json else yaml.safe_dump(profile, allow_unicode=True)
        (folder / "site.yaml").write_text(text, "utf-8")
        seen[verdict(folder, profile)] += 1

    agrees()
    assert sum(seen.values()) >= COUNT
    assert seen[0] > COUNT / 10, f"the generator makes too few good ones to show anything: {seen}"
    assert seen[3] > COUNT / 10, f"the generator makes too few bad ones to show anything: {seen}"
    assert seen[4], f"no rule was ever broken: {seen}"


def verdict(folder: Path, profile: Json) -> int:
    """The exit code on which validate, show and the schema agree; or validate and plan, where it is no value that can't
    be but what apply would have to do with it."""
    path = str(folder / "site.yaml")
    code, out, err = run("validate", "--json", path)
    assert code in {0, 3, 4}, err
    assert "Traceback" not in out + err
    body = json.loads(out)
    assert body["exit_code"] == code
    assert (not body.get("problems")) == (code == 0)
    for problem in body.get("problems", []):
        assert problem["message"]
        for word in ("Input should", "validation error", "pydantic"):
            assert word not in problem["message"]
    faults = [error.message for error in validator().iter_errors(profile)]
    assert not faults or code == 3, (profile, faults)
    shown, out, err = run("show", "--json", "--profile", path, "--root", str(folder))
    assert "Traceback" not in out + err
    if (shown, code) == (0, 3):
        assert {problem["kind"] for problem in body["problems"]} <= {"delivery", "target"}, (profile, body)
        shown, out, err = run("plan", "--json", "--profile", path, "--root", str(folder))
        assert "Traceback" not in out + err
    assert shown == code, (profile, body.get("problems"), out)
    return code


def test_what_no_apply_could_do_is_refused_by_validate_and_plan(folder: Path) -> None:
    """A case that generation seldom makes."""
    login = {"required": True, "username": "x", "password": "env://SMTP_PASSWORD"}
    server, sender = {"host": "relay.acme.example"}, {"email": "lab@acme.example"}
    values = {"login": login, "server": server, "sender": sender}
    profile: Json = {"dtsconf": 1, "name": "x", "secrets": {"deliver": "reference"}, "settings": values}
    (folder / "site.yaml").write_text(json.dumps(profile))
    assert verdict(folder, profile) == 3


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
