"""How a leaf's check says no, and the few patterns that checks and schema share. Below all other settings modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import PydanticCustomError

END = r"(?!\n)$"  # Python's $ alone also stands before a last line feed, JavaScript's doesn't
HEX = "[0-9A-Fa-f]"
UUID_PATTERN = f"^{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}{END}"


def fault(kind: str, sentence: str, hint: str | None = None, *, show: bool = True) -> PydanticCustomError:
    """The error of a check. With `show` the sentence follows the quoted value, without it only the key."""
    from pydantic_core import PydanticCustomError

    return PydanticCustomError(
        "dtsconf", "{sentence}", {"kind": kind, "sentence": sentence, "hint": hint, "show": show}
    )
