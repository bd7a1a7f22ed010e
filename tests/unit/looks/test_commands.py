"""What hints have typed on Linux and on Windows."""

from __future__ import annotations

import re
import ssl
import sys
from types import SimpleNamespace

import pytest

from dtsconf.looks import commands, hosts, trusted
from dtsconf.looks.stand_in import judged
from dtsconf.mail.facts import Facts
from dtsconf.mail.tls import Trust, _hint, _unfit
from dtsconf.net.certificate import Certificate

OF_LINUX = re.compile(r"\b(sudo|apt|getent|hostnamectl|tee|cat|install -D)\b|/etc/")
SEEN = Certificate("CN=mail.test", "CN=Corp Root", ("mail.test",), 0, 4e9, "ab" * 32)
FACTS = Facts("mail.test", 587, "starttls", False, "", "", "")


@pytest.fixture
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")


def every() -> list[str]:
    return [
        commands.host_line("192.0.2.1", "mail.test"),
        commands.look_up("mail.test"),
        commands.full_name(),
        commands.new_roots(),
        trusted.add(None),
        trusted.add("roots.pem"),
        trusted.both("roots.pem"),
        judged("smtp.office365.com", "tls-untrusted", GENUINE, None)[1],
        _hint("tls-untrusted", Trust("1.2", None, None), FACTS, SEEN),
        _hint("tls-expired", Trust("1.2", None, None), FACTS, SEEN),
    ]


GENUINE = Certificate("CN=smtp.office365.com", "CN=DigiCert Cloud", ("smtp.office365.com",), 0, 4e9)


@pytest.mark.usefixtures("_windows")
def test_nobody_is_told_to_type_linux_commands_on_windows() -> None:
    assert [words for words in every() if OF_LINUX.search(words)] == []


@pytest.mark.usefixtures("_windows")
def test_windows_has_its_roots_in_a_store_and_none_of_openssls_files(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = SimpleNamespace(cafile=None, capath=None, openssl_cafile="C:/no.pem", openssl_capath="C:/no")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    assert not trusted.none_here()
    assert "no root certificates" not in _hint("tls-untrusted", Trust("1.2", None, None), FACTS, SEEN)


def test_a_machine_without_roots_needs_none_where_a_file_of_its_own_is_in_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trusted, "none_here", lambda: True)
    assert "no root certificates" in _hint("tls-untrusted", Trust("1.2", None, None), FACTS, SEEN)
    hint = _hint("tls-untrusted", Trust("1.2", "/etc/roots.pem", None), FACTS, SEEN)
    assert "no root certificates" not in hint
    assert "/etc/roots.pem is in force and has no such root" in hint


def test_a_certificate_that_can_not_be_had_has_no_fingerprint_to_confirm() -> None:
    assert "--set server.fingerprint=abab" in _unfit("it is too weak", "of 2048 bits", FACTS, SEEN)
    assert "fingerprint" not in _unfit("it is too weak", "of 2048 bits", FACTS, None)


def test_a_name_that_every_machine_has_for_itself_is_proposed_to_nobody() -> None:
    other = Certificate("CN=x", "CN=Corp Root", ("localhost", "relay.test"), 0, 4e9, "ab" * 32)
    assert "(relay.test)" in _hint("tls-name", Trust("1.2", None, None), FACTS, other)


def test_linux_has_its_own() -> None:
    assert commands.look_up("mail.test") == "getent hosts mail.test"
    assert "sudo tee -a /etc/hosts" in commands.host_line("192.0.2.1", "mail.test")
    assert "--set server.ca_file=/etc/dts/roots.pem" in trusted.add(None)
    assert not hosts.is_own_name("mail.test")
