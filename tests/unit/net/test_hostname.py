from __future__ import annotations

import ctypes
import socket
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dtsconf.net.hostname import own_name


def test_linux_has_it_whole_or_not_at_all() -> None:
    assert own_name() == socket.gethostname()


@pytest.mark.parametrize(("whole", "name"), [("pc-7.corp.example", "pc-7.corp.example"), (None, "pc-7")])
def test_windows_is_asked_for_name_and_domain(monkeypatch: pytest.MonkeyPatch, whole: str | None, name: str) -> None:
    def answer(kind: int, text: Any, _size: object) -> int:
        assert kind == 3
        text.value = whole or ""
        return 1 if whole else 0

    kernel = SimpleNamespace(kernel32=SimpleNamespace(GetComputerNameExW=answer))
    monkeypatch.setattr(ctypes, "windll", kernel, raising=False)
    monkeypatch.setattr(socket, "gethostname", lambda: "pc-7")
    monkeypatch.setattr(sys, "platform", "win32")
    assert own_name() == name
