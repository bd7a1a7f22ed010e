"""Fetches secrets at the last moment: scheme -> backend, each reference once a run.

A secret that can't be had is an error, never an empty text. Nothing here logs, and no error repeats a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from dtsconf.errors import DtsconfError, Invalid, Notice, Problem, SecretUnavailable, Where
from dtsconf.secret.backend import Backend, Context, Maker, Notices, VaultSettings
from dtsconf.secret.kind import Look, any_kind, is_pem
from dtsconf.secret.limits import no_core_dumps
from dtsconf.secret.plugins import maker, schemes_for
from dtsconf.secret.ref import NotAReference, Reference, parse
from dtsconf.secret.value import Secret


def _env(context: Context, notices: Notices) -> Backend:
    from dtsconf.secret.env import EnvBackend

    return EnvBackend(context.environ, notices)


def _file(context: Context, notices: Notices) -> Backend:
    from dtsconf.secret.file import FileBackend

    return FileBackend(context.environ, notices)


def _keyring(context: Context, notices: Notices) -> Backend:
    from dtsconf.secret.keyring import KeyringBackend

    return KeyringBackend(context.environ, notices)


def _systemd(context: Context, notices: Notices) -> Backend:
    from dtsconf.secret.systemd import SystemdBackend

    return SystemdBackend(context.environ, notices)


def _vault(context: Context, notices: Notices) -> Backend:
    from dtsconf.secret.vault.backend import VaultBackend

    return VaultBackend(context, notices)


BACKENDS: Mapping[str, Maker] = {"env": _env, "file": _file, "vault": _vault, "keyring": _keyring, "systemd": _systemd}
"""Scheme -> what makes its backend; a backend is imported when its first secret is fetched."""

Surroundings = Callable[[], tuple[VaultSettings, str]]
"""Vault's settings and `connection.proxy`. Asked at the first fetch: only then the settings are known."""


def _nothing_said() -> tuple[VaultSettings, str]:
    return VaultSettings(), "system"


def _parsed(text: str, key: str) -> Reference:
    return replace(parse(text, schemes_for(text)), pem=is_pem(key))


def _placed(missing: SecretUnavailable, key: str, where: Where | None) -> SecretUnavailable:
    """The error with the key in front, and the place of its value."""
    message = f"{key}: {missing.message}"
    problem = Problem(missing.kind, message, missing.hint, where, key, code=missing.code)
    return SecretUnavailable(message, missing.hint, (problem,))


class Resolver:
    """Fetches references, each once: the same reference asked for twice is read once.

    `warnings` collects what was odd about a source (a file that others may read); they hold no value. A context
    manager: at its end the backends give back what they got for the run, and an error takes the warnings along.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        strict: bool = False,
        surroundings: Surroundings = _nothing_said,
        look: Look = any_kind,
    ) -> None:
        self._environ = environ
        self._strict = strict
        self._surroundings = surroundings
        self._look = look
        self._fetched: dict[str, Secret] = {}
        self._ends: dict[str, str] = {}
        self._backends: dict[str, Backend] = {}
        self.warnings: Notices = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        if isinstance(error, DtsconfError):
            error.warnings += tuple(self.warnings)

    def close(self) -> None:
        """Let the backends give back what they got (Vault's token is revoked). Raises nothing; may add warnings."""
        while self._backends:
            _, backend = self._backends.popitem()
            close = getattr(backend, "close", None)
            if close is not None:
                close()

    def fetch(self, text: str, *, key: str, where: Where | None = None) -> Secret:
        """The secret that the reference `text`, the value of setting `key` at `where`, names.

        Raises:
            SecretUnavailable: with the key, its place and the backend's own words.
        """
        if text not in self._fetched:
            with self._told(key, where):
                try:
                    no_core_dumps()
                    reference = _parsed(text, key)
                    secret = self._backend(reference).fetch(reference)
                    self._look_at(secret, reference, key)
                    self._look_at_ends(secret, reference)
                except NotAReference as wrong:
                    raise SecretUnavailable(f"{key}: {wrong}", wrong.hint) from None
                except SecretUnavailable as missing:
                    raise _placed(missing, key, where) from None
            self._fetched[text] = secret
        return self._fetched[text]

    def look_at(self, secret: Secret, text: str, *, key: str, where: Where | None = None, then: str) -> None:
        """Judge a secret that was had elsewhere, by what its setting wants. `text` is the reference it came from, and
        `then` what is to be done once it is stored there anew.

        Raises:
            SecretUnavailable: it is not what the setting wants.
        """
        with self._told(key, where), suppress(NotAReference):  # of a plugin that isn't here: what sends judges it, too
            try:
                self._look_at(secret, _parsed(text, key), key, then)
            except SecretUnavailable as unfit:
                raise _placed(unfit, key, where) from None

    def _look_at(self, secret: Secret, reference: Reference, key: str, then: str = "") -> None:
        def mended(hint: str | None) -> str:
            from dtsconf.secret.storing import storing

            return "; ".join(each for each in (hint, storing(reference), then) if each)

        try:
            found = self._look(key, secret)
        except SecretUnavailable as unfit:
            unfit.hint = mended(unfit.hint)
            raise
        self.warnings += [replace(one, hint=mended(one.hint)) for one in found.notices]
        if found.expiry is not None:
            self._ends[str(reference)] = found.expiry

    def _look_at_ends(self, secret: Secret, reference: Reference) -> None:
        """A blank or a line break at an end, or a line more, is pasted along more often than meant."""
        odd: list[tuple[str, str, str]] = []
        if where := secret.blank():
            odd.append(("blank", f"{where} a blank, which is taken as part of it", "if it isn't"))
        if secret.ends_in_line_break() and reference.scheme != "file":  # of a file's own end its backend tells
            odd.append(("line-break", "ends in a line break, which is taken as part of it", "if it isn't"))
        if (lines := secret.lines()) > 1:
            told = f"has {lines} lines, and all of them together are taken as it"
            odd.append(("several-lines", told, "if one of them is it"))
        for kind, told, doubt in odd:
            from dtsconf.secret.storing import storing

            self.warnings.append(Notice(kind, f"the secret of {reference} {told}", f"{doubt}, {storing(reference)}"))

    def ends(self, text: str) -> str | None:
        """When the secret behind a reference that was looked at ends (ISO 8601), as far as it shows that itself."""
        return self._ends.get(text)

    def facts(self, text: str) -> Mapping[str, str]:
        """What the backend knows about a reference that was fetched, see `Backend`. Raises: SecretUnavailable."""
        reference = parse(text, schemes_for(text))
        facts = getattr(self._backend(reference), "facts", None)
        found: Mapping[str, str] = facts(reference) if facts is not None else {}
        return {**found, "expiry": self._ends[text]} if text in self._ends else found

    @contextmanager
    def _told(self, key: str, where: Where | None) -> Iterator[None]:
        """Give what is told within its key and place, be there a secret or none; under --strict what bends a rule is an
        error."""
        known = len(self.warnings)
        try:
            yield
        finally:
            news = [w if w.key else replace(w, where=where, key=key) for w in self.warnings[known:]]
            self.warnings[known:] = news
        bent = [w for w in news if w.strict] if self._strict else []
        if bent:
            raise Invalid(tuple(Problem(w.kind, w.message, w.hint, w.where, w.key, code=w.strict) for w in bent))

    def _backend(self, reference: Reference) -> Backend:
        scheme = reference.scheme
        if scheme not in self._backends:
            make = BACKENDS.get(scheme) or maker(scheme)
            self._backends[scheme] = make(self._context(), self.warnings)
        return self._backends[scheme]

    def _context(self) -> Context:
        vault, proxy = self._surroundings()
        return Context(self._environ, self._strict, vault, proxy, lambda text, key: self.fetch(text, key=key))
