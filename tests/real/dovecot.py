"""Dovecot as the SASL server behind Postfix: it alone knows the users and their passwords, and asks whether a token is good.

Rules: a configuration, run-time folder and socket of its own; no mail protocol is served and no system user exists
for it. Failed logins are answered at once, for the tests' sake. Source: Dovecot 2.3 manual, "Postfix and Dovecot SASL",
"passwd-file" and "Open Authentication v2.0 database".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tests.real.posix import give
from tests.real.processes import find, require, stop, wait_until


@dataclass(frozen=True)
class User:
    """A user of the mail host. `stored`: how Dovecot keeps the password, as text (PLAIN) or as SCRAM-SHA-256 keys."""

    name: str
    password: str
    stored: str = "PLAIN"

    def __repr__(self) -> str:
        return f"User({self.name!r}, stored={self.stored!r})"


USERS = (
    User("alice", "correct horse battery staple"),
    User("bob", "s3cret, kept as keys", stored="SCRAM-SHA-256"),
    User("carol", "pässwörd € 密码"),
    User("dts", "\"quoted\" 'single' \\back #hash :colon =equals %percent {brace} "),
    User("alice@corp.example", "mail address as user name"),
)

_CONFIGURATION = """\
protocols =
ssl = no
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
auth_mechanisms = {mechanisms}
auth_username_format = %u
auth_failure_delay = 0
disable_plaintext_auth = no
{token_passdb}passdb {{
  driver = passwd-file
  mechanisms = plain login scram-sha-256
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  client_limit = 2000
  unix_listener {folder}/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
# No penalty for an address that failed before: all tests come from one.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  client_limit = 2000
}}
"""

_TOKEN_PASSDB = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
_TOKENS = """\
introspection_mode = post
introspection_url = {url}
tls_ca_cert_file = {ca_file}
active_attribute = active
active_value = true
username_attribute = email
username_format = %u
timeout_msecs = 10000
"""


@dataclass(frozen=True)
class Introspection:
    """Who tells whether a token is good (RFC 7662): an https URL, with the client's id and secret in it, that answers
    `active` and `email`, and the root to trust."""

    url: str
    ca_file: str


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot; `process` is its master, `socket` where Postfix asks."""

    process: subprocess.Popen[bytes]
    socket: Path

    def stop(self) -> None:
        """Ends the master and, with it, the auth processes."""
        stop(self.process)


def start_dovecot(folder: Path, tokens: Introspection | None = None) -> Dovecot:
    """Starts Dovecot with USERS, all its files in `folder`, which is made and must have a short path (a socket's name
    has at most 107 bytes). With `tokens` it offers XOAUTH2 and OAUTHBEARER too; a token is good for the mailbox that
    its `email` names. Raises PartMissing, TimeoutError with the log when it doesn't come up."""
    require("Dovecot", "dovecot")
    folder.mkdir()
    users = folder / "users"
    users.touch(mode=0o640)
    give(users, "root", "dovecot")
    users.write_text("".join(_line(user) for user in USERS), "utf-8")
    _write_configuration(folder, tokens)
    process, socket = _launch(folder), folder / "auth"
    try:
        wait_until(lambda: process.poll() is not None or socket.exists(), "Dovecot")
    except TimeoutError as error:
        stop(process)
        raise TimeoutError(f"{error}\n{_log(folder)}") from None
    if process.poll() is not None:
        raise OSError(f"Dovecot ended at its start:\n{_log(folder)}")
    return Dovecot(process, socket)


def _write_configuration(folder: Path, tokens: Introspection | None) -> None:
    mechanisms, token_passdb = "plain login scram-sha-256", ""
    if tokens is not None:
        mechanisms += " xoauth2 oauthbearer"
        token_passdb = _TOKEN_PASSDB.format(folder=folder)
        (folder / "oauth2.conf").write_text(_TOKENS.format(url=tokens.url, ca_file=tokens.ca_file), "utf-8")
    text = _CONFIGURATION.format(folder=folder, mechanisms=mechanisms, token_passdb=token_passdb)
    (folder / "dovecot.conf").write_text(text, "utf-8")


def _launch(folder: Path) -> subprocess.Popen[bytes]:
    command = [find("dovecot") or "dovecot", "-F", "-c", str(folder / "dovecot.conf")]
    with (folder / "dovecot.out").open("wb") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
            start_new_session=True,
        )


def _log(folder: Path) -> str:
    paths = (folder / "dovecot.log", folder / "dovecot.out")
    return "".join(path.read_text("utf-8", "replace") for path in paths if path.exists())[-4000:]


def _line(user: User) -> str:
    """A line of the passwd-file: name:{scheme}password. Base64 keeps colons and spaces out of the line's own syntax."""
    if user.stored == "PLAIN":
        return f"{user.name}:{{PLAIN.b64}}{base64.b64encode(user.password.encode()).decode()}\n"
    return f"{user.name}:{_scram_keys(user.password)}\n"


def _scram_keys(password: str) -> str:
    """Dovecot's form of RFC 5802 section 3: iterations, salt, StoredKey and ServerKey instead of the password."""
    iterations, salt = 4096, os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFKC", password).encode(), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    parts = ",".join(base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"{{SCRAM-SHA-256}}{iterations},{parts}"
