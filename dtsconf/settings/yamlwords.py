"""What is said about text that is no YAML, or none that we take: LibYAML's complaints in our words, with what to do.

LibYAML names the state of its own scanner; people want to know what is missing and where it began.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dtsconf.settings.yamlbrackets import hidden_end, left_open

if TYPE_CHECKING:
    from collections.abc import Sequence

    import yaml


LIMIT: Final = 2**20
"""The largest YAML file, in bytes."""


class BadYaml(Exception):
    """The text is no YAML that we take. `line` and `column` count from 1; `kind` is a stable kebab-case word."""

    def __init__(self, kind: str, message: str, hint: str | None = None, at: tuple[int, int] = (1, 1)) -> None:
        super().__init__(message)
        self.kind, self.message, self.hint, self.at = kind, message, hint, at


def tab(at: tuple[int, int]) -> BadYaml:
    """A tab where only spaces may stand."""
    return BadYaml("tab", "a tab stands in the indentation", "indent with spaces", at)


def unclosed(at: tuple[int, int]) -> BadYaml:
    """A quotation mark that opens a text which nothing closes, or only the mark of another one, lines later."""
    told = f"the quotation mark opened at {at[0]}:{at[1]} is not closed"
    return BadYaml("syntax", told, "close it where the text ends", at)


EXPECT: Final = "leave the value to DTS_EMAIL_ variables and list its key under expects; a secret is written env://NAME"
"""What to do in place of a variable in a profile."""

_BARE: Final = ("a bare & or * can't start a text", 'put the text in quotes, such as "*@acme.example"')

_REWORDED: Final = (
    ("another document", "more-documents", "a second document starts here; a profile is one", "take out the --- line"),
    (
        "undefined alias",
        "alias",
        "this alias (*) has no anchor (&) before it",
        "put a text that starts with * in quotes",
    ),
    ("violates indentation", "tab", "a tab stands in the indentation", "indent with spaces"),
    (
        "mapping values are not allowed",
        "syntax",
        "a key can't stand here",
        "check the indentation; put a text that holds ': ' in quotes",
    ),
    (
        "could not find expected ':'",
        "syntax",
        "a colon is missing after this key",
        "write key: value, with a blank between",
    ),
    (
        "expected ',' or ']'",
        "syntax",
        "a list in brackets isn't closed",
        "end it with ], with commas between the items",
    ),
    (
        "expected ',' or '}'",
        "syntax",
        "a mapping in braces isn't closed",
        "end it with }, with commas between the pairs",
    ),
    (
        "expected <block end>",
        "syntax",
        "this line doesn't fit the indentation above it",
        "align it with its neighbours",
    ),
    (
        "expected '-' indicator",
        "syntax",
        "this line doesn't fit the list above it",
        "start each item with '- ', aligned",
    ),
    ("expected node content", "syntax", "a bracket or brace is opened and not closed", "close it"),
    ("cannot start any token", "syntax", "a text can't start with this character", "put the text in quotes"),
    ("incompatible YAML document", "syntax", "this YAML version is not read", "take the %YAML line out"),
    ("escape", "syntax", "this escape (\\) doesn't exist", "use single quotes, in which \\ stands for itself"),
    ("hexdecimal", "syntax", "this escape (\\) is not complete", "use single quotes, in which \\ stands for itself"),
    ("block sequence entries", "syntax", "a list can't start here", "put it on a line of its own"),
    ("duplicate anchor", "alias", "this anchor is given twice", "give it another name"),
    ("anchor", "syntax", *_BARE),
    ("alias", "syntax", *_BARE),
    ("expected alphabetic or numeric character", "syntax", *_BARE),
    ("tag", "tag", "a tag (!...) has no meaning here", "put a text that starts with ! in quotes"),
    ("indentation", "syntax", "this line doesn't fit the indentation above it", "align it with its neighbours"),
)
"""What LibYAML says -> kind, our sentence, our hint. First match wins; it says a dozen things that people meet."""

_SHOWN_WHERE_BEGUN: Final = (
    "expected node content",
    "expected ',' or ']'",
    "expected ',' or '}'",
    "could not find expected ':'",
    "expected alphabetic or numeric character",
)
"""What LibYAML notices lines later: the place to mend is where it began."""


_ODD_BLANK: Final = r"(?:.*[{,])?[ ]*(?:-[ ]*)?(?:[\w.-]+:)?([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000])"
"""One that web pages and word processors write: before a key or a dash, or behind it."""

_SECOND: Final = r"(?:^|[{,\[])\s*(?:- )?[\w.-]+:\s+[^\s{}\[\],][^{}\[\],]*$"
"""A key with its value, and no further one."""

_GLUED: Final = r"\s*[A-Za-z_]+:(?!//)\S"


def reworded(error: yaml.YAMLError, lines: Sequence[str]) -> BadYaml:
    """The parser's complaint about a text of these lines, as ours."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    opened = getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or ""
    at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    before = lines[at[0] - 1][: at[1]] if at[0] <= len(lines) else ""
    if "\t" in before and not before.strip():
        return tab(at)
    if "unexpected end of stream" in said and opened:
        return unclosed((opened.line + 1, opened.column + 1))
    if bad := _conflict(lines) or odd_blank(lines, at[0]) or _by_its_lines(said, lines, at):
        return bad
    if opened and (hidden := hidden_end(lines, (opened.line + 1, opened.column + 1), at)):
        return _commented(*hidden)
    if "expected node content" in said and (last := left_open(lines, at)):
        return BadYaml("syntax", "a bracket or brace is opened and not closed", "close it", last)
    if "could not find expected ':'" in said and opened and glued(lines[opened.line]):
        return no_blank((opened.line + 1, opened.column + 1))
    for fragment, kind, message, hint in _REWORDED:
        if fragment in said:
            begun = opened if fragment in _SHOWN_WHERE_BEGUN else None
            return BadYaml(kind, message, hint, (begun.line + 1, begun.column + 1) if begun else at)
    return BadYaml("syntax", "this is no YAML", "check quotes, brackets and indentation here and in the line above", at)


def _conflict(lines: Sequence[str]) -> BadYaml | None:
    """What Git leaves in a file where two changes met."""
    found = next((n for n, line in enumerate(lines, 1) if re.match(r"(<{7}|>{7}) ", line)), None)
    hint = "keep one of them, and take out <<<<<<<, ======= and >>>>>>>"
    return BadYaml("syntax", "two changes met here (a merge conflict)", hint, (found, 1)) if found else None


def _by_its_lines(said: str, lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """What the lines around the place tell better than the parser."""
    if bad := _quote_within(said, lines, at) or _colon_within(said, lines, at) or _variable_within(lines, at):
        return bad
    if "mapping values are not allowed" in said:
        return _of_the_line_above(lines, at)
    return _out_of_line(lines, at) if "expected key" in said else None


def _variable_within(lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """`${NAME}` without quotes, whose braces are YAML's."""
    found = re.search(r"\$\{\w+\}", lines[at[0] - 1]) if at[0] <= len(lines) else None
    if found is None or found.start() >= at[1]:
        return None
    return BadYaml("syntax", f"{found[0]} is no value: variables aren't filled in", EXPECT, (at[0], found.start() + 1))


def odd_blank(lines: Sequence[str], number: int) -> BadYaml | None:
    """A blank that is none to YAML, where one has to stand, in this line or the one above it."""
    for at in (number, number - 1):
        if 0 < at <= len(lines) and (found := re.match(_ODD_BLANK, lines[at - 1])):
            told = f"the blank here is U+{ord(found.group(1)):04X}, which is none to YAML"
            hint = "type a plain one in its place: it came along by copying"
            return BadYaml("syntax", told, hint, (at, found.start(1) + 1))
    return None


def glued(text: str) -> bool:
    """Whether a text starts like `key:value`: to YAML that is one word. What has // after the colon is an address."""
    return re.match(_GLUED, text) is not None


def no_blank(at: tuple[int, int]) -> BadYaml:
    """`key:value`."""
    return BadYaml("syntax", "a blank is missing after the colon", "write key: value, with a blank between", at)


def _quote_within(said: str, lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """A quotation mark inside a text in such marks: it ends the text, and the parser stumbles over what follows."""
    line, column = at
    text = lines[line - 1] if line <= len(lines) else ""
    mark, after = text[column - 2 : column - 1], text[column - 1 : column]
    if not said.startswith("did not find expected") or mark not in ("'", '"') or not (after.isalnum() or after == mark):
        return None
    twice = "write it twice ('')" if mark == "'" else 'write \\" for it'
    other = "double" if mark == "'" else "single"
    message = f"the text ends at this {mark}, since it began with one"
    return BadYaml("syntax", message, f"{twice}, or put the text in {other} quotes", (line, column - 1))


def _colon_within(said: str, lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """A text that holds `: `, which ends a key, behind its own key."""
    line, column = at
    text = lines[line - 1] if line <= len(lines) else ""
    stopped = said.startswith(("mapping values are not allowed", "did not find expected ','"))
    if not stopped or not re.search(_SECOND, text[: column - 1]) or not re.match(r":(\s|$)", text[column - 1 :]):
        return None
    more = ", or a comma between two pairs"
    if said.startswith("mapping"):
        nested = re.search(r":\s+[a-z_]+$", text[: column - 1])
        more = "; a key below another one stands in braces, {key: value}, or on a line of its own" if nested else ""
    told = "this colon ends a key, and one stands before it"
    return BadYaml("syntax", told, f"put a text that holds ': ' in quotes{more}", at)


def _commented(closer: str, at: tuple[int, int]) -> BadYaml:
    """The end of a bracket that stands in a comment."""
    told = f"a comment begins at this #, and the {closer} stands in it"
    return BadYaml("syntax", told, f"put a text that holds ' #' in quotes, or write {closer} before the comment", at)


def _out_of_line(lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """A line of a block that stands neither with the line above it nor with any other."""
    number, column = at
    if number > len(lines) or lines[number - 1][: column - 1].strip():
        return None
    above = next((n for n in range(number - 1, 0, -1) if lines[n - 1].split("#")[0].strip()), None)
    if above is None:
        return None
    indent = len(lines[above - 1]) - len(lines[above - 1].lstrip())
    if re.match(r"\s*-(\s|$)", lines[number - 1]) and not lines[above - 1].lstrip().startswith("- "):
        return BadYaml("syntax", "a list item can't stand among keys", "take out the '- ' before it", at)
    if column - 1 == indent:
        return None
    if column - 1 > indent and (bad := _of_the_line_above(lines, at)):
        return bad
    near = _nearest_indents(lines, number, column - 1) or [(above, indent)]
    told = f"this line doesn't line up with line {near[0][0]}, nor with another above it"
    ways = ", or ".join(f"by {blanks or 'no'} blanks, as line {n}" for n, blanks in near)
    return BadYaml("syntax", told, f"indent it {ways}", at)


def _nearest_indents(lines: Sequence[str], number: int, indent: int) -> list[tuple[int, int]]:
    """The lines above whose blocks are open at this one and which are nearest to its indent, with theirs; the one that
    is indented most comes first. A key is not put among the items of a list."""
    dash = lines[number - 1].lstrip().startswith("- ")
    least = LIMIT
    levels: list[tuple[int, int]] = []
    for n in range(number - 1, 0, -1):
        text = lines[n - 1].split("#")[0].rstrip()
        blanks = len(text) - len(text.lstrip())
        if not text or blanks >= least:
            continue
        least = blanks
        if dash or not text.lstrip().startswith("- "):
            levels.append((n, blanks))
    nearest = min((abs(blanks - indent) for _, blanks in levels), default=0)
    return [level for level in levels if abs(level[1] - indent) == nearest]


def _of_the_line_above(lines: Sequence[str], at: tuple[int, int]) -> BadYaml | None:
    """What is wrong with the line above, if it is the one without a colon, or without a blank after it, or with a value
    where keys follow below it: the parser stumbles only over the next key."""
    number = at[0]
    above = next((n for n in range(number - 1, 0, -1) if lines[n - 1].strip()), None)
    if above is None:
        return None
    while above > 1 and glued(lines[above - 1]) and glued(lines[above - 2]):
        above -= 1
    text = lines[above - 1]
    place = (above, len(text) - len(text.lstrip()) + 1)
    if glued(text):
        return no_blank(place)
    key = re.match(r"\s*(?:- )?([\w.-]+):\s+[^\s#|>&]", text)
    here = lines[number - 1][: at[1] - 1]
    if key and ":" not in here and len(here) - len(here.lstrip()) > place[1] - 1:
        message = f"this line has its value, and line {number} is indented as if it stood below"
        return BadYaml("syntax", message, f"indent this line and line {number} alike", place)
    if ":" in text or text.lstrip().startswith(("#", "-", "'", '"', "|", ">")):
        return None
    return BadYaml("syntax", "a colon is missing after this key", "write key: value, with a blank between", place)
