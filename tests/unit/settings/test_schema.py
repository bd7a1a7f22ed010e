"""The schemas say what validate says, as far as a schema can; and what is in the repository is what the code makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from dtsconf.names import has_controls
from dtsconf.secret.ref import NotAReference, parse
from dtsconf.settings.keys import GROUPS, KEYS
from dtsconf.settings.part import read_part
from dtsconf.settings.profile import load_profile
from dtsconf.settings.reference import filled_in, profile_table, settings_table, variables_table
from dtsconf.settings.resolve import resolve
from dtsconf.settings.schema import machine_schema, profile_schema
from dtsconf.settings.shapes import Items, Mapping, Shape, WordOr, profile_shape
from dtsconf.settings.validation import validate_paths
from tests.tools import docs

ROOT = Path(__file__).parents[3]
SCHEMA = profile_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
SAID_BY_SCHEMA = {
    "type",
    "choice",
    "unknown-key",
    "required",
    "range",
    "uuid",
    "fingerprint",
    "empty",
    "format",
    "size",
}
"""Kinds of problems for which a schema has words."""

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70_000),
    st.sampled_from([0.5, 1.2, 2.0, 587.0, -1.0]),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
)
WORDS = st.sampled_from(
    ["smtp", "tls", "a@b.example", "h.example", "env://A", "file:///a", "vault://a/b#c", "x://y", "1.2", "dts", "/a/b",
     "https://h.example", "25 MiB", "01234567-89ab-cdef-0123-456789abcdef", "ab" * 32, "server", "server.port", "send",
     "a\nb", "", " ", ">=1.0"]
)  # fmt: skip


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Mostly what fits the shape, sometimes something else."""
    if isinstance(shape, Mapping):
        return st.one_of(mapping(shape), mapping(shape), mapping(shape), JUNK)
    if isinstance(shape, Items):
        return st.one_of(st.lists(values(shape.item), max_size=3), JUNK)
    if isinstance(shape, WordOr):
        return st.one_of(values(shape.word), mapping(shape.mapping))
    return st.one_of(st.sampled_from(shape.choices) if shape.choices else WORDS, WORDS, JUNK)


def mapping(shape: Mapping) -> st.SearchStrategy[Any]:
    parts = {name: values(sub) for name, sub in shape.fields.items()}
    required = {name: parts.pop(name) for name in shape.required}
    extra = st.dictionaries(st.sampled_from(["prot", "x", "no"]), JUNK, max_size=1)
    whole = st.fixed_dictionaries(required, optional=parts)
    return st.builds(lambda known, more: {**more, **known}, whole, st.one_of(st.just({}), st.just({}), extra))


def head(profile: Any) -> Any:
    return {**profile, "dtsconf": 1, "name": "x"} if isinstance(profile, dict) else profile


@settings(max_examples=400, deadline=None)
@given(st.one_of(mapping(profile_shape()).map(head), mapping(profile_shape())))
def test_validate_agrees_with_the_schema(profile: Any) -> None:
    found = read_part("p.yaml", json.dumps(profile, ensure_ascii=False).encode()).problems
    wrong = [error.message for error in VALIDATOR.iter_errors(profile)]
    if wrong:
        assert found, wrong
    if any(problem.kind in SAID_BY_SCHEMA for problem in found):
        assert wrong, found
    for problem in found:
        assert problem.hint
        assert not has_controls(problem.message)


REFERENCES = st.one_of(
    st.from_regex(r"(vault|keyring|env|file|systemd|other)://[a-z0-9/#?=v:.]{0,12}", fullmatch=True),
    st.sampled_from(["vault://a/b#c?version=1", "vault://a/b?version=2#c", "vault://a//b#c", "file://C:/x", "env://"]),
)


@given(REFERENCES)
def test_the_schema_knows_the_grammar_of_references(text: str) -> None:
    profile = {"dtsconf": 1, "name": "x", "settings": {"login": {"password": text}}}
    if text.startswith("other://"):
        return
    try:
        parse(text)
        good = True
    except NotAReference:
        good = False
    if good:
        assert VALIDATOR.is_valid(profile)
    elif "//" not in text.partition("://")[2]:
        assert not VALIDATOR.is_valid(profile)


def test_the_schemas_are_schemas_with_stable_ids() -> None:
    for schema, identity in (
        (SCHEMA, "urn:dtsconf:schema:profile:1"),
        (machine_schema(), "urn:dtsconf:schema:machine:1"),
    ):
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == identity
        assert schema["$schema"].endswith("2020-12/schema")


def test_every_field_is_described() -> None:
    for schema in (SCHEMA, machine_schema()):
        for part in (schema, *schema["$defs"].values()):
            assert part["description"]
            assert all(field["description"] for field in part["properties"].values())
            assert part["additionalProperties"] is False


def test_defaults_do_not_depend_on_the_system() -> None:
    assert "default" not in SCHEMA["$defs"]["SecretsOptions"]["properties"]["deliver"]


def test_the_tables_name_everything() -> None:
    assert all(f"| `{key}` |" in settings_table() for key in KEYS)
    assert all(key.variable in variables_table() for key in KEYS.values())
    assert "`secrets.vault.auth.role_id`" in profile_table()
    assert "`targets[].path`" in profile_table()
    assert not any(f"`settings.{group}`" in profile_table() for group in GROUPS)


def test_a_readme_s_marked_parts_are_written_anew() -> None:
    text = "a\n<!-- generated: settings -->\nold\n<!-- end: settings -->\nb\n"
    new = filled_in(text)
    assert new.startswith("a\n<!-- generated: settings -->\n| Setting |")
    assert new.endswith("|\n<!-- end: settings -->\nb\n")
    assert filled_in(new) == new


@pytest.mark.parametrize(
    "text",
    ["no part", "<!-- generated: settings -->\n<!-- end: settings -->\n<!-- generated: x -->\n<!-- end: x -->\n"],
)
def test_a_readme_without_its_parts_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        filled_in(text)


def test_stale_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("<!-- generated: settings -->\n<!-- end: settings -->\n")
    assert len(docs.stale(tmp_path)) == 3
    for path, text in docs.generated(tmp_path).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert docs.stale(tmp_path) == []
    (tmp_path / "schemas/profile.schema.json").write_text("{}\n")
    assert [path.name for path in docs.stale(tmp_path)] == ["profile.schema.json"]


def test_the_repository_s_schemas_are_what_the_code_makes() -> None:
    for name, schema in (("profile", SCHEMA), ("machine", machine_schema())):
        assert (ROOT / f"schemas/{name}.schema.json").read_text() == docs.as_text(schema)


def test_the_starting_points_are_good_profiles() -> None:
    reports = validate_paths([str(ROOT / "profiles")], strict=True)
    assert len(reports) == 7
    assert [report.path for report in reports if report.problems] == []
    odd = {report.path: [notice.kind for notice in report.warnings] for report in reports if report.warnings}
    assert odd == {str(ROOT / f"profiles/microsoft-{who}.yaml"): ["placeholder"] for who in ("application", "people")}


@pytest.mark.parametrize("name", ["relay", "submission", "organisation/sites/perth", "organisation/sites/brisbane"])
def test_the_starting_points_do_what_they_are_for(name: str) -> None:
    profile = load_profile(str(ROOT / f"profiles/{name}.yaml"))
    values = {key: value.raw for key, value in profile.layer.values.items()}
    assert profile.policy.rules or profile.policy.recipients
    if name == "relay":
        assert "login.required" not in values
    else:
        assert values["login.required"] is True
        assert values["server.encryption"] == "starttls"
    assert (len(profile.files) == 2) == name.startswith("organisation")


@pytest.mark.parametrize("name", ["people", "application"])
def test_the_starting_points_for_microsoft_do_what_they_are_for(name: str) -> None:
    effective = resolve(load_profile(str(ROOT / f"profiles/microsoft-{name}.yaml")), [])
    microsoft, locked = effective.settings.microsoft, effective.org.policy.lock_on
    assert effective.settings.mode == "microsoft"
    assert (microsoft.flow == "application") == (name == "application") == (microsoft.certificate is not None)
    assert (effective.settings.sender.email is None) == (name == "people")
    assert all(map(locked, ("mode", "microsoft.client_id", "microsoft.tenant", "microsoft.smtp.host")))
    assert (locked("microsoft.remember_me") is None) == (name == "people")


def test_the_starting_points_fit_the_schema() -> None:
    import yaml

    for path in (ROOT / "profiles").rglob("*.yaml"):
        assert VALIDATOR.is_valid(yaml.safe_load(path.read_text())), path


def test_what_init_writes_fits_the_schema() -> None:
    import yaml

    from dtsconf.render.template import profile_template

    assert list(VALIDATOR.iter_errors(yaml.safe_load(profile_template("site")))) == []
