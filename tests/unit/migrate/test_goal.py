"""The new profile: just what a migration means is changed, and what can't be changed is told, not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.errors import Invalid, Place
from dtsconf.migrate.goal import Goal, goal_of, own_file, rewritten
from dtsconf.settings.part import read_part
from dtsconf.settings.profile import load_profile
from dtsconf.settings.sources import command_line_layer

CLIENT = "11111111-2222-4333-8444-555555555555"
OLD = """\
# Mail of the Perth plant; owner: ann
dtsconf: 1
name: perth
settings:
  sender: {name: DTS Perth, email: dts@acme.example}  # shared mailbox
  server:
    host: smtp.office365.com   # Exchange Online
    encryption: starttls
  login:
    required: true
    username: dts@acme.example
    password: file:///etc/dts/secrets/dts   # rotated in March
  connection: {timeout: 30}
policy:
  lock: [server, verify]   # nobody redirects mail
  rules:
    - key: server.encryption
      one_of: [tls, starttls]
verify:
  to: mailcheck@acme.example
targets:
  - dts
  # for the night scripts
  - msmtp
"""
NEW = f"""\
# Mail of the Perth plant; owner: ann
dtsconf: 1
name: perth
settings:
  mode: microsoft
  sender: {{name: DTS Perth, email: dts@acme.example}}  # shared mailbox
  # server:
  #   host: smtp.office365.com   # Exchange Online
  #   encryption: starttls
  # login:
  #   required: true
  #   username: dts@acme.example
  #   password: file:///etc/dts/secrets/dts   # rotated in March
  connection: {{timeout: 30}}
  microsoft:
    client_id: {CLIENT}
    tenant: acme.example
policy:
  lock: [server, verify, mode, microsoft.client_id, microsoft.tenant, microsoft.authority, microsoft.via, microsoft.smtp]   # nobody redirects mail
  rules:
    - key: server.encryption
      one_of: [tls, starttls]
verify:
  to: mailcheck@acme.example
targets:
  - dts
  # for the night scripts
  # - msmtp
"""


def migrated(tmp_path: Path, text: str, *sets: str, name: str = "site.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode())
    profile = load_profile(str(path))
    goal = goal_of(profile, command_line_layer(sets)[0])
    return rewritten(own_file(profile), text.encode(), goal).decode()


def test_comments_order_and_locks_stay(tmp_path: Path) -> None:
    assert migrated(tmp_path, OLD, f"microsoft.client_id={CLIENT}", "microsoft.tenant=acme.example") == NEW


def test_line_ends_and_byte_order_mark_stay(tmp_path: Path) -> None:
    text = "\ufeff" + OLD.replace("\n", "\r\n")
    made = migrated(tmp_path, text, f"microsoft.client_id={CLIENT}", "microsoft.tenant=acme.example")
    assert made == "\ufeff" + NEW.replace("\n", "\r\n")


def test_without_a_client_id_there_is_a_blank(tmp_path: Path) -> None:
    assert "  microsoft:\n    client_id: null\n" in migrated(tmp_path, OLD)


def test_a_microsoft_block_that_is_there_is_kept_and_added_to(tmp_path: Path) -> None:
    text = OLD.replace("policy:\n", f"  microsoft:\n    client_id: {CLIENT}  # ours\n    remember_me: true\npolicy:\n")
    made = migrated(tmp_path, text, "microsoft.flow=device-code", "microsoft.smtp.host=smtp.office365.us")
    assert (
        f"  microsoft:\n    client_id: {CLIENT}  # ours\n    remember_me: true\n    flow: device-code\n"
        "    smtp:\n      host: smtp.office365.us\n" in made
    )


def test_roots_that_microsoft_mode_trusts_too_stay(tmp_path: Path) -> None:
    text = OLD.replace("    encryption: starttls\n", "    encryption: starttls\n    ca_file: roots.pem\n", 1)
    assert (
        "  server:\n    # host: smtp.office365.com   # Exchange Online\n    # encryption: starttls\n    ca_file: roots.pem\n"
        in migrated(tmp_path, text)
    )


def test_a_profile_in_brackets(tmp_path: Path) -> None:
    text = (
        "{dtsconf: 1, name: x, settings: {sender: {email: a@b.example}, server: {host: h.example, encryption: tls}, "
        'login: {required: true, username: u, password: "env://P"}}, targets: [msmtp]}\n'
    )
    assert migrated(tmp_path, text, f"microsoft.client_id={CLIENT}") == (
        "{dtsconf: 1, name: x, settings: {mode: microsoft, sender: {email: a@b.example}, "
        f"microsoft: {{client_id: {CLIENT}}}}}, targets: [dts]}}\n"
    )


def test_what_is_inherited_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "org.yaml").write_text(OLD)
    made = migrated(
        tmp_path, "dtsconf: 1\nname: child\nextends: org.yaml\n", f"microsoft.client_id={CLIENT}", name="c.yaml"
    )
    assert made == (
        "dtsconf: 1\nname: child\nextends: org.yaml\nsettings:\n  mode: microsoft\n  microsoft:\n"
        f"    client_id: {CLIENT}\npolicy:\n  lock: [mode, microsoft.client_id, microsoft.tenant, microsoft.authority, "
        "microsoft.via, microsoft.smtp]\ntargets: [dts]\n"
    )


def test_an_application_s_secret_is_written_as_its_reference(tmp_path: Path) -> None:
    made = migrated(tmp_path, OLD, "microsoft.flow=application", "microsoft.client_secret=vault://dts/mail#secret")
    assert "    flow: application\n    client_secret: 'vault://dts/mail#secret'\n" in made


def test_a_file_that_can_t_be_changed_by_itself_is_refused_with_the_place(tmp_path: Path) -> None:
    text = OLD.replace("    required: true\n", "    <<: {required: true}\n")
    with pytest.raises(Invalid) as caught:
        migrated(tmp_path, text)
    (problem,) = caught.value.problems
    assert isinstance(problem.where, Place)
    assert (problem.kind, problem.where.line, problem.code) == ("rewrite", 10, 3)
    assert problem.excerpt is not None
    assert "<<" in problem.excerpt


def test_an_anchor_that_others_use_is_not_torn_off(tmp_path: Path) -> None:
    text = OLD.replace("    encryption: starttls\n", "    encryption: &word starttls\n", 1).replace(
        "one_of: [tls, starttls]", "one_of: [tls, *word]"
    )
    with pytest.raises(Invalid) as caught:
        migrated(tmp_path, text)
    assert caught.value.code == 3


def test_a_rewrite_that_changes_more_than_was_meant_is_refused(tmp_path: Path) -> None:
    part = read_part(str(tmp_path / "site.yaml"), OLD.encode())
    with pytest.raises(Invalid) as caught:
        rewritten(part, OLD.replace("timeout: 30", "timeout: 31").encode(), Goal({"mode": "microsoft"}, (), (), None))
    assert [problem.kind for problem in caught.value.problems] == ["rewrite"]
