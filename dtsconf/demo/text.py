"""The story as text, and as the JSON object of `--json`. Computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.demo.place import MACHINE

if TYPE_CHECKING:
    from dtsconf.demo.story import Step, Told


HEAD, TAIL = 14, 6
"""Lines of a long output that are shown; the JSON has all of it."""


def as_text(told: Told) -> str:
    """All of it, for a person."""
    parts = [_opening(told), *(_step(step) for step in told.steps), _ending(told)]
    return "\n".join(parts)


def as_data(told: Told) -> dict[str, Any]:
    """`steps` and what stands around them; a step's claims as `checks: [{what, ok}]`."""
    steps = [
        {
            "step": step.number,
            "title": step.title,
            "before": step.before or None,
            "command": step.command,
            "exit_code": step.exit_code,
            "output": step.output,
            "seen": step.seen or None,
            "ok": step.ok,
            "checks": [{"what": claim.what, "ok": claim.ok} for claim in step.claims],
        }
        for step in told.steps
    ]
    return {"server": told.server, "profile": told.profile, "steps": steps, "seconds": told.seconds, "next": told.next}


def _opening(told: Told) -> str:
    return (
        f"All of this happens in {told.folder}, which is gone at the end; {MACHINE}/ there stands for a\n"
        f"machine. A mail server in this program listens on {told.server}: STARTTLS, a login, a certificate made\n"
        "just now and trusted through SSL_CERT_FILE. Nothing leaves this computer.\n\n"
        f"site.yaml, the organisation's profile:\n\n{_indented(told.profile, '    ')}\n"
    )


def _step(step: Step) -> str:
    lines = [f"{step.number}. {step.title}", ""]
    if step.before:
        lines += [f"   {step.before}", ""]
    lines += [f"   $ {step.command}", _indented(_shortened(step.output), "   "), ""]
    if step.seen:
        lines += [_indented(step.seen, "   | "), ""]
    mark = {True: "ok  ", False: "NOT "}
    lines += [f"   {mark[claim.ok]} {claim.what}" for claim in step.claims]
    return "\n".join(lines) + "\n"


def _ending(told: Told) -> str:
    if told.ok:
        return f"That was all, in {told.seconds:.1f} s. Next, a profile of your own:\n\n   $ {told.next}\n"
    last = told.steps[-1]
    return f"Step {last.number} did not go as it should; the story ends here."


def _shortened(output: str) -> str:
    lines = output.splitlines()
    left = len(lines) - HEAD - TAIL
    if left < TAIL:
        return output
    return "\n".join([*lines[:HEAD], f"[{left} more lines here; dtsconf demo --json has them all]", *lines[-TAIL:]])


def _indented(text: str, by: str) -> str:
    return "\n".join((by + line).rstrip() for line in text.rstrip().splitlines())
