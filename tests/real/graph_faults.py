"""What a Graph server can do wrong, or say no with: one fault for the next request of an operation.

Most meet a request that is not acted on; `swallow` acts and gives no answer, `done` acts and says no.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Literal

Kind = Literal[
    "refuse",  # an error of Graph's own: status, code, message
    "html",  # a page instead of an answer
    "text",  # words that are no JSON
    "claims",  # 401 with a claims challenge
    "drop",  # the connection ends, nothing read of the answer
    "swallow",  # done, and the connection ends before the answer
    "done",  # done, and refused all the same
    "half",  # the answer ends in the middle
    "silent",  # no answer for as long as the test lasts
    "drip",  # a byte now and then
    "huge",  # an answer without end
    "redirect",  # the answer is elsewhere, which leads on for ever
    "endless redirect",  # the same, with a body that has no end
    "far redirect",  # the same, to a very long address
    "untidy",  # a header with a line that is none
    "greeting",  # no HTTP
]
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
"""The example of "Claims challenges, claims requests and client capabilities"."""


@dataclass(frozen=True)
class Fault:
    """For the next `times` requests of `operation` ('' is any)."""

    kind: Kind
    operation: str = ""
    status: int = 500
    code: str = "generalException"
    message: str = "An error."
    retry_after: str = ""
    times: int = 1
    inner: str = ""


def error_body(code: str, message: str, request_id: str, inner: str = "") -> bytes:
    """Graph's error object ("Microsoft Graph error responses and resource types")."""
    within = {"date": "2026-11-25T21:00:00", "request-id": request_id, "client-request-id": request_id}
    if inner:
        within["code"] = inner
    return json.dumps({"error": {"code": code, "message": message, "innerError": within}}).encode()


_RAW: dict[str, bytes] = {
    "half": b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf",
    "greeting": b"220 mail.corp.example ESMTP\r\n",
    "silent": b"",
    "drip": b"HTTP/1.1 202 Accepted\r\nContent-Length: 10000\r\n\r\n",
    "endless redirect": b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/there?t=hidden#t=hidden\r\n\r\n",
    "far redirect": b"HTTP/1.1 302 Found\r\nLocation: https://x.example/" + b"x" * 60_000 + b"\r\n\r\n",
    "untidy": b"HTTP/1.1 200 OK\r\nno field\r\nConnection: close\r\n\r\n{}",
    "huge": b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000000000\r\n\r\n",
    "drop": b"",
    "swallow": b"",
}


def play(fault: Fault, handler: BaseHTTPRequestHandler, over: threading.Event, request_id: str) -> None:
    """Give the faulty answer."""
    if fault.kind in _RAW:
        handler.wfile.write(_RAW[fault.kind])
        _go_on(fault.kind, handler, over)
        handler.close_connection = True
    elif fault.kind == "claims":
        _challenge(handler, request_id)
    elif fault.kind == "redirect":
        respond(handler, 307, b"", kind="text/plain", Location=f"https://{handler.headers['Host']}/again?t=hidden")
    elif fault.kind in ("refuse", "done"):
        extra = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        body = error_body(fault.code, fault.message, request_id, fault.inner)
        respond(handler, fault.status, body, request_id=request_id, **extra)
    else:
        page = fault.kind == "html"
        body = b"<html>Sign in to the network</html>" if page else b"Bad Gateway"
        respond(handler, fault.status, body, kind="text/html; charset=utf-8" if page else "text/plain")


def _go_on(kind: Kind, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """What has no end while the test lasts."""
    if kind == "silent":
        over.wait(60)
    while kind in ("drip", "huge", "endless redirect") and not over.wait(0.05 if kind == "drip" else 0):
        handler.wfile.write(b" " if kind == "drip" else b"x" * 65536)


def _challenge(handler: BaseHTTPRequestHandler, request_id: str) -> None:
    claims = base64.b64encode(CLAIMS.encode()).decode()
    asked = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",'
        f' error="insufficient_claims", claims="{claims}"'
    )
    body = error_body("InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge.", request_id)
    respond(handler, 401, body, request_id=request_id, **{"WWW-Authenticate": asked})


def respond(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    *,
    kind: str = "application/json",
    request_id: str = "",
    **headers: str,
) -> None:
    """A whole answer."""
    handler.send_response(status)
    if body:
        handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    if request_id:
        handler.send_header("request-id", request_id)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
