"""`test`: the staged report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.render import table
from dtsconf.render.call import Call
from dtsconf.render.common import hint_line, notice_data, painted

if TYPE_CHECKING:
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective


def data(verification: Verification) -> dict[str, Any]:
    """The contract's fields of `test`: those of the verification itself."""
    found: dict[str, Any] = verification.as_record()
    found.pop("ok")
    failed = verification.failure
    if failed is not None:
        problem = Problem(failed.cause or "verification", f"{failed.stage} failed: {failed.detail}", failed.hint)
        found["problems"] = [notice_data(problem)]
    return found


def text(
    verification: Verification,
    effective: Effective,
    *,
    color: bool = False,
    explain: bool = False,
    call: Call = Call(),  # noqa: B008 - frozen
    hint: str | None = None,
) -> str:
    """Every stage a row; with `explain` the evidence; then what is proven, or what failed and the next step. `call`:
    this call, whose options the next one needs too. `hint`: the failed stage's, as it was before it was told for this
    call."""
    head = f"{table.server(effective.settings)}, level {verification.level}\n"
    body = table.stages(verification, color=color)
    if explain:
        from dtsconf.render import evidence

        body += evidence.text(verification)
    if verification.ok:
        return head + body + table.proven(verification)
    from dtsconf.render import advice

    given = advice.origins(effective, None if explain else advice.ABOVE)
    return head + body + _failed(verification, color=color) + given + advice.text(hint, call, effective)


def _failed(verification: Verification, *, color: bool) -> str:
    line = hint_line(verification.failure.hint) if verification.failure else None
    cause = f"{painted('NOT PROVEN.', 'red', on=color)} {table.cause(verification)}"
    return cause + (f"{line}\n" if line else "")
