"""One line of each apply and rollback for the system's own log: syslog or journald, on Windows the event log.

Never fails: a machine without a log is no reason to undo what is done. The line holds no secret and no line break.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation

LIMIT = 900
"""Characters; RFC 3164 section 4.1 bounds a whole packet to 1,024 bytes."""

EVENT_ID = 1
_INFORMATION = 4
"""EVENTLOG_INFORMATION_TYPE (winnt.h)."""


def audit_line(command: str, generation: Generation) -> str:
    """`apply: generation 4, profile acme-perth, by root (sudo of alice), proof verified at level send`."""
    parts = [f"{command}: generation {generation.number}"]
    if generation.rollback_of is not None:
        parts.append(f"back to generation {generation.rollback_of}")
    if generation.profile is not None and generation.profile.name:
        parts.append(f"profile {generation.profile.name} ({generation.profile.digest[:12]})")
    caller = f" (sudo of {generation.sudo_user})" if generation.sudo_user else ""
    parts.append(f"by {generation.user}{caller}")
    proof = generation.proof
    owed = f" ({proof.pending})" if proof.pending else ""
    parts.append("no proof" if proof.state == "none" else f"proof {proof.state}{owed} at level {proof.level}")
    if generation.trusted:
        parts.append("with --trust-profile")
    if generation.reason:
        parts.append(f"reason: {generation.reason}")
    return escape_controls(", ".join(parts))[:LIMIT]


if sys.platform == "win32":

    def write(line: str) -> None:
        """Puts the line into the Application event log (advapi32, RegisterEventSourceW and ReportEventW)."""
        import ctypes

        advapi = ctypes.WinDLL("advapi32")
        advapi.RegisterEventSourceW.restype = ctypes.c_void_p
        source = advapi.RegisterEventSourceW(None, "dtsconf")
        if not source:
            return
        texts = (ctypes.c_wchar_p * 1)(line)
        handle = ctypes.c_void_p(source)
        advapi.ReportEventW(handle, _INFORMATION, 0, EVENT_ID, None, 1, 0, texts, None)
        advapi.DeregisterEventSource(handle)

else:

    def write(line: str) -> None:
        """Hands the line to syslog(3), which journald listens to as well; nobody listening is fine."""
        try:
            import syslog
        except ImportError:
            return
        syslog.openlog("dtsconf", syslog.LOG_PID, syslog.LOG_USER)
        syslog.syslog(syslog.LOG_NOTICE, line)
        syslog.closelog()
