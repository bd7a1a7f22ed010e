"""One YAML scalar as the value a leaf wants. Where YAML 1.1 reads something else than what stands there, that is said.

`no`, `on`, `012`, `1:30` and dates are no texts to YAML 1.1, and `012`, `0x10`, `1_000`, `1:30` no decimal numbers to
people: the former are refused as texts, the latter as numbers, each with the quoting or digits to type. Knows one
scalar at a time, no structure and no files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dtsconf.settings.wording import WANTED, BadValue, shown, wrong_type

if TYPE_CHECKING:
    import yaml

    from dtsconf.settings.leaf import Kind, Leaf

_STR: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"
_BOOL: Final = "tag:yaml.org,2002:bool"
_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"
_DATE: Final = "tag:yaml.org,2002:timestamp"

_TRUE: Final = ("yes", "true", "on")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_WHOLE_FLOAT = re.compile(r"([-+]?(?:0|[1-9][0-9]{0,17}))\.0*")
_NEWER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+|0o[0-7]+")
"""Numbers of YAML 1.2 that are texts in 1.1."""
_FRACTION = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})?\.[0-9]{1,18}")


def read_scalar(node: yaml.ScalarNode, leaf: Leaf) -> Any:
    """The Python value of a scalar node for this leaf, its type not yet checked beyond that; None for null.

    Raises:
        BadValue: the scalar isn't of the leaf's kind. A secret's text is never in it.
    """
    tag, text = node.tag, node.value
    if tag == _NULL:
        if not leaf.nullable:
            raise wrong_type(leaf.kind, None)
        return None
    if tag == _STR:
        if leaf.kind == "text" and not node.style and _NEWER.fullmatch(text):
            told = f"other readers of YAML (1.2) take {shown(text)} for a number, and a text is wanted"
            raise BadValue("yaml-trap", told, f'put it in quotes: "{text}"', show=False)
        if leaf.kind in _TEXTUAL or not (leaf.kind in ("int", "number", "bool") or leaf.choices):
            return text
        if leaf.kind == "choice":
            return text
        raise wrong_type(leaf.kind, text, nullable=leaf.nullable)
    return _READERS[leaf.kind](tag, text, leaf)


_TEXTUAL: Final = ("text", "choice", "secret", "scalar", "size")


def _text(tag: str, text: str, _leaf: Leaf) -> str:
    raise BadValue(
        "yaml-trap",
        f"YAML reads {shown(text)} as {_reading(tag, text)}, and a text is wanted",
        f'put it in quotes: "{text}"',
        show=False,
    )


def _choice(tag: str, text: str, leaf: Leaf) -> str:
    """`1.2` without quotes is fine where it can mean nothing else."""
    from dtsconf.settings.wording import not_a_choice

    if text in leaf.choices:
        return text
    if tag in (_BOOL, _FLOAT, _INT):
        return text
    raise not_a_choice("", text, leaf.choices)


def _secret(_tag: str, text: str, _leaf: Leaf) -> str:
    return text  # no reference is ever read as anything but a text: the check says that it is a literal


def _bool(tag: str, text: str, leaf: Leaf) -> bool:
    if tag != _BOOL:
        raise wrong_type("bool", plain(tag, text), nullable=leaf.nullable)
    return text.lower() in _TRUE


def _int(tag: str, text: str, leaf: Leaf) -> int:
    if tag == _INT and _DECIMAL.fullmatch(text):
        return int(text)
    if tag == _FLOAT and (whole := _WHOLE_FLOAT.fullmatch(text)):
        return int(whole.group(1))
    raise _no_number(tag, text, "int", leaf)


def _number(tag: str, text: str, leaf: Leaf) -> int | float:
    if tag == _FLOAT and _FRACTION.fullmatch(text):
        return float(text)
    if tag in (_INT, _FLOAT) and (_DECIMAL.fullmatch(text) or _WHOLE_FLOAT.fullmatch(text)):
        return _int(tag, text, leaf)
    raise _no_number(tag, text, "number", leaf)


def _no_number(tag: str, text: str, kind: Kind, leaf: Leaf) -> BadValue:
    digits = text.lstrip("0")
    hint = f"write {digits}" if digits.isascii() and digits.isdigit() else "write plain decimal digits"
    if tag == _INT and not _DECIMAL.fullmatch(text):
        if digits.isdigit() and not text.startswith("0"):
            return BadValue("range", "the number is far too large", "write a smaller one", show=False)
        return BadValue(
            "yaml-trap",
            f"YAML reads {shown(text)} as {_reading(tag, text)}, and a plain number is wanted",
            hint,
            show=False,
        )
    if tag == _FLOAT and ":" in text:
        return BadValue(
            "yaml-trap",
            f"YAML reads {shown(text)} as {_reading(tag, text)}, and a plain number is wanted",
            hint,
            show=False,
        )
    if tag == _FLOAT and not _FRACTION.fullmatch(text):
        return BadValue(
            "type", f"expects {WANTED[kind]}, found {shown(text)}", "write plain decimal digits", show=False
        )
    return wrong_type(kind, plain(tag, text), nullable=leaf.nullable)


def _size(tag: str, text: str, leaf: Leaf) -> int:
    if tag in (_INT, _FLOAT):
        return _int(tag, text, leaf)
    raise wrong_type("size", plain(tag, text), nullable=leaf.nullable)


def _scalar(tag: str, text: str, leaf: Leaf) -> Any:
    if tag == _BOOL:
        return text.lower() in _TRUE
    if tag in (_INT, _FLOAT):
        return _number(tag, text, leaf)
    return _text(tag, text, leaf)


_READERS: Final = {
    "text": _text,
    "choice": _choice,
    "secret": _secret,
    "bool": _bool,
    "int": _int,
    "number": _number,
    "size": _size,
    "scalar": _scalar,
}


def plain(tag: str, text: str) -> Any:
    """A scalar's value for a message about its type."""
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() in _TRUE
    if tag == _INT and _DECIMAL.fullmatch(text):
        return int(text)
    if tag == _FLOAT and _FRACTION.fullmatch(text):
        return float(text)
    return text


def _reading(tag: str, text: str) -> str:
    """What YAML 1.1 makes of a plain scalar (yaml.org/type)."""
    if tag == _BOOL:
        return "true" if text.lower() in _TRUE else "false"
    if tag == _DATE:
        return "a date"
    if tag in (_INT, _FLOAT):
        return _number_reading(text)
    return "something else than a text"


def _number_reading(text: str) -> str:
    bare = text.lstrip("+-").replace("_", "").lower()
    if ":" in text:
        return f"the number {_sixties(bare)} (base 60)" if len(bare) < 20 else "a number in base 60"
    if "inf" in bare or "nan" in bare or "." in bare:
        return "a number"
    if bare.startswith(("0x", "0b")):
        return f"the number {int(bare, 0)}" if len(bare) < 20 else "a number"
    if bare.startswith("0") and len(bare) > 1:
        return f"the octal number {int(bare, 8)}" if len(bare) < 20 else "an octal number"
    return f"the number {bare}" if "_" in text else "a number"


def _sixties(text: str) -> str:
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return f"{total:g}"


def parse_settings_text(kind: Kind, text: str) -> Any:
    """A text of the environment or of `--set` as raw value: texts, choices and secrets as they stand, others as one
    YAML scalar; the bare word `null` is None whatever the kind.

    Raises:
        BadValue: it is no scalar of this kind.
    """
    from dtsconf.settings.leaf import Leaf

    if text == "null":
        return None
    if kind in ("text", "choice", "secret"):
        return text
    if not text.strip():
        raise BadValue("empty", "is empty", "give a value, or null for the default", show=False)
    return read_scalar(_single(text, kind), Leaf(object, kind))


def _single(text: str, kind: Kind) -> yaml.ScalarNode:
    import yaml

    from dtsconf.settings.yamltext import compose, decode
    from dtsconf.settings.yamlwords import BadYaml

    try:
        node = compose(decode("", text.encode("utf-8", "surrogateescape")))
    except BadYaml:
        node = None
    if not isinstance(node, yaml.ScalarNode):
        raise wrong_type(kind, text)
    return node
