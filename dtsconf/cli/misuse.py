"""What a call whose words are off was meant to say: options of other mail programs, blanks without quotation marks,
what a word processor made of hyphens."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

import click

from dtsconf.names import CURLY, PLAIN_QUOTES, address_fault, escape_controls

_SETTINGS = {
    "--from": "sender.email=ADDRESS",
    "--sender": "sender.email=ADDRESS",
    "--host": "server.host=HOST",
    "--server": "server.host=HOST",
    "--port": "server.port=PORT",
    "--user": "login.username=NAME",
    "--username": "login.username=NAME",
    "-f": "sender.email=ADDRESS",
    "--smtp": "server.host=HOST",
    "--smtp-server": "server.host=HOST",
    "--timeout": "connection.timeout=SECONDS",
    "--tls": "server.encryption=tls",
    "--ssl": "server.encryption=tls",
    "--starttls": "server.encryption=starttls",
}
"""Options that other mail programs have (swaks, mailx, sendemail), and the setting that they are here."""

_OPTIONS = {
    "--message": "--body",
    "--msg": "--body",
    "--text": "--body",
    "--content": "--body",
    "--recipient": "--to",
    "--title": "--subject",
    "--file": "--attach",
    "-s": "--subject",
    "-t": "--to",
    "-a": "--attach",
}
"""The same, and the option that they are here."""

_PASSWORDS = frozenset({"--password", "--pass", "--passwd", "--auth-password"})
_NO_PASSWORD = "a password is in no option, where others could read it: login.password says where it is kept"

_ELSEWHERE = {
    "--dry-run": ("--adopt", "dtsconf plan shows what would change"),
    "--debug": ("--explain", "that is --explain here, and --transcript FILE for the dialogue"),
    "--trace": ("--transcript", "that is --transcript FILE here"),
}
"""Options that many programs have, one that a command has if it is meant there, and what to type."""

_COMMANDS = {
    "help": "--help",
    "version": "--version",
    "mail": "send",
    "sendmail": "send",
    "check": "test",
    "verify": "test",
    "diff": "plan",
    "undo": "rollback",
    "remove": "purge",
    "uninstall": "purge",
    "login": "sign-in",
    "logout": "sign-out",
    "queue retry": "queue flush",
    "queue send": "queue run",
    "queue delete": "queue drop",
    "queue remove": "queue drop",
    "secret get": "secret check",
    "secret show": "secret check",
}
"""Commands that other programs have, by their whole name, and what they are here."""

_ADDRESSES = frozenset({"--to", "--cc", "--bcc", "--reply-to"})
"""Options that take one address each time."""

_PLACES = frozenset({"--profile", "--root"})
"""Options that name what is there: with a word behind it joined on, it would be, too."""

_PROFILED = frozenset({"apply", "check", "doctor", "explain", "plan", "send", "show", "status", "test"})
"""Commands that work on the profile of --profile and take none as an argument."""

_DASHES = tuple("\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
"""What a word processor makes of hyphens."""


def too_many(rest: Sequence[str]) -> str:
    """What is wrong with words too many, in a sentence."""
    return f"unexpected extra argument{'s' if len(rest) > 1 else ''}: {escape_controls(' '.join(rest))}"


def option_meant(name: str, given: Sequence[str], listed: Collection[str]) -> str | None:
    """What to type in place of an option that a command of these options doesn't have; None where nobody knows."""
    single = next((f"-{word}" for word in given if re.match(r"-\w{2}", word) and f"-{word}" in listed), None)
    if single is not None:
        return f"an option has two hyphens: {single}"
    if name in _PASSWORDS:
        return _NO_PASSWORD
    if name in _ELSEWHERE and _ELSEWHERE[name][0] in listed:
        return _ELSEWHERE[name][1]
    if name in _SETTINGS and "--set" in listed:
        return f"that is a setting: --set {_SETTINGS[name]}"
    return f"that is {_OPTIONS[name]} here" if _OPTIONS.get(name) in listed else None


def command_meant(name: str) -> str | None:
    """What to type in place of a command that there isn't; None where nobody knows. `name` is the whole one."""
    return f"that is dtsconf {_COMMANDS[name]} here" if name in _COMMANDS else None


def words_meant(
    rest: Sequence[str], given: Sequence[str], command: click.Command, *, patterns: bool = False
) -> str | None:
    """What to type in place of words too many, out of all that were given; None where nobody knows. `patterns`: they
    may be what a shell made of a pattern."""
    if typeset := _typeset(rest):
        return typeset
    if patterns and all(map(_is_file, rest)):
        quoted = "quote a pattern, so that the shell leaves it to dtsconf: --attach 'logs/*.log'"
        return f"{quoted}; or give each file an --attach of its own"
    if command.name in _PROFILED and _looks_like_profile(rest[0]):
        return f"did you mean --profile {escape_controls(rest[0])}?"
    texts = _texts(command)
    if (slashed := f"--{rest[0][1:]}") in texts and rest[0].startswith("/"):
        return f"an option has two hyphens: {slashed}"
    if not any(word.partition("=")[0] == "--to" for word in given) and (recipients := _recipients(rest, command)):
        return recipients
    meant = (found for at in _places(rest[0], given) if (found := _after(given, at, texts)))
    return next(meant, None) or _recipients(rest, command)


def _texts(command: click.Command) -> Collection[str]:
    """The options of a command that take a text."""
    return {name for each in command.params if each.type is click.STRING for name in each.opts}


def _typeset(rest: Sequence[str]) -> str | None:
    """What to type in place of words that a word processor has been at; None where it hasn't."""
    dashed = next((word for word in rest if word.startswith(_DASHES)), None)
    if dashed is not None:
        plain = escape_controls("--" + dashed.lstrip("-" + "".join(_DASHES)))
        return f"the dash in {escape_controls(dashed)} is a word processor's: type {plain}, with two plain hyphens"
    return PLAIN_QUOTES if any(word.startswith(CURLY) or word.endswith(CURLY) for word in rest) else None


def _places(word: str, given: Sequence[str]) -> list[int]:
    """Where a word too many may stand: behind an option and its value."""
    return [at for at in range(2, len(given)) if given[at] == word]


def _after(given: Sequence[str], at: int, texts: Collection[str]) -> str | None:
    """What to type in place of words too many that go on with the value of an option before them."""
    option, value = given[at - 2 : at]
    words = [value, *takewhile(lambda word: not word.startswith("-"), given[at:])]
    if option in _ADDRESSES and all("@" in word for word in words):
        each = " ".join(f"{option} {word}" for word in words)
        return escape_controls(f"each address has an option of its own: {each}")
    if option == "--set" and "=" not in value:
        return escape_controls(f"write --set {value.rstrip(':')}={' '.join(words[1:])}")
    whole = " ".join(words)
    if option not in texts or (option in _PLACES and not _is_there(whole)):
        return None
    if option == "--attach" and not _is_file(whole) and all("." in word.rpartition("/")[2] for word in words):
        return escape_controls(f"each file has an option of its own: {' '.join(f'--attach {word}' for word in words)}")
    if option in _ADDRESSES and "@" in words[-1] and "<" not in whole:
        whole = f"{' '.join(words[:-1])} <{words[-1]}>"
    return escape_controls(f'a value with blanks goes in quotation marks: {option} "{whole}"')


def _recipients(rest: Sequence[str], command: click.Command) -> str | None:
    """What to type in place of addresses that no option stands before; None where a word is none, or one too many."""
    taken = next((each for each in command.params if "--to" in each.opts), None)
    if taken is None or (len(rest) > 1 and not taken.multiple) or any(map(address_fault, rest)):
        return None
    return f"did you mean {' '.join(f'--to {escape_controls(word)}' for word in rest)}?"


def _looks_like_profile(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or _is_file(word)


def _is_there(word: str) -> bool:
    import os

    return os.path.exists(word)


def _is_file(word: str) -> bool:
    import os

    return os.path.isfile(word)
