"""Microsoft mode via Graph, the installed program: an application signs in at a real provider, whose discovery document
names our Graph; test, apply, send and the queue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.real.graph import GraphServer, graph_server
from tests.real.graph_faults import Fault, Kind
from tests.real.identity.host import IdentityHost
from tests.real.identity.tenant import MAILBOX, Tenant
from tests.real.proxy import proxy
from tests.scenarios.harness import Machine

pytestmark = pytest.mark.servers

SEND = ("send", "--to", "ann@acme.example", "--bcc", "bob@acme.example", "--subject", "Run 12", "--body", "done")


@pytest.fixture
def tenant(identity: IdentityHost, graph: GraphServer) -> Tenant:
    return identity.tenant(discovery={"msgraph_host": graph.host})


def profile(machine: Machine, tenant: Tenant, **parts: Any) -> str:
    """An application that sends from MAILBOX by Graph."""
    client = tenant.by_secret
    assert client.secret is not None
    microsoft = {
        "authority": tenant.origin,
        "tenant": tenant.id,
        "client_id": client.client_id,
        "flow": "application",
        "client_secret": machine.secret_file(client.secret),
        "via": "graph",
        **parts.pop("microsoft", {}),
    }
    settings = {"mode": "microsoft", "sender": {"email": MAILBOX, "name": "Perth Lab"}, "microsoft": microsoft}
    settings |= {"server": {"ca_file": tenant.ca_file}, "login": {"required": False}}
    settings["connection"] = parts.pop("connection", {})
    whole = {"verify": {"level": "send", "to": "mailcheck@acme.example", "retries": 0}, **parts}
    return machine.profile(settings=settings, **whole)


def secrets_of(graph: GraphServer) -> list[str]:
    """The tokens that the server saw, and the addresses of its uploads."""
    tokens = {seen["Authorization"].removeprefix("Bearer ") for seen in graph.seen if "Authorization" in seen}
    assert tokens
    return [*tokens, "canary-upload"]


def nothing_secret(machine: Machine, graph: GraphServer, *texts: str) -> None:
    for secret in secrets_of(graph):
        assert all(secret not in text for text in texts)
        assert all(secret.encode() not in data for data in machine.files().values())


def test_test_settings(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    result = machine.run("test", "--profile", profile(machine, tenant), "--json").ok()
    assert [stage["stage"] for stage in result.json["stages"]] == [
        "resolve", "connect", "tls", "token", "request", "accepted",
    ]  # fmt: skip
    (mail,) = graph.mails
    assert mail.mailbox == MAILBOX
    assert mail.recipients == ["mailcheck@acme.example"]
    assert mail.message["Message-ID"] == result.json["message_id"]
    nothing_secret(machine, graph, result.text)


@pytest.mark.parametrize(("level", "asked"), [("connect", []), ("auth", []), ("envelope", ["sendMail"])])
def test_levels_below_send_send_nothing(
    machine: Machine, tenant: Tenant, graph: GraphServer, level: str, asked: list[str]
) -> None:
    machine.run("test", "--profile", profile(machine, tenant), "--level", level).ok()
    assert graph.asked == asked
    assert graph.mails == []


def test_apply_then_send_small_large_and_queued(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    machine.apply(profile(machine, tenant)).ok()
    assert len(graph.mails) == 1
    assert machine.run("status", "--json").ok().json["proof"]["state"] == "verified"
    graph.mails.clear()

    small = machine.run(*SEND, "--json").ok()
    assert [one["address"] for one in small.json["recipients"]] == ["ann@acme.example", "bob@acme.example"]
    assert graph.mails[0].recipients == ["ann@acme.example", "bob@acme.example"]
    assert graph.mails[0].message["From"] == f"Perth Lab <{MAILBOX}>"

    log = machine.write("big.log", b"a line of a log\n" * 400_000)
    graph.faults = [Fault("swallow", "piece")]
    large = machine.run(*SEND, "--attach", str(log)).ok()
    assert graph.mails[1].attached[0].size == log.stat().st_size
    assert graph.drafts == {}

    machine.run(*SEND, "--attach", str(log), "--queue").ok()
    queued = machine.run("queue", "run").ok()
    assert graph.mails[2].attached[0].sha256 == graph.mails[1].attached[0].sha256
    assert machine.run("queue", "list", "--json").ok().json["messages"] == []
    nothing_secret(machine, graph, small.text, large.text, queued.text)


def test_what_graph_refuses_leaves_the_machine_as_it_was(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    graph.faults = [Fault("refuse", "sendMail", 403, "ErrorSendAsDenied", "You do not have permission.")]
    result = machine.apply(profile(machine, tenant)).fails(6)
    assert "ErrorSendAsDenied" in result.text
    assert f"Get-Mailbox {MAILBOX}" in result.text
    assert not machine.config.exists()
    nothing_secret(machine, graph, result.text)


def test_a_large_queued_mail_that_lacks_a_right_of_its_own_holds_up_no_small_one(
    machine: Machine, tenant: Tenant, graph: GraphServer
) -> None:
    machine.apply(profile(machine, tenant)).ok()
    log = machine.write("big.log", b"a line of a log\n" * 400_000)
    machine.run(*SEND, "--attach", str(log), "--queue").ok()
    machine.run(*SEND, "--queue").ok()
    graph.mails.clear()
    graph.faults = [Fault("refuse", "createUploadSession", 403, "ErrorAccessDenied", "Access is denied.")]
    told = machine.run("queue", "run").ok()
    assert "1 sent, 1 deferred" in told.text
    assert "mail over 3 MB goes by a draft, which needs Mail.ReadWrite besides Mail.Send" in told.text
    assert [mail.attached for mail in graph.mails] == [[]]


def test_what_graph_refuses_of_a_queued_mail(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    """A recipient that is wrong stays wrong; a busy service is asked again."""
    machine.apply(profile(machine, tenant, verify={"level": "none"})).ok()
    graph.faults = [Fault("refuse", "sendMail", 400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")]
    machine.run(*SEND, "--queue").ok()
    machine.run("queue", "run").fails(1)
    assert [one["state"] for one in machine.run("queue", "list", "--json").json["messages"]] == ["failed"]
    graph.faults = [Fault("refuse", "sendMail", 500, "ErrorInternalServerError", "An error.")]
    machine.run(*SEND, "--queue").ok()
    machine.run("queue", "run")
    states = sorted(one["state"] for one in machine.run("queue", "list", "--json").json["messages"])
    assert states == ["deferred", "failed"]


def test_an_unknown_outcome_is_told_and_not_sent_again(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    machine.apply(profile(machine, tenant, verify={"level": "none"})).ok()
    graph.faults = [Fault("swallow", "sendMail")]
    result = machine.run(*SEND, "--json")
    assert result.code == 6
    assert {one["detail"] for one in result.json["recipients"]} != {""}
    assert "outcome-unknown" in result.text
    assert len(graph.mails) == 1


def test_a_challenge_is_answered_by_the_application_itself(
    machine: Machine, tenant: Tenant, graph: GraphServer
) -> None:
    graph.faults = [Fault("claims", "sendMail")]
    machine.run("test", "--profile", profile(machine, tenant)).ok()
    refused, fresh = (seen["Authorization"] for seen in graph.seen)
    assert refused != fresh
    assert tenant.asked() == ["client_credentials"] * 2


@pytest.mark.parametrize("kind", ["silent", "drip", "huge", "half", "greeting"])
def test_a_graph_that_lies_is_bounded(machine: Machine, tenant: Tenant, graph: GraphServer, kind: Kind) -> None:
    graph.faults = [Fault(kind, "sendMail", times=5)]
    given = profile(machine, tenant, connection={"timeout": 1}, verify={"level": "send", "retries": 3})
    told = machine.run("test", "--profile", given, "--json").fails(6)
    assert told.json["stages"][-1]["cause"] == "outcome-unknown"
    assert told.json["stages"][-1]["hint"].startswith("look into Sent Items, or the mailbox of "), told.text
    assert graph.asked == ["sendMail"]
    nothing_secret(machine, graph, told.text)


def test_doctor_looks_at_graph(machine: Machine, tenant: Tenant, graph: GraphServer) -> None:
    machine.apply(profile(machine, tenant, verify={"level": "none"})).ok()
    told = machine.run("doctor")
    assert "Microsoft Graph" in told.stdout
    assert "TLSv1.3" in told.stdout
    assert graph.asked == []


def test_a_provider_that_names_no_graph(machine: Machine, identity: IdentityHost) -> None:
    result = machine.run("test", "--profile", profile(machine, identity.tenant())).fails(9)
    assert "names no Microsoft Graph (msgraph_host)" in result.text
    assert "microsoft.via: smtp" in result.text


def test_by_way_of_a_proxy(machine: Machine, identity: IdentityHost, graph: GraphServer) -> None:
    """Provider and Graph alike, and the name that no name server knows is the proxy's to find."""
    graph_host = graph.host.replace("127.0.0.1", "mail.corp.example")
    tenant = identity.tenant(discovery={"msgraph_host": graph_host})
    with proxy() as way:
        given = profile(machine, tenant, connection={"proxy": way.url})
        result = machine.run("test", "--profile", given, "--json").ok()
        assert graph_host in way.asked
        assert tenant.origin.removeprefix("https://") in way.asked
    assert "by way of the proxy" in result.json["stages"][1]["detail"]
    assert len(graph.mails) == 1


def test_nobody_answers_there(machine: Machine, identity: IdentityHost) -> None:
    with graph_server(identity.mail.certificates) as gone:
        tenant = identity.tenant(discovery={"msgraph_host": gone.host})
    result = machine.run("test", "--profile", profile(machine, tenant), "--json").fails(9)
    assert result.json["stages"][-1]["cause"] == "refused"


@pytest.mark.parametrize("options", [("--explain",), ("--transcript", "talk.txt")])
def test_a_failed_test_can_be_looked_into(
    machine: Machine, tenant: Tenant, graph: GraphServer, options: tuple[str, ...]
) -> None:
    graph.faults = [Fault("refuse", "sendMail", 403, "ErrorAccessDenied", "Access is denied.")]
    result = machine.run("test", "--profile", profile(machine, tenant), *options).fails(6)
    assert "Access is denied." in result.text
    nothing_secret(machine, graph, result.text)
    if "--transcript" in options:
        told = (machine.work / "talk.txt").read_text("utf-8")
        assert f"C: POST {graph.url}/v1.0/users/dts%40corp.example/sendMail (" in told
        assert "S: 403 ErrorAccessDenied: Access is denied." in told
        assert "server Microsoft Graph" in told


def test_there_are_no_other_ports_to_try(machine: Machine, tenant: Tenant) -> None:
    told = machine.run("test", "--profile", profile(machine, tenant), "--probe").fails(3)
    assert "microsoft.via is graph" in told.text
