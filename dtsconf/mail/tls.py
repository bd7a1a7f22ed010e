"""TLS for a conversation: the context that settings ask for, the handshake, and what its failure means.

A certificate that does not verify is a failure, never a warning. Trust comes from `ca_file`, or from a fingerprint
(then name, chain and dates are not checked, and the report says so), or from the system. RFC 8446, 7817, 8314.
"""

from __future__ import annotations

import hmac
import ssl
import time
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail import faults
from dtsconf.mail.failure import Finding, StageFailed
from dtsconf.mail.wire import HandshakeFailed
from dtsconf.names import host_fault, is_everybodys
from dtsconf.net import meaning
from dtsconf.net.certificate import Certificate, day, from_der, from_peer
from dtsconf.net.handshake import wants_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.mail.facts import Facts
    from dtsconf.mail.route import Smtp
    from dtsconf.mail.wire import Wire

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@frozen
class Trust:
    """What the settings say about TLS. `fingerprint` is lower-case hex without colons, or None."""

    min_tls: str
    ca_file: str | None
    fingerprint: str | None

    @classmethod
    def of(cls, route: Smtp) -> Trust:
        """What a route says."""
        plain = route.fingerprint.replace(":", "").lower() if route.fingerprint else None
        return cls(route.min_tls, route.ca_file, plain)

    def context(self) -> ssl.SSLContext:
        """The context for a connection that counts.

        Raises:
            StageFailed: `ca_file` can't be read or holds no certificate.
        """
        if self.fingerprint is not None:
            return self.unverified()
        context = self._base()
        if self.ca_file is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
            return context
        # The file is the whole of what is trusted, a server's own certificate in it included.
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cafile=self.ca_file)
        except OSError as error:
            words = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
            hint = "a PEM file with the roots to trust: --set server.ca_file=/PATH/TO/ROOTS.pem"
            raise StageFailed("tls-untrusted", f"server.ca_file {self.ca_file}: {words}", hint, "system") from error
        return context

    def unverified(self) -> ssl.SSLContext:
        """A context that checks nothing: to compare a fingerprint, or to look at a certificate that failed."""
        context = self._base()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _base(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = _VERSIONS[self.min_tls]
        context.options |= ssl.OP_NO_RENEGOTIATION  # what was checked is what stays: nothing is negotiated anew
        return context


def any_version() -> ssl.SSLContext:
    """A context to look with: it takes every version and cipher that the library has, also those below 1.2, which
    nobody is to talk by any more (RFC 8996), and checks nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def secure(
    wire: Wire, trust: Trust, context: ssl.SSLContext, facts: Facts, end: float, look: Callable[[], Certificate | None]
) -> str:
    """Hold the handshake and check the server; give what came of it, for the report.

    `look` fetches the certificate over a connection of its own, called only when this one did not get to see it.

    Raises:
        StageFailed: with the cause that fits.
        TimeoutError, ConnectionLost: as the wire does.
    """
    try:
        wire.start_tls(context, facts.host.partition("%")[0], end)
    except HandshakeFailed as failed:
        raise _explained(failed, trust, facts, look) from failed
    session = wire.tls
    if session is None:
        raise StageFailed("protocol", "TLS did not come about")
    cipher = session.cipher()
    version = f"{session.version()}, {cipher[0] if cipher else 'no cipher'}"
    if trust.fingerprint is None:
        return f"{version}; {from_peer(session.getpeercert() or {})}"
    return f"{version}; {_by_fingerprint(session, trust.fingerprint)}"


def _by_fingerprint(session: ssl.SSLObject, wanted: str) -> str:
    import hashlib

    der = session.getpeercert(binary_form=True) or b""
    seen = hashlib.sha256(der).hexdigest()
    shown = from_der(der) or "a certificate that can't be read"
    if hmac.compare_digest(seen, wanted):
        return f"{shown}; trusted by its fingerprint: name, chain and dates were not checked"
    raise StageFailed(
        "tls-untrusted",
        f"the server's certificate has SHA-256 {seen}, server.fingerprint says {wanted} ({shown})",
        "whoever answers there may not be the server: ask its administrator, by telephone, which certificate is right;"
        " write its SHA-256 as server.fingerprint only once it is confirmed",
    )


def _explained(
    failed: HandshakeFailed, trust: Trust, facts: Facts, look: Callable[[], Certificate | None]
) -> StageFailed:
    error = failed.error
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error, trust, facts, look())
    reason = str(error.reason or error)
    if "alert" in reason.lower() and wants_certificate(failed.answer):  # up to TLS 1.2 the alert itself doesn't say so
        reason = f"{reason}; {faults.ASKED}"
    finding, who = faults.of_handshake(reason, failed.answer, facts, trust.min_tls)
    words = f"TLS handshake failed: {reason.replace('_', ' ').lower()}"
    if who is None:
        return StageFailed.of(finding, words, "tls")
    first_line = failed.answer.split(b"\n")[0][:80].decode("utf-8", "backslashreplace").strip()
    return StageFailed.of(finding, f"{who}: '{first_line}'", "server")


def _unverified(
    error: ssl.SSLCertVerificationError, trust: Trust, facts: Facts, seen: Certificate | None
) -> StageFailed:
    cause = meaning.of_verify_code(error.verify_code)
    words = f"{error.verify_message}".rstrip(".")  # OpenSSL ends only some of them so
    unfit = meaning.unfit(error.verify_code)
    hint = _on_the_way(cause, trust, facts, seen) if seen else None
    hint = hint or (_unfit(*unfit, facts, seen) if unfit else _hint(cause, trust, facts, seen))
    if seen is None:
        return StageFailed(cause, words, hint, "tls")
    told = f"{words}; certificate {seen.subject}, issued by {seen.issuer}, for {seen.fits}, valid from"
    told += f" {day(seen.not_before)} until {day(seen.not_after)}, SHA-256 {seen.sha256}"
    return StageFailed.of(Finding(cause, hint), told, "tls")


def _unfit(why: str, how: str, facts: Facts, seen: Certificate | None) -> str:
    """The hint where no root would mend it."""
    ask = f"{why}, so that no root makes it trusted: have a certificate issued for {facts.host} {how}, then dtsconf"
    ask += " test again"
    if seen is None or facts.token:
        return ask
    confirm = "until then, have the server's administrator confirm the SHA-256 of this one"
    return f"{ask}; {confirm}: --set server.fingerprint={seen.sha256}"


def _on_the_way(cause: str, trust: Trust, facts: Facts, seen: Certificate) -> str | None:
    """The hint where the certificate is not the server's own, as far as that can be known."""
    from dtsconf.looks import certificates, stand_in
    from dtsconf.settings.microsoft import is_smtp_host

    if is_smtp_host(facts.host):
        return stand_in.judged(facts.host, cause, seen, trust.ca_file)[1]
    if product := certificates.inspected_by(seen, facts.host):
        return certificates.excepted(product, trust.ca_file, microsoft=facts.token)
    return None


def _hint(cause: str, trust: Trust, facts: Facts, seen: Certificate | None) -> str:
    """The hint where it is the server's own, or wasn't seen."""
    from dtsconf.looks import certificates, stand_in, trusted

    if cause in certificates.DATED:
        return _above(trust, facts, seen) if seen and seen.is_in_date else _out_of_date(cause, facts)
    if seen and not seen.is_for(facts.host.partition("%")[0]):
        return _misnamed(cause, facts, seen)
    if cause == "tls-name":
        use = f"--set {facts.host_key}=NAME with a name that the certificate is for"
        return f"if it is the right server: {use}, or have the certificate reissued for {facts.host}"
    if trust.ca_file is None and trusted.none_here():
        none = "this machine has no root certificates: apt install ca-certificates, or set server.ca_file"
        return stand_in.astray("", none, None)[1]
    root = f"the root certificate of {seen.issuer}" if seen else "the root certificate that the server's goes back to"
    if seen and seen.issuer == seen.subject:
        root = f"the certificate {seen.subject} itself, since it vouches for itself,"
    now = "" if trust.ca_file is None else f" ({trust.ca_file} is in force and has no such root)"
    ask = f"ask the server's administrator for {root} as a PEM file{now}"
    if facts.token:  # ca_file counts for the sign-in as well, and no fingerprint does
        ask = f"{ask}, {trusted.add(trust.ca_file)}"
    else:
        shown = f"--set server.fingerprint={seen.sha256}" if seen else "server.fingerprint"
        ask += ": --set server.ca_file=/PATH/TO/ROOTS.pem. Or have the administrator confirm the SHA-256 of the"
        ask += f" certificate: {shown}"
    if not seen or not seen.alone or seen.issuer == seen.subject:
        return ask
    chain = "the server sends its certificate without the one above it: have its administrator install the full chain"
    own = "where it is an organisation's own authority"
    return f"{chain}; or, {own}: {ask}" if trust.ca_file is None else f"{ask}. Or {chain}"


def _out_of_date(cause: str, facts: Facts) -> str:
    """The hint where it is the server's own certificate, or this machine's clock."""
    now = day(time.time())
    if cause == "tls-not-yet-valid":
        clock = f"set this machine's clock (it says {now}): timedatectl set-ntp true (Windows: w32tm /resync)"
        return f"{clock}, then dtsconf test again; if it is right, have the certificate of {facts.host} issued anew"
    renewed = f"have the certificate of {facts.host} renewed, or set this machine's clock (it says {now})"
    return f"{renewed}, then dtsconf test again"


def _above(trust: Trust, facts: Facts, seen: Certificate) -> str:
    """The hint where it is a certificate above the server's own that is out of date: sent along, or trusted here."""
    from dtsconf.looks import commands

    ask = f"have the administrator of {facts.host} install the chain that {seen.issuer} has today, then dtsconf test"
    bring = commands.new_roots() if trust.ca_file is None else f"have the present one, and put it into {trust.ca_file}"
    return f"{ask} again; if it stays, the root that this machine trusts is out of date: {bring}"


def _misnamed(cause: str, facts: Facts, seen: Certificate) -> str:
    """The hint where the certificate has other names than the server's, whether or not it would be trusted. Its names
    are the server's own words: only those that could be a host's are shown."""
    names = [name for name in seen.names if host_fault(name) is None and not is_everybodys(name)][:3]
    use = f"--set {facts.host_key}=NAME with a name that the certificate is for ({', '.join(names)})"
    if cause == "tls-name" and names:
        return f"if it is the right server: {use}, or have the certificate reissued for {facts.host}"
    why = "" if cause == "tls-name" else ", so that to trust its issuer alone would not do"
    ask = f"the certificate is not for {facts.host}{why}: have one issued for {facts.host}"
    if seen.misplaces(facts.host):
        ask = f"the certificate has {facts.host} as a name, where no address counts: have one issued that has it as"
        ask += f" its IP address (subjectAltName IP:{facts.host})"
    if not facts.token:
        ask += "; or have the server's administrator confirm the SHA-256 of this one:"
        ask += f" --set server.fingerprint={seen.sha256}"
    return f"{ask}; or, if it is the right server: {use}, then its root as server.ca_file" if names else ask
