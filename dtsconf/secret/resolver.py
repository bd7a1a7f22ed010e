"""Fetches secrets at the last moment: scheme -> backend, each reference once a run.

A secret that can't be had is an error, never an empty text. Nothing here logs, and no error repeats a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dtsconf.errors import Invalid, Problem, SecretUnavailable, Where
from dtsconf.secret.backend import Backend, Notices
from dtsconf.secret.ref import NotAReference, Reference, parse
from dtsconf.secret.value import Secret


def _env(environ: Mapping[str, str], notices: Notices) -> Backend:
    from dtsconf.secret.env import EnvBackend

    return EnvBackend(environ, notices)


def _file(environ: Mapping[str, str], notices: Notices) -> Backend:
    from dtsconf.secret.file import FileBackend

    return FileBackend(environ, notices)


BACKENDS: Mapping[str, Callable[[Mapping[str, str], Notices], Backend]] = {"env": _env, "file": _file}
"""Scheme -> what makes its backend; a backend is imported when its first secret is fetched."""


class Resolver:
    """Fetches references, each once: the same reference asked for twice is read once.

    `warnings` collects what was odd about a source (a file that others may read); they hold no value.
    """

    def __init__(self, environ: Mapping[str, str], *, strict: bool = False) -> None:
        self._environ = environ
        self._strict = strict
        self._fetched: dict[str, Secret] = {}
        self._backends: dict[str, Backend] = {}
        self.warnings: Notices = []

    def fetch(self, text: str, *, key: str, where: Where | None = None) -> Secret:
        """The secret that the reference `text`, the value of setting `key` at `where`, names.

        Raises:
            SecretUnavailable: with the key, its place and the backend's own words.
        """
        if text not in self._fetched:
            try:
                self._fetched[text] = self._backend(parse(text)).fetch(parse(text))
            except NotAReference as wrong:
                raise SecretUnavailable(f"{key}: {wrong}", wrong.hint) from None
            except SecretUnavailable as missing:
                message = f"{key}: {missing.message}"
                problem = Problem(missing.kind, message, missing.hint, where, key, code=missing.code)
                raise SecretUnavailable(message, missing.hint, (problem,)) from None
            self._told(key, where)
        return self._fetched[text]

    def _told(self, key: str, where: Where | None) -> None:
        """Give new warnings their place; under --strict those that bend a rule are errors."""
        self.warnings[:] = [w if w.key else replace(w, where=where, key=key) for w in self.warnings]
        bent = [w for w in self.warnings if w.strict] if self._strict else []
        if bent:
            raise Invalid(tuple(Problem(w.kind, w.message, w.hint, w.where, w.key, code=w.strict) for w in bent))

    def _backend(self, reference: Reference) -> Backend:
        scheme = reference.scheme
        if scheme not in BACKENDS:
            raise SecretUnavailable(
                f"this version of dtsconf can't fetch {scheme}:// secrets yet",
                "use " + " or ".join(f"{known}://" for known in BACKENDS),
            )
        if scheme not in self._backends:
            self._backends[scheme] = BACKENDS[scheme](self._environ, self.warnings)
        return self._backends[scheme]
