"""Problems, warnings and the JSON envelope."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtsconf.cli.common import Outcome
from dtsconf.errors import DtsconfError, Notice, Option, Place, Problem, Variable, Where
from dtsconf.render import common, failure
from dtsconf.settings.values import SetAside
from tests.unit.render.results import ESC, raw

ASIDE = SetAside("server.host", "environment", Variable("DTS_EMAIL_SERVER__HOST"), Place("org.yaml", 3, 9))


@pytest.mark.parametrize(
    ("where", "data"),
    [
        (None, None),
        (Place("a.yaml", 1, 2), {"file": "a.yaml", "line": 1, "column": 2}),
        (Variable("DTS_EMAIL_X"), {"variable": "DTS_EMAIL_X"}),
        (Option("--set x"), {"option": "--set x"}),
    ],
)
def test_where(where: Where | None, data: dict[str, object] | None) -> None:
    assert common.where_data(where) == data
    assert common.where_data(where, "server.host") == (None if data is None else {**data, "key": "server.host"})


def test_the_envelope() -> None:
    outcome = Outcome({"x": 1}, "text", 7, [Notice("kind", "words", "hint")], [ASIDE])
    assert json.loads(common.envelope("status", outcome)) == {
        "format": 1,
        "command": "status",
        "ok": False,
        "exit_code": 7,
        "warnings": [{"kind": "kind", "message": "words", "hint": "hint", "where": None, "key": None}],
        "set_aside": [
            {
                "key": "server.host",
                "layer": "environment",
                "where": {"variable": "DTS_EMAIL_SERVER__HOST"},
                "locked_at": {"file": "org.yaml", "line": 3, "column": 9},
            }
        ],
        "x": 1,
    }


@pytest.mark.parametrize("text", [ESC, "\udcff", "\x7f", "東京 🔑", "\u2028", "\ufeff"])
def test_json_holds_any_text_and_nothing_raw(text: str) -> None:
    dumped = common.dump({text: [text]})
    assert json.loads(dumped) == {text: [text]}
    assert raw(dumped) == set()
    dumped.encode("utf-8")


def test_readable_letters_stay_readable_in_json() -> None:
    assert "Zürich 東京 🔑" in common.dump({"x": "Zürich 東京 🔑"})


def test_a_problem_as_a_compiler_prints_it() -> None:
    item = Problem("choice", "'ssl' is none", "use tls", Place("site.yaml", 7, 11), "k", "  enc: ssl\n       ^")
    assert common.problem(item) == "site.yaml:7:11: 'ssl' is none\n  enc: ssl\n       ^\nhint: use tls\n"


def test_a_set_aside_value_names_both_places() -> None:
    text = common.aside(Outcome({}, "", set_aside=[ASIDE]), quiet=True)
    assert (
        text
        == "warning: DTS_EMAIL_SERVER__HOST: server.host is set aside: the organisation locked it at org.yaml:3:9\n"
    )


def test_nothing_hostile_gets_through() -> None:
    item = Problem("x", ESC, ESC, Place(ESC, 1, 1), ESC, ESC)
    texts = [
        common.problem(item),
        common.notice(Notice("x", ESC, ESC, Place(ESC, 1, 1))),
        common.set_aside(SetAside("k", "user", Place(ESC, 1, 1), Place(ESC, 1, 1))),
        failure.text(DtsconfError(ESC, ESC)),
        failure.text(DtsconfError("x", None, (item,))),
        failure.envelope("x", DtsconfError(ESC, ESC, (item,))),
    ]
    assert [raw(text) for text in texts] == [set()] * len(texts)


def test_one_hostile_field_is_one_line() -> None:
    assert common.notice(Notice("x", "a\nhint: rm -rf /")).count("\n") == 1


def test_failures_import_no_engine(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom dtsconf.errors import DtsconfError\nfrom dtsconf.render import failure\n"
        "failure.text(DtsconfError('x')); failure.envelope('x', DtsconfError('x'))\n"
        "print([m for m in sys.modules if m.startswith('dtsconf.machine') or m == 'pydantic'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_a_hint_in_the_json_shows_control_characters_escaped() -> None:
    given = Notice("odd", "x", "write https://\x1b[31mvault\x00")
    assert common.notice_data(given)["hint"] == r"write https://\x1b[31mvault\0"
