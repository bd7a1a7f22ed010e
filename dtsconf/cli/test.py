"""`dtsconf test`: the Test Settings button."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, record_option
from dtsconf.errors import DtsconfError, UsageProblem
from dtsconf.names import escape_controls
from dtsconf.proof import LEVELS, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.api import Checked
    from dtsconf.files.staging import Staging
    from dtsconf.render.call import Call


@make(
    "test",
    click.option("--level", type=click.Choice(LEVELS[1:]), help="How far to go; default: the profile's verify.level."),
    record_option,
    click.option("--to", metavar="ADDRESS", help="Who gets the test mail; default: verify.to, else the sender."),
    click.option("--explain", is_flag=True, help="Show the evidence: what was looked at, seen, and what it means."),
    click.option("--transcript", metavar="FILE", help="Write the dialogue to FILE, secrets masked, for a ticket."),
    click.option("--probe", is_flag=True, help="Try other ports and encryptions, without login and mail; no test."),
    common=("profile", "set", "root", "json", "quiet", "verbose", "strict", "no-color"),
)
def command(
    run: Run,
    *,
    level: Level | None,
    to: str | None,
    record: str | None,
    explain: bool,
    transcript: str | None,
    probe: bool,
) -> Outcome:
    """Test Settings: a staged report of a real test send.

    Tests the machine's settings as you would use them, or with --profile the profile's. Changes nothing on the
    machine; where an apply left no proof, yours goes into your own state, for status. connect goes as far as
    TLS, auth signs in, envelope names sender and recipient, send delivers a test mail.

    A failure ends in one cause, the evidence for it and the next step. --probe looks which ports and encryptions of
    the server work, and prints the --set options for them: exit 0 when one does.

    Exit 6 when the server refuses, 9 when it can't be reached.
    """
    if probe:
        if level or to or transcript:
            raise UsageProblem("--probe sends no mail and logs in nowhere", "leave --level, --to and --transcript out")
        return _probe(run)
    from dtsconf.cli.records import failures_recorded

    run.reach = [*(("--level", level) if level else ()), *(("--to", to) if to else ())]
    with failures_recorded(run, lambda _error: record), _prepared(transcript) as paper:
        checked = _check(run, level, to, paper)
    return _outcome(run, checked, record, run.call(sets=True), explain=explain)


def _check(run: Run, level: Level | None, to: str | None, paper: Staging | None) -> Checked:
    """The test itself; its dialogue goes to `paper`, whatever comes of it."""
    from dtsconf import api
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress

    with Progress(quiet=run.quiet or run.json) as progress, asking(progress) as person:
        if paper is None:
            return api.check_of(run.inputs(), level=level, to=to, person=person, progress=progress)
        from dtsconf.mail.transcript import Transcript
        from dtsconf.render import transcript as render

        dialogue = Transcript()
        checked = api.check_of(run.inputs(), level=level, to=to, person=person, progress=progress, transcript=dialogue)
    paper.write(render.text(dialogue.lines(), checked.verification, checked.effective).encode())
    paper.commit()
    return checked


@contextmanager
def _prepared(path: str | None) -> Iterator[Staging | None]:
    """The file of a transcript, made ready before anything is sent. Raises DtsconfError: it can't be written."""
    if path is None:
        yield None
        return
    import os

    from dtsconf.files.staging import Staging
    from dtsconf.machine.failure import failure

    if not path or (os.path.lexists(path) and not os.path.isfile(path)):
        words = (
            f"can't write {escape_controls(path) or 'a file without a name'}: it is no regular file; nothing was sent"
        )
        raise DtsconfError(words, "name one to write the dialogue to, such as --transcript ticket.txt")
    try:
        staging = Staging(path)
    except OSError as error:
        error.filename = path
        raise failure(error, tail="; nothing was sent", place=path) from error
    with staging:
        try:
            yield staging
        except OSError as error:
            raise failure(error, place=path) from error


def _outcome(run: Run, checked: Checked, record: str | None, call: Call, *, explain: bool) -> Outcome:
    from dtsconf.cli.records import append
    from dtsconf.render import test as render

    verification = checked.verification
    failed, hint = verification.failure, None
    if failed is not None:
        from dtsconf import wiring
        from dtsconf.render import advice, astray

        recorded = wiring.as_applied(run.inputs(), checked.effective.org)
        verification = advice.mended(verification, call, checked.effective, recorded)
        hint = None if astray.is_by_hand(failed.stage, checked.effective, recorded, failed.cause) else failed.hint
    if explain and verification.ok:
        from dtsconf.mail.evidence import explained

        verification = explained(verification)
    code = 0 if verification.ok else 6 if verification.reached else 9
    environment = list(checked.effective.from_environment)
    kept = {"verification": verification.as_record(), "from_environment": environment}
    told = append(run, record or checked.effective.org.record, code, kept)
    return Outcome(
        render.data(verification),
        render.text(verification, checked.effective, color=run.color(), explain=explain, call=call, hint=hint),
        code,
        (*checked.warnings, *told),
        checked.effective.set_aside,
    )


def _probe(run: Run) -> Outcome:
    from dtsconf import diagnosis
    from dtsconf.cli.progress import Progress
    from dtsconf.render import probe as render

    with Progress(quiet=run.quiet or run.json) as progress:
        probed = diagnosis.probe_of(run.inputs(), progress)
    found = probed.survey
    code = 0 if found.choice.fit else 6 if found.reached else 9
    text = render.text(found, color=run.color(), call=run.call(sets=True), effective=probed.effective)
    return Outcome(render.data(found), text, code, probed.warnings, probed.effective.set_aside)
