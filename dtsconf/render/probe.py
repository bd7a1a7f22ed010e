"""`test --probe`: every way that was tried, and the options that choose one that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.mail.evidence.ways import settings_for, to_set
from dtsconf.names import escape_controls
from dtsconf.render import advice
from dtsconf.render.call import Call
from dtsconf.render.common import hint_line, notice_data, painted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.ways import Survey, Way
    from dtsconf.mail.route import Smtp
    from dtsconf.settings.effective import Effective

LONGEST = 300
"""Characters of a row."""

_NOTHING = "check server.host, and whether this network lets mail out at all: dtsconf test --explain"
_NO_TLS_HINT = (
    "none of them takes a login over an encrypted session: ask the server's administrator for its submission port, or"
    " --set login.required=false where it trusts this network"
)


def data(survey: Survey) -> dict[str, Any]:
    """`probed`: the ways; `proposals`: those that work, with the settings that choose them."""
    found: dict[str, Any] = {
        "host": survey.route.host,
        "probed": [
            {name: getattr(way, name) for name in ("port", "encryption", "ok", "stage", "cause", "detail", "ms")}
            for way in survey.ways
        ],
        "proposals": [
            {"port": way.port, "encryption": way.encryption, "set": list(settings_for(way, survey.route))}
            for way in survey.proposals
        ],
    }
    if not survey.proposals:
        message = f"no port of {survey.route.host} that was tried would do"
        found["problems"] = [notice_data(Problem("probe", message, _hint(survey)))]
    return found


def text(
    survey: Survey,
    *,
    color: bool = False,
    call: Call = Call(),  # noqa: B008 - frozen
    effective: Effective | None = None,
) -> str:
    """A row a way, then what to type; `call` holds the options of this call, for the next one."""
    head = f"{escape_controls(survey.route.host)}, every port without login and without mail:\n"
    body = "".join(_rows([way for way in survey.ways if way.port == port]) for port in _ports(survey))
    if not survey.proposals:
        nothing = painted("NOTHING WORKS.", "red", on=color)
        return f"{head}{body}{nothing} {_summary(survey)}\n{hint_line(advice.told(_hint(survey), call, effective))}\n"
    lines = [f"  {to_set(way, survey.route)}{_remark(way, survey.route)}\n" for way in survey.proposals]
    return f"{head}{body}what works, the best first:\n{''.join(lines)}{_next(survey, call, effective)}\n"


def _ports(survey: Survey) -> list[int]:
    return sorted({way.port for way in survey.ways})


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
    first = survey.proposals[0]
    if (first.port, first.encryption) == (survey.route.port, survey.route.encryption):
        return call.completed("the settings reach the server; what fails then, if anything: dtsconf test --explain")
    hint = to_set(first, survey.route)
    edit = advice.told(hint, call, effective)
    return (f"{hint_line(edit)}\n" if edit != hint else "") + advice.text(hint, call, effective).rstrip("\n")


def _summary(survey: Survey) -> str:
    if not any(way.listens for way in survey.ways):
        return "No port answers at all: the host is down, or a firewall keeps them all."
    if not survey.reached:
        return "What answers, refuses: no mail server runs there, or a firewall rejects."
    if any(way.ok for way in survey.ways):
        return "A mail server answers, but offers no login that is encrypted."
    return "Something answers, but no mail server that would do."


def _hint(survey: Survey) -> str:
    return _NO_TLS_HINT if any(way.ok for way in survey.ways) else _NOTHING
