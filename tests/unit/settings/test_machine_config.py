"""The machine config: what is in it, the same bytes for the same input, and files that are damaged or not ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import Invalid, Place
from dtsconf.settings.machine_config import from_bytes, to_bytes
from dtsconf.settings.policy import Policy, Recipients
from dtsconf.settings.resolve import merge, recheck, resolve, with_settled
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.values import Organisation
from tests.unit.settings.layers import (
    APPLICATION,
    LOGIN,
    WORKING,
    environment,
    organisation,
    place,
    rule,
    trees,
    user,
)

PATH = "/etc/dts/email.json"
ID = "0123456789abcdef"
RULES = [
    rule("server.encryption", "one_of", ("tls", "starttls"), "Mail leaves the site network"),
    rule("server.port", "max", 600),
    rule("sender.email", "matches", "*@acme.example"),
]


def full() -> Organisation:
    one = organisation(LOGIN, locks=["login", "verify"], rules=RULES, expects=["sender.name"])
    policy = replace(one.policy, recipients=(Recipients(("*@acme.example",), place(300)),), max_size=25 << 20)
    return replace(
        one,
        policy=policy,
        verify=Verify(level="auth", pending=("sign-in", "user"), to="mailcheck@acme.example"),
        secrets=SecretsOptions(deliver="file", group="dts"),
        targets=(Target(kind="dts"), Target(kind="msmtp", path="/etc/other-msmtprc")),
        record="/var/log/dtsconf.jsonl",
    )


def written(org: Organisation | None = None) -> bytes:
    return to_bytes(resolve(org or full()), delivered={"login.password": ID})


def edited(old: str, new: str) -> bytes:
    text = written().decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def same(sound: Organisation, checked: Organisation) -> bool:
    """Whether what was taken as it stands is what checking makes of it, and its settings too."""
    assert sound.sound
    assert not checked.sound
    return replace(sound, sound=False) == checked and resolve(sound) == replace(resolve(checked), org=sound)


# Writing


def test_it_holds_every_setting_and_the_organisations_word() -> None:
    data = json.loads(written())
    assert (data["format"], data["profile"]) == (1, "acme")
    assert data["settings"]["server"] == {
        "host": "mail.acme.example",
        "port": None,
        "encryption": "starttls",
        "ca_file": None,
        "fingerprint": None,
        "allow_cleartext_login": False,
    }
    assert data["settings"]["microsoft"]["smtp"] == {"host": "smtp.office365.com", "port": 587}
    assert data["settings"]["login"]["password"] == "file:///etc/secret"
    assert data["secrets"]["delivered"] == {"login.password": ID}
    assert data["verify"]["pending"] == ["sign-in", "user"]
    assert data["targets"] == [{"kind": "dts", "path": None}, {"kind": "msmtp", "path": "/etc/other-msmtprc"}]
    assert (data["record"], data["expects"], data["given"]) == (
        "/var/log/dtsconf.jsonl",
        ["sender.name"],
        sorted(LOGIN),
    )


def test_policy_stands_there_with_reason_and_place() -> None:
    policy = json.loads(written())["policy"]
    assert policy["lock"][0] == {"key": "login", "where": {"file": "acme.yaml", "line": 101, "column": 3}}
    assert policy["rules"][0] == {
        "key": "server.encryption",
        "one_of": ["tls", "starttls"],
        "because": "Mail leaves the site network",
        "where": {"file": "acme.yaml", "line": 200, "column": 3},
    }
    assert policy["recipients"] == [
        {"patterns": ["*@acme.example"], "where": {"file": "acme.yaml", "line": 300, "column": 3}}
    ]
    assert policy["max_size"] == 25 << 20


def test_the_same_input_gives_the_same_bytes_sorted() -> None:
    data = written()
    assert data == written()
    assert data == (json.dumps(json.loads(data), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def test_the_order_of_the_profiles_lines_has_no_say() -> None:
    backwards = replace(full(), layer=replace(full().layer, values=dict(reversed([*full().layer.values.items()]))))
    assert written(backwards) == written()


def test_no_folder_time_or_number_of_a_generation_is_in_it() -> None:
    text = written().decode()
    assert "/etc/profiles" not in text
    assert "generation" not in text


def test_what_auto_came_to_is_written_with_its_port() -> None:
    effective = resolve(organisation({**WORKING, "server.encryption": "auto"}))
    data = json.loads(to_bytes(recheck(effective, with_settled(effective.settings, "starttls", 587)), delivered={}))
    assert (data["settings"]["server"]["encryption"], data["settings"]["server"]["port"]) == ("starttls", 587)


def test_what_the_environment_gave_at_apply_is_the_machines() -> None:
    effective = resolve(full(), [environment(sender__name="CI")])
    org, _ = from_bytes(to_bytes(effective, delivered={}), PATH)
    assert org.gave("sender.name")
    assert resolve(org).missing == ()


# Reading


def test_it_reads_back_as_the_organisations_word() -> None:
    org, delivered = from_bytes(written(), PATH)
    one = full()
    assert (org.name, org.layer.name, delivered) == ("acme", "machine", {"login.password": ID})
    assert (org.verify, org.secrets, org.targets, org.record) == (one.verify, one.secrets, one.targets, one.record)
    assert (org.expects, org.files, org.given) == (("sender.name",), (PATH,), frozenset(LOGIN))
    assert len(org.digest) == 64
    assert org.policy == Policy.from_json(json.loads(json.dumps(one.policy.to_json())))
    assert org.policy.rules[0].where == Place("acme.yaml", 200, 3)


def test_what_this_version_wrote_is_taken_as_it_stands() -> None:
    sound, delivered = from_bytes(written(), PATH, sound=True)
    assert same(sound, from_bytes(written(), PATH)[0])
    assert delivered == {"login.password": ID}


def test_a_layer_above_it_is_merged_in_by_the_model() -> None:
    sound, checked = (from_bytes(written(), PATH, sound=sound)[0] for sound in (True, False))
    above = [user(connection__timeout=9)]
    assert resolve(sound, above) == replace(resolve(checked, above), org=sound)
    assert resolve(sound, above).settings.connection.timeout == 9


@pytest.mark.parametrize("name", ["level", "kind", "rules", "delivered", "given"])
def test_a_name_that_was_changed_in_the_record_too_is_told_as_what_is_wrong(name: str) -> None:
    with pytest.raises(Invalid) as told:
        from_bytes(edited(f'"{name}":', f'"{name}z":'), PATH, sound=True)
    assert told.value.problems[0].kind == "machine-config"


def test_every_value_knows_its_place_in_the_file() -> None:
    data = written()
    org, _ = from_bytes(data, PATH)
    lines = data.decode().splitlines()
    for key, value in org.layer.values.items():
        assert isinstance(value.where, Place)
        line = lines[value.where.line - 1]
        assert line.strip().startswith(f'"{key.rpartition(".")[2]}": ')
        assert line[value.where.column - 1 :].rstrip(",") == json.dumps(value.raw, ensure_ascii=False)


def test_its_policy_holds_for_every_command() -> None:
    org, _ = from_bytes(written(), PATH)
    effective = resolve(org, [user(login__username="me")])
    assert [item.locked_at for item in effective.set_aside] == [Place("acme.yaml", 101, 3)]
    with pytest.raises(Invalid) as caught:
        resolve(org, [user(sender__email="me@elsewhere.example")])
    assert caught.value.code == 4
    assert "acme.yaml:200:3" in caught.value.problems[0].message


def test_a_secret_guarded_in_the_profile_is_guarded_from_the_machine_config() -> None:
    org, _ = from_bytes(written(), PATH)
    with pytest.raises(Invalid) as caught:
        resolve(org, [user(server__host="evil.example")])
    assert [problem.kind for problem in caught.value.problems] == ["secret-redirected"]
    assert resolve(org, [user(server__ca_file="/etc/dts/own.pem")]).settings.server.ca_file == "/etc/dts/own.pem"


def test_a_setting_that_an_older_dtsconf_did_not_know_is_its_default() -> None:
    data = json.loads(written())
    del data["settings"]["connection"]["proxy"]
    org, _ = from_bytes(json.dumps(data).encode(), PATH)
    assert resolve(org).origin["connection.proxy"].layer == "default"


def test_values_edited_by_hand_are_normalised() -> None:
    org, _ = from_bytes(edited('"fingerprint": null', f'"fingerprint": "{":".join(["AB"] * 32)}"'), PATH)
    assert org.layer.values["server.fingerprint"].raw == "ab" * 32


@given(trees(), st.sampled_from([WORKING, APPLICATION]))
def test_there_and_back(values: dict[str, Any], base: dict[str, Any]) -> None:
    org = replace(full(), layer=organisation({**base, **values}).layer, policy=Policy())
    try:
        effective = resolve(org)
    except Invalid:
        return
    data = to_bytes(effective, delivered={})
    back, delivered = from_bytes(data, PATH)
    assert delivered == {}
    assert same(from_bytes(data, PATH, sound=True)[0], back)
    assert to_bytes(resolve(back), delivered={}) == data
    assert {key: s.value for key, s in merge(back, ()).origin.items()} == {
        key: s.value for key, s in effective.origin.items()
    }
