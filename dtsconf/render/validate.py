"""`validate`: problems as text, as GitHub annotations, as JUnit XML and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Notice, Place, Problem
from dtsconf.names import escape_controls
from dtsconf.render.common import notice_data, problem

if TYPE_CHECKING:
    from dtsconf.settings.validation import FileReport

Reports = Sequence["FileReport"]


def data(reports: Reports) -> dict[str, Any]:
    """All problems, and which files were fine."""
    return {
        "files": [{"file": report.path, "ok": not report.problems} for report in reports],
        "problems": [notice_data(p) for report in reports for p in report.problems],
    }


def text(reports: Reports) -> str:
    """Every problem as a compiler prints it, then the sum."""
    problems = [p for report in reports for p in report.problems]
    body = "".join(problem(p) for p in problems)
    bad = sum(bool(report.problems) for report in reports)
    if not problems:
        return f"{_count(len(reports), 'profile')} valid\n"
    return body + f"{_count(len(problems), 'problem')} in {bad} of {_count(len(reports), 'profile')}\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def github(reports: Reports) -> str:
    """Workflow commands, one a problem or warning."""
    lines = [_annotation("error", p) for report in reports for p in report.problems]
    lines += [_annotation("warning", n) for report in reports for n in report.warnings]
    return "".join(lines)


def _annotation(level: str, item: Problem | Notice) -> str:
    place = item.where
    spot = ""
    if isinstance(place, Place):
        spot = f" file={_property(place.file)},line={place.line},col={place.column}"
    message = item.message + (f" (hint: {item.hint})" if item.hint else "")
    return f"::{level}{spot}::{_escaped(message)}\n"


def _escaped(text: str) -> str:
    return escape_controls(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def junit(reports: Reports) -> str:
    """A test suite with a case a file."""
    from xml.sax.saxutils import escape, quoteattr

    cases = []
    for report in reports:
        name = quoteattr(_printable(report.path))
        failures = "".join(
            f"    <failure message={quoteattr(_printable(p.message))}>{escape(_printable(problem(p)))}</failure>\n"
            for p in report.problems
        )
        cases.append(f'  <testcase classname="dtsconf.validate" name={name}>\n{failures}  </testcase>\n')
    bad = sum(bool(report.problems) for report in reports)
    head = f'<testsuite name="dtsconf validate" tests="{len(reports)}" failures="{bad}" errors="0">\n'
    return '<?xml version="1.0" encoding="utf-8"?>\n' + head + "".join(cases) + "</testsuite>\n"


def _printable(text: str) -> str:
    """XML 1.0 has no control characters but tab and line breaks."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
