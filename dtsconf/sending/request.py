"""What the user asked to be sent, in the user's words, and the draft that it means; every fault told at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dtsconf.errors import Option, Problem, UsageProblem
from dtsconf.frozen import frozen
from dtsconf.mail.compose.addresses import NO_UTF8, parse
from dtsconf.mail.compose.bodies import LARGEST
from dtsconf.mail.compose.draft import Draft, Mailbox
from dtsconf.names import escape_controls, has_controls, has_half_pairs

FIELDS = {"to": "--to", "cc": "--cc", "bcc": "--bcc", "reply_to": "--reply-to"}
"""The lists of addresses, and the option of each."""


@frozen
class Request:
    """`to`, `cc`, `bcc`, `reply_to`: texts with one or more addresses each, with or without a name. `text` and `html`:
    the body, either or both. `attach`: names of files, and globs. `zipped`: all attachments in one zip."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attach: tuple[str, ...] = ()
    zipped: bool = False


def draft_of(request: Request) -> Draft:
    """The draft, without its attachments.

    Raises:
        UsageProblem: with a problem for each thing that can't be: an address, the subject, a text, nobody to send to.
    """
    problems: list[Problem] = []
    boxes = {name: _mailboxes(getattr(request, name), option, problems) for name, option in FIELDS.items()}
    if not (request.to or request.cc or request.bcc):
        problems.append(_problem("--to", "nobody to send to", "name somebody: --to ADDRESS"))
    problems += _ascii_replies(boxes["reply_to"])
    subject = request.subject.rstrip("\r\n").replace("\t", " ")  # as scripts cut a line out of a log
    if has_half_pairs(subject):
        problems.append(_problem("--subject", f"'{escape_controls(subject)}' holds bytes that are no UTF-8", NO_UTF8))
    elif has_controls(subject):
        words = f"'{escape_controls(subject)}' holds a line break or another control character"
        problems.append(_problem("--subject", words, "write the subject in one line"))
    for option, text in (("--body", request.text), ("--html", request.html)):
        problems += _text_problems(option, text or "")
    if problems:
        raise UsageProblem(problems[0].message, problems[0].hint, tuple(problems))
    return Draft(boxes["to"], boxes["cc"], boxes["bcc"], boxes["reply_to"], subject, request.text, request.html)


def options_of(draft: Draft) -> dict[str, str]:
    """The option that brought each recipient in, by the address as on the wire; of several the first of to, cc, bcc."""
    boxes = ((FIELDS[name], box) for name in ("bcc", "cc", "to") for box in getattr(draft, name))
    return {box.on_the_wire: option for option, box in boxes}


def _mailboxes(texts: Sequence[str], option: str, problems: list[Problem]) -> tuple[Mailbox, ...]:
    found: list[Mailbox] = []
    for text in texts:
        try:
            found += parse(text)
        except ValueError as wrong:
            problems.append(_problem(option, *wrong.args))
    return tuple(found)


def _ascii_replies(boxes: Sequence[Mailbox]) -> list[Problem]:
    """SMTPUTF8 is asked for because of the envelope, and an address for replies is not in it."""
    hint = "name one whose part before the @ is ASCII"
    return [
        _problem("--reply-to", f"'{box.address}' can't stand in the header of every mail (RFC 6531)", hint)
        for box in boxes
        if not box.on_the_wire.isascii()
    ]


def _text_problems(option: str, text: str) -> list[Problem]:
    if len(text) > LARGEST:
        words = f"the text has more than {LARGEST >> 20} MiB, and a mail's text can't"
        return [_problem(option, words, "attach it instead: --attach FILE")]
    if "\0" in text:
        words = "the text holds NUL characters, as UTF-16 without its mark has, or what is no text"
        return [_problem(option, words, "save it as UTF-8, or attach it as a file")]
    try:
        text.encode()
    except UnicodeEncodeError:
        return [_problem(option, "the text holds bytes that are no UTF-8", "write it as UTF-8, or attach it as a file")]
    return []


def _problem(option: str, words: str, hint: str | None) -> Problem:
    return Problem("usage", words, hint, Option(option), code=2)
