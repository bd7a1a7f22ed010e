"""The git commit that a profile stands at, read from git's own files: git itself isn't asked, so none of its hooks,
filters or ownership rules come into it. Tells nothing about uncommitted changes; the profile's digest does that."""

from __future__ import annotations

import os
import re

from dtsconf.files import FileProblem, read_regular

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LIMIT = 16 << 20
"""The largest file of git's that is read, in bytes: some 100,000 packed branches and tags."""


def commit_of(path: str) -> str | None:
    """The commit (40 or 64 hex digits) checked out in the git tree that holds `path`; None outside one."""
    folder = os.path.dirname(os.path.realpath(path))
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    try:
        return _head(_git_folder(os.path.join(folder, ".git")))
    except (OSError, ValueError, FileProblem):
        return None


def _git_folder(path: str) -> str:
    if os.path.isdir(path):
        return path
    target = _read(path).removeprefix("gitdir:").strip()
    return os.path.join(os.path.dirname(path), target)


def _head(git: str) -> str | None:
    head = _read(os.path.join(git, "HEAD")).strip()
    if not head.startswith("ref:"):
        return head if _HASH.fullmatch(head) else None
    name = head.removeprefix("ref:").strip()
    shared = os.path.join(git, _read(os.path.join(git, "commondir")).strip()) if _there(git, "commondir") else git
    if _there(shared, name):
        found = _read(os.path.join(shared, name)).strip()
        return found if _HASH.fullmatch(found) else None
    return _packed(shared, name)


def _packed(git: str, name: str) -> str | None:
    for line in _read(os.path.join(git, "packed-refs")).splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name and _HASH.fullmatch(commit):
            return commit
    return None


def _there(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _read(path: str) -> str:
    return read_regular(path, _LIMIT)[0].decode()
