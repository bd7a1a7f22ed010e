"""The grammar of secret references, pure: text in, `Reference` out. Knows nothing about fetching.

`vault://MOUNT/PATH#FIELD[?version=N]` · `keyring://SERVICE/USER` · `env://NAME` · `file:///ABSOLUTE/PATH` ·
`systemd://NAME`. The whole value is the reference; nothing around it is trimmed.
"""

from __future__ import annotations

import re

from dtsconf.frozen import frozen
from dtsconf.names import has_controls

SCHEMES = ("vault", "keyring", "env", "file", "systemd")
"""The schemes dtsconf knows itself."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HOME = r"~[\w.-]*[/\\]."
_PATH = r"(/|[A-Za-z]:[/\\])[^/\\]+[/\\]"
_VARIABLE = r"\$(env:)?[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|%[A-Za-z_]\w*%"
_FORMS = {
    "vault": (r"(?!.*//)[^#?/\s][^#?\s]*/[^#?\s]*[^#?/\s](\?version=[1-9][0-9]*)?#[^#?\s]+(\?version=[1-9][0-9]*)?"),
    "keyring": r"[^/]+/.+",
    "env": r"[A-Za-z_][A-Za-z0-9_]*",
    "file": r"/.+|/?[A-Za-z]:[/\\].+",
    "systemd": r"[A-Za-z0-9_.@:-]+",
}
_SHAPES = {
    "vault": "vault://MOUNT/PATH#FIELD",
    "keyring": "keyring://SERVICE/USER",
    "env": "env://NAME",
    "file": "file:///ABSOLUTE/PATH",
    "systemd": "systemd://NAME",
}

HOME_HINT = "write the whole path, such as file:///home/NAME/..."


@frozen
class Reference:
    """Where a secret is to be had. `rest` is everything after `://`. Not itself secret; may be shown. `pem`: a text of
    many lines is wanted, certificate and key."""

    scheme: str
    rest: str
    pem: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}://{self.rest}"


class NotAReference(ValueError):
    """The text is no secret reference. The message never repeats the text, since it may be the secret itself.

    `literal` is True when the text does not even look like one (no `SCHEME://`), so it may be a password in clear.
    """

    def __init__(self, message: str, hint: str | None, *, literal: bool) -> None:
        super().__init__(message)
        self.hint = hint
        self.literal = literal


def shape_meant(text: str) -> str | None:
    """The form of reference that a literal was likely meant for, to say how it is written; None when it looks like
    none. Of the text itself nothing is in it."""
    if text[:1].isspace() and looks_like_reference(text.lstrip()):
        return "a reference begins with its scheme: take out the blank before it"
    scheme, colon, rest = text.partition(":")
    if colon and scheme in _SHAPES and not rest.startswith("//"):
        return f"a reference of that kind is written {_SHAPES[scheme]}"
    if re.match(_HOME, text):
        return f"a file's path is written {_SHAPES['file']}, without ~"
    if re.fullmatch(_VARIABLE, text):
        return f"a variable is written {_SHAPES['env']}, without $ or %"
    return f"a file's path is written {_SHAPES['file']}" if re.match(_PATH, text) else None


def looks_like_reference(text: str) -> bool:
    """Whether the text starts with `SCHEME://`, of whatever scheme."""
    return _SCHEME.match(text) is not None


def parse(text: str, schemes: tuple[str, ...] = SCHEMES) -> Reference:
    """Read a reference. `schemes` are the ones to accept (dtsconf's own and those of plugins).

    Raises:
        NotAReference: it is a literal, its scheme is unknown (the hint names the nearest), or its form is off.
    """
    if not text:
        raise NotAReference("an empty text is no secret reference", "leave it out, or write null", literal=False)
    found = _SCHEME.fullmatch(text)
    if found is None:
        raise NotAReference("this is a secret in clear, and a reference is wanted", None, literal=True)
    scheme, rest = found.groups()
    if scheme not in schemes:
        raise NotAReference(f"unknown secret scheme '{scheme}://'", _nearest(scheme, schemes), literal=False)
    form = _FORMS.get(scheme)
    if (form is not None and re.fullmatch(form, rest) is None) or has_controls(rest):
        raise NotAReference(
            f"{'an' if scheme == 'env' else 'a'} {scheme} reference has the form {_SHAPES.get(scheme, scheme + '://...')}",
            _form_hint(scheme, rest),
            literal=False,
        )
    return Reference(scheme, rest)


def _form_hint(scheme: str, rest: str) -> str | None:
    if scheme == "file" and rest.startswith("~"):
        return f"~ means no home in a reference: {HOME_HINT}"
    if scheme == "vault" and "?version=" in rest:
        return "?version=N stands once, behind the path or the field, and N is a whole number from 1 on"
    if scheme == "env":
        return "a variable's name has letters, digits and _, and begins with no digit"
    return None


def _nearest(scheme: str, schemes: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(scheme.lower(), schemes, 1, 0.5)
    return f"did you mean {near[0]}://?" if near else "known are " + ", ".join(f"{s}://" for s in schemes)
