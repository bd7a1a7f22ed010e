"""What can't work, what is unusual, and where cleartext logins may be allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.errors import Invalid, Notice
from dtsconf.settings.check import APPLICATION_SECRETS, idle_secret
from dtsconf.settings.resolve import resolve, review
from dtsconf.settings.sections import SecretsOptions, VaultAuth, VaultOptions
from dtsconf.settings.targeting import FRESH_TOKEN, undeliverable
from tests.unit.settings.layers import APPLICATION, LOGIN, WORKING, layer, organisation, place, rule


def warned(values: dict[str, Any]) -> tuple[Notice, ...]:
    return resolve(organisation(values)).warnings


# What can't work


def test_a_login_without_tls_is_exit_3_with_both_places() -> None:
    with pytest.raises(Invalid) as caught:
        resolve(organisation({**LOGIN, "server.encryption": "none"}))
    (problem,) = caught.value.problems
    assert (caught.value.code, problem.kind) == (3, "cleartext-login")
    assert "acme.yaml:2:3" in problem.message
    assert "acme.yaml:4:3" in problem.message


def test_a_login_without_tls_works_if_the_profile_says_so_and_is_a_warning() -> None:
    (notice,) = warned({**LOGIN, "server.encryption": "none", "server.allow_cleartext_login": True})
    assert (notice.kind, notice.strict) == ("cleartext-login", 0)


@pytest.mark.parametrize("encryption", ["tls", "starttls", "auto"])
def test_a_login_with_tls_works(encryption: str) -> None:
    assert warned({**LOGIN, "server.encryption": encryption}) == ()


def test_a_parent_that_leaves_the_encryption_to_its_children_is_fine() -> None:
    values = {key: raw for key, raw in LOGIN.items() if key != "server.encryption"}
    assert review(organisation(values), complete=False).problems == ()
    assert [p.kind for p in review(organisation({**values, "server.encryption": "none"}), complete=False).problems] == [
        "cleartext-login"
    ]


@pytest.mark.parametrize("name", ["environment", "user", "command line"])
@pytest.mark.parametrize("value", [True, False, None])
@pytest.mark.parametrize("locks", [[], ["server"]])
def test_cleartext_logins_are_allowed_by_the_organisation_alone(name: Any, value: object, locks: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        resolve(organisation(locks=locks), [layer(name, {"server.allow_cleartext_login": value})])
    assert caught.value.code == 4
    assert "cleartext-not-yours" in {problem.kind for problem in caught.value.problems}


@pytest.mark.parametrize("name", ["profile", "machine"])
def test_the_organisation_may_allow_them_under_either_name(name: Any) -> None:
    values = {**LOGIN, "server.encryption": "none", "server.allow_cleartext_login": True}
    assert resolve(organisation(values, name=name)).settings.server.allow_cleartext_login


def test_the_application_flow_takes_one_secret() -> None:
    values = {**APPLICATION, "microsoft.certificate": "file:///etc/cert"}
    with pytest.raises(Invalid) as caught:
        resolve(organisation(values))
    (problem,) = caught.value.problems
    assert (caught.value.code, problem.kind) == (3, "application-secrets")


@pytest.mark.parametrize("secret", APPLICATION_SECRETS)
def test_any_of_the_three_will_do(secret: str) -> None:
    values = {key: raw for key, raw in APPLICATION.items() if key != "microsoft.client_secret"}
    assert {each.kind for each in warned({**values, secret: "file:///etc/secret"})} <= {"token-stored"}


# What is unusual


@pytest.mark.parametrize(
    ("encryption", "port", "kind"),
    [
        ("starttls", 465, "unusual-pair"),
        ("none", 465, "unusual-pair"),
        ("tls", 587, "unusual-pair"),
        ("tls", 25, "unusual-pair"),
        ("tls", 993, "unusual-port"),
        ("starttls", 143, "unusual-port"),
        ("tls", 995, "unusual-port"),
        ("none", 110, "unusual-port"),
    ],
)
def test_an_unusual_pair_is_a_warning_and_exit_3_under_strict(encryption: str, port: int, kind: str) -> None:
    values = {**WORKING, "server.encryption": encryption, "server.port": port}
    (notice,) = warned(values)
    assert (notice.kind, notice.strict, notice.where) == (kind, 3, place(4))
    with pytest.raises(Invalid) as caught:
        resolve(organisation(values), strict=True)
    assert (caught.value.code, caught.value.problems[0].kind) == (3, kind)


@pytest.mark.parametrize(
    ("encryption", "port"),
    [
        ("tls", 465),
        ("auto", 465),
        ("starttls", 587),
        ("starttls", 25),
        ("none", 25),
        ("none", 587),
        ("auto", 25),
        ("tls", 2465),
        ("tls", None),
    ],
)
def test_usual_pairs_are_no_warning(encryption: str, port: int | None) -> None:
    assert warned({**WORKING, "server.encryption": encryption, "server.port": port}) == ()


@pytest.mark.parametrize("values", [{"server.ca_file": "/etc/dts/ca.pem"}, {"server.fingerprint": "ab" * 32}])
def test_trust_without_tls_is_unusual(values: dict[str, Any]) -> None:
    assert [n.kind for n in warned({**WORKING, "server.encryption": "none", **values})] == ["unusual-pair"]
    assert warned({**WORKING, **values}) == ()


def test_a_ca_file_beside_a_fingerprint_is_unusual() -> None:
    both = {"server.ca_file": "/etc/dts/ca.pem", "server.fingerprint": "ab" * 32}
    assert [n.key for n in warned({**WORKING, **both})] == ["server.ca_file"]


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/ca.pem",
        "/var/tmp/ca.pem",
        "/home/u/ca.pem",
        "/root/ca.pem",
        "/Users/u/ca.pem",
        "C:\\Users\\u\\ca.pem",
        "D:/Temp/ca.pem",
    ],
)
def test_a_ca_file_that_may_go_away_is_a_warning(path: str) -> None:
    (notice,) = warned({**WORKING, "server.ca_file": path})
    assert (notice.kind, notice.key, notice.strict) == ("ca-file-place", "server.ca_file", 0)


@pytest.mark.parametrize("path", ["/etc/dts/ca.pem", "/usr/share/tmp.pem", "C:\\ProgramData\\DTS\\ca.pem"])
def test_a_ca_file_elsewhere_is_none(path: str) -> None:
    assert warned({**WORKING, "server.ca_file": path}) == ()


@pytest.mark.parametrize(
    "host", ["smtp.office365.com", "SMTP.Office365.com", "smtp-mail.outlook.com", "acme.mail.protection.outlook.com"]
)
def test_a_password_for_exchange_is_a_warning_with_its_end(host: str) -> None:
    (notice,) = warned({**LOGIN, "server.host": host})
    assert (notice.kind, notice.strict) == ("exchange-password", 0)
    assert "December 2026" in notice.message
    assert "dtsconf migrate microsoft" in str(notice.hint)


def test_exchange_without_a_login_is_a_warning_with_both_ways_to_one() -> None:
    (notice,) = warned({**WORKING, "server.host": "SMTP.Office365.com"})
    assert (notice.kind, notice.key, notice.strict) == ("exchange-login", "server.host", 0)
    assert "dtsconf migrate microsoft" in str(notice.hint)
    assert "login.username" in str(notice.hint)


@pytest.mark.parametrize(
    "values",
    [{**WORKING, "server.host": "acme.mail.protection.outlook.com"}, {**LOGIN, "server.host": "notoutlook.com"}],
)
def test_direct_send_to_exchange_and_others_are_none(values: dict[str, Any]) -> None:
    assert warned(values) == ()


def test_a_password_that_no_login_uses_is_a_warning() -> None:
    (notice,) = warned({**LOGIN, "login.required": False})
    assert (notice.kind, notice.key, notice.strict) == ("unused", "login.username", 0)


@pytest.mark.parametrize(
    ("change", "kind", "strict"),
    [
        ({"microsoft.tenant": "organizations"}, "unusual-pair", 3),
        ({"microsoft.flow": "browser"}, "unused", 0),
        ({"microsoft.smtp.port": 465}, "unusual-pair", 3),
        ({"server.ca_file": "/tmp/ca.pem"}, "ca-file-place", 0),
    ],
)
def test_microsofts_unusual_pairs(change: dict[str, Any], kind: str, strict: int) -> None:
    (notice,) = warned({**APPLICATION, **change})
    assert (notice.kind, notice.strict) == (kind, strict)


def test_the_branch_that_is_not_in_use_is_not_judged() -> None:
    odd = {"server.port": 465, "server.encryption": "none", "login.required": True, "server.ca_file": "/etc/dts/ca.pem"}
    assert warned({**APPLICATION, **odd}) == ()
    assert warned({**WORKING, "microsoft.smtp.port": 465, "microsoft.flow": "application"}) == ()


# What a lock leaves open

_PEOPLE = {"mode": "microsoft", "microsoft.client_id": APPLICATION["microsoft.client_id"]}


@pytest.mark.parametrize(
    ("values", "locks", "other"),
    [
        (WORKING, ["server"], "microsoft"),
        (WORKING, ["verify", "server.host"], "microsoft"),
        (_PEOPLE, ["microsoft"], "smtp"),
        (_PEOPLE, ["microsoft.client_id", "sender.email"], "smtp"),
    ],
)
def test_a_lock_on_where_mail_goes_that_the_other_mode_gets_round_is_a_warning(
    values: dict[str, Any], locks: list[str], other: str
) -> None:
    org = organisation(values, locks=locks)
    (notice,) = resolve(org).warnings
    held = next(lock for lock in org.policy.locks if lock.key.startswith(("server", "microsoft")))
    assert (notice.kind, notice.where, notice.strict, notice.standing) == ("mode-free", held.where, 0, True)
    assert f"holds {held.key} but not mode" in notice.message
    assert f"says mode {other} " in notice.message
    assert notice.hint == "add mode to policy.lock"


@pytest.mark.parametrize(
    ("values", "given"),
    [
        (WORKING, {"locks": ["server", "mode"]}),
        (WORKING, {"locks": ["server", "microsoft"]}),
        (WORKING, {"locks": ["server.encryption"]}),
        (WORKING, {"locks": ["server"], "rules": [rule("mode", "one_of", ("smtp",))]}),
        ({**WORKING, "mode": "smtp"}, {"locks": ["server"], "expects": ["mode"]}),
        (_PEOPLE, {"locks": ["microsoft", "mode"]}),
        (_PEOPLE, {"locks": ["microsoft", "server.host"]}),
        (_PEOPLE, {"locks": ["sender"]}),
    ],
)
def test_a_mode_that_is_held_or_leads_nowhere_else_is_none(values: dict[str, Any], given: dict[str, Any]) -> None:
    assert [told.kind for told in review(organisation(values, **given)).notices if told.kind == "mode-free"] == []


@pytest.mark.parametrize("name", ["environment", "user", "command line"])
def test_who_takes_the_other_mode_past_a_lock_is_told_with_each_mail(name: Any) -> None:
    above = layer(name, _PEOPLE)
    (notice,) = (told for told in resolve(organisation(locks=["server"]), [above]).warnings)
    where = above.values["mode"].where
    assert (notice.kind, notice.where, notice.strict, notice.standing) == ("mode-free", where, 4, False)
    assert f"mode is microsoft here ({name}, {where}), so mail goes past server, which" in notice.message
    back = {"environment": "unset DTS_EMAIL_MODE", "command line": "leave out --set mode"}.get(
        name, "take mode out of "
    )
    assert str(notice.hint).startswith(f"to go by the organisation's again: {back}")
    same = resolve(organisation(locks=["server"]), [layer(name, {"mode": "smtp"})])
    assert [told.standing for told in same.warnings] == [True]


def test_a_parent_leaves_the_lock_on_the_mode_to_its_children() -> None:
    assert review(organisation(locks=["server"]), complete=False).notices == ()


@pytest.mark.parametrize(
    ("deliver", "key", "told"),
    [
        ("file", "microsoft.client_assertion", True),
        ("reference", "microsoft.client_assertion", False),
        ("file", "microsoft.certificate", False),
    ],
)
def test_a_federated_token_is_not_for_keeping(deliver: Any, key: str, told: bool) -> None:
    given = {**APPLICATION, "microsoft.client_secret": None, key: "env://CI_TOKEN", "microsoft.tenant": "acme.example"}
    org = replace(organisation(given), secrets=SecretsOptions(deliver=deliver))
    found = [notice for notice in resolve(org).warnings if notice.kind == "token-stored"]
    assert bool(found) is told
    if told:
        assert (found[0].key, found[0].hint) == (
            key,
            FRESH_TOKEN,
        )


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        (VaultAuth(method="approle", secret_id="env://SID"), ["secrets.vault.auth.role_id"]),
        (VaultAuth(method="approle", role_id="r"), []),
        (VaultAuth(method="jwt", role="mail"), ["secrets.vault.auth.jwt"]),
        (VaultAuth(method="jwt", jwt="env://T"), []),
        (VaultAuth(method="token"), []),
    ],
)
def test_what_a_login_at_vault_lacks_is_told_before_anybody_is_asked(auth: VaultAuth, missing: list[str]) -> None:
    secrets = SecretsOptions(vault=VaultOptions(url="https://vault.example", auth=auth))
    org = replace(organisation(WORKING), secrets=secrets)
    assert [notice.key for notice in resolve(org).warnings if notice.kind == "vault-auth"] == missing


@pytest.mark.parametrize(
    ("deliver", "password", "token", "told"),
    [
        ("reference", "vault://kv/mail#password", "env://VAULT_TOKEN", True),
        ("reference", "vault://kv/mail#password", "file:///etc/dts/token", False),
        ("reference", "file:///etc/dts/password", "env://VAULT_TOKEN", False),
        ("file", "vault://kv/mail#password", "env://VAULT_TOKEN", False),
    ],
)
def test_a_vault_that_each_send_opens_wants_more_than_a_variable(
    deliver: Any, password: str, token: str, *, told: bool
) -> None:
    auth = VaultAuth(method="token", token=token)
    secrets = SecretsOptions(deliver=deliver, vault=VaultOptions(url="https://vault.example", auth=auth))
    org = replace(organisation({**LOGIN, "login.password": password}), secrets=secrets)
    found = [notice for notice in resolve(org).warnings if notice.kind == "vault-variable"]
    assert [notice.key for notice in found] == (["secrets.vault.auth.token"] if told else [])


@pytest.mark.parametrize("reference", ["env://CI_TOKEN", "file:///run/ci/token"])
def test_the_hints_about_a_federated_token_lead_to_what_is_taken(reference: str) -> None:
    """Neither the warning's nor the refusal's hint names what the other one turns down."""
    given = {**APPLICATION, "microsoft.client_secret": None, "microsoft.client_assertion": reference}
    org = replace(organisation(given | {"microsoft.tenant": "acme.example"}), secrets=SecretsOptions(deliver="file"))
    (kept,) = [notice.hint or "" for notice in resolve(org).warnings if notice.kind == "token-stored"]
    later = replace(org, secrets=SecretsOptions(deliver="reference"))
    refused = [problem.hint for problem in undeliverable(resolve(later).origin, later)]
    assert refused == ([FRESH_TOKEN] if reference.startswith("env://") else [])
    assert kept.startswith("in the CI job itself send with --profile, without apply") is bool(refused)


def test_an_applications_secret_lies_idle_where_a_person_signs_in() -> None:
    assert idle_secret(resolve(organisation(APPLICATION), ()).origin) is None
    people = resolve(organisation({**APPLICATION, "microsoft.flow": "browser"}), ())
    assert idle_secret(people.origin) == "microsoft.client_secret"
