"""Reading the environment and `--set`, and the layers as pydantic-settings sources."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic.fields import FieldInfo

from dtsconf.errors import Option, UsageProblem, Variable
from dtsconf.names import to_unset
from dtsconf.settings.keys import KEYS
from dtsconf.settings.layered import from_sources, source_of
from dtsconf.settings.sources import command_line_layer, environment_layer
from dtsconf.settings.values import LAYER_ORDER, Layer, Value, nested

CANARY = "c4nary-Pa55word"


def env_value(key: str, text: str) -> Any:
    layer, problems, notices = environment_layer({KEYS[key].variable: text}, "/srv/here")
    assert (problems, notices) == ([], [])
    assert layer.values[key].where == Variable(KEYS[key].variable)
    return layer.values[key].raw


def set_value(key: str, text: str) -> Any:
    layer, problems, notices = command_line_layer([f"{key}={text}"], "/srv/here")
    assert (problems, notices) == ([], [])
    assert layer.values[key].where == Option(f"--set {key}")
    return layer.values[key].raw


READINGS = [
    ("sender.name", "no", "no"),
    ("sender.name", "012", "012"),
    ("sender.name", "", ""),
    ("sender.name", "true", "true"),
    ("sender.name", "a: b # c", "a: b # c"),
    ("sender.name", "null", None),
    ("sender.name", "Null", "Null"),
    ("login.username", "1e3", "1e3"),
    ("server.port", "587", 587),
    ("server.port", "null", None),
    ("server.host", "[2001:db8::1]", "2001:db8::1"),
    ("server.encryption", "starttls", "starttls"),
    ("server.encryption", "null", None),
    ("login.required", "true", True),
    ("login.required", "no", False),
    ("connection.timeout", "2.5", 2.5),
    ("connection.timeout", "30", 30),
    ("connection.timeout", "null", None),
    ("connection.min_tls", "1.3", "1.3"),
    ("login.password", "file:///etc/secret", "file:///etc/secret"),
    ("login.password", "null", None),
    ("server.ca_file", "/etc/dts/ca.pem", "/etc/dts/ca.pem"),
    ("server.ca_file", "sub/../ca.pem", "/srv/here/ca.pem"),
]


@pytest.mark.parametrize("read", [env_value, set_value])
@pytest.mark.parametrize(("key", "text", "value"), READINGS)
def test_texts_are_read_by_the_settings_type(read: Any, key: str, text: str, value: Any) -> None:
    raw = read(key, text)
    assert (raw, type(raw)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text", "kind"),
    [
        ("server.port", "", "empty"),
        ("server.port", "smtp", "type"),
        ("server.port", "0577", "yaml-trap"),
        ("server.port", "70000", "range"),
        ("server.port", "[1, 2]", "type"),
        ("login.required", "1", "type"),
        ("server.encryption", "ssl", "choice"),
        ("server.host", "smtp://h.example", "host"),
        ("server.host", "h.example:25", "host"),
        ("sender.name", "a\nb", "control-character"),
    ],
)
def test_what_the_type_cannot_take_is_a_problem_with_its_place(key: str, text: str, kind: str) -> None:
    _, (from_env,), _ = environment_layer({KEYS[key].variable: text})
    _, (from_set,), _ = command_line_layer([f"{key}={text}"])
    for problem, where in ((from_env, Variable(KEYS[key].variable)), (from_set, Option(f"--set {key}"))):
        assert (problem.kind, problem.where, problem.key, problem.code) == (kind, where, key, 3)
        assert problem.message.startswith(f"{key}: ")
        assert "\n" not in problem.message
    assert from_env.message == from_set.message


def test_every_mistake_is_told_and_the_good_values_stay() -> None:
    environ = {"DTS_EMAIL_SERVER__PORT": "x", "DTS_EMAIL_MODE": "y", "DTS_EMAIL_SENDER__NAME": "z"}
    layer, problems, _ = environment_layer(environ)
    assert {problem.key for problem in problems} == {"server.port", "mode"}
    assert set(layer.values) == {"sender.name"}


def test_other_variables_are_nobodys_business() -> None:
    assert environment_layer({"PATH": "/bin", "SERVER": "x", "DTSCONF_STRICT": "1", "DTS_EMAILS": "x"}) == (
        Layer("environment", {}),
        [],
        [],
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DTS_EMAIL_SERVER__HOTS", "did you mean DTS_EMAIL_SERVER__HOST?"),
        ("DTS_EMAIL_SERVER_HOST", "did you mean DTS_EMAIL_SERVER__HOST?"),
        ("dts_email_server__host", "did you mean DTS_EMAIL_SERVER__HOST?"),
        ("DTS_EMAIL_SERVER", "such as DTS_EMAIL_SERVER__HOST"),
        ("DTS_EMAIL_MICROSOFT__SMTP", "such as DTS_EMAIL_MICROSOFT__SMTP__HOST"),
        ("DTS_EMAIL_", "dtsconf explain KEY"),
    ],
)
def test_an_unknown_variable_is_a_warning_with_the_nearest_and_without_its_value(name: str, near: str) -> None:
    layer, problems, (notice,) = environment_layer({name: CANARY})
    assert (layer.values, problems) == ({}, [])
    assert (notice.kind, notice.strict, notice.where) == ("unknown-variable", 3, Variable(name))
    assert near in str(notice.hint)
    assert CANARY not in repr(notice)


@pytest.mark.parametrize("key", [key.name for key in KEYS.values() if key.kind == "secret"])
@pytest.mark.parametrize("text", [CANARY, "", "  ", "no", "pass\nword"])
def test_a_secret_in_clear_in_the_environment_becomes_a_reference_to_it(key: str, text: str) -> None:
    layer, problems, notices = environment_layer({KEYS[key].variable: text})
    assert layer.values[key].raw == f"env://{KEYS[key].variable}"
    assert CANARY not in repr((layer, problems, notices))


@pytest.mark.parametrize("text", [f"vualt://{CANARY}", f"{CANARY}://x", f"file://{CANARY}"])
def test_what_looks_like_a_reference_but_is_none_is_refused_without_showing_it(text: str) -> None:
    layer, (problem,), notices = environment_layer({"DTS_EMAIL_LOGIN__PASSWORD": text})
    assert problem.code == 3
    assert CANARY not in repr((layer, problem, notices))


def test_an_unknown_scheme_is_refused_with_the_nearest_one() -> None:
    _, (problem,), _ = environment_layer({"DTS_EMAIL_LOGIN__PASSWORD": "vualt://kv/dts#p"})
    assert "vault://" in str(problem.hint)


def test_a_secret_in_clear_on_the_command_line_is_refused_with_the_way_to_store_it() -> None:
    layer, (problem,), _ = command_line_layer([f"login.password={CANARY}"])
    assert (problem.kind, problem.code) == ("secret-literal", 3)
    assert "file://" in str(problem.hint)
    assert CANARY not in repr((layer, problem))


def test_a_variable_that_is_no_utf8_is_refused_without_showing_it() -> None:
    for name in ("DTS_EMAIL_LOGIN__PASSWORD", "DTS_EMAIL_SENDER__NAME"):
        _, (problem,), _ = environment_layer({name: CANARY + "\udcff"})
        assert problem.kind == "encoding"
        assert CANARY not in repr(problem)


def test_a_relative_path_without_a_folder_to_count_from_is_refused() -> None:
    _, (problem,), _ = environment_layer({"DTS_EMAIL_SERVER__CA_FILE": "ca.pem"})
    assert "no absolute path" in problem.message


def test_of_two_set_words_for_a_key_the_last_counts() -> None:
    layer, _, _ = command_line_layer(["server.port=25", "server.port=587"])
    assert layer.values["server.port"].raw == 587


def test_a_set_value_may_hold_equals_signs() -> None:
    assert set_value("sender.name", "a=b=c") == "a=b=c"


@pytest.mark.parametrize("text", ["server.port", "", "server.port:587"])
def test_a_set_word_without_equals_is_a_usage_problem(text: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        command_line_layer([text])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("server.hots", "server.host"),
        ("SERVER.PORT", "server.port"),
        ("server", "--set server.host="),
        ("", "dtsconf show"),
    ],
)
def test_an_unknown_key_of_set_is_an_error_with_the_nearest(name: str, hint: str) -> None:
    _, (problem,), _ = command_line_layer([f"{name}={CANARY}"])
    assert (problem.kind, problem.code) == ("unknown-key", 3)
    assert hint in str(problem.hint)
    assert CANARY not in repr(problem)


def test_control_characters_of_a_key_are_escaped() -> None:
    _, (problem,), _ = command_line_layer(["a\x1b[31m=x"])
    assert "\x1b" not in problem.message


def test_dotted_keys_as_a_tree() -> None:
    assert nested({"mode": "smtp", "microsoft.smtp.port": 25, "microsoft.via": "smtp"}) == {
        "mode": "smtp",
        "microsoft": {"smtp": {"port": 25}, "via": "smtp"},
    }


def test_each_layer_has_a_source_class_of_its_own() -> None:
    """pydantic-settings keeps a source's state under its class name: of two alike only one would be there."""
    classes = {type(source_of(Layer(name, {}))).__name__ for name in LAYER_ORDER}
    assert len(classes) == len(LAYER_ORDER)


def test_the_states_of_all_layers_reach_pydantic_settings() -> None:
    sources = tuple(source_of(Layer(name, {"sender.name": Value(name, None)})) for name in reversed(LAYER_ORDER))
    assert from_sources(sources).sender.name == "command line"
    assert set(sources[-1].settings_sources_data) >= {type(source).__name__ for source in sources[:-1]}


def test_a_null_source_value_gives_the_default_of_what_cannot_be_null() -> None:
    source = source_of(Layer("user", {"connection.timeout": Value(None, None), "sender.name": Value(None, None)}))
    assert source() == {"connection": {"timeout": 15}, "sender": {"name": None}}
    assert source.get_field_value(FieldInfo(), "sender") == ({"name": None}, "sender", False)


@given(st.dictionaries(st.sampled_from([key.variable for key in KEYS.values()]), st.text(max_size=30), max_size=6))
def test_no_text_makes_it_fail(environ: dict[str, str]) -> None:
    layer, problems, notices = environment_layer(environ, "/srv/here")
    assert notices == []
    assert set(layer.values) | {str(problem.key) for problem in problems} == {
        key.name for key in KEYS.values() if key.variable in environ
    }
    assert all(problem.message.isprintable() or "\n" not in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("verify.to", "use `dtsconf test --to ADDRESS`"),
        ("verify.level", "use `dtsconf test --level LEVEL`"),
        ("record", "use --record FILE"),
        ("policy.recipients", "write it in the profile"),
    ],
)
def test_what_only_a_profile_says_is_told_with_the_option_for_one_call(name: str, hint: str) -> None:
    _, (problem,), _ = command_line_layer([f"{name}=x@f.example"])
    assert problem.message == f"{name} is no setting, and --set takes settings"
    assert hint in str(problem.hint)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_variable_may_be_meant_for_none(text: str) -> None:
    """A script's own variable that isn't set: to write a value into it is one way, to have none is the other."""
    _, (problem,), _ = environment_layer({"DTS_EMAIL_SERVER__HOST": text})
    assert str(problem.hint).endswith(f"to leave it to the layers below: {to_unset('DTS_EMAIL_SERVER__HOST')}")
    _, (option,), _ = command_line_layer([f"server.host={text}"])
    assert "layers below" not in str(option.hint)
