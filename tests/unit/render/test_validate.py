"""`validate` in its formats, with texts that try to break them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from dtsconf.errors import Notice, Place, Problem
from dtsconf.render import validate as render
from dtsconf.settings.validation import FileReport
from tests.unit.render.results import ESC, raw

GOOD = FileReport("good.yaml", (), ())
BAD = FileReport(
    "sites/bad.yaml",
    (Problem("value", "100% wrong", "write 50%", Place("sites/bad.yaml", 7, 11), "server.port"),),
    (Notice("odd", "unusual", None, Place("sites/bad.yaml", 8, 1)),),
)
EVIL = f"a,b:c%d\r\n::error::x]]>&<>\"'{ESC}\udcff\ufffe"
HOSTILE = FileReport(
    EVIL, (Problem("x", EVIL, EVIL, Place(EVIL, 1, 1), EVIL, EVIL),), (Notice("x", EVIL, EVIL, Place(EVIL, 1, 1)),)
)


def test_text() -> None:
    assert render.text([GOOD]) == "1 profile valid\n"
    assert render.text([GOOD, GOOD]) == "2 profiles valid\n"
    assert render.text([GOOD, BAD]) == (
        "sites/bad.yaml:7:11: 100% wrong\nhint: write 50%\n1 problem in 1 of 2 profiles\n"
    )


def test_github() -> None:
    assert render.github([GOOD, BAD]) == (
        "::error file=sites/bad.yaml,line=7,col=11::100%25 wrong (hint: write 50%25)\n"
        "::warning file=sites/bad.yaml,line=8,col=1::unusual\n"
    )


def test_github_holds_hostile_texts_in_one_line_each() -> None:
    text = render.github([HOSTILE])
    lines = text.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]
    properties = lines[0].removeprefix("::error ").split("::")[0]
    assert len(properties.split(",")) == 3
    assert "%0D%0A" in lines[0]
    assert raw(text) == set()


@pytest.mark.parametrize("reports", [[], [GOOD], [GOOD, BAD], [HOSTILE]])
def test_junit_is_well_formed(reports: list[FileReport]) -> None:
    root = ET.fromstring(render.junit(reports).encode("utf-8"))
    assert root.tag == "testsuite"
    assert root.get("tests") == str(len(reports))
    assert root.get("failures") == str(sum(bool(r.problems) for r in reports))
    assert len(root.findall("testcase")) == len(reports)
    assert len(root.findall("testcase/failure")) == sum(len(r.problems) for r in reports)


def test_junit_tells_the_whole_problem() -> None:
    failure = ET.fromstring(render.junit([BAD])).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "100% wrong"
    assert failure.text == "sites/bad.yaml:7:11: 100% wrong\nhint: write 50%\n"


def test_every_character_makes_good_xml() -> None:
    every = "".join(map(chr, [*range(0x300), *range(0xD7F0, 0xE010), *range(0xFFF0, 0x10010), 0x10FFFF]))
    report = FileReport(every, (Problem("x", every, every, Place(every, 1, 1)),), ())
    ET.fromstring(render.junit([report]).encode("utf-8"))


def test_hostile_texts_stay_off_the_terminal() -> None:
    assert raw(render.text([HOSTILE])) == raw(render.junit([HOSTILE])) == set()


def test_data() -> None:
    found = render.data([GOOD, BAD])
    assert found["files"] == [{"file": "good.yaml", "ok": True}, {"file": "sites/bad.yaml", "ok": False}]
    assert found["problems"][0]["where"] == {"file": "sites/bad.yaml", "line": 7, "column": 11, "key": "server.port"}
