"""Whose word it is where people sign in; and the sender that a sign-in makes known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.errors import Invalid, Variable
from dtsconf.settings.check import require_complete
from dtsconf.settings.effective import origin_of
from dtsconf.settings.keys import KEYS
from dtsconf.settings.microsoft import SMTP_HOSTS, is_authority, is_smtp_host, proof_notices
from dtsconf.settings.nearness import misspelt
from dtsconf.settings.policy import Policy, Rule
from dtsconf.settings.resolve import resolve
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.signed_in import require_person, with_account
from dtsconf.settings.values import Layer, LayerName, Organisation, Value
from tests.unit.machine.world import place

MICROSOFT = {"mode": "microsoft", "microsoft.client_id": "00000000-0000-0000-0000-000000000001"}
OWN = "https://id.acme.example"


def settled(
    values: dict[str, Any], above: dict[str, Any] | None = None, *, layer: LayerName = "environment", **more: Any
) -> Any:
    own = Layer("profile", {key: Value(raw, place(n)) for n, (key, raw) in enumerate(values.items(), 1)})
    rules = more.get("rules", ())
    org = Organisation(
        "acme", own, Policy((), rules), Verify(), SecretsOptions(), (Target(kind="dts"),), None, more.get("expects", ())
    )
    upper = Layer(layer, {key: Value(raw, Variable(KEYS[key].variable)) for key, raw in (above or {}).items()})
    return resolve(org, (upper,))


@pytest.mark.parametrize(
    ("url", "is_microsofts"),
    [
        ("https://login.microsoftonline.com", True),
        ("https://LOGIN.microsoftonline.com/", True),
        ("https://login.microsoftonline.us:443", True),
        ("https://login.partner.microsoftonline.cn", True),
        ("https://login.microsoftonline.com:8443", False),
        ("https://login.microsoftonline.com/elsewhere", False),
        ("https://login.microsoftonline.com.evil.example", False),
        ("https://id.acme.example", False),
    ],
)
def test_microsoft_s_own_sign_in_by_its_whole_address(url: str, is_microsofts: bool) -> None:
    assert is_authority(url) is is_microsofts


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://login.microsoftonline.com/v2.0", "has a path, and Microsoft would take v2.0 for the tenant"),
        ("https://login.microsoftonline.us/acme.example/", "would take acme.example for the tenant"),
        ("https://graph.microsoft.com", "is Microsoft Graph's address, not the sign-in server's"),
        ("https://Outlook.office365.com/", "is Outlook's address"),
    ],
)
def test_what_is_no_sign_in_server_of_microsoft_s_is_exit_3(url: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        settled({**MICROSOFT, "microsoft.authority": url})
    (problem,) = caught.value.problems
    assert (problem.kind, problem.code, problem.key, problem.where) == (
        "no-authority",
        3,
        "microsoft.authority",
        place(3),
    )
    assert words in problem.message
    assert "https://login.microsoftonline." in (problem.hint or "")
    assert settled(
        {**MICROSOFT, "mode": "smtp", "server.host": "h", "sender.email": "a@b.c", "microsoft.authority": url}
    )


@pytest.mark.parametrize("url", ["https://id.acme.example/realms", "https://login.microsoftonline.com/"])
def test_an_own_provider_may_have_a_path(url: str) -> None:
    assert settled({**MICROSOFT, "microsoft.authority": url}).warnings == ()


def test_a_sample_s_client_id_is_a_warning() -> None:
    (notice,) = settled({**MICROSOFT, "microsoft.client_id": "00000000-0000-0000-0000-000000000000"}).warnings
    assert (notice.kind, notice.key, notice.where, notice.strict) == (
        "placeholder",
        "microsoft.client_id",
        place(2),
        0,
    )
    assert settled(MICROSOFT).warnings == ()


@pytest.mark.parametrize("layer", ["environment", "user"])
@pytest.mark.parametrize(
    ("values", "above", "first"),
    [
        (
            MICROSOFT,
            {"mode": "smtp"},
            "mode is smtp here ({layer}, DTS_EMAIL_MODE) in place of the profile's microsoft",
        ),
        (
            MICROSOFT,
            {"microsoft.flow": "application"},
            "microsoft.flow is application here ({layer}, DTS_EMAIL_MICROSOFT",
        ),
        (
            {"server.host": "h", "server.encryption": "tls", "sender.email": "a@b.example"},
            {"login.required": True},
            "login.required is true here ({layer}, DTS_EMAIL_LOGIN__REQUIRED) in place of the default, false",
        ),
    ],
)
def test_what_is_missing_is_asked_for_by_what_stands_in_the_organisation_s_place(
    layer: LayerName, values: dict[str, Any], above: dict[str, Any], first: str
) -> None:
    with pytest.raises(Invalid) as caught:
        settled(values, above, layer=layer)
    for problem in caught.value.problems:
        assert (problem.hint or "").startswith(first.format(layer=layer))
        assert f"; else give {problem.key} in the profile's settings" in (problem.hint or "")
        assert problem.where == Variable(KEYS[next(iter(above))].variable)


def test_what_the_organisation_itself_leaves_out_is_asked_for_plainly() -> None:
    with pytest.raises(Invalid) as caught:
        settled({"mode": "microsoft"}, {"microsoft.flow": "auto"})
    (problem,) = caught.value.problems
    assert (problem.hint or "").startswith("give microsoft.client_id in the profile's settings")


def test_microsoft_s_own_mail_hosts() -> None:
    assert is_smtp_host("SMTP.office365.com.")
    assert not is_smtp_host("smtp.office365.com.evil.example")


@pytest.mark.parametrize("layer", ["environment", "user", "command line"])
@pytest.mark.parametrize(("key", "value"), [("microsoft.authority", OWN), ("microsoft.smtp.host", "mail.acme.example")])
def test_another_provider_or_mail_host_is_the_organisation_s_to_name(layer: LayerName, key: str, value: str) -> None:
    with pytest.raises(Invalid, match="only the organisation's profile may say") as caught:
        settled(MICROSOFT, {key: value}, layer=layer)
    assert caught.value.code == 4
    assert [problem.key for problem in caught.value.problems] == [key]
    assert getattr(settled({**MICROSOFT, key: value}).origin[key], "value") == value  # noqa: B009 - Any without it


@pytest.mark.parametrize(
    "above",
    [
        {"microsoft.authority": "https://login.microsoftonline.us"},
        {"microsoft.smtp.host": "smtp.office365.us"},
        {"microsoft.authority": None},
    ],
)
def test_another_cloud_of_microsoft_s_is_free(above: dict[str, Any]) -> None:
    assert settled(MICROSOFT, above).settings.mode == "microsoft"


@pytest.mark.parametrize(
    ("flow", "verify", "told"),
    [
        ("auto", Verify(pending=()), True),
        ("browser", Verify(pending=("offline",), level="connect"), True),
        ("auto", Verify(), False),
        ("auto", Verify(pending=(), level="none"), False),
        ("application", Verify(pending=()), False),
    ],
)
def test_a_profile_that_no_apply_could_take_is_told_at_validate(flow: str, verify: Verify, told: bool) -> None:
    found = settled({**MICROSOFT, "microsoft.flow": "browser"})
    origin = {**found.origin, "microsoft.flow": replace(found.origin["microsoft.flow"], value=flow)}
    notices = proof_notices(origin, replace(found.org, verify=verify))
    assert [notice.kind for notice in notices] == (["proof-impossible"] if told else [])


def test_what_repeats_the_organisation_s_word_or_is_expected_is_let_be() -> None:
    assert settled({**MICROSOFT, "microsoft.authority": OWN}, {"microsoft.authority": OWN})
    assert settled(MICROSOFT, {"microsoft.authority": OWN}, expects=("microsoft.authority",))


def test_a_ca_file_under_an_application_s_secret_comes_from_the_same_hand() -> None:
    own = {
        **MICROSOFT,
        "microsoft.flow": "application",
        "microsoft.tenant": "acme.example",
        "microsoft.client_secret": "env://X",
        "sender.email": "app@acme.example",
        "server.ca_file": "/etc/dts/ca.pem",
    }
    with pytest.raises(Invalid, match=r"server\.ca_file is changed") as caught:
        settled(own, {"server.ca_file": "/etc/dts/evil.pem"})
    assert caught.value.code == 4


def test_a_rule_on_the_ca_file_holds_in_microsoft_mode() -> None:
    rule = Rule("server.ca_file", "present", True, "the network inspects TLS", place(9))
    with pytest.raises(Invalid, match=r"server\.ca_file"):
        settled(MICROSOFT, rules=(rule,))


GLOB = Rule("sender.email", "matches", "*@acme.example", "replies come back to us", place(7))


def test_the_account_s_address_is_the_sender_where_none_is_set() -> None:
    found = with_account(settled(MICROSOFT, rules=(GLOB,)), "ann@acme.example")
    assert found.settings.sender.email == "ann@acme.example"
    assert found.origin["sender.email"].value == "ann@acme.example"
    assert origin_of(found.origin["sender.email"]) == "the signed-in account's own, since none is set: default"


def test_a_rule_on_the_sender_holds_for_the_account() -> None:
    with pytest.raises(Invalid, match=r"the account that signed in is 'bob@other\.example'") as caught:
        with_account(settled(MICROSOFT, rules=(GLOB,)), "bob@other.example")
    assert caught.value.code == 4
    assert "replies come back to us" in caught.value.message
    assert caught.value.hint == "sign in with an account that fits: dtsconf sign-in"


def test_a_sender_that_the_profile_expects_comes_with_the_sign_in() -> None:
    found = settled(MICROSOFT, expects=("sender.email", "sender.name"))
    assert found.missing == ("sender.email", "sender.name")
    with pytest.raises(Invalid) as caught:
        require_complete(found)
    assert [problem.key for problem in caught.value.problems] == ["sender.name"]


def test_a_sender_that_is_set_stays() -> None:
    own = {**MICROSOFT, "sender.email": "shared@acme.example"}
    assert with_account(settled(own), "ann@acme.example").settings.sender.email == "shared@acme.example"


@pytest.mark.parametrize(
    "values",
    [
        {"server.host": "m.acme.example", "sender.email": "a@acme.example"},
        {
            **MICROSOFT,
            "microsoft.flow": "application",
            "microsoft.tenant": "acme.example",
            "microsoft.client_secret": "env://X",
            "sender.email": "app@acme.example",
        },
    ],
)
def test_where_nobody_has_to_sign_in_that_is_said(values: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="sign in") as caught:
        require_person(settled(values))
    assert caught.value.code == 3


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("smtp.ofice365.com", "smtp.office365.com"),
        ("smtp.office365.con", "smtp.office365.com"),
        ("smtp.office365.com", None),
        ("mail.acme.example", None),
        ("smtp.acme.com", None),
    ],
)
def test_which_server_of_microsofts_was_meant(host: str, meant: str | None) -> None:
    assert misspelt(host, SMTP_HOSTS) == meant
