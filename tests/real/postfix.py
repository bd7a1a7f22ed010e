"""One Postfix instance with a service for each endpoint, in a folder of its own, on loopback ports.

Rules: nothing of the system's Postfix configuration, queue or log is read or written; no DNS is asked and no mail
leaves the machine: local mailboxes are Maildirs, everything else is discarded. Knows no test.
Source of the parameters: postconf(5), master(5) and access(5) of Postfix 3.7.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.ca import Certificates
from tests.real.endpoints import ALL_MECHANISMS, DOMAIN, MAILBOXES, SIZE_LIMIT, UNICODE_DOMAIN, Facts
from tests.real.posix import give, numbers_of
from tests.real.processes import has_ipv6, listens, require, stop, wait_until

DAEMONS = "/usr/lib/postfix/sbin"
_QUEUE_FOLDERS = {
    "active": 0o700,
    "bounce": 0o700,
    "corrupt": 0o700,
    "defer": 0o700,
    "deferred": 0o700,
    "flush": 0o700,
    "incoming": 0o700,
    "private": 0o700,
    "saved": 0o700,
    "hold": 0o700,
    "trace": 0o700,
    "maildrop": 0o1730,
    "public": 0o2710,
}

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
import_environment = PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE POSTLOG_HOSTNAME
alias_maps =
alias_database =
biff = no
myhostname = mail.{domain}
mydestination =
mynetworks =
inet_protocols = {protocols}
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = discard
relay_transport = discard
local_transport = discard
notify_classes =
in_flow_delay = 0
max_idle = 30s
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
recipient_delimiter = +
virtual_mailbox_domains = {domain}, {unicode_domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_uid_maps = static:{mail_uid}
virtual_gid_maps = static:{mail_gid}
smtpd_banner = $myhostname ESMTP
smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100
smtpd_hard_error_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_security_level = none
smtpd_tls_loglevel = 1
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl_socket}
smtpd_sasl_security_options = noanonymous
smtpd_sasl_tls_security_options = noanonymous
require_login = permit_sasl_authenticated, check_client_access static:{{530 5.7.0 Authentication required}}
own_sender_maps = texthash:{folder}/etc/own-senders
owned_senders = reject_sender_login_mismatch, $require_login
reject_senders = check_sender_access static:{{550 5.7.1 This sender may not send from here}}
greylist = check_recipient_access static:{{defer_if_permit 4.7.1 Greylisted, please try again in 300 seconds}}
full_mailboxes = check_recipient_access static:{{552 5.2.2 Mailbox is full}}
no_mailboxes = texthash:{folder}/etc/no-mailboxes
dead_milter = unix:{folder}/no-such-milter
"""

_MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
cleanup-scan unix n - n - 0 cleanup
  -o body_checks=regexp:{folder}/etc/body-checks
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
rewrite-foreign unix - - n - - trivial-rewrite
  -o virtual_mailbox_domains=nowhere.example
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running instance; `process` is its master daemon."""

    folder: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ends the instance with all its daemons."""
        stop(self.process)


def start_postfix(
    folder: Path,
    endpoints: Sequence[Facts],
    ports: Mapping[str, int],
    certificates: Certificates,
    sasl_socket: Path,
) -> Postfix:
    """Starts an instance whose files all lie in `folder`, with a service for each of `endpoints` on `ports` by name.

    `folder` must be passable by everyone, for Postfix's daemons drop root. Raises PartMissing, TimeoutError with the
    mail log when it doesn't come up.
    """
    require("Postfix", f"{DAEMONS}/master")
    _lay_out(folder)
    _write_configuration(folder, sasl_socket)
    services = "".join(_service(facts, ports[facts.name], certificates) for facts in endpoints)
    _write(folder / "etc/master.cf", _MASTER.format(folder=folder) + services)
    # The master opens the services in the order of master.cf: when the last one listens, all do.
    last = ports[endpoints[-1].name]
    process = _launch(folder)
    try:
        wait_until(lambda: process.poll() is not None or listens("127.0.0.1", last), "Postfix", 15)
    except TimeoutError as error:
        stop(process)
        raise TimeoutError(f"{error}\n{_log(folder)}") from None
    if process.poll() is not None:
        raise OSError(f"Postfix ended at its start:\n{_log(folder)}")
    return Postfix(folder, process)


def _launch(folder: Path) -> subprocess.Popen[bytes]:
    # The master itself, not `postfix start-fg`: that puts a shell in between, whose end the master survives.
    command = [f"{DAEMONS}/master", "-c", str(folder / "etc"), "-s"]
    with (folder / "postfix.out").open("wb") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
            start_new_session=True,
        )


def _log(folder: Path) -> str:
    texts = [
        path.read_text("utf-8", "replace") for path in (folder / "mail.log", folder / "postfix.out") if path.exists()
    ]
    return "".join(texts)[-4000:]


def _lay_out(folder: Path) -> None:
    for name in ("etc", "queue", "queue/pid", "data", "mail"):
        (folder / name).mkdir(mode=0o755)
    give(folder / "data", "postfix")
    (folder / "data").chmod(0o700)
    for name, mode in _QUEUE_FOLDERS.items():
        path = folder / "queue" / name
        path.mkdir()
        give(path, "postfix", "postdrop" if name in {"maildrop", "public"} else "root")
        path.chmod(mode)
    give(folder / "mail", "nobody")


def _write_configuration(folder: Path, sasl_socket: Path) -> None:
    mail_uid, mail_gid = numbers_of("nobody")
    main = _MAIN.format(
        folder=folder,
        daemons=DAEMONS,
        domain=DOMAIN,
        unicode_domain=UNICODE_DOMAIN,
        protocols="all" if has_ipv6() else "ipv4",
        size_limit=SIZE_LIMIT,
        mail_uid=mail_uid,
        mail_gid=mail_gid,
        sasl_socket=sasl_socket,
    )
    _write(folder / "etc/main.cf", main)
    _write(
        folder / "etc/mailboxes", "".join(f"{box}@{d} {box}/\n" for box in MAILBOXES for d in (DOMAIN, UNICODE_DOMAIN))
    )
    _write(folder / "etc/own-senders", "".join(f"{box}@{DOMAIN} {box}, {box}@{DOMAIN}\n" for box in MAILBOXES))
    _write(folder / "etc/no-mailboxes", f"nobody-at-all@{DOMAIN} none/\n")
    _write(folder / "etc/body-checks", "/./ REJECT Virus found: Eicar-Test-Signature\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    # Postfix waits until a file that it reads is two seconds old, lest somebody is still writing it.
    os.utime(path, (0, 0))


def _service(facts: Facts, port: int, certificates: Certificates) -> str:
    """The lines of master.cf for one endpoint: on 127.0.0.1 and, if there is one, on ::1."""
    addresses = ["127.0.0.1", "[::1]"] if has_ipv6() else ["127.0.0.1"]
    options = {**_tls_options(facts, certificates), **_login_options(facts), **dict(facts.options)}
    options["message_size_limit"] = str(facts.size_limit)
    lines = "".join(f"  -o {{ {name} = {value} }}\n" for name, value in options.items())
    # syslog_name puts the endpoint's name into the mail log.
    lines += f"  -o syslog_name=postfix/{facts.name}\n"
    return "".join(f"{address}:{port} inet n - n - - smtpd\n{lines}" for address in addresses)


def _tls_options(facts: Facts, certificates: Certificates) -> dict[str, str]:
    if facts.certificate is None:
        return {}
    options = {"smtpd_tls_chain_files": certificates.chain_file(facts.certificate)}
    if facts.tls == "wrapper":
        options["smtpd_tls_wrappermode"] = "yes"
    options["smtpd_tls_security_level"] = "may" if facts.tls == "optional" else "encrypt"
    protocols = dict(facts.options).get("smtpd_tls_protocols")
    if protocols:
        # A service that insists on TLS reads the mandatory twin of the parameter.
        options["smtpd_tls_mandatory_protocols"] = protocols
    if protocols == "TLSv1.1":
        # OpenSSL 3 speaks it at security level 0 only: its handshake is signed with SHA-1.
        options["tls_medium_cipherlist"] = "ALL:@SECLEVEL=0"
    return options


def _login_options(facts: Facts) -> dict[str, str]:
    options: dict[str, str] = {}
    if facts.mechanisms:
        options["smtpd_sasl_auth_enable"] = "yes"
    if facts.mechanisms not in {(), ALL_MECHANISMS}:
        options["smtpd_sasl_mechanism_filter"] = ", ".join(facts.mechanisms)
    if facts.cleartext_login:
        options["smtpd_tls_auth_only"] = "no"
    if facts.login == "required":
        options["smtpd_sender_restrictions"] = "$require_login"
    return options
