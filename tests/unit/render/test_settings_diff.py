"""A change of the machine config, setting by setting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dtsconf.machine.diff import Texts
from dtsconf.machine.plan import Change, Plan
from dtsconf.render import plan as render
from dtsconf.render.settings_diff import settings_diff
from dtsconf.settings.machine_config import to_bytes
from tests.unit.machine.world import effective
from tests.unit.render.results import ESC, PLAN, raw

PATH = "/etc/dts/email.json"
DIFF = f"--- {PATH}\n+++ {PATH}\n@@ -1 +1 @@\n-x\n+y\n"


def config(**changed: Any) -> str:
    """A machine config's text, with other `settings`."""
    content = json.loads(to_bytes(effective(), delivered={}))
    for key, value in changed.items():
        group, name = key.split("__")
        content["settings"][group][name] = value
    return json.dumps(content)


def change(before: str | None, after: str | None) -> Change:
    return Change("dts", "update", PATH, DIFF, "profile", texts=Texts(before, after))


def test_old_and_new_stand_under_each_other_and_nothing_else() -> None:
    text = settings_diff(PATH, config(), config(server__host="new.acme.example"))
    host = json.loads(config())["settings"]["server"]["host"]
    assert text == f"--- {PATH}\n+++ {PATH}\n-server.host: {host}\n+server.host: new.acme.example\n"


def test_a_first_apply_is_compared_with_the_defaults() -> None:
    text = settings_diff(PATH, None, config(server__port=2525))
    assert text.startswith(f"--- built-in defaults\n+++ {PATH}\n")
    assert "-server.port: null\n+server.port: 2525\n" in text
    assert "connection.timeout" not in text, "nobody set it"
    gone = settings_diff(PATH, config(server__port=2525), None)
    assert "-server.port: 2525\n+server.port: null\n" in gone


@pytest.mark.parametrize("before", ["{", "[]", "{}", '{"settings": 1}', "[" * 100_000])
def test_what_is_no_machine_config_is_shown_as_it_is(before: str) -> None:
    assert settings_diff(PATH, before, config()) == ""


def test_a_change_that_no_setting_shows_is_shown_as_it_is() -> None:
    other = json.dumps(json.loads(config()) | {"given": ["server.port"]})
    assert settings_diff(PATH, config(), other) == ""


def test_hostile_keys_and_values_are_escaped() -> None:
    other = json.dumps(json.loads(config(sender__name=ESC)) | {ESC: [ESC, {ESC: ESC, "b": 1}]})
    assert raw(settings_diff(PATH, other, config())) == set()


def test_the_plan_shows_settings_and_with_verbose_the_file_itself() -> None:
    plan = Plan((change(config(), config(server__port=2525)),), "d" * 64, "acme", 1)
    text = render.text(plan, color=False)
    assert "+server.port: 2525\n" in text
    assert "+y" not in text
    assert DIFF in render.text(plan, color=False, verbose=True)
    assert DIFF in render.markdown(plan)


def test_paths_are_those_that_the_reader_can_open() -> None:
    plan = Plan((change(None, None), change(config(), config(server__port=1))), "d" * 64, "acme", 1, left=(PATH,))
    text = render.text(plan, color=False, root="/tmp/try")
    assert text.count("--- /tmp/try/etc/dts/email.json\n+++ /tmp/try/etc/dts/email.json\n") == 2
    assert "somebody changed it: /tmp/try/etc/dts/email.json" in text
    assert render.data(plan)["changes"][0]["path"] == PATH, "data keep the machine's own paths"
    assert PLAN.changes[0].path not in render.text(PLAN, color=False, root="/r").replace("/r/etc", "")


def test_recipients_of_one_file_are_one_list_and_of_two_files_both() -> None:
    def policy(*lists: list[str]) -> str:
        content = json.loads(config())
        content["policy"]["recipients"] = [{"patterns": one, "where": None} for one in lists]
        return json.dumps(content)

    text = settings_diff(PATH, policy(["*@acme.example"]), policy(["*@acme.example"], ["a@x.example", "b@x.example"]))
    assert "-policy.recipients: [*@acme.example]\n" in text
    assert "+policy.recipients: [*@acme.example] and [a@x.example, b@x.example]\n" in text
