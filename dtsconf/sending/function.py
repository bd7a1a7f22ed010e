"""`dtsconf.send`: the command as a function."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping

from dtsconf import wiring
from dtsconf.errors import SecretUnavailable, UsageProblem
from dtsconf.mail.sent import Sent
from dtsconf.names import escape_controls
from dtsconf.sending.request import Request
from dtsconf.settings.effective import Effective
from dtsconf.wiring import Inputs, Path, inputs
from dtsconf.wiring.given import require_switches, text_of


def send(  # noqa: PLR0913 - one keyword for each option of the command
    to: str | Iterable[str] = (),
    subject: str | None = "",
    body: str | None = None,
    *,
    html: str | None = None,
    cc: str | Iterable[str] | None = (),
    bcc: str | Iterable[str] | None = (),
    reply_to: str | Iterable[str] | None = (),
    attach: Path | Iterable[Path] | None = (),
    zip: bool = False,  # noqa: A002 - named as the option
    queue: bool = False,
    settings: Effective | None = None,
    profile: Path | None = None,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Sent:
    """Send a mail with the settings in force; how each recipient fared is in `recipients`.

    Addresses are `ann@x.example` or `Ann <ann@x.example>`, several in one text are parted by commas. `attach` names
    files, or globs. `html` is the HTML itself; with it and no `body` a text is derived from it. A result means that
    somebody gets the mail: look at `ok` for whether everybody does. With `queue` the mail is kept durably and sent by
    `dtsconf queue run`; its id is in `queued`, and `recipients` is empty, since nobody was asked yet. `settings` are
    what `load` gave, for whoever sends many: they bring their root along, and stand in place of `profile`, `overrides`
    and `strict`.

    Raises:
        UsageProblem: `settings` come with what was for `load` to know, or with another root than theirs; what is given
            is of another type.
        NotSent: nobody got it; its `sent` tells why, and `sent.unknown` that it may have arrived all the same.
        Invalid: the settings can't be used, or policy forbids a recipient or the size.
        SecretUnavailable: the login's password can't be had.
        DtsconfError: an address is none, a file can't be attached, or the queue is full.
    """
    require_switches(zip=zip, queue=queue)
    people = _texts(to, "to"), _texts(cc, "cc"), _texts(bcc, "bcc"), _texts(reply_to, "reply_to")
    texts = text_of(subject, "subject") or "", text_of(body, "body"), _html(text_of(html, "html"))
    request = Request(*people, *texts, _texts(attach, "attach"), zip)
    if settings is None:
        given = inputs(profile, overrides=overrides, root=root, strict=strict, environ=environ)
    else:
        root = _root_of(settings, root, alone=profile is None and not overrides and not strict)
        given = Inputs(root=root, environ=os.environ if environ is None else environ)
    return _queued(given, request, settings) if queue else _sent(given, request, settings)


def _queued(given: Inputs, request: Request, settings: Effective | None) -> Sent:
    from dtsconf.sending.keep import enqueue

    entry = enqueue(given, request, effective=settings).entry
    return Sent(entry.message_id, (), (), queued=entry.id)


def _sent(given: Inputs, request: Request, settings: Effective | None) -> Sent:
    from dtsconf.machine.deliveries import Moved
    from dtsconf.sending.deliver import NotSent, deliver

    try:
        sent = deliver(given, request, effective=settings).sent
    except Moved:
        if settings is not None and _is_older(settings, given.root):
            words = "settings= were read before the machine's last apply, which delivered its secrets anew"
            raise SecretUnavailable(words, "load them anew: settings=dtsconf.load()") from None
        raise
    if not any(one.ok for one in sent.recipients):
        raise NotSent(sent)
    return sent


def _is_older(settings: Effective, root: str | None) -> bool:
    """Whether the machine config names other delivered secrets by now than the settings that were read of it."""
    now = wiring.machine_config(root)
    return now is not None and now.delivered != settings.org.delivered


def _root_of(settings: Effective, root: Path | None, *, alone: bool) -> str | None:
    """The root that the settings hold for, where nothing beside them speaks against it."""
    if not isinstance(settings, Effective):
        raise UsageProblem("settings= is not what dtsconf.load gave", "give it whole: settings=dtsconf.load(...)")
    if not alone:
        raise UsageProblem("settings= has all values already", "give profile, overrides and strict to dtsconf.load")
    if root is not None and os.fspath(root) != settings.root:
        read = "this machine" if settings.root is None else escape_controls(settings.root)
        raise UsageProblem(f"settings= were read for {read}, and root= names another", "give root= to dtsconf.load")
    return settings.root


def _texts(given: object, name: str) -> tuple[str, ...]:
    """None, one or several texts or paths, as several."""
    if given is None or given == ():
        return ()
    if isinstance(given, str):
        return (given,)
    if isinstance(given, io.IOBase):
        raise UsageProblem(f"{name}= takes texts, and this is an open file", "give its name, or what was read from it")
    several = given if isinstance(given, Iterable) and not isinstance(given, (bytes, os.PathLike)) else (given,)
    return tuple(_each(os.fspath(one) if isinstance(one, os.PathLike) else one, name) for one in several)


def _each(given: object, name: str) -> str:
    """One of several: to leave a None out would be to send without what it stands for."""
    text = text_of(given, name)
    if text is None:
        raise UsageProblem(f"{name}= has None among what it names", "leave it out, or give what was meant")
    return text


def _html(text: str | None) -> str | None:
    """The HTML; what must be a file's name would be mailed as it stands."""
    if text and "<" not in text and text.lower().endswith((".html", ".htm")):
        read = f"html=pathlib.Path({escape_controls(repr(text))}).read_text()"
        raise UsageProblem("html= is the HTML itself, and this is the name of a file", f"read it: {read}")
    return text
