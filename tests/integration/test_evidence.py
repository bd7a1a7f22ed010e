"""Why mail doesn't go out, told apart by evidence: the installed program behind firewalls, beside name servers and mail
servers with one fault each. Where the hint names options, they are typed, and then it works."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.behind import RECIPIENT, Behind
from tests.real.ca import SERVER_NAMES, Authority, Certificates
from tests.real.hostile_tls import old_tls
from tests.real.loopback import Connection, Gone, LoopbackServer
from tests.real.netns import CLIENT, DROPPED_6, SERVER, SERVER_6, TARGETS, firewalled_link
from tests.real.polite import SmtpServer
from tests.real.scripted import Do, Drop, Raw, Say, ScriptedServer, Stall, Steps, Usual, Wait, steps

pytestmark = [pytest.mark.netns, pytest.mark.servers]

HOST = "mail.corp.example"
DROPPED = "192.0.2.99"
"""An address that no machine has."""

Serve = Callable[..., SmtpServer]


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    with firewalled_link(tmp_path) as link:
        link.names.records += [f"{HOST}. 60 IN A {SERVER}"]
        yield Behind(link, tmp_path)


@pytest.fixture
def serve(behind: Behind) -> Iterator[Serve]:
    """Starts polite mail servers on the other side: `serve(587, tls=...)`."""
    started: list[SmtpServer] = []

    def start(port: int, address: str = SERVER, **options: Any) -> SmtpServer:
        started.append(SmtpServer(listener=behind.link.listener(port, address), **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


def trusted(certificates: Certificates, **more: Any) -> dict[str, Any]:
    return {"host": HOST, "ca_file": certificates.ca_file, **more}


# --- firewalls


def test_this_machines_firewall_drops(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"port": TARGETS["dropped-locally"][1]}))
    assert (told.code, told.cause, told.failed["stage"]) == (9, "timeout", "connect")
    assert "this machine's own firewall drops it" in told.detail
    assert "this machine's kernel was not let send it" in told.evidence
    assert "even to the machine itself" in told.evidence
    assert "allow outgoing TCP" in told.hint


def test_this_machines_firewall_rejects(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"port": TARGETS["rejected-locally"][1]}))
    assert (told.code, told.cause) == (9, "refused")
    assert "this machine's own firewall rejects it" in told.detail
    assert "allow outgoing TCP" in told.hint


def test_a_firewall_on_the_network_drops_one_port(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"port": TARGETS["dropped"][1]}))
    assert (told.code, told.cause) == (9, "timeout")
    assert "the packets left this machine" in told.evidence
    assert "a firewall on the way or on the host drops just this port" in told.detail
    assert "this machine's own firewall" not in told.detail
    assert behind.mended(behind.profile(), told).code == 0


@pytest.mark.parametrize("target", ["port-unreachable", "admin-prohibited", "host-prohibited", "net-unreachable"])
def test_a_firewall_on_the_network_rejects(behind: Behind, target: str) -> None:
    told = behind.test(behind.profile(server={"port": TARGETS[target][1]}))
    assert (told.code, told.cause) == (9, "refused" if target == "port-unreachable" else "no-route")
    assert "a firewall on the way or on the host rejects it" in told.evidence
    assert "this machine's own firewall" not in told.detail


def test_a_whole_host_is_silent(behind: Behind) -> None:
    behind.link.nft(
        f"table inet gone {{\n chain input {{\n type filter hook input priority 0;\n ip daddr {SERVER} tcp dport 1-65535 drop\n }}\n}}\n"
    )
    told = behind.test(behind.profile(server={"port": 587}))
    assert (told.code, told.cause) == (9, "timeout")
    assert "every mail port is silent: the host is down, or a firewall keeps all of these ports" in told.evidence
    assert (
        f"ask who runs {SERVER} whether it is on, and whether its firewall lets this machine ({CLIENT}) in" in told.hint
    )


def test_a_port_without_login_and_another_with_one(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(2525, tls=certificates.server_context())
    serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    profile = behind.profile(
        server=trusted(certificates, port=2525, encryption="starttls"), login=behind.login("pear-tree-9")
    )
    told = behind.test(profile)
    assert (told.code, told.failed["stage"], told.cause) == (6, "auth", "auth-disabled")
    assert told.advised == ["--set", "server.port=587", "--set", "server.encryption=starttls"]
    assert behind.mended(profile, told).code == 0


def test_a_provider_blocks_port_25(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    behind.link.nft(
        "table inet provider {\n chain input {\n type filter hook input priority 0;\n tcp dport 25 drop\n }\n}\n"
    )
    server = serve(587, tls=certificates.server_context())
    profile = behind.profile(server=trusted(certificates, port=25))
    told = behind.test(profile)
    assert (told.code, told.cause) == (9, "timeout")
    assert "this network blocks port 25, as providers do" in told.detail
    assert told.advised == ["--set", "server.port=587", "--set", "server.encryption=starttls"]
    assert server.messages == []
    assert behind.mended(profile, told).code == 0
    assert len(server.messages) == 1


def test_this_machines_firewall_drops_what_comes_in(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    """Nobody else is blamed for it, in no piece of the evidence."""
    rules = "tcp sport 25 drop\n iif lo tcp dport 25 drop\n"
    behind.link.nft(
        f"table inet inwards {{\n chain input {{\n type filter hook input priority 0;\n {rules} }}\n}}\n", client=True
    )
    serve(587, tls=certificates.server_context())
    told = behind.test(behind.profile(server=trusted(certificates, port=25)))
    assert (told.code, told.cause) == (9, "timeout")
    assert "this machine's own firewall drops the answers that come back" in told.detail
    assert "this machine's own firewall drops port 25: even to the machine itself" in told.evidence
    assert "only port 25 is stopped" in told.evidence
    assert "this network blocks port 25" not in told.evidence
    assert "something after this machine" not in told.evidence
    assert f"allow what comes back from {HOST} port 25 (in rules: established connections, coming in)" in told.hint


def test_a_server_on_this_machine_that_takes_no_connections_is_no_firewall(behind: Behind) -> None:
    with contextlib.ExitStack() as stack:
        listener = behind.link.client.call(lambda: socket.create_server(("127.0.0.1", 2599), backlog=0))
        stack.callback(listener.close)
        for _ in range(2):  # one more than the backlog is let in (listen(2))
            waiting = behind.link.client.call(socket.socket)
            stack.callback(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", 2599))
        told = behind.test(behind.profile(server={"host": "127.0.0.1", "port": 2599}))
    assert (told.code, told.cause) == (9, "timeout")
    assert "takes no connections" in told.detail
    assert "firewall" not in told.detail + told.evidence
    assert "ss -ltnp sport = :2599" in told.hint


def test_the_wrong_port(behind: Behind) -> None:
    profile = behind.profile(server={"port": TARGETS["refused"][1]})
    told = behind.test(profile)
    assert (told.code, told.cause) == (9, "refused")
    assert "its mail server listens elsewhere" in told.evidence
    assert behind.mended(profile, told).code == 0


WRONG_PORTS = [{"port": 587, "encryption": "starttls"}, {"port": 465, "encryption": "tls"}]


@pytest.mark.parametrize("server", WRONG_PORTS)
@pytest.mark.parametrize("login", [False, True])
def test_a_server_in_clear_on_port_25_alone(behind: Behind, server: dict[str, Any], login: bool) -> None:
    logs_in = {"login": behind.login("Pw-canary-1")} if login else {}
    profile = behind.profile(server={"host": HOST, **server}, **logs_in)
    told = behind.test(profile)
    assert (told.code, told.cause) == (9, "refused")
    assert f"port {server['port']} refuses, and a mail server answers on port 25" in told.detail
    assert ("in clear only; it offers no login" if login else "without encryption") in told.detail
    assert "every mail port" not in told.detail
    assert behind.mended(profile, told).code == 0


@pytest.mark.parametrize("server", WRONG_PORTS)
def test_a_server_with_starttls_on_port_25_alone(
    behind: Behind, certificates: Certificates, server: dict[str, Any]
) -> None:
    only = behind.link.smtp
    only.tls, only.users, only.require_login = certificates.server_context(), {"lab": "Pw-canary-1"}, True
    profile = behind.profile(server=trusted(certificates, **server), login=behind.login("Pw-canary-1"))
    told = behind.test(profile)
    assert "and a mail server answers on port 25, with STARTTLS" in told.detail
    assert told.advised == ["--set", "server.port=25", "--set", "server.encryption=starttls"]
    assert behind.mended(profile, told).code == 0


def test_a_silent_port_beside_a_server_in_clear(behind: Behind) -> None:
    """Who runs the firewall comes first; what the other port takes is told with it, and works as typed."""
    behind.link.nft(
        "table inet shut {\n chain input {\n type filter hook input priority 0;\n tcp dport 587 drop\n }\n}\n"
    )
    profile = behind.profile(server={"host": HOST, **WRONG_PORTS[0]}, login=behind.login("Pw-canary-2"))
    told = behind.test(profile)
    assert "drops just this port; a mail server answers on port 25, in clear only" in told.detail
    assert told.hint.startswith("ask who runs the network's firewall")
    assert behind.mended(profile, told).code == 0


@pytest.fixture
def in_clear(behind: Behind) -> SmtpServer:
    """A server on port 25 alone, which offers and wants a login without TLS."""
    server = behind.link.smtp
    server.users, server.cleartext_login, server.require_login = {"lab": "Pw-canary-3"}, True, True
    return server


@pytest.mark.parametrize(
    "server", [*WRONG_PORTS, {"port": 25, "encryption": "starttls"}, {"port": 25, "encryption": "auto"}]
)
def test_a_login_in_clear_alone_is_told_with_what_it_means(
    behind: Behind, in_clear: SmtpServer, server: dict[str, Any]
) -> None:
    profile = behind.profile(server={"host": HOST, **server}, login=behind.login("Pw-canary-3"))
    told = behind.test(profile)
    assert "switch STARTTLS on" in told.hint
    assert "the password go in clear, which anybody on the way can read" in told.hint
    assert not told.advised, "only the profile may say it"
    assert "then: dtsconf test" in behind.run("test", "--profile", profile)[1]
    told.edit()
    assert behind.test(profile).code == 0
    assert in_clear.messages


def test_a_login_that_is_wanted_is_proposed_for_a_way_that_takes_one(
    behind: Behind, serve: Serve, in_clear: SmtpServer, certificates: Certificates
) -> None:
    login = behind.login("Pw-canary-3")
    profile = behind.profile(server=trusted(certificates, port=25))
    told = behind.test(profile)
    assert told.cause == "auth-rejected"
    assert "it takes a login in clear only" in told.evidence
    assert "the password go in clear, which anybody on the way can read" in told.hint
    told.edit(NAME="lab", **{"file:///PATH": login["password"]})
    assert behind.test(profile).code == 0
    serve(2525, tls=certificates.server_context(), users={"lab": "Pw-canary-3"})
    profile = behind.profile(server=trusted(certificates, port=25), login={**login, "required": False})
    told = behind.test(profile)
    assert told.advised[:4] == ["--set", "server.port=2525", "--set", "server.encryption=starttls"]
    assert behind.mended(profile, told).code == 0


def test_a_login_that_is_wanted_and_offered_nowhere(behind: Behind) -> None:
    behind.link.smtp.require_login = True
    told = behind.test(behind.profile(server={"host": HOST, "port": 25}))
    assert "none of the usual ones offers a login" in told.hint
    assert not told.advised


def test_a_port_that_refuses_beside_one_that_answers_otherwise(behind: Behind) -> None:
    behind.link.smtp._always["CONNECT"] = Say("554 5.7.1 not for you")
    told = behind.test(behind.profile(server={"host": HOST, "port": 587}))
    assert "port 587 refuses, and port 25 answers, but no mail server that would do" in told.detail


def test_no_port_takes_mail(behind: Behind) -> None:
    """A port that was just tried in vain is not proposed."""
    behind.link.nft(
        "table inet shut {\n chain input {\n type filter hook input priority 0;\n tcp dport 25 reject with tcp reset\n }\n}\n"
    )
    told = behind.test(behind.profile(server={"port": 2500}))
    assert (told.code, told.cause) == (9, "refused")
    assert "every mail port refuses: no mail server runs there, or a firewall refuses mail" in told.detail
    assert f"ask who runs {SERVER} whether its mail server is on" in told.hint
    assert f"let this machine ({CLIENT}) out to {SERVER}, TCP port 2500" in told.hint
    assert not [word for word in told.advised if word.startswith("server.port")]


@pytest.mark.parametrize(
    ("target", "cause", "words"),
    [
        ("no-route", "no-route", "this machine is in 192.0.2.0/24 by IPv4, and no route leads from there"),
        ("route-prohibited", "blocked", "this machine's own routes prohibit it"),
        ("no-neighbour", "no-route", "no machine there has it"),
    ],
)
def test_this_machines_own_network(behind: Behind, target: str, cause: str, words: str) -> None:
    host, port = TARGETS[target]
    # The kernel gives a neighbour three seconds to answer.
    told = behind.test(behind.profile(server={"host": host, "port": port}, connection={"timeout": 5}))
    assert (told.code, told.cause) == (9, cause)
    assert words in told.detail


def test_ipv6_is_dead_and_ipv4_is_fine(behind: Behind, serve: Serve) -> None:
    """Dead at once: the conversation goes on over IPv4. Dead only after connecting: told, since nothing else can be done."""
    half = behind.test(behind.profile(server={"host": "half.corp.example", "port": 25}), "--explain")
    assert half.code == 0
    assert "IPv6 is broken on the way, IPv4 is fine" in half.evidence
    behind.link.names.records += [
        f"hollow.corp.example. 60 IN A {SERVER}",
        f"hollow.corp.example. 60 IN AAAA {SERVER_6}",
    ]
    serve(2525)
    with ScriptedServer([Stall()], listener=behind.link.listener(2525, SERVER_6)):
        told = behind.test(behind.profile(server={"host": "hollow.corp.example", "port": 2525}))
    assert (told.code, told.failed["stage"], told.cause) == (9, "banner", "timeout")
    assert "IPv6 to this server is broken, IPv4 is fine" in told.detail
    assert f"echo '{SERVER} hollow.corp.example' | sudo tee -a /etc/hosts" in told.hint
    assert DROPPED_6 not in told.evidence


# --- names


def test_no_such_name_in_a_domain_that_is_there(behind: Behind) -> None:
    profile = behind.profile(server={"host": "smpt.corp.example"})
    told = behind.test(profile)
    assert (told.code, told.cause, told.failed["stage"]) == (9, "dns", "resolve")
    assert "the domain corp.example exists, the name smpt.corp.example in it does not" in told.detail
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0


def test_no_such_name_where_the_answer_does_not_tell_the_domain(behind: Behind) -> None:
    behind.link.names.tells_zone = False
    profile = behind.profile(server={"host": "mial.corp.example"})
    told = behind.test(profile)
    assert "says NXDOMAIN: the name mial.corp.example does not exist" in told.detail
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0
    behind.link.names.records += [f"post7.corp.example. 60 IN A {SERVER}"]
    slip = behind.test(
        behind.profile(server={"host": "post7.corp.exmaple", "port": 25}, sender={"email": "lab@corp.example"})
    )
    assert slip.advised == ["--set", "server.host=post7.corp.example"]


def test_of_the_usual_names_the_one_that_takes_mail_is_proposed(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    """Some other machine has the first of them; the mail server is tried as far as TLS."""
    behind.link.names.records += [f"smtp.corp.example. 60 IN A {DROPPED}"]
    profile = behind.profile(server={"host": "smpt.corp.example", "port": 25})
    told = behind.test(profile)
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert "smtp.corp.example: no mail server answers there" in told.evidence
    assert "a mail server answers on port 25, without encryption" in told.evidence
    assert behind.mended(profile, told).code == 0
    serve(587, tls=certificates.server_context(), users={"lab": "Pw-canary-5"})
    server = trusted(certificates, host="smpt.corp.example", port=2525, encryption="starttls")
    profile = behind.profile(server=server, login=behind.login("Pw-canary-5"))
    told = behind.test(profile)
    assert told.advised[1] == f"server.host={HOST}"
    assert "server.port=587" in told.advised
    assert behind.mended(profile, told).code == 0


def test_a_domain_without_usual_names_has_the_servers_that_its_dns_names(behind: Behind) -> None:
    behind.link.names.records[:] = [f"mx7.corp.example. 60 IN A {SERVER}", "corp.example. 60 IN MX 5 mx7.corp.example."]
    profile = behind.profile(server={"host": "smpt.corp.example", "port": 25})
    told = behind.test(profile)
    assert "mail for the domain goes to mx7.corp.example" in told.evidence
    assert told.advised == ["--set", "server.host=mx7.corp.example"]
    assert behind.mended(profile, told).code == 0


def test_a_name_that_the_rules_allow_comes_first(behind: Behind) -> None:
    behind.link.names.records += [f"smtp.corp.example. 60 IN A {SERVER}"]
    rule = {"key": "server.host", "one_of": [HOST, "smpt.corp.example"]}
    profile = behind.profile(server={"host": "smpt.corp.example", "port": 25}, policy={"rules": [rule]})
    told = behind.test(profile)
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0
    rule["one_of"] = ["smpt.corp.example"]
    told = behind.test(behind.profile(server={"host": "smpt.corp.example", "port": 25}, policy={"rules": [rule]}))
    assert "forbids it: it must be 'smpt.corp.example'; so that has to change first" in told.hint
    assert not told.advised


def test_a_dot_that_is_missing_leads_to_the_senders_domain(behind: Behind) -> None:
    sender = {"sender": {"email": "lab@corp.example"}}
    profile = behind.profile(server={"host": "mailcorp.example", "port": 25}, **sender)
    told = behind.test(profile)
    assert "there is no domain for mailcorp.example, and the sender's is corp.example" in told.detail
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0


def test_a_slip_in_the_domain_leads_to_the_senders(behind: Behind) -> None:
    behind.link.names.records += [f"post7.corp.example. 60 IN A {SERVER}"]
    sender = {"sender": {"email": "lab@corp.example"}}
    profile = behind.profile(server={"host": "post7.corp.exmaple", "port": 25}, **sender)
    told = behind.test(profile)
    assert "there is no domain for post7.corp.exmaple, and the sender's is corp.example" in told.detail
    assert told.advised == ["--set", "server.host=post7.corp.example"]
    assert behind.mended(profile, told).code == 0
    other = behind.test(behind.profile(server={"host": "mail.elsewhere.test", "port": 25}, **sender))
    assert "check the spelling" in other.hint
    assert other.advised == ["--set", "server.host=NAME"]


def test_no_host_of_a_domain_that_takes_no_mail_is_proposed(behind: Behind) -> None:
    behind.link.names.records[:] = [f"smtp.corp.example. 60 IN A {DROPPED}"]
    told = behind.test(behind.profile(server={"host": "smpt.corp.example", "port": 25}))
    assert told.advised == ["--set", "server.host=NAME"]
    assert "no mail server answers this machine at smtp.corp.example" in told.hint


@pytest.mark.parametrize("host", ["smtp.ofice365.com", "smtp.office356.com"])
def test_a_misspelt_server_of_microsofts_is_told_as_that(behind: Behind, host: str) -> None:
    told = behind.test(behind.profile(server={"host": host}))
    assert (told.code, told.cause) == (9, "dns")
    assert "Microsoft's is smtp.office365.com" in told.detail
    assert told.advised == ["--set", "server.host=smtp.office365.com"]


def test_no_such_domain(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"host": "mail.akme.test"}))
    assert (told.code, told.cause) == (9, "dns")
    assert "says NXDOMAIN: there is no domain for mail.akme.test" in told.detail
    assert "--set server.host=NAME" in told.hint


@pytest.mark.parametrize("tells_zone", [True, False])
@pytest.mark.parametrize("host", ["mail.akme.com.au", "akme.com.au"])
def test_nobody_is_sent_to_a_stranger_under_the_same_registry(behind: Behind, tells_zone: bool, host: str) -> None:
    """In com.au anybody has a name, and there is one called mail: a slip in one's own leads nowhere near it."""
    behind.link.names.tells_zone = tells_zone
    behind.link.names.records[:] = [f"{name}.com.au. 60 IN A {SERVER}" for name in ("mail", "smtp")]
    told = behind.test(behind.profile(sender={"email": "lab@acme.com.au"}, server={"host": host}))
    assert (told.code, told.cause) == (9, "dns")
    assert "mail.com.au" not in f"{told.detail} {told.hint}"
    assert "smtp.com.au" not in f"{told.detail} {told.hint}"
    assert ("mail.com.au", "A") not in behind.link.names.asked


def test_a_name_server_with_trouble(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"host": "servfail.corp.example"}))
    assert (told.code, told.cause) == (9, "dns")
    assert f"{SERVER} says SERVFAIL" in told.detail
    assert f"tell whoever runs the name server {SERVER}" in told.hint
    assert "getent hosts servfail.corp.example" in told.hint


def test_a_name_server_that_is_silent(behind: Behind) -> None:
    told = behind.test(behind.profile(server={"host": "silent.corp.example"}))
    assert (told.code, told.cause) == (9, "dns")
    assert f"{SERVER} is silent" in told.detail
    assert f"/etc/resolv.conf names {SERVER}, and nobody answers there" in told.hint


def test_a_mail_domain_is_no_server(behind: Behind) -> None:
    behind.link.names.records += [
        f"acme.example. 60 IN MX 10 {HOST}.",
        f"_submission._tcp.acme.example. 60 IN SRV 0 1 587 {HOST}.",
    ]
    profile = behind.profile(server={"host": "acme.example"})
    told = behind.test(profile)
    assert (told.code, told.cause) == (9, "dns")
    assert "acme.example is a mail domain, not a mail server" in told.detail
    assert f"mail is handed in at {HOST}" in told.detail
    assert behind.mended(profile, told).code == 0


# --- the name that is given in EHLO


@pytest.mark.parametrize("login", [False, True])
def test_a_name_that_is_refused_in_ehlo_and_taken_in_helo(behind: Behind, login: bool) -> None:
    behind.link.smtp._always["EHLO"] = Say("501 5.5.4 Invalid domain name")
    logs_in = {"login": behind.login("Pw-canary-4")} if login else {}
    told = behind.test(behind.profile(server={"host": HOST, "port": 25, "encryption": "starttls"}, **logs_in))
    assert (told.code, told.cause, told.failed["stage"]) == (6, "tls-not-offered", "tls")
    assert (
        f"introduced this machine as [{CLIENT}] (EHLO) ; 501 5.5.4 Invalid domain name ; the server refused the name"
        in told.evidence
    )
    assert "neither TLS nor a login is possible" in told.evidence
    assert f"the name that this machine gave ([{CLIENT}])" in told.hint
    assert "hostnamectl set-hostname NAME.DOMAIN" in told.hint
    assert not told.advised, "the server may have TLS to offer to another name"
    _, _, settled = behind.run(
        "apply", "--yes", "--profile", behind.profile(server={"host": HOST, "port": 25, "encryption": "auto"})
    )
    assert f"offers no STARTTLS (to HELO; EHLO [{CLIENT}] was refused" in settled, "what auto is settled on, and why"
    went = behind.test(behind.profile(server={"host": HOST, "port": 25}), "--explain")
    assert went.code == 0
    assert "the server refused the name and took HELO in its place" in went.evidence


def test_a_server_that_knows_no_ehlo(behind: Behind) -> None:
    """The name is not at fault, and in clear is what there is."""
    behind.link.smtp._always["EHLO"] = Say("502 5.5.1 what")
    profile = behind.profile(server={"host": HOST, "port": 25, "encryption": "starttls"})
    told = behind.test(profile)
    assert "the server knows no EHLO and took HELO in its place" in told.evidence
    assert "hostnamectl" not in told.hint
    assert behind.mended(profile, told).code == 0


def test_a_login_where_ehlo_is_refused(behind: Behind, serve: Serve) -> None:
    """No port and no option makes up for it: whoever keeps EHLO from the server is to be asked."""
    behind.link.smtp._always |= {"EHLO": Say("421 not here")}
    serve(587)._always |= {"EHLO": Say("502 5.5.1 Command not implemented"), "MAIL": Say("530 Log in first")}
    server = {"host": HOST, "port": 587, "encryption": "starttls"}
    told = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-4")))
    assert (told.code, told.cause, told.advised) == (6, "tls-not-offered", [])
    assert "to let EHLO through" in told.hint
    assert "login.required=false" not in told.hint
    probed = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-4")), "--probe")
    assert "to let EHLO through" in probed.body["problems"][0]["hint"]
    unlogged = behind.test(behind.profile(server={**server, "encryption": "none"}))
    assert (unlogged.cause, unlogged.failed["stage"]) == ("auth-rejected", "mail-from")
    assert "to let EHLO through" in unlogged.hint


@pytest.mark.parametrize("reply", ["501 5.5.2 Syntax error", "550 no"])
def test_a_name_that_is_refused_is_told(behind: Behind, reply: str) -> None:
    behind.link.smtp._always |= {"EHLO": Say(reply), "HELO": Say(reply)}
    told = behind.test(behind.profile(server={"host": HOST, "port": 25}))
    assert (told.cause, told.failed["stage"]) == ("blocked", "ehlo")
    assert f"([{CLIENT}])" in told.hint
    assert "hostnamectl set-hostname NAME.DOMAIN" in told.hint


# --- what only others can mend, and Exchange Online without a login


def test_a_relay_denied_after_a_login(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    refuses = {"RCPT": Say("550 5.7.1 Relaying denied")}
    serve(587, tls=certificates.server_context(), users={"lab": "Pw-canary-8"}, on=refuses)
    server = trusted(certificates, port=587, encryption="starttls")
    told = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-8")))
    assert (told.cause, told.failed["stage"]) == ("recipient-rejected", "rcpt-to")
    assert told.hint.startswith(f"the login is right, and {HOST} still passes no mail on to")
    assert "login.required" not in told.hint


@pytest.mark.parametrize("moment", ["CONNECT", "RCPT"])
def test_a_block_list(behind: Behind, moment: str) -> None:
    words = "554 5.7.1 Service unavailable; Client host [192.0.2.2] blocked using zen.spamhaus.org"
    behind.link.smtp._always[moment] = Say(words)
    told = behind.test(behind.profile(server={"host": HOST, "port": 25}))
    assert told.cause == "blocked"
    assert "neither you nor these settings can mend that. Have your own IT, or the Internet provider" in told.hint


def test_exchange_online_without_a_login(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    behind.link.names.records += [f"smtp.office365.com. 60 IN A {SERVER}"]
    reply = "530 5.7.57 Client not authenticated to send mail. [SY4P282CA0001.AUSP282.PROD.OUTLOOK.COM]"
    serve(587, tls=certificates.server_context(), users={"lab": "Pw-canary-8"}, on={"MAIL": Say(reply)})
    server = {"port": 587, "encryption": "starttls", "fingerprint": certificates.fingerprint("good")}
    profile = behind.profile(server={"host": "smtp.office365.com", **server})
    told = behind.test(profile)
    assert f"dtsconf migrate microsoft --profile {profile} tells what it takes" in told.hint
    assert told.advised[:2] == ["--set", "login.required=true"], "this port takes one"
    assert "login.required is false" in told.body["warnings"][0]["message"]


# --- rules on what is proposed


def test_a_login_mechanism_that_the_rules_allow_is_proposed(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    serve(587, tls=certificates.server_context(), users={"lab": "Pw-canary-6"})
    login = {**behind.login("Pw-canary-6"), "mechanism": "scram-sha-256"}
    rule = {"key": "login.mechanism", "one_of": ["scram-sha-256", "login"]}
    server = trusted(certificates, port=587, encryption="starttls")
    profile = behind.profile(server=server, login=login, policy={"rules": [rule]})
    told = behind.test(profile)
    assert (told.cause, told.advised) == ("auth-mechanism", ["--set", "login.mechanism=login"])
    assert behind.mended(profile, told).code == 0


def test_a_login_that_the_rules_leave_no_way_for(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(587, tls=certificates.server_context(), users={"lab": "Pw-canary-6"})
    behind.link.smtp.require_login = True
    rule = {"key": "server.port", "max": 100}
    told = behind.test(
        behind.profile(server={"host": HOST, "port": 25, "ca_file": certificates.ca_file}, policy={"rules": [rule]})
    )
    assert "the server wants a login: starttls works on port 587, which the organisation's rules forbid" in told.hint
    assert not told.advised


def test_a_proven_host_whose_name_leads_nowhere_now(behind: Behind) -> None:
    """Its server isn't blamed, whatever command it is that needs it."""
    profile = behind.profile(server={"host": HOST, "port": 25})
    assert behind.run("apply", "--yes", "--profile", profile)[0] == 0
    behind.link.names.records.clear()
    assert behind.run("send", "--queue", "--to", RECIPIENT, "--body", "x")[0] == 0
    for words in (("send", "--to", RECIPIENT, "--body", "x"), ("queue", "flush")):
        code, *text = behind.run(*words)
        assert code == 9
        told = "".join(text)
        assert f"{HOST} was proven from this machine on 20" in told
        assert "its name is not known" in told
        assert "is the server down" not in told


# --- encryption and the port


def test_tls_where_the_port_wants_starttls(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(587, tls=certificates.server_context())
    profile = behind.profile(server=trusted(certificates, port=587, encryption="tls"))
    told = behind.test(profile)
    assert (told.code, told.failed["stage"], told.cause) == (6, "tls", "protocol")
    assert "tried the other way: starttls works on port 587" in told.detail
    assert behind.mended(profile, told).code == 0


@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_in_clear_where_the_port_wants_tls(
    behind: Behind, serve: Serve, certificates: Certificates, encryption: str
) -> None:
    serve(465, tls=certificates.server_context(), wrapper=True)
    profile = behind.profile(server=trusted(certificates, port=465, encryption=encryption))
    told = behind.test(profile)
    assert (told.failed["stage"], told.cause) == ("banner", "protocol")
    assert told.advised == ["--set", "server.port=465", "--set", "server.encryption=tls"]
    assert behind.mended(profile, told).code == 0


def test_starttls_where_there_is_none_but_on_another_port(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    profile = behind.profile(
        server=trusted(certificates, port=25, encryption="starttls"), login=behind.login("pear-tree-9")
    )
    told = behind.test(profile)
    assert (told.code, told.cause) == (6, "tls-not-offered")
    assert told.advised == ["--set", "server.port=587", "--set", "server.encryption=starttls"]
    assert behind.mended(profile, told).code == 0


def test_a_port_for_logins_that_offers_none(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(587, tls=certificates.server_context())
    server = trusted(certificates, port=587, encryption="starttls")
    profile = behind.profile(server=server, login=behind.login("Pw-canary-6"))
    told = behind.test(profile)
    assert (told.cause, told.failed["stage"]) == ("auth-disabled", "auth")
    assert f"{HOST} offers no login on port 587, a usual one for it" in told.hint
    sent = "".join(map(str, behind.run("send", "--profile", profile, "--to", RECIPIENT, "--body", "x")))
    assert "ask the server's administrator whether logins are on there" in sent
    assert "server.port=587" not in sent, "it is in force"


def test_the_usual_port_for_logins_is_looked_at_before_it_is_named(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    """A server that offers a login and has none says so at the first try; nothing listens on port 587."""
    no = {"AUTH": Say("503 5.5.1 Error: authentication not enabled")}
    serve(2525, tls=certificates.server_context(), users={"lab": "pear-tree-9"}, on=no)
    server = trusted(certificates, port=2525, encryption="starttls")
    profile = behind.profile(server=server, login=behind.login("pear-tree-9"))
    told = behind.test(profile)
    assert (told.cause, told.failed["stage"]) == ("auth-disabled", "auth")
    assert told.advised == ["--set", "login.required=false"]
    assert "port 2525 is not for logins: ask" in told.hint
    assert "offers no login" not in told.evidence
    serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    there = behind.test(profile)
    assert there.advised[:4] == ["--set", "server.port=587", "--set", "server.encryption=starttls"]


def test_the_way_that_auto_took_is_not_proposed_again(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    """The server's fault comes later, and it is no matter of encryption."""
    serve(587, tls=certificates.server_context(), on={"MAIL": Say("503 5.5.1 bad sequence of commands")})
    told = behind.test(behind.profile(server=trusted(certificates, port=587, encryption="auto")))
    assert (told.cause, told.failed["stage"]) == ("protocol", "mail-from")
    assert not told.advised
    assert "nothing in these settings mends that" in told.hint


def test_a_login_that_the_usual_port_refuses_is_looked_for_elsewhere(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    no = {"AUTH": Say("503 5.5.1 Error: authentication not enabled")}
    serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"}, on=no)
    server = trusted(certificates, port=587, encryption="starttls")
    profile = behind.profile(server=server, login=behind.login("pear-tree-9"))
    told = behind.test(profile)
    assert (told.code, told.cause) == (6, "auth-disabled")
    assert f"{HOST} takes no login on port 587, the usual one for it: ask its administrator" in told.hint
    serve(465, tls=certificates.server_context(), wrapper=True, users={"lab": "pear-tree-9"})
    there = behind.test(profile)
    assert there.advised == ["--set", "server.port=465", "--set", "server.encryption=tls"]
    assert behind.mended(profile, there).code == 0


def test_a_login_that_is_wanted_comes_before_the_certificate_that_it_takes(
    behind: Behind, serve: Serve, tmp_path: Path
) -> None:
    serve(587, tls=_context(Authority("Nobody's Root"), tmp_path), users={"lab": "x"}, on={"MAIL": Say("530 5.7.0 x")})
    told = behind.test(behind.profile(server={"host": HOST, "port": 587, "encryption": "none"}))
    assert (told.cause, told.failed["stage"]) == ("auth-rejected", "mail-from")
    assert told.hint.startswith("the server wants a login: --set login.required=true --set login.username=NAME")
    assert "once its certificate is trusted: " in told.hint


def test_a_server_that_wants_encryption_and_has_none_is_no_stranger(behind: Behind, serve: Serve) -> None:
    serve(2525, on={"MAIL": Say("530 5.7.0 Must issue a STARTTLS command first")})
    told = behind.test(behind.profile(server={"host": HOST, "port": 2525, "encryption": "none"}))
    assert (told.cause, told.failed["stage"]) == ("tls-required", "mail-from")
    assert "wants encryption, and offers none on port 2525 or a usual one: ask" in told.hint


def test_a_server_of_another_name_without_tls_and_login_is_not_trusted_with_mail(behind: Behind, serve: Serve) -> None:
    """A network that leads outgoing mail to a server of its own."""
    greets = {"CONNECT": Say("220 mx.isp.example ESMTP")}
    serve(587, on=greets)
    behind.link.smtp._always["CONNECT"] = greets["CONNECT"]
    server = {"host": HOST, "port": 587, "encryption": "starttls"}
    told = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-6")))
    assert "it calls itself mx.isp.example, not mail.corp.example" in told.detail
    assert not told.advised
    assert "ask who runs this network" in told.hint


def test_a_server_that_its_certificate_vouches_for_is_no_stranger(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    """Many a server greets with a name of the inside."""
    greets = {"CONNECT": Say("220 ex01.corp.internal ESMTP")}
    serve(587, tls=certificates.server_context(), on=greets)
    behind.link.smtp._always["CONNECT"] = greets["CONNECT"]
    server = trusted(certificates, port=587, encryption="starttls")
    told = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-6")))
    assert (told.cause, told.failed["stage"]) == ("auth-disabled", "auth")
    assert "offers no login on port 587" in told.hint
    assert "ex01.corp.internal" not in told.hint


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_wanted(
    behind: Behind, serve: Serve, certificates: Certificates, newest: ssl.TLSVersion
) -> None:
    """Up to TLS 1.2 the alert doesn't say so, and looks like a version that doesn't suit."""
    context = certificates.server_context()
    context.load_verify_locations(certificates.ca_file)
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, newest
    greets = {"CONNECT": Say("220 ex01.corp.internal ESMTP")}
    serve(587, tls=context, on=greets)
    behind.link.smtp._always["CONNECT"] = greets["CONNECT"]
    server = trusted(certificates, port=587, encryption="starttls")
    told = behind.test(behind.profile(server=server, login=behind.login("Pw-canary-6")))
    assert told.cause == "protocol"
    assert told.hint.startswith(f"{HOST} wants a client certificate on port 587, which dtsconf has none of: ask")


def test_tls_that_is_agreed_on_and_then_held_back(behind: Behind, serve: Serve) -> None:
    held = steps(Say("220 2.0.0 Ready to start TLS"), Stall())
    serve(587, extensions=("STARTTLS",), on={"STARTTLS": held})
    told = behind.test(behind.profile(server={"port": 587, "encryption": "starttls"}))
    assert (told.code, told.failed["stage"], told.cause) == (6, "tls", "timeout")
    assert told.advised == ["--set", "connection.timeout=60"]
    assert "a filter or firewall on the way may hold TLS back" in told.hint


def _cuts_what_is_too_new(context: ssl.SSLContext, offers: bytes) -> Do:
    """Says yes to STARTTLS and ends the connection, without an alert, unless the client's hello has these versions
    (the extension supported_versions, RFC 8446 4.2.1)."""

    def work(connection: Connection) -> None:
        connection.write(b"220 2.0.0 Ready to start TLS\r\n")
        hello = connection.socket.recv(4096, socket.MSG_PEEK)
        if offers not in hello:
            raise Gone("cut")
        connection.start_tls(context)

    return Do(work)


def test_a_server_that_cuts_what_asks_for_newer_tls(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    serve(587, tls=context, on={"STARTTLS": _cuts_what_is_too_new(context, b"\x03\x04\x03\x03")})
    server = trusted(certificates, port=587, encryption="starttls")
    profile = behind.profile(server=server, connection={"timeout": 4, "min_tls": "1.3"})
    told = behind.test(profile)
    assert (told.failed["stage"], told.cause) == ("tls", "dropped")
    assert "the server speaks TLS 1.2 at most, and connection.min_tls is 1.3" in told.detail
    assert told.advised == ["--set", "connection.min_tls=1.2"]
    assert behind.mended(profile, told).code == 0
    rule = {"key": "connection.min_tls", "one_of": ["1.3"]}
    ruled = behind.test(behind.profile(server=server, connection={"min_tls": "1.3"}, policy={"rules": [rule]}))
    assert "have TLS 1.3 or newer switched on at mail.corp.example: ask its administrator" in ruled.hint
    assert not ruled.advised


def test_a_server_that_speaks_old_tls_alone(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    context = old_tls(certificates)
    serve(587, tls=context, on={"STARTTLS": _cuts_what_is_too_new(context, b"\x03\x04\x03\x03\x03\x02")})
    told = behind.test(behind.profile(server=trusted(certificates, port=587, encryption="starttls")))
    assert (told.failed["stage"], told.cause) == ("tls", "dropped")
    assert "the server speaks TLS 1.1 at most, and connection.min_tls is 1.2" in told.detail
    assert told.hint.startswith("have TLS 1.2 or newer switched on at mail.corp.example: ask its administrator")
    assert not told.advised


def test_a_server_whose_ciphers_nobody_takes_any_more(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")  # without a certificate: no system's defaults take that
    serve(587, tls=context)
    told = behind.test(behind.profile(server=trusted(certificates, port=587, encryption="starttls")))
    assert (told.failed["stage"], told.cause) == ("tls", "tls-version")
    assert "the server speaks TLS 1.2, but only with ciphers that are not safe any more, such as AECDH" in told.detail
    assert told.hint.startswith("have ciphers of today switched on at mail.corp.example")
    assert not told.advised


@pytest.mark.parametrize("mark", ["keyword", "greeting"])
def test_a_proxy_stars_starttls_out(behind: Behind, serve: Serve, certificates: Certificates, mark: str) -> None:
    stars = "220 ********************************"
    serve(
        587,
        extensions=("SIZE 1000000", "XXXXXXXA") if mark == "keyword" else ("SIZE 1000000",),
        on={"CONNECT": Say(stars)} if mark == "greeting" else None,
    )
    serve(465, tls=certificates.server_context(), wrapper=True)
    profile = behind.profile(server=trusted(certificates, port=587, encryption="starttls"))
    told = behind.test(profile)
    assert (told.code, told.failed["stage"], told.cause) == (6, "tls", "tls-stripped")
    if mark == "greeting":
        assert "a firewall that blots greetings out" in told.evidence
    assert "server.encryption=none" not in told.hint
    assert behind.test(profile, "--set", "server.port=465", "--set", "server.encryption=tls").code == 0


def test_the_stars_of_the_mask_are_no_firewalls(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    """A password that stands in the greeting is masked there."""
    greeting = {"CONNECT": Say("220 mail.corp.example ESMTP")}
    serve(587, tls=certificates.server_context(), users={"lab": "another"}, on=greeting)
    server = trusted(certificates, port=587, encryption="starttls")
    told = behind.test(behind.profile(server=server, login=behind.login("mail")), "--explain")
    assert told.failed["stage"] == "auth"
    (banner,) = [stage for stage in told.body["stages"] if stage["stage"] == "banner"]
    assert banner["detail"] == "220 ********.corp.example ESMTP"
    assert "blots greetings out" not in told.detail + told.evidence


def greets_late(seconds: float = 4.5) -> Steps:
    return Steps((Wait(seconds), Usual()))


def test_what_greets_late_is_waited_for_as_long_as_before(
    behind: Behind, serve: Serve, certificates: Certificates
) -> None:
    """A look that is shorter than the server's own greeting would take it for a no."""
    serve(587, tls=certificates.server_context(), require_tls=True, on={"CONNECT": greets_late()})
    profile = behind.profile(server=trusted(certificates, port=587, encryption="none"), connection={"timeout": 9})
    told = behind.test(profile)
    assert (told.cause, told.failed["stage"]) == ("tls-required", "mail-from")
    assert behind.mended(profile, told).code == 0
    probed = behind.test(behind.profile(server=trusted(certificates, port=587), connection={"timeout": 9}), "--probe")
    assert (587, "starttls") in [(way["port"], way["encryption"]) for way in probed.body["proposals"]]


def test_what_greets_late_within_tls_is_no_stranger(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(465, tls=certificates.server_context(), wrapper=True, on={"CONNECT": greets_late()})
    profile = behind.profile(server=trusted(certificates, port=465, encryption="starttls"), connection={"timeout": 6})
    told = behind.test(profile)
    assert (told.cause, told.failed["stage"]) == ("protocol", "banner")
    assert "speaks TLS from the first byte, and may greet inside" in told.detail
    assert behind.mended(profile, told).code == 0


def test_what_greets_late_elsewhere_is_not_known(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(587, tls=certificates.server_context(), on={"CONNECT": greets_late()})
    behind.link.nft(
        "table inet shut {\n chain input {\n type filter hook input priority 0;\n tcp dport 25 reject with tcp reset\n }\n}\n"
    )
    profile = behind.profile(server=trusted(certificates, port=2525, encryption="starttls"))
    told = behind.test(profile)
    assert "port 587 is open, and said nothing in the time of a look" in told.detail
    assert behind.mended(profile, told).code == 0


def test_a_guest_network_answers_for_everybody(behind: Behind) -> None:
    def page(connection: Connection) -> None:
        connection.read_line()
        connection.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://login.guest.example/welcome\r\nContent-Length: 0\r\n\r\n"
        )

    behind.link.nft(
        "table ip portal {\n chain prerouting {\n type nat hook prerouting priority -100;\n tcp dport { 25, 465, 587, 443 } redirect to :80\n }\n}\n"
    )
    with LoopbackServer(page, listener=behind.link.listener(80)):
        told = behind.test(behind.profile(server={"host": HOST, "port": 587}))
    assert (told.failed["stage"], told.cause) == ("banner", "not-smtp")
    assert "the sign-in page of a guest network (captive portal)" in told.detail
    assert "open http://login.guest.example/welcome in a web browser" in told.hint


@pytest.mark.parametrize(("left", "lacks"), [("MX 1 x.acme.example.", "has no address"), (None, "can't be found")])
def test_an_alias_of_a_name_that_is_gone(behind: Behind, left: str | None, lacks: str) -> None:
    behind.link.names.records[:] = [f"{HOST}. 60 IN CNAME old.acme.example."]
    behind.link.names.records += [f"old.acme.example. 60 IN {left}"] if left else []
    told = behind.test(behind.profile(server={"host": HOST, "port": 587}))
    assert (told.failed["stage"], told.cause) == ("resolve", "dns")
    assert f"knows {HOST} as an alias of old.acme.example, which {lacks}" in told.detail
    assert "an alias (CNAME) of old.acme.example ; the name exists, as an alias of old.acme.example" in told.evidence
    assert told.hint.startswith("the spelling is right: ask who runs the DNS")
    assert "old.acme" not in told.hint


def test_a_name_server_that_never_answers_for_ipv6(behind: Behind) -> None:
    behind.link.names.silent_about = "AAAA"
    told = behind.test(behind.profile(server={"host": HOST, "port": 25}, connection={"timeout": 2}))
    assert (told.failed["stage"], told.cause) == ("resolve", "dns")
    assert f"answers for IPv4 ({SERVER}) and never for IPv6 (AAAA)" in told.detail
    assert "comes and goes" not in told.detail
    assert "to let AAAA questions be answered" in told.hint


def test_a_resolver_that_knows_every_name(behind: Behind) -> None:
    behind.link.names.records.clear()
    behind.link.names.wildcard = SERVER
    with ScriptedServer([Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Drop()], listener=behind.link.listener(587)):
        told = behind.test(behind.profile(server={"host": "mail.acme.example", "port": 587}))
    assert (told.code, told.cause) == (6, "not-smtp")
    assert "captive portal" in told.detail
    assert "every name, even no-such-name-dtsconf.invalid" in told.evidence


# --- certificates


def test_the_name_that_fits_is_found(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    behind.link.names.records += [f"old-name.corp.example. 60 IN A {SERVER}"]
    serve(587, tls=certificates.server_context())
    profile = behind.profile(
        server=trusted(certificates, host="old-name.corp.example", port=587, encryption="starttls")
    )
    told = behind.test(profile)
    assert (told.code, told.cause) == (6, "tls-name")
    assert f"{HOST} is in the certificate and leads to the same server" in told.detail
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0


@pytest.mark.parametrize(("host", "proposed"), [("imap.corp.example", True), ("imap.other.example", False)])
def test_another_server_of_the_same_owner_is_found_by_its_certificate(
    behind: Behind, serve: Serve, certificates: Certificates, host: str, proposed: bool
) -> None:
    """Where mail is read, say; a stranger's certificate leads nobody to the stranger."""
    behind.link.names.records += [f"{host}. 60 IN AAAA {SERVER_6}"]
    serve(587, SERVER_6, tls=certificates.server_context())
    serve(587, tls=certificates.server_context())
    profile = behind.profile(server=trusted(certificates, host=host, port=587, encryption="starttls"))
    told = behind.test(profile)
    assert (told.code, told.cause) == (6, "tls-name")
    if not proposed:
        assert not told.advised
        assert "have its certificate reissued" in told.hint
        return
    assert f"the certificate is for {HOST} too, where a mail server answers" in told.detail
    assert told.advised == ["--set", f"server.host={HOST}"]
    assert behind.mended(profile, told).code == 0


@pytest.mark.parametrize("trusts", [False, True])
def test_an_inspection_product_is_named(behind: Behind, serve: Serve, tmp_path: Path, trusts: bool) -> None:
    """Untrusted it fails and is named; trusted, and cutting after the content, it is named as well."""
    product = Authority("Avast Web/Mail Shield Root")
    root = tmp_path / "product.pem"
    root.write_bytes(product.pem())
    context = _context(product, tmp_path)
    serve(587, tls=context, on={".": Drop()} if trusts else None)
    server = {"host": HOST, "port": 587, "encryption": "starttls"} | ({"ca_file": str(root)} if trusts else {})
    told = behind.test(behind.profile(server=server))
    assert told.cause == ("outcome-unknown" if trusts else "tls-untrusted")
    assert "Avast" in told.detail
    assert "Avast" in told.hint


def test_a_mail_gateways_own_certificate_is_no_inspection(behind: Behind, serve: Serve, tmp_path: Path) -> None:
    """As appliances are delivered: in the name of the device, by its maker."""
    serve(587, tls=_context(Authority("Fortinet support"), tmp_path, ("FEVM010000.local",)))
    told = behind.test(behind.profile(server={"host": HOST, "port": 587, "encryption": "starttls"}))
    assert (told.code, told.cause) == (6, "tls-untrusted")
    assert "opens the encrypted session" not in told.detail
    assert "excepted from the inspection" not in told.hint
    assert f"the certificate is not for {HOST}" in told.hint


def _context(authority: Authority, folder: Path, names: tuple[str, ...] = SERVER_NAMES) -> Any:
    import ssl

    chain = folder / "chain.pem"
    chain.write_bytes(authority.issue(names).pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


@pytest.mark.parametrize(
    ("flaw", "days", "cause", "words"),
    [
        ("expired", 0, "tls-expired", "this machine's clock is right"),
        ("not-yet-valid", 40, "tls-not-yet-valid", "this machine's clock is 40 days behind"),
        ("expired", -40, "tls-expired", "this machine's clock is 40 days ahead"),
    ],
)
def test_the_clock_or_the_certificate(
    behind: Behind, serve: Serve, certificates: Certificates, flaw: Any, days: int, cause: str, words: str
) -> None:
    import datetime as dt

    told_time = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
    serve(587, tls=certificates.server_context(flaw), on={"CONNECT": Say(f"220 {HOST} ESMTP Exim 4.96 {told_time}")})
    told = behind.test(behind.profile(server=trusted(certificates, port=587, encryption="starttls")))
    assert (told.code, told.cause) == (6, cause)
    assert words in told.detail
    assert ("timedatectl" in told.hint) == (days != 0)


@pytest.mark.parametrize("years", [0, 2])
def test_a_certificate_above_the_servers_that_is_out_of_date(
    behind: Behind, serve: Serve, certificates: Certificates, years: int
) -> None:
    """The server's own is in date: nobody is told to renew it, whatever clock the server goes by."""
    import datetime as dt

    told_time = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(days=365 * years))
    banner = Say(f"220 {HOST} ESMTP Exim 4.96 {told_time}")
    serve(587, tls=certificates.server_context("expired-issuer"), on={"CONNECT": banner})
    told = behind.test(behind.profile(server=trusted(certificates, port=587, encryption="starttls")))
    assert (told.code, told.cause) == (6, "tls-expired")
    assert "the server's own certificate is in date: one above it is not" in told.detail
    assert "install the chain that CN=Corp Example Old Issuing,O=Corp Example has today" in told.hint
    assert certificates.ca_file in told.hint
    assert "renewed" not in told.hint
    assert "clock" not in told.hint


# --- one name, servers that differ


@pytest.mark.parametrize("other", ["clear", "no login", "another's certificate", "hangs up"])
def test_two_addresses_that_lead_to_servers_that_differ(
    behind: Behind, serve: Serve, certificates: Certificates, other: str
) -> None:
    """IPv6 comes first, and leads to a stranger: nothing is proposed that would trust it."""
    behind.link.names.records += [f"{HOST}. 60 IN AAAA {SERVER_6}"]
    right = serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    options: dict[str, dict[str, Any]] = {
        "clear": {},
        "no login": {"tls": certificates.server_context()},
        "another's certificate": {"tls": certificates.server_context("wrong-name"), "users": {"lab": "x"}},
        "hangs up": {"on": {"EHLO": Drop()}},
    }
    wrong = serve(587, SERVER_6, **options[other])
    profile = behind.profile(
        server=trusted(certificates, port=587, encryption="starttls"), login=behind.login("pear-tree-9")
    )
    told = behind.test(profile)
    assert told.code == 6
    assert f"{HOST} leads to servers that differ: {SERVER}: as the settings ask for; {SERVER_6}: " in told.detail
    assert not told.advised
    assert f"echo '{SERVER} {HOST}' | sudo tee -a /etc/hosts" in told.hint
    assert (right.messages, wrong.messages) == ([], [])
    (behind.folder / "hosts").write_text(f"127.0.0.1 localhost\n{SERVER} {HOST}\n")
    assert behind.test(profile).code == 0


@pytest.mark.parametrize(
    ("verb", "no"), [("RCPT", "454 4.7.1 <lab@acme.example>: Relay access denied"), ("MAIL", "550 5.7.1 Access denied")]
)
def test_two_addresses_of_which_one_lets_this_machine_in(
    behind: Behind, serve: Serve, certificates: Certificates, verb: str, no: str
) -> None:
    """A relay that knows this machine by its IPv4 address alone: no login is proposed, which it doesn't want."""
    behind.link.names.records += [f"{HOST}. 60 IN AAAA {SERVER_6}"]
    right = serve(587, tls=certificates.server_context())
    wrong = serve(587, SERVER_6, tls=certificates.server_context(), on={verb: Say(no)})
    profile = behind.profile(server=trusted(certificates, port=587, encryption="starttls"))
    told = behind.test(profile)
    assert told.code == 6
    assert f"{HOST} leads to servers that differ: {SERVER}: as the settings ask for; {SERVER_6}: " in told.detail
    assert not told.advised
    assert f"echo '{SERVER} {HOST}' | sudo tee -a /etc/hosts" in told.hint
    assert (right.messages, wrong.messages) == ([], [])


def test_two_addresses_that_both_refuse_are_no_matter_of_the_address(behind: Behind, serve: Serve) -> None:
    behind.link.names.records += [f"{HOST}. 60 IN AAAA {SERVER_6}"]
    for at in (SERVER, SERVER_6):
        serve(2525, at, on={"RCPT": Say("550 5.1.1 No such user here")})
    told = behind.test(behind.profile(server={"port": 2525}))
    assert (told.code, told.cause, "differ" in told.text) == (6, "recipient-rejected", False)


# --- cut, and by whom


def test_a_session_that_is_cut_after_the_content(behind: Behind, serve: Serve) -> None:
    serve(2525, on={".": Drop()})
    told = behind.test(behind.profile(server={"port": 2525}))
    assert (told.code, told.failed["stage"], told.cause) == (6, "accepted", "outcome-unknown")
    assert "sender and recipient were taken, and the content was not" in told.evidence
    assert "antivirus" in told.evidence


@pytest.mark.parametrize(
    ("action", "cause", "hint"),
    [(Drop(), "dropped", "tell the administrator of 192.0.2.1"), (Stall(), "timeout", "--set connection.timeout=60")],
)
def test_a_cut_or_silence_at_the_data_command_is_no_matter_of_the_content(
    behind: Behind, serve: Serve, action: Drop | Stall, cause: str, hint: str
) -> None:
    serve(2525, on={"DATA": action})
    told = behind.test(behind.profile(server={"port": 2525}))
    assert (told.code, told.failed["stage"], told.cause) == (6, "data", cause)
    assert "content" not in told.evidence + told.detail
    assert "antivirus" not in told.evidence + told.text
    assert hint in told.hint


def test_a_mail_shield_answers_in_place_of_the_server(behind: Behind, serve: Serve) -> None:
    serve(587, on={"CONNECT": Say(f"421 Cannot connect to SMTP server {SERVER} ({SERVER}:587), connect error 10060")})
    told = behind.test(behind.profile(server={"port": 587}))
    assert (told.code, told.cause) == (6, "server-error")
    assert "the mail shield of a security product" in told.detail
    assert "have dtsconf excepted" in told.hint


# --- what looks may not do


def test_looks_carry_no_login_and_no_mail(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    server = serve(587, tls=certificates.server_context(), users={"lab": "pear-tree-9"})
    told = behind.test(
        behind.profile(server=trusted(certificates, port=587, encryption="tls"), login=behind.login("pear-tree-9"))
    )
    assert told.cause == "protocol"
    assert len(server.sessions) > 1
    verbs = {line.split()[0].upper() for session in server.sessions for line in session.lines if line.strip()}
    assert verbs & {"AUTH", "MAIL", "RCPT", "DATA"} == set()
    assert server.messages == []
    assert "pear-tree-9" not in told.text


def test_a_failed_apply_has_the_evidence_and_its_hint(behind: Behind) -> None:
    profile = behind.profile(server={"port": TARGETS["dropped-locally"][1]})
    code, out, err = behind.run("apply", "--yes", "--profile", profile)
    assert code == 9, (out, err)
    assert "this machine's own firewall drops it" in out + err
    assert "allow outgoing TCP" in out + err
    assert ", then the same apply again" in out + err


def test_explain_shows_what_was_tried_seen_and_what_it_means(behind: Behind) -> None:
    profile = behind.profile(server={"port": TARGETS["dropped"][1]})
    _, out, _ = behind.run("test", "--explain", "--profile", profile)
    for words in ("evidence:", "saw:", "means:", "once more", "tried other mail ports"):
        assert words in out
    _, short, _ = behind.run("test", "--profile", profile)
    assert "evidence:" not in short
    code, good, _ = behind.run("test", "--explain", "--profile", behind.profile(server={"port": 25}))
    assert code == 0
    assert "a mail server answers" in good


# --- probing


def test_probe_says_what_works(behind: Behind, serve: Serve, certificates: Certificates) -> None:
    serve(587, tls=certificates.server_context())
    serve(465, tls=certificates.server_context(), wrapper=True)
    profile = behind.profile(server=trusted(certificates, port=2500, encryption="tls"))
    told = behind.test(profile, "--probe")
    assert told.code == 0
    assert [(p["port"], p["encryption"]) for p in told.body["proposals"]] == [
        (587, "starttls"), (465, "tls"), (25, "none"),
    ]  # fmt: skip
    tried = {(way["port"], way["encryption"]): way for way in told.body["probed"]}
    assert set(tried) == {(port, kind) for port in (25, 465, 587, 2500, 2525) for kind in ("none", "starttls", "tls")}
    assert tried[25, "starttls"]["cause"] == "tls-not-offered"
    assert tried[587, "tls"]["cause"] == "protocol"
    _, text, _ = behind.run("test", "--probe", "--profile", profile)
    options = ["--set", "server.port=587", "--set", "server.encryption=starttls"]
    assert " ".join(options) in text
    assert behind.test(profile, *options).code == 0
    assert behind.test(profile, "--probe", "--level", "auth").code == 2


def test_probe_where_nothing_works(behind: Behind, certificates: Certificates) -> None:
    login = {"required": True, "username": "lab", "password": "file:///nowhere"}
    plain = behind.test(behind.profile(server=trusted(certificates, port=25, encryption="tls"), login=login), "--probe")
    assert (plain.code, plain.body["proposals"]) == (6, [])
    assert "port 25 is not for logins" in plain.body["problems"][0]["hint"]
    gone = behind.test(behind.profile(server={"host": TARGETS["no-route"][0], "port": 25}), "--probe")
    assert (gone.code, gone.body["proposals"]) == (9, [])
