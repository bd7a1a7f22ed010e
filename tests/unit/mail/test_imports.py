"""What a plain send imports: the start-up budget of `test` depends on it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("asyncio", "cryptography", "email", "idna", "pydantic", "scramp", "smtplib", "ssl")


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_nothing_heavy_is_imported_for_a_plain_conversation() -> None:
    code = "import dtsconf.mail.verify, dtsconf.mail.delivery, dtsconf.mail.message"
    assert loaded_by(code) & set(HEAVY) == loaded_by("pass") & set(HEAVY)


def test_queueing_imports_nothing_that_sends() -> None:
    assert not loaded_by("import dtsconf.sending.keep, dtsconf.sending.function") & {
        "dtsconf.mail.conversation",
        "dtsconf.mail.mailer",
        "dtsconf.queue.runner",
        "dtsconf.sending.deliver",
    }


def test_what_explains_failures_waits_for_one() -> None:
    assert not loaded_by("import dtsconf.mail.verify, dtsconf.api") & {
        "dtsconf.looks",
        "dtsconf.mail.causes",
        "dtsconf.mail.evidence",
        "dtsconf.mail.faults",
        "dtsconf.mail.probe",
        "dtsconf.mail.recorded",
        "dtsconf.mail.transcript",
    }
