"""`dtsconf secret set` and `dtsconf secret check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dtsconf.cli.command import command as make, family
from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import UsageProblem

if TYPE_CHECKING:
    from dtsconf.secret.ref import Reference
    from dtsconf.secret.value import Secret

LONGEST = 1 << 20
"""Bytes that are read from stdin: no secret is longer."""

_ELSEWHERE = {
    "env": "set {rest} in the environment of dtsconf",
    "systemd": "put it into the unit: LoadCredential={rest}:/etc/dts/secrets/{rest}",
    "vault": "write it there with `vault kv put` or `bao kv put`",
}


@make("set", click.argument("reference"), common=("json", "quiet"))
def set_command(run: Run, reference: str) -> Outcome:
    """Store a secret in the keyring: keyring://SERVICE/USER.

    Asks for it twice at a terminal, else reads it from stdin; it is never an argument. A line break at the end of stdin
    is not part of it. It goes into the keyring of the user who runs this, and replaces what is there under that name.
    """
    from dtsconf.secret.keyring import KeyringBackend
    from dtsconf.secret.limits import no_core_dumps

    meant = _meant(reference)
    no_core_dumps()
    store = KeyringBackend(run.inputs().environ, [])
    store.store()  # before anybody types: without one there is nothing to ask for
    secret, noted = _read(meant)
    store.keep(meant, secret)
    data = {"reference": str(meant), **store.facts(meant)}
    text = f"stored {meant} in {data['whose']}'s keyring ({data['store']})\n"
    return Outcome(data, text, notes=noted, short="")


def _meant(text: str) -> Reference:
    from dtsconf.secret.plugins import schemes_for
    from dtsconf.secret.ref import NotAReference, parse

    usual = "write it as keyring://SERVICE/USER"
    try:
        reference = parse(text, schemes_for(text))
    except NotAReference as wrong:  # the text may be the secret itself, so it is not repeated
        raise UsageProblem(f"{wrong}; nothing was stored", wrong.hint or usual) from None
    if reference.scheme != "keyring":
        words = _elsewhere(reference)
        message = f"dtsconf stores secrets in a keyring only, not under {reference.scheme}://"
        raise UsageProblem(message, f"{words}; or {usual}")
    return reference


def _elsewhere(reference: Reference) -> str:
    """What stores a secret where this command doesn't."""
    if reference.scheme == "file":
        from dtsconf.secret.storing import path_of, writing

        return writing(path_of(reference))
    return _ELSEWHERE.get(reference.scheme, "store it with that program's own command").format(rest=reference.rest)


def _read(meant: Reference) -> tuple[Secret, str]:
    """The secret, and what is to be said about how it was read."""
    from dtsconf.errors import SecretUnavailable
    from dtsconf.secret.value import Secret

    text, noted = _asked() if sys.stdin is not None and sys.stdin.isatty() else _piped()
    if not text:
        from shlex import quote

        hint = f"type it at a terminal, or give it on stdin: `dtsconf secret set {quote(str(meant))} < FILE`"
        raise SecretUnavailable("the secret is empty; nothing was stored", hint)
    return Secret(text), noted


def _asked() -> tuple[str, str]:
    text: str = click.prompt(
        "Secret", hide_input=True, confirmation_prompt=True, err=True, default="", show_default=False
    )
    return text, ""


def _piped() -> tuple[str, str]:
    from dtsconf.errors import SecretUnavailable

    data = sys.stdin.buffer.read(LONGEST + 1) if sys.stdin is not None else b""
    if len(data) > LONGEST:
        raise SecretUnavailable(f"stdin holds more than {LONGEST} bytes; nothing was stored", "give the secret alone")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise SecretUnavailable("stdin is not UTF-8 text; nothing was stored", "give the secret as UTF-8") from None
    bare = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    return bare, "the line break at the end was not taken as part of the secret\n" if bare != text else ""


@make("check", common=("profile", "set", "root", "json", "verbose", "strict", "no-color"))
def check_command(run: Run) -> Outcome:
    """Try every secret that a profile refers to.

    Says which can be had and which can't. All are tried, whether in use or not, and no value is shown. Without
    --profile, those of the machine config and of your own settings. Exit 5 when one can't be had.
    """
    from dtsconf.render import secret as render
    from dtsconf.wiring.references import check_secrets_of

    checked = check_secrets_of(run.inputs())
    codes = {one.problem.code for one in checked.tried if one.problem}
    code = 5 if 5 in codes else max(codes, default=0)
    effective = checked.effective
    return Outcome(
        render.data(checked.tried),
        render.text(checked.tried, color=run.color()),
        code,
        checked.warnings,
        effective.set_aside,
    )


command = family(
    "secret",
    "Store a secret in the keyring, and check those that a profile refers to.",
    set_command,
    check_command,
)
