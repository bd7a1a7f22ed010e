"""The README's recipes for Vault, typed word for word by somebody new, on a real OpenBao."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from tests.real.ci import GITHUB, GITLAB, PIPELINES
from tests.real.identities import client_pem
from tests.scenarios.harness import BIN, call
from tests.scenarios.newcomer import README
from tests.scenarios.recipes import ALL_CAN, APPLY, TOKEN, Place, block

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("newcomer")]


def test_a_token_at_hand(place: Place) -> None:
    place.profile()
    told = place.machine.types(block("token").script, {TOKEN: place.vault.token, APPLY: "y"})
    assert "token from ~/.vault-token" in told
    assert ALL_CAN in told
    assert "applied; generation" in told
    assert "proven for dtsconf" in told


def test_approle(place: Place) -> None:
    script = block("approle").script
    making, _, checking = script.partition("sudo dtsconf")
    place.types(making)
    role_id = place.types("vault read -field=role_id auth/approle/role/dtsconf/role-id").strip()
    place.profile("approle profile")
    place.fill_in("7d3c...", role_id)
    told = place.machine.types(f"sudo dtsconf{checking}\nsudo dtsconf apply --profile site.yaml", {APPLY: "y"})
    assert "token from the approle login, for 300 s" in told
    assert ALL_CAN in told
    assert "proven for dtsconf" in told


def test_a_rotated_secret(place: Place) -> None:
    test_a_token_at_hand(place)
    place.types("printf %s new | vault kv put kv/mail/relay password=-")
    rotation = block("rotation").script
    try:
        told = place.types(f"export VAULT_TOKEN=$(vault print token)\nsudo -E {rotation}")
        assert "login.password: changed (value hidden)" in told
        assert "a secret changed" in told
        assert "Plan: " in told
    finally:
        place.types(f"printf %s {shlex.quote(place.password)} | vault kv put kv/mail/relay password=-")


def test_a_client_certificate(place: Place) -> None:
    place.machine.writes("hosts-ca.pem", place.authority.pem().decode())
    place.types(block("cert").script)
    (place.machine.etc / "dts/host.pem").write_text(client_pem(place.authority, "host-1.corp.example"))
    (place.machine.etc / "dts/host.pem").chmod(0o600)
    place.profile("cert profile")
    told = place.machine.types(
        "sudo dtsconf secret check --profile site.yaml\nsudo dtsconf apply --yes --profile site.yaml"
    )
    assert "token from the cert login, for 300 s" in told
    assert "proven for dtsconf" in told


@pytest.fixture(scope="module")
def jwt_role(place: Place) -> str:
    """The recipe's commands, typed for GitLab."""
    script = block("jwt").script
    place.types(script)
    return script


def test_gitlab(place: Place, jwt_role: str) -> None:
    text = block("gitlab").text
    assert valid("vendor.gitlab-ci", place.machine.writes(".gitlab-ci.yml", text))
    job = yaml.safe_load(text)["mail"]
    audience = job["id_tokens"]["VAULT_ID_TOKEN"]["aud"]
    place.profile("jwt profile")
    token = place.ci.id_token(GITLAB, audience, project_path="it/mail", ref="main")
    told = place.machine.types("\n".join(job["script"]), environ={"VAULT_ID_TOKEN": token})
    assert told.count("proven for dtsconf") == 2
    assert token not in told
    assert (place.machine.home / "image/etc/dts/email.json").exists()
    shutil.rmtree(place.machine.home / "image")


def test_github(place: Place, jwt_role: str) -> None:
    text = block("github").text
    assert valid("vendor.github-workflows", place.machine.writes("mail.yml", text))
    (job,) = yaml.safe_load(text)["jobs"].values()
    (script,) = [step["run"] for step in job["steps"] if "run" in step]
    place.types(jwt_role.replace("vault auth enable jwt\n", "").replace(GITLAB, GITHUB).replace(*GITHUB_CLAIMS))
    place.profile("jwt profile")
    place.ci.claims = {"repository": "acme/mail", "ref": "refs/heads/main"}
    environ = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{PIPELINES}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": place.ci.job_token,
        "CURL_CA_BUNDLE": str(place.machine.home / "vault-ca.pem"),
    }
    told = place.machine.types(script, environ=environ)
    assert told.count("proven for dtsconf") == 2
    shutil.rmtree(place.machine.home / "image")


GITHUB_CLAIMS = ('{"project_path": "it/mail", "ref": "main"}', '{"repository": "acme/mail", "ref": "refs/heads/main"}')


def test_the_claims_of_github_are_those_of_the_text() -> None:
    assert GITHUB_CLAIMS[1] in README.read_text("utf-8")
    assert GITHUB_CLAIMS[0] in block("jwt").text


def valid(schema: str, path: Path) -> bool:
    """Whether the file fits the schema that check-jsonschema brings along."""
    done = call([str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(path)])
    return done.returncode == 0
