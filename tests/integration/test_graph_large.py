"""100 MB by Graph: a program of its own sends it, and its memory stays as it was for a tenth of that."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.real.ca import Certificates
from tests.real.graph import GraphServer, graph_server
from tests.real.graph_faults import Fault

SENDER = """
import sys, time
from dtsconf.mail.compose import files
from dtsconf.mail.compose.draft import Draft, Mailbox
from dtsconf.mail.compose.message import compose
from dtsconf.mail.content import Envelope
from dtsconf.mail.graph.mailer import GraphMailer
from dtsconf.mail.route import Graph, Link
from dtsconf.secret.value import Secret
from dtsconf.token import Token
from dtsconf.web.session import Session
from dtsconf.web.trust import tls_context

url, ca_file, token, path = sys.argv[1:]

class Tokens:
    def get(self, *, fresh=False, challenge=None):
        return Token(Secret(token), "dts@acme.example", time.time() + 3600)

draft = Draft(to=(Mailbox(None, "ann@acme.example"),), text="Here.", attachments=files.find([path]))
mail = compose(draft, Mailbox(None, "dts@acme.example"), "c0ffee", time.gmtime())
with GraphMailer(Link(Graph(Tokens(), lambda: Session(tls_context(ca_file), timeout=15), url), 15)) as mailer:
    sent = mailer.send(Envelope("dts@acme.example", draft.recipients), mail)
assert sent.ok, sent
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
KIB_MORE = 12 * 1024
"""What 90 MB more may cost."""


def memory(server: GraphServer, certificates: Certificates, path: Path) -> int:
    """KiB at its peak; not ru_maxrss, which begins with the parent's."""
    arguments = [sys.executable, "-c", SENDER, server.url, certificates.ca_file, next(iter(server.tokens)), str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_memory_does_not_grow_with_the_mail(certificates: Certificates, tmp_path: Path) -> None:
    ten, hundred = tmp_path / "ten.log", tmp_path / "hundred.log"
    line = b"".join(b"%09d 2026-11-25 a line of a log\n" % number for number in range(25_000))
    ten.write_bytes((line * 11)[:10_000_000])
    hundred.write_bytes((line * 101)[:100_000_000])
    with graph_server(certificates) as server:
        small = memory(server, certificates, ten)
        server.faults = [Fault("swallow", "piece")]
        large = memory(server, certificates, hundred)
        first, second = server.mails
        assert first.attached[0].sha256 == hashlib.sha256(ten.read_bytes()).hexdigest()
        assert second.attached[0].sha256 == hashlib.sha256(hundred.read_bytes()).hexdigest()
        assert server.complaints == []
    print(f"{small} KiB for 10 MB, {large} KiB for 100 MB")
    assert large < small + KIB_MORE
