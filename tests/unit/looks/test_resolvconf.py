"""Lines for name servers, and what isn't one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.looks import names, resolvconf
from dtsconf.looks.resolvconf import Slip


@pytest.mark.parametrize(
    ("text", "found", "slip"),
    [
        ("# a comment\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n", ["192.0.2.1", "fe80::1%eth0"], None),
        (
            "search x\nnameserver 192.0.2.1,192.0.2.2\nnameserver 192.0.2.3\n",
            ["192.0.2.3"],
            Slip(2, "nameserver 192.0.2.1,192.0.2.2", "nameserver 192.0.2.1; nameserver 192.0.2.2"),
        ),
        ("nameserver dns.example\n", [], Slip(1, "nameserver dns.example", "nameserver ADDRESS")),
        ("nameservers 192.0.2.1\n", [], Slip(1, "nameservers 192.0.2.1", "nameserver 192.0.2.1")),
        ("nameserver\n", [], Slip(1, "nameserver", "nameserver ADDRESS")),
        ("", [], None),
    ],
)
def test_lines_for_name_servers(text: str, found: list[str], slip: Slip | None, tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(text)
    assert resolvconf.servers(str(path)) == found
    assert resolvconf.slip(str(path)) == slip
    assert names.servers(str(path)) == found


def test_without_the_file_there_is_no_slip(tmp_path: Path) -> None:
    assert resolvconf.slip(str(tmp_path / "none")) is None
