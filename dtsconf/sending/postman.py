"""Hands queued messages over to a mailer, and judges what came of each for the queue: who waits, who is given up, and
whether the server can be used at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.content import Envelope, Unreadable
from dtsconf.proof import CAUSES
from dtsconf.queue.attempt import Outcome
from dtsconf.queue.entry import Refused, as_kept
from dtsconf.sending import queue_hints as hints
from dtsconf.sending.doubts import OF_THE_MESSAGE, OF_THE_SERVER, Doubts, is_of_a_command
from dtsconf.sending.hint_words import is_cut
from dtsconf.sending.recheck import over, unfit
from dtsconf.settings.recipients import forbidden

if TYPE_CHECKING:
    from dtsconf.content import Content
    from dtsconf.mail.graph.mailer import GraphMailer
    from dtsconf.mail.mailer import SmtpMailer
    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.proof import Stage
    from dtsconf.queue.attempt import Item
    from dtsconf.settings.effective import Effective


class Postman:
    """Hands queued messages over, and tells the runner what came of each. `signed_in` are the settings with the sender
    that the sign-in brought along: for mails that were kept without."""

    def __init__(
        self,
        sends: SmtpMailer | GraphMailer,
        effective: Effective,
        signed_in: Effective,
        progress: Callable[[str], None],
    ) -> None:
        self._sends, self._effective, self._signed_in, self._progress = sends, effective, signed_in, progress
        self.doubts = Doubts()

    def __call__(self, items: Iterable[Item]) -> Generator[Outcome, None, None]:
        """One attempt for each. Who is forbidden gets nothing; a message for nobody else isn't sent at all."""
        out: deque[_Letter] = deque()
        with closing(self._sends.send_all(self._letters(items, out))) as results:
            for sent in results:
                yield from _unsent(out)
                yield self._outcome(out.popleft(), sent)
        yield from _unsent(out)

    def _letters(self, items: Iterable[Item], out: deque[_Letter]) -> Iterator[_Letter]:
        """What is to be sent; `out` has all the others, too."""
        for number, item in enumerate(items, 1):
            self._progress(f"sending mail {number} of the queue")
            letter = self._letter(item)
            out.append(letter)
            if letter.envelope.recipients:
                yield letter

    def _letter(self, item: Item) -> _Letter:
        entry = item.entry
        sender, whole, effective = self._from(item)
        content = _Kept(whole)
        if words := unfit(effective, sender, content.size):
            none = tuple(Refused(address, None, as_kept(words)) for address in item.recipients)
            hint = hints.of_unfit(entry.id, large=over(effective, content.size) is not None)
            return _Letter(item, Envelope(sender, ()), content, none, hint)
        banned = {address: words for address in item.recipients if (words := forbidden(self._effective.org, address))}
        refused = tuple(Refused(address, None, as_kept(words)) for address, words in banned.items())
        allowed = tuple(address for address in item.recipients if address not in banned)
        if allowed and (known := self.doubts.known(sender, allowed)):
            return _Letter(item, Envelope(sender, ()), content, (), "", known)
        hint = hints.of_banned(entry.id) if refused else ""
        return _Letter(item, Envelope(sender, allowed), content, refused, hint)

    def _from(self, item: Item) -> tuple[str, Content, Effective]:
        """Whom it is from, the message with that, and the settings to judge it by."""
        if item.entry.sender:
            return item.entry.sender, item.content, self._effective
        from dtsconf.mail.compose.draft import Mailbox
        from dtsconf.mail.compose.message import signed

        own = self._signed_in.settings.sender
        sender = Mailbox(own.name, own.email or "")
        return sender.on_the_wire, signed(item.content, sender), self._signed_in

    def _outcome(self, letter: _Letter, sent: Sent) -> Outcome:
        if letter.content.trouble:
            return Outcome(unread=letter.content.trouble)
        failure, allowed, refused, name = sent.failure, letter.envelope.recipients, letter.refused, letter.item.entry.id
        unusable = self.doubts.heard(sent, letter.envelope.sender, allowed, letter.content.size)
        if sent.ok and not refused:
            return Outcome()
        by_name = list(zip(allowed, sent.recipients, strict=True))
        asked = failure is None or failure.stage in OF_THE_MESSAGE  # else nothing was said of anybody
        gone = {address: one for address, one in by_name if asked and _for_good(one)}
        lost = tuple(Refused(address, one.code, as_kept(one.detail)) for address, one in gone.items())
        later = tuple(address for address, one in by_name if not one.ok and address not in gone)
        if unusable and failure is not None:  # perhaps for too many whom it refused before, who aren't asked for again
            return Outcome(later, (*refused, *lost), unusable=True, detail=in_words(failure))
        more = bool(sent.crowded_out)
        waits = [one for one in sent.recipients if not one.ok and not _for_good(one)]
        first = next(iter(waits), next((one for one in sent.recipients if not one.ok), None))
        if first is None:
            said, hint = refused[0].detail if refused else "", letter.hint
        else:
            cut = letter.content.size if failure is not None and is_cut(failure, failure.stage) else None
            said, hint = _told(first), hints.of_queued(first, name, for_good=_for_good(first), cut=cut)
        if waits and lost:
            said = f"{waits[0].address}: {said}; given up for {', '.join(each.address for each in lost)}"
        return Outcome(later, (*refused, *lost), unknown=sent.unknown, more=more, detail=as_kept(said), hint=hint)


class _Kept:
    """The content of a queued message. `trouble`: why it couldn't be read the last time, or ''."""

    def __init__(self, content: Content) -> None:
        self.message_id, self.size, self.eight_bit = content.message_id, content.size, content.eight_bit
        self._content = content
        self.trouble = ""

    def chunks(self) -> Iterator[bytes]:
        """The message's own. Raises: Unreadable."""
        self.trouble = ""
        try:
            yield from self._content.chunks()
        except OSError as error:
            self.trouble = error.strerror or str(error)
            raise Unreadable(self.trouble) from None


@frozen
class _Letter:
    """A message for those whom policy allows, as the mailer takes it. `refused` are the others, `hint` what to do about
    them. `known`: of whom the server has said what in this run, so that it isn't tried."""

    item: Item
    envelope: Envelope
    content: _Kept
    refused: tuple[Refused, ...]
    hint: str
    known: tuple[str, Stage] | None = None

    def begin(self) -> None:
        """See Message."""
        self.item.begin()

    def taken(self) -> None:
        """See Message."""
        if not self.refused:
            self.item.taken()


def _unsent(out: deque[_Letter]) -> Iterator[Outcome]:
    """What comes of those at the front that go to nobody."""
    while out and not out[0].envelope.recipients:
        letter = out.popleft()
        if letter.known is not None:
            whom, failure = letter.known
            if whom == letter.envelope.sender:
                whom = letter.item.entry.sender
            yield Outcome(letter.item.recipients, untried=whom, detail=in_words(failure))
            continue
        yield Outcome(refused=letter.refused, detail=letter.refused[0].detail, hint=letter.hint)


def in_words(failure: Stage) -> str:
    """A failure as a note keeps it."""
    return as_kept(f"{failure.stage}: {failure.detail}")


def _told(refused: Recipient) -> str:
    """Why a recipient didn't get it: in plain words, then in the server's."""
    words = CAUSES.get(refused.cause or "")
    return f"{words} ({refused.detail})" if words else refused.detail


def _for_good(recipient: Recipient) -> bool:
    """Whether trying again is no use: a reply of 5yz (RFC 5321 4.2.1) that is about neither a command nor the state of
    the sender's account, which somebody mends, or a message that is too large or can't be addressed for this server."""
    if recipient.ok or recipient.cause == "outcome-unknown" or recipient.cause in OF_THE_SERVER:
        return False
    if recipient.account or is_of_a_command(recipient):
        return False
    if recipient.code is not None:
        return recipient.code >= 500
    return recipient.cause in ("too-large", "recipient-rejected", "sender-rejected", "content-rejected")
