"""The commands that hints name, as a reader of this call has to type them: for the same profile and the same root."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTINGS = ("--profile", "--root", "--set")
_MACHINE = ("--root",)

TAKES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("apply", "doctor", "explain", "plan", "secret check", "send", "show", "sign-in"), _SETTINGS),
    **dict.fromkeys(("test", "queue run", "queue flush"), _SETTINGS),
    "migrate microsoft": ("--profile",),
    **dict.fromkeys(("history", "purge", "queue drop", "queue list", "rollback", "sign-out", "status"), _MACHINE),
}
"""The commands that hints name, with those of the common options that have to go along."""

OWN_SETTINGS = "your own settings file"
"""How hints name it; where it lies is known here alone."""

_COMMAND = rf"\bdtsconf ({'|'.join(TAKES)})\b(?! --help)(?: --profile FILE\b)?"
_END = re.compile(r"[`;,)]|$")


@frozen
class Call:
    """This call's options. `sets` are texts of --set that turned out to be usable (a wrong one may be a secret in
    clear), `reach` how far a test was to go and to whom: options of `test` alone. `trial` is the command that tries
    settings like this call's."""

    profile: str | None = None
    root: str | None = None
    sets: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    trial: str = "test"

    def words(self, command: str) -> list[str]:
        """The options of this call that the command needs as well."""
        named = {"--profile": self.profile, "--root": self.root}
        words = [word for name in TAKES[command] if (value := named.get(name)) for word in (name, value)]
        return words + [word for each in self.sets if "--set" in TAKES[command] for word in ("--set", each)]

    def completed(self, hint: str) -> str:
        """The hint with these options in every command that it names, and the place of the user's own settings."""

        def filled(found: re.Match[str]) -> str:
            name, command, rest = found.group(1), found.group(), _rest(found)
            if self.profile:
                command = command.removesuffix(" --profile FILE")
            if " --root " in rest:
                return command
            words, after = f"{command} {rest}", found.string[found.end() :]
            bare = re.match(r"[` (]*without --profile", after)
            named = " --profile " in words or " --plan " in words or bare
            call = replace(self, profile=None, sets=()) if named else self
            return " ".join([command, *map(_quoted, call.words(name))])

        return re.sub(_COMMAND, filled, _placed(_here(hint) if self.root else hint))


def _placed(hint: str) -> str:
    """With the path of this user's own settings, which nobody knows by heart, and a variable may lead elsewhere."""
    if OWN_SETTINGS not in hint or f"{OWN_SETTINGS} (" in hint:
        return hint
    from dtsconf.machine.layout import Layout

    return hint.replace(OWN_SETTINGS, f"{OWN_SETTINGS} ({escape_controls(Layout().user_file())})")


def _here(hint: str) -> str:
    """Without the advice to give the --root that is given already."""
    if "--root DIR" not in hint:
        return hint
    from dtsconf.machine.failure import ELSEWHERE

    return hint.replace(ELSEWHERE, "")


def _rest(found: re.Match[str]) -> str:
    """What stands after a command's name, as far as the command goes."""
    end = _END.search(found.string, found.end())
    return found.string[found.end() : end.start() if end else None]


def _quoted(word: str) -> str:
    from shlex import quote

    return escape_controls(quote(word))


def hinted(told: Any, call: Call) -> Any:
    """A notice, problem, check or stage with its hint completed."""
    if not told.hint or (completed := call.completed(told.hint)) == told.hint:
        return told
    return replace(told, hint=completed)
