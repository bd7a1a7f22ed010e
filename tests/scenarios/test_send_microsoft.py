"""send in microsoft mode: by the token of whoever signed in, from the account's own address; nobody signed in is told."""

from __future__ import annotations

import pytest

from tests.real.identity.tenant import MAILBOX
from tests.scenarios.office import ALICE, Office

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]


def test_from_the_account_that_signed_in(here: Office) -> None:
    profile = here.profile(flow="browser")
    here.run("apply", "--yes", "--profile", profile).ok()
    here.at_terminal("sign-in").ok()
    log = here.machine.write("größe.log", bytes(range(256)) * 300)
    to, cc, bcc = (here.identity.mail.fresh_recipient() for _ in range(3))
    words = ["--to", to, "--cc", cc, "--bcc", bcc, "--subject", "größer", "--html", "<p>hi", "--attach", "*.log"]
    sent = here.run("send", *words, "--json").ok().json
    assert [one["ok"] for one in sent["recipients"]] == [True] * 3
    for recipient in (to, cc, bcc):
        mail = here.identity.mail.wait_for_mail(recipient, message_id=sent["message_id"])
        assert mail["From"].addresses[0].addr_spec == ALICE
        assert mail["Subject"] == "größer"
        assert bcc not in str([value for name, value in mail.items() if name in {"To", "Cc", "Bcc"}])
        (part,) = mail.iter_attachments()
        assert (part.get_filename(), part.get_payload(decode=True)) == ("größe.log", log.read_bytes())


def test_nobody_has_signed_in(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser")).ok()
    told = here.run("send", "--to", here.to, "--body", "x", "--json").fails(6)
    assert "dtsconf sign-in" in str(told.problems[0]["hint"])
    assert here.identity.mail.mails(here.to) == []


def test_a_queued_mail_asks_nobody_and_goes_from_whoever_signs_in(here: Office) -> None:
    here.run("apply", "--yes", "--profile", here.profile(flow="browser", sender={"name": "Perth Lab"})).ok()
    first, second = here.identity.mail.fresh_recipient(), here.identity.mail.fresh_recipient()
    kept = here.run("send", "--queue", "--to", first, "--body", "x").ok()
    assert "nobody is signed in: the mail is kept" in kept.stderr
    told = here.run("queue", "run", "--json").fails(6)
    assert "dtsconf sign-in" in str(told.problems[0]["hint"])
    (waits,) = here.run("queue", "list", "--json").ok().json["messages"]
    assert (waits["state"], waits["attempts"], waits["message_id"]) == ("queued", 0, kept.stdout.strip())
    assert waits["detail"].startswith("nobody is signed in to ")
    assert "0 attempts: nobody is signed in to " in here.run("queue", "list").ok().stdout

    here.at_terminal("sign-in").ok()
    known = here.run("send", "--queue", "--to", second, "--body", "y").ok()
    assert known.stderr.startswith("queued as ")
    assert here.tenant.asked() == ["authorization_code"], "nobody is asked for a mail that is kept"
    assert here.run("queue", "run", "--json").ok().json["sent"] == 2
    for recipient, result in ((first, kept), (second, known)):
        mail = here.identity.mail.wait_for_mail(recipient, message_id=result.stdout.strip())
        assert (mail["From"].addresses[0].addr_spec, mail["From"].addresses[0].display_name) == (ALICE, "Perth Lab")
    assert here.run("queue", "list", "--json").ok().json["messages"] == []


def test_an_application_needs_nobody(here: Office) -> None:
    secret = here.machine.secret_file(here.tenant.by_secret.secret or "")
    profile = here.application("client_secret", secret)
    here.run("apply", "--yes", "--profile", profile).ok()
    to = here.identity.mail.fresh_recipient()
    sent = here.run("send", "--to", to, "--body", "x", "--json").ok().json
    assert here.identity.mail.wait_for_mail(to, message_id=sent["message_id"])["From"].addresses[0].addr_spec == MAILBOX
