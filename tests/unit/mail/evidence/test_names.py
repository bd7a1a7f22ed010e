"""Which name servers are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.looks import names


@pytest.mark.parametrize(
    ("own", "asked", "found"),
    [
        ("127.0.0.53", ["192.0.2.1", "192.0.2.2"], ["192.0.2.1", "192.0.2.2"]),
        ("192.0.2.9", ["192.0.2.1"], ["192.0.2.9"]),
        ("127.0.0.53", None, ["127.0.0.53"]),
    ],
)
def test_behind_this_machines_own_name_service_those_that_it_asks(
    own: str, asked: list[str] | None, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers from the hosts file too, so it can't be held against that."""
    usual, beyond = tmp_path / "usual", tmp_path / "beyond"
    usual.write_text(f"nameserver {own}\n")
    if asked is not None:
        beyond.write_text("".join(f"nameserver {each}\n" for each in asked))
    servers = names.servers
    monkeypatch.setattr(names, "_BEYOND", str(beyond))
    monkeypatch.setattr(names, "servers", lambda path=None: servers(path or str(usual)))
    assert names.beyond() == found
