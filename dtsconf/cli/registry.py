"""The commands: name, section and one line each. A command's module is imported only when it runs.

A test holds every line against the first line of the command's own docstring.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One command. Its module is `dtsconf.cli.<module>` and its click command `<module>.command`."""

    name: str
    section: str
    summary: str
    module: str


def _entry(name: str, section: str, summary: str, module: str = "") -> Entry:
    return Entry(name, section, summary, module or name)


COMMANDS: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        _entry("demo", "Start here", "Apply against a mail server embedded in the program, in a temporary root."),
        _entry("init", "Start here", "Write a commented profile to fill in."),
        _entry("validate", "Profiles", "Check profiles: all problems of all files at once, without network."),
        _entry("show", "Profiles", "Print the effective settings."),
        _entry("explain", "Profiles", "Tell where a setting's value comes from, and what else could have won."),
        _entry("schema", "Profiles", "Print the JSON Schema of the profile or of the machine config."),
        _entry("migrate", "Profiles", "Move a profile from a password at Exchange Online to Microsoft sign-in."),
        _entry("plan", "This machine", "Show what apply would change, as a diff with secrets masked."),
        _entry("apply", "This machine", "Bring the machine to its profile, prove it by mail, or leave it as it was."),
        _entry("test", "This machine", "Test Settings: a staged report of a real test send."),
        _entry("send", "This machine", "Send a mail with this machine's settings, as you would use them."),
        _entry("queue", "This machine", "List, send and drop the mails that wait in your queue."),
        _entry("sign-in", "This machine", "Sign in with Microsoft as this user, and prove it by mail.", "sign_in"),
        _entry("sign-out", "This machine", "Forget every Microsoft token of this user.", "sign_out"),
        _entry("status", "This machine", "Tell whether the machine still holds what was last applied."),
        _entry("history", "This machine", "List the generations: who applied what, when and why."),
        _entry("rollback", "This machine", "Go back to an earlier generation, verified like any apply."),
        _entry("purge", "This machine", "Take away what dtsconf wrote on this machine and for this user."),
        _entry("secret", "This machine", "Store a secret in the keyring, and check those that a profile refers to."),
        _entry("doctor", "This machine", "Check this machine for what dtsconf needs: one line each, with the fix."),
        _entry("completion", "Shell", "Print the completion script for bash, zsh or fish."),
    )
}
