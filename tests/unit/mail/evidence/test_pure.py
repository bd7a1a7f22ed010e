"""The parts of the evidence that reach no network: counters, routes, dates, products, the ways' order."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest

from dtsconf.looks import case, certificates, clock, counters, portal, products, surroundings
from dtsconf.looks.case import together
from dtsconf.mail.evidence import choice, said, trust, ways
from dtsconf.mail.evidence.case import Case
from dtsconf.mail.evidence.ways import Way
from dtsconf.mail.route import TokenLogin
from dtsconf.net.certificate import Certificate
from dtsconf.proof import Stage, Verification
from tests.unit.mail.jobs import job
from tests.unit.mail.test_bearer import Tokens

NETSTAT = """\
TcpExt: SyncookiesSent TCPRetransFail TCPSynRetrans
TcpExt: 0 3 9
IpExt: InNoRoutes
IpExt: 1
"""
SNMP = """\
Icmp: InMsgs InDestUnreachs OutDestUnreachs
Icmp: 7 4 2
Tcp: MaxConn
Tcp: -1
"""
SNMP6 = "Ip6InReceives                   \t20\nIcmp6OutDestUnreachs            \t5\n"


def test_the_kernels_counters_are_read() -> None:
    found = counters.parse(NETSTAT) | counters.parse(SNMP) | counters.parse(SNMP6)
    assert found["TcpExt:TCPRetransFail"] == 3
    assert found["Icmp:OutDestUnreachs"] == 2
    assert found["Icmp6OutDestUnreachs"] == 5
    assert found["Tcp:MaxConn"] == -1
    assert counters.parse("") == {}


def test_counters_tell_who_stopped_it() -> None:
    before = {"TcpExt:TCPRetransFail": 3, "Icmp:OutDestUnreachs": 2, "Icmp:InDestUnreachs": 4}
    assert counters.moved(before, {**before, "TcpExt:TCPRetransFail": 5}).kept_back == 2
    rose = counters.moved(before, {**before, "Icmp6OutDestUnreachs": 1, "Icmp:InDestUnreachs": 5})
    assert (rose.kept_back, rose.refused_here, rose.refused_there) == (0, 1, 1)
    assert counters.moved({"TcpExt:ListenOverflows": 1}, {"TcpExt:ListenOverflows": 3}).untaken == 2
    assert counters.moved({}, {}) == counters.Moved()


def test_what_came_in_and_was_not_let_through_is_counted_without_what_went_to_many() -> None:
    names = ("Ip:InReceives", "Ip:InDelivers", "Ip:ForwDatagrams", "IpExt:InBcastPkts", "Ip:OutRequests", "lo:packets")
    before = dict.fromkeys(names, 100)
    after = dict(zip(names, (110, 104, 101, 102, 103, 101), strict=True))
    rose = counters.moved(before, after)
    assert (rose.kept_out, rose.sent, rose.looped) == (10 - 4 - 1 - 2, 3, 1)
    assert counters.moved(before, {**before, "Ip:InDelivers": 105}).kept_out == 0


def test_the_packets_of_loopback_are_read() -> None:
    assert counters.looped("Inter-|\n face |bytes packets\n    lo: 2454 327 0\n  eth0: 1 9 0\n") == 327
    assert counters.looped("") == 0


ROUTES = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "short line",
]


def test_the_gateway_of_the_longest_prefix() -> None:
    assert surroundings.gateway_in(ROUTES, "198.51.100.9") == "192.168.2.1"
    assert surroundings.gateway_in(ROUTES, "192.168.2.7") is None
    assert surroundings.gateway_in(ROUTES[:1], "192.168.2.7") is None
    assert surroundings.gateway_in([], "192.168.2.7") is None


def test_the_networks_that_this_machine_stands_in() -> None:
    assert surroundings.near_4(ROUTES) == ["192.168.2.0/24"]
    assert surroundings.near_4([]) == []


@pytest.mark.parametrize(
    ("greeting", "iso"),
    [
        ("220 mail ESMTP Exim 4.96 Wed, 25 Nov 2026 10:20:30 +0100", "2026-11-25T09:20:30+00:00"),
        ("220 ex.corp.example Microsoft ESMTP MAIL Service ready at Wed, 25 Nov 2026 10:20:30 +0000", "2026-11-25T10:20:30+00:00"),
        ("Date: Wed, 25 Nov 2026 10:20:30 GMT", "2026-11-25T10:20:30+00:00"),
        ("220 mail ESMTP Postfix", None),
        ("220 mail Wed, 99 Nov 2026 10:20:30 +0000", None),
    ],
)  # fmt: skip
def test_a_date_in_a_greeting(greeting: str, iso: str | None) -> None:
    found = clock.date_in(greeting)
    assert found == (dt.datetime.fromisoformat(iso).timestamp() if iso else None)


def the_case(cause: str, stage: str = "tls", **details: str) -> Case:
    stages = tuple(Stage(name, True, 1.0, text, said_by="server") for name, text in details.items())
    failure = Stage(stage, False, 1.0, "words", cause=cause)
    result = Verification("send", False, (*stages, failure))
    return Case(job(587), result, failure)


DAY = 86400.0


@pytest.mark.parametrize(
    ("valid", "told", "words"),
    [
        ((-9, -2), None, "it ended 2 days ago, unless this machine's clock is ahead"),
        ((2, 9), None, "the clock is 2 days behind or more"),
        ((-9, -2), 0, "this machine's clock is right"),
        ((-9, -2), -3, "3 days ahead; by the other clock the certificate is valid"),
        ((2, 9), 3, "3 days behind; by the other clock the certificate is valid"),
        ((-9, -5), -3, "not valid then either"),
    ],
)
def test_clock_or_certificate(
    valid: tuple[int, int], told: int | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("dtsconf.looks.clock.time.time", lambda: now)
    own = Certificate("CN=a", "CN=b", ("a",), now + valid[0] * DAY, now + valid[1] * DAY)
    other = None if told is None else clock.Told(now + told * DAY, "the server's greeting")
    outcome = clock.judge(the_case("tls-expired"), own, other, [])
    assert words in outcome.evidence[-1].means


@pytest.mark.parametrize("ahead", [None, -3 * DAY, 0.0])
def test_the_sign_in_server_tells_the_time_where_it_was_asked(ahead: float | None) -> None:
    failed = the_case("tls-expired")
    own = clock.Told(1_800_000_000.0, "the server's greeting")
    assert trust.witness(failed, own) == own
    failed.route = replace(failed.route, login=TokenLogin(Tokens(ahead=ahead)))
    found = trust.witness(failed, None)
    if ahead is None or found is None:
        assert (ahead, found, trust.witness(failed, own)) == (None, None, own)
        return
    assert abs(found.at - time.time() - ahead) < 60
    assert found.by == "the sign-in server's answer"


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        ("CN=Avast Web/Mail Shield Root,OU=generated by Avast Antivirus for SSL/TLS scanning", "Avast"),
        ("CN=ESET SSL Filter CA,O=ESET\\, spol. s r. o.", "ESET"),
        ("CN=Kaspersky Anti-Virus Personal Root Certificate", "Kaspersky"),
        ("CN=Zscaler Intermediate Root CA (zscalerthree.net)", "Zscaler"),
        ("CN=FortiGate CA,O=Fortinet", "Fortinet FortiGate"),
        ("CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc", None),
        ("CN=R11,O=Let's Encrypt", None),
        ("CN=Corp Example Root,O=Corp Example", None),
    ],
)
def test_inspection_products_by_their_issuer(issuer: str, product: str | None) -> None:
    assert products.inspector(issuer) == product


def test_the_makers_own_servers_are_not_taken_for_inspection() -> None:
    own = Certificate("CN=smtp.fortinet.example,O=Fortinet", "CN=R11,O=Let's Encrypt", ("smtp.fortinet.example",), 0, 1)
    assert "no known inspection product" in certificates.issuer(own).means
    inspected = Certificate("CN=mail.corp.example", "CN=FortiGate CA,O=Fortinet", ("mail.corp.example",), 0, 1)
    assert "Fortinet FortiGate makes such certificates" in certificates.issuer(inspected).means


def test_proxies_by_their_greeting() -> None:
    assert products.proxy("220 ********************")
    assert products.proxy("421 Cannot connect to SMTP server 192.0.2.1 (192.0.2.1:25), connect error 10060")
    for name in ("mail.corp.example", "mx.norton-gold.example", "mx1.mailguard.com.au", "esmtp-proxy.avg.example"):
        assert products.proxy(f"220 {name} ESMTP Postfix") is None
    assert products.proxy("220 mx1.mailguard.com.au ESMTP MailGuard") is None
    assert products.proxy("220 mail.corp.example ESMTP Kaspersky Security")


def test_a_redirect_within_the_own_domain_is_no_portal() -> None:
    assert portal._same_site("webmail.corp.example", "mail.corp.example")
    assert not portal._same_site("login.guest.example", "mail.corp.example")


def way(port: int, encryption: ways.Kind, *, ok: bool = True, login: bool = True) -> Way:
    return Way(port, encryption, ok, "", 1.0, None if ok else "refused", None if ok else "connect", login=login)


def test_the_recommended_way_is_first() -> None:
    tried = [way(25, "none"), way(465, "tls"), way(587, "starttls"), way(587, "none"), way(2525, "tls", ok=False)]
    free = job(25).link.smtp
    assert [(w.port, w.encryption) for w in choice.best(tried, free)] == [
        (587, "starttls"), (465, "tls"), (25, "none"), (587, "none"),
    ]  # fmt: skip
    broken = Way(2525, "none", True, "", 1.0, offers_tls=True)
    assert choice.best([broken], free) == []
    with_login = job(465, password="x").link.smtp
    assert [(w.port, w.encryption) for w in choice.best(tried, with_login)] == [(465, "tls"), (587, "starttls")]
    assert choice.best([way(587, "starttls", login=False)], with_login) == []
    assert choice.to_set(tried[2], free) == "--set server.port=587 --set server.encryption=starttls"


@pytest.mark.parametrize(
    ("hint", "refuted"),
    [
        ("another port: --set server.port=587, or dtsconf test --probe", True),
        ("--set server.port=465 --set server.encryption=tls", True),
        ("--set server.port=25", False),
        ("--set server.port=2525", False),
        ("ask its administrator", False),
        (None, False),
    ],
)
def test_what_was_just_seen_to_fail_is_not_proposed(hint: str | None, refuted: bool) -> None:
    tried = [way(587, "starttls", ok=False), way(465, "tls", ok=False), way(25, "starttls")]
    assert choice.refuted(hint, tried, job(25, encryption="starttls").link.smtp) == refuted


@pytest.mark.parametrize("leads", [True, False])
def test_a_name_of_the_certificate_is_proposed_only_if_it_leads_here(
    monkeypatch: pytest.MonkeyPatch, leads: bool
) -> None:
    from dtsconf.net.connect import Address

    the = the_case("tls-name")
    the.__dict__["addresses"] = [Address(2, ("192.0.2.1", 587))]
    monkeypatch.setattr(certificates, "_leads", lambda _name, _case: lambda: {"192.0.2.1"} if leads else set())
    own = Certificate("CN=x", "CN=y", ("mail.other.example",), 0, 1, "ab")
    found = trust._named(the, own, [])
    assert found.hint is not None
    assert ("--set server.host=mail.other.example" in found.hint) == leads


def test_a_name_that_every_machine_has_is_not_proposed() -> None:
    the = the_case("tls-name")
    own = Certificate("CN=x", "CN=x", ("localhost.localdomain", "localhost"), 0, 1, "ab")
    found = trust._named(the, own, [])
    assert found.hint is None, "the failure's own holds, which has the fingerprint"
    (row,) = found.evidence
    assert row.means == "the certificate has no name that could be used"


def test_stages_that_went_well_rule_things_out() -> None:
    stages = [Stage("resolve", True, 1, "x", said_by="system"), Stage("connect", True, 1, "x", said_by="system")]
    (evidence,) = said.passed(stages)
    assert "no firewall stands in the way" in evidence.means
    assert said.passed([Stage("resolve", True, 1, "an address")]) == []


@pytest.mark.parametrize(
    ("cause", "words"),
    [("auth-rejected", "it is this user name or password"), ("auth-disabled", "switched off for this")],
)
def test_a_refused_login_is_held_against_what_is_offered(cause: str, words: str) -> None:
    stages = [
        Stage(
            "tls",
            True,
            1,
            "TLSv1.3, X; certificate CN=a; then offers 8BITMIME, SIZE 1, AUTH PLAIN LOGIN",
            said_by="tls",
        ),
        Stage("auth", False, 1, "PLAIN: 535 5.7.8 no", 535, "5.7.8", cause),
    ]
    (evidence,) = said.offered(stages)
    assert evidence.seen == "PLAIN LOGIN"
    assert words in evidence.means
    assert said.offered([*stages[:1], Stage("auth", False, 1, "cut", cause="dropped")]) == []
    assert said.offered(stages[1:]) == []


def test_a_dead_address_beside_a_live_one() -> None:
    row = Stage("connect", True, 1, "192.0.2.1 port 25 (2001:db8::dead: no answer)", said_by="system")
    (evidence,) = said.half_dead([row])
    assert "IPv6 is broken on the way, IPv4 is fine" in evidence.means
    assert said.half_dead([Stage("connect", True, 1, "192.0.2.1 port 25", said_by="system")]) == []


@pytest.mark.parametrize(
    ("detail", "means"),
    [
        ("192.0.2.1 port 25 (2001:db8::1: Network is unreachable)", "there is no way by IPv6, IPv4 is fine"),
        ("2001:db8::2 port 25 (2001:db8::1: Connection refused)", "not every address of the host takes connections"),
        ("192.0.2.1 port 25 (2001:db8::1: no answer; 192.0.2.2: Connection refused)", "not every address"),
    ],
)
def test_of_an_address_that_does_not_answer_no_more_is_said_than_was_seen(detail: str, means: str) -> None:
    (evidence,) = said.half_dead([Stage("connect", True, 1, detail, said_by="system")])
    assert evidence.means.startswith(means)
    assert ("wait long" in evidence.means) == ("no answer" in detail)


def test_what_there_is_no_time_for_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that is cut short would see silence where there is none."""
    at = [1000.0]
    monkeypatch.setattr("dtsconf.looks.case.time.monotonic", lambda: at[0])
    one = the_case("timeout", "connect")
    at[0] += case.ALTOGETHER - case.FAIR / 2
    assert one.together(lambda: 1, lambda: 2) == [None, None]


@pytest.mark.parametrize(
    ("detail", "ways"),
    [
        ("250 mail.test PIPELINING AUTH PLAIN LOGIN ENHANCEDSTATUSCODES 8BITMIME", "PLAIN LOGIN"),
        ("250 mail.test AUTH=LOGIN PLAIN SIZE 1000", "LOGIN PLAIN"),
        ("250 mail.test auth X-ODD cram-md5 AUTH=CRAM-MD5 DSN", "CRAM-MD5"),
        (
            "TLSv1.3, X; certificate CN=a; then offers 8BITMIME, SIZE 1, AUTH SCRAM-SHA-256 XOAUTH2",
            "SCRAM-SHA-256 XOAUTH2",
        ),
        ("250 auth.test greets AUTH SIZE 1000", ""),
        ("250 mail.test 8BITMIME", ""),
    ],
)
def test_ways_to_log_in_are_told_from_what_else_a_server_offers(detail: str, ways: str) -> None:
    assert " ".join(said.logins(detail)) == ways


@pytest.mark.parametrize("detail", ["550 5.7.1 Relay access denied", "PLAIN: 535 5.7.8 no", ""])
def test_a_refusal_is_read_by_the_table(detail: str) -> None:
    code = 535 if "535" in detail else 550
    stage = Stage("auth" if code == 535 else "rcpt-to", False, 1, detail, code, "5.7.1", "auth-rejected")
    (evidence,) = said.reply(stage, tls=True)
    assert str(code) in evidence.seen
    assert "RFC" in evidence.means or "Postfix" in evidence.means
    assert said.reply(Stage("connect", False, 1, "x", cause="refused"), tls=True) == []


def test_looks_run_at_once_and_a_late_one_is_left_behind() -> None:
    import threading
    import time

    gate = threading.Event()
    try:
        results = together([lambda: 1, lambda: gate.wait(20) and 2, lambda: 3], time.monotonic() + 0.2)
    finally:
        gate.set()
    assert results == [1, None, 3]


def test_a_fault_in_a_look_is_not_swallowed() -> None:
    import time

    def broken() -> int:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        together([broken], time.monotonic() + 5)


def test_a_case_bounds_its_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1000.0]
    monkeypatch.setattr("dtsconf.looks.case.time.monotonic", lambda: at[0])
    one = the_case("timeout", "connect")
    assert one.end() == 1000.0 + case.EACH
    at[0] += 4.0
    assert one.end() == 1000.0 + case.ALTOGETHER
    at[0] += 60.0
    assert one.end() == 1000.0 + case.ALTOGETHER
    assert one.seconds() == 0.05
