"""Vault's own states: new, sealed, standing by; and one that comes back while it is waited for."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dtsconf.secret.backend import VaultAuth, VaultSettings
from tests.integration.asking import fetched, refused, settings
from tests.real.openbao import Vault, node, vault_server

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]

REFERENCE = "vault://kv/mail/state#password"


def test_new_and_sealed(vault: Vault, tmp_path: Path) -> None:
    auths = {
        "token": settings(vault),
        "approle": settings(vault, VaultAuth("approle", role_id="some", secret_id="env://TOKEN")),
        "namespace": settings(vault, namespace="team-a"),
    }
    with node(tmp_path / "new", vault.authority) as fresh:
        for given in auths.values():
            told = refused(REFERENCE, _at(given, fresh.url), {"TOKEN": "some-token-of-old"})
            assert f"Vault is not initialised ({fresh.url}" in told
            assert "vault operator init" in told
        fresh.initialise()
        start = time.monotonic()
        for given in auths.values():
            told = refused(REFERENCE, _at(given, fresh.url), {"TOKEN": "some-token-of-old"})
            assert f"Vault is sealed ({fresh.url}" in told
            assert f"vault operator unseal -address={fresh.url}" in told
        assert time.monotonic() - start < 3, "nobody unseals while we wait"


def _at(given: VaultSettings, url: str) -> VaultSettings:
    return replace(given, url=url)


def test_a_standby_hands_on(vault: Vault, tmp_path: Path) -> None:
    vault.put("mail/state", {"password": "s3cret"})
    environ = {"TOKEN": vault.token("reader"), "SID": vault.secret_id()}
    approle = VaultAuth("approle", role_id=vault.role_id, secret_id="env://SID")
    with vault.standby(tmp_path / "standby") as second:
        for auth in (None, approle):
            assert fetched(REFERENCE, settings(vault, auth, url=second.url), environ) == "s3cret"
        # Two nodes need each other: with one gone there is no active one. Let the second leave in order first.
        vault.node.client().write_data("sys/storage/raft/remove-peer", data={"server_id": "standby"})
    assert fetched(REFERENCE, settings(vault), environ) == "s3cret"


def test_a_standby_without_its_leader_is_waited_for_and_told(vault: Vault, tmp_path: Path) -> None:
    with contextlib.ExitStack() as first:
        own = first.enter_context(vault_server(tmp_path / "own"))
        environ = {"TOKEN": own.token("reader")}
        with own.standby(tmp_path / "second") as second:
            first.close()
            start = time.monotonic()
            told = refused(REFERENCE, settings(own, url=second.url, timeout=3), environ)
            took = time.monotonic() - start
    assert "Vault answered 5" in told or "no whole answer within 3 s" in told
    assert took < 4


def test_sealed_and_unsealed_again(vault: Vault) -> None:
    """A restart: sealed is told at once, and after the unsealing all is as before."""
    vault.put("mail/state", {"password": "s3cret"})
    environ = {"TOKEN": vault.token("reader")}
    vault.node.client().write_data("sys/seal", data={})
    try:
        assert "Vault is sealed" in refused(REFERENCE, settings(vault), environ)
        # Right after its unsealing a node has no leader yet: such answers are waited out.
        thread = threading.Thread(target=vault.node.client().sys.submit_unseal_key, args=(vault.node.key,))
        thread.start()
        thread.join()
        assert fetched(REFERENCE, settings(vault, timeout=10), environ) == "s3cret"
    finally:
        vault.node.unseal()
