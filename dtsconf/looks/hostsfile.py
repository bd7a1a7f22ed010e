"""The lines of the hosts file that name a host, and those that mean to give it an address and don't (hosts(5)). The
system leaves these out without a word."""

from __future__ import annotations

from dtsconf.frozen import frozen
from dtsconf.names import is_ip

LARGEST = 1 << 20
"""Characters that are read."""


@frozen
class Slip:
    """A line that gives the host no address: its number, from 1, and what to write in its place, where `blank` tells
    that the address has to be filled in."""

    line: int
    text: str
    better: str
    blank: bool = False


def lines_of(host: str, path: str) -> list[tuple[int, str]]:
    """(number of the line from 1, address) of each line that names the host; none where there is no such file."""
    return [(number, words[0]) for number, words in _naming(host, path) if host.lower() in map(str.lower, words[1:])]


def slip(host: str, path: str) -> Slip | None:
    """The first line that names the host and gives it no address; None where there is none, or another one does."""
    found = [(number, words) for number, words in _naming(host, path) if len(words) > 1]
    if not found or any(is_ip(words[0]) for _, words in found):
        return None
    number, words = found[0]
    address = next((word for word in words if is_ip(word)), None)
    rest = [word for word in words if word != address]
    names = rest if address or words[0].lower() == host.lower() else rest[1:]
    return Slip(number, " ".join(words), " ".join((address or "ADDRESS", *names)), blank=address is None)


def _naming(host: str, path: str) -> list[tuple[int, list[str]]]:
    """Number and words of each line that names the host anywhere."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(LARGEST).splitlines()
    except OSError:
        return []
    rows = ((number, line.partition("#")[0].split()) for number, line in enumerate(lines, 1))
    return [(number, words) for number, words in rows if host.lower() in map(str.lower, words)]
