"""Microsoft mode via Graph for people: apply by root owes the proof, each user's sign-in pays it, mail goes from their own
mailbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real.graph import GraphServer
from tests.real.graph_faults import Fault
from tests.real.identity.browser import Browser
from tests.real.identity.host import IdentityHost
from tests.scenarios.harness import Machine
from tests.scenarios.office import ALICE, Office, office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


@pytest.fixture
def here(machine: Machine, identity: IdentityHost, browser: Browser, graph: GraphServer) -> Iterator[Office]:
    with office(machine, identity, browser, discovery={"msgraph_host": graph.host}) as made:
        yield made
        made.searched(allowed=(".tokens",))


def test_from_apply_to_a_mail_of_ones_own(here: Office, graph: GraphServer) -> None:
    profile = here.profile(flow="browser", via="graph")
    applied = here.run("apply", "--yes", "--profile", profile, "--json").ok().json["verification"]
    assert applied["pending"] == "sign-in"
    assert [stage["stage"] for stage in applied["stages"]] == ["resolve", "connect", "tls"]
    assert graph.asked == []

    told = here.at_terminal("sign-in").ok()
    assert "proven for dtsconf" in told.text
    (mail,) = graph.mails
    assert (mail.mailbox, mail.message["From"], mail.recipients) == ("me", ALICE, [here.to])
    proof = here.run("status", "--json").ok().json["proof"]
    assert (proof["state"], proof["level"]) == ("verified", "send")

    log = here.machine.write("big.log", b"a line of a log\n" * 300_000)
    here.run("send", "--to", here.to, "--subject", "Run 12", "--body", "done", "--attach", str(log)).ok()
    assert graph.mails[1].mailbox == "me"
    assert graph.mails[1].attached[0].size == log.stat().st_size
    assert here.tenant.asked() == ["authorization_code"], "a token that is held is asked for once"


def test_a_challenge_is_answered_without_the_person(here: Office, graph: GraphServer) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", via="graph")).ok()
    here.at_terminal("sign-in").ok()
    graph.faults = [Fault("claims", "sendMail")]
    here.run("test").ok()
    first, refused, fresh = (seen["Authorization"] for seen in graph.seen)
    assert first == refused != fresh
    assert here.tenant.asked() == ["authorization_code", "refresh_token"]


def test_a_challenge_that_only_the_person_could_answer(here: Office, graph: GraphServer) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", via="graph")).ok()
    here.at_terminal("sign-in").ok()
    here.tenant.withdraw_refresh()
    graph.faults = [Fault("claims", "sendMail")]
    told = here.run("test", "--json").fails(6)
    assert told.json["stages"][-1]["cause"] == "token"
    assert "dtsconf sign-in" in told.problems[0]["hint"]
    assert len(graph.mails) == 1
