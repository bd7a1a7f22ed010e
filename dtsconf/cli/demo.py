"""`dtsconf demo`."""

from __future__ import annotations

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run
from dtsconf.cli.progress import Progress
from dtsconf.errors import DtsconfError


@make("demo", common=("json", "quiet"))
def command(run: Run) -> Outcome:
    """Apply against a mail server embedded in the program, in a temporary root.

    Six steps: plan, apply with the mail as it arrived, nothing to change, a user's value against a lock, a wrong
    password, rollback. Every command shown is really run; needs no root and no network, and leaves nothing behind.
    Exit 1 when a step comes out otherwise than told.
    """
    from dtsconf.demo import tell
    from dtsconf.demo.text import as_data, as_text

    with Progress(quiet=run.quiet) as progress:
        try:
            told = tell(progress)
        except OSError as error:
            message = f"the demo needs a temporary folder: {error.filename or ''} {error.strerror or error}"
            raise DtsconfError(message, "point TMPDIR to a folder with some free space") from None
    return Outcome(as_data(told), as_text(told), 0 if told.ok else 1)
