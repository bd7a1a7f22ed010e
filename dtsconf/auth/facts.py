"""What may be known of a sign-in without opening it: account, tenant, where its tokens are kept, until when.

Written beside the tokens and read by `status`, so it is cheap: no msal, no keyring, no cryptography. Holds no token.
And the proof of a sign-in: what its verification found, for the machine config that it was made with.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from dtsconf.auth.places import FACTS, PLAIN, SEALED
from dtsconf.files import FileProblem, read_regular
from dtsconf.frozen import frozen
from dtsconf.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FORMAT = 1
LATEST = 1e11
"""Seconds since 1970 that a time lies before: the year 5138."""
LIMIT = 1 << 16
"""The largest file of facts, in bytes."""

Kind = Literal["encrypted", "file", "session", "process"]


@frozen
class Facts:
    """One sign-in. `cache` is where its tokens are; `expires` when the access token ends, in seconds since 1970;
    `renewable`: it is renewed without asking; `store` names what keeps the key of an encrypted cache."""

    account: str
    tenant: str
    client_id: str
    cache: Kind
    encrypted: bool
    expires: float
    renewable: bool
    store: str | None = None


@frozen
class SignInProof:
    """What the verification of a sign-in proved: for which `result` (digest of the applied state) and generation, as
    `account`, at which level and when (UTC, ISO 8601)."""

    result: str
    generation: int
    account: str
    level: str
    time: str
    message_id: str | None = None
    program: str = ""
    user: str = ""


def write(path: str, value: Facts | SignInProof) -> None:
    """Put the value into a private file. Raises: OSError."""
    from dtsconf.files.staging import atomic_write

    data = json.dumps({"format": FORMAT, **asdict(value)}, indent=2, sort_keys=True, ensure_ascii=False)
    atomic_write(path, data.encode() + b"\n")


def read_facts(path: str) -> Facts | None:
    """The facts in a file; None when there are none."""
    return _read(path, Facts)


def kept_facts(folder: str, name: str, *, sealed: bool) -> Facts | None:
    """The facts of the sign-in of that name; None where its tokens, in an encrypted cache or in one that isn't, are not
    there any more. Facts that the other kind of cache wrote last are told as this one's until it is used again."""
    kept = os.path.exists(os.path.join(folder, name + (SEALED if sealed else PLAIN)))
    found = read_facts(facts_path(folder, name)) if kept else None
    if found is None or found.encrypted is sealed:
        return found
    return replace(found, cache="encrypted" if sealed else "file", encrypted=sealed, store=None)


def tells_of(folder: str, name: str, kind: Kind) -> bool:
    """Whether there are facts of that name, of a cache of that kind."""
    found = read_facts(facts_path(folder, name))
    return found is not None and found.cache == kind


def read_proof(path: str) -> SignInProof | None:
    """The proof in a file; None when there is none."""
    found = _read(path, SignInProof)
    with suppress(ValueError):
        if found is not None:
            parse_time(found.time)
            return found
    return None


def _read(path: str, shape: type[T]) -> T | None:
    """What is of that shape in a file; a value of another kind makes it none."""
    with suppress(OSError, FileProblem, ValueError, KeyError, TypeError, RecursionError):
        found: dict[str, Any] = json.loads(read_regular(path, LIMIT)[0])
        if found["format"] == FORMAT:
            kinds = {each.name: str(each.type) for each in fields(shape)}  # type: ignore[arg-type]
            known = {name: value for name, value in found.items() if name in kinds}
            return shape(**known) if all(_FITS[kinds[name]](value) for name, value in known.items()) else None
    return None


_FITS: dict[str, Callable[[Any], bool]] = {
    "Kind": lambda value: value in get_args(Kind),
    "bool": lambda value: isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and 0 <= value < LATEST,
    "int": lambda value: isinstance(value, int),
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
}
"""Whether a value of JSON is of the kind that a field has."""


def facts_path(folder: str, name: str) -> str:
    """The facts' file beside the tokens of the sign-in of that name."""
    return os.path.join(folder, name + FACTS)


def proof_path(state: str, name: str) -> str:
    """The proof's file in a user's state folder, for the sign-in of that name."""
    return os.path.join(state, "proofs", f"{name}.json")
