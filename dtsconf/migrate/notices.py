"""What goes on quietly in a migration and should be known: warnings about the new profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.errors import Notice
from dtsconf.settings.effective import quoted

if TYPE_CHECKING:
    from dtsconf.migrate.goal import Goal
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.profile import Profile


def notices(old: Profile, goal: Goal, effective: Effective) -> Iterator[Notice]:
    """The new settings' own warnings, and what a migration changes besides the way to sign in."""
    yield from effective.warnings
    if goal.targets is not None:
        message = "the msmtp target goes: msmtp can't sign in to Microsoft, so what sends through it would fail"
        yield Notice("msmtp", message, "let scripts and macros use dtsconf send")
    account, sender = old.layer.values.get("login.username"), effective.settings.sender.email or ""
    application = effective.settings.microsoft.flow == "application"
    if application and account and str(account.raw).casefold() != sender.casefold():
        message = (
            f"login.username was {quoted('login.username', account.raw)}; the application signs in as the mailbox of "
            f"sender.email, {quoted('sender.email', sender)}"
        )
        yield Notice(
            "mailbox", message, "give the application its right on that one, or set sender.email", account.where
        )
    if not application and "sign-in" not in old.verify.pending:
        message = (
            "verify.pending leaves sign-in out: an apply by root will fail (exit 6), since it can't sign in for users"
        )
        yield Notice("pending", message, "add sign-in to verify.pending, or use microsoft.flow: application")
