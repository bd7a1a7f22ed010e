"""Whether the clock can be right, from what is known here: nothing that exists was made in the future. Asks nobody; a
server certificate that is not valid yet shows in its own check, and whoever was asked for something else and told the
time is a witness, too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from dtsconf.doctor.check import Check, Subject
from dtsconf.times import in_words

SLACK = 120.0
"""Seconds that file systems and machines may disagree by without a word."""

_FIX = "set the clock (timedatectl set-ntp true), then look again: certificates and mails carry dates"


def clock(subject: Subject) -> Iterator[Check]:
    """The present against the newest time stamp on this machine that must lie in the past."""
    name, newest = max(_past(subject), key=lambda entry: entry[1])
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(subject.now))
    if newest > subject.now + SLACK:
        ahead = in_words(newest - subject.now)
        yield Check("clock", "fail", f"it is {shown} by this machine's clock, yet {name} is {ahead} younger", _FIX)
    else:
        yield Check("clock", "ok", f"{shown}; no file here contradicts it")


def contradicted(apart: float, by: str) -> Check:
    """That somebody else, whose clock is `apart` seconds ahead of ours, said what time it is."""
    from dtsconf.looks.clock import told_apart

    return Check("clock", "fail", f"{told_apart(apart)} by what {by} says", _FIX)


def _past(subject: Subject) -> Iterator[tuple[str, float]]:
    """Things that happened, with seconds since the epoch."""
    from dtsconf.machine import generations
    from dtsconf.times import parse_time

    yield "dtsconf's own program file", os.stat(__file__).st_mtime
    for path in (subject.layout.config, subject.layout.state):
        real = subject.shown(path)
        if os.path.exists(real):
            yield real, os.stat(real).st_mtime
    last = generations.current(subject.system, subject.layout)
    if last is not None:
        yield f"the apply of generation #{last.number}", parse_time(last.time)
