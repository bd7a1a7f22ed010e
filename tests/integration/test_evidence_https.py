"""Microsoft mode: the sign-in server or Graph can't be had for reasons of network or machine, and the installed program
says why, by what evidence, and what to do. Behind a firewall of the test's own, with Microsoft's names in its DNS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.behind import SENDER, Behind, Told
from tests.real.ca import CertificateName, Certificates, write_certificates
from tests.real.liar import Liar, liar
from tests.real.loopback import Connection, LoopbackServer
from tests.real.netns import CLIENT, CLIENT_6, DROPPED_6, SERVER, SERVER_6, firewalled_link
from tests.real.polite import SmtpServer
from tests.real.proxy import Proxy, proxy
from tests.real.scripted import Expect, Say, ScriptedServer, StartTls, Step
from tests.real.terminal import converse
from tests.scenarios.harness import PROGRAM

pytestmark = [pytest.mark.netns, pytest.mark.servers]

LOGIN, OWN, SMTP = "login.microsoftonline.com", "idp.corp.example", "smtp.office365.com"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Away:
    """A client in microsoft mode, and what stands on the other side of its cable."""

    behind: Behind
    certificates: Certificates
    stack: ExitStack

    def names(self) -> None:
        """The sign-in servers' names lead to the other side."""
        self.behind.link.names.records += [f"{name}. 60 IN A {SERVER}" for name in (LOGIN, OWN)]

    def provider(self, certificate: CertificateName = "good") -> Liar:
        """A provider at port 443."""
        return self.stack.enter_context(liar(self.certificates, certificate, self.behind.link.listener(443)))

    def mail(self, certificate: CertificateName, host: str = SMTP) -> None:
        """A mail server at port 587 that shows this certificate, beside a provider whose own is good."""
        self.names()
        self.provider()
        self.behind.link.names.records += [f"{host}. 60 IN A {SERVER}"]
        hello = "250-outlook.office365.com\n250 STARTTLS"
        opening: list[Step] = [Say("220 outlook.office365.com ready"), Expect("EHLO .*"), Say(hello)]
        secured: list[Step] = [
            Expect("STARTTLS"),
            Say("220 go on"),
            StartTls(self.certificates.server_context(certificate)),
        ]
        self.stack.enter_context(ScriptedServer([*opening, *secured], listener=self.behind.link.listener(587)))

    def proxy(self) -> Proxy:
        """A proxy at port 3128."""
        return self.stack.enter_context(proxy(self.behind.link.listener(3128)))

    def profile(self, host: str = LOGIN, tenant: str = "good.example", **settings: Any) -> str:
        """An application that signs in at the host."""
        secret = self.behind.folder / "secret"
        secret.write_text("an application's\n")
        secret.chmod(0o600)
        microsoft = {"authority": f"https://{host}", "tenant": tenant, "client_id": CLIENT_ID, "flow": "application"}
        microsoft |= {"client_secret": f"file://{secret}", **settings.pop("microsoft", {})}
        server = {"ca_file": self.certificates.ca_file, **settings.pop("server", {})}
        tree = {"mode": "microsoft", "sender": {"email": SENDER}, "connection": {"timeout": 2}, "microsoft": microsoft}
        policy = settings.pop("policy", {})
        body = {"dtsconf": 1, "name": "away", "settings": {**tree, "server": server, **settings}, "policy": policy}
        path = self.behind.folder / "away.yaml"
        path.write_text(yaml.safe_dump(body), "utf-8")
        return str(path)

    def test(self, *options: str, env: dict[str, str] | None = None, **profile: Any) -> Told:
        """What the test says; no piece of it holds the proxy's password."""
        told = self.behind.test(self.profile(**profile), *options, env=env)
        assert "canary" not in told.text
        return told


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    with firewalled_link(tmp_path) as link, ExitStack() as stack:
        made = write_certificates(tmp_path / "certificates", (LOGIN, OWN, SMTP))
        yield Away(Behind(link, tmp_path), made, stack)


def drop(away: Away, *rules: str) -> None:
    """The other side's firewall."""
    text = "\n".join(rules)
    away.behind.link.nft(f"table inet more {{\n chain input {{\n type filter hook input priority 5;\n{text}\n }}\n}}\n")


# --- names


def test_a_name_server_that_knows_no_name_of_microsofts(away: Away) -> None:
    told = away.test()
    assert (told.code, told.failed["stage"], told.cause) == (9, "resolve", "dns")
    assert f"the name server {SERVER} says that {LOGIN} does not exist (NXDOMAIN)" in told.detail
    assert "it is Microsoft's own name: a name server that knows this network's own names alone" in told.detail
    assert "--set connection.proxy=http://PROXY:PORT" in told.hint
    assert f"ask who runs the name server {SERVER} (or the filter behind it) to let {LOGIN} through" in told.hint


@pytest.mark.parametrize("slip", ["login.microsoftonlin.com", "login.microsftonline.com", "login.micorsoftonline.com"])
def test_a_slip_in_microsofts_name(away: Away, slip: str) -> None:
    away.names()
    away.provider()
    told = away.test(host=slip)
    assert told.advised == ["--set", f"microsoft.authority=https://{LOGIN}"]
    mended = away.test(*told.advised, host=slip)
    assert "smtp.office365.com" in mended.detail, "the sign-in went well"
    assert "the name is right" not in told.text


def test_a_slip_in_the_name_of_an_own_provider(away: Away) -> None:
    told = away.test(host="idq.corp.example")
    assert "the domain corp.example exists, this name in it does not" in told.detail
    assert "check the spelling of microsoft.authority in the profile" in told.hint


def test_name_servers_that_are_silent(away: Away) -> None:
    told = away.test(host="silent.corp.example")
    assert f"of the name servers, {SERVER} is silent" in told.detail
    assert "bring this machine's network or VPN up" in told.hint
    assert "spelling" not in told.hint


@pytest.mark.parametrize(
    ("address", "words"), [("0.0.0.0", "a DNS filter blocks this name"), ("127.0.0.1", "a DNS filter, or a wrong")]
)
def test_a_dns_filter(away: Away, address: str, words: str) -> None:
    away.behind.link.names.records += [f"{LOGIN}. 60 IN A {address}"]
    told = away.test()
    assert f"the name server {SERVER} answers {address} for {LOGIN}" in told.detail
    assert words in told.detail
    assert f"the name server {SERVER}" in told.hint
    assert "proxy" not in told.hint


def test_the_name_of_microsofts_mail_server_is_right_too(away: Away) -> None:
    away.names()
    away.provider()
    told = away.test("--level", "auth")
    assert "says that smtp.office365.com does not exist (NXDOMAIN), and it is Microsoft's own name" in told.detail
    assert "microsoft.smtp.host" not in told.hint


# --- port 443


def test_port_443_is_silent(away: Away) -> None:
    away.names()
    drop(away, "tcp dport 443 drop")
    told = away.test()
    assert (told.code, told.failed["stage"], told.cause) == (9, "connect", "timeout")
    assert "the host is there (its port 80 answers), and port 443 is silent: a firewall keeps HTTPS" in told.detail
    assert f"let this machine ({CLIENT}) out to {LOGIN} ({SERVER}), TCP port 443" in told.hint
    assert "name it: --set connection.proxy=http://PROXY:PORT" in told.hint
    assert "once more" in told.evidence


def test_an_ipv6_address_that_is_dead_beside_a_port_443_that_is_kept(away: Away) -> None:
    """The firewall is to be opened for the address that lives as well."""
    away.names()
    away.behind.link.names.records += [f"{LOGIN}. 60 IN AAAA {DROPPED_6}"]
    drop(away, "tcp dport 443 drop")
    told = away.test()
    assert "the host is there (its port 80 answers), and port 443 is silent: a firewall keeps HTTPS" in told.detail
    there = f"{LOGIN} ({DROPPED_6}, {SERVER}), TCP port 443"
    assert f"let this machine ({CLIENT_6}, {CLIENT}) out to {there}" in told.hint
    assert "neither works from here" in told.evidence


def test_a_rule_that_lets_the_settings_name_no_proxy(away: Away) -> None:
    """What a rule forbids is not proposed: the variable is."""
    away.names()
    drop(away, "tcp dport 443 drop")
    rule = {"key": "connection.proxy", "one_of": ["system"], "because": "the system names them"}
    told = away.test(policy={"rules": [rule]})
    assert "by a proxy alone, name it: export HTTPS_PROXY=http://PROXY:PORT (PowerShell:" in told.hint
    assert "connection.proxy" not in told.hint


def test_sign_in_leads_back_to_itself(away: Away) -> None:
    away.names()
    away.provider("inspected")
    profile = away.profile(microsoft={"flow": "device-code"}, server={"ca_file": None})
    folder = away.behind.folder
    command = away.behind.link.client.argv(PROGRAM, "sign-in", "--root", str(folder), "--profile", profile)
    code, told = converse(command, {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "4000"}, {})
    assert code == 6
    assert "Zscaler opens the encrypted session" in told
    away.behind.link.names.records.clear()
    code, told = converse(command, {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "4000"}, {})
    assert code == 9
    assert f"then dtsconf sign-in --profile {profile} --root {folder} again" in told
    assert "dtsconf test" not in told


def test_nothing_answers_at_all(away: Away) -> None:
    away.names()
    drop(away, "meta l4proto tcp drop")
    told = away.test()
    assert f"nothing at {LOGIN} answers: a firewall lets no HTTPS out but by a proxy" in told.detail


@pytest.mark.parametrize(("host", "words"), [(LOGIN, "a firewall rejects HTTPS"), (OWN, "nothing listens there, or")])
def test_port_443_refuses(away: Away, host: str, words: str) -> None:
    away.names()
    told = away.test(host=host)
    assert told.cause == "refused"
    assert words in told.detail
    assert (f"ask who runs {OWN} whether it is on" in told.hint) == (host == OWN)


def test_this_machines_own_firewall(away: Away) -> None:
    away.names()
    away.behind.link.nft(
        "table inet more {\n chain output {\n type filter hook output priority 5;\n tcp dport 443 drop\n }\n}\n",
        client=True,
    )
    told = away.test()
    assert "this machine's own firewall drops it" in told.detail
    assert f"allow outgoing TCP to {LOGIN} port 443 in this machine's own firewall" in told.hint
    assert "--probe" not in told.hint


@pytest.mark.parametrize(
    ("env", "detail", "hint"),
    [
        (
            {"http_proxy": "http://u:canary@p:1"},
            "http_proxy names a proxy for http:// alone",
            'export HTTPS_PROXY="$http_proxy"',
        ),
        (
            {"https_proxy": "http://u:canary@p:1", "NO_PROXY": "microsoftonline.com"},
            f"https_proxy names a proxy, and NO_PROXY leaves {LOGIN} out of it",
            "unset NO_PROXY",
        ),
    ],
)
def test_a_proxy_that_is_there_and_not_taken(away: Away, env: dict[str, str], detail: str, hint: str) -> None:
    away.names()
    told = away.test(env=env)
    assert detail in told.detail
    assert hint in told.hint


def test_a_proxy_that_the_profile_spares(away: Away) -> None:
    away.names()
    drop(away, "tcp dport 443 drop")
    env = {"HTTPS_PROXY": "http://u:canary@proxy.corp.example:3128"}
    told = away.test(connection={"timeout": 2, "proxy": "none"}, env=env)
    assert "connection.proxy is none, and HTTPS_PROXY names one: proxy.corp.example:3128" in told.detail
    assert told.advised == ["--set", "connection.proxy=system"]
    assert "PROXY:PORT" not in told.hint


def test_ipv6_that_carries_nothing(away: Away) -> None:
    away.names()
    away.provider()
    away.behind.link.names.records += [f"{LOGIN}. 60 IN AAAA {SERVER_6}"]
    away.stack.enter_context(away.behind.link.listener(443, SERVER_6))
    told = away.test()
    assert (told.failed["stage"], told.cause) == ("tls", "timeout")
    assert "IPv6 to this server is broken, IPv4 is fine" in told.detail
    assert f"echo '{SERVER} {LOGIN}' | sudo tee -a /etc/hosts" in told.hint
    with (away.behind.folder / "hosts").open("a") as file:
        file.write(f"{SERVER} {LOGIN}\n")
    assert "smtp.office365.com" in away.test().detail, "the sign-in went well"


# --- proxies


def refusing(away: Away, status: str, *headers: str, page: str = "") -> Proxy:
    made = away.proxy()
    made.refusal, made.headers, made.page = status, "".join(f"{line}\r\n" for line in headers), page
    return made


NO = "407 Proxy Authentication Required"
BASIC, HTML = "Proxy-Authenticate: Basic realm=x", "Content-Type: text/html"


def test_a_proxy_wants_a_password(away: Away) -> None:
    way = refusing(away, NO, BASIC, "Server: squid/5.7")
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert (told.code, told.failed["stage"], told.cause) == (9, "connect", "blocked")
    assert "(from HTTPS_PROXY)" in told.detail
    assert "it wants a user name and password first" in told.detail
    assert f"export HTTPS_PROXY=http://USER:PASSWORD@{SERVER}:3128" in told.hint
    assert "it takes Basic; squid/5.7" in told.evidence


@pytest.mark.parametrize("status", [NO, "401 Unauthorized"])
def test_a_proxy_takes_another_password(away: Away, status: str) -> None:
    way = refusing(away, status, BASIC)
    told = away.test(env={"https_proxy": way.url.replace("//", "//someone:canary@")})
    assert "it does not take the user name and password in https_proxy" in told.detail
    assert "correct the user name and password in https_proxy" in told.hint


def test_a_proxy_can_t_reach_the_service_itself(away: Away) -> None:
    way = refusing(away, "503 Service Unavailable")
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert f"it can't reach {LOGIN} itself" in told.detail
    assert f"why it can't reach {LOGIN} itself" in told.hint


def test_a_proxy_of_the_profile_wants_a_password(away: Away) -> None:
    way = refusing(away, NO, BASIC)
    told = away.test("--set", f"connection.proxy={way.url}")
    assert "(from connection.proxy)" in told.detail
    assert f"export HTTPS_PROXY=http://USER:PASSWORD@{SERVER}:3128" in told.hint
    assert "with --set connection.proxy=system" in told.hint


def test_a_proxy_for_windows_logins_alone(away: Away) -> None:
    way = refusing(away, NO, "Proxy-Authenticate: NTLM", "Proxy-Authenticate: Negotiate")
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert "the proxy takes logins by NTLM and Negotiate alone, which dtsconf can't" in told.detail
    assert "USER:PASSWORD" not in told.hint
    assert "--set connection.proxy=http://127.0.0.1:3128" in told.hint


def test_a_proxy_forbids_it(away: Away) -> None:
    way = refusing(away, "403 Forbidden", HTML, page="<html><title>Blocked: webmail</title>")
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert f"it forbids the way to {LOGIN} (its page: 'Blocked: webmail')" in told.detail
    assert f"ask whoever runs the proxy {SERVER}:3128 (from HTTPS_PROXY) to let this machine through" in told.hint


def test_a_proxy_answers_with_a_page_of_its_own(away: Away) -> None:
    way = refusing(away, "200 OK", HTML, page="<html><title>Sign in to Guest</title>")
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert f"answers with a page of its own (its page: 'Sign in to Guest') in place of {LOGIN}" in told.detail
    assert "open any web page in a browser and sign in" in told.hint


def test_a_web_server_that_is_taken_for_a_proxy(away: Away) -> None:
    way = refusing(away, "405 Method Not Allowed", HTML)
    told = away.test(env={"HTTPS_PROXY": way.url})
    assert f"check HTTPS_PROXY: what answers at {SERVER}:3128 is no proxy for HTTPS" in told.hint
    assert "a web server, no proxy" in told.evidence


def test_a_proxy_that_speaks_in_clear_itself(away: Away) -> None:
    way = refusing(away, "400 Bad Request")
    told = away.test(env={"HTTPS_PROXY": way.url.replace("http:", "https:")})
    assert f"write HTTPS_PROXY as http://{SERVER}:3128" in told.hint


def test_a_proxy_of_the_profile_that_speaks_in_clear_itself(away: Away) -> None:
    """What is to be tried first is what the hint names first."""
    way = refusing(away, "400 Bad Request")
    told = away.test("--set", f"connection.proxy={way.url.replace('http:', 'https:')}")
    assert told.advised == ["--set", f"connection.proxy={way.url}", "--set", "connection.proxy=none"]


@pytest.mark.parametrize("login", ["CORP\\someone:canary", "someone:canary#1", "someone:canary/1"])
def test_a_proxy_s_login_that_ends_the_address(away: Away, login: str) -> None:
    way = away.proxy()
    told = away.test(env={"HTTPS_PROXY": way.url.replace("//", f"//{login}@")})
    assert f"the proxy {SERVER}:3128 (from HTTPS_PROXY) can't be used: its user name or password holds" in told.detail
    assert (
        f"correct the user name and password in HTTPS_PROXY: export HTTPS_PROXY=http://USER:PASSWORD@{SERVER}"
        in told.hint
    )
    assert way.asked == []


def test_a_proxy_that_takes_connections_and_says_nothing(away: Away) -> None:
    with away.behind.link.listener(3128):
        told = away.test(env={"HTTPS_PROXY": f"http://{SERVER}:3128"})
    assert (told.code, told.failed["stage"], told.cause) == (9, "connect", "timeout")
    assert f"the proxy {SERVER}:3128 (from HTTPS_PROXY) was reached, and gives no answer" in told.detail
    assert f"why it gives no answer for {LOGIN}" in told.hint
    assert "correct the variable" not in told.hint
    assert "says nothing to what it is asked" in told.evidence


def test_a_proxy_that_nobody_knows(away: Away) -> None:
    told = away.test(env={"HTTPS_PROXY": "http://someone:canary@proxy.corp.example:3128"})
    assert f"the name server {SERVER} says that proxy.corp.example does not exist" in told.detail
    assert "correct the variable HTTPS_PROXY" in told.hint


def test_a_proxy_s_address_that_is_none(away: Away) -> None:
    told = away.test(env={"HTTPS_PROXY": "proxy:abc"})
    assert (told.code, told.failed["stage"]) == (9, "connect")
    assert "the proxy of HTTPS_PROXY can't be used: that is no proxy's address" in told.detail
    assert "correct the variable HTTPS_PROXY (it is written http://PROXY:PORT)" in told.hint


def test_a_route_that_is_prohibited(away: Away) -> None:
    away.behind.link.names.records += [f"{LOGIN}. 60 IN A 198.51.100.2"]
    told = away.test()
    assert told.cause == "blocked"
    assert "this machine's own routes prohibit it" in told.detail
    assert f"allow outgoing TCP to {LOGIN} port 443" in told.hint
    assert "proxy" not in told.hint


@pytest.mark.parametrize("keeps", ["tcp dport 587 drop", "tcp dport 587 reject with tcp reset"])
@pytest.mark.parametrize("stranger", ["in clear", "with a certificate of its own"])
def test_mail_that_a_network_keeps_can_go_by_graph(away: Away, keeps: str, stranger: str) -> None:
    """Who answers there in Microsoft's place, on other ports, is neither asked nor proposed."""
    away.names()
    away.provider()
    away.behind.link.names.records += [f"smtp.office365.com. 60 IN A {SERVER}"]
    if stranger != "in clear":
        listener = away.behind.link.listener(2525)
        away.stack.enter_context(SmtpServer(listener=listener, tls=away.certificates.server_context("wrong-name")))
        keeps += "\n tcp dport 25 drop"
    drop(away, keeps)
    told = away.test("--level", "auth")
    assert f"what answers on port {25 if stranger == 'in clear' else 2525} isn't Microsoft's" in told.detail
    assert "the host is there (its port 443 answers): a firewall keeps outgoing mail" in told.detail
    assert f"let this machine ({CLIENT}) out to smtp.office365.com ({SERVER}), TCP port 587" in told.hint
    assert told.advised == ["--set", "microsoft.via=graph"]


def test_a_socks_proxy(away: Away) -> None:
    told = away.test(env={"ALL_PROXY": "socks5://someone:canary@proxy.corp.example"})
    assert (told.code, told.failed["stage"]) == (9, "connect")
    assert "the proxy proxy.corp.example:1080 (from ALL_PROXY) can't be used: it is a SOCKS proxy" in told.detail
    assert (
        "name an HTTP proxy: --set connection.proxy=http://PROXY:PORT; or go without a proxy: unset ALL_PROXY"
        in told.hint
    )


# --- certificates and clocks


def test_tls_inspection(away: Away) -> None:
    """With what the hint says to type the session is trusted."""
    away.names()
    away.provider("inspected")
    told = away.test(server={"ca_file": None})
    assert (told.code, told.cause) == (6, "tls-untrusted")
    assert "Zscaler opens the encrypted session: the certificate is issued by CN=Zscaler Root CA" in told.detail
    assert "ask who runs Zscaler for its root certificate" in told.hint
    assert told.advised == ["--set", "server.ca_file=/etc/dts/roots.pem"]
    assert "ROOT.pem | sudo install -D -m 644 /dev/stdin /etc/dts/roots.pem" in told.hint
    assert "Zscaler makes such certificates" in told.evidence
    mended = away.test("--set", f"server.ca_file={away.certificates.inspector_ca_file}")
    assert mended.failed["stage"] == "resolve", "of the mail server, whose name nobody knows here"
    assert "smtp.office365.com" in mended.detail


def test_an_issuer_that_nobody_knows_in_front_of_microsoft(away: Away) -> None:
    away.names()
    away.provider("untrusted")
    told = away.test()
    assert "something on the way opens the encrypted session" in told.detail
    assert "CN=Other Root,O=Corp Example, which issues none for Microsoft" in told.detail
    assert f"sudo tee -a {away.certificates.ca_file}" in told.hint


def test_roots_of_ones_own_that_lack_the_public_one(away: Away) -> None:
    """The system's roots know the server, `server.ca_file` in their place doesn't."""
    away.names()
    away.provider()
    env = {"SSL_CERT_FILE": away.certificates.ca_file}
    told = away.test(server={"ca_file": away.certificates.other_ca_file}, env=env)
    assert "server.ca_file is trusted in place of the system's roots, and lacks the one" in told.detail
    assert f"{away.certificates.other_ca_file} | sudo install -D -m 644 /dev/stdin /etc/dts/roots.pem" in told.hint
    assert told.advised == ["--set", "server.ca_file=/etc/dts/roots.pem", "--set", "server.ca_file=null"]


@pytest.mark.parametrize(("own_file", "words"), [(True, "--set server.ca_file=null"), (False, "ca-certificates")])
def test_public_roots_that_are_missing_here(away: Away, own_file: bool, words: str) -> None:
    """Microsoft's own issuer is no inspection."""
    away.names()
    away.provider("public")
    told = away.test(server={"ca_file": away.certificates.ca_file if own_file else None})
    assert "CN=DigiCert Global Root G2,O=Corp Example does issue certificates for Microsoft" in told.detail
    assert "opens the encrypted session" not in told.detail
    assert told.hint.startswith(words) or words in told.hint
    assert "ROOT.pem" not in told.hint


def test_an_intermediate_is_missing(away: Away) -> None:
    away.names()
    away.provider("incomplete-chain")
    told = away.test(host=OWN)
    assert f"{OWN} sends its certificate alone, and CN=Corp Example Issuing" in told.detail
    assert f"ask who runs {OWN} to install the full chain" in told.hint


def test_a_certificate_that_vouches_for_itself(away: Away) -> None:
    away.names()
    away.provider("self-signed")
    told = away.test(host=OWN)
    assert "the certificate vouches for itself" in told.detail
    assert f"ask who runs {OWN} for the certificate CN=localhost" in told.hint


def test_a_certificate_of_another_name(away: Away) -> None:
    away.names()
    away.provider("wrong-name")
    told = away.test()
    assert told.cause == "tls-name"
    assert f"whoever answers is not {LOGIN}: the certificate is for other.example" in told.detail
    assert "open any web page in a browser and sign in to the network" in told.hint


def test_the_name_that_fits_an_own_provider(away: Away) -> None:
    away.names()
    away.behind.link.names.records += [f"other.example. 60 IN A {SERVER}"]
    away.provider("wrong-name")
    assert "microsoft: {authority: 'https://other.example'}" in away.test(host=OWN).hint


def test_the_clock_is_wrong(away: Away) -> None:
    away.names()
    away.provider("not-yet-valid").ahead = 40 * 86400
    told = away.test()
    assert told.cause == "tls-not-yet-valid"
    assert "this machine's clock is 40 days behind" in told.detail
    assert "timedatectl set-ntp true" in told.hint


def test_a_certificate_that_expired(away: Away) -> None:
    away.names()
    away.provider("expired")
    told = away.test(host=OWN)
    assert told.cause == "tls-expired"
    assert f"have the certificate of {OWN} renewed: this machine's clock is right" in told.hint


def test_microsofts_own_certificate_that_expired(away: Away) -> None:
    """No customer can have it renewed: somebody answers in Microsoft's place."""
    away.names()
    away.provider("expired")
    told = away.test()
    assert "this machine's clock is right" in told.detail
    assert f"ask who runs the network what answers in place of {LOGIN}" in told.hint
    assert "renewed" not in told.hint


@pytest.mark.parametrize("value", ["nowhere.pem", "empty.pem"])
def test_a_variable_that_leads_to_no_roots(away: Away, value: str) -> None:
    away.names()
    away.provider("public")
    (away.behind.folder / "empty.pem").touch()
    path = str(away.behind.folder / value)
    told = away.test(server={"ca_file": None}, env={"SSL_CERT_FILE": path})
    assert f"the variable SSL_CERT_FILE names {path}, which" in told.detail
    assert told.hint.startswith("unset SSL_CERT_FILE, then dtsconf test")


def test_a_variable_that_leads_to_other_roots(away: Away) -> None:
    away.names()
    away.provider("inspected")
    told = away.test(server={"ca_file": None}, env={"SSL_CERT_FILE": away.certificates.ca_file})
    assert f"SSL_CERT_FILE names {away.certificates.ca_file}, in place of the system's roots" in told.detail
    assert told.hint.startswith("ask who runs Zscaler for its root certificate")
    assert told.hint.endswith("or, if the system's own roots are meant: unset SSL_CERT_FILE")


# --- the same at Microsoft's mail server


def test_an_issuer_that_nobody_knows_in_front_of_microsofts_mail(away: Away) -> None:
    """`server.ca_file` counts for the sign-in too, so the root goes beside those in force; a fingerprint has no say."""
    away.mail("untrusted")
    told = away.test("--level", "auth")
    assert (told.failed["stage"], told.cause) == ("tls", "tls-untrusted")
    assert "something on the way opens the encrypted session" in told.detail
    assert "which issues none for Microsoft" in told.detail
    assert "ask who runs the network for its root certificate (CN=Other Root" in told.hint
    assert f"cat ROOT.pem | sudo tee -a {away.certificates.ca_file}" in told.hint
    assert "fingerprint" not in told.hint
    with Path(away.certificates.ca_file).open("a") as file:
        file.write(Path(away.certificates.other_ca_file).read_text())
    assert away.test("--level", "auth").failed["stage"] != "tls", "its root beside the others is trusted"


def test_another_name_in_place_of_microsofts_mail_server(away: Away) -> None:
    away.mail("wrong-name")
    told = away.test("--level", "auth")
    assert told.cause == "tls-name"
    assert "a filter or a sign-in page of this network answers in its place" in told.detail
    assert "ask who runs the network about other.example" in told.hint
    assert "reissued" not in told.hint


def test_microsofts_mail_server_with_a_certificate_that_expired(away: Away) -> None:
    away.mail("expired")
    told = away.test("--level", "auth")
    assert f"ask who runs the network what answers in place of {SMTP} with a certificate of CN=Corp" in told.hint


def test_a_mail_server_of_ones_own_in_microsoft_mode(away: Away) -> None:
    away.mail("untrusted", OWN)
    told = away.test("--level", "auth", host=OWN, microsoft={"smtp": {"host": OWN}})
    assert (told.failed["stage"], told.cause) == ("tls", "tls-untrusted")
    assert "ask the server's administrator for the root certificate of CN=Other Root" in told.hint
    assert f"cat ROOT.pem | sudo tee -a {away.certificates.ca_file}" in told.hint
    assert "fingerprint" not in told.hint


def test_send_tells_the_same_of_microsofts_mail_server(away: Away) -> None:
    away.mail("untrusted")
    profile = away.profile()
    code, _, err = away.behind.run("send", "--profile", profile, "--to", SENDER, "--subject", "x", "--body", "y")
    assert code == 6
    assert "ask who runs the network for its root certificate (CN=Other Root" in err
    assert "server.fingerprint" not in err


# --- somebody else answers


def test_a_guest_network_that_refuses_443_and_shows_a_page(away: Away) -> None:
    def page(connection: Connection) -> None:
        connection.read_line()
        connection.write(b"HTTP/1.1 302 Found\r\nLocation: http://login.guest.example/in\r\nContent-Length: 0\r\n\r\n")

    away.names()
    away.stack.enter_context(LoopbackServer(page, listener=away.behind.link.listener(80)))
    told = away.test()
    assert "captive portal" in told.detail
    assert "open http://login.guest.example/in in a web browser and sign in to the network" in told.hint


def test_a_page_in_place_of_microsoft(away: Away) -> None:
    away.names()
    away.provider()
    told = away.test(tenant="html.example")
    assert (told.code, told.failed["stage"], told.cause) == (6, "token", "protocol")
    assert "(HTTP 200, text/html, a page titled 'Guest network'" in told.detail
    assert f"a filter or a sign-in page of this network answers in place of {LOGIN}" in told.detail
    assert "open any web page in a browser and sign in to the network" in told.hint
    assert "microsoft.authority" not in told.hint


@pytest.mark.parametrize(("host", "filtered"), [(LOGIN, True), (OWN, False)])
def test_a_page_that_says_not_found(away: Away, host: str, filtered: bool) -> None:
    """Microsoft knows every tenant's address; a provider of one's own may not."""
    away.names()
    away.provider()
    told = away.behind.run("test", "--json", "--profile", away.profile(host=host, tenant="nothing.example"))[1]
    assert ("a filter or a sign-in page of this network answers in place of" in told) == filtered
    assert ("is no identity provider's (HTTP 404)" in told) != filtered


def test_send_points_to_what_finds_the_page(away: Away) -> None:
    away.names()
    away.provider()
    profile = away.profile(tenant="html.example")
    _, _, err = away.behind.run("send", "--profile", profile, "--to", SENDER, "--subject", "x", "--body", "y")
    assert "what answers there is no identity provider; to have the reason looked for: dtsconf test --profile" in err


def test_a_web_site_in_place_of_an_own_provider(away: Away) -> None:
    away.names()
    away.provider()
    told = away.test(host=OWN, tenant="html.example")
    assert f"what answers at {OWN} is no sign-in server" in told.detail
    assert "correct microsoft.authority and microsoft.tenant in the profile" in told.hint


def test_a_redirect_in_front_of_the_sign_in(away: Away) -> None:
    away.names()
    away.provider()
    told = away.test(tenant="redirect-away.example")
    assert f"a filter or a sign-in page of this network answers in place of {LOGIN}" in told.detail
    assert "/elsewhere/token in a web browser" in told.hint


@pytest.mark.parametrize(("tenant", "words"), [("hang-up.example", "is cut"), ("silence.example", "stays silent")])
def test_a_session_that_is_cut_or_silenced(away: Away, tenant: str, words: str) -> None:
    away.names()
    away.provider()
    told = away.test(tenant=tenant)
    assert f"{LOGIN} is connected to, and then the session {words}" in told.detail
    assert told.hint.startswith("dtsconf test")
    assert "firewall or web filter" in told.hint


def test_the_hosts_file_leads_elsewhere(away: Away) -> None:
    away.names()
    away.provider("wrong-name")
    away.behind.link.names.records[0] = f"{LOGIN}. 60 IN A 192.0.2.11"
    with (away.behind.folder / "hosts").open("a") as file:
        file.write(f"{SERVER} {LOGIN}\n")
    told = away.test()
    assert f"line 7 of /etc/hosts on this machine says {SERVER} for {LOGIN}, the DNS says 192.0.2.11" in told.detail
    assert f"take {LOGIN} out of line 7 of /etc/hosts" in told.hint


def test_every_name_leads_to_a_guest_network(away: Away) -> None:
    away.behind.link.names.wildcard = SERVER
    away.provider("wrong-name")
    told = away.test()
    assert "captive portal" in told.detail
    assert "every name, even no-such-name-dtsconf.invalid" in told.evidence


def test_a_tls_version_that_is_not_there(away: Away) -> None:
    import ssl

    away.names()
    away.provider().context.maximum_version = ssl.TLSVersion.TLSv1_2
    told = away.test("--set", "connection.min_tls=1.3")
    assert told.cause == "tls-version"
    assert "speaks no TLS 1.3 (connection.min_tls)" in told.detail
    assert told.advised[:2] == ["--set", "connection.min_tls=1.2"]
    assert "trusted" not in told.detail


# --- Graph, and the other commands


def test_graph_behind_a_firewall(away: Away) -> None:
    away.names()
    away.provider()
    away.behind.link.names.records += ["graph.microsoft.com. 60 IN A 192.0.2.1"]
    told = away.test("--set", "microsoft.via=graph")
    assert told.cause == "tls-name"
    assert "whoever answers is not graph.microsoft.com" in told.detail
    away.behind.link.names.records[-1] = "graph.microsoft.com. 60 IN A 0.0.0.0"
    told = away.test("--set", "microsoft.via=graph")
    assert "a DNS filter blocks this name" in told.detail
    assert "asked the name server" in told.evidence


def test_apply_doctor_and_send_tell_the_same(away: Away) -> None:
    profile = away.profile()
    words = f"says that {LOGIN} does not exist"
    code, out, err = away.behind.run("apply", "--yes", "--profile", profile)
    assert code == 9
    assert words in out + err
    code, out, _ = away.behind.run("doctor", "--profile", profile)
    assert code == 1
    assert words in out
    code, out, _ = away.behind.run("test", "--explain", "--profile", profile)
    assert "evidence:\n  1. asked the name server" in out
    code, _, err = away.behind.run("send", "--profile", profile, "--to", SENDER, "--subject", "x", "--body", "y")
    assert code == 9
    assert "to have the reason looked for: dtsconf test" in err
