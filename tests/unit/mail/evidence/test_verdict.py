"""Who is to blame for a failed connection: from what the looks saw to the sentence and the hint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dtsconf.looks import attempt, hosts, hostsfile, surroundings
from dtsconf.looks.answers import Answer
from dtsconf.looks.attempt import Again, Knock
from dtsconf.looks.case import Goal
from dtsconf.looks.counters import Moved
from dtsconf.looks.findings import Place, Ports, Seen, Way, WayKind, rows
from dtsconf.looks.hosts import Entry
from dtsconf.looks.portal import Page
from dtsconf.mail.evidence.verdict import verdict
from dtsconf.net.connect import Address

GOAL = Goal("mail.acme.example", 587, "the mail server", "server.host", other_ports=True)
PLACE = Place(GOAL, GOAL.host, "192.0.2.1", "198.51.100.7")
OUT = "let this machine (198.51.100.7) out to mail.acme.example (192.0.2.1), TCP port 587"
IN = "whether its firewall lets this machine (198.51.100.7) in to mail.acme.example (192.0.2.1), TCP port 587"
SILENT, REFUSED, OPEN, NO_WAY = Knock("timeout", 2000), Knock("refused", 1), Knock("open", 1), Knock("no-route", 1)


def unsure(knock: Knock) -> Again:
    return attempt.judged(knock, Moved(), here=False)


def seen(cause: str, knock: Knock = SILENT, **more: object) -> Seen:
    whole = {"ports": Ports("all silent"), **more}
    return Seen(PLACE, cause, 2.0, unsure(knock), Way("open"), **whole)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("met", "rose", "by", "words"),
    [
        ("timeout", Moved(kept_back=2), "own-out", "own firewall drops it: the packets never left"),
        ("timeout-left", Moved(kept_back=2), "unknown", "something after this machine"),
        ("timeout-left", Moved(kept_out=2), "own-in", "own firewall drops the answers"),
        ("timeout-left", Moved(kept_out=1), "unknown", "something after this machine"),
        ("timeout", Moved(), "unknown", "something after this machine"),
        ("refused", Moved(refused_here=1, refused_there=1), "own-out", "own firewall rejects"),
        ("refused", Moved(refused_there=1), "elsewhere", "a firewall on the way or on the host"),
        ("refused", Moved(sent=2, looped=1), "own-out", "own firewall rejects"),
        ("refused", Moved(sent=1, looped=1), "unknown", "nothing listens on that port, or a firewall resets it"),
        ("refused", Moved(sent=2), "unknown", "nothing listens on that port, or a firewall resets it"),
        ("no-route", Moved(refused_there=1), "elsewhere", "a firewall on the way or on the host"),
        ("open", Moved(), "unknown", "comes and goes"),
        ("blocked", Moved(), "unknown", "the same each time"),
    ],
)
def test_what_an_attempt_under_the_counters_means(met: str, rose: Moved, by: str, words: str) -> None:
    knock = Knock(met.removesuffix("-left"), 1, left=met.endswith("-left"))
    again = attempt.judged(knock, rose, here=False)
    assert again.by == by
    assert words in again.means


def test_a_program_of_this_machine_is_no_firewall() -> None:
    assert attempt.judged(SILENT, Moved(untaken=1), here=True).by == "program"
    assert attempt.judged(SILENT, Moved(untaken=1), here=False).by == "unknown"
    assert attempt.judged(REFUSED, Moved(sent=2, looped=2), here=True).by == "unknown"


SERVER, WEB = {443: OPEN, 993: OPEN, 22: SILENT}, {80: OPEN, 443: SILENT}


@pytest.mark.parametrize(
    ("what", "told", "hint"),
    [
        (seen("timeout", services=SERVER), "a firewall drops outgoing mail, or it is for reading mail alone", OUT),
        (
            seen("timeout", services=WEB),
            "a firewall drops outgoing mail, or it is no mail server",
            "--set server.host=",
        ),
        (
            seen("refused", REFUSED, services=SERVER),
            "a firewall refuses outgoing mail, or it is for reading mail alone",
            OUT,
        ),
        (seen("refused", REFUSED, services={80: SILENT}), "or a firewall refuses mail", OUT),
        (seen("timeout", gateway={587: REFUSED}), "this machine's network is up: it is off, or a firewall", IN),
        (seen("timeout", gateway={587: SILENT}), "own firewall may drop the answers", "established connections"),
        (seen("timeout"), "", IN),
        (seen("timeout", ports=Ports("", (465,))), "a firewall on the way or on the host drops just this port", OUT),
        (seen("no-route", NO_WAY, services={22: OPEN}), "a firewall forbids port 587", OUT),
        (seen("no-route", NO_WAY), "said no at once", OUT),
    ],
)
def test_others_are_named_with_what_to_ask_them(what: Seen, told: str, hint: str) -> None:
    sentence, advice = verdict(what)
    assert told in (sentence or "")
    assert hint in (advice or "")
    assert "own network up" not in (advice or "")


def test_a_refusal_that_took_long_is_a_host_that_is_off() -> None:
    sentence, hint = verdict(replace(seen("no-route"), ms=3053.0))
    assert "nobody answered: it is off, or has another address" in str(sentence)
    assert str(hint).startswith("this machine's network is fine: ask who runs mail.acme.example whether it is on")
    near = replace(seen("no-route"), way=Way("no-neighbour", "", "no machine there has it"))
    assert verdict(near)[0] == "no machine there has it"
    assert "on and plugged in" in str(verdict(near)[1])


def test_this_machine_itself_comes_first() -> None:
    ports = Ports("port 465 works", (465,), True, "use the way that works")
    found = replace(seen("timeout", ports=ports), again=Again(SILENT, "own-out", "", "it never left"))
    assert "allow outgoing TCP to mail.acme.example port 587" in str(verdict(found)[1])
    assert "only port 587 is stopped" in rows(found)[-1].means
    inwards = replace(found, again=unsure(Knock("timeout", 1, left=True)), loopback=SILENT)
    assert "coming in" in str(verdict(inwards)[1])
    assert "not the network" in rows(inwards)[0].means
    away = replace(seen("no-route", NO_WAY), way=Way("none", "", "no way there"))
    assert "bring this machine's network up" in str(verdict(away)[1])


@pytest.mark.parametrize("kind", ["other-family", "no-default", "no-gateway"])
@pytest.mark.parametrize("cause", ["no-route", "timeout"])
def test_a_way_that_this_machine_lacks_is_told_with_whom_to_ask(kind: WayKind, cause: str) -> None:
    found = replace(seen(cause), ms=3053.0, way=Way(kind, "", "this is what lacks", "ask for it"))
    assert verdict(found) == ("this is what lacks", "ask for it, then dtsconf test again")
    assert found.own_fault


@pytest.mark.parametrize("kind", ["no-neighbour", "no-gateway"])
def test_the_refusal_of_a_machine_that_finds_no_next_one_is_no_firewalls(kind: WayKind) -> None:
    again = attempt.judged(NO_WAY, Moved(refused_here=1), here=False)
    found = replace(seen("timeout"), again=again, way=Way(kind, "", "nobody has it", "ask for it"))
    assert verdict(found)[0] == "nobody has it"
    assert "found none" in rows(found)[0].means
    assert verdict(replace(found, way=Way("open")))[0] == again.means


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_a_name_server_that_blocks_a_name(address: str) -> None:
    told, hint = verdict(seen("refused", REFUSED, answer=Answer("192.0.2.53", address)))
    assert told == (
        f"the name server 192.0.2.53 answers {address} for mail.acme.example, which is no server: a DNS filter blocks"
        " this name"
    )
    assert str(hint).startswith("ask who runs the name server 192.0.2.53")
    assert surroundings.is_here(Address(10 if ":" in address else 2, (address, 587)))


def test_a_name_server_that_leads_to_this_machine() -> None:
    told, hint = verdict(replace(seen("refused", REFUSED, answer=Answer("192.0.2.53", "127.0.0.1")), way=Way("here")))
    assert "192.0.2.53 answers 127.0.0.1 for mail.acme.example, which is this machine itself" in str(told)
    assert str(hint).startswith("tell who runs the name server 192.0.2.53: mail.acme.example has to have")


@pytest.mark.parametrize(
    ("port", "ports", "words"),
    [
        (
            25,
            Ports("", (587, 465), refusing=(587, 465)),
            "port 25 is silent and port 587 of the same host refuses: likely",
        ),
        (25, Ports("", (587, 465), refusing=(587,)), "port 25 is silent and port 465 of the same host answers: likely"),
        (
            587,
            Ports("", (465,), refusing=(465,)),
            "port 587 is silent and port 465 of the same host refuses: a firewall",
        ),
    ],
)
def test_a_port_that_refuses_is_not_said_to_answer(port: int, ports: Ports, words: str) -> None:
    told, hint = verdict(replace(seen("timeout", ports=ports), place=replace(PLACE, goal=replace(GOAL, port=port))))
    assert str(told).startswith(words)
    assert ("blocks port 25" in str(told)) == ("other than 25" in str(hint)) == (port == 25)


KEPT = Again(Knock("timeout", 2000, left=True), "own-in", "", "own firewall drops the answers")


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, True),
        ({"services": {443: SILENT}, "gateway": {587: SILENT, 443: SILENT}}, True),
        ({"services": {443: OPEN}, "loopback": SILENT}, True),
        ({"services": {443: OPEN}, "gateway": {587: SILENT, 443: REFUSED}}, True),
        ({"services": {443: OPEN}, "gateway": {587: SILENT, 443: SILENT}}, False),
        ({"gateway": {587: REFUSED}}, False),
        ({"ports": Ports("", (465,))}, False),
    ],
)
def test_what_came_in_meanwhile_may_have_been_for_others(more: dict[str, object], own: bool) -> None:
    found = replace(seen("timeout", SILENT, **more), again=KEPT)
    assert found.own_fault == own
    assert ("coming in" in str(verdict(found)[1])) == own
    assert ("own firewall" in str(verdict(found)[0])) == own
    assert ("was not for this attempt" in rows(found)[0].means) != own


def test_this_machine_is_not_let_out_to_itself() -> None:
    told, hint = verdict(replace(seen("timeout"), way=Way("here", "", "x is this machine itself")))
    assert "x is this machine itself, and its own firewall drops this port" in str(told)
    assert str(hint).startswith("allow TCP to mail.acme.example port 587 in this machine's own firewall")


@pytest.mark.parametrize("key", ["microsoft.smtp.host", "server.host"])
def test_microsofts_own_server_is_not_doubted(key: str) -> None:
    """By token mail can go by Graph; with a password it can't."""
    goal = replace(GOAL, host="smtp.office365.com", host_key=key)
    told, hint = verdict(replace(seen("timeout"), place=replace(PLACE, goal=goal, host=goal.host)))
    assert "a firewall keeps outgoing mail" in str(told)
    assert str(hint).startswith("ask who runs the network's firewall")
    assert ("--set microsoft.via=graph" in str(hint)) == (key == "microsoft.smtp.host")
    assert "ask who runs smtp.office365.com" not in str(hint)


def test_a_place_that_was_proven_is_not_doubted() -> None:
    found = replace(
        seen("timeout", services=WEB), place=replace(PLACE, goal=replace(GOAL, proven="2026-11-20 08:00 UTC"))
    )
    hint = str(verdict(found)[1])
    assert hint.startswith("mail.acme.example port 587 was proven from this machine on 2026-11-20")
    assert "--set" not in hint


def test_a_page_that_has_moved_for_good_is_no_sign_in_page() -> None:
    page = Page("status 302, sent on to http://login.guest.example/", "http://login.guest.example/")
    assert "open http://login.guest.example/ in a web browser" in str(verdict(seen("timeout", page=page))[1])
    moved = replace(page, moved=True)
    assert "web browser" not in str(verdict(seen("timeout", services=WEB, page=moved))[1])


@pytest.mark.parametrize(
    ("entry", "told", "hint"),
    [
        (Entry("/etc/hosts", 3, "192.0.2.9", ("192.0.2.1",), opens=True), "the DNS says 192.0.2.1", "out of line 3 of"),
        (Entry("/etc/hosts", 3, "127.0.1.1", ("192.0.2.1",), here=True), "this machine itself", "out of line 3 of"),
        (Entry("/etc/hosts", 3, "127.0.1.1", here=True), "this machine itself", "in place of 127.0.1.1 into line 3"),
    ],
)
def test_a_line_of_the_hosts_file_that_misleads(entry: Entry, told: str, hint: str) -> None:
    sentence, advice = verdict(seen("refused", REFUSED, entry=entry))
    assert told in str(sentence)
    assert hint in str(advice)


def test_a_line_of_the_hosts_file_that_leads_nowhere_better_is_no_reason() -> None:
    entry = Entry("/etc/hosts", 3, "192.0.2.9", ("192.0.2.1",))
    assert "every mail port refuses" in str(verdict(seen("refused", REFUSED, entry=entry))[0])
    assert hosts.row(entry, PLACE.host, 587).means == "the hosts file leads elsewhere than the DNS does"
    assert "not asked" in hosts.row(replace(entry, dns=()), PLACE.host, 587).means


def test_lines_of_the_hosts_file(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n# 192.0.2.8 mail.acme.example\n192.0.2.9\tx Mail.Acme.example # old\n")
    assert hostsfile.lines_of("mail.acme.example", str(path)) == [(3, "192.0.2.9")]
    assert hostsfile.lines_of("mail.acme.example", str(tmp_path / "none")) == []


def test_only_tools_that_are_there_are_named() -> None:
    assert surroundings.tool("no-such-program-here --list", "sh -c true") == "sh -c true"
    assert surroundings.tool("no-such-program-here") is None


def test_who_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    for text, maker in (
        ("# Generated by NetworkManager\nnameserver 192.0.2.1\n", "NetworkManager"),
        ("# This is /run/systemd/resolve/resolv.conf managed by man:systemd-resolved(8).\n", "systemd-resolved"),
        ("nameserver 192.0.2.1\n", None),
    ):
        path.write_text(text)
        assert surroundings.written_by(str(path)) == maker


ROUTES_6 = [
    "20010db8000000000000000000000000 40 " + "0" * 32 + " 00 " + "0" * 32 + " 00000100 1 0 1 cable",
    "0" * 32 + " 00 " + "0" * 32 + " 00 20010db8000000000000000000000001 00000400 1 0 3 cable",
    "short line",
]


def test_ipv6_in_this_machines_own_network() -> None:
    assert surroundings.near_in_6(ROUTES_6, "2001:db8::99")
    assert not surroundings.near_in_6(ROUTES_6, "2001:db9::99")
    assert not surroundings.near_in_6([], "2001:db8::99")
    assert surroundings.near_6(ROUTES_6) == ["2001:db8::/64"]
