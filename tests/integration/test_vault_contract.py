"""Vault held to what every secret backend keeps: OpenBao, and the odd server as long as it behaves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from dtsconf.secret.backend import Context, Notices, VaultAuth, VaultSettings
from dtsconf.secret.ref import Reference, parse
from dtsconf.secret.value import Secret
from dtsconf.secret.vault.backend import VaultBackend
from tests.contract import test_secret_backend_contract as suite
from tests.contract.test_secret_backend_contract import Place
from tests.real.oddvault import TOKEN, odd_vault
from tests.real.openbao import Vault

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("vault")]

FIELD = "any"


def backend(url: str, ca_file: str | None, token: str, notices: Notices) -> VaultBackend:
    given = VaultSettings(url, None, ca_file, 5, VaultAuth("token", token="env://TOKEN"))
    return VaultBackend(Context({}, vault=given, fetch=lambda _reference, _key: Secret(token)), notices)


class TestOpenBao:
    """Bytes that are no UTF-8 never get in there, so there is nothing to ask about them."""

    @pytest.fixture
    def place(self, vault: Vault) -> Iterator[Place]:
        notices: Notices = []
        made = backend(vault.url, vault.ca_file, vault.token("reader"), notices)

        def put(value: bytes) -> Reference:
            vault.put("mail/contract", {FIELD: value.decode()})
            return parse(f"vault://kv/mail/contract#{FIELD}")

        yield Place(made, put, parse("vault://kv/mail/not-there#any"), notices)
        made.close()

    test_exact = staticmethod(suite.test_the_value_comes_back_exactly)
    test_missing = staticmethod(suite.test_a_missing_one_is_exit_5_and_names_where_it_should_be)
    test_empty = staticmethod(suite.test_an_empty_one_is_missing)
    test_masked = staticmethod(suite.test_it_is_masked)

    @pytest.mark.parametrize("value", ["a\x00b", "\n", "trailing\n", "\ufeffmark", "\u2028\x7f", "x" * 500_000])
    def test_any_text_at_all(self, place: Place, value: str) -> None:
        assert place.backend.fetch(place.put(value.encode())).reveal() == value


class TestOddVault:
    @pytest.fixture
    def place(self) -> Iterator[Place]:
        notices: Notices = []
        with odd_vault() as odd:
            made = backend(odd.url, None, TOKEN, notices)

            def put(value: bytes) -> Reference:
                odd.store["contract"] = json.dumps({FIELD: value.decode("utf-8", "surrogateescape")})
                return parse(f"vault://kv/contract#{FIELD}")

            yield Place(made, put, parse("vault://kv/not-there#any"), notices)
            made.close()

    test_exact = staticmethod(suite.test_the_value_comes_back_exactly)
    test_missing = staticmethod(suite.test_a_missing_one_is_exit_5_and_names_where_it_should_be)
    test_empty = staticmethod(suite.test_an_empty_one_is_missing)
    test_not_utf8 = staticmethod(suite.test_what_is_not_utf8_is_refused_unseen)
    test_masked = staticmethod(suite.test_it_is_masked)
