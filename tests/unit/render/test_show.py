"""`show`, `--origin`, `--screen`, `explain`, `test` and the template."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from dtsconf.errors import Invalid, Place
from dtsconf.render import common, explain as render_explain, show, template, test as render_test
from dtsconf.settings.effective import Effective, Setting
from dtsconf.settings.explain import explain
from dtsconf.settings.keys import KEYS
from dtsconf.settings.resolve import resolve
from tests.unit.render.results import ESC, FAILED, PASSED, raw
from tests.unit.settings.layers import APPLICATION, LOGIN, WORKING, command_line, environment, organisation, rule

LABELS = """Use Microsoft Authentication|Remember Me|Email Address|Client ID|Outgoing mail server (SMTP)|
Outgoing server port|Encryption|Server requires authentication|User Name/Email Address|Password|Your Name""".replace(
    "\n", ""
).split("|")


def plain() -> Effective:
    return resolve(organisation(WORKING, locks=["server.host"]), (environment(sender__name="Ann"),))


def test_a_line_a_setting() -> None:
    lines = show.text(plain(), origin=False).splitlines()
    assert len(lines) == len(KEYS)
    assert dict(line.split(maxsplit=1) for line in lines)["server.host"] == "mail.acme.example"
    assert dict(line.split(maxsplit=1) for line in lines)["server.port"] == "null"


def test_origin_names_layer_place_and_lock() -> None:
    lines = {line.split()[0]: line for line in show.text(plain(), origin=True).splitlines()}
    assert lines["server.host"].endswith(
        "profile, /etc/profiles/acme.yaml:1:3, locked at /etc/profiles/acme.yaml:101:3"
    )
    assert lines["sender.name"].endswith("environment, DTS_EMAIL_SENDER__NAME")
    assert lines["server.port"].endswith("default")


def test_a_lock_of_the_machine_config_names_the_profile() -> None:
    org = organisation(WORKING, locks=["server.host"], name="machine")
    words = f"locked at {org.policy.locks[0].where} of the profile acme"
    assert words in show.text(resolve(org, ()), origin=True)
    assert words in render_explain.text(explain("server.host", org))
    aside = resolve(org, (environment(server__host="h.example"),)).set_aside
    assert "the organisation locked it at /etc/profiles/acme.yaml:101:3 of the profile acme" in common.set_aside(
        aside[0]
    )
    with pytest.raises(Invalid, match=f"at {org.policy.locks[0].where} of the profile acme, so --set"):
        resolve(org, (command_line(server__host="h.example"),))


def test_a_list_is_shown_as_yaml_writes_it() -> None:
    assert "verify.pending = [sign-in]\n" in render_explain.text(explain("verify.pending", organisation()))


def test_the_screen_has_every_label() -> None:
    for values in (WORKING, APPLICATION):
        text = show.screen(resolve(organisation(values), ()))
        for label in LABELS:
            assert label in text, label
        assert text.count("(not used in this mode)") == 1


def test_the_screen_says_whose_address_it_is_when_nobody_has_set_one() -> None:
    given = {"mode": "microsoft", "microsoft.client_id": "11111111-2222-4333-8444-555555555555"}
    text = show.screen(resolve(organisation(given), ()))
    microsoft, _, smtp = text.partition("SMTP server")
    assert "Email Address                   (the signed-in account's own)\n" in microsoft
    assert "the signed-in account" not in smtp


def test_the_screen_shows_the_port_that_is_used_and_no_secret() -> None:
    text = show.screen(resolve(organisation(LOGIN), ()))
    assert "587" in text
    assert "file:///etc/secret" in text
    hidden = resolve(
        organisation({k: v for k, v in LOGIN.items() if k != "login.password"}),
        (environment(login__password="env://DTS_EMAIL_LOGIN__PASSWORD"),),
    )
    assert "(hidden)" in show.screen(hidden)
    assert show.data(hidden)["settings"]["login.password"]["value"] == "(hidden)"
    assert {"label": "Password", "key": "login.password", "value": "(hidden)"} in show.screen_data(hidden)


def test_data() -> None:
    found = show.data(plain())["settings"]
    assert set(found) == set(KEYS)
    assert found["server.host"] == {
        "value": "mail.acme.example", "layer": "profile", "locked": True,
        "where": {"file": "/etc/profiles/acme.yaml", "line": 1, "column": 3},
    }  # fmt: skip


@pytest.mark.parametrize("key", ["sender.name", "server.host", "login.username"])
def test_hostile_values_and_places(key: str) -> None:
    base = plain()
    effective = replace(
        base, origin={**base.origin, key: Setting(ESC, "profile", Place(ESC, 1, 1), Place(ESC, 1, 1), True)}
    )
    texts = [show.text(effective, origin=True), show.text(effective, origin=False), show.screen(effective)]
    assert [raw(text) for text in texts] == [set()] * 3


def test_explain() -> None:
    org = organisation(
        WORKING, locks=["server.encryption"], rules=[rule("server.encryption", "one_of", ("tls",), "Mail leaves")]
    )
    found = explain("server.encryption", org, [environment(server__encryption="none")])
    text = render_explain.text(found)
    assert text.splitlines()[0] == "server.encryption = starttls"
    for words in (
        "set aside",
        "wins",
        "locked at /etc/profiles/acme.yaml:101:3",
        "BROKEN",
        "Mail leaves",
        "one of: none",
    ):
        assert words in text
    assert {"key", "value", "layers", "locked_at", "rules"} <= set(render_explain.data(found))
    hostile = rule("server.host", "one_of", (ESC,), ESC)
    found = explain(
        "server.host", organisation({**WORKING, "server.host": ESC}, rules=[replace(hostile, where=Place(ESC, 1, 1))])
    )
    assert raw(render_explain.text(found)) == set()


def test_the_report_of_a_test() -> None:
    text = render_test.text(FAILED, plain())
    lines = text.splitlines()
    assert lines[0] == "mail.acme.example port 587 by default (encryption starttls), level send"
    assert lines[3].split()[:2] == ["FAIL", "auth"]
    assert lines[4].startswith("NOT PROVEN. The server refused the login")
    assert lines[-1] == "hint: check the password"
    assert "proven for dtsconf 1.2.0 as root" in render_test.text(PASSED, plain())
    assert "problems" not in render_test.data(PASSED)
    (problem,) = render_test.data(FAILED)["problems"]
    assert (problem["kind"], problem["hint"]) == ("auth-rejected", "check the password")
    hostile = replace(FAILED, stages=(replace(FAILED.stages[-1], detail=ESC, hint=ESC),))
    assert raw(render_test.text(hostile, plain())) == set()


@pytest.mark.parametrize("name", ["site", "Ä ö/..", "", 'x"\n: {', ESC, "no", "012"])
def test_the_template_is_yaml_with_a_safe_name(name: str) -> None:
    loaded = yaml.safe_load(template.profile_template(name))
    assert isinstance(loaded["name"], str)
    assert loaded["name"].isprintable()
    assert loaded["settings"]["server"]["host"] is None
    assert "#:" not in template.profile_template(name)
