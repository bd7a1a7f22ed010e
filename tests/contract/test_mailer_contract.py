"""What a mailer is to whoever sends: SMTP and Graph must both keep it, so that sending and the queue need not know which
of them they have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.mail.content import Envelope, Unreadable
from dtsconf.mail.line import Single
from dtsconf.mail.mailer import mailer
from dtsconf.mail.message import Mail
from dtsconf.mail.route import Graph, Link, Route, Smtp
from dtsconf.mail.sent import Sent
from dtsconf.proof import CAUSES
from tests.integration.graph import route as graph_route
from tests.real.ca import Certificates
from tests.real.graph import graph_server
from tests.real.graph_faults import Fault
from tests.unit.mail.jobs import route as smtp_route
from tests.unit.mail.scripted import Peer, dialogue, server

ANN, BOB, EVE = "ann@acme.example", "bob@acme.example", "eve@acme.example"
ENVELOPE = Envelope("dts@acme.example", (ANN, BOB, EVE))
DATA = b"From: dts@acme.example\r\nTo: ann@acme.example\r\nSubject: Run 12\r\n\r\nSee the logs.\r\n.dot\r\n"
MAIL = Mail("<c0ffee@acme.example>", DATA, eight_bit=False)

Bad = Literal["", "refuses", "hangs up before", "hangs up after"]


@dataclass
class Way:
    """One implementation with its server: `took` gives the messages that were taken whole, as text."""

    route: Route
    took: Callable[[], list[str]]
    attempts: Callable[[], int]


@contextlib.contextmanager
def by_smtp(bad: Bad, certificates: Certificates) -> Iterator[Way]:
    replies = {"refuses": {"MAIL": "550 5.7.60 not as this sender"}, "hangs up before": {"MAIL": ""}}.get(bad, {})
    polite = dialogue(replies=replies)

    def script(peer: Peer) -> None:
        if bad != "hangs up after":
            polite(peer)
            return
        peer.say("220 mail.test ESMTP")
        while line := peer.hear():
            peer.say("354 go on" if line == "DATA" else "250 ok")
            if line == "DATA":
                peer.hear_data()
                return

    with server(script) as running:

        def took() -> list[str]:
            _, *taken = "\n".join(running.heard).split("\nDATA\n")
            return [one.partition("\n.\n")[0].replace("\n..", "\n.") for one in taken]

        yield Way(smtp_route(running.port), took, lambda: sum(line.startswith("MAIL") for line in running.heard))


@contextlib.contextmanager
def by_graph(bad: Bad, certificates: Certificates) -> Iterator[Way]:
    faults: dict[Bad, list[Fault]] = {
        "refuses": [Fault("refuse", "sendMail", 403, "ErrorSendAsDenied", "No.", times=9)],
        "hangs up before": [Fault("drop", "sendMail", times=9)],
        "hangs up after": [Fault("swallow", "sendMail", times=9)],
    }
    with graph_server(certificates) as running:
        running.faults = list(faults.get(bad, []))

        def took() -> list[str]:
            return [mail.message.as_string() for mail in running.mails]

        yield Way(graph_route(running, certificates), took, lambda: len(running.asked))


WAYS = {"smtp": by_smtp, "graph": by_graph}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Callable[[Bad], Way]]:
    with contextlib.ExitStack() as stack:
        yield lambda bad: stack.enter_context(WAYS[request.param](bad, certificates))


def sent_by(way: Way, *mails: Any) -> list[Sent]:
    with mailer(Link(way.route, 5)) as sending:
        return [sending.send(ENVELOPE, mail) for mail in mails]


def check(sent: Sent) -> None:
    """What holds for every result."""
    assert sent.message_id == MAIL.message_id
    assert [one.address for one in sent.recipients] == list(ENVELOPE.recipients)
    assert all(stage.ok or stage.cause in CAUSES for stage in sent.stages)
    assert all(one.ok or (one.cause in CAUSES and one.detail) for one in sent.recipients)
    assert not any(stage.ok is False for stage in sent.stages[:-1])


def test_everybody_gets_it_whole(way: Callable[[Bad], Way]) -> None:
    there = way("")
    (sent,) = sent_by(there, MAIL)
    check(sent)
    assert sent.ok
    assert not sent.unknown
    assert sent.stages[-1].stage == "accepted"
    (text,) = there.took()
    assert "Subject: Run 12" in text
    assert "\n.dot" in text


def test_message_after_message(way: Callable[[Bad], Way]) -> None:
    there = way("")
    first, second, third = sent_by(there, MAIL, MAIL, MAIL)
    assert first.ok
    assert second.ok
    assert third.ok
    assert [stage.stage for stage in first.stages][:2] == ["resolve", "connect"]
    assert "connect" not in [stage.stage for stage in second.stages]
    assert len(there.took()) == 3


def test_a_refusal_is_a_result(way: Callable[[Bad], Way]) -> None:
    there = way("refuses")
    for sent in sent_by(there, MAIL, MAIL):
        check(sent)
        assert not sent.ok
        assert not sent.unknown
        assert sent.reached
        assert {one.cause for one in sent.recipients} == {"sender-rejected"}
    assert there.took() == []


def test_after_it_was_handed_over_a_silence_is_an_unknown_outcome(way: Callable[[Bad], Way]) -> None:
    """And it is not sent again."""
    there = way("hangs up after")
    (sent,) = sent_by(there, MAIL)
    check(sent)
    assert sent.unknown
    assert not sent.ok
    assert there.attempts() == 1


def test_nobody_there(way: Callable[[Bad], Way]) -> None:
    there = way("")
    away = replace(there.route, **({"base": "https://127.0.0.1:1"} if isinstance(there.route, Graph) else {"port": 1}))
    (sent,) = sent_by(replace(there, route=away), MAIL)
    check(sent)
    assert not sent.reached
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("connect", "refused")


class Broken(Mail):
    """Can't be read to its end."""

    def chunks(self) -> Iterator[bytes]:
        yield self.data
        raise DtsconfError("it changed")


def test_what_reading_the_message_raises_comes_out_and_nobody_gets_it(way: Callable[[Bad], Way]) -> None:
    there = way("")
    with pytest.raises(DtsconfError, match="it changed"):
        sent_by(there, Broken(MAIL.message_id, DATA, eight_bit=False))
    assert not any("\n.dot\n.\n" in text for text in there.took())


class Unread(Mail):
    """Can't be read to its end, and whoever sends it knows that others can."""

    def chunks(self) -> Iterator[bytes]:
        yield self.data
        raise Unreadable("Input/output error")


def test_one_that_can_not_be_read_goes_to_nobody_and_the_next_one_goes_out(way: Callable[[Bad], Way]) -> None:
    there = way("")
    bad = Unread("<bad@acme.example>", DATA, eight_bit=False)
    with mailer(Link(there.route, 5)) as sending:
        found = list(sending.send_all(Single(ENVELOPE, mail) for mail in (MAIL, bad, MAIL)))
    assert [sent.ok for sent in found] == [True, False, True]
    assert [(one.ok, one.detail) for one in found[1].recipients] == [(False, "Input/output error")] * 3
    assert not found[1].unknown
    assert len(there.took()) == 2 + isinstance(there.route, Smtp)
