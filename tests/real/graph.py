"""A Microsoft Graph for sending mail, over HTTPS on loopback: it takes what Microsoft documents and nothing else.

Rules: a request of another shape than documented (`graph_shapes` has the pages) is refused as Graph would, and noted in
`complaints`. `mails` are those that went out. `faults` meet the next requests. Attachments are kept as size and digest,
so that a large one costs no memory. Knows nothing of dtsconf.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.real import graph_shapes as shapes
from tests.real.ca import CertificateName, Certificates
from tests.real.graph_faults import Fault, error_body, play, respond

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.graph-canary-token-0123456789.sig"
_BASE64 = "Invalid base64 string for MIME content."


AUDIENCE = "https://graph.microsoft.com"


def for_graph(token: str) -> bool:
    """Whether the token says that it is for Graph, and still good."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return bool(claims["aud"] == AUDIENCE and claims["exp"] > time.time())


@dataclass
class Stored:
    """An attachment as it came."""

    name: str
    type: str
    size: int
    sha256: str


@dataclass
class Outgoing:
    """A mail that went out: from whose mailbox, to whom by its header, and what it is."""

    mailbox: str
    message: EmailMessage
    attached: list[Stored] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Everybody it goes to."""
        return shapes.recipients(self.message)


@dataclass
class _Session:
    """An upload under way."""

    draft: str
    item: dict[str, Any]
    digest: Any = field(default_factory=hashlib.sha256)
    at: int = 0


class GraphServer(ThreadingHTTPServer):
    """`tokens` are those it takes, unless `takes` says otherwise; `asked` lists operations, `seen` the headers of each; `pieces` the starts of all
    pieces that came. `session_from`: bytes from which an attachment goes by an upload session. Lies, when set:
    `upload_host` is where uploads are to go, `expects` what the next piece is said to be, `answers` what is said to an
    operation that was done."""

    daemon_threads = True

    def __init__(self, certificates: Certificates, certificate: CertificateName = "good") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._context = certificates.server_context(certificate)
        self.tokens = {TOKEN}
        self.takes: Callable[[str], bool] = lambda token: token in self.tokens
        self.mails: list[Outgoing] = []
        self.drafts: dict[str, Outgoing] = {}
        self.sessions: dict[str, _Session] = {}
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.seen: list[Mapping[str, str]] = []
        self.pieces: list[int] = []
        self.complaints: list[str] = []
        self.connections = 0
        self.session_from = shapes.SESSION_FROM
        self.upload_host = ""
        self.expects = ""
        self.answers: dict[str, bytes] = {}
        self.over = threading.Event()

    @property
    def host(self) -> str:
        """Its host and port, as `msgraph_host` would name it."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.host}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS belongs to the connection's own thread: a client that says nothing holds up nobody else."""
        self.connections += 1
        with contextlib.suppress(OSError), self._context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what the faults are about."""

    def next_fault(self, operation: str) -> Fault | None:
        """The fault for this request, used up."""
        found = next((one for one in self.faults if one.operation in ("", operation)), None)
        if found is not None:
            self.faults.remove(found)
            if found.times > 1:
                self.faults.insert(0, Fault(**{**vars(found), "times": found.times - 1}))
        return found


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class _Handler(BaseHTTPRequestHandler):
    server: GraphServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Says nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        operation, mailbox, draft = _routed(self.command, self.path)
        self.server.asked.append(operation)
        self.server.seen.append(dict(self.headers))
        body = self._body(operation)
        request_id, fault = str(uuid.uuid4()), self.server.next_fault(operation)
        if fault is not None and fault.kind not in ("swallow", "done"):
            play(fault, self, self.server.over, request_id)
            return
        try:
            status, answer, headers = self._done(operation, mailbox, draft, body)
        except _Refused as no:
            answer = error_body(no.code, no.message, request_id)
            status, headers = no.status, {"WWW-Authenticate": 'Bearer realm=""'} if no.status == 401 else {}
        if fault is not None:
            play(fault, self, self.server.over, request_id)
            return
        respond(self, status, self.server.answers.get(operation, answer), request_id=request_id, **headers)

    def _body(self, operation: str) -> bytes:
        length = self.headers.get("Content-Length")
        if length is None and self.command in ("POST", "PUT"):
            self._complain(operation, "no Content-Length")
        return self.rfile.read(int(length or 0))

    def _done(self, operation: str, mailbox: str, draft: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if operation in ("piece", "where"):
            return self._upload(operation, draft, body)
        self._checked(operation, body)
        match operation:
            case "sendMail":
                self.server.mails.append(Outgoing(mailbox, self._message(body)))
                return 202, b"", {}
            case "draft":
                name = f"AAMk/{len(self.server.asked)}="
                self.server.drafts[name] = Outgoing(mailbox, self._message(body, to_go=False))
                text = str(self.server.drafts[name].message.get_body().get_content())  # type: ignore[union-attr] # it has one
                about = {"id": name, "isDraft": True, "body": {"contentType": "text", "content": text}}
                return 201, json.dumps(about).encode(), {}
            case _:
                return self._with_draft(operation, mailbox, draft, body)

    def _with_draft(self, operation: str, mailbox: str, draft: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        mail = self.server.drafts.get(draft)
        if mail is None or mail.mailbox != mailbox:
            raise _Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        match operation:
            case "attachment":
                found = shapes.attachment(self.headers, body)
                if found is None or len(found["content"]) >= self.server.session_from:
                    raise self._complain(operation, "no fileAttachment under 3 MB")
                digest = hashlib.sha256(found["content"]).hexdigest()
                mail.attached.append(Stored(found["name"], found["contentType"], len(found["content"]), digest))
                return 201, b"{}", {}
            case "createUploadSession":
                return 201, self._session(draft, body), {}
            case "attachments":
                value = [{"id": str(number), "name": one.name} for number, one in enumerate(mail.attached)]
                return 200, json.dumps({"value": value}).encode(), {}
            case "send":
                if body or self.headers.get("Content-Length") != "0":
                    raise self._complain(operation, "a body where none belongs")
                if not mail.recipients:
                    raise _Refused(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
                self.server.mails.append(self.server.drafts.pop(draft))
                return 202, b"", {}
            case "delete":
                del self.server.drafts[draft]
                return 204, b"", {}
            case _:
                raise self._complain(operation, f"no such request: {self.command} {self.path}")

    def _checked(self, operation: str, body: bytes) -> None:
        wrong = shapes.general(self.headers, body)
        if wrong is not None:
            raise self._complain(operation, wrong)
        if not self.server.takes(self.headers["Authorization"].removeprefix("Bearer ")):
            raise _Refused(401, "InvalidAuthenticationToken", "Access token validation failure.")
        if len(body) > shapes.MOST:
            raise _Refused(413, "RequestEntityTooLarge", "The request size exceeds the maximum limit.")

    def _message(self, body: bytes, *, to_go: bool = True) -> EmailMessage:
        found = shapes.mime(self.headers, body)
        if found is None:
            raise _Refused(400, "ErrorMimeContentInvalidBase64String", _BASE64)
        if to_go and not shapes.recipients(found):
            raise _Refused(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
        return found

    def _session(self, draft: str, body: bytes) -> bytes:
        item = shapes.session_item(self.headers, body)
        if item is None:
            raise self._complain("createUploadSession", "no AttachmentItem")
        if item["size"] < self.server.session_from:
            raise _Refused(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", "Attachment size is too small.")
        name = f"AttS{len(self.server.sessions)}"
        self.server.sessions[name] = _Session(draft, item)
        where = self.server.upload_host or self.server.url
        url = f"{where}/api/v2.0/Users('u')/Messages('m')/AttachmentSessions('{name}')"
        about = {"expirationDateTime": "2026-12-31T00:00:00Z", "nextExpectedRanges": ["0-"]}
        return json.dumps({"uploadUrl": f"{url}?authtoken=canary-upload-{name}-0123456789", **about}).encode()

    def _upload(self, operation: str, name: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        session = self.server.sessions.get(name)
        if session is None or f"authtoken=canary-upload-{name}-0123456789" not in self.path:
            raise _Refused(404, "uploadSessionNotFound", "Upload session not found.")
        if operation == "piece":
            start, wrong = shapes.piece(self.headers, body, session.item["size"])
            if wrong is not None:
                raise self._complain(operation, wrong)
            self.server.pieces.append(start)
            if start != session.at:
                raise _Refused(416, "fragmentOutOfOrder", "Uploaded fragment is out of order.")
            session.digest.update(body)
            session.at += len(body)
            if session.at == session.item["size"]:
                return self._complete(name, session)
        elif "Authorization" in self.headers:
            raise self._complain(operation, "a token went to the upload's address")
        return 200, json.dumps({"nextExpectedRanges": [self.server.expects or str(session.at)]}).encode(), {}

    def _complete(self, name: str, session: _Session) -> tuple[int, bytes, dict[str, str]]:
        item = session.item
        stored = Stored(item["name"], item.get("contentType", ""), item["size"], session.digest.hexdigest())
        self.server.drafts[session.draft].attached.append(stored)
        del self.server.sessions[name]
        return 201, b"", {"Location": f"{self.server.url}/api/v2.0/Attachments('{name}')"}

    def _complain(self, operation: str, wrong: str) -> _Refused:
        self.server.complaints.append(f"{operation}: {wrong}")
        return _Refused(400, "invalidRequest", wrong)


def _routed(method: str, target: str) -> tuple[str, str, str]:
    """Operation, mailbox (`me` or a user), and the draft's or upload session's name."""
    path = urlsplit(target).path
    if "/AttachmentSessions(" in path:
        name = path.rpartition("('")[2].removesuffix("')")
        return {"PUT": "piece", "GET": "where"}.get(method, "unknown"), "", name
    words = [unquote(word) for word in path.split("/")[1:]]
    if words[:1] != ["v1.0"]:
        return "unknown", "", ""
    mailbox, rest = (words[2], words[3:]) if words[1:2] == ["users"] else (words[1], words[2:])
    draft = rest[1] if rest[:1] == ["messages"] and len(rest) > 1 else ""
    shape = (method, *(rest if not draft else ["messages", "ID", *rest[2:]]))
    return _OPERATIONS.get(shape, "unknown"), mailbox, draft


_OPERATIONS: dict[tuple[str, ...], str] = {
    ("POST", "sendMail"): "sendMail",
    ("POST", "messages"): "draft",
    ("POST", "messages", "ID", "attachments"): "attachment",
    ("GET", "messages", "ID", "attachments"): "attachments",
    ("POST", "messages", "ID", "attachments", "createUploadSession"): "createUploadSession",
    ("POST", "messages", "ID", "send"): "send",
    ("DELETE", "messages", "ID"): "delete",
}


@contextlib.contextmanager
def graph_server(certificates: Certificates, certificate: CertificateName = "good") -> Iterator[GraphServer]:
    """A server that behaves until `faults` are set."""
    with GraphServer(certificates, certificate) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
