"""`test --probe`: every way that was tried, and the options that choose one that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.mail.evidence.choice import settings_for, to_set
from dtsconf.names import escape_controls
from dtsconf.render import advice
from dtsconf.render.call import Call
from dtsconf.render.common import hint_line, notice_data, painted, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.choice import Survey
    from dtsconf.mail.evidence.ways import Way
    from dtsconf.mail.route import Smtp
    from dtsconf.settings.effective import Effective

LONGEST = 600
"""Characters of a row."""


def data(survey: Survey) -> dict[str, Any]:
    """`probed`: the ways; `proposals`: those that work, with the settings that choose them."""
    route, choice = survey.route, survey.choice
    found: dict[str, Any] = {
        "host": route.host,
        "probed": [
            {name: getattr(way, name) for name in ("port", "encryption", "ok", "stage", "cause", "detail", "ms")}
            for way in survey.ways
        ],
        "proposals": [
            {"port": way.port, "encryption": way.encryption, "set": list(settings_for(way, route))}
            for way in choice.fit
        ],
    }
    if not choice.fit:
        message = f"no port of {route.host} that was tried would do: {choice.found}"
        found["problems"] = [notice_data(Problem("probe", message, choice.hint))]
    return found


def text(
    survey: Survey,
    *,
    color: bool = False,
    call: Call = Call(),  # noqa: B008 - frozen
    effective: Effective | None = None,
) -> str:
    """A row a way, then what to type; `call` holds the options of this call, for the next one."""
    route, choice = survey.route, survey.choice
    head = f"{escape_controls(route.host)}, every port without login and without mail:\n"
    ports = dict.fromkeys(way.port for way in survey.ways)
    body = "".join(_rows([way for way in survey.ways if way.port == port]) for port in ports)
    if not choice.fit:
        nothing = painted("NOTHING WORKS.", "red", on=color)
        told = hint_line(advice.told(choice.hint, call, effective))
        proposed = advice.text(choice.hint, call, effective)
        return f"{head}{body}{nothing} {sentence(choice.found)}\n{told}\n{proposed}"
    lines = [f"  {to_set(way, route)}{_remark(way, route)}\n" for way in choice.fit]
    return f"{head}{body}what works, the best first:\n{''.join(lines)}{_next(survey, call, effective)}\n"


def _rows(ways: Sequence[Way]) -> str:
    """The rows of one port: a single one where not even a connection came about."""
    if not any(way.connects for way in ways):
        return _row(ways[0], "")
    return "".join(_row(way, way.encryption) for way in ways)


def _row(way: Way, encryption: str) -> str:
    mark = "ok  " if way.ok else "no  "
    said = way.detail if way.ok else f"{way.cause} at {way.stage}: {way.detail}"
    return f"  {mark} port {way.port:<5} {encryption:<9}{escape_controls(said)}"[:LONGEST].rstrip() + "\n"


def _remark(way: Way, route: Smtp) -> str:
    if (way.port, way.encryption) == (route.port, route.encryption):
        return "   (as it is set now)"
    return "   (in clear: only where the network is trusted)" if way.encryption == "none" else ""


def _next(survey: Survey, call: Call, effective: Effective | None) -> str:
    first, route = survey.choice.fit[0], survey.route
    if (first.port, first.encryption) == (route.port, route.encryption):
        return call.completed("the settings reach the server; what fails then, if anything: dtsconf test --explain")
    hint = to_set(first, route)
    edit = advice.told(hint, call, effective)
    return (f"{hint_line(edit)}\n" if edit != hint else "") + advice.text(hint, call, effective).rstrip("\n")
