"""Every kind of store: what it keeps, for whom, how it forgets, and what it leaves nowhere. The keyring is a fake here;
tests/integration has the real one."""

from __future__ import annotations

import base64
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtsconf.auth import facts, places as where
from dtsconf.auth.held import Held
from dtsconf.auth.places import Places
from dtsconf.auth.request import Account, Wanted
from dtsconf.auth.store import Store, forget
from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.secret import keyring
from dtsconf.secret.keyring_faults import OTHERWISE
from dtsconf.secret.value import Secret
from tests.fakes.provider import CANARY
from tests.unit.auth.people import wanted

KINDS: dict[str, dict[str, Any]] = {
    "encrypted": {"remember": True},
    "file": {"remember": True, "cache": "file"},
    "session": {"session": True},
    "process": {},
}


class Vault:
    """A keyring in memory; `broken` is what it raises."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken: Exception | None = None

    def get_password(self, service: str, user: str) -> str | None:
        if self.broken:
            raise self.broken
        return self.entries.get((service, user))

    def set_password(self, service: str, user: str, value: str) -> None:
        self.entries[service, user] = value

    def delete_password(self, service: str, user: str) -> None:
        del self.entries[service, user]


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault()
    monkeypatch.setattr(keyring, "_first_that_works", lambda: made)
    monkeypatch.setattr(keyring, "_name", lambda _store: "a test's store")
    return made


def held(token: str = CANARY, lasts: float = 3600) -> Held:
    return Held(
        Account("ann@acme.example", "acme"), Secret(token), time.time() + lasts, True, "scope", Secret('{"msal": 1}')
    )


Make = Callable[..., Store]


@pytest.fixture
def spots(tmp_path: Path) -> Places:
    return Places(str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def make(spots: Places, vault: Vault) -> Make:
    def made(kind: str, **change: Any) -> Store:
        own = spots if kind != "process" else Places(spots.state, None)
        return Store(wanted(**KINDS[kind], **change), own, {})

    return made


def everything(spots: Places) -> list[Path]:
    folders = [Path(spots.state), Path(spots.session or "")]
    return [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_loaded_by_the_next_and_forgotten_for_good(kind: str, make: Make, spots: Places) -> None:
    store = make(kind)
    assert store.kind == kind
    assert store.load() is None
    store.ready()
    store.save(held())
    assert store.there()
    again = store if kind == "process" else make(kind)
    found = again.load()
    assert found is not None
    assert (found.access.reveal(), found.account.username) == (CANARY, "ann@acme.example")
    assert found.renewable
    again.forget()
    assert again.load() is None
    assert [path for path in everything(spots) if path.suffix != ".lock"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_private_and_only_the_plain_kinds_show_a_token(kind: str, make: Make, spots: Places) -> None:
    store = make(kind)
    store.save(held())
    with store.alone():
        pass
    files = everything(spots)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert all(stat.S_IMODE(path.parent.stat().st_mode) == 0o700 for path in files)
    shown = [path.suffix for path in files if CANARY in path.read_text()]
    assert shown == ([".tokens"] if kind in ("file", "session") else [])
    assert (files == []) == (kind == "process")


@pytest.mark.parametrize("kind", KINDS)
def test_the_facts_tell_all_that_status_needs_and_no_token(kind: str, make: Make, spots: Places) -> None:
    store = make(kind)
    store.ready()
    store.save(held())
    found = store.facts(held())
    assert (found.account, found.cache, found.encrypted) == ("ann@acme.example", kind, kind == "encrypted")
    assert found.store == ("a test's store" if kind == "encrypted" else None)
    assert CANARY not in repr(found)
    folder = {"encrypted": spots.tokens, "file": spots.tokens, "session": spots.session, "process": None}[kind]
    if folder is not None:
        read = facts.read_facts(facts.facts_path(folder, wanted(**KINDS[kind]).name))
        assert read is not None
        assert (read.account, read.cache) == (found.account, found.cache)


@pytest.mark.parametrize(
    "change", [{"tenant": "other"}, {"client_id": "x"}, {"authority": "https://b"}, {"root": "/r"}]
)
def test_another_tenant_client_provider_or_root_is_another_sign_in(change: dict[str, str], make: Make) -> None:
    make("file").save(held())
    assert make("file", **change).load() is None


def test_without_remember_me_what_an_earlier_one_kept_is_removed(make: Make, spots: Places, vault: Vault) -> None:
    make("encrypted").save(held())
    assert vault.entries
    store = make("session")
    store.tidy()
    assert not vault.entries
    assert [path.suffix for path in everything(spots) if path.suffix != ".lock"] == []


def caches(spots: Places) -> set[str]:
    return {path.suffix for path in everything(spots)} & {".sealed", ".tokens"}


@pytest.mark.parametrize(("one", "other"), [("encrypted", "file"), ("file", "encrypted")])
def test_a_new_sign_in_alone_takes_the_other_kind_s_away(make: Make, spots: Places, one: str, other: str) -> None:
    make(one).keep(held())
    store = make(other)
    store.tidy()
    store.load()
    store.save(held())
    assert caches(spots) == {".sealed", ".tokens"}
    store.keep(held("anew"))
    assert len(caches(spots)) == 1
    found = make(other).load()
    assert found is not None
    assert found.access.reveal() == "anew"


@pytest.mark.parametrize(("kept", "tried"), [("encrypted", "file"), ("file", "encrypted"), ("encrypted", "session")])
def test_settings_that_are_only_tried_take_no_kept_sign_in_away(
    make: Make, spots: Places, vault: Vault, kept: str, tried: str
) -> None:
    make(kept).save(held())
    trial = make(tried, tried=True)
    trial.tidy()
    trial.keep(held("tried"))
    found = make(kept).load()
    assert found is not None
    assert found.access.reveal() == CANARY
    assert bool(vault.entries)


@pytest.mark.parametrize(("own", "other"), [("encrypted", "file"), ("file", "encrypted")])
def test_beside_the_machine_s_own_sign_in_a_tried_one_is_not_shown(
    make: Make, spots: Places, own: str, other: str
) -> None:
    make(own).keep(held())
    trial = make(other, tried=True)
    trial.keep(held("tried"))
    trial.not_renewed(held("tried"))
    trial.load()
    name = wanted(**KINDS[own]).name
    shown = facts.kept_facts(spots.tokens, name, sealed=own == "encrypted")
    assert shown is not None
    assert (shown.cache, shown.renewable) == (own, True)
    assert facts.tells_of(spots.tokens, name, shown.cache)


def test_what_is_shown_follows_the_settings_that_are_in_force(make: Make, spots: Places) -> None:
    make("encrypted").keep(held(lasts=900))
    make("file", tried=True).keep(held())
    name = wanted(**KINDS["file"]).name
    shown = facts.kept_facts(spots.tokens, name, sealed=False)
    assert shown is not None
    assert (shown.cache, shown.encrypted, shown.store) == ("file", False, None)
    make("file").load()
    assert facts.tells_of(spots.tokens, name, "file")


def test_no_encrypted_store_is_told_before_anybody_signs_in(make: Make, vault: Vault) -> None:
    vault.broken = SecretUnavailable("ann's keyring is locked", f"unlock it; {OTHERWISE}")
    with pytest.raises(SignInFailed, match="can't be kept encrypted: ann's keyring is locked") as caught:
        make("encrypted").ready()
    assert caught.value.code == 6
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("unlock it; or, where no keyring can be: --set microsoft.token_cache=file ")
    assert "vault://" not in caught.value.hint


def test_a_keyring_that_lost_the_key_is_as_if_nobody_had_signed_in(make: Make, vault: Vault) -> None:
    make("encrypted").save(held())
    vault.entries.clear()
    assert make("encrypted").load() is None


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:40], lambda d: b"[]", lambda d: b'{"nonce": 1}'])
def test_a_damaged_cache_is_none(make: Make, spots: Places, spoil: Callable[[bytes], bytes]) -> None:
    for kind in ("encrypted", "file"):
        make(kind).save(held())
        for path in everything(spots):
            if path.suffix in (".sealed", ".tokens"):
                path.write_bytes(spoil(path.read_bytes()))
        assert make(kind).load() is None


def test_a_sealed_cache_opens_under_its_own_name_alone(make: Make, spots: Places, vault: Vault) -> None:
    make("encrypted").save(held())
    other = wanted(**KINDS["encrypted"], tenant="other")
    (sealed,) = Path(spots.tokens).glob("*.sealed")
    sealed.rename(sealed.with_name(f"{other.name}.sealed"))
    ((service, user),) = vault.entries
    vault.entries[service, f"token-cache-{other.name}"] = vault.entries[service, user]
    assert Store(other, spots, {}).load() is None


def test_each_sealing_is_another_text(make: Make, spots: Places) -> None:
    store = make("encrypted")
    texts = set()
    for _ in range(3):
        store.save(held())
        (sealed,) = Path(spots.tokens).glob("*.sealed")
        found = json.loads(sealed.read_text())
        assert len(base64.b64decode(found["nonce"])) == 12
        texts.add(found["sealed"])
    assert len(texts) == 3


def test_sign_out_forgets_all_of_them(make: Make, spots: Places, vault: Vault) -> None:
    make("encrypted").save(held())
    make("file", tenant="other").save(held())
    make("session", tenant="third").save(held())
    Path(spots.tokens, ".dtsconf-x.tokens.0123").write_text("what a killed writer left")
    assert forget(spots, {}) == ("ann@acme.example",)
    assert not vault.entries
    assert [path for path in everything(spots) if path.suffix != ".lock"] == []
    assert forget(spots, {}) == ()


def test_a_sign_out_between_two_steps_of_a_sign_in_costs_no_sign_in(make: Make, spots: Places) -> None:
    """It takes the key along that the other had found there."""
    make("encrypted").save(held())
    other = make("encrypted")
    other.ready()
    forget(spots, {})
    other.save(held("other"))
    assert make("encrypted").load() is not None
    forget(spots, {})
    make("encrypted").save(held("anew"))
    found = other.load()
    assert found is not None
    assert found.access.reveal() == "anew"


def test_two_don_t_renew_at_once(make: Make) -> None:
    order: list[str] = []
    first, second = make("file"), make("file")

    def later() -> None:
        with second.alone():
            order.append("second")

    with first.alone():
        thread = threading.Thread(target=later)
        thread.start()
        time.sleep(0.15)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_folder_that_can_t_be_written_is_told(make: Make, spots: Places) -> None:
    Path(spots.state).write_text("in the way")
    with pytest.raises(SignInFailed, match="tokens can't be kept in"):
        make("file").save(held())


def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: tuple[str, str]) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("".join(f"1 0 0:1 / {point} rw - {kind} none rw\n" for point, kind in lines))
    monkeypatch.setattr(where, "_MOUNTS", str(table))


def test_the_session_is_memory_that_is_this_user_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run user"
    run.mkdir(mode=0o700)
    point = str(run).replace(" ", "\\040")
    session = str(run / "dtsconf")
    mounts(tmp_path, monkeypatch, ("/", "ext4"), (point, "tmpfs"))
    assert where.places("/s", session) == Places("/s", session)
    mounts(tmp_path, monkeypatch, ("/", "tmpfs"), (point, "ext4"))
    assert where.places("/s", session).session is None
    mounts(tmp_path, monkeypatch, ("/", "tmpfs"))
    assert where.places("/s", session).session == session
    os.chmod(run, 0o755)
    assert where.places("/s", session).session is None
    assert where.places("/s", None).session is None


def test_facts_that_are_none_are_none(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    for text in ("", "[]", '{"format": 2}', '{"format": 1, "account": "x"}', "{" * 5000):
        path.write_text(text)
        assert facts.read_facts(str(path)) is None
        assert facts.read_proof(str(path)) is None


FACTS = facts.Facts("ann@acme.example", "acme", "client", "encrypted", True, 1.8e9, True, "a store")
PROOF = facts.SignInProof("digest", 3, "ann@acme.example", "send", "2026-11-26T15:00:00Z")


@pytest.mark.parametrize(
    ("value", "change"),
    [
        (FACTS, {"cache": "odd"}),
        (FACTS, {"expires": "soon"}),
        (FACTS, {"expires": 1e300}),
        (FACTS, {"account": None}),
        (FACTS, {"store": 5}),
        (PROOF, {"time": "soon"}),
        (PROOF, {"generation": "3"}),
    ],
)
def test_facts_that_a_bad_disk_has_changed_are_none(
    tmp_path: Path, value: facts.Facts | facts.SignInProof, change: dict[str, Any]
) -> None:
    path = tmp_path / "facts"
    read = facts.read_facts if isinstance(value, facts.Facts) else facts.read_proof
    facts.write(str(path), value)
    assert read(str(path)) == value
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert read(str(path)) is None


def test_a_name_says_nothing_of_what_it_stands_for() -> None:
    assert len(Wanted("https://login.microsoftonline.com", "acme.example", "x").name) == 24
    assert wanted(authority="https://ID.acme.example/").name == wanted().name
