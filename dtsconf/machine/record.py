"""A generation as it is kept: the numbered record of one apply, purge-able, readable by everybody, without a secret.

Pure and cheap: only json and dataclasses, since `status` and `history` read these records without importing pydantic.
Contents of files are held as digests: SHA-256 in hex, or for a file with a secret a digest keyed by the machine's own
key (a plain hash of a short secret can be guessed). Numbers are never used twice.
"""

from __future__ import annotations

import json
from dataclasses import asdict, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen
from dtsconf.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
_KINDS = {"str": str, "int": int, "bool": bool}


class NewerFormat(ValueError):
    """A record of a format that only a newer dtsconf knows."""


@frozen
class TargetRecord:
    """One file as apply left it. `digest` names its kind (`sha256:`, with a `secret` `hmac-sha256:`); `shown` is the
    SHA-256 of its text with secrets masked, so that a plan can compare what it may not read. `mode`, `uid` and `gid`
    are what stands there; `asked` (mode, uid, gid) and `group` what dtsconf wanted: what is replaced keeps its own.
    `mtime_ns` in nanoseconds since the epoch."""

    kind: str
    path: str
    digest: str
    shown: str
    secret: bool
    size: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    asked: tuple[int, int, int]
    group: str | None = None


@frozen
class Adopted:
    """A file that stood at `path` before dtsconf, kept beside it at `kept`."""

    path: str
    kept: str


@frozen
class ProfileRecord:
    """Which profile: its name, the digest of its chain's bytes, and in a git tree the commit it was at."""

    name: str
    digest: str
    commit: str | None = None

    @property
    def title(self) -> str:
        """The name, in words where it has none: what variables and --set alone made."""
        return self.name or "no profile"


@frozen
class Proof:
    """What was verified. `state` is verified, pending or none; `pending` why it is still owed (`offline`, `user`);
    `level` the deepest level asked for; `time` UTC, ISO 8601. `note` says why there is none (`no-verify`, `level`);
    `host` is the machine that made it, which with an image is another one than it is now on."""

    state: str = "none"
    level: str = "none"
    time: str | None = None
    pending: str | None = None
    message_id: str | None = None
    program: str | None = None
    user: str | None = None
    note: str | None = None
    host: str | None = None


@frozen
class SettledRecord:
    """What `auto` came to at one host and port (the key of the mapping that holds it): none, starttls or tls."""

    encryption: str
    time: str


@frozen
class Generation:
    """One apply. Number 0 is what stood on the machine before dtsconf; its lists are empty and it has no profile.

    `result` is the plan's digest of what was wanted; `config` the machine config's text; `references` the delivered
    secrets' references and ids by settings key; `adopted` and `made` (folders) add up from the first generation on;
    `settled` remembers every `auto` that was ever settled here, by `HOST PORT`; `version` is the dtsconf that made it.
    """

    number: int
    time: str
    user: str = ""
    sudo_user: str | None = None
    reason: str | None = None
    profile: ProfileRecord | None = None
    proof: Proof = field(default_factory=Proof)
    rollback_of: int | None = None
    trusted: bool = False
    from_environment: tuple[str, ...] = ()
    settled: Mapping[str, SettledRecord] = field(default_factory=dict)
    targets: tuple[TargetRecord, ...] = ()
    result: str = ""
    config: str | None = None
    delivered: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    adopted: tuple[Adopted, ...] = ()
    made: tuple[str, ...] = ()
    version: str = ""


def to_bytes(generation: Generation) -> bytes:
    """The record's file: sorted JSON, two spaces, a newline at the end. A name or reason that was given in bytes that
    are no UTF-8 keeps them as JSON's own escapes."""
    data = {"format": FORMAT, **asdict(generation)}
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


@lru_cache(maxsize=2)  # a command asks for the newest one in several places
def from_bytes(data: bytes) -> Generation:
    """Read what `to_bytes` wrote; fields that a newer dtsconf may have added are passed over.

    Raises:
        NewerFormat: a newer dtsconf wrote it.
        ValueError, KeyError, TypeError, AttributeError: it is not such a record.
    """
    loaded = json.loads(data)
    if loaded["format"] != FORMAT:
        newer = isinstance(loaded["format"], int) and loaded["format"] > FORMAT
        raise (NewerFormat if newer else ValueError)("unknown format")
    plain = _known(Generation, loaded)
    plain["profile"] = None if loaded["profile"] is None else ProfileRecord(**_known(ProfileRecord, loaded["profile"]))
    plain["proof"] = Proof(**_known(Proof, loaded["proof"]))
    plain["settled"] = {at: SettledRecord(**_known(SettledRecord, each)) for at, each in loaded["settled"].items()}
    plain["targets"] = tuple(_target(each) for each in loaded["targets"])
    plain["adopted"] = tuple(Adopted(**_known(Adopted, each)) for each in loaded["adopted"])
    plain["made"] = tuple(loaded["made"])
    plain["from_environment"] = tuple(loaded["from_environment"])
    for told in filter(None, (loaded["time"], plain["proof"].time)):
        parse_time(told)
    return Generation(**plain)


def _target(data: dict[str, Any]) -> TargetRecord:
    known = _known(TargetRecord, data)
    return TargetRecord(**{**known, "asked": tuple(known["asked"])})


def _known(shape: type[Any], data: dict[str, Any]) -> dict[str, Any]:
    """The values of the fields that this version knows. Raises: TypeError for one of another kind."""
    kinds = {each.name: each.type for each in fields(shape)}
    found = {name: value for name, value in data.items() if name in kinds}
    if not all(_fits(str(kinds[name]), value) for name, value in found.items()):
        raise TypeError
    return found


def _fits(kind: str, value: object) -> bool:
    """Whether a value of JSON is of a declared kind, as far as it is one of texts, numbers and truths."""
    if kind == "Mapping[str, str]":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if kind == "tuple[str, ...]":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if kind == "tuple[int, int, int]":
        return isinstance(value, list) and [type(each) for each in value] == [int, int, int]
    plain = kind.removesuffix(" | None")
    return plain not in _KINDS or type(value) is _KINDS[plain] or (value is None and plain != kind)
