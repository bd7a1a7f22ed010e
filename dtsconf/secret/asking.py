"""The line to type that stores a secret in a file: one line is asked for, so it lands in no argument and no history; a
PEM text is piped. Pure."""

from __future__ import annotations

import sys
from shlex import quote

BOTH = "cat APP.crt APP.key"
ASK = "printf 'secret: '; stty -echo; IFS= read -r s; stty echo; echo"


def asking_command(path: str, *, own: bool = False) -> str:
    """A line for any POSIX shell that asks for a secret and stores it in a file of root's, with `own` of the caller's:
    nothing of it is echoed, stands in an argument or in the shell's history, and no line break is stored with it."""
    return asked_into(_install(path, own=own))


def asked_into(command: str) -> str:
    """A line for any POSIX shell that asks for a secret, as `asking_command`, and pipes it into a command."""
    return f'({ASK}; printf %s "$s" | {command})'


def kept_in_vault(path: str, field: str, verb: str = "patch", *, pem: bool = False) -> str:
    """As `asking_command`, for a field in Vault. `verb`: `put` where the path holds nothing yet; `pem`: as
    `piping_command`."""
    command = f"vault kv {verb} {quote(path)} {quote(f'{field}=-')}"
    if pem:
        return f"{BOTH} | {command}"
    shell = sys.platform != "win32"
    return asked_into(command) if shell else command


def piping_command(path: str, *, own: bool = False) -> str:
    """As `asking_command`, for certificate and key, which nobody can type: `APP.crt` and `APP.key` are their PEM
    files."""
    return f"{BOTH} | {_install(path, own=own)}"


def _install(path: str, *, own: bool) -> str:
    return f"{'' if own else 'sudo '}install -D -m 600 /dev/stdin {quote(path)}"
