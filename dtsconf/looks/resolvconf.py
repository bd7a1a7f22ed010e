"""The lines of resolv.conf(5) that name name servers, and those that mean to and don't, which the system leaves out
without a word; and the search list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.names import host_fault, is_ip

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = "nameserver"
LARGEST = 64 * 1024
"""Characters that are read."""


@frozen
class Slip:
    """A line that names no name server: its number, from 1, and what to write in its place."""

    line: int
    text: str
    better: str


@frozen
class Search:
    """The domains that a short name is completed with, and the line that names them, from 1."""

    line: int
    domains: tuple[str, ...]


def search(path: str) -> Search | None:
    """The search list: of several lines the last one counts. None where there is none, or no file."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            rows = [line.split() for line in file.read(LARGEST).splitlines()]
    except OSError:
        return None
    found = [(number, row[1:]) for number, row in enumerate(rows, 1) if row[:1] in (["search"], ["domain"])]
    domains = [domain.rstrip(".") for domain in found[-1][1]] if found else []
    good = tuple(domain for domain in domains if host_fault(domain) is None)
    return Search(found[-1][0], good) if good else None


def servers(path: str) -> list[str]:
    """The addresses that the file names. Raises: OSError."""
    return [words[1] for _, words in _lines(path) if _is_one(words)]


def slip(path: str) -> Slip | None:
    """The first line that means to name a name server and doesn't; None where there is none, or no file."""
    try:
        number, words = next((number, words) for number, words in _lines(path) if not _is_one(words))
    except (OSError, StopIteration):
        return None
    meant = [word for word in re.split("[ ,;]+", " ".join(words[1:])) if _is_address(word)]
    return Slip(number, " ".join(words), "; ".join(f"{_KEY} {one}" for one in meant or ["ADDRESS"]))


def _is_one(words: list[str]) -> bool:
    return len(words) > 1 and words[0] == _KEY and _is_address(words[1])


def _is_address(word: str) -> bool:
    """An IP address, an IPv6 one perhaps with its zone (RFC 4007 11)."""
    return is_ip(word.partition("%")[0])


def _lines(path: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that begins as one for a name server does, with its number."""
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        for number, line in enumerate(file.read(LARGEST).splitlines(), 1):
            if line.lower().startswith(_KEY):
                yield number, line.split()
