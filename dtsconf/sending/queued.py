"""A run over the user's spool: what was queued (`keep`) is sent.

What is queued has passed policy and is complete; policy is checked once more, for it may have been tightened since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.errors import DtsconfError, Interrupted, Invalid, Notice, SecretUnavailable, SignInFailed
from dtsconf.frozen import frozen
from dtsconf.mail.mailer import mailer
from dtsconf.mail.route import Smtp
from dtsconf.queue.entry import as_kept
from dtsconf.queue.faults import fix_of
from dtsconf.queue.ledger import Ran
from dtsconf.queue.listing import listed
from dtsconf.queue.reason import explain
from dtsconf.queue.runner import Runner, Which
from dtsconf.queue.spool import Spool
from dtsconf.sending import queue_hints as hints
from dtsconf.sending.postman import Postman, in_words
from dtsconf.sending.recheck import SENDER
from dtsconf.settings.check import require_complete
from dtsconf.settings.roots import require_roots
from dtsconf.wiring import Inputs, hands

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.proof import Stage
    from dtsconf.settings.effective import Effective


@frozen
class QueueRun:
    """A run over the queue. `unusable` is the stage at which the server turned out not to be usable for any mail, or
    None; `reached` is False when not a byte of it was read. `effective` are the settings, where any were needed."""

    messages: tuple[Ran, ...]
    unusable: Stage | None
    reached: bool
    warnings: tuple[Notice, ...] = ()
    effective: Effective | None = None


def run_queue(
    given: Inputs,
    which: Which,
    *,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
) -> QueueRun:
    """Send what waits in this user's queue, over one connection. `person` may be asked to sign in.

    Raises:
        Invalid: the settings can't be used.
        SecretUnavailable: the login's password can't be had.
        SignInFailed: nobody is signed in and nobody can be asked, or the identity provider says no.
        DtsconfError: the spool can't be read or written.
    """
    spool = Spool(wiring.layout_of(given.root).spool())
    if spool.is_empty():
        return QueueRun((), None, reached=True)
    try:
        return hands.unmoved(lambda: _run(given, spool, which, person, progress))
    except OSError as failed:
        why = failed.strerror or str(failed)
        told = f"the queue can't be used: {spool.folder}: {why}"
        raise DtsconfError(told, fix_of(failed, spool.folder)) from failed


def _run(given: Inputs, spool: Spool, which: Which, person: Person | None, progress: Callable[[str], None]) -> QueueRun:
    with _noted_why_not(spool, which):
        effective = wiring.effective(given, user=True)
        _require_complete(effective, spool)
        require_roots(effective)
    with hands.resolver_of(given, lambda: effective) as resolver:
        with _noted_why_not(spool, which):
            secrets = hands.secrets_of(given, effective, resolver)
            access = hands.access_of(given, effective, secrets, person=person, progress=progress)
        link = hands.link_now(given, access, progress=progress)
        with mailer(link, terse=True) as sends:
            postman = Postman(sends, effective, access.effective, progress)
            runner = Runner(spool, postman)
            with _interruptions_told(runner):
                found = runner.run(which)
        warnings = (*effective.warnings, *resolver.warnings)
    unusable = postman.doubts.unusable
    if unusable is not None:
        for_it = {one.state for one in found if in_words(unusable) in one.detail}
        unusable = hints.of_queue(
            unusable,
            smtp=isinstance(link.route, Smtp),
            proven=link.past.proven is not None,
            waits="deferred" in for_it,
            given_up="failed" in for_it,
        )
    return QueueRun(tuple(found), unusable, postman.doubts.reached, warnings, effective)


def _require_complete(effective: Effective, spool: Spool) -> None:
    """The sender's address may be missing where every mail was queued with one. Raises: Invalid."""
    if SENDER in effective.missing:
        entries = (one.entry for one in listed(spool))
        if all(entry.sender for entry in entries if entry is not None):
            effective = replace(effective, missing=tuple(key for key in effective.missing if key != SENDER))
    require_complete(effective)


@contextmanager
def _noted_why_not(spool: Spool, which: Which) -> Iterator[None]:
    """Where the settings can't be used, or nobody can sign in, no mail is tried: `queue list` says why they wait."""
    from dtsconf.machine.deliveries import Moved

    try:
        yield
    except Moved:
        raise
    except (Invalid, SecretUnavailable, SignInFailed) as failed:
        explain(spool, which, as_kept(failed.message))
        raise


@contextmanager
def _interruptions_told(runner: Runner) -> Iterator[None]:
    """Ctrl-C, or a polite end by the system, takes nothing back."""
    try:
        yield
    except KeyboardInterrupt:
        known = QueueRun(runner.found, None, reached=True)
        words = f"interrupted; sent before that: {sum(one.state == 'sent' for one in known.messages)}"
        hint = (
            "what wasn't sent waits; a mail that was under way may have arrived: the next run sends it once more, under"
        )
        raise Interrupted(words, f"{hint} the same Message-ID", known=known) from None
