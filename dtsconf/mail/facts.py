"""What explanations need to know of the settings in use. Plain data."""

from __future__ import annotations

import re
from typing import NamedTuple

from dtsconf.mail import rights
from dtsconf.settings.microsoft import is_smtp_host

IMPLICIT_TLS_PORT = 465
"""The submissions port (RFC 8314 7.3): `auto` on it is TLS from the first byte, so there is nothing to ask."""
SUBMISSION_PORT = 587
"""The submission port (RFC 6409 3.1)."""

_ENCRYPTED = "--set server.encryption=starttls"
_IMPLICIT = "--set server.encryption=tls"
_REQUIRED = "--set login.required=true"
_LOGIN = f"{_REQUIRED} --set login.username=NAME --set login.password=file:///PATH"


def login_options(*, spare: bool) -> str:
    """The options that turn a login on; `spare`: the settings hold one that they don't require."""
    return _REQUIRED if spare else f"{_LOGIN} (a file, 0600, that holds the password)"


_PROPOSED = (
    r"(?:--set server\.(?:port|encryption)=\w+ )*--set login\.required=true"
    r"(?: --set login\.\w+=[^\s,;]+)*(?: \(a file[^)]*\))?"
)


def proposed_login(hint: str) -> str | None:
    """The options of `Facts.to_log_in` in a hint. None where it has none, or leads to another server."""
    found = None if "server.host=HOST" in hint else re.search(_PROPOSED, hint)
    return found.group() if found else None


_FOREIGN = r"; or \S+ passes no mail on to other domains, such as \S+: ask its administrator"


def of_a_known_domain(hint: str) -> str:
    """The hint without what `Facts.foreign` adds: the server takes mail for that domain."""
    return re.sub(_FOREIGN, "", hint)


def administrator(host: str) -> str:
    """Who is asked about a mail server."""
    return rights.SUPPORT if is_smtp_host(host) else f"the administrator of {host}"


class Facts(NamedTuple):
    """One conversation's. `tls`: the session is encrypted now; `token`: the login is by token; `starttls`: for all that
    is known the server offers STARTTLS; `spare_login`: the settings hold a login that they don't require; `proven`:
    when this host and port were last proven from this machine, `proven_name`: with which user name, `renewed`: and
    another password, for all that is known; `name`: what this machine called itself in EHLO; `slip`: what the password
    shows of a slip at storing it, '' for nothing; `chosen`: the way to log in that `auto` took, `other_mechanism`: the
    setting's word for another that the server offers; `min_tls`: 1.2 or 1.3. Of a token: `application`, the client ID
    of the application that it is for, '' for a person's; `remedy`, what to do where it is refused; `or_graph`, how a
    hint ends that may lead to Graph instead."""

    host: str
    port: int
    encryption: str
    login: bool
    username: str
    sender: str
    recipient: str
    tls: bool = False
    token: bool = False
    starttls: bool = True
    spare_login: bool = False
    proven: str | None = None
    name: str = ""
    proven_name: str | None = None
    renewed: bool = False
    slip: str = ""
    chosen: str = ""
    other_mechanism: str = ""
    min_tls: str = "1.2"
    application: str = ""
    remedy: str = "sign in again: dtsconf sign-in"
    or_graph: str = ""

    @property
    def administrator(self) -> str:
        """Who is asked about the server."""
        return administrator(self.host)

    @property
    def at_microsoft(self) -> bool:
        """Whether the server is Microsoft's own."""
        return is_smtp_host(self.host)

    @property
    def itself_at_microsoft(self) -> bool:
        """Whether Microsoft's own server is asked to send as the account's own address."""
        return self.at_microsoft and self.sends_as_itself

    @property
    def right(self) -> str:
        """How an application gets its right on the sender's mailbox."""
        return rights.of_application(rights.BY_SMTP, self.application, self.sender)

    @property
    def send_as(self) -> str:
        """What to do where the account may not send as the sender."""
        return rights.send_as(self.sender, self.username)

    @property
    def not_its_own(self) -> str:
        """What to do where the account may not send as its own address."""
        return rights.not_its_own(self.sender)

    @property
    def larger(self) -> str:
        """What lets the account send larger mail."""
        return rights.larger(self.account)

    @property
    def sends_as_itself(self) -> bool:
        """Whether the sender is the account's own address."""
        return "@" in self.username and self.username.lower() == self.sender.lower()

    @property
    def token_as_itself(self) -> bool:
        """Whether a token signed in under the sender's address, whoever it was issued to."""
        return self.token and self.sends_as_itself

    @property
    def at_submission(self) -> bool:
        """Whether this is the usual place for logins already (RFC 6409 3.1)."""
        return self.port == SUBMISSION_PORT and self.tls

    @property
    def newest_tls(self) -> bool:
        """Whether only the newest TLS is taken already."""
        return self.min_tls == "1.3"

    @property
    def knows_name(self) -> bool:
        """Whether this user name was proven there."""
        return self.proven is not None and self.proven_name == self.username != ""

    @property
    def knows_name_alone(self) -> bool:
        """Whether it was, and perhaps with another password."""
        return self.knows_name and self.renewed

    @property
    def named(self) -> str:
        """The name that this machine gave, to stand after the word for it; '' before it gave one."""
        return f" ({self.name})" if self.name else ""

    @property
    def implicit_tls(self) -> bool:
        """TLS from the first byte."""
        return self.encryption == "tls" or (self.encryption == "auto" and self.port == IMPLICIT_TLS_PORT)

    @property
    def host_key(self) -> str:
        """The setting that names the server."""
        return "microsoft.smtp.host" if self.token else "server.host"

    @property
    def port_key(self) -> str:
        """The setting that names its port."""
        return "microsoft.smtp.port" if self.token else "server.port"

    @property
    def whose(self) -> str:
        """Whom the server knows the account by: who logs in, else the sender."""
        return self.username or self.sender

    @property
    def account(self) -> str:
        """The account's address, as far as its user name tells; else a word to put it in the place of."""
        return self.username if "@" in self.username else "ADDRESS"

    @property
    def other_name(self) -> str:
        """The other form that a user name may have."""
        bare = self.username.strip()
        if bare and bare != self.username:
            without = f"--set login.username={bare}" if len(bare.split()) == 1 else "write it without"
            return f"the name has a blank at its start or end, {without}"
        local, at, _ = self.username.rpartition("@")
        if at and local:
            return f"some servers want only what stands before the @, --set login.username={local}"
        return f"many servers want the whole address, {self._whole_name}"

    @property
    def short_name(self) -> str:
        """What to do first about a user name where only whole addresses are known; '' where it may be right."""
        return "" if "@" in self.username else f"the whole address is wanted as user name, {self._whole_name}; then "

    @property
    def keyed(self) -> str:
        """What the provider, known by its host, takes in place of an address and its password; '' where that is not
        known."""
        from dtsconf.mail.meanings.keyed import taken

        return taken(self.host, self.username)

    @property
    def at_sendgrid(self) -> str:
        """As `keyed`, where the answer tells that it is SendGrid."""
        return self._replace(host="smtp.sendgrid.net").keyed

    @property
    def _whole_name(self) -> str:
        """The option that makes an address of the user name: the sender's, where it is theirs."""
        local, at, _ = self.sender.rpartition("@")
        return f"--set login.username={self.sender if at and local == self.username else 'ADDRESS'}"

    @property
    def foreign(self) -> str:
        """What else a no to the recipient may mean, where the domain isn't the sender's own."""
        domain = self.recipient.rpartition("@")[2]
        if not domain or domain.lower() == self.sender.rpartition("@")[2].lower():
            return ""
        return f"; or {self.host} passes no mail on to other domains, such as {domain}: ask its administrator"

    @property
    def to_log_in(self) -> str:
        """The options that turn a login on; over TLS, since it goes over nothing else."""
        elsewhere = f"--set server.port={self.other_port} {_ENCRYPTED if self.other_port == 587 else _IMPLICIT} "
        encrypted = "" if self.tls else f"{_ENCRYPTED} " if self.starttls else elsewhere
        return f"{encrypted}{login_options(spare=self.spare_login)}"

    @property
    def _login(self) -> str:
        return _REQUIRED if self.spare_login else _LOGIN

    @property
    def submission(self) -> str:
        """The options for a port where who logs in is asked for nothing else (RFC 6409 3.1)."""
        if self.login:
            return self.elsewhere
        return f"--set server.port=587 {_ENCRYPTED} {self._login}"

    @property
    def elsewhere(self) -> str:
        """The options for another way out than this server."""
        if self.token:
            return "--set microsoft.via=graph"
        return "--set server.host=HOST" if self.login else f"--set server.host=HOST {self.submission}"

    @property
    def other_port(self) -> int:
        """A port to try when this one is wrong: submission's, else submissions' (RFC 8314 7.3)."""
        return 465 if self.port == 587 else 587
