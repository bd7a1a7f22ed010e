"""What settings want on the machine: files, digests, refusals."""

from __future__ import annotations

import json

import pytest

from dtsconf.errors import Invalid
from dtsconf.machine.desired import Desired, Ground, desired
from dtsconf.secret.value import Secret
from dtsconf.settings.effective import Effective
from dtsconf.settings.sections import SecretsOptions, Target
from tests.unit.machine.world import LOGIN, WORKING, effective

GROUND = Ground({"dts": "/etc/dts/email.json", "msmtp": "/etc/msmtprc"}, "linux")
BOTH = (Target(kind="msmtp"), Target(kind="dts"))
ID = "0123456789abcdef"


def want(settings: Effective, **ids: str) -> Desired:
    return desired(settings, GROUND, ids={"login.password": ids["id"]} if ids else {})


def test_files_are_sorted_and_the_same_for_the_same_settings() -> None:
    first, second = want(effective(LOGIN, targets=BOTH)), want(effective(LOGIN, targets=BOTH[::-1]))
    assert [file.path for file in first.files] == ["/etc/dts/email.json", "/etc/dts/email.secrets.json", "/etc/msmtprc"]
    assert [file.path for file in second.files] == [file.path for file in first.files]
    assert want(effective(LOGIN, targets=BOTH)) == first


def test_the_digest_leaves_ids_out_and_takes_references_in() -> None:
    base = want(effective(LOGIN, targets=BOTH)).digest
    assert want(effective(LOGIN, targets=BOTH), id=ID).digest == base
    assert want(effective({**LOGIN, "login.password": "file:///other"}, targets=BOTH)).digest != base
    assert want(effective({**LOGIN, "server.port": 26}, targets=BOTH)).digest != base
    assert want(effective(LOGIN)).digest != base


def test_a_group_and_a_path_are_part_of_the_digest() -> None:
    base = want(effective(LOGIN)).digest
    assert want(effective(LOGIN, secrets=SecretsOptions(deliver="file", group="mail"))).digest != base
    assert want(effective(LOGIN, targets=(Target(kind="dts", path="/opt/dts.json"),))).digest != base


def test_ids_that_are_known_are_shown_and_others_are_not_made_up() -> None:
    known = want(effective(LOGIN), id=ID)
    assert ID in known.files[0].shown
    assert known.files[0].content is not None
    unknown = want(effective(LOGIN))
    assert "(known at apply)" in unknown.files[0].shown
    assert unknown.files[0].content is None


def test_with_the_secret_everything_is_known() -> None:
    found = desired(
        effective(LOGIN, targets=BOTH), GROUND, ids={"login.password": ID}, secrets={"login.password": Secret("pw")}
    )
    assert all(file.content is not None for file in found.files)
    assert json.loads(found.files[1].content or b"")["secrets"] == {ID: "pw"}
    assert "pw" not in repr(found)


def test_a_secret_that_is_not_in_use_is_not_delivered() -> None:
    assert [file.kind for file in want(effective({**LOGIN, "login.required": False})).files] == ["dts"]


def test_env_cant_be_delivered_as_a_reference() -> None:
    settings = effective({**LOGIN, "login.password": "env://PW"}, secrets=SecretsOptions(deliver="reference"))
    with pytest.raises(Invalid) as caught:
        want(settings)
    (problem,) = caught.value.problems
    assert (problem.code, problem.key) == (3, "login.password")
    assert problem.where is not None


def test_all_problems_come_at_once() -> None:
    settings = effective(
        {**LOGIN, "login.password": "env://PW", "sender.email": "*@acme.example"},
        secrets=SecretsOptions(deliver="reference"),
        targets=(Target(kind="dts"), Target(kind="dts"), Target(kind="msmtp")),
    )
    with pytest.raises(Invalid) as caught:
        want(settings)
    assert [p.kind for p in caught.value.problems].count("delivery") == 1
    assert {p.key for p in caught.value.problems} >= {"login.password", "sender.email", "targets"}


def test_a_target_without_a_place_on_this_system_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        desired(effective(targets=(Target(kind="msmtp"),)), Ground({"dts": "C:\\x.json"}, "win32"), ids={})
    assert caught.value.code == 3
    assert "msmtp" in caught.value.message


def test_a_display_name_is_left_to_the_programs_with_a_word_about_it() -> None:
    named = effective({**WORKING, "sender.name": "DTS"}, targets=(Target(kind="msmtp"),))
    assert [n.key for n in want(named).warnings] == ["sender.name"]


def test_no_target_lies_in_dtsconfs_own_folder() -> None:
    targets = (Target(kind="dts", path="/var/lib/dtsconf/key"), Target(kind="msmtp", path="/var/lib/dtsconfig"))
    with pytest.raises(Invalid, match="/var/lib/dtsconf/key lies in dtsconf's own folder") as caught:
        want(effective(targets=targets))
    assert [problem.code for problem in caught.value.problems] == [3]
