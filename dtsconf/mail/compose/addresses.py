"""Lists of addresses as users write them: `ann@x.example, "Doe, Bob" <bob@y.example>`. Pure.

A part of RFC 5322 3.4's address list: names, quoted strings, angle brackets and commas, but no groups, comments and
routes. A semicolon separates as well, as it does in Outlook. Whatever might be one more address is never taken for a
part of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dtsconf.mail.compose.draft import Mailbox
from dtsconf.names import address_fault, escape_controls, has_controls, has_half_pairs

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>|[,;]|[^",;<]+|.', re.DOTALL)
NO_UTF8 = "write it as UTF-8; a script that holds it is to be saved as that"
"""The hint for a text with bytes that are none."""

_ESCAPE = re.compile(r"\\(.)")


@lru_cache(256)
def parse(text: str) -> tuple[Mailbox, ...]:
    """The mailboxes of a list, at least one; empty places between commas count for nothing.

    Raises:
        ValueError: one of them is none; args are a sentence and a hint (or None).
    """
    if has_half_pairs(text):
        raise ValueError(f"'{escape_controls(text)}' holds bytes that are no UTF-8", NO_UTF8)
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
    if _may_be_several(tokens):
        raise ValueError(f"'{whole}' is more than one address", _parted(whole))
    if tokens[-1].startswith("<") and tokens[-1].endswith(">"):
        name, address = _name(tokens[:-1]), tokens[-1][1:-1].strip()
    else:
        name, address = None, whole
    fault = address_fault(address)
    if fault is None:
        return Mailbox(name, address)
    raise ValueError(f"'{whole}' {fault[0]}", _meant(whole, alone=alone) or fault[1])


def _may_be_several(tokens: list[str]) -> bool:
    """Whether an address stands before the one at the end; a name may repeat that one, as mail programs write it, and
    in quotes it may be anything."""
    words = [word for token in tokens for word in (token.split() if token[0] not in '"<' else (token,))]
    bare = [word[1:-1].strip() if word.startswith("<") and word.endswith(">") else word for word in words]
    *before, last = bare
    others = (word for word in before if "@" in word and word.casefold() != last.casefold())
    return not address_fault(last) and not all(map(address_fault, others))


def _parted(whole: str) -> str:
    """What to write in place of several addresses with blanks between them."""
    words = whole.split()
    if not any(address_fault(word.strip("<>")) for word in words):
        return f"several are parted by commas: {', '.join(words)}"
    return "several are parted by commas, and a name with an @ in it stands in quotes"


def _meant(whole: str, *, alone: bool) -> str | None:
    """What to write in place of an element that is none, where it is a name, or one with its address."""
    if not alone and "@" not in whole:
        return f'a name with a comma stands in quotes: "{whole}, ..."'
    name, blank, address = whole.rpartition(" ")
    if name.rstrip().endswith(":"):
        return f"of a group the members are written alone, without '{name.strip()}'"
    first, _, rest = whole.partition(" ")
    if rest and not address_fault(first):
        return f"the name stands before the address: '{rest.strip()} <{first}>'"
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
