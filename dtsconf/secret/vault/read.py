"""Reads a path of a KV engine, version 1 or 2, with no look at the list of mounts: small tokens may not see it.

In `a/b/c` the mount may be `a` or `a/b`. Version 2 keeps the secret under MOUNT/data/REST, version 1 under the path as
it is, so that there are a few places to try; what was found of one path is used for the next. A token of few uses is
spent on no other request. Each path is read once a run, whatever comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from dtsconf.errors import SecretUnavailable
from dtsconf.frozen import frozen
from dtsconf.secret.vault import causes
from dtsconf.secret.vault.causes import Cause
from dtsconf.secret.vault.connection import Connection, Refused

_REST = re.compile(r"(?P<path>[^#?]+)(\?version=(?P<before>\d+))?#(?P<field>[^#?]+)(\?version=(?P<after>\d+))?")


@frozen
class Target:
    """A reference taken apart. `version` is the text of a number; None means the newest."""

    path: str
    field: str
    version: str | None = None


@frozen
class Found:
    """What lay at a path: its fields, and of KV version 2 the version, when it was made and when it will be gone (ISO
    8601, to the second)."""

    fields: dict[str, Any] = field(repr=False)
    version: str | None = None
    created: str | None = None
    expiry: str | None = None


@frozen
class _Spot:
    """A place to try: `mount` and the `rest` below it; `versioned` is KV version 2."""

    mount: str
    rest: str
    versioned: bool

    @property
    def api_path(self) -> str:
        return f"{self.mount}/data/{self.rest}" if self.versioned else f"{self.mount}/{self.rest}"


def target_of(rest: str) -> Target:
    """What stands behind `vault://`.

    Raises:
        SecretUnavailable: the path would leave its mount, or a version is given twice.
    """
    found = _REST.fullmatch(rest)
    if found is None or (found["before"] and found["after"]):
        raise SecretUnavailable("this is no vault reference", "write vault://MOUNT/PATH#FIELD?version=N")
    if {".", ".."} & set(found["path"].split("/")):
        raise SecretUnavailable("the path has . or .. in it, which Vault's paths don't", "write the plain path")
    return Target(found["path"], found["field"], found["before"] or found["after"])


def text_of(found: Found, target: Target) -> str | Cause:
    """The field's text exactly, or why there is none."""
    if target.field not in found.fields:
        return causes.no_field(target.path, target.field, found.fields)
    value = found.fields[target.field]
    if not isinstance(value, str):
        return causes.not_text(target.path, target.field, _kind(value))
    if value == "":
        return causes.empty(target.path, target.field)
    try:
        value.encode()
    except UnicodeEncodeError:
        return causes.not_utf8(target.path, target.field)
    return value


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return kinds.get(type(value), "null")


class Reader:
    """Reads paths over one connection. `origin` tells whose token it uses, for the message when it is refused."""

    def __init__(self, connection: Connection, origin: str) -> None:
        self._connection = connection
        self._origin = origin
        self._read: dict[tuple[str, str | None], Found | SecretUnavailable] = {}
        self._mounts: dict[str, bool] = {}

    def read(self, target: Target) -> Found:
        """What lies at the target's path.

        Raises:
            SecretUnavailable: with the one cause.
        """
        asked = (target.path, target.version)
        if asked not in self._read:
            try:
                self._read[asked] = self._look(target)
            except SecretUnavailable as error:
                self._read[asked] = error
        found = self._read[asked]
        if isinstance(found, SecretUnavailable):
            raise SecretUnavailable(found.message, found.hint)
        return found

    def known(self, target: Target) -> Found | None:
        """What was read of the path already."""
        found = self._read.get((target.path, target.version))
        return found if isinstance(found, Found) else None

    def _look(self, target: Target) -> Found:
        refusals: list[tuple[_Spot, Refused]] = []
        for spot in self._spots(target.path):
            try:
                answer = self._ask(spot, target.version)
            except Refused as refused:
                refusals.append((spot, refused))
                cause = self._final(spot, refused, target)
            else:
                found = self._found(spot, answer, target)
                self._mounts[spot.mount] = spot.versioned
                return found
            if cause is not None:
                raise self._connection.failure(cause)
        raise self._connection.failure(_verdict(refusals, target))

    def _spots(self, path: str) -> Iterator[_Spot]:
        """Where the path may lie, the likeliest first. Of version 1 there is one, however the path is cut: so what is
        known of its mount is a guess, and the others are tried after it."""
        parts = path.split("/")
        cuts = [("/".join(parts[:n]), "/".join(parts[n:])) for n in range(1, len(parts))]
        known = [_Spot(mount, rest, self._mounts[mount]) for mount, rest in cuts if mount in self._mounts]
        usual = [*(_Spot(mount, rest, versioned=True) for mount, rest in cuts), _Spot(*cuts[0], versioned=False)]
        yield from known
        yield from (spot for spot in usual if spot not in known)

    def _ask(self, spot: _Spot, version: str | None) -> Any:
        kv = self._connection.client.secrets.kv
        if not spot.versioned:
            return self._connection.ask(lambda _: kv.v1.read_secret(spot.rest, mount_point=spot.mount))
        number = None if version is None else int(version)
        return self._connection.ask(
            lambda _: kv.v2.read_secret_version(
                spot.rest, version=number, mount_point=spot.mount, raise_on_deleted_version=True
            )
        )

    def _found(self, spot: _Spot, answer: Any, target: Target) -> Found:
        data = answer.get("data") if isinstance(answer, dict) else None
        if not spot.versioned:
            if target.version is not None:
                raise self._connection.failure(causes.no_versions(target.path))
            return Found(self._mapping(data))
        if not isinstance(data, dict):
            raise self._connection.failure(causes.no_vault("an answer without data"))
        about = data.get("metadata")
        about = about if isinstance(about, dict) else {}
        version = about.get("version")
        return Found(
            self._mapping(data.get("data")),
            None if version is None else str(version),
            _time(about.get("created_time")),
            _time(about.get("deletion_time")),
        )

    def _mapping(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise self._connection.failure(causes.no_vault("an answer without fields"))
        return data

    def _final(self, spot: _Spot, refused: Refused, target: Target) -> Cause | None:
        """The cause, where it needs no look at other places."""
        said = " ".join(refused.errors)
        if "namespace" in said and "not found" in said:
            named = self._connection.config.namespace
            return causes.unknown_namespace(named.value if named else None)
        if refused.status == 403 and ("error occurred" not in said or "invalid token" in said):
            return causes.token_refused(self._origin)
        if spot.versioned and refused.status == 404:
            return _gone(refused, target)
        if refused.status in (403, 404, 405):
            return None
        return causes.read_refused(refused.status, self._connection.words(refused.errors))


def _time(text: object) -> str | None:
    """Vault's times (RFC 3339, to the nanosecond), to the second."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(str(text)).isoformat(timespec="seconds")
    except ValueError:
        return None


def _gone(refused: Refused, target: Target) -> Cause | None:
    """Version 2 tells of a version that was there."""
    data = refused.data.get("data") if isinstance(refused.data, dict) else None
    about = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(about, dict):
        return None
    when, version = str(about.get("deletion_time") or ""), str(about.get("version"))
    return causes.gone_version(target.path, version, destroyed=about.get("destroyed") is True, when=when)


def _verdict(refusals: list[tuple[_Spot, Refused]], target: Target) -> Cause:
    """One cause for a path that was nowhere. Where the token was let in and found nothing, nothing is there; a no
    elsewhere then only means that its policy names the right place."""
    said = {id(refused): " ".join(refused.errors) for _, refused in refusals}
    missing = [spot for spot, refused in refusals if refused.status == 404 and not refused.errors]
    if missing and target.version is not None and missing[0].versioned:
        return causes.no_version(target.path, target.version)
    if missing:
        return causes.no_path(target.path)
    forbidden = [spot.api_path for spot, refused in refusals if refused.status == 403]
    if forbidden:
        return causes.denied([forbidden[0], forbidden[-1]] if len(forbidden) > 1 else forbidden)
    if all("no handler for route" in said[id(refused)] for _, refused in refusals):
        return causes.no_mount(target.path)
    return causes.no_path(target.path)
