"""A wire that tells a transcript what goes over it, unencrypted. Imported only where one is wanted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dtsconf.mail.wire import HandshakeFailed, Wire

if TYPE_CHECKING:
    import ssl

    from dtsconf.mail.transcript import Transcript


class RecordedWire(Wire):
    """As Wire, and every byte of the dialogue goes to `transcript` as well."""

    def __init__(self, sock: socket.socket, transcript: Transcript) -> None:
        super().__init__(sock)
        self._transcript = transcript
        transcript.note(f"connected to {self.peer} port {self.peer.port}, from {self.local_address}")

    def send(self, data: bytes, end: float) -> None:
        """As Wire.send."""
        self._transcript.sent(data)
        super().send(data, end)

    def start_tls(self, context: ssl.SSLContext, host: str, end: float) -> None:
        """As Wire.start_tls."""
        try:
            super().start_tls(context, host, end)
        except HandshakeFailed as failed:
            self._transcript.note(f"the TLS handshake failed: {failed.error.reason or failed.error}")
            raise
        version = self.tls.version() if self.tls else None
        self._transcript.note(f"from here on encrypted: {version or 'TLS'}")

    def close(self) -> None:
        """As Wire.close."""
        self._transcript.note("closed")
        super().close()

    def _receive(self, end: float) -> bytes:
        data = super()._receive(end)
        self._transcript.received(data)
        return data

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        before = len(self._buffer)
        super()._decrypt(tls)
        self._transcript.received(bytes(self._buffer[before:]))
