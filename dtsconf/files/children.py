"""What a program that dtsconf starts sees of the environment: where things lie and how text is written, no more.

Anything else may hold a secret: VAULT_TOKEN, DTS_EMAIL_LOGIN__PASSWORD, a variable that an env:// reference names.
"""

from __future__ import annotations

from collections.abc import Mapping

_EVERYWHERE = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP"}
_PYTHON = {"LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
_WINDOWS = {
    "ALLUSERSPROFILE", "APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROGRAMDATA",
    "PROGRAMFILES", "SYSTEMDRIVE", "SYSTEMROOT", "USERDOMAIN", "USERNAME", "USERPROFILE", "WINDIR",
}  # fmt: skip
_PLAIN = _EVERYWHERE | _PYTHON | _WINDOWS


def plain_environ(environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """Those variables of `environ` that hold no secret, and what the caller adds."""
    kept = {name: value for name, value in environ.items() if name.upper() in _PLAIN or name.startswith("LC_")}
    return {**kept, **more}
