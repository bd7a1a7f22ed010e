"""Attachments in one zip: written to a temporary file, since a zip's size is known only when it is there.

The same files give the same bytes: names sorted, one fixed time, no owner, no mode. What is packed is what stood in the
files at that moment, so a log that grows meanwhile is no obstacle.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from dtsconf.errors import DtsconfError
from dtsconf.mail.compose.draft import Attachment, piece

if TYPE_CHECKING:
    import zipfile

_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can hold."""

_BLOCK = 1024 * 1024
_LARGE = 1 << 30
"""Bytes from which an entry gets 64 bit sizes, so that it may still grow."""


class Archive:
    """A zip of attachments, itself one. A context manager: leaving it removes the temporary file."""

    def __init__(self, attachments: Sequence[Attachment]) -> None:
        self.name = f"{attachments[0].name}.zip" if len(attachments) == 1 else "attachments.zip"
        self.type = "application/zip"
        self.size = 0
        self._attachments = attachments
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = tempfile.TemporaryFile(prefix="dtsconf-")
            self.size = _pack(self._attachments, self._file)
        except OSError as error:
            self._close()
            place = f" to {tempfile.tempdir}" if tempfile.tempdir else ""  # else no folder took anything
            words = f"the zip can't be written{place}: {error.strerror}"
            raise DtsconfError(words, "make room there, or name another folder in TMPDIR (Windows: TEMP)") from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def open(self) -> BinaryIO:
        """The zip from its start."""
        if self._file is None:
            raise ValueError("the zip is gone already")
        self._file.seek(0)
        return os.fdopen(os.dup(self._file.fileno()), "rb")

    def changed(self, opened: IO[bytes]) -> bool:
        """Never: the file has no name, and nobody else has it."""
        return False

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # on a full disk the last bytes fail once more
                self._file.close()
            self._file = None


def _pack(attachments: Sequence[Attachment], into: IO[bytes]) -> int:
    """Write the zip; its size in bytes."""
    import zipfile

    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, attachment in _named(attachments):
            _add(archive, name, attachment)
    into.flush()
    return into.tell()


def _add(archive: zipfile.ZipFile, name: str, attachment: Attachment) -> None:
    import zipfile

    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 0
    with attachment.open() as source, archive.open(info, "w", force_zip64=attachment.size >= _LARGE) as entry:
        while block := piece(attachment, source, _BLOCK):
            entry.write(block)


def _named(attachments: Sequence[Attachment]) -> list[tuple[str, Attachment]]:
    """Each with a name of its own, sorted: of two `run.log` the second is `run-2.log`, case aside as on Windows, where
    a backslash in a name would lead out of the folder that it is unpacked in."""
    taken: set[str] = set()
    named = []
    for attachment in attachments:
        name, number = attachment.name.replace("\\", "_"), 1
        stem, dot = os.path.splitext(name)
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}{dot}"
        taken.add(name.casefold())
        named.append((name, attachment))
    return sorted(named, key=lambda pair: pair[0])
