"""A mail that was queued under other settings, held to the policy in force."""

from __future__ import annotations

from dtsconf.sending.recheck import unfit
from dtsconf.settings.resolve import resolve
from tests.unit.settings.layers import organisation


def test_a_locked_sender_in_other_capitals_is_the_same_mailbox() -> None:
    effective = resolve(organisation(locks=["sender.email"]))
    assert unfit(effective, "DTS@ACME.example", 100) is None
    assert "locked sender.email to dts@acme.example" in str(unfit(effective, "lab@acme.example", 100))
