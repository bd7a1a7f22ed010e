"""What hints say of logging in: what is given already isn't asked for, what the server lacks isn't proposed."""

from __future__ import annotations

import pytest

from dtsconf.mail.facts import Facts

PLAIN = Facts("mail.example", 25325, "none", False, "", "a@b.example", "c@d.example")
NAMED = "--set login.required=true --set login.username=NAME --set login.password=file:///PATH"


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"tls": True}, NAMED),
        ({}, f"--set server.encryption=starttls {NAMED}"),
        ({"starttls": False}, f"--set server.port=587 --set server.encryption=starttls {NAMED}"),
        ({"starttls": False, "port": 587}, f"--set server.port=465 --set server.encryption=tls {NAMED}"),
        ({"tls": True, "spare_login": True}, "--set login.required=true"),
        ({"spare_login": True}, "--set server.encryption=starttls --set login.required=true"),
    ],
)
def test_how_to_log_in(changes: dict[str, object], options: str) -> None:
    assert PLAIN._replace(**changes).to_log_in.removesuffix(" (a file, 0600, that holds the password)") == options  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("c@d.example", "mail.example passes no mail on to other domains, such as d.example"),
        ("x@B.example", ""),
        ("", ""),
    ],
)
def test_a_refused_recipient_elsewhere_may_be_a_matter_of_relaying(recipient: str, words: str) -> None:
    foreign = PLAIN._replace(recipient=recipient).foreign
    assert words in foreign if words else foreign == ""


def test_the_other_form_of_a_user_name_is_proposed() -> None:
    assert PLAIN._replace(username="lab").other_name.endswith("--set login.username=ADDRESS")
    assert PLAIN._replace(username="c").other_name.endswith("--set login.username=ADDRESS"), "not the recipient's"
    assert PLAIN._replace(username="a").other_name.endswith("--set login.username=a@b.example")
    assert PLAIN._replace(username="lab@acme.example").other_name.endswith("before the @, --set login.username=lab")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("lab@acme.example ", "--set login.username=lab@acme.example"),
        (" lab", "--set login.username=lab"),
        ("\u00a0Lab One", "write it without"),
    ],
)
def test_a_blank_around_a_user_name_comes_before_its_other_form(name: str, end: str) -> None:
    assert PLAIN._replace(username=name).other_name == f"the name has a blank at its start or end, {end}"
