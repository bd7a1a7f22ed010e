"""What a server said in a TLS handshake, from the bytes it sent: up to TLS 1.2 they are in clear (RFC 5246 6.2.1, 7.4).

Knows no connection, and decides nothing.
"""

from __future__ import annotations

_RECORD = 5
"""Octets before a record's content: type, version (2), length (2)."""
_HEAD = 4
"""Octets before a handshake message's content: type, length (3)."""
_HANDSHAKE = 22
_CERTIFICATE_REQUEST = 13


def wants_certificate(answer: bytes) -> bool:
    """Whether the server asked for a client certificate. `answer` is all that it sent, or the beginning of that."""
    messages = _messages(answer)
    while len(messages) >= _HEAD:
        if messages[0] == _CERTIFICATE_REQUEST:
            return True
        messages = messages[_HEAD + int.from_bytes(messages[1:_HEAD], "big") :]
    return False


def _messages(answer: bytes) -> bytes:
    """The handshake messages, out of their records."""
    content = b""
    while len(answer) > _RECORD and answer[0] == _HANDSHAKE:
        end = _RECORD + int.from_bytes(answer[3:_RECORD], "big")
        content, answer = content + answer[_RECORD:end], answer[end:]
    return content
