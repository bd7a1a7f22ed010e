"""The contract of secret backends, held by the keyring on a real Secret Service."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from itertools import count

import pytest

from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.ref import Reference, parse
from tests.contract.test_secret_backend_contract import (
    Place,
    test_a_missing_one_is_exit_5_and_names_where_it_should_be,
    test_an_empty_one_is_missing,
    test_it_is_masked,
    test_the_value_comes_back_exactly,
    test_what_is_not_utf8_is_refused_unseen,
)

__all__ = [
    "test_a_missing_one_is_exit_5_and_names_where_it_should_be",
    "test_an_empty_one_is_missing",
    "test_it_is_masked",
    "test_the_value_comes_back_exactly",
    "test_what_is_not_utf8_is_refused_unseen",
]

pytestmark = pytest.mark.servers
NUMBERS = count()


@pytest.fixture
def place(keyring_environ: Mapping[str, str]) -> Place:
    """Puts values as another program would, by the same attributes."""
    import secretstorage

    def put(value: bytes) -> Reference:
        user = f"user {next(NUMBERS)}"
        with closing(secretstorage.dbus_init()) as bus:
            attributes = {"service": "contract", "username": user}
            secretstorage.get_default_collection(bus).create_item("a test", attributes, value)
        return parse(f"keyring://contract/{user}")

    return Place(KeyringBackend(keyring_environ, []), put, parse("keyring://contract/nobody"))
