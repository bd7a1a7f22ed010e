"""Mail of all sizes by Graph, against a server that takes what Microsoft documents."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.mail.compose.draft import ContentChanged, Draft, Mailbox
from dtsconf.mail.compose.message import Message, compose
from dtsconf.mail.content import Envelope
from dtsconf.mail.graph.mailer import GraphMailer
from dtsconf.mail.graph.upload import PIECE
from dtsconf.mail.message import Mail
from dtsconf.mail.route import Link
from dtsconf.mail.sent import Sent
from tests.integration.graph import Clock, Tokens, route
from tests.real.ca import Certificates
from tests.real.graph import TOKEN, GraphServer, Outgoing, graph_server
from tests.real.graph_faults import Fault, Kind

ANN, BOB, EVE = (Mailbox(name, f"{name.lower()}@acme.example") for name in ("Ann", "Bob", "Eve"))
DTS = Mailbox("DTS", "dts@acme.example")
MB = 1_000_000


@dataclass(frozen=True)
class Bytes:
    """An attachment of so many bytes, no two pieces of them alike. `grows`: it is longer than it said."""

    name: str
    size: int
    type: str = "application/octet-stream"
    grows: bool = False

    @property
    def data(self) -> bytes:
        block = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(251))
        return (block * (self.size // len(block) + 1))[: self.size]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.data)

    def changed(self, opened: IO[bytes]) -> bool:
        return self.grows


@pytest.fixture
def server(certificates: Certificates) -> Iterator[GraphServer]:
    with graph_server(certificates) as running:
        yield running
        assert running.complaints == []


def message(*attachments: Bytes, token: str = "c0ffee", **fields: Any) -> Message:
    draft = Draft(to=(ANN,), subject="Logs", text="See the logs.\n", attachments=attachments)
    return compose(replace(draft, **fields), DTS, token, time.gmtime(0))


def send(server: GraphServer, certificates: Certificates, *mails: Message, **changes: Any) -> list[Sent]:
    clock = changes.pop("clock", None) or Clock()
    given = route(server, certificates, changes.pop("tokens", None), **changes)
    with GraphMailer(Link(given, 5), clock) as mailer:
        return [mailer.send(Envelope(DTS.address, mail.draft.recipients), mail) for mail in mails]


def sent_whole(server: GraphServer, mail: Message) -> Outgoing:
    """The mail as it went out, with all its attachments, each once."""
    (out,) = server.mails
    assert server.drafts == {}
    within = {part.get_filename(): part.get_content() for part in out.message.iter_attachments()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in within.items()}
    digests |= {one.name: one.sha256 for one in out.attached}
    assert len(digests) == len(within) + len(out.attached) == len(mail.draft.attachments)
    assert digests == {one.name: one.sha256 for one in mail.draft.attachments}  # type: ignore[attr-defined] # Bytes
    assert out.message["Message-ID"] == mail.message_id
    return out


def test_a_small_mail_goes_in_one_request(server: GraphServer, certificates: Certificates) -> None:
    mail = message(Bytes("run.log", 2 * MB))
    (sent,) = send(server, certificates, mail)
    assert sent.ok
    assert [one.address for one in sent.recipients] == ["ann@acme.example"]
    assert server.asked == ["sendMail"]
    out = sent_whole(server, mail)
    assert out.message.get_body().get_content().strip() == "See the logs."  # type: ignore[union-attr] # it has one


def test_what_is_no_message_costs_only_itself(server: GraphServer, certificates: Certificates) -> None:
    """A file of the queue that a bad disk has changed."""
    broken = Mail("<c0ffee@acme.example>", b"Subject: Logs\n\nSee the logs.\n", eight_bit=False)
    envelope = Envelope(DTS.address, (ANN.address,))
    with GraphMailer(Link(route(server, certificates), 5), Clock()) as mailer:
        first, second = mailer.send(envelope, broken), mailer.send(envelope, message())
    assert first.failure is not None
    assert (first.failure.stage, first.failure.cause) == ("request", "content-rejected")
    assert second.ok
    assert server.asked == ["sendMail"]


def test_what_graph_holds_against_a_sender_is_told_of_that_one(server: GraphServer, certificates: Certificates) -> None:
    """Mails of a queue keep the sender that each was queued with."""
    with GraphMailer(Link(route(server, certificates), 5), Clock()) as mailer:
        first = mailer.send(Envelope(DTS.address, (ANN.address,)), message())
        server.faults = [Fault("refuse", "sendMail", 403, "ErrorSendAsDenied", "No.")]
        second = mailer.send(Envelope("lab@acme.example", (ANN.address,)), message())
    assert first.ok
    assert second.failure is not None
    assert "lab@acme.example" in str(second.failure.hint)


def test_everybody_gets_it_and_nobody_else(server: GraphServer, certificates: Certificates) -> None:
    mail = message(to=(ANN,), cc=(Mailbox("Ö", "o@münchen.example"),), bcc=(BOB, EVE))
    (sent,) = send(server, certificates, mail)
    assert sent.ok
    (out,) = server.mails
    assert sorted(out.recipients) == sorted(mail.draft.recipients)
    assert out.message["Bcc"] == "bob@acme.example, eve@acme.example"


def test_hidden_recipients_alone(server: GraphServer, certificates: Certificates) -> None:
    (sent,) = send(server, certificates, message(to=(), bcc=(BOB,)))
    assert sent.ok
    assert server.mails[0].recipients == ["bob@acme.example"]


def test_a_header_that_names_more_people_than_the_envelope_is_not_sent(
    server: GraphServer, certificates: Certificates
) -> None:
    """Graph would send to them, though nobody checked whether they may get it."""
    mail = message(to=(ANN, BOB))
    with GraphMailer(Link(route(server, certificates), 5)) as mailer:
        sent = mailer.send(Envelope(DTS.address, ("ann@acme.example",)), mail)
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("request", "content-rejected")
    assert "bob@acme.example" in sent.failure.detail
    assert server.asked == []


def test_message_after_message_over_one_connection(server: GraphServer, certificates: Certificates) -> None:
    tokens = Tokens()
    mails = [message(token=f"t{number}") for number in range(3)]
    results = send(server, certificates, *mails, tokens=tokens)
    assert all(sent.ok for sent in results)
    assert server.connections == 1
    assert len(tokens.asked) == 1
    assert [stage.stage for stage in results[0].stages] == ["resolve", "connect", "tls", "token", "request", "accepted"]
    assert [stage.stage for stage in results[1].stages] == ["request", "accepted"]


def test_after_a_refusal_the_next_one_goes(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("refuse", "sendMail", 400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")]
    first, second = send(server, certificates, message(), message(token="t2"))
    assert not first.ok
    assert [(one.ok, one.code, one.cause) for one in first.recipients] == [(False, None, "recipient-rejected")]
    assert second.ok


def test_the_same_message_has_the_same_request_id(server: GraphServer, certificates: Certificates) -> None:
    send(server, certificates, message())
    send(server, certificates, message(), message(token="other"))
    first, again, other = (seen["client-request-id"] for seen in server.seen)
    assert first == again != other


def test_a_large_mail_goes_as_a_draft_in_pieces(server: GraphServer, certificates: Certificates) -> None:
    mail = message(Bytes("big.log", 3 * PIECE + 5), Bytes("small.log", MB), Bytes("middle.log", 2_900_000), bcc=(BOB,))
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    assert server.asked == ["draft", "createUploadSession", *["piece"] * 4, "attachment", "send"]
    assert server.pieces == [0, PIECE, 2 * PIECE, 3 * PIECE]
    out = sent_whole(server, mail)
    assert [one.name for one in out.attached] == ["big.log", "middle.log"]
    assert sorted(out.recipients) == ["ann@acme.example", "bob@acme.example"]
    assert [stage.stage for stage in sent.stages][-2:] == ["request", "accepted"]


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_the_borders_of_pieces(server: GraphServer, certificates: Certificates, size: int) -> None:
    mail = message(Bytes("b.bin", size))
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    sent_whole(server, mail)
    assert server.pieces == list(range(0, size, PIECE))


def test_an_attachment_that_graph_holds_to_be_small(server: GraphServer, certificates: Certificates) -> None:
    """Whether 3 MB are 3,000,000 bytes or 3 MiB, the pages don't say."""
    server.session_from = 3 << 20
    mail = message(Bytes("b.bin", 3_100_000))
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    assert server.asked == ["draft", "createUploadSession", "attachment", "send"]
    sent_whole(server, mail)


KINDS: tuple[Kind, ...] = ("drop", "swallow", "half", "greeting")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ahead", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_lost_piece_is_sent_again(server: GraphServer, certificates: Certificates, kind: Kind, ahead: int) -> None:
    """From where the server says; one that had arrived is not sent twice."""
    whole = Fault("text", "never")
    server.faults = [whole]

    def fault_after(operation: str) -> Fault | None:
        if operation == "piece" and server.asked.count("piece") == ahead + 1 and whole in server.faults:
            server.faults.clear()
            return Fault(kind)
        return None

    server.next_fault = fault_after  # type: ignore[method-assign] # for one piece of several
    mail = message(Bytes("big.log", 3 * PIECE - 7))
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    sent_whole(server, mail)
    assert server.pieces == [0, PIECE, 2 * PIECE], "each came once, in order"


def test_of_two_attachments_of_one_name_the_first_doesnt_stand_for_the_second(
    server: GraphServer, certificates: Certificates
) -> None:
    """The last piece of the second is lost, and where the upload stands isn't told."""

    def fault_after(operation: str) -> Fault | None:
        fifth = server.asked.count("piece") == 4 and operation in ("piece", "where")
        return Fault("refuse", operation, 503 if operation == "piece" else 404, "x") if fifth else None

    server.next_fault = fault_after  # type: ignore[method-assign] # for one piece of several
    mail = message(Bytes("run.log", PIECE + 5), Bytes("run.log", PIECE + 9))
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    assert [one.size for one in server.mails[0].attached] == [PIECE + 5, PIECE + 9]


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (503, "serviceNotAvailable"), (500, "x")])
def test_a_piece_that_is_to_wait(server: GraphServer, certificates: Certificates, status: int, code: str) -> None:
    server.faults = [Fault("refuse", "piece", status, code, retry_after="9")]
    mail, clock = message(Bytes("big.log", 2 * PIECE)), Clock()
    (sent,) = send(server, certificates, mail, clock=clock)
    assert sent.ok, sent
    assert clock.slept == [9]
    sent_whole(server, mail)


def test_pieces_that_never_arrive_end_it(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("drop", "piece", times=100)]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)), clock=(clock := Clock()))
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("request", "dropped")
    assert len(clock.slept) == 5
    assert server.asked[-1] == "delete"
    assert server.drafts == {}
    assert server.mails == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_for_uploads_that_lets_nobody_in_any_more(
    server: GraphServer, certificates: Certificates, status: int
) -> None:
    """It is a credential of its own: neither a sign-in nor a right nor the mailbox is what is wrong."""
    server.faults = [Fault("text", "piece", status)]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.failure is not None
    assert (sent.failure.cause, sent.failure.hint) == ("server-error", "send it again: Microsoft lost the upload")
    assert server.drafts == {}


def test_a_draft_without_an_id_is_no_place_to_put_anything(server: GraphServer, certificates: Certificates) -> None:
    server.answers["draft"] = b"{}"
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause) == ("request", "protocol")
    assert "tells no id of it" in sent.failure.detail
    assert server.asked == ["draft"]


@pytest.mark.parametrize("expects", ["0", "5", "99999999", "x"])
def test_a_server_that_lies_about_what_it_has(server: GraphServer, certificates: Certificates, expects: str) -> None:
    server.expects = expects
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.ok == (expects == "x"), "one that says nothing of use is taken to have what it took"
    assert len(server.asked) < 40
    assert server.drafts == {}


def test_an_address_for_uploads_that_is_elsewhere(server: GraphServer, certificates: Certificates) -> None:
    server.upload_host = "https://collector.example"
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.failure is not None
    assert sent.failure.cause == "protocol"
    assert "collector.example" in sent.failure.detail
    assert server.pieces == []
    assert server.drafts == {}


def test_a_host_for_uploads_that_is_out_of_reach(server: GraphServer, certificates: Certificates) -> None:
    """`test` has a small mail, and would find nothing wrong."""
    server.upload_host = "https://127.0.0.1:1"
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.failure is not None
    assert (sent.failure.stage, sent.failure.cause, server.drafts) == ("request", "refused", {})
    assert sent.failure.detail.startswith("127.0.0.1: ")
    hint = sent.failure.hint or ""
    assert hint.startswith("ask whoever runs the firewall to let this machine out to 127.0.0.1, port 443")
    assert "takes attachments of 3 MB and more and nothing else" in hint
    assert "to have the reason looked for" not in hint


@pytest.mark.parametrize("operation", ["draft", "createUploadSession", "attachment", "send"])
def test_a_draft_that_fails_is_taken_back(server: GraphServer, certificates: Certificates, operation: str) -> None:
    server.faults = [Fault("refuse", operation, 403, "ErrorAccessDenied", "Access is denied.")]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE), Bytes("middle.log", 2_900_000)))
    assert sent.failure is not None
    assert sent.failure.cause == "token"
    assert ("Mail.ReadWrite" in (sent.failure.hint or "")) == (operation != "send")
    assert sent.failure.stage == ("accepted" if operation == "send" else "request")
    assert server.drafts == {}
    assert server.mails == []


def test_a_draft_whose_fate_is_unknown_is_left(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("drop", "send")]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.unknown
    assert "delete" not in server.asked
    assert server.asked.count("send") == 1


def test_a_draft_that_is_gone_when_it_is_to_be_sent_once_more_may_have_been_sent(
    server: GraphServer, certificates: Certificates
) -> None:
    """A gateway says 503 for what is done already."""
    server.faults = [Fault("done", "send", 503, "serviceNotAvailable")]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert len(server.mails) == 1
    assert sent.unknown
    assert sent.failure is not None
    assert "the draft is gone" in sent.failure.detail
    assert "look into Sent Items" in str(sent.failure.hint)


def test_that_the_draft_can_not_be_deleted_hides_nothing(server: GraphServer, certificates: Certificates) -> None:
    server.faults = [Fault("refuse", "send", 403, "ErrorSendAsDenied", "No."), Fault("drop", "delete")]
    (sent,) = send(server, certificates, message(Bytes("big.log", 2 * PIECE)))
    assert sent.failure is not None
    assert sent.failure.cause == "sender-rejected"


def test_an_attachment_that_changes_is_not_sent(server: GraphServer, certificates: Certificates) -> None:
    with pytest.raises(ContentChanged) as caught:
        send(server, certificates, message(Bytes("big.log", 2 * PIECE, grows=True)))
    assert isinstance(caught.value, DtsconfError)
    assert server.mails == []
    assert server.drafts == {}


def test_more_than_graph_takes(server: GraphServer, certificates: Certificates) -> None:
    (sent,) = send(server, certificates, message(text="word " * 800_000))
    assert sent.failure is not None
    assert sent.failure.cause == "too-large"
    assert "attach" in (sent.failure.hint or "")
    assert server.asked == []


def test_the_answer_to_a_draft_holds_all_its_text(server: GraphServer, certificates: Certificates) -> None:
    mail = message(Bytes("big.log", 2 * PIECE), text="word " * 400_000)
    (sent,) = send(server, certificates, mail)
    assert sent.ok, sent
    sent_whole(server, mail)


def test_a_token_that_ends_on_the_way(server: GraphServer, certificates: Certificates) -> None:
    """Pieces need none; the word to send does."""
    fresh = "fresh-canary-token-0123456789"
    server.tokens = {TOKEN, fresh}
    tokens = Tokens(TOKEN, fresh)
    mail = message(Bytes("big.log", 2 * PIECE))
    server.faults = [Fault("claims", "send")]
    (sent,) = send(server, certificates, mail, tokens=tokens)
    assert sent.ok, sent
    assert [asked for asked, _ in tokens.asked] == [False, True]
    sent_whole(server, mail)


def test_nothing_secret_is_shown(server: GraphServer, certificates: Certificates) -> None:
    """Not the token, and not the address of the upload, which lets in whoever has it."""
    words: list[str] = []
    server.faults = [
        Fault("refuse", "piece", 400, "invalidRequest", f"bad {TOKEN} authtoken=canary-upload-AttS0-0123456789")
    ]
    given = route(server, certificates)
    mail = message(Bytes("big.log", 2 * PIECE))
    with GraphMailer(Link(given, 5, progress=words.append), Clock()) as mailer:
        sent = mailer.send(Envelope(DTS.address, mail.draft.recipients), mail)
    assert not sent.ok
    assert "canary" not in f"{sent} {words}"
    assert any("sending big.log: 0 %" in each for each in words)
