"""What of this machine's own settings keeps a name from being found, before or beside what any name server says: a
settings file that this user can't read, a slip in the hosts file, a DNS that isn't asked.

Source: hosts(5), resolv.conf(5), nsswitch.conf(5). Where there is no such file nothing is wrong with it.
"""

from __future__ import annotations

import os
import re
import sys
from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.looks import hostsfile, surroundings
from dtsconf.looks.case import Outcome
from dtsconf.names import escape_controls
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from dtsconf.looks.case import Case

RESOLVER = "/etc/resolv.conf"
SWITCH = "/etc/nsswitch.conf"

_AGAIN = ", then dtsconf test again"
_MOST = 64 * 1024
"""Characters of nsswitch.conf that are read."""


def fault(case: Case) -> Outcome | None:
    """What is wrong here already, whatever the name servers say."""
    if shut := _shut(RESOLVER):
        means = f"{RESOLVER} can't be read by this user, so that no name can be looked up by it"
        return Outcome((_closed(shut, means),), means, _to_open(shut))
    path = surroundings.hosts_file()
    slip = hostsfile.slip(case.host, path)
    return _misread(case, path, slip) if slip else None


def _shut(path: str) -> str | None:
    """What keeps this user from reading a settings file that is there: the file itself or a folder above it."""
    shut = None
    if sys.platform != "win32":
        real = os.path.realpath(path)
        closed = [above for above in _above(real) if os.path.isdir(above) and not os.access(above, os.X_OK)]
        closed += [real] if os.path.isfile(real) and not os.access(real, os.R_OK) else []
        shut = next(iter(closed), None)
    return shut


def _above(path: str) -> list[str]:
    """The folders that a path leads through, the topmost first."""
    parts = path.split("/")
    return ["/".join(parts[:n]) or "/" for n in range(1, len(parts))]


def beside_hosts(case: Case, found: Outcome) -> Outcome:
    """What was found of a name that no name server knows, beside a hosts file that this user can't read: the system
    goes on to the DNS then (nsswitch.conf(5)), and so the file counts only if the name stands in it."""
    path = surroundings.hosts_file()
    shut = _shut(path)
    if shut is None:
        return found
    means = f"{path}, where {case.host} may stand, can't be read by this user"
    told = f"{found.telling}; {means}" if found.telling else means
    first = found.hint or f"check the spelling of {case.host}"
    hint = f"{first}; if {case.host} stands in {path}: {_to_open(shut)}"
    return Outcome((*found.evidence, _closed(shut, means)), told, hint)


def _closed(shut: str, means: str) -> Evidence:
    return Evidence("looked how this machine looks names up", f"no way into {shut}", means)


def _to_open(shut: str) -> str:
    return f"sudo chmod {755 if os.path.isdir(shut) else 644} {quote(shut)}{_AGAIN}"


def _misread(case: Case, path: str, slip: hostsfile.Slip) -> Outcome:
    means = f"line {slip.line} of {path} names {case.host} and doesn't begin with an address, so it counts for nothing"
    what = f"looked {case.host} up in the hosts file"
    row = Evidence(what, f"line {slip.line} of {path}: {escape_controls(slip.text)}", means)
    why = " with the server's own address" if slip.blank else ""
    hint = f"write in place of line {slip.line} of {path}{why}: {escape_controls(slip.better)}"
    return Outcome((row,), means, f"{hint}{_AGAIN}")


def unasked(host: str, path: str = SWITCH) -> Outcome | None:
    """Whether this machine doesn't ask the DNS for the host's name, though a name server knows it."""
    line = _sources(path)
    if line is None:
        return None
    number, text = line
    words = re.findall(r"\[[^]]*\]|\S+", text)
    if _asks_dns(words, host):
        return None
    means = "this machine doesn't ask the DNS for this name"
    row = Evidence(f"looked in {path} whom this machine asks for names", f"line {number}: hosts: {text}", means)
    better = [word for word in words if not _ends(word)]
    better += [] if "dns" in better else ["dns"]
    hint = f"write in place of line {number} of {path}: hosts: {' '.join(better)}"
    return Outcome((row,), f"{means}: line {number} of {path} says hosts: {text}", f"{hint}{_AGAIN}")


def _sources(path: str) -> tuple[int, str] | None:
    """The line that says who is asked for hosts: its number and what it says, controls escaped."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            lines = file.read(_MOST).splitlines()
    except OSError:
        return None
    for number, line in enumerate(lines, 1):
        key, colon, text = line.partition("#")[0].partition(":")
        if colon and key.strip() == "hosts":
            return number, escape_controls(text.strip())
    return None


def _asks_dns(words: list[str], host: str) -> bool:
    """Whether the DNS is reached: `resolve` asks it as well (nss-resolve(8)), and who knows `.local` alone ends the
    search for such names only (nss-mdns)."""
    before = ""
    for word in words:
        if word in ("dns", "resolve"):
            return True
        if _ends(word) and not (before.endswith("_minimal") and not host.endswith(".local")):
            return False
        before = word
    return False


def _ends(word: str) -> bool:
    """Whether an action ends the search where a name isn't known."""
    return re.search(r"\bnotfound\s*=\s*return", word, re.IGNORECASE) is not None and "!" not in word
