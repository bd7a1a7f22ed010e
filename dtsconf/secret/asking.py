"""The line to type that stores a secret in a file: it asks for it, so it lands in no argument and no history. Pure."""

from __future__ import annotations

from shlex import quote

_ASK = "printf 'secret: '; stty -echo; IFS= read -r s; stty echo; echo"


def asking_command(path: str, *, own: bool = False) -> str:
    """A line for any POSIX shell that asks for a secret and stores it in a file of root's, with `own` of the caller's:
    nothing of it is echoed, stands in an argument or in the shell's history, and no line break is stored with it."""
    root = "" if own else "sudo "
    return f'({_ASK}; printf %s "$s" | {root}install -D -m 600 /dev/stdin {quote(path)})'
