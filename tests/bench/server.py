"""The mail servers of the bench, in a process of their own: `python -m tests.bench.server FOLDER`.

Prints one JSON line, `{"plain": PORT, "login": PORT, "ca_file": PATH}`, and ends when stdin does. Certificates go into
FOLDER.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.real.ca import write_certificates
from tests.scenarios.smtpd import Smtpd

USER, PASSWORD = "lab", "bench-password"


def main() -> None:
    certificates = write_certificates(Path(sys.argv[1]))
    plain = Smtpd().start()
    login = Smtpd(tls=certificates.server_context("good"), users={USER: PASSWORD}).start()
    print(json.dumps({"plain": plain.port, "login": login.port, "ca_file": certificates.ca_file}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
