"""What a supervisor runs: processes, and what a test needs to know to use them; here the mail host's.

Rules: parts are ended when their block is left, and when the supervisor is killed. Knows no test.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real.ca import Certificates, write_certificates
from tests.real.dovecot import start_dovecot
from tests.real.endpoints import ENDPOINTS, Facts
from tests.real.postfix import Postfix, start_postfix
from tests.real.processes import free_ports, guard

ATTEMPTS = 3


@dataclass(frozen=True)
class Parts:
    """Running processes, the end of any of which is a fault, and JSON facts about them."""

    processes: tuple[subprocess.Popen[bytes], ...]
    facts: dict[str, Any]


@contextlib.contextmanager
def mail_parts(folder: Path) -> Iterator[Parts]:
    """Dovecot and Postfix with all their files in `folder`, on free ports."""
    certificates = write_certificates(folder / "tls")
    with contextlib.ExitStack() as stack:
        dovecot = start_dovecot(folder / "dovecot")
        stack.callback(dovecot.stop)
        postfix, ports = start_postfix_somewhere(folder, ENDPOINTS, certificates, dovecot.socket)
        stack.callback(postfix.stop)
        processes = (postfix.process, dovecot.process)
        # Left first: both get their signal at once, and then are waited for.
        stack.enter_context(ended_with_us(processes))
        yield Parts(processes, {"postfix": str(postfix.folder), "ports": ports})


def ended_with_us(processes: Sequence[subprocess.Popen[bytes]]) -> contextlib.AbstractContextManager[object]:
    """They get SIGTERM when the block is left, or when this process is gone for whatever reason."""
    return guard('kill -TERM "$@"', *(str(process.pid) for process in processes))


def start_postfix_somewhere(
    folder: Path, endpoints: Sequence[Facts], certificates: Certificates, sasl_socket: Path
) -> tuple[Postfix, dict[str, int]]:
    """Postfix with these endpoints on free ports, and the ports by name. Another program may take one before Postfix
    does: then once more with others."""
    for attempt in range(1, ATTEMPTS + 1):
        home = folder / f"postfix{attempt}"
        home.mkdir()
        ports = dict(zip((facts.name for facts in endpoints), free_ports(len(endpoints)), strict=True))
        try:
            return start_postfix(home, endpoints, ports, certificates, sasl_socket), ports
        except OSError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError
