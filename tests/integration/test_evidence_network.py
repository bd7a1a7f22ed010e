"""Firewalls, dead hosts, the hosts file and name servers that differ: what the installed program says of them, and whom
it says to ask. Behind a router, which is the server's side of the cable: beyond it lies another network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dtsconf.looks import lookups
from tests.integration.behind import Behind, Told
from tests.real.ca import Certificates
from tests.real.loopback import Connection, LoopbackServer
from tests.real.nameserver import NameServer, name_server
from tests.real.netns import CLIENT, SERVER, SMTP_PORT, firewalled_link
from tests.real.polite import SmtpServer
from tests.real.processes import find

pytestmark = [pytest.mark.netns, pytest.mark.servers]

HOST, OTHER = "mail.corp.example", "192.0.2.11"
BEYOND, BEYOND_6 = "198.51.100.10", "2001:db8:1::10"
"""A mail server's place behind the router."""

MAIL = "tcp dport { 25, 465, 587, 2525 }"


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    """The client with a gateway, and another network behind that."""
    with firewalled_link(tmp_path) as link:
        link.server.must("/bin/sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        link.server.must("/bin/sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
        ip = find("ip") or "ip"
        link.server.must(
            ip,
            "-batch",
            "-",
            text=f"link add far type veth peer name away\nlink set far up\nlink set away up\naddress add {OTHER}/24 dev cable\n"
            f"address add 198.51.100.1/24 dev far\naddress add 2001:db8:1::1/64 dev far nodad\naddress add {BEYOND}/32 dev lo\n",
        )
        link.client.must(
            ip,
            "-batch",
            "-",
            text=f"route add 198.51.100.0/24 via {SERVER}\nroute add 2001:db8:1::/64 via 2001:db8::1\n",
        )
        link.names.records += [f"{HOST}. 60 IN A {BEYOND}"]
        yield Behind(link, tmp_path)


@pytest.fixture
def listening(behind: Behind) -> Iterator[Callable[..., None]]:
    """Lets ports of the other side open: `listening(443, 993)`."""
    with ExitStack() as stack:

        def start(*ports: int, address: str = BEYOND) -> None:
            for port in ports:
                stack.enter_context(SmtpServer(listener=behind.link.listener(port, address)))

        yield start


def at(behind: Behind, host: str = HOST, port: int = 587, seconds: float = 2) -> Told:
    told = behind.test(behind.profile(server={"host": host, "port": port}, connection={"timeout": seconds}))
    assert (told.code, told.failed["stage"]) == (9, "connect"), told.text
    return told


def wall(behind: Behind, chain: str, *rules: str, client: bool = False) -> None:
    text = "\n".join(rules)
    behind.link.nft(
        f"table inet more {{\n chain {chain} {{\n type filter hook {chain} priority 5;\n{text}\n }}\n}}\n",
        client=client,
    )


OUT = f"ask who runs the network's firewall to let this machine ({CLIENT}) out to {HOST} ({BEYOND}), TCP port 587"


# --- hosts that are off


@pytest.mark.parametrize("address", ["198.51.100.99", "2001:db8:1::99"])
def test_a_host_behind_a_router_is_off(behind: Behind, address: str) -> None:
    told = at(behind, address, seconds=5)
    assert told.cause == "no-route"
    assert "a router looked for the host, and nobody answered" in told.detail
    assert f"this machine's network is fine: ask who runs {address} whether it is on" in told.hint
    assert "network up" not in told.hint


@pytest.mark.parametrize("address", ["192.0.2.99", "2001:db8::99"])
def test_a_host_next_door_is_off(behind: Behind, address: str) -> None:
    told = at(behind, address, seconds=5)
    assert told.cause == "no-route"
    assert f"{address} is in this machine's own network, and no machine there has it" in told.detail
    assert "whether it is on and plugged in" in told.hint
    assert "network up" not in told.hint


def test_nobody_has_the_gateways_address(behind: Behind) -> None:
    behind.link.client.must(find("ip") or "ip", "route", "replace", "198.51.100.0/24", "via", "192.0.2.44")
    for seconds, cause in ((5, "no-route"), (2, "timeout")):
        told = at(behind, seconds=seconds)
        assert told.cause == cause
        assert "this machine's gateway 192.0.2.44 does not answer" in told.detail
        assert "Ask who runs this machine's network for the right gateway" in told.hint
        assert "own firewall" not in told.detail + told.hint


def test_a_host_by_ipv6_alone_where_there_is_only_ipv4(behind: Behind) -> None:
    behind.link.names.records += [f"six.corp.example. 60 IN AAAA {BEYOND_6}"]
    behind.link.client.must("/bin/sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
    told = at(behind, "six.corp.example")
    assert "six.corp.example has only an IPv6 address, and this machine's network has only IPv4" in told.detail
    assert "for a server with IPv4, or who runs this machine's network for IPv6" in told.hint
    assert "network up" not in told.hint


def test_a_default_route_that_lacks_is_not_the_hosts_trouble(behind: Behind) -> None:
    """IPv6 leads out, and the host has IPv4 alone: what this machine lacks of that is its gateway."""
    told = at(behind, "203.0.113.5")
    assert told.cause == "no-route"
    assert "by IPv4, and no route leads from there to 203.0.113.5: no default route is set" in told.detail
    assert "ask who runs this machine's network for the gateway" in told.hint
    assert "with IPv6" not in told.hint
    assert "203.0.113.5" not in told.hint, "the server's people have nothing to do with it"


# --- firewalls of the network


def test_the_network_prohibits_mail(behind: Behind, listening: Callable[..., None]) -> None:
    listening(443)
    wall(behind, "input", f"{MAIL} reject with icmpx type admin-prohibited")
    told = at(behind)
    assert told.cause == "no-route"
    assert "the host is there (its port 443 answers), and a firewall forbids port 587" in told.detail
    assert OUT in told.hint


def test_the_network_resets_mail(behind: Behind, listening: Callable[..., None]) -> None:
    listening(443, 993)
    wall(behind, "input", f"{MAIL} reject with tcp reset")
    told = at(behind)
    assert told.cause == "refused"
    assert "its mail ports refuse: a firewall refuses outgoing mail" in told.detail
    assert OUT in told.hint
    assert "this machine's own firewall" not in told.detail


def test_the_network_drops_mail(behind: Behind, listening: Callable[..., None]) -> None:
    listening(443, 993)
    wall(behind, "input", f"ip daddr {BEYOND} {MAIL} drop")
    told = at(behind)
    assert told.cause == "timeout"
    assert "its mail ports are silent: a firewall drops outgoing mail" in told.detail
    assert OUT in told.hint
    assert "own network is fine" in told.evidence or "port 587 leaves this machine" in told.evidence


def test_the_network_drops_port_25_alone_and_nothing_else_is_there(behind: Behind) -> None:
    wall(behind, "input", f"ip daddr {BEYOND} tcp dport 25 drop")
    told = at(behind, port=25)
    assert told.cause == "timeout"
    assert "port 25 is silent and port 587 of the same host refuses: likely this network blocks port 25" in told.detail
    assert OUT.replace("587", "25") in told.hint
    assert f"ask for a port of {HOST} other than 25" in told.hint


def test_a_web_server_where_mail_is_dropped(behind: Behind, listening: Callable[..., None]) -> None:
    listening(443)
    wall(behind, "input", f"ip daddr {BEYOND} {MAIL} drop")
    told = at(behind)
    assert "a firewall drops outgoing mail, or it is no mail server" in told.detail
    assert OUT in told.hint
    assert "--set server.host=HOST" in told.hint


def test_the_servers_firewall_drops_everything(behind: Behind) -> None:
    wall(behind, "input", f"ip daddr {BEYOND} drop")
    told = at(behind)
    assert "though this machine's network is up: it is off, or a firewall drops all of it" in told.detail
    assert f"whether its firewall lets this machine ({CLIENT}) in to {HOST} ({BEYOND}), TCP port 587" in told.hint


def test_a_guest_network_drops_mail_and_shows_a_page(behind: Behind) -> None:
    def page(connection: Connection) -> None:
        connection.read_line()
        connection.write(b"HTTP/1.1 302 Found\r\nLocation: http://login.guest.example/in\r\nContent-Length: 0\r\n\r\n")

    wall(behind, "input", f"{MAIL} drop")
    with LoopbackServer(page, listener=behind.link.listener(80, BEYOND)):
        told = at(behind)
    assert told.cause == "timeout"
    assert "captive portal" in told.detail
    assert "open http://login.guest.example/in in a web browser and sign in to the network" in told.hint


# --- this machine's firewall


def test_this_machine_resets_mail(behind: Behind, listening: Callable[..., None]) -> None:
    listening(443)
    wall(behind, "output", f"{MAIL} reject with tcp reset", client=True)
    told = at(behind)
    assert told.cause == "refused"
    assert "this machine's own firewall rejects it" in told.detail
    assert "a refusal (a reset) that it sent to itself" in told.evidence
    assert f"allow outgoing TCP to {HOST} port 587" in told.hint


def test_this_machine_lets_no_answers_in(behind: Behind, listening: Callable[..., None]) -> None:
    """A policy of drop, and the rule for established connections forgotten: names are found all the same."""
    listening(443)
    rules = ("policy drop;", "iif lo accept", "meta l4proto { icmp, ipv6-icmp } accept", "udp sport 53 accept")
    wall(behind, "input", *rules, client=True)
    told = at(behind)
    assert told.cause == "timeout"
    assert "this machine's own firewall drops the answers that come back" in told.detail
    assert "that came in were not let through" in told.evidence
    assert f"allow what comes back from {HOST} port 587 (in rules: established connections, coming in)" in told.hint
    assert "outgoing TCP" not in told.hint


# --- the hosts file


def hosts(behind: Behind, line: str) -> None:
    """Adds a line to what the client's side has mounted."""
    with (behind.folder / "hosts").open("a") as file:
        file.write(f"{line}\n")


def test_the_hosts_file_leads_elsewhere(behind: Behind, listening: Callable[..., None]) -> None:
    listening(587)
    hosts(behind, f"{OTHER} {HOST}")
    told = at(behind)
    assert f"on this machine says {OTHER} for {HOST}, the DNS says {BEYOND}" in told.detail
    assert f"take {HOST} out of line 7 of /etc/hosts (at {BEYOND}, as the DNS says, port 587 answers)" in told.hint
    assert "the name is right" not in told.evidence


def test_the_hosts_file_leads_to_this_machine(behind: Behind) -> None:
    hosts(behind, f"127.0.1.1 {HOST} mail")
    told = at(behind)
    assert "the name leads to this machine itself" in told.detail
    assert f"take {HOST} out of line 7 of /etc/hosts" in told.hint
    hosts(behind, "127.0.1.1 printer.corp.example")
    alone = at(behind, "printer.corp.example")
    assert "the name leads to this machine itself" in alone.detail
    assert "in place of 127.0.1.1 into line 8 of /etc/hosts" in alone.hint


def test_no_mail_server_on_this_machine(behind: Behind) -> None:
    told = at(behind, "localhost")
    assert "localhost is this machine itself" in told.detail
    assert "start the mail server on this machine, if there is to be one" in told.hint


def test_the_hosts_file_leads_to_another_mail_server(behind: Behind, certificates: Certificates) -> None:
    """One whose certificate is for another name; the right one is where the DNS says."""
    hosts(behind, f"{OTHER} old-name.corp.example")
    behind.link.names.records += [f"old-name.corp.example. 60 IN A {BEYOND}"]
    server = {"host": "old-name.corp.example", "port": 587, "encryption": "starttls"}
    with ExitStack() as stack:
        for address in (OTHER, BEYOND):
            listener = behind.link.listener(587, address)
            stack.enter_context(SmtpServer(listener=listener, tls=certificates.server_context()))
        told = behind.test(behind.profile(server={**server, "ca_file": certificates.ca_file}))
    assert (told.code, told.cause) == (6, "tls-name")
    assert f"on this machine says {OTHER} for old-name.corp.example, the DNS says {BEYOND}" in told.detail
    assert "take old-name.corp.example out of line 7 of /etc/hosts" in told.hint


# --- name servers


def resolver(behind: Behind, text: str) -> None:
    (behind.folder / "resolv.conf").write_text(f"{text}\noptions timeout:1 attempts:1\n")


@pytest.fixture
def ignorant(behind: Behind) -> Iterator[NameServer]:
    """A name server that knows nothing."""
    with name_server(OTHER, behind.link.server.call) as server:
        yield server


def unknown(behind: Behind, host: str = HOST) -> Told:
    told = behind.test(behind.profile(server={"host": host, "port": SMTP_PORT}))
    assert (told.code, told.cause, told.failed["stage"]) == (9, "dns", "resolve"), told.text
    return told


def test_a_web_servers_name_that_is_a_mail_domain(behind: Behind, listening: Callable[..., None]) -> None:
    """The domain's own address is its web server's, and its DNS names who takes mail."""
    behind.link.names.records += [
        f"acme.example. 60 IN A {OTHER}",
        "acme.example. 60 IN MX 10 mx.corp.example.",
        f"mx.corp.example. 60 IN A {SERVER}",
    ]
    listening(443, address=OTHER)
    profile = behind.profile(server={"host": "acme.example", "port": 25})
    told = behind.test(profile)
    assert (told.code, told.failed["stage"]) == (9, "connect")
    assert (
        "acme.example is a mail domain, not a mail server: mail for the domain goes to mx.corp.example" in told.detail
    )
    assert "mx.corp.example: a mail server answers on port 25, without encryption" in told.evidence
    assert told.advised == ["--set", "server.host=mx.corp.example"]
    assert behind.mended(profile, told).code == 0


@pytest.mark.parametrize(
    ("record", "mail"),
    [
        ("acme.example. 60 IN MX 10 mx.corp.example.", "mx.corp.example"),
        (f"smtp.acme.example. 60 IN A {SERVER}", "smtp.acme.example"),
    ],
)
def test_a_web_server_in_a_domain_with_mail_servers(
    behind: Behind, listening: Callable[..., None], record: str, mail: str
) -> None:
    behind.link.names.records += [
        f"www.acme.example. 60 IN A {OTHER}",
        f"mx.corp.example. 60 IN A {SERVER}",
        record,
    ]
    listening(443, address=OTHER)
    profile = behind.profile(server={"host": "www.acme.example", "port": 25})
    told = behind.test(profile)
    assert f"www.acme.example is a web server, it seems; in acme.example, {mail} takes mail" in told.detail
    assert told.advised == ["--set", f"server.host={mail}"]
    assert behind.mended(profile, told).code == 0


def test_a_mail_domain_behind_a_firewall_is_not_said_to_be_the_wrong_name(behind: Behind) -> None:
    """Its servers are as silent as it is, and no web server is there: the way to all of them is what lacks."""
    behind.link.names.records += [
        f"acme.example. 60 IN A {BEYOND}",
        "acme.example. 60 IN MX 10 mx.acme.example.",
        f"mx.acme.example. 60 IN A {BEYOND}",
    ]
    wall(behind, "input", f"ip daddr {BEYOND} {MAIL} drop")
    told = at(behind, "acme.example")
    assert "acme.example is a mail domain" in told.evidence
    assert "not a mail server" not in told.detail
    assert "ask who runs" in told.hint


@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [
        ("A", "0.0.0.0", "which is no server: a DNS filter blocks this name"),
        ("AAAA", "::", "which is no server: a DNS filter blocks this name"),
        ("A", "127.0.0.1", "which is this machine itself"),
    ],
)
def test_a_name_server_gives_an_address_that_is_no_servers(behind: Behind, kind: str, address: str, words: str) -> None:
    behind.link.names.records += [f"astray.corp.example. 60 IN {kind} {address}"]
    told = at(behind, "astray.corp.example")
    assert f"the name server {SERVER} answers {address} for astray.corp.example, {words}" in told.detail
    assert f"who runs the name server {SERVER}" in told.hint
    assert "firewall" not in told.detail


@pytest.mark.usefixtures("ignorant")
def test_name_servers_differ(behind: Behind) -> None:
    resolver(behind, f"nameserver {OTHER}\nnameserver {SERVER}")
    told = unknown(behind)
    assert f"the name is right: {OTHER} doesn't know it, {SERVER} does ({BEYOND})" in told.detail
    assert f"take {OTHER} out of /etc/resolv.conf, or put {SERVER} before it" in told.hint
    assert "spelling" not in told.hint
    resolver(behind, f"# Generated by NetworkManager\nnameserver {OTHER}\nnameserver {SERVER}")
    assert "the file is written by NetworkManager" in unknown(behind).hint
    _, out, err = behind.run("doctor", "--profile", behind.profile(server={"host": HOST}))
    assert f"take {OTHER} out of /etc/resolv.conf" in out + err


def test_the_wrong_name_server(behind: Behind) -> None:
    for wrong in (f"nameserver {SERVER},{OTHER}", "nameserver dns.corp.example", f"nameservers {SERVER}"):
        resolver(behind, wrong)
        told = unknown(behind)
        assert "line 1 of /etc/resolv.conf names no name server" in told.failed["detail"], told.text
        better = f"nameserver {SERVER}" if SERVER in wrong else "nameserver ADDRESS"
        assert f"write in place of line 1 of /etc/resolv.conf, each on a line of its own: {better}" in told.hint
    resolver(behind, f"nameserver {OTHER}")
    told = unknown(behind)
    assert f"/etc/resolv.conf names {OTHER}, and nobody answers there" in told.hint
    assert "resolvectl" not in told.text


def test_the_name_service_on_this_machine_has_no_answer(behind: Behind) -> None:
    resolver(behind, "nameserver 127.0.0.53")
    with name_server("127.0.0.53", behind.link.client.call):
        told = unknown(behind, "servfail.corp.example")
    assert "the name service on this machine (127.0.0.53) has no answer for servfail.corp.example" in told.hint
    assert "tell whoever runs" not in told.hint


def test_no_name_server(behind: Behind) -> None:
    resolver(behind, "search corp.example")
    told = unknown(behind)
    assert "/etc/resolv.conf names no name server" in told.detail
    assert "bring this machine's network or VPN up" in told.hint


def test_the_cable_is_out(behind: Behind) -> None:
    behind.link.client.must(find("ip") or "ip", "link", "set", "cable", "down")
    told = unknown(behind)
    assert f"this machine has no way to its name server {SERVER}: its network is down" in told.detail
    assert "bring this machine's network or VPN up (cable, wireless)" in told.hint


def test_this_machine_keeps_questions_in(behind: Behind) -> None:
    wall(behind, "output", "udp dport 53 drop", "tcp dport 53 drop", client=True)
    told = unknown(behind)
    assert f"{SERVER} may not be asked by this machine" in told.detail
    assert f"allow outgoing UDP and TCP port 53 to {SERVER} in this machine's own firewall" in told.hint


def test_a_name_without_its_domain(behind: Behind) -> None:
    told = unknown(behind, "mail")
    assert "write the server's whole name, with its domain (mail.acme.example doesn't exist)" in told.hint
    behind.link.names.records += [f"mail.acme.example. 60 IN A {BEYOND}"]
    found = unknown(behind, "mail")
    assert "mail.acme.example exists" in found.detail
    assert found.advised == ["--set", "server.host=mail.acme.example"]


# --- this machine's own settings of how names are looked up


_NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root as one who can't read what is closed, like other users."""


@pytest.mark.parametrize("name", ["hosts", "resolv.conf"])
def test_a_settings_file_that_this_user_cant_read(behind: Behind, name: str) -> None:
    (behind.folder / name).chmod(0)
    told = behind.test(behind.profile(server={"host": "mail.other.example"}), under=_NO_OVERRIDE)
    assert (told.code, told.cause) == (9, "dns"), told.text
    assert "can't be read by this user" in told.detail
    assert f"sudo chmod 644 /etc/{name}, then" in told.hint
    assert told.hint.startswith("sudo") == (name == "resolv.conf")
    (behind.folder / name).chmod(0o644)
    assert "can't be read" not in behind.test(behind.profile(server={"host": "mail.other.example"})).text


def test_a_hosts_file_that_is_closed_is_no_reason_for_a_misspelt_name(behind: Behind) -> None:
    """The system goes on to the DNS where it can't read the file."""
    behind.link.names.records += [
        f"smtp.acme.example. 60 IN A {SERVER}",
        "acme.example. 60 IN MX 10 smtp.acme.example.",
    ]
    (behind.folder / "hosts").chmod(0)
    told = behind.test(behind.profile(server={"host": "smtpp.acme.example", "port": SMTP_PORT}), under=_NO_OVERRIDE)
    assert "/etc/hosts, where smtpp.acme.example may stand, can't be read by this user" in told.detail
    assert told.advised[:2] == ["--set", "server.host=smtp.acme.example"]
    assert "; if smtpp.acme.example stands in /etc/hosts: sudo chmod 644 /etc/hosts, then dtsconf test" in told.hint


@pytest.mark.parametrize(
    ("line", "better"),
    [
        ("mail.int.example 198.51.100.10", "198.51.100.10 mail.int.example"),
        ("198.51.100.300 mail.int.example mail", "ADDRESS mail.int.example mail"),
    ],
)
def test_a_slip_in_the_hosts_file(behind: Behind, line: str, better: str) -> None:
    (behind.folder / "hosts").write_text(f"127.0.0.1 localhost\n# mail.int.example\n{line}\n")
    told = unknown(behind, "mail.int.example")
    assert "line 3 of /etc/hosts names mail.int.example and doesn't begin with an address" in told.detail
    assert "write in place of line 3 of /etc/hosts" in told.hint
    assert f": {better}, then" in told.hint
    assert not told.advised


@pytest.mark.parametrize(
    ("sources", "host", "better"),
    [
        ("files", HOST, "files dns"),
        ("files [NOTFOUND=return] dns # moved", HOST, "files dns"),
        ("files mdns4_minimal [NOTFOUND=return] dns", "mail.corp.local", "files mdns4_minimal dns"),
    ],
)
def test_the_dns_is_not_asked(behind: Behind, tmp_path: Path, sources: str, host: str, better: str) -> None:
    behind.link.names.records += [f"mail.corp.local. 60 IN A {BEYOND}"]
    found = lookups.unasked(host, str(tmp_path / "none"))
    assert found is None
    switch = behind.folder / "nsswitch.conf"
    switch.write_text(f"passwd: files\nhosts: {sources}\n")
    told = lookups.unasked(host, str(switch))
    assert told is not None
    assert told.hint == f"write in place of line 2 of {switch}: hosts: {better}, then dtsconf test again"
    if "mdns" not in sources:  # which isn't installed here
        assert "this machine doesn't ask the DNS for this name: line 2 of /etc/nsswitch.conf" in unknown(behind).detail
    switch.write_text(f"hosts: {better}\n")
    assert lookups.unasked(HOST, str(switch)) is None


# --- names that lead somewhere, whatever they are


def test_a_slip_that_every_name_in_the_domain_hides(behind: Behind) -> None:
    """The wildcard's own host takes no mail, and has no web server either."""
    behind.link.names.wildcard = OTHER
    behind.link.names.records += [f"smtp.acme.example. 60 IN A {SERVER}"]
    profile = behind.profile(server={"host": "smtpp.acme.example", "port": SMTP_PORT})
    told = behind.test(profile)
    assert (told.failed["stage"], told.cause) == ("connect", "refused"), told.text
    assert f"every name in acme.example leads to {OTHER}, so that smtpp.acme.example may be a slip" in told.detail
    assert told.advised == ["--set", "server.host=smtp.acme.example"]
    assert behind.mended(profile, told).code == 0


def test_a_short_name_that_became_another(behind: Behind) -> None:
    behind.link.names.wildcard = OTHER
    resolver(behind, f"nameserver {SERVER}\nsearch wild.example")
    told = behind.test(behind.profile(server={"host": "relay", "port": 587}))
    assert told.failed["stage"] == "connect", told.text
    assert "relay became relay.wild.example by line 2 of /etc/resolv.conf (search)" in told.detail
    assert told.hint.startswith("write the server's whole name, with its domain: --set server.host=NAME")


def test_a_short_name_that_became_a_real_one_is_right(behind: Behind) -> None:
    behind.link.names.records += [f"relay.acme.example. 60 IN A {OTHER}"]
    resolver(behind, f"nameserver {SERVER}\nsearch acme.example")
    told = behind.test(behind.profile(server={"host": "relay", "port": 587}))
    assert "line 2 of /etc/resolv.conf (search) completes it" in told.evidence, told.text
    assert "whole name" not in told.hint
