"""A server for one test: each connection runs the test's script in a thread, over real TCP on loopback.

Rules: nothing is answered that the script does not say; `heard` holds every line a client sent, in order, over all
connections. An error of a script fails its test. Knows nothing of dtsconf.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from tests.real.loopback import Connection, Gone, LoopbackServer

Script = Callable[["Peer"], None]
EHLO = "250-mail.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: Connection, heard: list[str]) -> None:
        self.connection = connection
        self._heard = heard

    def raw(self, data: bytes) -> None:
        self.connection.write(data)

    def say(self, text: str) -> None:
        self.raw(text.encode() + b"\r\n")

    def hear(self) -> str:
        """One line; '' at the end of the connection."""
        try:
            return self._line()
        except Gone:
            return ""

    def hear_data(self) -> list[str]:
        """The lines of a message, up to the final dot. Raises Gone when the client goes before."""
        return list(iter(self._line, "."))

    def took(self, data: bytes) -> None:
        """Keep what the script has read by itself."""
        self._heard.extend(data.decode("utf-8", "surrogateescape").removesuffix("\r\n").split("\r\n"))

    def _line(self) -> str:
        self._heard.append(self.connection.read_line().decode("utf-8", "surrogateescape"))
        return self._heard[-1]

    def tls(self, context: ssl.SSLContext) -> None:
        self.connection.start_tls(context)

    def reset(self) -> None:
        """Close with RST."""
        self.connection.reset()


class Server(LoopbackServer):
    """Listens at once; `port` is where."""

    def __init__(self, script: Script, host: str) -> None:
        self.heard: list[str] = []
        super().__init__(lambda connection: script(Peer(connection, self.heard)), host=host)


def server(script: Script, host: str = "127.0.0.1") -> Server:
    """A server that follows the script, for a `with`."""
    return Server(script, host)


def dialogue(*, replies: dict[str, str] | None = None, ehlo: str = EHLO, banner: str = "220 mail.test ESMTP") -> Script:
    """A server that takes everything, but answers the verbs or whole lines in `replies` (`.` is the end of the mail) with
    that text; '' hangs up instead."""
    said = {"EHLO": ehlo, "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on", ".": "250 2.0.0 queued"}
    said |= {"RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye", "HELO": "250 mail.test"} | (replies or {})

    def script(peer: Peer) -> None:
        peer.say(banner)
        while line := peer.hear():
            verb = line.split(maxsplit=1)[0].upper()
            answer = said.get(line, said.get(verb, "500 5.5.2 what?"))
            if not answer:
                return
            peer.say(answer)
            if verb == "DATA" and answer.startswith("354"):
                peer.hear_data()
                if not said["."]:
                    return
                peer.say(said["."])
            if verb == "QUIT" or answer.startswith("421"):
                return

    return script
