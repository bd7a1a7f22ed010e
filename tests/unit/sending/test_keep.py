"""A mail is kept whoever is signed in: with the address that is known, else for whoever sends it."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

import dtsconf
from dtsconf.auth.facts import Facts, facts_path, write
from dtsconf.errors import Invalid
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.mail.compose.message import signed
from dtsconf.queue.held import Queued, read_head
from dtsconf.queue.spool import Spool
from dtsconf.sending.keep import Kept, enqueue
from dtsconf.sending.request import Request
from dtsconf.wiring import Inputs, effective, layout_of
from dtsconf.wiring.identity import places_of, wanted_of

PEOPLE = """\
dtsconf: 1
name: people
settings:
  mode: microsoft
  sender: {name: Perth Lab}
  microsoft: {client_id: 00000000-0000-0000-0000-000000000001, remember_me: true, token_cache: file}
policy:
  rules:
    - {key: sender.email, matches: "*@acme.example"}
verify: {pending: [sign-in]}
"""
REQUEST = Request(("bob@acme.example",), subject="log", text="see the log")


@pytest.fixture
def given(tmp_path: Path) -> Inputs:
    site = tmp_path / "site.yaml"
    site.write_text(PEOPLE, encoding="utf-8")
    return Inputs(str(site), root=str(tmp_path / "root"))


def signed_in(given: Inputs, account: str) -> None:
    """What a sign-in leaves for whoever may not open its tokens: they ended yesterday."""
    name = wanted_of(given, effective(given, user=True)).name
    folder = Path(places_of(given).tokens)
    folder.mkdir(parents=True)
    known = Facts(account, "acme.example", "1", "file", False, time.time() - 86400, True)
    write(facts_path(str(folder), name), known)


def content(given: Inputs, kept: Kept) -> Queued:
    spool = Spool(layout_of(given.root).spool())
    (slot,) = (slot for slot in spool.slots() if slot.id == kept.entry.id)
    entry, _, start, head = read_head(slot.path)
    assert entry == kept.entry
    return Queued(slot.path, start, entry.message_id, entry.size, entry.eight_bit, head)


def test_it_is_from_the_account_whose_sign_in_is_kept(given: Inputs) -> None:
    signed_in(given, "ann@acme.example")
    kept = enqueue(given, REQUEST)
    assert (kept.entry.sender, kept.warnings) == ("ann@acme.example", ())
    assert kept.entry.message_id.endswith("@acme.example>")
    assert b"From: Perth Lab <ann@acme.example>\r\n" in b"".join(content(given, kept).chunks())


def test_where_nobody_is_signed_in_the_sender_stays_open(given: Inputs) -> None:
    kept = enqueue(given, REQUEST)
    assert kept.entry.sender == ""
    assert [(notice.kind, notice.hint) for notice in kept.warnings] == [("sign-in", "dtsconf sign-in")]
    found = content(given, kept)
    assert b"From:" not in b"".join(found.chunks())
    whole = signed(found, Mailbox("Perth Lab", "ann@acme.example"))
    data = b"".join(whole.chunks())
    assert (whole.message_id, whole.size, whole.eight_bit) == (kept.entry.message_id, len(data), False)
    mail = message_from_bytes(data, policy=default)
    assert (mail["From"], mail["Message-ID"]) == ("Perth Lab <ann@acme.example>", kept.entry.message_id)
    assert (mail["To"], mail["Subject"], mail.get_content().strip()) == ("bob@acme.example", "log", "see the log")
    assert not mail.defects
    assert signed(found, Mailbox(None, "änn@acme.example")).eight_bit


def test_a_sign_in_that_would_not_last_till_then_is_not_proposed(given: Inputs, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(PEOPLE.replace(", remember_me: true, token_cache: file", ""), encoding="utf-8")
    (notice,) = enqueue(given, REQUEST).warnings
    assert "a sign-in ends with its command here: dtsconf test tells what keeps one" in str(notice.hint)


def test_what_is_no_address_is_nobodys(given: Inputs) -> None:
    signed_in(given, "ann")
    assert enqueue(given, REQUEST).entry.sender == ""


def test_a_rule_on_the_sender_holds_at_once_for_an_account_that_is_known(given: Inputs) -> None:
    signed_in(given, "ann@else.example")
    with pytest.raises(Invalid, match=r"the account that signed in is 'ann@else\.example'"):
        enqueue(given, REQUEST)


def test_the_function_keeps_it_too(given: Inputs) -> None:
    sent = dtsconf.send("bob@acme.example", "log", "x", queue=True, profile=given.profile, root=given.root)
    assert sent.queued is not None
    assert "@" in sent.message_id


def test_each_mail_is_from_the_sender_of_its_own_settings(given: Inputs) -> None:
    loaded = [
        dtsconf.load(profile=given.profile, overrides={"sender.email": f"{who}@acme.example"}, root=given.root)
        for who in ("ann", "bob")
    ]
    senders = [enqueue(given, REQUEST, effective=loaded[turn]).entry.sender for turn in (0, 0, 1, 0)]
    assert senders == ["ann@acme.example", "ann@acme.example", "bob@acme.example", "ann@acme.example"]


def test_a_sign_in_between_two_mails_counts_for_the_second(given: Inputs) -> None:
    loaded = dtsconf.load(profile=given.profile, root=given.root)
    assert enqueue(given, REQUEST, effective=loaded).entry.sender == ""
    signed_in(given, "ann@acme.example")
    assert enqueue(given, REQUEST, effective=loaded).entry.sender == "ann@acme.example"
