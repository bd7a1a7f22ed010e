"""A yes or no, asked on the terminal.

Not by click.confirm: a Ctrl-C that comes just before Python begins to wait for a line only ends the program after that
line. Here the wait is a short one, again and again, so that a Ctrl-C is heard whenever it comes.
"""

from __future__ import annotations

import os
import sys

import click

_HEARD = 0.2
"""Seconds within which a Ctrl-C is heard."""
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}


def confirmed(question: str) -> bool:
    """Ask on stderr until a terminal gives an answer on stdin; just Enter is no.

    Raises:
        KeyboardInterrupt: stdin ended (Ctrl-D): as by Ctrl-C, what became of the machine the engine tells then.
    """
    while True:
        click.echo(f"{question} [y/N]: ", err=True, nl=False)
        answer = _ANSWERS.get(_line().strip().lower())
        if answer is not None:
            return answer
        click.echo("please answer y or n", err=True)


def _line() -> str:
    if sys.platform == "win32":  # its select knows no console, and a Ctrl-C is no signal there
        line = sys.stdin.readline()
    else:
        import select

        while not select.select([sys.stdin], [], [], _HEARD)[0]:
            pass
        line = os.read(sys.stdin.fileno(), 1024).decode(errors="replace")  # a terminal gives a line at a time
    if not line:
        raise KeyboardInterrupt
    return line
