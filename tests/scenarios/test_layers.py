"""Layers: which value wins, where each comes from, and what each layer may not do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.scenarios.harness import Machine, login


def shown(machine: Machine, *args: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`show --json`: its settings."""
    return dict(machine.run("show", "--json", *args, env=env).ok().json["settings"])


def test_defaults_are_those_of_the_contract(machine: Machine) -> None:
    settings = shown(machine, "--profile", machine.profile(settings={"sender": {"name": None}}))
    expected = {
        "mode": "smtp",
        "sender.name": None,
        "server.encryption": "none",
        "server.ca_file": None,
        "server.fingerprint": None,
        "server.allow_cleartext_login": False,
        "login.required": False,
        "login.username": None,
        "login.password": None,
        "login.mechanism": "auto",
        "microsoft.client_id": None,
        "microsoft.remember_me": False,
        "microsoft.tenant": "organizations",
        "microsoft.authority": "https://login.microsoftonline.com",
        "microsoft.flow": "auto",
        "microsoft.client_secret": None,
        "microsoft.certificate": None,
        "microsoft.client_assertion": None,
        "microsoft.token_cache": "encrypted",
        "microsoft.via": "smtp",
        "microsoft.smtp.host": "smtp.office365.com",
        "microsoft.smtp.port": 587,
        "connection.timeout": 15,
        "connection.min_tls": "1.2",
        "connection.proxy": "system",
    }
    assert {key: settings[key]["value"] for key in expected} == expected
    assert set(settings) == set(expected) | {"sender.email", "server.host", "server.port"}
    assert settings["server.encryption"] == {**settings["server.encryption"], "layer": "default", "where": None}
    assert all(set(entry) >= {"value", "layer", "where", "locked"} for entry in settings.values())


def test_every_layer_beats_the_one_below(machine: Machine) -> None:
    profile = machine.profile()
    user = machine.write("user.yaml", "sender:\n  name: User\n")
    steps: list[tuple[list[str], dict[str, str], str, str]] = [
        ([], {}, "Perth Lab", "profile"),
        ([], {"DTS_EMAIL_SENDER__NAME": "Environment"}, "Environment", "environment"),
        ([], {"DTS_EMAIL_SENDER__NAME": "Environment", "DTSCONF_USER_FILE": str(user)}, "User", "user"),
        (
            ["--set", "sender.name=Line"],
            {"DTS_EMAIL_SENDER__NAME": "Environment", "DTSCONF_USER_FILE": str(user)},
            "Line",
            "command line",
        ),
    ]
    for args, env, value, layer in steps:
        entry = shown(machine, "--profile", profile, *args, env=env)["sender.name"]
        assert (entry["value"], entry["layer"]) == (value, layer)


def test_places_of_values(machine: Machine) -> None:
    profile = machine.write(
        "site.yaml",
        "dtsconf: 1\nname: x\nsettings:\n  sender: {email: a@b.example}\n  server:\n    host: h.example\n    port: 2525\n",
    )
    user = machine.write("user.yaml", "# mine\nsender:\n  name: User\n")
    settings = shown(
        machine,
        "--profile",
        str(profile),
        "--set",
        "connection.timeout=5",
        env={"DTSCONF_USER_FILE": str(user), "DTS_EMAIL_SERVER__ENCRYPTION": "starttls"},
    )
    host, name = settings["server.host"]["where"], settings["sender.name"]["where"]
    assert (host["file"].rsplit("/", 1)[-1], host["line"], host["column"]) == ("site.yaml", 6, 11)
    assert settings["server.port"]["where"]["line"] == 7
    assert settings["sender.email"]["where"] == {**settings["sender.email"]["where"], "line": 4, "column": 19}
    assert (name["file"].rsplit("/", 1)[-1], name["line"], name["column"]) == ("user.yaml", 3, 9)
    assert settings["server.encryption"]["where"] == {"variable": "DTS_EMAIL_SERVER__ENCRYPTION"}
    assert "server.encryption" in shown(machine, "--profile", str(profile))
    assert set(settings["connection.timeout"]["where"]) - {"key"} == {"option"}


def test_origin_is_shown_as_text(machine: Machine) -> None:
    profile = machine.profile()
    text = machine.run("show", "--origin", "--profile", profile, env={"DTS_EMAIL_SENDER__NAME": "N"}).ok().stdout
    assert "site.yaml:" in text
    assert "DTS_EMAIL_SENDER__NAME" in text
    plain = machine.run("show", "--profile", profile).ok().stdout
    assert "site.yaml:" not in plain


def test_places_through_extends_anchors_and_merge_keys(machine: Machine) -> None:
    machine.write(
        "org.yaml",
        "dtsconf: 1\nname: org\nsettings:\n  sender: {email: a@b.example}\n  server:\n    host: org.example\n    port: 25\n",
    )
    child = machine.write(
        "sites/perth.yaml",
        "dtsconf: 1\n"
        "name: perth\n"
        "extends: ../org.yaml\n"
        "settings:\n"
        "  sender: &who\n"
        "    name: Perth\n"
        "  server: &plain {port: 2526}\n"
        "  login:\n"
        "    <<: {mechanism: plain, username: lab}\n"
        "    username: own\n",
    )
    settings = shown(machine, "--profile", str(child))
    places = {
        key: (entry["where"]["file"].rsplit("/", 1)[-1], entry["where"]["line"])
        for key, entry in settings.items()
        if entry["where"]
    }
    assert places["server.host"] == ("org.yaml", 6)
    assert places["server.port"] == ("perth.yaml", 7)
    assert places["sender.email"] == ("org.yaml", 4)
    assert places["login.mechanism"] == ("perth.yaml", 9)
    assert places["login.username"] == ("perth.yaml", 10)
    assert settings["login.username"]["value"] == "own"
    assert settings["login.mechanism"]["value"] == "plain"


def test_aliases_carry_values(machine: Machine) -> None:
    profile = machine.write(
        "site.yaml",
        "dtsconf: 1\nname: x\nsettings:\n  sender: {email: &mail a@b.example}\n"
        "  server: {host: h.example}\n  login: {username: *mail}\n",
    )
    assert shown(machine, "--profile", str(profile))["login.username"]["value"] == "a@b.example"


def test_without_profile_the_layer_is_the_machine(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    entry = shown(machine)["server.host"]
    assert entry["layer"] == "machine"
    assert entry["where"]["file"].endswith("email.json")
    lines = machine.config.read_text().splitlines()
    assert "relay.acme.example" in lines[entry["where"]["line"] - 1]


def test_without_profile_and_machine_config(machine: Machine) -> None:
    result = machine.run("show")
    assert result.code in {3, 7}, result
    assert "--profile" in result.text


VALUES = [
    ("SENDER__NAME", "no", "sender.name", "no"),
    ("SENDER__NAME", "012", "sender.name", "012"),
    ("SENDER__NAME", "1:30", "sender.name", "1:30"),
    ("SENDER__NAME", "2026-01-01", "sender.name", "2026-01-01"),
    ("SENDER__NAME", "[a", "sender.name", "[a"),
    ("SENDER__NAME", "# x", "sender.name", "# x"),
    ("SENDER__NAME", "", "sender.name", ""),
    ("SENDER__NAME", "null", "sender.name", None),
    ("SERVER__PORT", "2525", "server.port", 2525),
    ("SERVER__PORT", "null", "server.port", None),
    ("LOGIN__MECHANISM", "plain", "login.mechanism", "plain"),
    ("MICROSOFT__REMEMBER_ME", "true", "microsoft.remember_me", True),
    ("CONNECTION__TIMEOUT", "20", "connection.timeout", 20),
    ("CONNECTION__MIN_TLS", "1.3", "connection.min_tls", "1.3"),
    ("SERVER__ENCRYPTION", "null", "server.encryption", "none"),
    ("MICROSOFT__SMTP__PORT", "26", "microsoft.smtp.port", 26),
]


@pytest.mark.parametrize("layer", ["environment", "command line"])
def test_texts_are_read_by_the_settings_type(machine: Machine, layer: str) -> None:
    profile = machine.profile()
    groups: list[list[tuple[str, str, str, Any]]] = []
    for row in VALUES:
        group = next((one for one in groups if row[2] not in {other[2] for other in one}), None)
        if group is None:
            groups.append(group := [])
        group.append(row)
    for group in groups:
        env = {f"DTS_EMAIL_{name}": text for name, text, _, _ in group} if layer == "environment" else {}
        sets = [] if env else [word for _, text, key, _ in group for word in ("--set", f"{key}={text}")]
        settings = shown(machine, "--profile", profile, *sets, env=env)
        for _, text, key, value in group:
            assert settings[key]["value"] == value, (key, text)
            assert settings[key]["layer"] == layer, (key, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SERVER__PORT", "smtp"),
        ("SERVER__PORT", "0"),
        ("SERVER__PORT", "65536"),
        ("SERVER__PORT", ""),
        ("SERVER__PORT", "[25]"),
        ("LOGIN__REQUIRED", "maybe"),
        ("SERVER__ENCRYPTION", "ssl"),
        ("SENDER__EMAIL", "nobody"),
        ("SERVER__HOST", "smtp://h.example"),
        ("SERVER__HOST", "h.example:25"),
        ("SENDER__NAME", "a\r\nBcc: x@y.example"),
    ],
)
def test_a_bad_variable_is_exit_3_naming_it(machine: Machine, name: str, text: str) -> None:
    variable = f"DTS_EMAIL_{name}"
    result = machine.run("show", "--json", "--profile", machine.profile(), env={variable: text}).fails(3)
    assert {"variable": variable} in [
        {key: value for key, value in (problem["where"] or {}).items() if key != "key"} for problem in result.problems
    ]


def test_an_unknown_variable_is_a_warning_without_its_value(machine: Machine) -> None:
    machine.secrets.append("pear-tree-9")
    env = {"DTS_EMAIL_SERVER__HOSTT": "pear-tree-9", "DTS_EMAIL_LOGIN__PASWORD": "pear-tree-9"}
    profile = machine.profile()
    result = machine.run("show", "--json", "--profile", profile, env=env).ok()
    texts = json.dumps(result.warnings)
    assert "DTS_EMAIL_SERVER__HOST" in texts
    assert "DTS_EMAIL_LOGIN__PASSWORD" in texts
    assert len(result.warnings) == 2
    machine.run("show", "--strict", "--profile", profile, env=env).fails(3)
    machine.run("show", "--profile", profile, env={**env, "DTSCONF_STRICT": "1"}).fails(3)
    assert machine.run("show", "--profile", profile, env=env).ok().stderr.count("warning") >= 2


def test_a_user_file_that_is_not_there_is_an_empty_layer(machine: Machine) -> None:
    shown(machine, "--profile", machine.profile(), env={"DTSCONF_USER_FILE": str(machine.work / "nope.yaml")})


def test_the_user_file_has_its_place_in_the_home(machine: Machine) -> None:
    user = machine.home / ".config/dts/email.yaml"
    user.parent.mkdir(parents=True)
    user.write_text("sender: {name: At Home}\n")
    entry = shown(machine, "--profile", machine.profile())["sender.name"]
    assert (entry["value"], entry["layer"]) == ("At Home", "user")


def test_an_empty_user_file_is_an_empty_layer(machine: Machine) -> None:
    for text in ("", "# nothing\n", "{}\n"):
        user = machine.write("user.yaml", text)
        shown(machine, "--profile", machine.profile(), env={"DTSCONF_USER_FILE": str(user)})


@pytest.mark.parametrize(
    "text", ["dtsconf: 1\nname: x\n", "settings: {sender: {name: X}}\n", "- 1\n", "sender: null\n"]
)
def test_the_user_file_is_the_bare_tree(machine: Machine, text: str) -> None:
    user = machine.write("user.yaml", text)
    result = machine.run("show", "--profile", machine.profile(), env={"DTSCONF_USER_FILE": str(user)}).fails(3)
    assert "user.yaml:1" in result.text


@pytest.mark.parametrize("text", ["server: null", "server:", "login: []", "microsoft: {smtp: null}", "sender: x"])
def test_a_mapping_cannot_be_null_nor_something_else(machine: Machine, text: str) -> None:
    machine.write("site.yaml", f"dtsconf: 1\nname: x\nexpects: [sender.email, server.host]\nsettings:\n  {text}\n")
    machine.run("validate", "site.yaml").fails(3)


def test_null_resets_to_the_default_and_empty_is_a_value(machine: Machine) -> None:
    machine.write(
        "org.yaml",
        "dtsconf: 1\nname: org\nsettings: {sender: {name: Org, email: a@b.example}, server: {host: h.example, port: 26}}\n",
    )
    machine.write(
        "child.yaml", 'dtsconf: 1\nname: c\nextends: org.yaml\nsettings: {sender: {name: ""}, server: {port: null}}\n'
    )
    settings = shown(machine, "--profile", "child.yaml")
    assert settings["sender.name"]["value"] == ""
    assert settings["server.port"]["value"] is None
    assert settings["server.host"]["value"] == "h.example"


@pytest.mark.parametrize(
    ("written", "nearest"), [("server.hots", "server.host"), ("servr.host", "server"), ("hst", "host")]
)
def test_an_unknown_key_in_set_has_the_nearest_as_hint(machine: Machine, written: str, nearest: str) -> None:
    result = machine.run("show", "--json", "--profile", machine.profile(), "--set", f"{written}=x")
    assert result.code in {2, 3}, result
    assert nearest in json.dumps(result.problems)


def test_unknown_keys_in_profile_and_user_file_have_the_nearest_as_hint(machine: Machine) -> None:
    machine.write("site.yaml", "dtsconf: 1\nname: x\nsetings: {}\nsettings: {server: {hots: h.example}}\n")
    result = machine.run("validate", "--json", "site.yaml").fails(3)
    texts = " ".join(f"{problem['message']} {problem['hint']}" for problem in result.problems)
    assert "settings" in texts
    assert "host" in texts
    user = machine.write("user.yaml", "server: {prot: 25}\n")
    failed = machine.run("show", "--json", "--profile", machine.profile(), env={"DTSCONF_USER_FILE": str(user)}).fails(
        3
    )
    assert "port" in json.dumps(failed.problems)


def test_set_needs_a_key_and_a_value(machine: Machine) -> None:
    for text in ("server.port", "=5", "server=5", ""):
        result = machine.run("show", "--profile", machine.profile(), "--set", text)
        assert result.code in {2, 3}, result


def test_the_last_set_wins(machine: Machine) -> None:
    entry = shown(machine, "--profile", machine.profile(), "--set", "server.port=1", "--set", "server.port=2")
    assert entry["server.port"]["value"] == 2


def test_set_takes_values_with_equal_signs(machine: Machine) -> None:
    entry = shown(machine, "--profile", machine.profile(), "--set", "sender.name=a=b=c")
    assert entry["sender.name"]["value"] == "a=b=c"


# A secret goes only where its own layer says.

GUARDED = [
    ("SERVER__HOST", "other.example"),
    ("SERVER__PORT", "2526"),
    ("SERVER__ENCRYPTION", "tls"),
    ("SERVER__CA_FILE", "/etc/ssl/other.pem"),
    ("SERVER__FINGERPRINT", "ab" * 32),
    ("CONNECTION__MIN_TLS", "1.2"),
    ("LOGIN__USERNAME", "other"),
    ("MICROSOFT__AUTHORITY", "https://login.other.example"),
    ("MICROSOFT__TENANT", "common"),
    ("MICROSOFT__CLIENT_ID", "99999999-2222-3333-4444-555555555555"),
]


def guarded_profile(machine: Machine) -> str:
    settings = login("env://SMTP_PASSWORD", ca_file="/etc/ssl/own.pem", fingerprint="cd" * 32)
    settings["connection"] = {"min_tls": "1.3"}
    settings["microsoft"] = {
        "client_id": "11111111-2222-3333-4444-555555555555",
        "tenant": "acme.example",
        "authority": "https://login.acme.example",
        "client_secret": "env://CLIENT_SECRET",
        "flow": "application",
    }
    return machine.profile(settings=settings)


@pytest.mark.parametrize(("name", "text"), GUARDED)
def test_environment_cannot_take_the_organisations_secret_elsewhere(machine: Machine, name: str, text: str) -> None:
    profile = guarded_profile(machine)
    mode = {"DTS_EMAIL_MODE": "microsoft"} if name.startswith("MICROSOFT") else {}
    result = machine.run("show", "--json", "--profile", profile, env={f"DTS_EMAIL_{name}": text, **mode}).fails(4)
    assert f"DTS_EMAIL_{name}" in json.dumps(result.problems)


def test_the_user_file_cannot_take_the_organisations_secret_elsewhere(machine: Machine) -> None:
    user = machine.write("user.yaml", "server:\n  host: other.example\n")
    env = {"DTSCONF_USER_FILE": str(user)}
    result = machine.run("show", "--profile", guarded_profile(machine), env=env).fails(4)
    assert "user.yaml:2:9" in result.text


def test_a_layer_may_go_elsewhere_with_a_secret_of_its_own(machine: Machine) -> None:
    env = {"DTS_EMAIL_SERVER__HOST": "other.example", "DTS_EMAIL_LOGIN__PASSWORD": "env://OTHER"}
    settings = shown(machine, "--profile", guarded_profile(machine), env=env)
    assert settings["server.host"]["value"] == "other.example"
    user = machine.write("user.yaml", "server: {host: other.example}\nlogin: {password: 'env://OTHER'}\n")
    shown(machine, "--profile", guarded_profile(machine), env={"DTSCONF_USER_FILE": str(user)})


def test_a_lower_layers_secret_does_not_serve_the_user(machine: Machine) -> None:
    """The environment gives the secret, the user's file another host: that is not the secret's own layer."""
    user = machine.write("user.yaml", "server: {host: other.example}\n")
    env = {"DTSCONF_USER_FILE": str(user), "DTS_EMAIL_LOGIN__PASSWORD": "env://OTHER"}
    machine.run("show", "--profile", guarded_profile(machine), env=env).fails(4)


def test_set_is_free_to_go_elsewhere(machine: Machine) -> None:
    settings = shown(machine, "--profile", guarded_profile(machine), "--set", "server.host=other.example")
    assert settings["server.host"]["value"] == "other.example"


def test_expected_keys_are_free(machine: Machine) -> None:
    profile = machine.profile(settings=login("env://P"), expects=["login.username", "server.host"])
    env = {"DTS_EMAIL_LOGIN__USERNAME": "me", "DTS_EMAIL_SERVER__HOST": "other.example"}
    settings = shown(machine, "--profile", profile, env=env)
    assert settings["login.username"]["value"] == "me"


def test_keys_that_the_organisation_did_not_set_are_free(machine: Machine) -> None:
    profile = machine.profile(settings=login("env://P"))
    shown(machine, "--profile", profile, env={"DTS_EMAIL_CONNECTION__MIN_TLS": "1.3"})


def test_the_same_value_again_is_no_change(machine: Machine) -> None:
    profile = machine.profile(settings=login("env://P"))
    shown(machine, "--profile", profile, env={"DTS_EMAIL_SERVER__HOST": "relay.acme.example"})


def test_without_a_login_hosts_are_free(machine: Machine) -> None:
    shown(machine, "--profile", machine.profile(), env={"DTS_EMAIL_SERVER__HOST": "other.example"})


def test_the_machine_configs_secret_is_guarded_too(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")))).ok()
    machine.run("show", env={"DTS_EMAIL_SERVER__HOST": "other.example"}).fails(4)
    user = machine.write("user.yaml", "server: {port: 99}\n")
    machine.run("show", env={"DTSCONF_USER_FILE": str(user)}).fails(4)
    machine.run("test", env={"DTSCONF_USER_FILE": str(user)}).fails(4)


@pytest.mark.parametrize("layer", ["environment", "user", "command line"])
def test_cleartext_login_is_the_organisations_word_only(machine: Machine, layer: str) -> None:
    profile = machine.profile(settings=login("env://P"))
    user = machine.write("user.yaml", "server: {allow_cleartext_login: true}\n")
    env = {
        "environment": {"DTS_EMAIL_SERVER__ALLOW_CLEARTEXT_LOGIN": "true"},
        "user": {"DTSCONF_USER_FILE": str(user)},
        "command line": {},
    }[layer]
    sets = ["--set", "server.allow_cleartext_login=true"] if layer == "command line" else []
    machine.run("show", "--profile", profile, *sets, env=env).fails(4)


# explain


def test_explain_tells_every_layer_the_winner_and_the_meaning(machine: Machine) -> None:
    profile = machine.profile(
        policy={"rules": [{"key": "server.port", "min": 25, "because": "Mail leaves the site network"}]}
    )
    user = machine.write("user.yaml", "server: {port: 2527}\n")
    env = {"DTSCONF_USER_FILE": str(user), "DTS_EMAIL_SERVER__PORT": "2526"}
    body = machine.run("explain", "server.port", "--json", "--profile", profile, env=env).ok().json
    assert body["key"] == "server.port"
    assert body["value"] == 2527
    values = {entry["layer"]: entry["value"] for entry in body["layers"]}
    assert values["profile"] == 2525
    assert values["environment"] == 2526
    assert values["user"] == 2527
    assert "default" in values
    assert [entry["layer"] for entry in body["layers"] if entry["layer"] in values] == sorted(
        values, key=["default", "profile", "machine", "environment", "user", "command line"].index
    )
    assert all(set(entry) >= {"layer", "value", "where", "state"} for entry in body["layers"])
    assert len({entry["state"] for entry in body["layers"]}) > 1
    assert body["locked_at"] is None
    assert len(body["rules"]) == 1
    text = machine.run("explain", "server.port", "--profile", profile, env=env).ok().stdout
    for word in ("2525", "2526", "2527", "Mail leaves the site network", "DTS_EMAIL_SERVER__PORT", "user.yaml"):
        assert word in text, word
    assert "port" in text.lower()


def test_explain_tells_the_lock(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["server"]})
    env = {"DTS_EMAIL_SERVER__PORT": "2526"}
    body = machine.run("explain", "server.port", "--json", "--profile", profile, env=env).ok().json
    assert body["value"] == 2525
    assert body["locked_at"]["file"].endswith("site.yaml")
    states = {entry["layer"]: entry["state"] for entry in body["layers"]}
    assert states["environment"] != states["profile"]


def test_explain_of_an_unknown_key_names_the_nearest(machine: Machine) -> None:
    result = machine.run("explain", "server.prot", "--profile", machine.profile())
    assert result.code in {2, 3}, result
    assert "server.port" in result.text


def test_explain_needs_no_valid_rest(machine: Machine) -> None:
    machine.run("explain", "sender.name", "--profile", machine.profile()).ok()


def test_screen_shows_the_labels_in_their_order(machine: Machine) -> None:
    profile = machine.profile(settings=login("env://P"))
    text = machine.run("show", "--screen", "--profile", profile).ok().stdout
    labels = [
        "Use Microsoft Authentication",
        "Outgoing mail server (SMTP)",
        "Outgoing server port",
        "Encryption",
        "Server requires authentication",
        "User Name/Email Address",
        "Password",
        "Your Name",
        "Email Address",
    ]
    places = [text.index(label) for label in labels[:-1]]
    assert places == sorted(places)
    assert text.rindex("Email Address") > places[-1]
    assert "TLS (StartTLS)" in text
    assert "relay.acme.example" in text
    assert "2525" in text


def test_screen_shows_the_port_that_null_means(machine: Machine) -> None:
    profile = machine.profile(settings={"server": {"port": None, "encryption": "tls"}})
    text = machine.run("show", "--screen", "--profile", profile).ok().stdout
    assert "465" in text
    assert "TLS (Implicit)" in text


def test_screen_of_microsoft_mode(machine: Machine) -> None:
    settings = {"mode": "microsoft", "microsoft": {"client_id": "11111111-2222-3333-4444-555555555555"}}
    text = machine.run("show", "--screen", "--profile", machine.profile(settings=settings)).ok().stdout
    for label in ("Use Microsoft Authentication", "Remember Me", "Email Address", "Client ID"):
        assert label in text
    assert "11111111-2222-3333-4444-555555555555" in text
