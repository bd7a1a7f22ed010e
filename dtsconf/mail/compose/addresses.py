"""Lists of addresses as users write them: `ann@x.example, "Doe, Bob" <bob@y.example>`. Pure.

A part of RFC 5322 3.4's address list: names, quoted strings, angle brackets and commas, but no groups, comments and
routes. A semicolon separates as well, as it does in Outlook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dtsconf.mail.compose.draft import Mailbox
from dtsconf.names import address_fault, escape_controls, has_controls

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>|[,;]|[^",;<]+|.', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)")


@lru_cache(256)
def parse(text: str) -> tuple[Mailbox, ...]:
    """The mailboxes of a list, at least one; empty places between commas count for nothing.

    Raises:
        ValueError: one of them is none; args are a sentence and a hint (or None).
    """
    if has_controls(text):
        raise ValueError(f"'{escape_controls(text)}' holds a control character", "write the addresses in one line")
    elements = list(_split(text))
    found = tuple(_mailbox(tokens, alone=len(elements) == 1) for tokens in elements)
    if not found:
        raise ValueError("it is empty", "write an address such as mail@acme.example")
    return found


def _split(text: str) -> Iterator[list[str]]:
    current: list[str] = []
    for token in (*_TOKEN.findall(text), ","):
        if token not in (",", ";"):
            current.append(token)
            continue
        if "".join(current).strip():
            yield current
        current = []


def _mailbox(tokens: list[str], *, alone: bool) -> Mailbox:
    """One element: `address`, or a name and `<address>`."""
    while not tokens[-1].strip():
        tokens = tokens[:-1]
    whole = "".join(tokens).strip()
    if tokens[-1].startswith("<") and tokens[-1].endswith(">"):
        name, address = _name(tokens[:-1]), tokens[-1][1:-1].strip()
    else:
        name, address = None, whole
    fault = address_fault(address)
    if fault is None:
        return Mailbox(name, address)
    raise ValueError(f"'{whole}' {fault[0]}", _meant(whole, alone=alone) or fault[1])


def _meant(whole: str, *, alone: bool) -> str | None:
    """What to write in place of an element that is none, where it is a name, or one with its address."""
    if not alone and "@" not in whole:
        return f'a name with a comma stands in quotes: "{whole}, ..."'
    name, blank, address = whole.rpartition(" ")
    if not blank or "@" in name or "<" in whole or address_fault(address):
        return None
    return f"the address stands in angle brackets: '{name.strip()} <{address}>'"


def _name(tokens: list[str]) -> str | None:
    """A display name; what stands in quotes keeps its blanks."""
    if len(tokens) == 1 and tokens[0].startswith('"'):
        return _unquoted(tokens[0]) or None
    return "".join(map(_unquoted, tokens)).strip() or None


def _unquoted(token: str) -> str:
    quoted = len(token) > 1 and token[0] == token[-1] == '"'
    return _ESCAPE.sub(r"\1", token[1:-1]) if quoted else token
