"""A program at a terminal of its own, and somebody who answers its questions. Knows no program."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping, Sequence

from tests.real.posix import at_terminal

_THINKING = 0.3
"""Seconds before an answer is typed: a program may show its question before it stops echoing."""


def converse(
    command: Sequence[str], environ: Mapping[str, str], answers: Mapping[str, str], patience: float = 120
) -> tuple[int, str]:
    """Runs the command and types `answers[question]` and Return whenever the last of what was shown is that question.
    Its exit code, and all that the terminal showed.

    Raises:
        TimeoutError: it had not ended after `patience` seconds; its terminal is gone, so that it ends.
    """
    pid, terminal = at_terminal(list(command), dict(environ))
    shown, told, deadline = b"", 0, time.monotonic() + patience
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(terminal, 4096)
            except OSError:  # Linux's way to say that nobody holds the other end any more
                data = b""
            if not data:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")
            shown += data
            answer = _answer(shown[told:], answers)
            if answer is not None:
                told = len(shown)
                time.sleep(_THINKING)
                os.write(terminal, answer.encode() + b"\n")
    finally:
        os.close(terminal)
    os.waitpid(pid, 0)
    raise TimeoutError(shown.decode(errors="replace"))


def _answer(shown: bytes, answers: Mapping[str, str]) -> str | None:
    tail = shown.decode(errors="replace").rstrip()
    return next((answer for question, answer in answers.items() if tail.endswith(question)), None)
