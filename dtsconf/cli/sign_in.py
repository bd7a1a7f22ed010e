"""`dtsconf sign-in`."""

from __future__ import annotations

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("sign-in", common=("profile", "set", "root", "json", "quiet", "verbose", "strict"))
def command(run: Run) -> Outcome:
    """Sign in with Microsoft as this user, and prove it by mail.

    Asks in the way that microsoft.flow says: the system's account manager (broker), a browser on this machine, or a
    code to enter on any device; auto takes the first of these that is there. Then makes the profile's verification as
    you. What is kept afterwards: with microsoft.remember_me the sign-in, encrypted with a key in your keyring; without
    it, only until you log out.

    Needs a terminal. Exit 6 when the sign-in or the verification fails, 9 when the mail server can't be reached.
    """
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress
    from dtsconf.render import sign_in as render
    from dtsconf.wiring.signing_in import sign_in

    with Progress(quiet=run.quiet or run.json) as progress, asking(progress) as person:
        done = sign_in(run.inputs(), person=person, progress=progress)
    verification, call = done.verification, run.call(sets=True)
    if verification is not None and not verification.ok:
        from dataclasses import replace

        from dtsconf.render import advice

        verification = advice.mended(verification, call, done.effective)
        done = replace(done, verification=verification)
    code = 0 if verification is None or verification.ok else 6 if verification.reached else 9
    return Outcome(render.data(done), render.text(done, call), code, done.warnings, done.effective.set_aside)
