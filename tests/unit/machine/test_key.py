"""The machine's key, and what it makes of secrets."""

from __future__ import annotations

import hmac
import pickle
from hashlib import sha256

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.machine.key import MachineKey, plain_digest, same_content
from dtsconf.machine.layout import Layout
from dtsconf.machine.system import Meta, Owner
from tests.fakes.memory_system import MemorySystem

LAYOUT = Layout(root="/nowhere")


@pytest.fixture
def system() -> MemorySystem:
    system = MemorySystem()
    system.put("/var/lib/dtsconf/lock", b"")
    return system


def test_made_once_and_private(system: MemorySystem) -> None:
    assert MachineKey.load(system, LAYOUT) is None
    key = MachineKey.load_or_create(system, LAYOUT)
    again = MachineKey.load_or_create(system, LAYOUT)
    assert key.digest(b"x") == again.digest(b"x")
    facts = system.facts(LAYOUT.key)
    assert facts is not None
    assert facts.mode == 0o600
    assert system.names(LAYOUT.state) == ["key", "lock"]


def test_two_machines_have_two_keys(system: MemorySystem) -> None:
    first = MachineKey.load_or_create(system, LAYOUT)
    system.unlink(LAYOUT.key)
    assert MachineKey.load_or_create(system, LAYOUT).digest(b"x") != first.digest(b"x")


@pytest.mark.parametrize("content", [b"", b"00", b"zz" * 32, b"\xff" * 64])
def test_broken_key_is_told_with_the_remedy(system: MemorySystem, content: bytes) -> None:
    system.put(LAYOUT.key, content, Meta(Owner(0o600, 0, 0)))
    with pytest.raises(DtsconfError) as caught:
        MachineKey.load(system, LAYOUT)
    assert LAYOUT.key in caught.value.message
    assert "rm " in (caught.value.hint or "")


def test_leftover_of_a_kill_is_in_nobodys_way(system: MemorySystem) -> None:
    system.put(LAYOUT.key + ".new", b"half")
    MachineKey.load_or_create(system, LAYOUT)
    assert system.names(LAYOUT.state) == ["key", "lock"]


def test_ids_are_16_hex_and_hang_on_key_name_and_value() -> None:
    key, other = MachineKey(bytes(32)), MachineKey(bytes(31) + b"1")
    name = key.secret_id("login.password", "s3cret")
    assert len(bytes.fromhex(name)) == 8
    assert name == key.secret_id("login.password", "s3cret")
    different = [
        key.secret_id("login.password", "s3cret2"),
        key.secret_id("login.passwords", "3cret"),
        other.secret_id("login.password", "s3cret"),
        sha256(b"s3cret").hexdigest()[:16],
    ]
    assert len({name, *different}) == 5


def test_digests() -> None:
    key = MachineKey(b"k" * 32)
    assert plain_digest(b"x") == "sha256:" + sha256(b"x").hexdigest()
    keyed = key.digest(b"x")
    assert keyed == "hmac-sha256:" + hmac.new(b"k" * 32, b"file\0x", sha256).hexdigest()
    assert same_content(b"x", keyed, key)
    assert not same_content(b"y", keyed, key)
    assert same_content(b"y", keyed, None), "can't be refuted without the key"
    assert not same_content(b"y", plain_digest(b"x"), None)


def test_shows_itself_nowhere() -> None:
    key = MachineKey(b"k" * 32)
    assert repr(key) == str(key) == f"{key}" == "MachineKey(********)"
    with pytest.raises(AttributeError):
        key.__dict__  # noqa: B018 - asked for its error
    assert b"k" * 32 not in pickle.dumps(repr(key))
