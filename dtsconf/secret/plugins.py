"""Schemes of installed packages: entry points of the group `dtsconf.secret_backends`, looked up only where none of
dtsconf's own schemes fits, since the search takes time.

The name of an entry point is the scheme, its value a factory `make(context, notices) -> Backend`. A plugin that is
broken breaks only its own scheme, and none can take over one of dtsconf's own. What a plugin's error says is not
repeated: it may hold the secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Backend, Context, Maker, Notices
from dtsconf.secret.ref import SCHEMES, Reference
from dtsconf.secret.value import Secret

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "dtsconf.secret_backends"
_NAME = re.compile(r"[a-z][a-z0-9+.-]*")


def installed() -> dict[str, list[EntryPoint]]:
    """Scheme -> its entry points, usually one; names that are no scheme, or one of dtsconf's own, are left out."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if _NAME.fullmatch(point.name) and point.name not in SCHEMES:
            found.setdefault(point.name, []).append(point)
    return found


def schemes_for(text: str) -> tuple[str, ...]:
    """The schemes to accept in a reference: dtsconf's own, and the plugins' where none of those fits."""
    scheme, given, _ = text.partition("://")
    return SCHEMES if scheme in SCHEMES or not given else (*SCHEMES, *installed())


def maker(scheme: str) -> Maker:
    """What makes a plugin's backend.

    Raises:
        SecretUnavailable: there is no such plugin, there are two, or it can't be imported.
    """
    points = installed().get(scheme, [])
    if not points:
        hint = "install the package that brings it, or use another kind of reference"
        raise SecretUnavailable(f"nothing here fetches {scheme}:// secrets", hint)
    if len(points) > 1:
        packages = " and ".join(map(_package, points))
        raise SecretUnavailable(f"{packages} both bring {scheme}:// secrets", "uninstall one of them")
    point = points[0]
    try:
        make = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin is somebody else's code
        raise _broken(point, "can't be imported", error) from None

    def guarded(context: Context, notices: Notices) -> Backend:
        try:
            return Guarded(make(context, notices), point)
        except SecretUnavailable:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            raise _broken(point, "can't be set up", error) from None

    return guarded


class Guarded:
    """A plugin's backend, whose faults are its own."""

    def __init__(self, backend: Backend, point: EntryPoint) -> None:
        self._backend = backend
        self._point = point

    def fetch(self, reference: Reference) -> Secret:
        """As the plugin's. Raises: SecretUnavailable, whatever the plugin raised or gave."""
        try:
            found = self._backend.fetch(reference)
        except SecretUnavailable as error:
            raise SecretUnavailable(error.message, error.hint) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            raise _broken(self._point, f"failed at {reference}", error) from None
        if not _is_secret(found):
            raise SecretUnavailable(f"{_package(self._point)} gave no secret for {reference}", _REPORT)
        if not found.reveal():
            raise SecretUnavailable(f"{reference} is empty", "store the secret there")
        return found

    def close(self) -> None:
        """As the plugin's, if it has one; what that raises changes nothing any more."""
        from contextlib import suppress

        with suppress(Exception):
            getattr(self._backend, "close", lambda: None)()

    def facts(self, reference: Reference) -> dict[str, str]:
        """As the plugin's, if it has any, texts only."""
        try:
            facts = getattr(self._backend, "facts", None)
            found: Mapping[str, object] = facts(reference) if facts is not None else {}
            return {str(name): str(fact) for name, fact in found.items() if fact is not None}
        except Exception:  # noqa: BLE001 - facts are told beside the result, and a plugin's fault must not change that
            return {}


def _is_secret(found: object) -> bool:
    """What a plugin gives is not for a type checker to know."""
    return isinstance(found, Secret) and isinstance(found.reveal(), str)


_REPORT = "tell its makers; the page about plugins in the README says what a backend does"


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _broken(point: EntryPoint, what: str, error: BaseException) -> SecretUnavailable:
    message = f"the plugin {_package(point)} for {point.name}:// {what} ({type(error).__name__})"
    return SecretUnavailable(message, f"install it anew, or {_REPORT}")
