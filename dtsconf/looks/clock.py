"""Is it the certificate's dates that are wrong, or this machine's clock?

Witnesses: the date in the server's own greeting (Exim, Exchange and Sendmail put one there), the Date of its web page
(RFC 9110 6.6.1), and this program's own files, which can't come from the future.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import portal
from dtsconf.looks.case import Outcome
from dtsconf.net.certificate import Certificate, day
from dtsconf.proof import Evidence
from dtsconf.times import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.case import Case

SLACK = 600.0
"""Seconds by which two clocks may differ without a word."""

_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| [A-Z]{3,4})?")
_BY = "timedatectl set-ntp true (Windows: w32tm /resync)"
SET = f"set this machine's clock: {_BY}, then dtsconf test again"


@frozen
class Told:
    """A time that somebody else told, in seconds since 1970, and who."""

    at: float
    by: str


def date_in(text: str) -> float | None:
    """The first date of the form of RFC 5322 3.3 in a text, in seconds since 1970."""
    from email.utils import parsedate_to_datetime

    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return parsedate_to_datetime(found.group()).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None


def look(case: Case, greeting: str = "", *, secure: bool = False) -> Callable[[], Told | None]:
    """Ask for the time: the greeting that is known already, else the Date of the host's web page (with `secure` of what
    it says under TLS, too), else our files."""
    end = case.end()

    def work() -> Told | None:
        if case.cause not in ("tls-expired", "tls-not-yet-valid"):
            return None
        at = date_in(greeting)
        if at is not None:
            return Told(at, "the server's greeting")
        at = date_in(portal.fetch(case, end).decode("ascii", "replace"))
        if at is None and secure:
            at = date_in(portal.fetch(case, case.end(), secure=True).decode("ascii", "replace"))
        if at is not None:
            return Told(at, "the host's web page")
        return _by_files()

    return work


def look_at_files(case: Case) -> Callable[[], Told | None]:
    """Ask our own files alone."""
    return lambda: _by_files() if case.cause in ("tls-expired", "tls-not-yet-valid") else None


def _by_files() -> Told | None:
    newest = os.stat(__file__).st_mtime
    return Told(newest, "this program's own file") if newest > time.time() + SLACK else None


def judge(case: Case, own: Certificate, told: Told | None, found: list[Evidence], renewed: str = "") -> Outcome:
    """The certificate against this machine's clock and what another one says. `renewed`: whom to ask for another
    certificate, where that isn't whoever runs the host."""
    now = time.time()
    span = f"valid from {day(own.not_before)} until {day(own.not_after)}"
    if told is None:
        what = "compared the certificate's dates with this machine's clock; nobody else told the time"
        means = _by_itself(own, now)
        hint = if_wrong(renewed) if renewed else None
        return Outcome((*found, Evidence(what, f"{span}; it is {day(now)} here", means)), None, hint)
    apart = told.at - now
    seen = f"{span}; it is {day(now)} here and {day(told.at)} by {told.by}"
    what = f"compared the certificate's dates, this machine's clock and {told.by}"
    if abs(apart) <= SLACK:
        means = "this machine's clock is right: it is the certificate that has to be replaced"
        hint = renewed or f"have the certificate of {case.host} renewed: this machine's clock is right"
        return Outcome((*found, Evidence(what, seen, means)), means, hint)
    means = told_apart(apart)
    if not own.not_before <= told.at <= own.not_after:
        return Outcome(
            (*found, Evidence(what, seen, means + ", and the certificate is not valid then either")), means, SET
        )
    return Outcome((*found, Evidence(what, seen, means + "; by the other clock the certificate is valid")), means, SET)


def if_wrong(renewed: str) -> str:
    """The hint where nobody but this machine told the time; `renewed`: what to do if it is right."""
    return f"if this machine's clock is wrong (it says {day(time.time())}), set it: {_BY}; else {renewed}"


def told_apart(apart: float) -> str:
    """By how much this machine's clock is wrong, as a sentence; `apart`: seconds that the right one is later."""
    return f"this machine's clock is {in_words(abs(apart))} {'behind' if apart > 0 else 'ahead'}"


def _by_itself(own: Certificate, now: float) -> str:
    if now < own.not_before:
        behind = in_words(own.not_before - now)
        return f"either the clock is {behind} behind or more, or the certificate is from the future"
    return f"it ended {in_words(now - own.not_after)} ago, unless this machine's clock is ahead"
