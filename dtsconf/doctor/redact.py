"""Takes secrets out of what goes into a bundle. Pure.

Host names, addresses and user names stay: support can't help without them. Gone are the values of all secret settings
unless they are references, user and password parts of URLs, and every text that is known to be a delivered secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from dtsconf.secret import ref

GONE = "(removed)"

_URL_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s\"]*@")
_SECRET_NAMES = frozenset(
    {
        "password",
        "passphrase",
        "client_secret",
        "certificate",
        "client_assertion",
        "token",
        "secret_id",
        "role_id",
        "jwt",
    }
)


def redacted(data: Any, secrets: Iterable[str] = ()) -> Any:
    """Decoded JSON without its secrets. `secrets` are values that must not be in any text of it, as a part neither."""
    known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    return _clean(data, known, name="")


def _clean(data: Any, known: list[str], name: str) -> Any:
    if isinstance(data, dict):
        return {_text(key, known): _clean(value, known, key) for key, value in data.items()}
    if isinstance(data, list):
        return [_clean(item, known, name) for item in data]
    if not isinstance(data, str):
        return GONE if name in _SECRET_NAMES and data is not None and not isinstance(data, bool) else data
    if name in _SECRET_NAMES and not _is_reference(data):
        return GONE
    return _text(data, known)


def _text(text: str, known: list[str]) -> str:
    nested = _nested(text, known)
    if nested is not None:
        return nested
    for secret in known:
        text = text.replace(secret, GONE)
    return _URL_LOGIN.sub(rf"\1{GONE}@", text)


def _nested(text: str, known: list[str]) -> str | None:
    """A text that is JSON itself (a generation holds the machine config as one), cleaned as such."""
    if not text.startswith("{"):
        return None
    try:
        inner = json.loads(text)
    except ValueError:
        return None
    return json.dumps(_clean(inner, known, ""), indent=2, sort_keys=True, ensure_ascii=False)


def _is_reference(text: str) -> bool:
    try:
        ref.parse(text)
    except ref.NotAReference:
        return False
    return True
