"""The bundle for support: a zip of findings, state and records, each redacted, none of them a secret.

In it: versions, the doctor's lines, status, history, the generations' records and the machine config. Never in it: the
key, the delivered secrets, a target that holds a secret, the profile. Delivered secrets that the caller may read are
read for one purpose: to make sure that none is in a text that goes in.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dtsconf.doctor.check import Check
from dtsconf.doctor.redact import redacted
from dtsconf.errors import DtsconfError
from dtsconf.version import __version__

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

_MADE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_bundle(path: str, checks: Sequence[Check], system: System, layout: Layout) -> tuple[str, ...]:
    """Write the zip (0600) and return the names in it.

    Raises:
        DtsconfError: something stands at `path`, or it can't be written; nothing is left there then.
    """
    secrets = _delivered(system, layout)
    parts = {name: _as_text(data, secrets) for name, data in _parts(checks, system, layout)}
    try:
        number = os.open(path, _MADE, 0o600)
    except FileExistsError:
        raise DtsconfError(f"{path} is there already and is left alone", "name another file") from None
    except OSError as error:
        raise DtsconfError(f"{path}: {error.strerror}", "name a file in a folder you may write to") from None
    try:
        with os.fdopen(number, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in parts.items():
                bundle.writestr(zipfile.ZipInfo(name, time.gmtime()[:6]), text, zipfile.ZIP_DEFLATED)
    except BaseException as error:
        os.unlink(path)
        if isinstance(error, OSError):
            raise DtsconfError(f"{path}: {error.strerror}", "name a file where there is space") from None
        raise
    return tuple(parts)


def _history(system: System, layout: Layout) -> list[dict[str, Any]]:
    from dtsconf.machine import generations

    lost = generations.damage(system, layout)
    rows = [generations.history_row(g) for g in generations.history(system, layout)]
    return rows + [{"generation": number, "fault": notice.message} for number, notice in lost.items()]


def _parts(checks: Sequence[Check], system: System, layout: Layout) -> Iterator[tuple[str, Any]]:
    from dtsconf.machine import generations

    yield "doctor.json", {"version": __version__, "checks": [check.as_data() for check in checks]}
    yield "status.json", _or_fault(lambda: _status(system, layout))
    numbers = _or_fault(lambda: generations.numbers(system, layout))
    yield "history.json", _or_fault(lambda: _history(system, layout))
    for number in numbers if isinstance(numbers, list) else []:
        path = layout.generation(number)
        yield f"generations/{number}.json", _or_fault(partial(_json_at, system, path))
    yield "email.json", _or_fault(lambda: _json_at(system, layout.config))


def _status(system: System, layout: Layout) -> dict[str, Any]:
    from dtsconf.machine.generations import proof_row
    from dtsconf.machine.status import status

    found = status(system, layout, time.time())
    return {
        "state": found.state,
        "drift": [{"path": item.path, "what": item.what, "since": item.since} for item in found.drift],
        "generation": found.generation.number if found.generation else None,
        "proof": None if found.proof is None else proof_row(found.proof),
        "unchecked": list(found.unchecked),
    }


def _json_at(system: System, path: str) -> Any:
    found = system.look(path)
    return None if found is None else json.loads(found.content)


_NO_JSON = {"fault": "this is no JSON, or nested deeper than any of ours, so it is left out"}


def _or_fault(part: Callable[[], Any]) -> Any:
    """What a part yields, or why it can't be had; a text that is no JSON is left out whole."""
    try:
        return part()
    except DtsconfError as error:
        return {"fault": error.message}
    except OSError as error:
        return {"fault": error.strerror}
    except (ValueError, RecursionError):
        return _NO_JSON


def _delivered(system: System, layout: Layout) -> list[str]:
    from dtsconf.machine.delivered import from_bytes

    try:
        found = system.look(layout.secrets)
    except (DtsconfError, OSError):
        return []
    return [] if found is None else list(from_bytes(found.content).values())


def _as_text(data: Any, secrets: Sequence[str]) -> bytes:
    """A part without the secrets. What is no text in UTF-8, such as a file's name, is escaped as JSON does it."""
    try:
        text = json.dumps(redacted(data, secrets), indent=2, sort_keys=True, ensure_ascii=False)
    except RecursionError:
        text = json.dumps(_NO_JSON)
    return f"{text}\n".encode(errors="backslashreplace")
