"""`dtsconf sign-out`."""

from __future__ import annotations

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("sign-out", common=("root", "json", "quiet"))
def command(run: Run) -> Outcome:
    """Forget every Microsoft token of this user.

    Takes away what is kept on disk, what the login session holds, and the keys in the keyring, whatever profile they
    belong to. Reads no settings, so it works with a damaged profile, too. The account stays signed in at Microsoft's
    own pages and in the system's account manager.
    """
    from dtsconf.render import sign_in as render
    from dtsconf.wiring.signing_in import sign_out

    accounts = sign_out(run.inputs())
    return Outcome({"accounts": list(accounts)}, render.signed_out(accounts), short="")
