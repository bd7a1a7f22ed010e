"""The doctor: what this machine lacks for dtsconf to do its work, one line each, with what to type.

    examine    everything about this machine, its settings and the server they name
    selftest   whether renames, locks, modes and syncs of a temporary folder do what dtsconf relies on
    bundle     the findings as a zip for support, without a secret

Rules: a check never raises, it fails; it shows no secret's value and sends no credentials, and changes nothing on the
machine. Only says what can be known from here: no time server is asked, no other host than the configured one.
"""

from __future__ import annotations

from dtsconf.doctor.bundle import write_bundle
from dtsconf.doctor.check import Check
from dtsconf.doctor.examine import examine
from dtsconf.doctor.trials import selftest

__all__ = ["Check", "examine", "selftest", "write_bundle"]
