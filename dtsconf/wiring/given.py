"""What a run was given, and what `DTSCONF_` variables give a function of `import dtsconf` that wasn't told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field

from dtsconf.errors import DtsconfError, UsageProblem
from dtsconf.frozen import frozen

Path = str | os.PathLike[str]


@frozen
class Inputs:
    """Where values come from in one run: the profile's path (None: the machine config), the `--set` texts, the root
    folder (None: this machine), whether warnings that bend the profile are errors, whether the profile's ownership is
    taken on trust, and the environment."""

    profile: str | None = None
    overrides: tuple[str, ...] = ()
    root: str | None = None
    strict: bool = False
    trust_profile: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def tried(self) -> bool:
        """Whether other settings than the machine's own are tried: nothing of that run lasts."""
        return self.profile is not None or bool(self.overrides)


def inputs(
    profile: Path | None = None,
    *,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    trust_profile: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Inputs:
    """Where values come from. `overrides` are `--set` values: a mapping of dotted keys, or `key=value` texts. A profile
    or root that isn't given is that of `DTSCONF_PROFILE` or `DTSCONF_ROOT`, and `DTSCONF_STRICT=1` is strict, as for
    the commands: who exported a root for a trial means the machine under it, whatever runs there.

    Raises:
        UsageProblem: a path is empty or none, a variable holds no text, or something else is of another type.
        DtsconfError: a path counts from the current folder, which is gone.
    """
    require_switches(strict=strict, trust_profile=trust_profile)
    if environ is None:
        environ = os.environ
    else:
        _require_texts(environ)
    profile = environ.get("DTSCONF_PROFILE") or None if profile is None else profile
    root = environ.get("DTSCONF_ROOT") or None if root is None else root
    return Inputs(
        None if profile is None else _path(profile, "profile"),
        _set_texts(overrides),
        None if root is None else _path(root, "root"),
        strict or is_true(environ.get("DTSCONF_STRICT", "")),
        trust_profile,
        environ,
    )


def require_switches(**given: object) -> None:
    """What is on or off, whatever the caller's types say: a text, '0' and 'no' too, would count as on.

    Raises:
        UsageProblem: one is neither True nor False.
    """
    for name, value in given.items():
        if value not in (True, False):
            words = f"{name}= takes True or False, and this is {type(value).__name__}"
            raise UsageProblem(words, f"compare a text first: {name}=(text == 'yes')")


def text_of(given: object, name: str) -> str | None:
    """A text or None, whatever the caller's types say.

    Raises:
        UsageProblem: it is neither.
    """
    if given is None or isinstance(given, str):
        return given
    hint = None
    if isinstance(given, bytes):
        hint = "bytes are to be decoded first; to attach them, write them to a file"
    if isinstance(given, os.PathLike):
        hint = f"read the file: {name}=path.read_text()"
    raise UsageProblem(f"{name}= takes texts, and this is {type(given).__name__}", hint)


def _set_texts(overrides: object) -> tuple[str, ...]:
    """The `--set` texts, whatever the caller's types say."""
    if isinstance(overrides, Mapping):
        return tuple(_text(key, value) for key, value in overrides.items())
    if isinstance(overrides, str) or not isinstance(overrides, Iterable):
        words = f"overrides= takes a mapping or several texts, and this is {type(overrides).__name__}"
        raise UsageProblem(words, "write it as in overrides={'server.port': 587}")
    return tuple(overrides)


def _require_texts(environ: Mapping[str, object]) -> None:
    """Variables are texts, whatever the caller's types say."""
    if not isinstance(environ, Mapping):
        raise UsageProblem(f"environ= takes a mapping, and this is {type(environ).__name__}")
    for name, value in environ.items():
        if not isinstance(value, str):
            raise UsageProblem(f"environ={{'{name}': ...}} holds no text", "variables are texts: '587', not 587")


def _path(given: object, name: str) -> str:
    """A path as text, whatever the caller's types say."""
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str):
        raise UsageProblem(f"{name}= takes a path, and this is {type(given).__name__}")
    if not path:
        raise UsageProblem(f"{name}= is empty", "name one, or leave it out to work with this machine's own")
    if not os.path.isabs(path):
        try:
            os.getcwd()
        except OSError:
            raise DtsconfError("the current folder is not there any more", "os.chdir to one that is") from None
    return path


def _text(key: str, value: object) -> str:
    words = {None: "null", True: "true", False: "false"}
    plain = words[value] if value is None or isinstance(value, bool) else str(value)
    return f"{key}={plain}"


def is_true(word: str) -> bool:
    """Whether a variable's text is a yes, in any of the words that options take."""
    return word.strip().lower() in _TRUE


_TRUE = frozenset({"1", "true", "yes", "on", "t", "y"})
