"""The plan for the terminal, for a comment, as data."""

from __future__ import annotations

from dataclasses import replace

from dtsconf.machine.plan import Change, Reason
from dtsconf.render import plan as render
from tests.unit.render.results import CHANGE, ESC, PLAN, raw

EMPTY = replace(PLAN, changes=())


def test_a_plan_that_changes_nothing_says_so_in_a_line() -> None:
    assert render.text(EMPTY, color=True) == "Nothing to change: this machine holds what the profile asks for.\n"


def test_the_diff_its_reason_and_the_sum() -> None:
    text = render.text(PLAN, color=False)
    assert text.splitlines()[0].startswith("~ update /etc/dts/email.json (dts): the profile differs")
    assert CHANGE.diff in text
    assert text.endswith("Plan: 1 to update.\n")


def test_every_reason_has_other_words() -> None:
    reasons: tuple[Reason, ...] = ("profile", "machine", "both", "secret")
    words = {render.text(replace(PLAN, changes=(replace(CHANGE, reason=r),)), color=False) for r in reasons}
    assert len(words) == 4
    assert set(render.REASONS) == set(reasons)


def test_what_is_to_be_adopted_is_said() -> None:
    assert "--adopt" in render.text(replace(PLAN, changes=(replace(CHANGE, adopts=True),)), color=False)


def test_values_from_the_environment_name_key_and_variable() -> None:
    text = render.environment(replace(PLAN, from_environment=("sender.email",)))
    assert text == "from the environment: sender.email (DTS_EMAIL_SENDER__EMAIL)\n"
    assert render.environment(PLAN) == ""


def test_colours_only_if_asked() -> None:
    assert "\x1b" not in render.text(PLAN, color=False)
    assert "\x1b[32m+y" in render.text(PLAN, color=True)
    assert "\x1b[31m-x" in render.text(PLAN, color=True)


def hostile() -> Change:
    return replace(CHANGE, path=f"/etc/{ESC}`|</summary><script>", diff="+```\n+````\n+x\n")


def test_hostile_paths_are_escaped() -> None:
    plan = replace(PLAN, changes=(hostile(),), left=(ESC,), unread=(ESC,))
    assert raw(render.text(plan, color=False)) == set()
    assert raw(render.markdown(replace(plan, profile=ESC))) == set()


def test_no_diff_ends_its_fence() -> None:
    text = render.markdown(replace(PLAN, changes=(hostile(),)))
    lines = text.splitlines()
    assert lines.count("`````") == 1
    assert lines.count("`````diff") == 1
    assert lines.index("`````diff") < lines.index("+````") < lines.index("`````")


def test_no_path_ends_its_cell_or_its_summary() -> None:
    text = render.markdown(replace(PLAN, changes=(hostile(),)))
    (row,) = [line for line in text.splitlines() if line.startswith("| update")]
    assert row.replace("\\|", "").count("|") == 4
    assert "<summary>/etc/" in text
    assert "<script>" not in text.split("<details>")[1]
    assert "`` " in row, "a back-tick inside needs a longer fence around"


def test_markdown_of_usual_plans() -> None:
    text = render.markdown(PLAN)
    assert text.startswith("### dtsconf: `acme-perth`\n\nPlan: 1 to update.\n")
    assert "| update | `/etc/dts/email.json` | the profile differs" in text
    assert f"```diff\n{CHANGE.diff}```\n" in text
    assert render.markdown(EMPTY) == "### dtsconf: `acme-perth`\n\nNothing to change.\n"


def test_data() -> None:
    found = render.data(PLAN)
    assert {"changes", "digest"} <= set(found)
    assert set(found["changes"][0]) >= {"target", "action", "path", "diff"}
