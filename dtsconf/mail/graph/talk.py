"""One conversation with Graph: a token, and requests with it (RFC 6750), which end in time.

Rules: a token goes to the service's own address only. One that the service refuses is got anew once, with the claims it
asks for. 429 and 503 are waited for as long as the caller's patience allows. Whatever breaks becomes the StageFailed
that explains it. Sources: Microsoft Graph "best practices" (client-request-id, a new connection after 503), "throttling
guidance"; Microsoft identity platform "Claims challenges".
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from dtsconf.errors import SignInFailed
from dtsconf.mail.failure import Finding, StageFailed
from dtsconf.mail.graph import refusals, replies, troubles
from dtsconf.mail.graph.mime import NotAMessage
from dtsconf.mail.report import Report
from dtsconf.web.answer import described
from dtsconf.web.trouble import NoAnswer, NoRoots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from dtsconf.mail.job import Clock
    from dtsconf.mail.report import Row
    from dtsconf.mail.route import Link
    from dtsconf.mail.transcript import Speaker
    from dtsconf.token import Token
    from dtsconf.web.client import Answer, Client
    from dtsconf.web.trouble import Trouble

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before the next try of what was throttled or not available."""

LONGEST_WAIT = 120.0
"""Seconds that Retry-After may ask for: a longer one is told instead."""

SLOWEST = 16 * 1024
"""Bytes a second that a request is given time for."""

LIMIT = 8 << 20
"""Bytes of the largest answer: that to a new draft holds the draft's whole text."""

PARTING = 5.0
"""Seconds for what is only tidied up."""

SOON = 300.0
"""Seconds that a token must still have when a request begins."""

_BUSY = (429, 503)
_NAMESPACE = uuid.UUID("3f0d7a52-6c0e-4d39-9d0c-6a2b6d1c7c11")
"""For client-request-ids made of Message-IDs: the same message has the same one whenever it is sent."""


class Talk:
    """A conversation, kept over several messages. `until` (monotonic seconds) ends all of it; `wait` is the patience
    for an answer in seconds, by default the link's time-out. `trouble`: why the last request had no answer."""

    def __init__(self, link: Link, clock: Clock, *, sender: str, until: float = inf, wait: float | None = None) -> None:
        self.route = link.graph
        self.report = Report(link.progress, link.masker)
        self._transcript = link.transcript
        self.base = self.route.base or ""
        self.sender = sender
        self._clock = clock
        self._until = until
        self.timeout = link.timeout
        self._wait = link.timeout if wait is None else wait
        self._session: Client | None = None
        self._token: Token | None = None
        self._renewed = False
        self._request_id = ""
        self.trouble: Trouble | None = None

    @property
    def host(self) -> str:
        """The service's host."""
        return urlsplit(self.base).hostname or ""

    @property
    def mailbox(self) -> str:
        """Whose mailbox it goes from."""
        return self.route.user or (self._token.username if self._token else "") or self.sender

    @property
    def mailbox_url(self) -> str:
        """The mailbox's address: `/me` for the signed-in account's own, else `/users/...`."""
        user = self.route.user
        return f"{self.base}/v1.0/" + ("me" if user is None else f"users/{quote(user, safe='')}")

    def stage(self, name: str, doing: str) -> AbstractContextManager[Row]:
        """A stage of the report, in which a message that is none becomes the StageFailed that says so."""
        return self.report.stage(name, doing, _explained)

    def about(self, message_id: str, sender: str) -> None:
        """What follows is about this message, and from this address."""
        self.sender = sender
        self._request_id = str(uuid.uuid5(_NAMESPACE, message_id))
        self._renewed = False

    def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            self._session.close()

    def sign_in(self) -> None:
        """The stage token. Raises StageFailed."""
        with self.stage("token", "getting a token") as row:
            token = self._get()
            left = token.expires - time.time()
            row.detail = f"a token for {token.username or 'the application'}, good for {max(left, 0) / 60:.0f} min"

    def exchange(self, method: str, url: str, *, data: bytes = b"", kind: str = "") -> Answer:
        """A request to the service, and its answer, whatever it is; waits for what may pass.

        Raises:
            NoAnswer: none came.
            StageFailed: no token is to be had.
        """
        pauses = iter(PAUSES)
        while True:
            response = self._authorised(method, url, data, kind)
            wait = self.pause(response, pauses)
            if wait is None:
                return response
            self._clock.sleep(wait)

    def ask(self, expected: int, method: str, url: str, *, data: bytes = b"", kind: str = "") -> Answer:
        """As `exchange`, with this answer or none.

        Raises:
            StageFailed: another answer, or none at all.
        """
        try:
            response = self.exchange(method, url, data=data, kind=kind)
        except NoAnswer as error:
            failed = self.unheard(error.trouble, url)
        else:
            if response.status_code == expected:
                return response
            failed = self.refused(response, large=True)
        raise failed

    def pause(self, response: Answer, pauses: Iterator[float]) -> float | None:
        """Seconds to wait before the same is asked again; None when it isn't to be."""
        if response.status_code not in _BUSY:
            return None
        asked = replies.refusal(response.status_code, response.headers, "").wait
        wait = max(next(pauses, inf), asked)
        if wait > self.longest_wait():
            return None
        if response.status_code == 503:
            self.close()
        self.tell(f"{self.host} is busy (HTTP {response.status_code}); trying again in {wait:.0f} s")
        return wait

    def longest_wait(self) -> float:
        """Seconds that may be waited now."""
        return min(LONGEST_WAIT, self._until - self._clock.monotonic())

    def rest(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def unheard(self, trouble: Trouble, url: str) -> StageFailed:
        """The failure that no answer from the URL means: the service's own, or the one that it names for an upload."""
        there = urlsplit(url)
        if there.netloc == urlsplit(self.base).netloc:
            return troubles.failed(trouble, self.host)
        return troubles.of_upload(trouble, there.hostname or "", self.host)

    def refused(self, response: Answer, *, large: bool = False, url: str = "") -> StageFailed:
        """The failure that an answer means; `url`: whose it is, where it isn't the service's own."""
        refusal = replies.refusal(response.status_code, response.headers, response.text)
        if refusal.page:
            self.trouble = self.session().somebody_elses(url or self.base, described(response))
            return self.unheard(self.trouble, url or self.base)
        application, sender = self.route.user is not None, self.sender or self.mailbox
        client, wait = self.route.client, refusal.wait
        facts = refusals.Facts(self.mailbox, sender, application, large, client, wait, upload=bool(url))
        finding = refusals.finding(refusal, facts)
        if finding.cause == "token" and self._token:
            finding = Finding("token", self.route.tokens.mend(self._token, finding.hint))
        words = f"{refusal.reply.text}{self._doubts() if finding.cause == 'token' else ''}"
        if refusal.wait:
            words += f"; it asks to wait {refusal.wait:.0f} s"
        return StageFailed.of(finding, words, "server", refusal.reply)

    def delete(self, url: str) -> None:
        """Take something back, if that can be done at once. Raises nothing: nobody waits for a parting."""
        with suppress(NoAnswer, StageFailed):
            self._asked("DELETE", url, b"", "", wait=PARTING)

    def plain(
        self,
        method: str,
        url: str,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        wait: float | None = None,
    ) -> Answer:
        """A request that carries no token. `wait` in seconds, when it isn't the conversation's. Raises NoAnswer."""
        session = self.session()
        session.until = None if self._until == inf else self._until
        wait = self._wait if wait is None else wait
        whole = 4 * wait + len(data) / SLOWEST
        self._told("client", f"{method} {url.partition('?')[0]} ({len(data)} bytes, not shown)")
        try:
            answer = session.request(method, url, data=data, headers=headers or {}, wait=wait, whole=whole, limit=LIMIT)
        except NoAnswer as error:
            self.trouble = error.trouble
            self._told("note", f"no answer: {error.trouble.detail}")
            raise
        self.trouble = None
        # A body is shown where it tells of an error: what a yes holds, a token or an address, may be secret.
        no = answer.status_code >= 400
        said = replies.refusal(answer.status_code, answer.headers, answer.text).words if no else ""
        self._told("server", f"{answer.status_code} {said}".rstrip())
        return answer

    def _authorised(self, method: str, url: str, data: bytes, kind: str) -> Answer:
        response = self._asked(method, url, data, kind)
        if response.status_code not in (401, 403) or self._renewed:
            return response
        refusal = replies.refusal(response.status_code, response.headers, response.text)
        if response.status_code == 403 and refusal.claims is None:
            return response
        self._renewed = True
        try:
            self._get(fresh=True, challenge=refusal.claims)
        except StageFailed as none:
            failed = self.refused(response)
            words = f"{failed.detail}; no fresh token is to be had: {none.detail}"
            raise StageFailed("token", words, none.hint, "server", refusal.reply) from none
        return self._asked(method, url, data, kind)

    def _asked(self, method: str, url: str, data: bytes, kind: str, *, wait: float | None = None) -> Answer:
        token = self._token
        if token is None or token.expires - time.time() < SOON:
            token = self._get()
        headers = {
            "Authorization": f"Bearer {token.value.reveal()}",
            "Accept": "application/json",
            "client-request-id": self._request_id or str(uuid.uuid4()),
            "return-client-request-id": "true",
        }
        if method == "POST":
            headers["Content-Length"] = str(len(data))
        return self.plain(method, url, data, headers | ({"Content-Type": kind} if kind else {}), wait=wait)

    def _get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        try:
            token = self.route.tokens.get(fresh=fresh, challenge=challenge)
        except SignInFailed as failed:
            raise StageFailed("token", failed.message, failed.hint) from failed
        self.report.masker.add_secret(token.value.reveal())
        self.report.masker.add_encoded(token.value.reveal())
        self._token = token
        return token

    def _doubts(self) -> str:
        note = self.route.tokens.note(self._token) if self._token else None
        return f"; {note}" if note else ""

    def session(self) -> Client:
        """What requests go over. Raises StageFailed, in stage tls: the roots can't be read."""
        if self._session is None:
            try:
                self._session = self.route.session()
            except NoRoots as wrong:
                hint = "give server.ca_file the path of a PEM file with the roots to trust"
                words = f"server.ca_file {wrong.path} {wrong.reason}"
            else:
                return self._session
            with self.stage("tls", "reading the roots to trust"):
                raise StageFailed("tls-untrusted", words, hint, "system")
        return self._session

    def _told(self, speaker: Speaker, text: str) -> None:
        if self._transcript is not None:
            self._transcript.masker = self.report.masker
            self._transcript.said(speaker, text)

    def tell(self, words: str) -> None:
        """Say what goes on."""
        if self.report.progress is not None:
            self.report.progress(self.report.masker.show_own(words))


def _explained(_stage: str, error: BaseException) -> StageFailed | None:
    return StageFailed("content-rejected", str(error), "send the mail anew") if isinstance(error, NotAMessage) else None
