"""root on the real system: whom it trusts. Each test has /etc and /var/lib of its own, as overlays in a mount
namespace, so that the machine is not touched."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.real.ca import Certificates
from tests.scenarios.harness import NOBODY, PROGRAM, Machine, call, chown, in_namespace, site

OVERLAYS = """
mount -t tmpfs none /media
for name in etc var/lib; do
    mkdir -p /media/$name /media/work/$name
    mount -t overlay -o lowerdir=/$name,upperdir=/media/$name,workdir=/media/work/$name none /$name
done
rm -rf /etc/dts /var/lib/dtsconf
"""


def on_real_system(
    machine: Machine, *args: str, env: Mapping[str, str] | None = None, uid: int | None = None, then: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs the program without --root where it can do no harm; `then` is shell text to run after it."""
    inner = ["sh", "-c", f'"$@"; code=$?; {then}\nexit $code', "sh", PROGRAM, *args]
    result = call(in_namespace(OVERLAYS, *inner, uid=uid), cwd=machine.work, env=machine.environ(env, root=False))
    assert "Traceback" not in result.stdout + result.stderr, result
    assert not Path("/etc/dts/email.json").exists()
    return result


def apply(machine: Machine, profile: str = "site.yaml", *args: str, env: Mapping[str, str] | None = None) -> int:
    return on_real_system(machine, "apply", "--yes", "--profile", profile, *args, env=env).returncode


def refused(machine: Machine, *words: str, profile: str = "site.yaml", env: Mapping[str, str] | None = None) -> None:
    result = on_real_system(machine, "apply", "--yes", "--profile", profile, env=env)
    assert result.returncode == 4, result
    for word in words:
        assert word in result.stderr, result


def test_roots_own_file_passes_and_is_written_to_etc(machine: Machine) -> None:
    machine.profile()
    then = "cat /etc/dts/email.json; stat -c '%a %U %n' /etc/dts /etc/dts/email.json /var/lib/dtsconf"
    result = on_real_system(machine, "apply", "--yes", "--quiet", "--profile", "site.yaml", then=then)
    assert result.returncode == 0, result
    assert "relay.acme.example" in result.stdout
    for line in ("755 root /etc/dts", "644 root /etc/dts/email.json", "755 root /var/lib/dtsconf"):
        assert line in result.stdout


def test_a_profile_that_others_may_write(machine: Machine) -> None:
    os.chmod(machine.profile(), 0o646)
    refused(machine, "site.yaml", "chmod")


def test_a_folder_that_others_may_write(machine: Machine) -> None:
    machine.profile("deep/er/site.yaml")
    (machine.work / "deep").chmod(0o757)
    refused(machine, str(machine.work / "deep"), "chmod", profile="deep/er/site.yaml")
    (machine.work / "deep").chmod(0o1757)
    assert apply(machine, "deep/er/site.yaml") == 0, "a sticky folder of root's passes"


def test_a_profile_of_another_user(machine: Machine) -> None:
    profile = machine.profile()
    chown(profile, 1234, 1234)
    refused(machine, "site.yaml", "chown")
    assert apply(machine, env={"SUDO_UID": "1234", "SUDO_GID": "1234", "SUDO_USER": "jane"}) == 0
    refused(machine, "chown", env={"SUDO_UID": "1235", "SUDO_GID": "1235", "SUDO_USER": "joe"})


def test_a_folder_of_another_user(machine: Machine) -> None:
    machine.profile("theirs/site.yaml")
    chown(machine.work / "theirs", 1234, 0)
    refused(machine, "theirs", "chown", profile="theirs/site.yaml")
    assert apply(machine, "theirs/site.yaml", env={"SUDO_UID": "1234", "SUDO_GID": "1234", "SUDO_USER": "jane"}) == 0


def test_the_owners_private_group_may_write_no_other_group(machine: Machine) -> None:
    profile = machine.profile()
    chown(profile, 0, 0)
    os.chmod(profile, 0o664)
    assert apply(machine) == 0
    chown(profile, 0, 100)
    refused(machine, "site.yaml", "chmod")


def test_a_saved_plan_counts(machine: Machine) -> None:
    """Its --set values overrule the profile: whoever can write it would decide where mail goes."""
    machine.profile()
    args = ("plan", "--profile", "site.yaml", "--set", "server.host=elsewhere.example", "--out", "plan.json")
    assert on_real_system(machine, *args).returncode == 0
    (machine.work / "plan.json").chmod(0o666)
    result = on_real_system(machine, "apply", "--plan", "plan.json")
    assert result.returncode == 4, result
    assert f"chmod go-w {machine.work / 'plan.json'}" in result.stderr
    assert on_real_system(machine, "apply", "--plan", "plan.json", "--trust-profile").returncode == 0
    (machine.work / "plan.json").chmod(0o644)
    assert on_real_system(machine, "apply", "--plan", "plan.json").returncode == 0


def test_every_file_of_the_chain_counts(machine: Machine) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\n", 0o666)
    machine.profile(extends="org.yaml")
    refused(machine, "org.yaml")


def test_the_ca_file_counts(machine: Machine, certificates: Certificates) -> None:
    machine.write("ca.pem", Path(certificates.ca_file).read_bytes(), 0o666)
    machine.profile(settings={"server": {"ca_file": "ca.pem", "encryption": "starttls"}})
    refused(machine, "ca.pem", "chmod")


@pytest.mark.parametrize("place", ["file", "folder"])
def test_links_are_judged_by_what_they_lead_to(machine: Machine, place: str) -> None:
    machine.profile("theirs/site.yaml")
    os.chmod(machine.work / ("theirs/site.yaml" if place == "file" else "theirs"), 0o777)
    (machine.work / "link.yaml").symlink_to("theirs/site.yaml")
    refused(machine, "theirs", profile="link.yaml")


def test_a_link_in_a_folder_of_others_is_refused(machine: Machine) -> None:
    machine.profile("good/site.yaml")
    (machine.work / "theirs").mkdir()
    (machine.work / "theirs/link.yaml").symlink_to(machine.work / "good/site.yaml")
    (machine.work / "theirs").chmod(0o777)
    refused(machine, "theirs", profile="theirs/link.yaml")


def test_trust_profile_skips_the_check_warns_and_is_recorded(machine: Machine) -> None:
    os.chmod(machine.profile(), 0o666)
    then = "cat /var/lib/dtsconf/generations/1*"
    result = on_real_system(machine, "apply", "--yes", "--json", "--trust-profile", "--profile", "site.yaml", then=then)
    assert result.returncode == 0, result
    body, end = json.JSONDecoder().raw_decode(result.stdout)
    assert "trust" in json.dumps(body["warnings"])
    assert "trust" in result.stdout[end:]


def test_with_a_root_folder_nothing_is_checked(machine: Machine) -> None:
    os.chmod(machine.profile(), 0o666)
    machine.apply("site.yaml").ok()


def test_only_apply_checks(machine: Machine) -> None:
    os.chmod(machine.profile(), 0o666)
    for args in (["show"], ["plan"]):
        assert on_real_system(machine, *args, "--profile", "site.yaml").returncode == 0


def test_problems_of_trust_have_a_place_in_json(machine: Machine) -> None:
    os.chmod(machine.profile(), 0o666)
    result = on_real_system(machine, "apply", "--yes", "--json", "--profile", "site.yaml")
    body = json.loads(result.stdout)
    assert body["exit_code"] == 4
    assert "chmod" in json.dumps(body["problems"])


def test_not_root_and_no_root_folder(machine: Machine) -> None:
    machine.profile()
    result = on_real_system(machine, "apply", "--yes", "--profile", "site.yaml", uid=NOBODY)
    assert result.returncode == 1, result
    assert "/etc" in result.stderr or "/var/lib/dtsconf" in result.stderr
    assert "--root" in result.stderr
    body = json.loads(on_real_system(machine, "apply", "--yes", "--json", "--profile", "site.yaml", uid=NOBODY).stdout)
    assert body["exit_code"] == 1
    assert "--root" in json.dumps(body["problems"])
    for args in (["status"], ["purge", "--yes"], ["rollback", "0", "--yes"], ["history"]):
        assert on_real_system(machine, *args, uid=NOBODY).returncode in {0, 1, 7}


def test_a_user_without_rights_tries_in_a_folder_of_their_own(machine: Machine) -> None:
    own = machine.folder / "own"
    own.mkdir()
    chown(own, NOBODY, NOBODY)
    (own / "site.yaml").write_text(yaml.safe_dump(site()))
    (own / "root").mkdir()
    chown(own / "root", NOBODY, NOBODY)
    command = in_namespace(
        ":", PROGRAM, "apply", "--yes", "--profile", "site.yaml", "--root", str(own / "root"), uid=NOBODY
    )
    env = machine.environ({"HOME": "/nonexistent"}, root=False)
    result = call(command, cwd=own, env=env)
    assert result.returncode == 0, result
    assert (own / "root/etc/dts/email.json").stat().st_uid == NOBODY


def test_a_ca_file_in_a_temporary_folder_or_home_is_a_warning(machine: Machine, certificates: Certificates) -> None:
    machine.write("ca.pem", Path(certificates.ca_file).read_bytes())
    profile = machine.profile(settings={"server": {"ca_file": "ca.pem", "encryption": "starttls"}})
    result = machine.apply(profile, "--json").ok()
    assert "ca.pem" in json.dumps(result.warnings)
