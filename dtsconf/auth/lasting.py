"""What has to be done before a run that nobody can be asked in: sign in, and so that the sign-in is still there then.

Asked where a run has failed already: looks for a keyring, which takes a moment, and opens none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from dtsconf.auth.request import Wanted

SIGN_IN = "sign in first, as this user: dtsconf sign-in"
_NO_MEMORY = (
    "this login session has no memory that ends with it (XDG_RUNTIME_DIR)"
    if sys.platform == "linux"
    else "this system has no memory that ends when you log out"
)
_FALSE_AGAIN = "a command for which it is still false takes it away again"
_OTHER = (
    "microsoft.remember_me is false, so the sign-in that was kept while it was true {fate} (--set counts for its own "
    "command alone); for one that lasts, {lines}, then sign in: dtsconf sign-in"
)
_IN_A_FILE = (
    "a sign-in is kept in a file, which counts for a command with --set microsoft.token_cache=file alone; for good: "
    "write microsoft.token_cache: file into the profile and apply that"
)


def before(wanted: Wanted, environ: Mapping[str, str], *, other: bool = False) -> str:
    """The hint where nobody is signed in. `other`: a sign-in was there before this run, kept by other settings."""
    fate = ("is not used" if wanted.tried else "has just been taken away") if other else None
    first = unkept(wanted.cache, environ, fate) if not wanted.kept else _kept(wanted, environ, other=other)
    if wanted.idle is None:
        return first
    return f"{wanted.idle} is given, and an application alone uses it: --set microsoft.flow=application; else {first}"


def unkept(cache: str, environ: Mapping[str, str], fate: str | None = None) -> str:
    """The hint where a sign-in ends with the command that made it, so that to sign in first would help nobody. `cache`
    is microsoft.token_cache: where no keyring is, tokens are kept in a file or not at all. `fate`: what became of a
    sign-in that other settings kept."""
    from dtsconf.auth.sealing import no_keyring

    missing = no_keyring(environ) if cache == "encrypted" else None
    wanted = {"microsoft.remember_me": "true", **({"microsoft.token_cache": "file"} if missing else {})}
    if fate:
        pairs = " and ".join(f"{key}: {value}" for key, value in wanted.items())
        return _OTHER.format(fate=fate, lines=f"write {pairs} into the profile and apply that")
    options = " ".join(f"--set {key}={value}" for key, value in wanted.items())
    why = f"microsoft.remember_me is false, and {_NO_MEMORY}, so a sign-in ends with its command here"
    where = f"; a file keeps it, since {missing.message}" if missing else ""
    return f"{why}; keep it: {options}, then sign in: dtsconf sign-in{where}; {_FALSE_AGAIN}"


def _kept(wanted: Wanted, environ: Mapping[str, str], *, other: bool) -> str:
    """To sign in first, and what that takes here."""
    from dtsconf.auth.sealing import no_keyring, without_keyring

    sealed = wanted.remember and wanted.cache == "encrypted"
    if not sealed or (missing := no_keyring(environ)) is None:
        return SIGN_IN
    if other:
        return _IN_A_FILE
    return f"{SIGN_IN}; it can't be kept encrypted here, for {missing.message}: {without_keyring(missing.hint)}"
