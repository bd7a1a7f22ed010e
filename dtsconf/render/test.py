"""`test`: the staged report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.render import table
from dtsconf.render.common import hint_line, notice_data, painted

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    words: Sequence[str] = (),
) -> str:
    """Every stage a row; with `explain` the evidence; then what is proven, or what failed and the next step. `words`:
    this call's options, which the next one needs too."""
    head = f"{table.server(effective.settings)}, level {verification.level}\n"
    body = table.stages(verification, color=color)
    if explain:
        from dtsconf.render import evidence

        body += evidence.text(verification)
    if verification.ok:
        return head + body + table.proven(verification)
    return head + body + _failed(verification, words, color=color)


def _failed(verification: Verification, words: Sequence[str], *, color: bool) -> str:
    from dtsconf.render import advice

    hint = verification.failure.hint if verification.failure else None
    line = hint_line(hint)
    cause = f"{painted('NOT PROVEN.', 'red', on=color)} {table.cause(verification)}"
    return cause + (f"{line}\n" if line else "") + advice.text(hint, words)
